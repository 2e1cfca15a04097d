"""Heads before a cylinder at any height: against the slope of a naive field on the head, the field on the line, and each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.directions import direction
from oracles.head_scattering import ears_by_neumann_data
from oracles.naive_cylinder import field_of_drivers
from scipy.special import assoc_legendre_p_all, spherical_jn, spherical_yn

from acoustics.measured.head_files import A
from acoustics.test_heads import HEAD, C, axes_turned, differences
from designer.acoustics.enclosures import cylinder, cylinder_ears
from designer.acoustics.enclosures.cylinder import CylinderEnclosure
from designer.acoustics.heads import _ears, ears_in_field
from designer.arrays import Complex, Real

CAN_RADIUS_M = 0.06
CAN_PLACES_M = np.array([[0.06, 0.0, 0.0], [0.0, -0.06, 0.03], [-0.06, 0.0, -0.02]])
CAN_RIMS_M = np.array([0.0, 0.015, 0.02])
CAN = CylinderEnclosure.of_discs(CAN_RADIUS_M, CAN_PLACES_M, CAN_RIMS_M.tolist())


def truth(places_m: Real, rims_m: Real, k: float, centre_m: Real, ear_axis: Real) -> Complex:
    """Both ears (2, L) from the naive field of drivers on the can at points of four radii around the head."""

    def field(points_m: Real) -> Complex:
        return field_of_drivers(k, CAN_RADIUS_M, places_m, rims_m, points_m)

    count, around = int(k * A) + 20, 2 * int(k * A) + 16
    return ears_by_neumann_data(field, k, centre_m, ear_axis, A, count=count, around=around)


@pytest.mark.parametrize("frequency_hz", [500.0, 5e3, 23e3])
def test_the_field_is_the_naive_series(frequency_hz: float) -> None:
    """A point and two pistons, near and around, over and under: within 1e-8 of the largest, from integrals along the real axis."""
    k, rng = 2 * np.pi * frequency_hz / C, np.random.default_rng(1)
    points_m = rng.uniform([-0.5, -0.5, -0.3], [0.5, 0.5, 0.3], (60, 3))
    points_m = points_m[np.hypot(points_m[:, 0], points_m[:, 1]) > 0.15]
    naive = field_of_drivers(k, CAN_RADIUS_M, CAN_PLACES_M, CAN_RIMS_M, points_m, more_nodes=80)
    missed = np.abs(CAN.field(np.array([k]), points_m)[0] - naive).max(axis=0)
    assert (missed < 1e-8 * np.abs(naive).max(axis=0)).all()


@pytest.mark.long
def test_over_the_driver() -> None:
    """A head 10 cm over a point's height, 0.3 m away, turned by 90 degrees, at 16 kHz: within 0.001 dB and 0.01 degrees.

    The line missed the far ear by 0.17 dB. Each of 19,000 points around the head is an integral of its own: twenty seconds.
    """
    point = CylinderEnclosure.of_discs(0.06, np.array([[0.06, 0.0, 0.0]]), [0.0])
    k, centre_m, axes = np.array([2 * np.pi * 16e3 / C]), np.array([0.3, 0.0, 0.1]), axes_turned(90.0)
    wanted = truth(CAN_PLACES_M[:1], CAN_RIMS_M[:1], float(k[0]), centre_m, axes[1])
    assert differences(_ears(HEAD, point, k, centre_m[None], axes, None)[0, 0], wanted)[0] > 0.1
    level_db, phase_deg = differences(ears_in_field(HEAD, point, k, centre_m[None], axes)[0, 0], wanted)
    assert level_db < 0.001
    assert phase_deg < 0.01


@pytest.mark.long
@pytest.mark.parametrize(
    ("distance_m", "height_m", "turn_deg", "frequency_hz"),
    [(0.35, 0.1, 90.0, 22e3), (0.35, 0.06, 60.0, 22e3), (0.5, 0.25, 90.0, 23e3), (0.3, 0.15, 75.0, 18e3)],
)
def test_at_the_highest_frequencies(distance_m: float, height_m: float, turn_deg: float, frequency_hz: float) -> None:
    """Three drivers at three heights, within 0.001 dB and 0.01 degrees, where the line missed by 2 dB: a minute of integrals."""
    k, centre_m, axes = 2 * np.pi * frequency_hz / C, np.array([distance_m, 0.02, height_m]), axes_turned(turn_deg)
    heard = ears_in_field(HEAD, CAN, np.array([k]), centre_m[None], axes)[0, 0]
    level_db, phase_deg = differences(heard, truth(CAN_PLACES_M, CAN_RIMS_M, k, centre_m, axes[1]))
    assert level_db < 0.001
    assert phase_deg < 0.01


@pytest.mark.parametrize("centre_m", [(0.3, 0.02, 0.0), (0.5, -0.1, 0.15), (1.2, 0.1, -0.3)])
def test_the_line_agrees_where_it_tells_all(centre_m: tuple[float, float, float]) -> None:
    """From 1.2 to 5 kHz the field between the ears, of other integrals, says the same within 0.002 dB and 0.01 degrees."""
    k, centres_m, axes = 2 * np.pi * np.linspace(1.2e3, 5e3, 9) / C, np.array([centre_m]), axes_turned(20.0)
    heard, known = CAN.ears_of_balls(k, A, centres_m, axes[1])
    assert known.all()
    level_db, phase_deg = differences(heard, _ears(HEAD, CAN, k, centres_m, axes, None))
    assert level_db < 0.002
    assert phase_deg < 0.01


def test_places_and_frequencies_do_not_depend_on_each_other() -> None:
    """Places at several heights and distances, in any order of frequencies, are each as alone within 1e-5."""
    k = 2 * np.pi * np.array([20e3, 3e3, 9e3, 16e3]) / C
    centres_m = np.array([[0.35, 0.0, 0.1], [0.38, 0.03, 0.1], [0.8, 0.0, 0.1], [0.5, 0.1, 0.0]])
    axes = axes_turned(50.0)
    together, known = CAN.ears_of_balls(k, A, centres_m, axes[1])
    assert known.all()
    for d in range(len(centres_m)):
        for f in range(k.size):
            alone = CAN.ears_of_balls(k[[f]], A, centres_m[[d]], axes[1])[0][0, 0]
            np.testing.assert_allclose(together[f, d], alone, rtol=1e-5)


def test_every_wide_band_has_a_contour() -> None:
    """120 heads before cylinders of 0.15 to 1 m, from 1.3 head radii off on, up to 1.3 m over the driver, from 0.2 to 24 kHz."""
    rng = np.random.default_rng(1)
    for _ in range(120):
        radius_m, away_m = np.exp(rng.uniform(np.log([0.15, 1.3 * A]), np.log([1.0, 2.6])))
        under_m, half_m = rng.uniform([0.0, 0.0], [1.3, 0.05])
        high_hz = np.exp(rng.uniform(np.log(500.0), np.log(24e3)))
        k = 2 * np.pi * high_hz / C * np.array([rng.uniform(0.4, 0.95), 1.0])[:, None, None, None]
        reach = cylinder_ears._Reach(np.full((2, 1, 1), away_m), np.full((2, 1), under_m), A, half_m, radius_m, k)
        assert cylinder_ears._contour(reach) is not None, (radius_m, away_m, under_m, half_m, high_hz)


@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.long) for seed in (2, 3))])
def test_high_over_a_wide_cylinder(seed: int) -> None:
    """Heads 2.5 to 6 radii off, steeply over or under the drivers, at 0.8 to 2.4 kHz: as on the line, within 0.002 dB and 0.02 degrees.

    Such waves had no contour. The line tells all here; at 11 kHz it misses what the next test holds.
    """
    rng = np.random.default_rng(seed)
    radius_m, away_m = rng.uniform([0.2, 2.5 * A], [0.6, 6 * A])
    wide = CylinderEnclosure.of_discs(radius_m, np.array([[radius_m, 0.0, 0.0], [0.0, radius_m, 0.1]]), [0.0, 0.03])
    centres_m = np.array(
        [[radius_m + away_m, rng.uniform(-0.1, 0.1), rng.choice([-1, 1]) * rng.uniform(2, 4) * away_m]]
    )
    k, axes = 2 * np.pi * np.array([800.0, 2400.0]) / C, axes_turned(float(rng.uniform(-90, 90)))
    heard, known = wide.ears_of_balls(k, A, centres_m, axes[1])
    assert known.all()
    level_db, phase_deg = differences(heard, _ears(HEAD, wide, k, centres_m, axes, None))
    assert level_db < 0.002
    assert phase_deg < 0.02


@pytest.mark.long
def test_high_frequencies_over_a_wide_cylinder() -> None:
    """11 kHz, 0.3 m over one driver and beside another: within 0.002 dB and 0.02 degrees of the slope of the field on the head.

    The first driver's waves had no contour, and the line missed the second at the far ear by 0.14 dB. Each of 15,000 points on the head
    is an integral of its own.
    """
    places_m = np.array([[0.09194, 0.2355, -0.0623], [0.24542, 0.0607, 0.2407]])
    drivers = CylinderEnclosure.of_discs(0.2528, places_m, [0.0, 0.0182])
    k, centre_m, axes = 2 * np.pi * 11e3 / C, np.array([0.3824, 0.0594, 0.2442]), axes_turned(-140.0)
    heard, known = drivers.ears_of_balls(np.array([k]), A, centre_m[None], axes[1])
    assert known.all()

    def field(points_m: Real) -> Complex:
        return np.asarray(drivers.field(np.array([k]), points_m)[0])

    wanted = ears_by_neumann_data(field, k, centre_m, axes[1], A, count=int(k * A) + 20, around=2 * int(k * A) + 16)
    level_db, phase_deg = differences(heard[0, 0], wanted)
    assert level_db < 0.002
    assert phase_deg < 0.02


def test_where_waves_are_not_known_the_line_is_heard() -> None:
    """A head that all but touches a wide cylinder, whose orders leave the range of numbers: the ears are those of the line."""
    wide = CylinderEnclosure.of_discs(0.63, np.array([[0.63, 0.0, 0.0]]), [0.0])
    k, centres_m, axes = np.array([2 * np.pi * 1.8e3 / C]), np.array([[0.76, 0.0, 1.0]]), axes_turned(0.0)
    assert not wide.ears_of_balls(k, A, centres_m, axes[1])[1].any()
    line = _ears(HEAD, wide, k, centres_m, axes, None)
    np.testing.assert_allclose(ears_in_field(HEAD, wide, k, centres_m, axes), line, rtol=1e-12)


def test_nothing_is_computed_beside_drivers_without_a_contour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of drivers at heights too far apart for one contour at 90 kHz no other's waves are computed: the line answers all of them."""
    heights_m = [-0.037, 0.0112, 0.0919, -0.1562, 0.1753, -0.0779]
    places_m = 0.0168 * direction(np.linspace(0.0, 300.0, 6)) + np.array(
        [[0.0, 0.0, height_m] for height_m in heights_m]
    )
    thin = CylinderEnclosure.of_discs(0.0168, places_m, [0.0] * 6)
    plain = cylinder_ears.ears_before_cylinder
    answers: list[Complex | None] = []

    def noted(*arguments: Any) -> Complex | None:
        answers.append(plain(*arguments))
        return answers[-1]

    monkeypatch.setattr(cylinder, "ears_before_cylinder", noted)
    _, known = thin.ears_of_balls(
        np.array([900.0, 1650.0]), 0.08, np.array([[0.558, -0.165, 0.311]]), axes_turned(-74.0)[1]
    )
    assert not known.any()
    assert answers == [None]


