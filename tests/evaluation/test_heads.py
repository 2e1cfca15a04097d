"""A list of heads: each judged alone, and a measured one judged on directions that the design did not see."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from acoustics.measured.head_files import KEMAR
from designs.small_problems import CLOUD, pair, text
from empty_figures import figures_of
from oracles.far_ear import cancellation_gain_db

import designer
from designer.errors import ProblemError
from designer.evaluation.moved_head import moved_head
from designer.job import Design
from designer.report import figures

PAIR = pair(
    width_m=0.3,
    listener={"position_m": [1.4, 0.0, 0.0], "head": "HEADS", "ear_cloud_m": CLOUD[:3]},
    band_hz=[400.0, 4000.0],
    cancellation_gain_db=[[400, 8], [4000, 10]],
    max_effort_db=12.0,
)
PROBLEM = text(PAIR | {"sample_rate_hz": 48000, "grid": {"frequencies": 129}, "realization": {"taps": 256}})
THREE = f'["{KEMAR}", "sphere:0.078", "sphere"]'


def load(heads: str) -> Any:
    return designer.loads(PROBLEM.replace('"HEADS"', heads))


@pytest.fixture(scope="module")
def three() -> Design:
    """A design over the KEMAR and two spheres."""
    return designer.design(load(THREE))


def test_each_head_is_judged_as_if_it_were_alone(three: Design) -> None:
    """What the summary says of a head of a list is what the same filters do in a scene with that head alone."""
    heads = three.heads["left"]
    assert list(heads) == [str(KEMAR), "sphere:0.078", "sphere"]
    for name, numbers in heads.items():
        scene = designer.scene(load(f'"{name}"'))
        alone = moved_head(three.problem.designs[0], three.taps["left"], scene)
        assert numbers["moved_head_median_db"] == pytest.approx(alone.median_db, abs=1e-6)
        assert numbers["moved_head_5th_percentile_db"] == pytest.approx(alone.fifth_percentile_db, abs=1e-6)
        table = designer.evaluate(three, scene.at(three.fine_scene.frequency_hz)).metrics
        gain = table[table.frequency_hz.between(400.0, 4000.0)].cancellation_gain_db
        assert numbers["mean_cancellation_gain_db"] == pytest.approx(float(gain.mean()), abs=1e-6)
        assert numbers["least_cancellation_gain_db"] == pytest.approx(float(gain.min()), abs=1e-6)


def test_a_list_serves_its_worst_head_better(three: Design) -> None:
    """Between two designs with one requirement, the one over the list is the better one on that list's worst head."""
    alone = designer.design(load('"sphere"'))
    scene = designer.scene(three.problem)
    table = three.problem.designs[0]
    worst = [
        min(each.fifth_percentile_db for each in moved_head(table, result.taps["left"], scene).of_each().values())
        for result in (three, alone)
    ]
    assert worst[0] > worst[1]


def test_a_list_of_spheres_agrees_with_a_naive_loop(tmp_path: Path) -> None:
    """The mean gain over a list is the mean power over its heads: of two spheres' oracle gains, within 0.05 dB."""
    result = designer.design(load('["sphere:0.078", "sphere"]'))
    folder = result.save(tmp_path / "list")
    rows = result.metrics.iloc[[6, 20, 36]]
    worsts = []
    for name in ("sphere:0.078", "sphere"):
        path = tmp_path / "alone.toml"
        path.write_text(PROBLEM.replace("HEADS", name))
        worsts.append(cancellation_gain_db(path, folder / "coefficients.csv", "left", rows.frequency_hz.to_numpy()))
    means, worst = np.stack([actual[0] for actual in worsts]), np.min([actual[1] for actual in worsts], axis=0)
    np.testing.assert_allclose(rows.worst_cancellation_gain_db, worst, rtol=0, atol=0.05)
    assert (
        (rows.cancellation_gain_db >= means.min(axis=0) - 0.05)
        & (rows.cancellation_gain_db <= means.max(axis=0) + 0.05)
    ).all()


def test_prediction_meets_measurement(three: Design) -> None:
    """Designed on every second direction of the KEMAR, the gain at the directions left out is within 2 dB in the band."""
    actual = three.left_out["left"]
    assert list(actual) == [str(KEMAR)]
    judged = actual[str(KEMAR)]
    print(f"largest difference {judged.largest_difference_db:.2f} dB")
    assert judged.largest_difference_db < 2
    assert np.abs(judged.predicted_db - judged.measured_db)[judged.in_band].mean() > 1e-3  # two halves, not one
    assert designer.design(load('"sphere"')).left_out == {}


def test_the_report_shows_each_head(three: Design, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page has a row a head, a curve a head, and the figure of prediction against measurement; so has the summary."""
    monkeypatch.setattr(figures, "pictures", figures_of("gain", "left-out"))
    folder = three.save(tmp_path / "three", figures="all")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "Each head alone" in page
    assert "directions left out" in page
    svg = (folder / "figures" / "left-gain.svg").read_text(encoding="utf-8")
    for name in ("mit_kemar_normal.sofa", "sphere:0.078", "realised, all heads"):
        assert name in svg
    assert (folder / "figures" / "left-left-out.svg").exists()
    summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    assert list(summary["channels"]["left"]["heads"]) == [str(KEMAR), "sphere:0.078", "sphere"]
    again = designer.open(folder)
    assert again.heads["left"]["sphere"] == three.heads["left"]["sphere"]


def test_one_head_has_no_table_of_heads(tmp_path: Path) -> None:
    """With one head the page says nothing twice."""
    page = (designer.design(load('"sphere"')).save(tmp_path / "one") / "report.html").read_text(encoding="utf-8")
    assert "Each head alone" not in page
    assert "directions left out" not in page


def test_faults_of_a_list() -> None:
    """A head named twice, and one that is no head, are faults with their place in the list."""
    with pytest.raises(ProblemError) as caught:
        load('["sphere", "sphere:9", "sphere", "spher"]')
    words = [str(fault) for fault in caught.value.faults]
    assert any(word.startswith('listener.head[1]: got "sphere:9"') for word in words)
    assert any("listener.head[2]" in word and "listener.head[0] already" in word for word in words)
    assert any(word.startswith('listener.head[3]: got "spher"') for word in words)


def test_the_largest_head_of_a_list_must_fit() -> None:
    """A driver inside any head of the list is a fault."""
    near = PROBLEM.replace("[1.4, 0.0, 0.0]", "[0.0, -0.30, 0.0]").replace('"HEADS"', '["sphere:0.05", "sphere:0.16"]')
    with pytest.raises(ProblemError, match="inside the listener's head"):
        designer.loads(near)
