"""First-order patterns of a close pair, delay and subtract: their indices over the sphere and over the circle.

A pattern a + (1-a) cos θ has the index 1/(a² + (1-a)²/3) over the sphere and 1/(a² + (1-a)²/2) over the circle
(Elko, Superdirectional microphone arrays, 2000).
"""

from __future__ import annotations

import numpy as np
import pytest

import designer
from designer import measures
from designer.arrays import Complex

SPACING_M = 0.002
PAIR = f"""
title = "A pair in line with the look direction"
sample_rate_hz = 48000
[[drivers]]
name = "front"
position_m = [{SPACING_M / 2}, 0.0, 0.0]
[[drivers]]
name = "back"
position_m = [{-SPACING_M / 2}, 0.0, 0.0]
[listener]
position_m = [2.0, 0.0, 0.0]
head = "points"
[grid]
azimuth_step_deg = STEP
azimuth_distance_m = inf
[[designs]]
name = "beam"
kind = "beamformer"
look_deg = 0.0
band_hz = [100.0, 1000.0]
nulls_deg = [180.0]
"""
# Name, share of the omnidirectional part, and the index over the sphere as it is printed in the literature.
PATTERNS = [
    ("dipole", 0.0, 4.77),
    ("cardioid", 1 / 2, 4.77),
    ("supercardioid", (np.sqrt(3) - 1) / 2, 5.72),
    ("hypercardioid", 1 / 4, 6.02),
]


def pair(step_deg: float = 5.0) -> designer.Scene:
    return designer.scene(designer.loads(PAIR.replace("STEP", str(step_deg)))).at(np.array([300.0]))


def delay_and_subtract(scene: designer.Scene, omni: float) -> Complex:
    """The back driver inverted and later by a/(1-a) of the way between the drivers: a null where cos θ = -a/(1-a)."""
    later_m = SPACING_M * omni / (1 - omni)
    return np.array([[1.0, -np.exp(-1j * scene.k[0] * later_m)]])


@pytest.mark.parametrize(("omni", "printed_db"), [row[1:] for row in PATTERNS], ids=[row[0] for row in PATTERNS])
def test_index_over_the_sphere(omni: float, printed_db: float) -> None:
    """Cardioid and dipole 4.77 dB, supercardioid 5.72 dB, hypercardioid 6.02 dB (Elko 2000)."""
    scene = pair()
    w = delay_and_subtract(scene, omni)
    found = measures.db(measures.directivity_index(scene.look(0.0), scene.radiated_power, w, np.inf))[0]
    assert found == pytest.approx(10 * np.log10(1 / (omni**2 + (1 - omni) ** 2 / 3)), abs=1e-3)
    assert found == pytest.approx(printed_db, abs=5e-3)


@pytest.mark.parametrize("omni", [row[1] for row in PATTERNS], ids=[row[0] for row in PATTERNS])
def test_null_is_where_the_pattern_has_it(omni: float) -> None:
    """The pattern vanishes behind, where cos θ = -a/(1-a), and not in front."""
    scene = pair()
    w = delay_and_subtract(scene, omni)
    null_deg = float(np.degrees(np.arccos(-omni / (1 - omni))))
    on_axis = np.abs(scene.look(0.0) @ w[0])
    for azimuth_deg in (null_deg, -null_deg):
        assert np.abs(scene.look(azimuth_deg) @ w[0]) < 1e-9 * on_axis


@pytest.mark.parametrize("step_deg", [0.1, 1.0, 5.0, 7.5, 45.0, 90.0])
def test_the_circle_holds_each_direction_once(step_deg: float) -> None:
    """360/step azimuths, all different modulo 360 degrees, with 0 among them and -180 but not +180."""
    azimuth_deg = pair(step_deg).azimuth_deg
    assert azimuth_deg.size == round(360 / step_deg)
    assert np.unique(np.round(azimuth_deg % 360, 6)).size == azimuth_deg.size
    assert 0.0 in azimuth_deg
    assert azimuth_deg.min() == pytest.approx(-180.0)


@pytest.mark.parametrize("step_deg", [1.0, 5.0, 7.5, 45.0])
@pytest.mark.parametrize("omni", [row[1] for row in PATTERNS], ids=[row[0] for row in PATTERNS])
def test_mean_over_the_circle(omni: float, step_deg: float) -> None:
    """The mean of (a + (1-a) cos θ)² over equal steps is exactly a² + (1-a)²/2: 3/8 for a cardioid, 4.26 dB below its axis.

    A direction counted twice would shift it by up to 1/(number of azimuths): 1.4 % at 5 degrees.
    """
    scene = pair(step_deg)
    w = delay_and_subtract(scene, omni)
    mean = measures.mean_power(scene.circle(), w)[0] / np.abs(scene.look(0.0) @ w[0])[0] ** 2
    assert mean == pytest.approx(omni**2 + (1 - omni) ** 2 / 2, rel=1e-4)


@pytest.mark.parametrize("step_deg", [5.0, 7.5])
def test_mean_of_a_constant(step_deg: float) -> None:
    """One driver alone has the mean power 1 over the circle and over the sphere, and the index 0 dB."""
    scene = pair(step_deg)
    w = np.array([[1.0 + 0j, 0.0]])
    assert measures.mean_power(scene.circle(), w)[0] == pytest.approx(1.0, rel=1e-14)
    index = measures.directivity_index(scene.look(0.0), scene.radiated_power, w, np.inf)
    assert index[0] == pytest.approx(1.0, rel=1e-14)
