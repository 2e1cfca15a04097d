"""Drivers on a rigid cylinder: `rigid_cylinder`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.acoustics.rigid_cylinder import CylinderEnclosure
from designer.problem.enclosures.cylinder import Cylinder
from designer.problem.schema import Driver


def device(enclosure: Cylinder, drivers: Sequence[Driver]) -> CylinderEnclosure:
    """The drivers put on the surface: point sources, or bent squares of the area of the driver's disc."""
    places_m = np.array([driver.position_m for driver in drivers], dtype=float)
    return CylinderEnclosure.of_discs(enclosure.radius_m, places_m, [driver.radius_m or 0.0 for driver in drivers])
