"""Densities' coefficients against naive sums over the sphere, limits, and symmetries."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.acoustics import spherical_harmonics as sh
from designer.arrays import Real
from designer.problem.geometry import direction
from designer.problem.schema import Region
from designer.requirements import region_power

ORDER = 8
azimuths = st.floats(-360.0, 360.0)
widths = st.floats(1.0, 359.0)


def naive_mean(inside: Real, azimuth_deg: Real, elevation_deg: Real) -> Real:
    """The mean of every harmonic over the part of a fine grid that is inside, by solid angle."""
    weight = inside * np.cos(np.radians(elevation_deg))
    there = weight > 0
    return np.asarray(
        sh.harmonics(ORDER, direction(azimuth_deg[there], elevation_deg[there])) @ weight[there] / weight.sum()
    )


def fine_grid(step_deg: float = 1.0) -> tuple[Real, Real]:
    azimuth = np.arange(-180 + step_deg / 2, 180, step_deg)
    elevation = np.arange(-90 + step_deg / 2, 90, step_deg)
    a, e = np.meshgrid(azimuth, elevation)
    return a.ravel(), e.ravel()


def test_a_band_is_its_mean() -> None:
    """Azimuth 170 to 250 (across 180) and elevation -20 to 35: every coefficient is the mean of the harmonic, by a grid of 1 degree."""
    a, e = fine_grid()
    inside = (((a >= 170) | (a <= -110)) & (e >= -20) & (e <= 35)).astype(float)
    actual = region_power.band(ORDER, azimuth_deg=(170.0, 250.0), elevation_deg=(-20.0, 35.0))
    np.testing.assert_allclose(actual, naive_mean(inside, a, e), atol=3e-3 * np.abs(actual).max())


def test_a_cap_is_its_mean() -> None:
    """A cap of 40 degrees around (30, 50): the mean of each harmonic over it, by rings around its axis."""
    axis = direction(30.0, 50.0)
    across = np.cross(axis, [0.0, 0.0, 1.0])
    across /= np.linalg.norm(across)
    height = np.cos(np.radians(40)) + (np.arange(400) + 0.5) / 400 * (1 - np.cos(np.radians(40)))  # equal areas
    turn = 2 * np.pi * np.arange(24) / 24
    ring = np.cos(turn)[:, None] * across + np.sin(turn)[:, None] * np.cross(axis, across)
    nodes = height[:, None, None] * axis + np.sqrt(1 - height**2)[:, None, None] * ring
    expected = sh.harmonics(ORDER, nodes.reshape(-1, 3)).mean(axis=1)
    actual = region_power.cap(ORDER, azimuth_deg=30.0, elevation_deg=50.0, radius_deg=40.0)
    np.testing.assert_allclose(actual, expected, atol=1e-5)


def test_limits_of_caps_and_bands() -> None:
    """A cap of 0 is the point, one of 180 the sphere, as is the band of everything; a band shrunk to nothing is the point."""
    where = {"azimuth_deg": 70.0, "elevation_deg": -20.0}
    point = region_power.point(ORDER, **where)
    sphere = np.zeros(81)
    sphere[0] = 1 / np.sqrt(4 * np.pi)
    everything = region_power.band(ORDER, azimuth_deg=(-180.0, 180.0), elevation_deg=(-90.0, 90.0))
    np.testing.assert_allclose(region_power.cap(ORDER, **where, radius_deg=0.0), point, atol=1e-13)
    np.testing.assert_allclose(region_power.cap(ORDER, **where, radius_deg=0.01), point, atol=1e-5)
    np.testing.assert_allclose(region_power.cap(ORDER, **where, radius_deg=180.0), sphere, atol=1e-13)
    np.testing.assert_allclose(everything, sphere, atol=1e-13)
    narrow = region_power.band(ORDER, azimuth_deg=(69.999, 70.001), elevation_deg=(-20.001, -19.999))
    np.testing.assert_allclose(narrow, point, atol=1e-8)
    np.testing.assert_allclose(
        region_power.band(ORDER, azimuth_deg=(70.0, 70.0), elevation_deg=(-20.0, -20.0)), point, atol=1e-13
    )


def test_a_polar_cap_is_a_band() -> None:
    """All azimuths above elevation 60 are the cap of 30 degrees around the zenith: two derivations, one region."""
    band = region_power.band(12, azimuth_deg=(0.0, 360.0), elevation_deg=(60.0, 90.0))
    cap = region_power.cap(12, azimuth_deg=123.0, elevation_deg=90.0, radius_deg=30.0)
    np.testing.assert_allclose(band, cap, atol=1e-13)


@settings(max_examples=30)
@given(start=azimuths, width=widths, low=st.floats(-90.0, 80.0), height=st.floats(1.0, 90.0))
def test_band_and_rest_make_the_sphere(start: float, width: float, low: float, height: float) -> None:
    """Masses times coefficients of a band, of the rest of its ring, and of what is above and below add up to the whole sphere's."""
    high = min(low + height, 90.0)
    parts = [
        ((start, start + width), (low, high)),
        ((start + width, start + 360.0), (low, high)),
        ((0.0, 360.0), (-90.0, low)),
        ((0.0, 360.0), (high, 90.0)),
    ]
    total = np.zeros(81)
    for arc, (bottom, top) in parts:
        share = (arc[1] - arc[0]) / 360 * (np.sin(np.radians(top)) - np.sin(np.radians(bottom))) / 2
        total += share * region_power.band(ORDER, azimuth_deg=arc, elevation_deg=(bottom, top))
    expected = np.zeros(81)
    expected[0] = 1 / np.sqrt(4 * np.pi)
    np.testing.assert_allclose(total, expected, atol=1e-12)


