"""Moved heads: the same ones every time, mirror images of each other, within the cloud's box."""

from __future__ import annotations

import cmath
import math

import numpy as np
import pytest
from designs.small_problems import design, load, pair, speaker
from hypothesis import given, settings
from hypothesis import strategies as st

import designer
from designer.evaluation.moved_head import (
    HEADS,
    displaced_heads_m,
    moved_head,
    possible_heads_m,
    shifted_heads_m,
)

coordinates = st.floats(-0.5, 0.5)


@settings(max_examples=40)
@given(cloud=st.lists(st.tuples(coordinates, coordinates, coordinates), min_size=1, max_size=6))
def test_heads_lie_in_the_clouds_box(cloud: list[tuple[float, float, float]]) -> None:
    """Within the box of the cloud, or 3 cm to the front and the side where the cloud is smaller; no two alike, all the same each time."""
    places = np.array(cloud)
    heads = displaced_heads_m(places)
    assert heads.shape == (HEADS, 3)
    low = np.minimum(places.min(axis=0), [-0.03, -0.03, 0.0])
    high = np.maximum(places.max(axis=0), [0.03, 0.03, 0.0])
    assert (heads >= low - 1e-12).all()
    assert (heads <= high + 1e-12).all()
    np.testing.assert_array_equal(displaced_heads_m(places), heads)
    assert len({tuple(np.round(head, 9)) for head in heads}) == HEADS


def test_heads_of_a_mirror_symmetric_cloud_are_mirror_symmetric() -> None:
    """Every head has its mirror image among the others."""
    heads = displaced_heads_m(np.array([[0.0, 0.1, 0.0], [0.0, -0.1, 0.0], [0.2, 0.0, 0.05]]))
    mirrored = heads * [1, -1, 1]
    for head in mirrored:
        assert np.linalg.norm(heads - head, axis=1).min() < 1e-12


def test_heads_are_spread_evenly() -> None:
    """Each half of the box, along every axis, holds half of the heads, to 4 of 48; their mean is its middle to 3 %."""
    heads = displaced_heads_m(np.array([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]]))
    np.testing.assert_allclose((heads > 0).sum(axis=0), HEADS / 2, atol=4)
    np.testing.assert_allclose(heads.mean(axis=0), 0.0, atol=0.06)


def test_heads_that_cannot_be_are_left_out() -> None:
    """Heads that would hold a driver, or stand in the enclosure, are not judged; all others are, in their order."""
    near = pair()
    near["listener"].update(position_m=[0.2, 0.0, 0.0], ear_cloud_m=[[0.0, 0.0, 0.0], [0.1, 0.0, 0.0]])
    ball = speaker()
    ball["listener"].update(position_m=[0.19, 0.0, 0.0], ear_cloud_m=[[0.0, 0.0, 0.0], [0.1, 0.0, 0.0]])
    for problem, device_radius_m in ((near, 0.0), (ball, 0.08)):
        checked = load(problem)
        moves = np.random.default_rng(0).uniform(-0.15, 0.15, (200, 3))
        drivers = np.array([driver["position_m"] for driver in problem["drivers"]])
        possible = []
        for move in moves:
            centre = np.array(problem["listener"]["position_m"]) + move
            holds_a_driver = min(np.linalg.norm(drivers - centre, axis=1)) < 0.0875
            in_device = device_radius_m > 0 and np.linalg.norm(centre) < device_radius_m + 0.0875
            if not (holds_a_driver or in_device):
                possible.append(tuple(move))
        actual = [tuple(move) for move in possible_heads_m(checked, moves)]
        assert 0 < len(possible) < 200
        assert set(actual) <= set(possible)
        assert len(actual) > 0.9 * len(possible)  # what is left out besides is within 1 % of a surface
        assert actual == [tuple(move) for move in moves if tuple(move) in set(actual)]


@pytest.mark.parametrize("ear", ["left", "right"])
def test_the_gain_of_a_moved_head_by_loops(ear: str) -> None:
    """Power at the ipsilateral ear over power at the other, head by head, a quarter of a step beside the design's frequencies."""
    problem = pair(ear=ear, max_effort_db=12.0)
    problem["listener"]["head"] = "points"
    result = design(problem)
    moved = result.moved_heads["left"]
    step = 125.0
    expected_hz = [f for i in range(64) for f in (step * i + step / 4, step * i + 3 * step / 4) if 500 <= f <= 4000]
    np.testing.assert_allclose(moved.frequency_hz, expected_hz)
    assert moved.gain_db.shape == (HEADS, len(expected_hz))
    side = -1.0 if ear == "left" else 1.0
    for d, j in ((0, 0), (13, 7), (30, 40), (47, 55)):
        f = moved.frequency_hz[j]
        k = 2 * math.pi * f / 343.0
        power = []
        for at in (side, -side):
            place = np.array([0.7, 0.0875 * at, 0.0]) + moved.displacements_m[d]
            p = 0j
            for l, y in enumerate((-0.08, 0.08)):
                w = sum(x * cmath.exp(-2j * math.pi * f / 16000 * n) for n, x in enumerate(result.taps["left"][l]))
                r = math.dist(place, (0.0, y, 0.0))
                p += w * cmath.exp(-1j * k * r) / r
            power.append(abs(p) ** 2)
        assert moved.gain_db[d, j] == pytest.approx(10 * math.log10(power[0] / power[1]), abs=1e-6)
    assert moved.median_db == pytest.approx(np.median(moved.gain_db))
    assert moved.fifth_percentile_db == pytest.approx(np.percentile(moved.gain_db, 5))


