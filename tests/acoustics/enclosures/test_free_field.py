"""The baffle step: 0 dB at low and +6 dB at high frequency, and its stated error against the exact sphere."""

from __future__ import annotations

import numpy as np
import pytest
from designs.small_problems import Tables, load, small

import designer
from designer.acoustics.enclosures.free_field import ClosedBox, FreeField, equivalent_radius_m
from designer.acoustics.scene import Scene
from designer.acoustics.sphere_series import sphere_pressure
from designer.arrays import Complex, Real
from designer.problem.explain import explain


def step(frequency_hz: Real, width_m: float = 0.2, height_m: float = 0.35) -> Complex:
    return ClosedBox(FreeField([]), width_m, height_m).step(2 * np.pi * frequency_hz / 343.0)


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


BOX: Tables = {"model": "free-field", "box_front_m": [0.3, 0.4]}
DRIVERS = {"a": [0.0, -0.1, 0.0], "b": [0.0, 0.1, 0.05]}
LISTENER: Tables = {"position_m": [1.5, 0.0, 0.0], "head": "sphere"}
WISH: Tables = {
    "name": "left",
    "kind": "ctc",
    "ear": "left",
    "band_hz": [500, 4000],
    "cancellation_gain_db": [[500, 3]],
}


def scene_of(enclosure: Tables | None, frequency_hz: list[float]) -> Scene:
    tables = small(DRIVERS, LISTENER, WISH)
    if enclosure is not None:
        tables["enclosure"] = enclosure
    return designer.scene(load(tables)).at(np.array(frequency_hz))


def test_a_scene_with_a_box_lies_between_free_field_and_baffle() -> None:
    """At 1 Hz a box of 30 x 40 cm is no obstacle; at 100 kHz its front is a half space, which doubles the pressure of a source in free
    field (a baffle's own reference is its half space): at the ears within 1 %.
    """
    low, high = [1.0], [100_000.0]
    for f, other in ((low, None), (high, {"model": "baffle"})):
        box, limit = scene_of(BOX, f), scene_of(other, f)
        np.testing.assert_allclose(np.abs(box.ears()), np.abs(limit.ears()) * (2 if other else 1), rtol=0.01)


def test_a_box_changes_no_ratio_between_drivers_and_directions() -> None:
    """The step is one factor of frequency for all: H over free field's is the same everywhere, and its power that factor squared."""
    f = [100.0, 300.0, 1000.0, 3000.0]
    box, free = scene_of(BOX, f), scene_of(None, f)
    factor = (box.ears() / free.ears())[:, :1, :1]
    np.testing.assert_allclose(box.ears(), free.ears() * factor, rtol=1e-12)
    np.testing.assert_allclose(box.circle(), free.circle() * factor, rtol=1e-12)
    np.testing.assert_allclose(box.head_centre(), free.head_centre() * factor[:, 0], rtol=1e-12)
    np.testing.assert_allclose(box.radiated_power, free.radiated_power * np.abs(factor) ** 2, rtol=1e-12)
    level_db = 20 * np.log10(np.abs(factor[:, 0, 0]))
    assert (np.diff(level_db) > 0).all()
    assert level_db[0] < 1
    assert level_db[-1] > 5


def test_check_says_that_it_is_an_approximation() -> None:
    """Its size and what it is stand in the explanation."""
    said = list(explain(scene_of(BOX, [1000.0]).problem))
    assert "baffle step of a closed box, front 0.3 m x 0.4 m (an approximation)" in said[1]
