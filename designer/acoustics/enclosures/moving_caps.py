"""Slopes of the field of drivers on a rigid sphere, as each moves along a tangent.

The field of a cap about s is a series t_n P_n(x·s) (equation 1 of `sphere_series`). As s turns by ds it changes by

    t_n P_n'(x·s) (x·ds).                                                                                          (1)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designer.acoustics.enclosures import Blocks, Device, EnclosedDrivers
from designer.acoustics.enclosures.sphere_ears import Caps, ears_before_sphere
from designer.acoustics.sphere_series import cap_weights, legendre_slopes, radial_terms
from designer.arrays import Bool, Complex, Real

if TYPE_CHECKING:
    from designer.acoustics.enclosures.sphere import SphereEnclosure

MAX_NUMBERS = 2_000_000
"""Orders times points times drivers that are held at once."""


@dataclass(frozen=True)
class MovingCaps(EnclosedDrivers):
    """Slopes of a sphere's drivers as they move along tangents (L, 3)."""

    still: SphereEnclosure
    along_m: Real

    @property
    def turn(self) -> Real:
        """Change ds (L, 3) of the drivers' directions, of the part of the vectors that is a tangent."""
        s = self.still.directions
        across_m = self.along_m - np.sum(self.along_m * s, axis=1, keepdims=True) * s
        return np.asarray(across_m / self.still.radius_m)

    def source_places_m(self) -> Real:
        """The enclosure's centre (L, 3)."""
        return self.still.source_places_m()

    def source_extent_m(self) -> Real:
        """How far around it the sound comes from (L,)."""
        return self.still.source_extent_m()

    def field(self, k: Real, points_m: Real) -> Complex:
        """Slopes (F, M, L) at points (M, 3) outside the sphere, by (1)."""
        distance_m = np.linalg.norm(points_m, axis=1)
        return self._summed(k, distance_m, points_m / distance_m[:, None]) / self.still.radius_m

    def over_wave(self, k: Real, blocks: Blocks) -> list[Complex]:
        """The slopes over the wave of a point source at the centre, of each block (F', M, L)."""
        return Device.over_wave(self, k, blocks)

    def far_field(self, k: Real, directions: Real) -> Complex:
        """Slopes of the far field (F, M, L) for unit vectors (M, 3)."""
        return self._summed(k, np.full(len(directions), np.inf), directions)

    def _summed(self, k: Real, distance_m: Real, towards: Real) -> Complex:
        """Σ over n of (1) (F, M, L) in directions (M, 3)."""
        radius_m, s = self.still.radius_m, self.still.directions
        ratios, of = np.unique(np.round(distance_m / radius_m, 12), return_inverse=True)
        radial = radial_terms(k * radius_m, ratios).transpose(2, 1, 0)  # (U, F, N)
        weights = cap_weights(self.still.cos_half_angle, radial.shape[2])[:, None]
        cosine, change = np.clip(towards @ s.T, -1.0, 1.0), towards @ self.turn.T
        out = np.empty((k.size, *cosine.shape), dtype=complex)
        step = max(1, MAX_NUMBERS // (radial.shape[2] * max(len(s), k.size)))
        for start in range(0, len(towards), step):
            part = slice(start, start + step)
            angular = legendre_slopes(cosine[part], radial.shape[2]) * weights * change[part]
            out[:, part] = (radial[of.ravel()[part]] @ angular.transpose(1, 0, 2)).transpose(1, 0, 2)
        return out

    def knows_balls(self, k_max: float, radius_m: float, centres_m: Real) -> Bool:
        """Whether `ears_of_balls` answers at spheres' centres (D,)."""
        return self.still.knows_balls(k_max, radius_m, centres_m)

    def ears_of_balls(self, k: Real, radius_m: float, centres_m: Real, left: Real) -> tuple[Complex, Bool]:
        """Slopes at both ends of rigid spheres' axes (F, D, 2, L), known (F, D) everywhere: the change of (2) of `sphere_ears`."""
        caps = Caps(self.still.radius_m, self.still.directions, self.still.cos_half_angle)
        ears = ears_before_sphere(k, caps, radius_m, centres_m, left, self.turn)
        return ears, np.ones(ears.shape[:2], dtype=bool)

    def radiated_power(self, k: Real) -> Complex:
        """No power: that of a slope is not the slope of a power."""
        raise NotImplementedError
