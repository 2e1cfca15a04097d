"""Drivers in free field.

A point source of unit reference is p(r) = e^{-jkr} / r (time factor e^{+jωt}, so that a delay is e^{-jωτ}); in the far
field the limit of R e^{jkR} p, which is e^{+jk x·n} for a source at x and a direction n. A driver with a radius is a disc of such
sources with equal strength (`discs`), normalised to unit volume velocity, that radiates to both sides alike.

Sources: Kinsler, Frey, Coppens and Sanders, Fundamentals of Acoustics, 4th ed., sections 7.2 to 7.4. The encoding: Williams, Fourier
Acoustics (1999), section 6.10 and Colton and Kress, Inverse Acoustic and Electromagnetic Scattering Theory (1998), theorem 2.11.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from scipy.special import spherical_jn, spherical_yn

from designer.acoustics import spherical_harmonics as sh
from designer.acoustics.enclosures import EnclosedDrivers
from designer.acoustics.enclosures import discs as flat
from designer.acoustics.enclosures.discs import Disc, disc_nodes, disc_pattern
from designer.acoustics.spherical_harmonics import Encoding
from designer.acoustics.turning import phase
from designer.arrays import Complex, Real
from designer.problem.enclosures import free_field as in_file
from designer.problem.geometry import direction
from designer.problem.schema import Driver

DIGITS = 9
"""Digits of the quadrature over a disc."""


@dataclass(frozen=True)
class FreeField(EnclosedDrivers):
    """Drivers that radiate from their own places."""

    has_series: ClassVar[bool] = True

    discs: Sequence[Disc]

    def source_places_m(self) -> Real:
        """Where each driver's sound comes from (L, 3)."""
        return np.stack([disc.position_m for disc in self.discs])

    def source_extent_m(self) -> Real:
        """How far around that place it comes from (L,): a disc's radius."""
        return np.array([disc.radius_m for disc in self.discs])

    def field(self, k: Real, points_m: Real) -> Complex:
        """Pressure (F, M, L) at points (M, 3), relative to an ideal source's at 1 m."""
        return np.stack([flat.disc_field(disc, k, points_m) for disc in self.discs], axis=-1)

    def far_field(self, k: Real, directions: Real) -> Complex:
        """The limit of R e^{jkR} p: (F, M, L) for unit vectors (M, 3)."""
        h = np.empty((k.size, len(directions), len(self.discs)), dtype=complex)
        for l, disc in enumerate(self.discs):
            h[:, :, l] = np.exp(1j * np.outer(k, directions @ disc.position_m))
            if disc.radius_m:
                sine = np.linalg.norm(np.cross(directions, direction(*disc.facing_deg)), axis=1)
                h[:, :, l] *= flat.disc_pattern(k * disc.radius_m, sine)
        return h

    def moving(self, along_m: Real) -> MovingDiscs:
        """The device of the slopes along vectors (L, 3)."""
        return MovingDiscs(self.discs, along_m, self.front_only)

    def radiated_power(self, k: Real) -> Complex:
        """Q (F, L, L), so that w^H Q w is the mean over the sphere of the far field's squared magnitude.

        Two point sources a distance d apart: the mean of e^{jk(x_j - x_i)·n} over all directions n is sin(kd)/(kd).
        """
        axes = [direction(*disc.facing_deg) for disc in self.discs]
        q = np.empty((k.size, len(axes), len(axes)), dtype=complex)
        for i, first in enumerate(self.discs):
            for j, second in enumerate(self.discs[: i + 1]):
                apart_m = second.position_m - first.position_m
                q[:, i, j] = flat.mean_product(k, apart_m, (axes[i], axes[j]), (first.radius_m, second.radius_m))
                q[:, j, i] = q[:, i, j]
        return q

    def extent_m(self, drivers: Sequence[int]) -> float:
        """Radius of the sphere around the origin that holds the discs of some drivers."""
        return max(float(np.linalg.norm(self.discs[l].position_m)) + self.discs[l].radius_m for l in drivers)

    def encoded(self, k: Real, distance_m: float, order: int, drivers: Sequence[int]) -> Encoding:
        """The harmonics of point sources, and of each disc as the sum of its quadrature's nodes.

        For a source at x, r = |x|, by the addition theorem: from e^{jk x·n} = Σ (2n+1) j^n j_n(kr) P_n(x̂·n), and for R > r from the
        expansion of e^{-jk|Rn - x|}/|Rn - x|, with h_n = j_n - j y_n,

            c_a = 4π j^n j_n(kr) Y_a(x̂)   (far),      c_a = -4π jk j_n(kr) h_n(kR) Y_a(x̂)   (at R)
        """
        discs = [self.discs[l] for l in drivers]
        if not any(disc.radius_m for disc in discs):
            places_m = np.stack([disc.position_m for disc in discs]).astype(float)
            return Encoding(order, _radial(k, places_m, distance_m, order), sh.harmonics(order, places_m), None)
        return Encoding(order, None, None, np.stack([_disc(disc, k, distance_m, order) for disc in discs], axis=-1))


def _disc(disc: Disc, k: Real, distance_m: float, order: int) -> Complex:
    """The sum over a disc's nodes (F, K), a degree at a time, and so many nodes at once as fit the memory."""
    nodes, weights = flat.disc_nodes(disc, float(k.max(initial=0.0)))
    n = sh.degrees(order)
    total = np.zeros((k.size, n.size), dtype=complex)
    size = max(1, MAX_NUMBERS // (k.size * (order + 1)))
    for start in range(0, len(nodes), size):
        block = nodes[start : start + size]
        radial, shape = _radial(k, block, distance_m, order), sh.harmonics(order, block) * weights[start : start + size]
        for degree in range(order + 1):
            total[:, n == degree] += radial[:, degree] @ shape[n == degree].T
    return total


def _radial(k: Real, places_m: Real, distance_m: float, order: int) -> Complex:
    """c_a without Y_a for point sources (Q, 3): (F, N+1, Q)."""
    n = np.arange(order + 1)[:, None]
    radius_m = np.linalg.norm(places_m, axis=1)
    if np.isinf(distance_m):
        inner = spherical_jn(n, k[:, None, None] * radius_m)
        return np.asarray(4 * np.pi * 1j**n * inner)
    k = np.maximum(k, MIN_KR / distance_m)[:, None, None]
    inner = spherical_jn(n, k * radius_m)
    with np.errstate(over="ignore", invalid="ignore"):
        outgoing = spherical_jn(n, k * distance_m) - 1j * spherical_yn(n, k * distance_m)
        product = -4j * np.pi * k * inner * outgoing
    # Where h_n overflows j_n has underflowed: the product is below (r/R)^n/R.
    return np.where(np.isfinite(product), product, 0.0)


@dataclass(frozen=True)
class MovingDiscs(EnclosedDrivers):
    """Slopes of discs as they move along vectors (L, 3); with `is_before_baffle` the half space x < 0 is silent.

    A point source at x has p = e^{-jkr}/r, r = |y - x|. As it moves along t,

        ∂p = (jk + 1/r) (t·u) e^{-jkr}/r,     u = (y - x)/r                                                        (1)

    in the far field jk (t·n) e^{jk x·n}. A disc moves as a whole: the sum of (1) over the nodes of its quadrature.
    """

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


MIN_KR = 1e-6
"""0 Hz is computed here."""
MAX_NUMBERS = 2_000_000
"""Radial functions of a disc's nodes that are held at once (32 MB)."""


def device(enclosure: in_file.FreeField, drivers: Sequence[Driver]) -> FreeField:
    """Point sources and discs."""
    return FreeField(flat.discs_of(drivers))
