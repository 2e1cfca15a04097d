"""Drivers on a rigid sphere: `rigid_sphere`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.acoustics.rigid_sphere import SphereEnclosure
from designer.problem.enclosures.sphere import Sphere
from designer.problem.schema import Driver


def device(enclosure: Sphere, drivers: Sequence[Driver]) -> SphereEnclosure:
    """The drivers put on the surface: point sources, or caps with the rim's radius."""
    places_m = np.array([driver.position_m for driver in drivers], dtype=float)
    directions = places_m / np.linalg.norm(places_m, axis=1, keepdims=True)
    return SphereEnclosure(enclosure.radius_m, directions, [driver.radius_m or 0.0 for driver in drivers])
