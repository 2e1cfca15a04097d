"""The figure of isolation from other listeners: its numbers, its target, its words, and which channels have it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import designer
from designer.acoustics.several_listeners import heard_by
from designer.report.figures import pictures
from designer.report.isolation_curve import has_isolation, isolation_figure, say_isolation
from designer.report.page import KEYS

PROBLEMS = Path(__file__).parents[2] / "problems"
CHANNEL = "left seat, right"


@pytest.fixture(scope="module")
def couch() -> designer.Design:
    """Channel of one ear of the library's couch, with few frequencies (half a second)."""
    problem = designer.load(PROBLEMS / "two-listeners.toml")
    table = next(design for design in problem.model_dump(exclude_unset=True)["designs"] if design["name"] == CHANNEL)
    return designer.design(problem.replace({"designs": [table], "grid.frequencies": 65, "realization.taps": 256}))


def test_the_curve_is_power_over_power_at_the_ears(couch: designer.Design) -> None:
    """By sums over ears and taps: one ear of the left seat over both of the right seat, in the mean over each cloud; the curve as asked."""
    (panel,) = isolation_figure(couch, CHANNEL)["panels"]
    lines = {line["name"]: line for line in panel["lines"]}  # type: ignore[typeddict-item] # curves
    f, isolation_db = np.array(lines["realised"]["x"]), np.array(lines["realised"]["y"])
    n, taps = np.arange(couch.taps[CHANNEL].shape[1]), couch.taps[CHANNEL]
    w = np.exp(-2j * np.pi * np.outer(f / 48_000, n)) @ taps.T
    seats = [heard_by(couch.fine_scene.at(f), name).ears() for name in ("left seat", "right seat")]
    here, there = (np.abs(np.einsum("fml,fl->fm", H, w)) ** 2 for H in seats)
    want_db = 10 * np.log10(here[:, 1::2].mean(axis=1) / there.mean(axis=1))
    np.testing.assert_allclose(isolation_db, want_db, atol=1e-6)
    target_hz, target_db = np.array(lines["target"]["x"]), np.array(lines["target"]["y"])
    band = (target_hz >= 1000) & (target_hz <= 4000)
    assert (np.isfinite(target_db) == band).all()
    np.testing.assert_allclose(
        target_db[band], np.interp(np.log(target_hz[band]), np.log([1000, 2000, 4000]), [15, 20, 20]), atol=1e-9
    )


def test_its_words_are_its_numbers(couch: designer.Design) -> None:
    """Mean and least of the band, that it ends with the band, and the way to the room."""
    n = couch.scalars[CHANNEL].values
    words = say_isolation(couch, CHANNEL)
    assert (
        f"{n['mean_isolation_db']:.1f} dB over right seat in the mean and {n['least_isolation_db']:.1f} dB at least"
        in words
    )
    assert "It ends with the band: elsewhere plain playback reaches all listeners" in words
    assert "[room] judges it" in words


def test_what_is_missed_is_hatched_as_the_verdict_has_it(couch: designer.Design) -> None:
    """Nothing where the curve is met; with a curve of 60 dB the whole band, from the curve down to the isolation."""
    assert "shortfalls" not in isolation_figure(couch, CHANNEL)["panels"][0]
    made = designer.design(couch.problem.replace("designs.*.dark_gain_db", [[1000, 60]]))
    (panel,) = isolation_figure(made, CHANNEL)["panels"]
    (hatch,) = panel["shortfalls"]  # type: ignore[typeddict-item] # curves
    inside = (hatch["x"] >= 1000) & (hatch["x"] <= 4000)
    assert np.isfinite(hatch["low"][inside]).all()
    np.testing.assert_allclose(hatch["high"][inside], 60.0)
    (isolation,) = (line for line in panel["lines"] if line["name"] == "realised")  # type: ignore[typeddict-item] # curves
    assert (hatch["low"][inside] <= isolation["y"][inside] + 1e-9).all()


def test_which_channels_have_it(couch: designer.Design) -> None:
    """An ear's with others dark, on top of the page; a zone's where its gain is not the same already; no channel of one listener."""
    assert [name for name in pictures(couch, set(KEYS)) if name.endswith(KEYS)] == [
        "left-seat-right-gain",
        "left-seat-right-isolation",
    ]
    zone = {
        "name": "left seat",
        "kind": "zone",
        "bright": ["left seat"],
        "dark": ["right seat"],
        "band_hz": [1000.0, 2000.0],
    }
    base = couch.problem
    for curve, is_shown in (("cancellation_gain_db", False), ("dark_gain_db", True)):
        problem = base.replace("designs", [zone | {curve: [[1000, 10], [2000, 12]]}])
        assert has_isolation(designer.design(problem), "left seat") == is_shown
    one = designer.design(
        designer.load(PROBLEMS / "laptop-pair.toml").replace({"grid.frequencies": 65, "realization.taps": 64})
    )
    assert not has_isolation(one, "left")
