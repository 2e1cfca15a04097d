"""The numbers of figures' dictionaries are those of the tables, of plain loops over the taps, and of the file."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from requirements.test_several_listeners import read

import designer
from designer import measures
from designer.arrays import Complex
from designer.errors import UsageError
from designer.problem.library import library
from designer.report import figures
from designer.report.figure_data import Curves, Map, Panel
from designer.report.grids import drawn_circle, drawn_reach
from designer.requirements.channel_target import channel_target


def panel(design: designer.Design, channel: str, kind: str, number: int = 0) -> Panel:
    return figures.picture_named(design, (channel, kind)).build()["panels"][number]


def of_curves(design: designer.Design, channel: str, kind: str, number: int = 0) -> Curves:
    shown = panel(design, channel, kind, number)
    assert shown["kind"] == "curves"
    return shown


def named(shown: Curves) -> dict[str, Any]:
    return {line["name"]: line for line in shown["lines"]}


def weights(taps: Any, frequency_hz: float, rate_hz: float = 48_000) -> Complex:
    """Each driver's filter at one frequency (L,), tap by tap."""
    return np.array(
        [sum(tap * np.exp(-2j * np.pi * frequency_hz / rate_hz * n) for n, tap in enumerate(row)) for row in taps]
    )


@pytest.mark.parametrize("channel", ["left", "centre"])
def test_the_gain_is_the_tables(smart_speaker: designer.Design, channel: str) -> None:
    """In the band each curve goes through its column of metrics.csv, to 0.1 dB (0.7 where it is curved) between two frequencies."""
    table = smart_speaker.metrics[smart_speaker.metrics.channel == channel]
    low_hz, high_hz = smart_speaker.channels[channel].table.band_hz
    metrics = [line for line in of_curves(smart_speaker, channel, "gain")["lines"] if "metric" in line]
    assert [line["metric"] for line in metrics] == ["cancellation_gain_db", "worst_cancellation_gain_db", "target_db"]
    for line in metrics:
        inside = (line["x"] > low_hz) & (line["x"] < high_hz)
        expected = np.interp(line["x"][inside], table.frequency_hz, table[line["metric"]])
        assert np.nanmax(np.abs(line["y"][inside] - expected)) < (0.1 if channel == "left" else 0.7)
    for row, metric in enumerate(("effort_db", "white_noise_gain_db", "directivity_index_db")):
        (line,) = of_curves(smart_speaker, channel, "costs", row)["lines"]
        inside = (line["x"] > low_hz) & (line["x"] < high_hz)
        expected = np.interp(line["x"][inside], table.frequency_hz, table[metric])
        assert line["metric"] == metric
        assert np.abs(line["y"][inside] - expected).max() < 0.3


def test_the_moved_head_is_between_its_percentiles(smart_speaker: designer.Design) -> None:
    """A tenth of the displaced gains lie outside of the span, half of them below, by a plain count at each frequency."""
    shown = of_curves(smart_speaker, "left", "gain")
    (span,) = (span for span in shown["spans"] if span["name"].startswith("head moved"))
    gains = smart_speaker.moved_heads["left"].gain_db
    for column in range(0, len(span["x"]), 10):
        below = sum(gain < span["low"][column] for gain in gains[:, column]) / len(gains)
        above = sum(gain > span["high"][column] for gain in gains[:, column]) / len(gains)
        assert below == pytest.approx(0.05, abs=1.5 / len(gains)) and above == pytest.approx(0.05, abs=1.5 / len(gains))


def test_nothing_is_beyond_reach_that_weights_can_do(smart_speaker: designer.Design) -> None:
    """Random weights near the best within the effort limit stay below the ceiling, and the design too; the figure shades from it up."""
    reach = drawn_reach(smart_speaker, "left")
    assert reach is not None
    at_hz, ceiling_db = reach
    assert len(at_hz) <= 64
    table, plain_way = smart_speaker.channels["left"].table, smart_speaker.channels["left"].plain
    scene = smart_speaker.fine_scene
    assert table.max_effort_db is not None
    rows = np.flatnonzero(np.isin(scene.frequency_hz, at_hz))
    target = channel_target(table, scene.part(rows), plain_way)
    random, best = np.random.default_rng(1), np.full(rows.size, -np.inf)
    w = np.linalg.pinv(np.concatenate([target.bright, target.dark], axis=1))[:, :, 0]  # somewhere good
    limit_db, found = np.full(rows.size, -np.inf), w
    for _ in range(400):
        step = random.normal(size=(2, *w.shape)) * 10 ** random.uniform(-3, 0)
        tried = found + np.linalg.norm(found, axis=1, keepdims=True) * (step[0] + 1j * step[1])
        gain_db = measures.db(measures.cancellation_gain(target.bright, target.dark, tried))
        within = measures.db(measures.effort(target.bright, tried)) <= table.max_effort_db
        better = within & (gain_db > limit_db)
        found, limit_db = np.where(better[:, None], tried, found), np.where(better, gain_db, limit_db)
        best = np.maximum(best, limit_db)
    assert (best <= ceiling_db + 0.05).all()
    assert (best > ceiling_db - 3).any()  # the search comes near it
    shown = of_curves(smart_speaker, "left", "gain")
    (span,) = (span for span in shown["spans"] if span["name"] == "beyond reach")
    top = shown["y"]["range"][1]
    np.testing.assert_allclose(span["low"], np.minimum(ceiling_db, top))
    assert (span["high"] == top).all()
    assert drawn_reach(smart_speaker, "centre") is None  # with a mask it is a search by cones


