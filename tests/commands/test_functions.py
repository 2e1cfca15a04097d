"""Commands as functions: what they return is what the command writes, and nothing is written where no place is given."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from acoustics.measured.made_sets import write_frd_set
from command import run
from stereo.small_designs import RATE_HZ, design_of
from toml_text import pair, toml

import designer
from designer import problem
from designer.errors import DataError, UsageError
from designer.search import compare as comparing


def small(**keys: object) -> designer.Problem:
    return designer.loads(toml(pair() | keys), source="pair.toml")


@pytest.fixture(scope="module")
def design() -> designer.Design:
    return designer.design(small())


@pytest.fixture
def nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty working folder that is empty afterwards."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not list(tmp_path.iterdir())


def test_the_package_offers_its_names_and_loads_nothing() -> None:
    """`import designer` imports no library; a room of the same name, imported later, does not take a function's place."""
    code = (
        "import sys; import designer\n"
        "heavy = {'numpy', 'scipy', 'pandas', 'matplotlib', 'cvxpy', 'pydantic', 'typing'} & {*sys.modules} - before\n"
        "assert not heavy, heavy\n"
        "assert dir(designer) == sorted(designer.__all__)\n"
        "assert not hasattr(designer, 'nothing')\n"
    )
    subprocess.run([sys.executable, "-c", f"import sys; before = {{*sys.modules}}\n{code}"], check=True)
    assert {"designer.export.names", "designer.problem"} <= {*sys.modules}
    assert callable(designer.export) and problem.load is designer.load


@pytest.mark.usefixtures("nowhere")
def test_a_sweep_in_memory_is_what_single_designs_say() -> None:
    """A row has the numbers of a design of `replace`; keys and values are those of the command, or the values themselves."""
    problem = small()
    table = designer.sweep(problem, {"realization.taps": np.array([32, 64]), "designs.left.max_effort_db": "6,9"})
    assert table[["realization.taps", "designs.left.max_effort_db"]].to_numpy().tolist() == [
        [32, 6.0], [32, 9.0], [64, 6.0], [64, 9.0]
    ]  # fmt: skip
    assert list(table.columns[-3:]) == ["status", "error", "seconds"]
    for _, row in table.iterrows():
        keys = {key: row[key] for key in ("realization.taps", "designs.left.max_effort_db")}
        made = designer.design(problem.replace(keys))
        assert row["left.mean_cancellation_gain_db"] == made.scalars["left"].values["mean_cancellation_gain_db"]
    pd.testing.assert_frame_equal(table.drop(columns="seconds"), designer.sweep(
        problem, ["realization.taps=32:64:32", "designs.left.max_effort_db=6,9"]
    ).drop(columns="seconds"))  # fmt: skip


def test_a_sweep_in_a_folder_goes_on(tmp_path: Path) -> None:
    """The table of the folder is that of memory; more values add rows, and those that are there are not computed again."""
    problem = small()
    first = designer.sweep(problem, {"realization.taps": [32]}, tmp_path / "sweep")
    steps: list[tuple[int, int]] = []
    both = designer.sweep(
        problem, {"realization.taps": [32, 64]}, tmp_path / "sweep", progress=lambda *step: steps.append(step)
    )
    assert first.iloc[0].to_dict() == both.iloc[0].to_dict()  # its seconds too
    assert steps == [(1, 2), (2, 2)]
    in_memory = designer.sweep(problem, {"realization.taps": [32, 64]})
    pd.testing.assert_frame_equal(both.drop(columns="seconds"), in_memory.drop(columns="seconds"))
    with pytest.raises(UsageError, match=r"^vary realization.tap: realization: got \"tap\", which is no key"):
        designer.sweep(problem, {"realization.tap": [32]})


def test_a_design_folder_brings_its_data(tmp_path: Path) -> None:
    """The data of a saved design are its copies: it is swept although the files that it was made of are gone."""
    (tmp_path / "data").mkdir()
    write_frd_set(tmp_path / "data", angles_deg=(0.0, 30.0, 60.0, 90.0))
    tables = pair()
    tables["drivers"][0]["response"] = str(tmp_path / "data" / "woofer hor *.frd")
    folder = designer.design(designer.loads(toml(tables))).save(tmp_path / "out", report=False)
    shutil.rmtree(tmp_path / "data")
    assert designer.sweep(folder, {"realization.taps": [32]}).status.tolist() == ["done"]


