"""Live curves are an ordinary design's on the same frequencies, and what did not move is not computed again."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomlkit

import designer
from designer import measures
from designer.acoustics import array_store
from designer.designs import design_channel
from designer.problem.schema import Problem
from designer.studio import handles
from designer.studio import live as live_module
from designer.studio.live import Live, live_frequencies_hz
from designer.studio.live_figures import live_figures
from designer.studio.readings import drafted
from designer.studio.worker import Lively, LiveRequest, Source, packed

FILES = ["smart-speaker", "two-way-bar", "cylinder-speaker", "stereo-dipole"]


@cache
def problem_of(file: str) -> Problem:
    return designer.load(f"problems/{file}.toml")


def moved(problem: Problem, handle: str, x: float, y: float) -> Problem:
    reading = drafted(problem, handles.dragged(problem, handle, x, y))
    assert reading.problem is not None, reading.fault_messages
    return reading.problem


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter[str]]:
    """How many channels are designed, by name, and how many arrays of transfer functions are made."""
    counts: Counter[str] = Counter()
    design, array = design_channel, array_store.ArrayStore.array

    def counted_design(table: Any, scene: Any) -> Any:
        counts[table.name] += 1
        return design(table, scene)

    def counted_array(self: Any, key: Any, make: Any) -> Any:
        def made() -> Any:
            counts["tensors"] += 1
            return make()

        return array(self, key, made)

    monkeypatch.setattr(live_module, "design_channel", counted_design)
    monkeypatch.setattr(array_store.ArrayStore, "array", counted_array)
    yield counts


@pytest.mark.parametrize("file", FILES)
def test_weights_are_those_of_an_ordinary_design(file: str) -> None:
    """`design_channel` in the problem's own scene on the same frequencies, after a drag of a driver from elsewhere too."""
    problem = problem_of(file)
    x, y, _ = problem.drivers[0].position_m
    live = Live()
    name = problem.designs[-1].name
    live.channel(moved(problem, "driver:0:layout-plan", y * 0.9, x), name)
    for table in problem.designs:
        channel = live.channel(problem, table.name)
        ordinary = design_channel(table, designer.scene(problem).at(channel.frequency_hz))
        assert channel.design.plain == ordinary.plain
        scale = np.abs(ordinary.weights).max()
        np.testing.assert_allclose(channel.design.weights, ordinary.weights, atol=2e-6 * scale)


def test_numbers_are_those_of_the_definitions() -> None:
    """Gain, effort and level on the circle, from the tensors of the problem's own scene by the plain formulas."""
    problem = problem_of("smart-speaker")
    channel = Live().channel(problem, "left")
    scene, w = designer.scene(problem).at(channel.frequency_hz), channel.design.weights
    ears = np.einsum("fml,fl->fm", scene.ears(), w)
    bright, dark = (np.mean(np.abs(ears[:, side::2]) ** 2, axis=1) for side in (0, 1))
    np.testing.assert_allclose(channel.metric("cancellation_gain_db"), 10 * np.log10(bright / dark), atol=1e-6)
    single = np.mean(np.abs(scene.ears()[:, 0::2]) ** 2, axis=1).max(axis=1)
    effort = np.sum(np.abs(w) ** 2, axis=1) * single / bright
    np.testing.assert_allclose(channel.metric("effort_db"), 10 * np.log10(effort), atol=1e-6)
    azimuth_deg, level_db, words = channel.level_db()
    assert words == "plain playback towards the listener"
    assert level_db.shape == (channel.frequency_hz.size, azimuth_deg.size)
    circle = measures.pressure(scene.circle(), w)
    at = int(np.argmin(np.abs(azimuth_deg)))
    plain = np.zeros_like(w)
    plain[:, channel.ideal.index] = channel.design.plain.weights(channel.frequency_hz, channel.ideal.index.size)
    reference = np.abs(np.einsum("fl,fl->f", scene.circle()[:, at], plain))
    np.testing.assert_allclose(level_db, 20 * np.log10(np.abs(circle) / reference[:, None]), atol=1e-6)


def test_a_curve_that_moves_designs_its_channel_alone_and_no_transfer_function_anew(counted: Counter[str]) -> None:
    """Ten places of one point: ten designs of one channel, though its twin's curve moves along; no tensor is made."""
    problem, live = problem_of("smart-speaker"), Live()
    for table in problem.designs:
        live_figures(live.channel(problem, table.name))
    counted.clear()
    for n in range(10):
        live_figures(live.channel(moved(problem, "curve:0:2", 1500.0 + 10 * n, 12.0), "left"))
    assert counted == {"left": 10}