def test_responses_are_the_taps(smart_speaker: designer.Design) -> None:
    """Each driver's level is that of the sum over its taps."""
    shown = of_curves(smart_speaker, "left", "response")
    assert list(named(shown)) == list(smart_speaker.drivers)
    for row in (90, 150, 200):
        expected = 20 * np.log10(np.abs(weights(smart_speaker.taps["left"], float(shown["lines"][0]["x"][row]))))
        assert [line["y"][row] for line in shown["lines"]] == pytest.approx(expected.tolist(), abs=1e-6)
    assert shown["limits"] == [{"y": 12.0, "text": "limit 12 dB"}]


def test_polar_and_map_are_the_circle(smart_speaker: designer.Design) -> None:
    """By a plain loop over the azimuths at 1 kHz, relative to the axis; the map's row is the same, its boxes are the file's mask."""
    number, scene = 2, drawn_circle(smart_speaker)
    shown = panel(smart_speaker, "centre", "polar", number)
    assert shown["kind"] == "polar" and shown["title"] == "1 kHz"
    row = int(np.abs(np.log(scene.frequency_hz / 1000)).argmin())
    w = weights(smart_speaker.taps["centre"], float(scene.frequency_hz[row]))
    pressures = [abs(sum(h * one for h, one in zip(place, w, strict=True))) for place in scene.circle()[row]]
    front = pressures[int(np.abs(scene.azimuth_deg).argmin())]
    expected = [20 * np.log10(pressure / front) for pressure in pressures]
    (line,) = shown["lines"]
    assert line["y"] == pytest.approx(expected, abs=1e-6)
    whole = panel(smart_speaker, "centre", "map")
    assert whole["kind"] == "map"
    assert whole["z"][: len(expected), row] == pytest.approx(expected, abs=1e-6)
    assert whole["ys"][-1] - whole["ys"][0] == 360.0
    assert whole["boxes"] == [{"x": [250.0, 1200.0], "y": [75.0, 105.0]}, {"x": [250.0, 1200.0], "y": [-105.0, -75.0]}]


def test_levels_of_an_ear_channel_are_relative_to_plain_playback(smart_speaker: designer.Design) -> None:
    """Map, polar plots and magnitude deviation name their reference by the word that docs/conventions.md defines."""
    reference = "plain playback towards the listener"
    levels, tone = panel(smart_speaker, "left", "map"), panel(smart_speaker, "left", "tone")
    assert levels["kind"] == "map"
    assert levels["levels"]["label"] == f"dB re {reference}"
    assert figures.picture_named(smart_speaker, ("left", "polar")).says().endswith(f", re {reference}.")
    assert tone["kind"] == "curves"
    assert tone["y"]["label"] == "dB re plain playback"


def test_what_breaks_the_mask_is_crossed() -> None:
    """A mask that three drivers cannot keep: a cell is crossed where it lies in the mask's box and its level is above the mask's."""
    text = library()["smart-speaker"][0].read_text(encoding="utf-8")
    head, _, _, centre = text.split("[[designs]]\n")
    problem = designer.loads("[[designs]]\n".join([head, centre.replace("max_db = -10.0", "max_db = -40.0")]))
    shown = panel(designer.design(problem), "centre", "map")
    assert shown["kind"] == "map"
    checked: Map = shown
    for row, azimuth in enumerate(checked["ys"]):
        for column, f in enumerate(checked["xs"]):
            level, inside = checked["z"][row, column], 75 <= abs(azimuth) <= 105 and 250 <= f <= 1200
            if abs(level + 40) > 0.2:
                assert checked["crossed"][row, column] == (inside and level > -40), (azimuth, f, level)
    assert checked["crossed"].any()


def test_a_figure_is_asked_for_by_name(smart_speaker: designer.Design) -> None:
    """A channel's and the layout; an unknown one names those that there are."""
    assert smart_speaker.figure("left", "gain").axes[0].get_title(loc="left").startswith("Cancellation gain")
    assert len(smart_speaker.figure("layout").axes) == 4
    for names in ((), ("gain",), ("left", "layout"), ("left", "gian"), ("rear", "gain"), ("left", "gain", "more")):
        with pytest.raises(
            UsageError,
            match=r"no such figure; expected 'layout', 'body', or a channel \('left', 'centre'\) and one of 'gain', ",
        ):
            smart_speaker.figure(*names)


DICTIONARIES = """
import json, sys
import designer
from designer.report import figures
from designer.report.page_data import block
design = designer.design(designer.load(sys.argv[1]))
shown = figures.pictures(design)
text = block("a title", {name: picture.build() for name, picture in shown.items()})
json.loads(text)
print(json.dumps({name: picture.says() for name, picture in shown.items()}))
sys.exit(f"loaded {sorted(sys.modules)}" if "matplotlib" in sys.modules else 0)
"""


def test_every_dictionary_is_there_without_matplotlib() -> None:
    """Of a whole design, in a process of its own (which takes seconds, for its zones and draws), packed as the page has them."""
    program = [sys.executable, "-c", DICTIONARIES, str(library()["laptop-pair"][0])]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    says = json.loads(done.stdout)
    assert {"layout", "left-gain", "right-polar", "left-zone", "left-tolerance"} <= set(says)


def test_ratios_of_several_listeners_stand_in_two_columns() -> None:
    """More than five ratios over frequency stand half as high, each at its place; the least isolation in words is the table's."""
    design = designer.design(read())
    picture = figures.picture_named(design, ("left", "costs"))
    places = [tuple(shown["place"][:2]) for shown in picture.build()["panels"] if shown["kind"] == "curves"]
    high = -(-len(places) // 2)
    assert len(places) > 5 and places == [(n % high, n // high) for n in range(len(places))]
    low_hz, high_hz = design.channels["left"].table.band_hz
    inside = design.metrics[design.metrics.frequency_hz.between(low_hz, high_hz)]
    assert f"isolation at least {inside.isolation_db.min():.1f} dB" in picture.says()
