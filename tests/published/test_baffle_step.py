"""The rise of a box's axial response from the point source's to that of a front without end, by the sphere of as large a front.

Source: Olson's enclosures (Audio Engineering, November 1951), whose responses all rise by the step and ripple about it, the sphere's not.
"""

from __future__ import annotations

import numpy as np
import pytest

from designer.acoustics.enclosures.box import BoxedDrivers
from designer.acoustics.enclosures.box_grid import BoxGrid
from designer.acoustics.enclosures.box_pistons import Piston
from designer.acoustics.sphere_series import sphere_pressure
from designer.problem.enclosures.box import FEWEST_A_WAVE, steps_a_wave


@pytest.mark.parametrize(
    ("width_m", "height_m"), [(0.1, 0.1), pytest.param(0.2, 0.35, marks=pytest.mark.long), (0.45, 1.1)]
)
def test_the_front_axis_rises_as_that_of_the_sphere_of_equal_front(width_m: float, height_m: float) -> None:
    """A small source off the middle, boxes as deep as wide: within 0.1 dB of a sphere's series, whose great circle has the front's area, up
    to ka = 0.25, within 1 dB up to ka = 1, where a first-order shelf is half way (+3 dB); beyond, the edges lift it by up to 4 dB.
    """
    radius_m = np.sqrt(width_m * height_m / np.pi)
    ka = np.array([0.01, 0.1, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5])
    highest_k = float(ka[-1] / radius_m)
    size_m = width_m, width_m, height_m
    piston = Piston(0, 1, (width_m / 2, 0.15 * width_m, 0.2 * height_m))
    box = BoxedDrivers(
        np.zeros(3), BoxGrid(size_m, steps_a_wave([*size_m], 1.5 * highest_k, FEWEST_A_WAVE)), (piston,), highest_k
    )
    ahead = box.far_field(ka / radius_m, np.array([[1.0, 0.0, 0.0]]))[:, 0, 0]
    sphere = sphere_pressure(ka, np.array([np.inf]), np.array([[1.0]]))[:, 0, 0]
    over_db = 20 * np.log10(np.abs(ahead / sphere))
    assert abs(20 * np.log10(abs(ahead[0]))) < 0.01
    assert np.abs(over_db[ka <= 0.25]).max() < 0.1
    assert np.abs(over_db[ka <= 1]).max() < 1
    assert abs(20 * np.log10(abs(ahead[ka == 1][0])) - 3) < 1
    assert 1 < over_db[ka > 1].max() < 4