@settings(max_examples=30)
@given(start=st.floats(-180.0, 0.0), width=widths, turns=st.sampled_from([-1, 1]))
def test_a_whole_turn_changes_nothing(start: float, width: float, turns: int) -> None:
    """Azimuths are angles: 360 degrees more on both ends are the same band."""
    one = region_power.band(ORDER, azimuth_deg=(start, start + width), elevation_deg=(-10.0, 30.0))
    other = region_power.band(
        ORDER, azimuth_deg=(start + 360 * turns, start + width + 360 * turns), elevation_deg=(-10.0, 30.0)
    )
    np.testing.assert_allclose(one, other, atol=1e-11)


def test_regions_count_alike() -> None:
    """The density of two regions is the mean of both, whatever their sizes, and has unit mass."""
    small, large = Region(around_deg=[0.0, 0.0], radius_deg=5.0), Region(elevation_deg=[0.0, 90.0])
    both = region_power.density([small, large], ORDER)
    each = [region_power.density([region], ORDER) for region in (small, large)]
    np.testing.assert_allclose(both, (each[0] + each[1]) / 2, atol=1e-15)
    assert both[0] * np.sqrt(4 * np.pi) == pytest.approx(1.0, rel=1e-13)


@pytest.mark.parametrize(
    ("azimuth_deg", "share"),
    [([-180.0, 180.0], 0.5), ([0.0, 360.0], 0.5), ([60.0, 120.0], 0.5), ([-30.0, 30.0], 1.0), ([100.0, 260.0], 0.0), ([80.0, 280.0], 0.1)],
)  # fmt: skip
def test_a_baffle_leaves_the_front(azimuth_deg: list[float], share: float) -> None:
    """Of a band only what lies within ±90 degrees is left, at its scale: the mass that is left is that share of the arc."""
    left = region_power.density([Region(azimuth_deg=azimuth_deg)], ORDER, front_only=True)
    assert left[0] * np.sqrt(4 * np.pi) == pytest.approx(share, abs=1e-12)


def test_a_point_behind_a_baffle_is_silent() -> None:
    """A cap wholly behind leaves nothing, one in front is whole."""
    behind, front = Region(around_deg=[180.0, 0.0], radius_deg=20.0), Region(around_deg=[20.0, 0.0], radius_deg=20.0)
    assert not region_power.density([behind], 3, front_only=True).any()
    np.testing.assert_array_equal(region_power.density([front], 3, front_only=True), region_power.density([front], 3))
