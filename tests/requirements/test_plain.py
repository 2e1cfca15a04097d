"""The plain driver: which one it is, and that shared ones arrive together."""

from __future__ import annotations

import numpy as np
import pytest
from designs.small_problems import CLOUD, Tables, line, load, pair, small, speaker
from hypothesis import given, settings
from hypothesis import strategies as st

import designer
from designer.requirements.channel_target import channel_target
from designer.requirements.plain import Plain, chosen, plain_in


def plain_of(problem: Tables, which: int = 0) -> tuple[list[str], Plain]:
    """Names of the plain drivers, and the choice itself."""
    checked = load(problem)
    scene = designer.scene(checked)
    table = checked.designs[which]
    target = channel_target(table, scene)
    names = list(table.drivers or scene.drivers)
    plain = plain_in(table, scene)
    np.testing.assert_array_equal(plain.weights(target.frequency_hz, len(names)), target.plain)
    return [names[l] for l in plain.drivers], plain


@pytest.mark.parametrize("swapped", [False, True])
def test_a_pair_keeps_its_sides(swapped: bool) -> None:
    """Both drivers of a pair are within 1 dB at an ear far away: the left channel plays on the left, the right on the right.

    Names do not matter: what counts is which side the driver sits on.
    """
    problem = pair(both=True)
    problem["listener"]["position_m"] = [3.0, 0.0, 0.0]
    if swapped:
        for driver in problem["drivers"]:
            driver["position_m"][1] *= -1
    sides = ["right", "left"] if swapped else ["left", "right"]
    assert [plain_of(problem, choice)[0] for choice in (0, 1)] == [[side] for side in sides]


def test_beyond_1_db_the_strongest_is_plain_whatever_it_favours() -> None:
    """A driver 1.2 dB nearer wins over one that favours the ear; at 0.8 dB the one that favours the ear does."""
    for advantage_db, expected in ((1.2, "near"), (0.8, "side")):
        distance = 10 ** (-advantage_db / 20)
        problem = small(
            {"side": [0.0, -1.0, 0.0], "near": [0.0, 0.0, 0.0], "other": [0.0, 1.9, 0.0]},
            {"position_m": [2.0, 0.0, 0.0], "head": "points"},
            {"name": "left", "kind": "null-steering", "ear": "left", "band_hz": [500, 4000], "cancellation_gain_db": [[500, 3]]},
        )  # fmt: skip
        ear = np.array([2.0, -0.0875, 0.0])
        to_side = np.linalg.norm(ear - [0.0, -1.0, 0.0])
        problem["drivers"][1]["position_m"] = [float(2.0 - np.sqrt((to_side * distance) ** 2 - 0.0875**2)), 0.0, 0.0]
        assert plain_of(problem)[0] == [expected]


def test_a_smart_speaker_plays_the_left_ear_on_the_left() -> None:
    """Of the drivers within 1 dB of the strongest at the left ear, the one that favours it most, from the levels at the ears alone."""
    names, plain = plain_of(speaker())
    checked = load(speaker())
    scene = designer.scene(checked)
    inside = (scene.frequency_hz >= 500) & (scene.frequency_hz <= 4000)
    power = {
        ear: [np.mean([10 * np.log10(np.mean(np.abs(scene.ears()[f, side::2, l]) ** 2)) for f in np.flatnonzero(inside)]) for l in range(3)]
        for ear, side in (("left", 0), ("right", 1))
    }  # fmt: skip
    strong = [l for l in range(3) if power["left"][l] >= max(power["left"]) - 1.0]
    assert names == [scene.drivers[max(strong, key=lambda l: power["left"][l] - power["right"][l])]]
    assert plain.delay_s == (0.0,)


def test_a_beams_equal_drivers_share() -> None:
    """A line's inner pair is 0.05 dB nearer than its outer pair: all four share; at 0.3 m the outer pair is 0.2 dB weaker and does not."""
    problem = line(4)
    assert plain_of(problem)[0] == ["d0", "d1", "d2", "d3"]
    problem["grid"]["azimuth_distance_m"] = 0.4
    outer, inner = np.hypot(0.4, 0.09), np.hypot(0.4, 0.03)
    assert 20 * np.log10(outer / inner) > 0.1
    assert plain_of(problem)[0] == ["d1", "d2"]


def test_the_strongest_on_axis_is_a_beams_plain_driver() -> None:
    """Looking to the side, the driver nearest to that side is strongest."""
    problem = line(3, look_deg=90.0, mask=[{"azimuth_deg": [-120.0, -60.0], "max_db": -6.0}])
    assert plain_of(problem)[0] == ["d2"]
    problem = line(3, look_deg=-90.0, mask=[{"azimuth_deg": [60.0, 120.0], "max_db": -6.0}])
    assert plain_of(problem)[0] == ["d0"]


@settings(max_examples=25)
@given(
    places=st.lists(st.tuples(*[st.floats(-0.15, 0.15)] * 3), min_size=2, max_size=4, unique=True),
    look=st.integers(-12, 11),
)
def test_shared_drivers_arrive_together(places: list[tuple[float, float, float]], look: int) -> None:
    """In free field the named drivers' delays make up for their distances to the look point: the later waits for nobody."""
    if min(np.linalg.norm(np.subtract(a, b)) for i, a in enumerate(places) for b in places[:i]) < 1e-3:
        return
    names = [f"d{l}" for l in range(len(places))]
    problem = small(
        dict(zip(names, [list(place) for place in places], strict=True)),
        {"position_m": [2.0, 0.0, 0.0]},
        {
            "name": "centre",
            "kind": "beamformer",
            "look_deg": 15.0 * look,
            "band_hz": [500.0, 4000.0],
            "cancellation_gain_db": [[500, 3]],
            "plain": names,
        },
    )
    chosen, plain = plain_of(problem)
    assert chosen == names
    angle = np.radians(15.0 * look)
    point = 2.0 * np.array([np.cos(angle), np.sin(angle), 0.0])
    arrival = [np.linalg.norm(point - place) / 343.0 + wait for place, wait in zip(places, plain.delay_s, strict=True)]
    np.testing.assert_allclose(arrival, arrival[0], atol=1e-9)
    assert min(plain.delay_s) == 0.0
    f = np.linspace(0.0, 8000.0, 65)
    np.testing.assert_allclose(np.abs(plain.weights(f, len(names))), 1 / len(names), rtol=1e-12)
    checked = load(problem)
    at_look = np.einsum("fl,fl->f", designer.scene(checked).look(15.0 * look), plain.weights(f, len(names)))
    mean = np.mean([1 / np.linalg.norm(point - place) for place in places])
    np.testing.assert_allclose(np.abs(at_look), mean, rtol=1e-6)  # in phase at every frequency


def test_named_drivers_are_plain() -> None:
    """`plain` overrules strength and side, in the channel's own order of drivers."""
    assert plain_of(pair(plain=["right"]))[0] == ["right"]
    assert plain_of(pair(plain=["right", "left"]))[0] == ["right", "left"]
    assert plain_of(speaker(drivers=["right", "front", "left"], plain=["front"]))[0] == ["front"]


def test_the_strength_is_that_over_the_band() -> None:
    """A driver that is loud only outside the band is not chosen: levels are means over the band, in dB."""
    frequency = np.linspace(0.0, 8000.0, 65)
    inside = (frequency >= 500) & (frequency <= 4000)
    table = load(pair()).designs[0]
    bright = np.ones((65, len(CLOUD), 2), dtype=complex)
    bright[~inside, :, 1] = 10.0
    bright[inside, :, 1] = 0.5
    assert chosen(table, [0, 1], inside, bright, bright) == [0]
