"""Drivers on a rigid sphere around the origin: equations (1) to (3) of `sphere_series`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from designer.acoustics import spherical_harmonics as sh
from designer.acoustics.chebyshev import few_distances
from designer.acoustics.enclosures import EnclosedDrivers
from designer.acoustics.encoded_directivity import Encoding
from designer.acoustics.sphere_series import (
    NEAREST_FIELD_RADII,
    cap_weights,
    legendre_table,
    radial_terms,
    sphere_pressure,
)
from designer.arrays import Complex, Real
from designer.problem.enclosures.sphere import Sphere
from designer.problem.schema import Driver

MAX_NUMBERS_PER_PRODUCT = 500_000
"""Orders times distances times points times drivers that are multiplied at once (4 MB)."""


@dataclass(frozen=True)
class SphereEnclosure(EnclosedDrivers):
    """Drivers on a rigid sphere around the origin: point sources, or caps with the rim's radius.

    directions : unit vectors of the drivers (L, 3)
    rim_radius_m : (L,) radius of each cap's rim; 0 for a point source
    """

    has_series: ClassVar[bool] = True

    radius_m: float
    directions: Real
    rim_radius_m: Sequence[float]

    @property
    def cos_half_angle(self) -> Real:
        """Cosine of each cap's half angle (L,): the rim lies on the sphere, so that sin α = rim radius / a."""
        return np.sqrt(1 - (np.asarray(self.rim_radius_m) / self.radius_m) ** 2)

    def source_places_m(self) -> Real:
        """The enclosure's centre, around which all the sound leaves its surface (L, 3)."""
        return np.zeros((len(self.directions), 3))

    def source_extent_m(self) -> Real:
        """The radius, and a fifth more, because the dipole of long waves is half as far again from the centre as the driver (L,)."""
        return np.full(len(self.directions), NEAREST_FIELD_RADII * self.radius_m)

    def field(self, k: Real, points_m: Real) -> Complex:
        """Pressure (F, M, L) at points (M, 3) outside the sphere, relative to an ideal source's at 1 m."""
        distance_m = np.linalg.norm(points_m, axis=1)
        cos_angle = np.clip(points_m / distance_m[:, None] @ self.directions.T, -1.0, 1.0)
        unique, inverse = np.unique(np.round(distance_m / self.radius_m, 12), return_inverse=True)
        if unique.size == 1:
            return self._at_one_distance(k, unique, cos_angle) / self.radius_m
        interpolation = few_distances(lambda r: self._without_wave(k, r), distance_m)
        if interpolation is None:
            pressure = sphere_pressure(
                k * self.radius_m, unique[inverse], cos_angle, cos_half_angle=self.cos_half_angle
            )
            return pressure / self.radius_m
        radial, shares = interpolation  # (N, F, Q), (M, Q)
        angular = legendre_table(cos_angle, len(radial)) * cap_weights(self.cos_half_angle, len(radial))[:, None]
        left = np.ascontiguousarray(radial.transpose(1, 2, 0)).reshape(k.size, -1)
        left = np.concatenate([left.real, left.imag])
        total = np.empty((k.size, *cos_angle.shape), dtype=complex)
        step = max(1, MAX_NUMBERS_PER_PRODUCT // (left.shape[1] * len(self.directions)))
        for start in range(0, len(points_m), step):
            part = slice(start, start + step)
            right = shares[part].T[:, None, :, None] * angular[:, part]  # (Q, N, M, L)
            both = (left @ right.reshape(left.shape[1], -1)).reshape(2, k.size, -1, len(self.directions))
            total[:, part].real, total[:, part].imag = both
        total *= (np.exp(-1j * np.outer(k, distance_m)) / (distance_m * self.radius_m))[:, :, None]
        return total

    def _without_wave(self, k: Real, distance_m: Real) -> Complex:
        """The radial terms times r e^{jkr} (N, F, U)."""
        terms = radial_terms(k * self.radius_m, distance_m / self.radius_m, tolerance=1e-10)
        return np.asarray(terms * (np.exp(1j * np.outer(k, distance_m)) * distance_m))

    def far_field(self, k: Real, directions: Real) -> Complex:
        """The limit of R e^{jkR} p: (F, M, L) for unit vectors (M, 3)."""
        cos_angle = np.clip(directions @ self.directions.T, -1.0, 1.0)
        return self._at_one_distance(k, np.array([np.inf]), cos_angle)

    def _at_one_distance(self, k: Real, ratio: Real, cos_angle: Real) -> Complex:
        """Equation (1) times a (F, M, L) at one r/a (1,): one radial function serves all."""
        caps = np.broadcast_to(self.cos_half_angle, cos_angle.shape).reshape(1, -1)
        flat = sphere_pressure(k * self.radius_m, ratio, cos_angle.reshape(1, -1), cos_half_angle=caps)
        return flat.reshape(k.size, *cos_angle.shape)

    def radiated_power(self, k: Real) -> Complex:
        """Q (F, L, L), so that w^H Q w is the mean over the sphere of the far field's squared magnitude.

        By the addition theorem the mean of P_n(cos γ_i) P_n(cos γ_j) over all directions is P_n(cos γ_ij)/(2n+1).
        """
        radial = radial_terms(k * self.radius_m, np.array([np.inf]))[:, :, 0]
        terms = len(radial)
        weights = cap_weights(self.cos_half_angle, terms)  # (N, L)
        legendre = legendre_table(np.clip(self.directions @ self.directions.T, -1.0, 1.0), terms)
        odd = 2 * np.arange(terms) + 1.0
        kernel = weights[:, :, None] * weights[:, None, :] * legendre / odd[:, None, None]
        return np.asarray(np.einsum("nf,nij->fij", np.abs(radial) ** 2, kernel, optimize=True), dtype=complex)

    def extent_m(self, drivers: Sequence[int]) -> float:
        """The sphere's own radius."""
        return self.radius_m

    def encoded(self, k: Real, distance_m: float, order: int, drivers: Sequence[int]) -> Encoding:
        """The series in P_n(cos γ): by the addition theorem c_a = 4π/(2n+1) times its n-th term times Y_a of the cap's axis."""
        indices = list(drivers)
        terms = radial_terms(k * self.radius_m, np.array([distance_m / self.radius_m]))[: order + 1, :, 0]
        radial = np.zeros((k.size, order + 1, len(indices)), dtype=complex)
        n = np.arange(len(terms))[:, None]
        angular = 4 * np.pi / (2 * n + 1) * cap_weights(self.cos_half_angle[indices], len(terms))  # (N, L)
        radial[:, : len(terms)] = terms.T[:, :, None] * angular / (1.0 if np.isinf(distance_m) else self.radius_m)
        return Encoding(order, radial, sh.harmonics(order, self.directions[indices]), None)


def device(enclosure: Sphere, drivers: Sequence[Driver]) -> SphereEnclosure:
    """The drivers put on the surface: point sources, or caps with the rim's radius."""
    places_m = np.array([driver.position_m for driver in drivers], dtype=float)
    directions = places_m / np.linalg.norm(places_m, axis=1, keepdims=True)
    return SphereEnclosure(enclosure.radius_m, directions, [driver.radius_m or 0.0 for driver in drivers])