def test_what_comes_back_is_not_designed_again(counted: Counter[str]) -> None:
    """A point put where it was, a limit of another channel, a tap count: nothing is computed for this channel."""
    problem, live = problem_of("smart-speaker"), Live()
    live.channel(problem, "left")
    live.channel(moved(problem, "curve:0:2", 1500.0, 12.0), "left")
    counted.clear()
    live.channel(problem, "left")
    live.channel(problem.replace({"realization.taps": 64, "designs.centre.fade_octaves": 1.0}), "left")
    assert counted == {}


def test_a_driver_that_moves_leaves_the_others_transfer_functions(counted: Counter[str]) -> None:
    """Of three drivers one moves alone: a third of the fields are made, and those joined of all."""
    problem, live = problem_of("smart-speaker"), Live()
    live_figures(live.channel(problem, "left"))
    whole = counted["tensors"]
    counted.clear()
    live_figures(live.channel(moved(problem, "driver:1:layout-side", 0.08, 0.03), "left"))
    joined = whole // 4  # of each kind of tensor one of each driver and the one that joins them
    assert whole == 4 * joined
    assert counted == {"left": 1, "tensors": 2 * joined}


def test_a_limit_that_moves_makes_no_transfer_function(counted: Counter[str]) -> None:
    """The gain allowed to a driver changes the design and nothing that is heard of the driver."""
    problem, live = problem_of("smart-speaker"), Live()
    live.channel(problem, "centre")
    counted.clear()
    live.channel(problem.replace("drivers.*.max_gain_db", 6.0), "centre")
    assert counted == {"centre": 1}


@pytest.mark.parametrize("file", FILES)
def test_the_grid_holds_the_band_and_its_ends(file: str) -> None:
    """Sorted, from what the axes show at the lowest to the highest, both ends of the band among them; few where cones are solved."""
    problem = problem_of(file)
    for table in problem.designs:
        f = live_frequencies_hz(problem, table)
        assert (np.diff(f) > 0).all()
        assert set(table.band_hz) <= set(f)
        assert f.size < 120


def test_memory_of_what_moved_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """After eight places of a driver and of the head as many arrays are kept as after four, none of which was on disk."""
    for name in ("MOST_LAYOUTS", "MOST_DRIVERS_KEPT", "MOST_CHANNELS"):
        monkeypatch.setattr(live_module, name, 3)
    problem, live = problem_of("smart-speaker"), Live()

    def arrays_after(first: int) -> int:
        for n in range(first, first + 4):
            live_figures(live.channel(moved(problem, "driver:1:layout-side", 0.08, 0.001 * n), "left"))
            live_figures(live.channel(moved(problem, "head", 0.01 * n, 2.0), "left"))
        caches = [scene.cache for scene in [*live._layouts.values(), *live._drivers.values()]]
        return sum(len(cache._tensors) + len(cache._models) for cache in caches)

    first, second = arrays_after(0), arrays_after(4)
    assert second <= first
    assert len(live._layouts) <= live_module.MOST_LAYOUTS
    assert len(live._drivers) <= live_module.MOST_DRIVERS_KEPT + 3
    assert max(len(live._channels), len(live._ceilings)) <= live_module.MOST_CHANNELS


def test_a_live_message_has_the_panels_and_where_the_handles_are() -> None:
    """Of a drag that holds: the values, the handles there, and lines that are named as ideal weights; all of it JSON."""
    path = Path("problems/smart-speaker.toml")
    base = Source(path.read_text(), path.parent.absolute(), str(path))
    (message,) = answers(LiveRequest(base=base, version=7, channel="left", move=("curve:0:2", 1500.0, 13.0), id=3))
    assert (message["is"], message["id"], message["version"], message["faults"]) == ("live", 3, 7, [])
    (point,) = [handle for handle in message["handles"] if handle["id"] == "curve:0:2"]
    assert (point["x"], point["y"]) == (1500.0, 13.0)
    assert set(message["panels"]) == {"gain", "effort", "map", "polar", "ear"}
    line = message["panels"]["gain"]["panels"][0]["lines"][0]
    assert (line["name"], line["dash"]) == ("ideal weights", "dash")
    assert {number["name"] for number in message["numbers"]} >= {"mean_cancellation_gain_db", "largest_effort_db"}
    json.dumps(message, allow_nan=False)


BOX = {
    "title": "box",
    "sample_rate_hz": 16000,
    "enclosure": {"model": "box", "size_m": [0.1, 0.3, 0.12]},
    "drivers": [{"name": "left", "position_m": [0.05, -0.1, 0.0]}, {"name": "right", "position_m": [0.05, 0.1, 0.0]}],
    "listener": {"position_m": [1.5, 0.0, 0.0]},
    "designs": [
        {"name": "a", "kind": "ctc", "ear": "left", "band_hz": [300, 1500], "cancellation_gain_db": [[300, 4]]}
    ],
}


