"""The rigid sphere as a head: its limits at low and at high frequency, near and far.

Kuhn, Model for the interaural time differences in the azimuthal plane (JASA 62, 1977): 3(a/c) sin θ at low frequency, and
Woodworth's (a/c)(θ + sin θ) for the leading edge at high frequency. Duda and Martens, Range dependence of the response of
a spherical head model (JASA 104, 1998): the near pole gains 6 dB at high frequency.
"""

from __future__ import annotations

import numpy as np
import pytest

import designer
from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.acoustics.sphere_series import head_pressure, sphere_pressure
from designer.arrays import Complex, Real

FAR = np.array([np.inf])
ANGLES_DEG = [15.0, 30.0, 45.0, 60.0, 90.0]


def far_source(ka: Real, cos_angle: Real) -> Complex:
    """Pressure on the sphere (F, K) over that of the plane wave at its centre."""
    return sphere_pressure(ka, FAR, cos_angle[None])[:, 0]


def ear_ratio(ka: Real, angle_deg: float) -> Complex:
    """Pressure at the ear away from a source at this azimuth over that at the ear towards it (F,); ears at ±90 degrees."""
    towards = np.sin(np.radians(angle_deg))
    near, far = far_source(ka, np.array([towards, -towards])).T
    return np.asarray(far / near)


@pytest.mark.parametrize(("ka", "tolerance_db"), [(30.0, 0.03), (60.0, 0.01), (200.0, 1e-3)])
def test_near_pole_gains_six_decibels(ka: float, tolerance_db: float) -> None:
    """At high frequency the sphere reflects like a wall at the pole that faces a far source: twice the pressure, +6.02 dB."""
    (pole,) = far_source(np.array([ka]), np.array([1.0]))
    level_db = 20 * np.log10(np.abs(pole[0]))
    assert level_db == pytest.approx(20 * np.log10(2), abs=tolerance_db)
    assert np.angle(pole[0] * np.exp(-1j * ka)) == pytest.approx(0.0, abs=1.1 / ka)  # it is a/c ahead of the centre


def test_no_sphere_at_low_frequency() -> None:
    """As ka → 0 the level is that of the free field all around, 0 dB."""
    found = far_source(np.array([1e-3]), np.cos(np.radians(np.arange(0.0, 181.0, 5.0))))
    np.testing.assert_allclose(np.abs(found), 1.0, rtol=1e-5)


@pytest.mark.parametrize("angle_deg", [*ANGLES_DEG, 75.0])
def test_delay_between_the_ears_at_low_frequency(angle_deg: float) -> None:
    """3(a/c) sin θ, the far ear later, to within a share of (ka)²/2."""
    ka = np.array([0.001, 0.01, 0.1])
    delay = -np.angle(ear_ratio(ka, angle_deg)) / ka  # in units of a/c
    expected = 3 * np.sin(np.radians(angle_deg))
    assert (np.abs(delay / expected - 1) < 0.5 * ka**2).all()


@pytest.mark.parametrize("angle_deg", ANGLES_DEG)
def test_delay_between_the_ears_at_high_frequency(angle_deg: float) -> None:
    """Woodworth's (a/c)(θ + sin θ) is the limit of the group delay: within 0.2 % on average from ka = 500 to 1000.

    The leading edge travels straight to the near ear, and to the far ear around the sphere as a creeping wave, whose group
    velocity nears c only as (ka)^(-2/3).
    """
    ka = np.linspace(500.0, 1000.0, 501)
    phase = np.unwrap(np.angle(ear_ratio(ka, angle_deg)))
    delay = -(phase[-1] - phase[0]) / (ka[-1] - ka[0])
    angle = np.radians(angle_deg)
    assert delay == pytest.approx(angle + np.sin(angle), rel=2e-3)


@pytest.mark.parametrize("angle_deg", ANGLES_DEG)
def test_delay_between_the_ears_where_one_hears(angle_deg: float) -> None:
    """On average from ka = 10 to 36 (6 to 22 kHz on a head) Woodworth's delay holds within 2 %."""
    ka = np.linspace(10.0, 36.0, 261)
    phase = np.unwrap(np.angle(ear_ratio(ka, angle_deg)))
    delay = -(phase[-1] - phase[0]) / (ka[-1] - ka[0])
    angle = np.radians(angle_deg)
    assert delay == pytest.approx(angle + np.sin(angle), rel=0.02)


def static_pressure(distance_ratio: float, cos_angle: Real) -> Real:
    """Steady flow from a point outside a sphere, on its surface, times a: Σ (2n+1)/(n+1) t^n P_n in closed form, t = a/r.

    Integrating the generating function 1/R = Σ s^n P_n, R² = 1 - 2sx + s², from 0 to t gives
    Σ t^n P_n/(n+1) = ln[(R + t - x)/(1 - x)]/t, and (2n+1)/(n+1) = 2 - 1/(n+1).
    """
    t, x = 1 / distance_ratio, cos_angle
    R = np.sqrt(1 - 2 * t * x + t**2)
    return np.asarray((2 / R - np.log((R + t - x) / (1 - x)) / t) * t)