def test_frequencies_share_a_heads_waves(monkeypatch: pytest.MonkeyPatch) -> None:
    """An octave's frequencies, whose products are held one by one, take one table of the head's waves, and hear what each alone does."""
    calls, counted = [], cylinder_ears._ball_waves

    def ball_waves(ka: Real, w: Complex, count: int) -> Complex:
        calls.append(ka.size)
        return counted(ka, w, count)

    monkeypatch.setattr(cylinder_ears, "_ball_waves", ball_waves)
    k, centres_m, left = np.linspace(150.0, 290.0, 7), np.array([[0.5, 0.02, 0.1]]), axes_turned(30.0)[1]
    together = CAN.ears_of_balls(k, A, centres_m, left)[0]
    monkeypatch.setattr(cylinder_ears, "MAX_NUMBERS", 1)
    groups = len(calls)
    np.testing.assert_allclose(CAN.ears_of_balls(k, A, centres_m, left)[0], together, rtol=1e-9)
    assert calls == [7] * 2 * groups
    monkeypatch.setattr(cylinder_ears, "MAX_HEARD", 1)
    np.testing.assert_allclose(CAN.ears_of_balls(k, A, centres_m, left)[0], together, rtol=1e-9)


@pytest.mark.parametrize("count", [1, 2, 3, 20, 37])
def test_a_heads_waves_are_those_of_the_associated_functions(count: int) -> None:
    """G_m at real and complex angles is equation (4), from scipy's normalised functions of each order and degree: within 1e-10."""
    ka, w = np.array([0.3, 9.0]), np.array([0.2, -0.7 + 0.0j, 0.4 + 0.8j, -1.2 - 1.1j])
    l = np.arange(count)
    answers = -1j / (ka[:, None] ** 2 * (spherical_jn(l, ka[:, None], True) - 1j * spherical_yn(l, ka[:, None], True)))
    # Over θ from the pole, with 2π for the norm over the whole sphere.
    aside, level = (
        assoc_legendre_p_all(count - 1, count - 1, x, norm=True, branch_cut=2)[0]
        for x in (np.sin(w), np.array(0.0 + 0j))
    )
    for m in range(count):
        degrees = l[m::2]
        terms = 1j ** ((degrees - m) % 4) * answers[:, degrees] * level[degrees, m]
        wanted = 2 * terms @ aside[degrees, m]
        np.testing.assert_allclose(cylinder_ears._ball_waves(ka, w, count)[:, :, m], wanted, rtol=1e-10)
