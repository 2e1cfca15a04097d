"""The baffle step: 0 dB at low and +6 dB at high frequency, and its stated error against the exact sphere."""

from __future__ import annotations

import numpy as np
import pytest

from designer.acoustics.baffle_step import baffle_step, equivalent_radius_m
from designer.acoustics.rigid_sphere import sphere_pressure
from designer.arrays import Complex, Real


def step(frequency_hz: Real, width_m: float = 0.2, height_m: float = 0.35) -> Complex:
    return baffle_step(frequency_hz, width_m=width_m, height_m=height_m, speed_of_sound_m_s=343.0)


def test_free_field_at_low_and_half_space_at_high_frequency() -> None:
    """A front much smaller than the wave leaves the point source alone; one much larger doubles its pressure."""
    low, high = step(np.array([0.01, 1e7]))
    np.testing.assert_allclose(low, 1.0, atol=1e-4)
    np.testing.assert_allclose(high, 2.0, atol=1e-4)


def test_half_way_point() -> None:
    """+3 dB, twice the power, at c/(2πa): 0.282 c/W for a square front (c√π/(2πW))."""
    found = step(np.array([np.sqrt(np.pi) * 343.0 / (2 * np.pi * 0.25)]), 0.25, 0.25)
    np.testing.assert_allclose(np.abs(found) ** 2, 2.0, rtol=1e-12)


def test_the_level_rises_all_the_way() -> None:
    """A step has no ripple: the level never falls, and stays between 0 and 6.03 dB."""
    level_db = 20 * np.log10(np.abs(step(np.geomspace(1.0, 40_000.0, 400))))
    assert (np.diff(level_db) > 0).all()
    assert level_db[0] > 0
    assert level_db[-1] < 6.03


@pytest.mark.parametrize(("width_m", "height_m"), [(0.1, 0.1), (0.2, 0.35), (0.45, 1.1)])
def test_against_a_small_source_on_the_sphere_of_equal_front(width_m: float, height_m: float) -> None:
    """Within 0.6 dB and 3 degrees of the sphere's series at every frequency up to ka = 60, referred to the driver's place."""
    radius_m = equivalent_radius_m(width_m, height_m)
    np.testing.assert_allclose(np.pi * radius_m**2, width_m * height_m, rtol=1e-14)
    ka = np.geomspace(0.001, 60.0, 500)
    sphere = sphere_pressure(ka, np.array([np.inf]), np.array([[1.0]]))[:, 0, 0] * np.exp(-1j * ka)
    ratio = step(ka * 343.0 / (2 * np.pi * radius_m), width_m, height_m) / sphere
    assert np.abs(20 * np.log10(np.abs(ratio))).max() < 0.6
    assert np.abs(np.degrees(np.angle(ratio))).max() < 3.0