def test_a_driver_on_a_box_is_followed_by_a_coarse_solution_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pressures at the ears are within 0.3 dB of the whole solution's, and nothing is written; as soon as that is on disk, it is used,
    and the weights are an ordinary design's.
    """
    monkeypatch.setenv("DESIGNER_CACHE", str(tmp_path / "fields"))
    problem, live = designer.loads(tomlkit.dumps(BOX)), Live()
    other = moved(problem, "driver:1:layout-plan", 0.09, 0.05)
    coarse = live.channel(other, "a")
    assert coarse.coarse_body == "box"
    assert not (tmp_path / "fields").exists()
    whole = designer.scene(other).at(coarse.frequency_hz)
    ratio_db = measures.amplitude_db(coarse.ideal.scene.ears() / whole.ears())
    assert 0.01 < np.abs(ratio_db).max() < 0.3
    solved = live.channel(other, "a")
    assert solved.coarse_body == ""
    ordinary = design_channel(problem.designs[0], whole)
    np.testing.assert_allclose(solved.design.weights, ordinary.weights, atol=2e-6 * np.abs(ordinary.weights).max())
    assert live.channel(problem, "a").coarse_body == "box"


def test_a_body_that_does_not_fit_is_not_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer says so, and has the handles where they are."""
    monkeypatch.setenv("DESIGNER_CACHE", str(tmp_path))
    base = Source(tomlkit.dumps(BOX), tmp_path, "box.toml")
    request = LiveRequest(base=base, version=1, channel="a", move=("driver:1:layout-plan", 0.09, 0.05), id=1)
    monkeypatch.setattr(live_module, "MOST_COARSE_BYTES", 1e4)
    (message,) = answers(request)
    assert (message["coarse"], message["panels"], message["faults"]) == ("box", {}, [])
    (driver,) = [handle for handle in message["handles"] if handle["id"] == "driver:1:layout-plan"]
    assert (driver["x"], driver["y"]) == (0.09, 0.05)
    monkeypatch.undo()
    monkeypatch.setenv("DESIGNER_CACHE", str(tmp_path))
    (message,) = answers(request)
    assert message["coarse"] == "box" and "gain" in message["panels"]


def test_a_place_that_is_no_good_is_told_with_its_key() -> None:
    """A driver within another, a handle that is not there, a text with faults: each an answer without panels."""
    path = Path("problems/smart-speaker.toml")
    base = Source(path.read_text(), path.parent.absolute(), str(path))
    values = {"designs[0].max_effort_db": 999.0}
    (faulty,) = answers(LiveRequest(base=base, version=1, channel="left", values=values))
    assert [fault["key"] for fault in faulty["faults"]] == ["designs[0].max_effort_db"]
    assert faulty["panels"] == {}
    (unknown,) = answers(LiveRequest(base=base, version=1, channel="left", move=("none", 0.0, 0.0)))
    assert "no such handle" in unknown["faults"][0]["message"]
    (broken,) = answers(LiveRequest(base=Source("title = 3", base.folder, "x"), version=1, channel="left"))
    assert "sample_rate_hz" in broken["faults"][0]["message"]


def answers(request: LiveRequest) -> list[dict[str, Any]]:
    """Messages of a process that draws what moves."""
    messages: list[dict[str, Any]] = []
    Lively().answer(request, lambda message: messages.append(dict(message)))
    return messages


def test_live_panels_have_the_axes_of_the_judged_ones() -> None:
    """Frequency from the same to the same, so that a page may draw live lines over the judged axes."""
    channel = Live().channel(problem_of("smart-speaker"), "centre")
    for name, shown in live_figures(channel).items():
        for panel in shown["panels"]:
            if name != "polar":
                assert panel["x"]["range"] == [50.0, 20_000.0], name  # type: ignore[typeddict-item] # not of a polar plot
    assert packed(live_figures(channel))["arrays"]


def test_what_is_beyond_reach_is_shaded_to_the_top_of_any_axis() -> None:
    """Live curves are drawn on the judged design's axes, which end at 60 dB at most; axes of the live curves may end below."""
    (panel,) = live_figures(Live().channel(problem_of("smart-speaker"), "left"))["gain"]["panels"]
    (span,) = (span for span in panel["spans"] if span["name"] == "beyond reach")  # type: ignore[typeddict-item] # curves
    assert np.min(span["high"]) >= 60.0 > np.min(span["low"])