@pytest.mark.usefixtures("nowhere")
def test_designs_and_problems_are_compared(design: designer.Design) -> None:
    """Labels are the source and what was changed, or as they are given; a channel's number is the design's own."""
    short = design.problem.replace("realization.taps", 32)
    comparison = designer.compare([design, short])
    assert repr(comparison) == "<Comparison of pair, pair realization.taps=32: channels left>"
    table = comparison.table[comparison.table.metric == "mean_cancellation_gain_db"].set_index("design").value
    assert table["pair"] == pytest.approx(design.scalars["left"].values["mean_cancellation_gain_db"], abs=1e-9)
    assert list(designer.compare({"a": design, "b": short}).table.design.unique()) == ["a", "b"]


def test_a_comparison_is_written_where_a_folder_is_given(design: designer.Design, tmp_path: Path) -> None:
    """The folder names the sources; what is neither a folder nor a file is told so."""
    designer.compare({"a": design, "b": design}, tmp_path / "side")
    assert json.loads((tmp_path / "side" / "comparison.json").read_text())["designs"] == dict.fromkeys(
        "ab", "pair.toml"
    )
    with pytest.raises(DataError, match=r"gone: no such file or folder; expected a design folder or a problem file"):
        designer.compare([str(tmp_path / "gone"), design])
    assert comparing.labels(["x/a.toml", design.problem]) == ["a", "pair"]


def test_an_item_alone_is_an_item(design: designer.Design, tmp_path: Path) -> None:
    """Where several may stand, a path is one of them and not its letters; none at all is said to be none."""
    curve = tmp_path / "ear.frd"
    curve.write_text("1000 3\n2000 4\n", encoding="utf-8")
    text = (design.save(tmp_path / "out", overlay=str(curve), figures="none") / "report.html").read_text("utf-8")
    assert '"overlays":[{"name":"ear.frd"' in text
    for item in (design, str(tmp_path / "out"), tmp_path / "out"):
        with pytest.raises(UsageError, match=r"^got one design to compare; expected two or more"):
            designer.compare(item)
    assert [e.label for e in designer.compare(design.problem, methods=("auto", "choueiri")).entries] == [
        "auto",
        "choueiri",
    ]
    with pytest.raises(UsageError, match=r"^got no design to compare; expected two or more"):
        designer.compare([])
    with pytest.raises(UsageError, match=r"^got no file of measured data; expected one or more"):
        designer.convert([], tmp_path / "out.sofa")
    with pytest.raises(UsageError, match=r"^figures: got 'some' \(str\); expected 'all', 'core', 'none'"):
        design.save(tmp_path / "some", figures="some")  # type: ignore[arg-type] # what is refused
    assert not (tmp_path / "some").exists()


@pytest.mark.usefixtures("nowhere")
def test_reach_off_the_grid() -> None:
    """Frequencies in any order, on the grid or not, have their own values: those of a grid that holds them."""
    problem = small()
    step_hz = problem.sample_rate_hz / 2 / (problem.grid.frequencies - 1)
    frequency_hz = step_hz * np.array([9.5, 8.0, 12.25, 1e3])
    table = designer.reach(problem, frequency_hz, efforts_db=[3.0])
    assert table.frequency_hz.tolist() == sorted(frequency_hz[:3])  # the last is outside the band
    finer = problem.replace("grid.frequencies", 4 * (problem.grid.frequencies - 1) + 1)
    expected = designer.reach(finer, efforts_db=[3.0]).set_index("frequency_hz").loc[sorted(frequency_hz[:3])]
    for column in ("reach_db", "as_modelled_db", "effort_3_db", "asked_db"):
        np.testing.assert_allclose(table[column], expected[column], atol=0.01)
    assert np.ptp(table.reach_db) > 0.1  # a shifted column would show


