"""A scene computes each value once, and gives the same in any order of questions."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from designs.small_problems import Tables, line, load, speaker

import designer
from designer.acoustics.cache import Cache
from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.acoustics.head_models import Points
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.report.figures import pictures

pytestmark = pytest.mark.usefixtures("judged")

SCENE, CACHE = sys.modules[Scene.__module__], sys.modules[Cache.__module__]
MOST = 3
"""Grids of frequencies that meet at one: the design's, the fit's, the figures'."""


def three_channels() -> Tables:
    """Both ears and a beam of three drivers on a sphere."""
    ears = [
        {"name": ear, "ear": ear, "kind": "null-steering", "band_hz": [500, 4000], "cancellation_gain_db": [[500, 4]]}
        for ear in ("left", "right")
    ]
    beam = {
        "name": "centre",
        "kind": "beamformer",
        "look_deg": 0.0,
        "band_hz": [300, 1500],
        "cancellation_gain_db": [[300, 3]],
    }
    return speaker(*ears, beam | {"nulls_deg": [-90.0, 90.0]})


def test_a_whole_design_evaluates_no_field_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    """Design, fit, tables, study, zone, draws and what the figures show: each set of places at each set of frequencies is evaluated
    once, and a place at one frequency once a grid. The ears on grids of one range, such as design's and fit's, have the same few nodes.
    """
    calls: list[tuple[str, Real, Real]] = []

    def counted(name: str) -> Callable[..., Complex]:
        evaluate = getattr(SphereEnclosure, name)

        def evaluated(device: SphereEnclosure, k: Real, places: Any = None) -> Any:
            blocks = [(slice(None), np.zeros((1, 3)) if places is None else places)]
            for index, points_m in places if name == "over_wave" else blocks:
                calls.append((name, k[index], np.round(points_m, 9)))
            return evaluate(device, k) if places is None else evaluate(device, k, places)

        return evaluated

    for name in ("field", "over_wave", "far_field", "radiated_power"):
        monkeypatch.setattr(SphereEnclosure, name, counted(name))
    made = designer.design(load(three_channels()))
    assert [picture.build() for picture in pictures(made).values()]
    assert made.study
    assert made.zones is not None
    assert made.tolerances
    assert len(calls) > 30
    again = Counter((name, k.tobytes(), places.tobytes()) for name, k, places in calls)
    assert max(again.values()) <= 3
    assert sum(count > 1 for count in again.values()) <= 3
    each = Counter(
        (place.tobytes(), at)
        for name, k, places in calls
        if name in ("field", "over_wave")
        for place in places
        for at in k.tolist()
    )
    assert sum(count > MOST for count in each.values()) < len(each) / 100


def test_no_answer_depends_on_what_was_asked_before() -> None:
    """`look` after `circle` as before it, and a part's tensors after the whole's as before them, to the last bit."""
    index = np.arange(3, 40, 7)

    def answers(first: Callable[[Scene], object]) -> list[Complex]:
        there = designer.scene(load(speaker()))
        first(there)
        part = there.part(index)
        return [there.look(15.0), part.ears(), part.circle(), part.look(0.0), part.head_centre(), part.radiated_power]

    alone = answers(lambda there: None)
    for first in (Scene.circle, Scene.ears, lambda there: there.part(index[:2]).ears(), lambda there: there.look(15.0)):
        for one, other in zip(answers(first), alone, strict=True):
            np.testing.assert_array_equal(one, other)


def test_scenes_made_from_one_another_share_what_they_have_in_common() -> None:
    """Equal heads at other frequencies; the same circle with the head moved or another head; another circle with other air."""
    there = designer.scene(load(line()))
    assert there.at(np.array([100.0])).heads is there.heads
    circle = there.circle()
    assert there.moved(np.zeros((1, 3))).circle() is circle
    assert there.with_heads((Points("points", 0.07),)).circle() is circle
    ears = there.ears()
    assert not np.allclose(there.with_heads((Points("points", 0.07),)).ears(), ears)
    warm = there.with_problem(there.problem.model_copy(update={"speed_of_sound_m_s": 350.0}))
    assert not np.allclose(warm.circle(), circle)
    assert there.ears() is ears


def test_a_part_of_a_part_has_its_own_frequencies() -> None:
    """Rows of rows, on a scene that is small and on one that is not."""
    there = designer.scene(load(line()))
    some = there.part(np.arange(10, 30)).part(slice(5, 8))
    np.testing.assert_array_equal(some.frequency_hz, there.frequency_hz[15:18])
    np.testing.assert_array_equal(some.ears(), there.ears()[15:18])
    np.testing.assert_array_equal(some.at(there.frequency_hz[:2]).ears().shape[0], 2)


def test_parts_of_a_large_scene_are_computed_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the whole's tensors are too large to hold, a part never makes them."""
    there = designer.scene(load(line()))
    monkeypatch.setattr(SCENE, "MAX_PART_BYTES", 20.0 * there.bytes_a_frequency)
    part = there.part(np.arange(4))
    assert part.whole is None
    np.testing.assert_allclose(part.circle(), there.circle()[:4], rtol=1e-12)


def test_a_cache_keeps_what_was_asked_for_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """With room for two, the one not asked for longest is made again; what is kept cannot be written to."""
    monkeypatch.setattr(CACHE, "MAX_CACHE_BYTES", 2.5 * 160)
    made: list[str] = []

    def tensor(cache: Cache, name: str) -> Complex:
        def make() -> Complex:
            made.append(name)
            return np.zeros(10, dtype=complex)

        return cache.tensor(name, make)

    cache = Cache()
    for name in ("a", "b", "a", "c", "a", "b"):
        found = tensor(cache, name)
    assert made == ["a", "b", "c", "b"]
    with pytest.raises(ValueError, match="read-only"):
        found[0] = 1.0
