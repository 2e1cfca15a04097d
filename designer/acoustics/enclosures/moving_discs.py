"""Slopes of the field of drivers in free field, or before a baffle, as each moves along a vector.

A point source at x has p = e^{-jkr}/r, r = |y - x|. As it moves along t,

    ∂p = (jk + 1/r) (t·u) e^{-jkr}/r,     u = (y - x)/r                                                            (1)

in the far field jk (t·n) e^{jk x·n}. A disc moves as a whole: the sum of (1) over the nodes of its quadrature.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.acoustics.enclosures import EnclosedDrivers
from designer.acoustics.enclosures.discs import Disc, disc_nodes, disc_pattern
from designer.acoustics.turning import phase
from designer.arrays import Complex, Real
from designer.problem.geometry import direction

DIGITS = 9
"""Digits of the quadrature over a disc."""


@dataclass(frozen=True)
class MovingDiscs(EnclosedDrivers):
    """Slopes of discs as they move along vectors (L, 3); with `is_before_baffle` the half space x < 0 is silent."""

    discs: Sequence[Disc]
    along_m: Real
    is_before_baffle: bool = False

    def source_places_m(self) -> Real:
        """Where each driver's sound comes from (L, 3)."""
        return np.stack([disc.position_m for disc in self.discs])

    def source_extent_m(self) -> Real:
        """How far around that place it comes from (L,)."""
        return np.array([disc.radius_m for disc in self.discs])

    def nodes(self, l: int, k_max: float) -> tuple[Real, Real]:
        """Places (Q, 3) and weights (Q,) of a driver's point sources, up to a wave number in rad/m."""
        return disc_nodes(self.discs[l], k_max, DIGITS)

    def field(self, k: Real, points_m: Real) -> Complex:
        """Slopes (F, M, L) at points (M, 3), by (1)."""
        slopes = np.zeros((k.size, len(points_m), len(self.discs)), dtype=complex)
        for l, along_m in enumerate(self.along_m):
            for place_m, weight in zip(*self.nodes(l, float(k.max(initial=0.0))), strict=True):
                way_m = points_m - place_m
                r = np.linalg.norm(way_m, axis=1)
                wave = phase(-np.multiply.outer(k, r)) * (weight * (way_m @ along_m) / r**2)
                slopes[:, :, l] += wave * (1j * k[:, None] + 1 / r)
        return self._before_baffle(slopes, points_m)

    def far_field(self, k: Real, directions: Real) -> Complex:
        """Slopes of the far field (F, M, L) for unit vectors (M, 3)."""
        slopes = np.empty((k.size, len(directions), len(self.discs)), dtype=complex)
        for l, (disc, along_m) in enumerate(zip(self.discs, self.along_m, strict=True)):
            slopes[:, :, l] = phase(np.multiply.outer(k, directions @ disc.position_m))
            slopes[:, :, l] *= 1j * np.multiply.outer(k, directions @ along_m)
            sine = np.linalg.norm(np.cross(directions, direction(*disc.facing_deg)), axis=1)
            slopes[:, :, l] *= disc_pattern(k * disc.radius_m, sine)
        return self._before_baffle(slopes, directions)

    def _before_baffle(self, slopes: Complex, points_m: Real) -> Complex:
        if self.is_before_baffle:
            slopes[:, points_m[:, 0] < -1e-9] = 0.0
        return slopes

    def radiated_power(self, k: Real) -> Complex:
        """No power: that of a slope is not the slope of a power."""
        raise NotImplementedError