@pytest.mark.usefixtures("nowhere")
def test_an_export_in_memory_is_what_is_written(
    design: designer.Design, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Bytes of each file, by its path; a target's option is taken as the command's flag is."""
    files, place = designer.export(design, "wav"), tmp_path_factory.mktemp("out") / "wav"
    assert designer.export(design, "wav", place) == place
    assert {name: (place / name).read_bytes() for name in files} == files
    with pytest.raises(UsageError, match=r"^prefix: got it for the target wav, which has none"):
        designer.export(design, "wav", prefix="x")


@pytest.mark.usefixtures("nowhere")
def test_messages_of_functions_name_arguments(
    design: designer.Design, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a command's message has its option, that of the function has the argument, by its own name."""
    with pytest.raises(UsageError, match=r"^methods: got 2 problems; expected one, which each method designs"):
        designer.compare([design.problem, design.problem], methods=["auto"])
    with pytest.raises(UsageError, match=r"; expected FROM:TO:STEP, or draws=N to draw from it"):
        designer.sweep(design.problem, {"designs.left.max_effort_db": "3:9"})
    with pytest.raises(UsageError, match=r"^target: got 'mp3'; expected csv, "):
        designer.export(design, "mp3")
    with pytest.raises(UsageError, match=r"^room: got no at_ears=True with it; .*; add at_ears=True"):
        designer.render(design, "in.wav", room=True)
    ended = run(capsys, monkeypatch, "compare", "a.toml", "b.toml", "--methods", "auto", "-o", "out")
    assert ended.err.startswith("error: --methods: got 2 problems")


def test_rendered_samples_are_those_of_the_file(tmp_path: Path) -> None:
    """Within the 24 bits of the file; the bypass is the input itself."""
    design, sound = design_of("left", "right"), np.random.default_rng(3).uniform(-0.1, 0.1, (2000, 2))
    soundfile.write(tmp_path / "in.wav", sound, RATE_HZ, subtype="DOUBLE")
    before = {*tmp_path.iterdir()}
    samples = designer.render(design, tmp_path / "in.wav", gain_db=-6.0)
    np.testing.assert_array_equal(designer.render(design, tmp_path / "in.wav", bypass=True), sound)
    assert {*tmp_path.iterdir()} == before
    written = designer.render(design, tmp_path / "in.wav", tmp_path / "out.wav", gain_db=-6.0)
    assert written == tmp_path / "out.wav"
    np.testing.assert_allclose(samples, soundfile.read(written)[0], atol=2.0**-22)


@pytest.mark.usefixtures("nowhere")
def test_an_explanation_is_what_the_command_prints(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The same lines and warnings, once each; printed, the object shows them. Plain playback of several ways is told once."""
    drivers = [
        {"name": name, "position_m": [0.0, y_m, 0.0], "band_hz": band_hz}
        for y_m, side in ((-0.08, "left"), (0.08, "right"))
        for name, band_hz in ((f"{side} woofer", [50, 2000]), (f"{side} tweeter", [1000, 8000]))
    ]
    for n, driver in enumerate(drivers):
        driver["position_m"] = [0.0, driver["position_m"][1], 0.05 * (n % 2)]
    tables = pair() | {"drivers": drivers}
    tables["designs"][0] |= {"kind": "null-steering", "band_hz": [500.0, 4000.0]}
    file = tmp_path_factory.mktemp("in") / "ways.toml"
    file.write_text(toml(tables), encoding="utf-8")
    explanation = designer.check(file)
    ended = run(capsys, monkeypatch, "check", str(file))
    assert ended.out.splitlines() == list(explanation.lines)
    assert ended.err.splitlines() == [f"warning: {warning}" for warning in explanation.warnings]
    assert str(explanation).splitlines()[: len(explanation.lines)] == list(explanation.lines)
    (line,) = (line for line in explanation.lines if "plain playback" in line)
    assert re.search(r"by left woofer.* by left tweeter.*Linkwitz and Riley", line)


def test_a_folder_without_a_report_opens(
    design: designer.Design, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """No page and no figures, and the same taps when it is opened again, as the command's last line says how to."""
    folder = design.save(tmp_path / "tables", report=False)
    assert not (folder / "report.html").exists() and not (folder / "figures").exists()
    assert (designer.open(folder).taps["left"] == design.taps["left"]).all()
    design.save(folder)
    assert (folder / "report.html").exists()
    (tmp_path / "pair.toml").write_text(toml(pair()), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    ended = run(capsys, monkeypatch, "design", "pair.toml", "-o", "out/x", "--set", "realization.taps=32")
    call = 'designer.open("out/x")'
    assert ended.out.splitlines()[-1] == f"in Python: {call}"
    assert f"<code>{call.replace(chr(34), '&#34;')}</code>" in Path("out/x/report.html").read_text(encoding="utf-8")
    assert eval(call, {"designer": designer}).problem.realization.taps == 32
    ended = run(capsys, monkeypatch, "design", "pair.toml", "--set", "realization.tap=32")
    assert ended.code == 2 and ended.err.startswith('error: --set: realization: got "tap", which is no key; expected ')
    ended = run(capsys, monkeypatch, "design", "pair.toml", "--set", "realization.taps")
    assert (ended.code, ended.err) == (
        2,
        "error: --set realization.taps: got no value; expected KEY=VALUE, as realization.taps=256\n",
    )