@pytest.mark.parametrize("distance_ratio", [1.05, 1.25, 2.0, 10.0, 100.0])
def test_source_near_the_head_at_zero_hertz(distance_ratio: float) -> None:
    """At 0 Hz the pressure on the sphere is potential flow's, from 5 % of a radius away: no wave, but a level difference."""
    x = np.cos(np.radians([5.0, 30.0, 60.0, 90.0, 150.0, 180.0]))
    found = sphere_pressure(np.array([0.0]), np.array([distance_ratio]), x[None])[0, 0]
    np.testing.assert_allclose(np.abs(found), static_pressure(distance_ratio, x), rtol=1e-10)


@pytest.mark.parametrize("distance_ratio", [1.05, 1.25, 2.0, 10.0, 1000.0, np.inf])
def test_the_series_is_stable(distance_ratio: float) -> None:
    """From 10 Hz to 24 kHz and ka = 60, from 1.05 radii to infinity: no overflow, no NaN, and no more than twice the source.

    Nothing on a rigid convex body is louder than twice the free field at its nearest point, to 5 %.
    """
    ka = 2 * np.pi * np.linspace(10.0, 24_000.0, 240) / 343.0 * 0.1365
    assert ka[-1] == pytest.approx(60.0, abs=0.1)
    angles = np.cos(np.radians(np.arange(0.0, 181.0, 5.0)))
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        found = sphere_pressure(ka, np.array([distance_ratio]), angles[None])
    assert np.isfinite(found).all()
    free = 1.0 if np.isinf(distance_ratio) else 1 / (distance_ratio - 1)
    assert np.abs(found).max() < 2.1 * free
    assert (np.abs(found) > 0).all()


def test_finite_distance_tends_to_the_far_field() -> None:
    """The pressure r e^{jkr} p reaches its limit as 1/r, at low frequency with the dipole term of potential flow, 1.5 a/r."""
    ka, x = np.array([0.1, 1.0, 10.0]), np.cos(np.radians(np.arange(0.0, 181.0, 15.0)))
    limit = far_source(ka, x)
    errors = []
    for ratio in (1e3, 1e5):
        near = sphere_pressure(ka, np.array([ratio]), x[None])[:, 0] * ratio * np.exp(1j * ka * ratio)[:, None]
        errors.append(ratio * np.abs(near - limit).max(axis=1))
    np.testing.assert_allclose(errors[0], errors[1], rtol=0.01)
    assert errors[1][0] == pytest.approx(1.5, rel=0.01)


def test_reciprocity() -> None:
    """A driver on the sphere heard at a place, and a source at that place heard where the driver was, are equally loud."""
    k, radius_m = 2 * np.pi * np.array([100.0, 1000.0, 8000.0]) / 343.0, 0.0875
    axis = np.array([0.0, 0.6, 0.8])
    place_m = np.array([[0.3, -0.4, 0.2], [-1.5, 0.1, 0.0]])
    radiated = SphereEnclosure(radius_m, np.stack([axis, -axis]), [0.0] * 2).field(k, place_m)  # (F, places, drivers)
    distance_m = np.linalg.norm(place_m, axis=1)
    received = head_pressure(k, radius_m, distance_m, (place_m @ axis / distance_m)[:, None])[
        ..., 0
    ]  # (F, places, ears)
    np.testing.assert_allclose(radiated, received, rtol=1e-8)


@pytest.mark.parametrize("turn_deg", [-60.0, 30.0, 90.0])
def test_delay_in_a_scene(turn_deg: float) -> None:
    """Through a problem file: a head that turns to its left by θ hears a far driver 3(a/c) sin θ earlier in the right ear."""
    text = f"""
title = "A far driver and a turned head"
sample_rate_hz = 48000
[[drivers]]
name = "far"
position_m = [0.0, 0.0, 0.0]
[listener]
ear_cloud_m = [[0, 0, 0]]
position_m = [100.0, 0.0, 0.0]
turn_deg = {turn_deg}
head = "sphere:0.08"
[[designs]]
name = "beam"
kind = "beamformer"
look_deg = 0.0
band_hz = [100.0, 1000.0]
nulls_deg = [180.0]
"""
    left, right = designer.scene(designer.loads(text)).at(np.array([10.0])).ears()[0, :, 0]
    delay_s = -np.angle(left / right) / (2 * np.pi * 10.0)
    assert delay_s == pytest.approx(3 * 0.08 / 343.0 * np.sin(np.radians(turn_deg)), rel=1e-3)