def test_a_band_narrower_than_the_grid_is_judged_at_its_own_frequencies() -> None:
    """A band that holds one regular frequency and none beside it: between this and the band's ends."""
    result = design(pair(band_hz=[990.0, 1010.0]))
    scene = designer.scene(result.problem)
    actual = moved_head(result.problem.designs[0], result.taps["left"], scene)
    assert actual.frequency_hz.tolist() == [992.5, 997.5, 1002.5, 1007.5]


def test_beams_have_no_moved_heads() -> None:
    """Heads are moved for ear channels only."""
    assert set(design(pair(both=True)).moved_heads) == {"left", "right"}


def test_shifts_that_the_design_saw_are_left_out() -> None:
    """Eight directions at 1 and at 3 cm; a cloud of +/-3 cm aside takes two of them away."""
    assert len(shifted_heads_m(np.zeros((1, 3)))) == 16
    shifts = shifted_heads_m(np.array([[0.0, 0.0, 0.0], [0.0, 0.03, 0.0], [0.0, -0.03, 0.0]]))
    assert len(shifts) == 14
    assert not any(np.allclose(shift, [0.0, side, 0.0]) for shift in shifts for side in (0.03, -0.03))
    assert set(np.round(np.abs(shifts).max(axis=1), 9)) == {0.01, 0.03}


def test_the_realisation_table_judges_the_shifted_head_by_loops() -> None:
    """Median, 5th percentile and worst of the realised taps: gains of a head put at each shift, frequency by frequency."""
    result = design(pair(band_hz=[500.0, 1000.0]))
    study = result.study["left"]
    cloud = np.array(result.problem.listener.ear_cloud_m)
    step = result.frequency_hz[1]
    gains = []
    for shift in shifted_heads_m(cloud):
        aside = designer.scene(result.problem).moved(shift[None])
        for k in range(int(1000.0 / step) + 1):
            for f in ((k + 0.25) * step, (k + 0.75) * step):
                if not 500.0 <= f <= 1000.0:
                    continue
                ears = aside.at(np.array([f])).ears()[0]
                taps = result.taps["left"]
                w = [sum(h * cmath.exp(-2j * math.pi * f / 16_000 * n) for n, h in enumerate(one)) for one in taps]
                left, right = (abs(sum(a * b for a, b in zip(ear, w, strict=True))) ** 2 for ear in ears)
                gains.append(10 * math.log10(left / right))
    actual = study.moved["realised"]
    assert actual.median_db == pytest.approx(np.median(gains), abs=1e-6)
    assert actual.fifth_percentile_db == pytest.approx(np.percentile(gains, 5), abs=1e-6)
    assert actual.worst_db == pytest.approx(min(gains), abs=1e-6)
    assert set(study.moved) == {"ideal", "realised"}


def test_a_dark_place_beside_several_heads_by_loops() -> None:
    """Over a place without a head, which moves with none: each head's power at the ear over the mean power at the place's points."""
    two, heads, at_m = pair(), ["sphere:0.07", "sphere:0.09", "sphere:0.1"], [1.0, 0.6, 0.0]
    listener = {**two.pop("listener"), "name": "near", "head": heads}
    two["designs"] = [{**two["designs"][0], "listener": "near", "dark": ["desk"], "dark_gain_db": [[1000, 3]]}]
    place = {"name": "desk", "shape": "sphere", "centre_m": at_m, "radius_m": 0.1}
    scene = designer.scene(load({**two, "listeners": [listener], "places": [place]}))
    taps = np.random.default_rng(3).normal(size=(2, 16))
    table = scene.problem.designs[0]
    moved = moved_head(table, taps, scene)
    alone = [
        moved_head(one.problem.designs[0], taps, one)
        for head in heads
        for one in [designer.scene(load({**two, "listeners": [{**listener, "head": head}], "places": [place]}))]
    ]
    expected = np.concatenate([one.dark_db["desk"] for one in alone])
    np.testing.assert_allclose(moved.dark_db["desk"], expected, atol=1e-6)
