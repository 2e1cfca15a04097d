"""Drivers in a rigid plane at x = 0: by Rayleigh's integral the discs of `free_field` before it, and silence behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import ClassVar

import numpy as np

from designer.acoustics.enclosures.discs import discs_of
from designer.acoustics.enclosures.free_field import FreeField
from designer.acoustics.spherical_harmonics import Encoding
from designer.arrays import Complex, Real
from designer.problem.enclosures.baffle import Baffle
from designer.problem.schema import Driver

MIN_FRONT_X_M = -1e-9


class BaffledDrivers(FreeField):
    """Points and pistons with the reference of free field for x >= 0; the other half space is silent."""

    front_only: ClassVar[bool] = True

    def field(self, k: Real, points_m: Real) -> Complex:
        """Pressure (F, M, L) at points (M, 3)."""
        h = super().field(k, points_m)
        h[:, points_m[:, 0] < MIN_FRONT_X_M] = 0.0
        return h

    def far_field(self, k: Real, directions: Real) -> Complex:
        """The limit of R e^{jkR} p (F, M, L) for unit vectors (M, 3)."""
        h = super().far_field(k, directions)
        h[:, directions[:, 0] < MIN_FRONT_X_M] = 0.0
        return h

    def radiated_power(self, k: Real) -> Complex:
        """Q (F, L, L): half of the sphere's mean without a baffle."""
        return np.asarray(super().radiated_power(k) / 2)

    def encoded(self, k: Real, distance_m: float, order: int, drivers: Sequence[int]) -> Encoding:
        """The harmonics of the same sources without a baffle: the field's jump at its edge would need endless orders."""
        return replace(super().encoded(k, distance_m, order, drivers), front_only=True)


def device(enclosure: Baffle, drivers: Sequence[Driver]) -> BaffledDrivers:
    """Point sources and pistons before the baffle."""
    return BaffledDrivers(discs_of(drivers))
