"""Drivers on a rigid sphere around the origin, by equations (1) to (3) of `sphere_series`; and the slopes of their fields as they move."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from designer.acoustics import spherical_harmonics as sh
from designer.acoustics.chebyshev import few_distances
from designer.acoustics.enclosures import Blocks, Device, EnclosedDrivers
from designer.acoustics.enclosures.sphere_ears import Caps, ears_before_sphere, is_served
from designer.acoustics.sphere_series import (
    NEAREST_FIELD_RADII,
    cap_weights,
    legendre_slopes,
    legendre_table,
    radial_terms,
    sphere_pressure,
)
from designer.acoustics.spherical_harmonics import Encoding
from designer.acoustics.turning import phase
from designer.arrays import Bool, Complex, Index, Real
from designer.problem.enclosures.sphere import Sphere
from designer.problem.schema import Driver

MAX_NUMBERS_AT_ONCE = 2_000_000
"""Orders times points times drivers that slopes hold at once."""
MAX_NUMBERS_PER_PRODUCT = 120_000
"""Orders times distances times points times drivers that are multiplied at once (960 kB), in the processor's cache."""
ORDER_BLOCKS, MIN_ORDER_BLOCK = 4, 16
"""Groups of frequencies, each with the orders that its highest needs, and so many frequencies for a second group."""
MAX_ERROR_OF_FIELD, MAX_ERROR_OVER_WAVE = 1e-10, 3e-7
"""Error of the field, and of the field that meets a head, of the largest term."""


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

    def cosines_to(self, places_m: Real) -> Real:
        """Cosines (D, L) of the angles at the centre."""
        return np.asarray(places_m @ self.directions.T / np.linalg.norm(places_m, axis=1, keepdims=True))

    def field(self, k: Real, points_m: Real) -> Complex:
        """Pressure (F, M, L) at points (M, 3) outside the sphere, relative to an ideal source's at 1 m."""
        distance_m, unique_m, inverse, cos_angle = self._seen(points_m)
        if unique_m.size == 1:
            return self._at_one_distance(k, unique_m / self.radius_m, cos_angle) / self.radius_m
        few = few_distances(lambda r: self._without_wave(k, r, MAX_ERROR_OF_FIELD), distance_m, most=unique_m.size)
        if few is not None:
            wave = phase(-np.outer(k, distance_m)) / distance_m
            everywhere = [(np.arange(k.size), points_m)]
            return np.asarray(
                self._summed(few, inverse, cos_angle, MAX_ERROR_OF_FIELD, everywhere)[0] * wave[:, :, None]
            )
        ratio = unique_m[inverse] / self.radius_m
        pressure = sphere_pressure(k * self.radius_m, ratio, cos_angle, cos_half_angle=self.cos_half_angle)
        return pressure / self.radius_m

    def over_wave(self, k: Real, blocks: Blocks) -> list[Complex]:
        """The field over that of a point source at the centre, of each block (F', M, L), within 1e-5 of the largest."""
        distance_m, unique_m, inverse, cos_angle = self._seen(np.concatenate([points_m for _, points_m in blocks]))
        # The phase of the order n ~ ka turns by n²/(2kr).
        turns = float(k.max(initial=0.0) * self.radius_m**2 / 4 * np.ptp(1 / distance_m))
        degree = next(n for n in range(3, 99) if turns ** (n + 1) < MAX_ERROR_OVER_WAVE * math.factorial(n + 1))

        def terms(some_m: Real) -> Complex:
            return self._without_wave(k, some_m, MAX_ERROR_OVER_WAVE)

        few: tuple[Complex, Real] | None
        if unique_m.size <= degree + 1:
            few = terms(unique_m), np.eye(unique_m.size)[inverse]
        else:
            few = few_distances(
                terms, distance_m, most=np.inf, degrees=(degree, 2 * degree), missed=MAX_ERROR_OVER_WAVE
            )
        if few is None:
            return super().over_wave(k, blocks)
        return self._summed(few, inverse, cos_angle, MAX_ERROR_OVER_WAVE, blocks)

    def _seen(self, points_m: Real) -> tuple[Real, Real, Index, Real]:
        """Distances of points from the centre (M,), those that differ and which each is, and cosines of the angles to drivers (M, L)."""
        distance_m = np.linalg.norm(points_m, axis=1)
        unique, inverse = np.unique(np.round(distance_m / self.radius_m, 12), return_inverse=True)
        cos_angle = np.clip(points_m / distance_m[:, None] @ self.directions.T, -1.0, 1.0)
        return distance_m, unique * self.radius_m, inverse, cos_angle

    def _without_wave(self, k: Real, distance_m: Real, tolerance: float) -> Complex:
        """The radial terms times r e^{jkr} (N, F, U)."""
        terms = radial_terms(k * self.radius_m, distance_m / self.radius_m, tolerance=tolerance)
        return np.asarray(terms * (phase(np.outer(k, distance_m)) * distance_m))

    def _summed(
        self, few: tuple[Complex, Real], inverse: Index, cos_angle: Real, tolerance: float, blocks: Blocks
    ) -> list[Complex]:
        """The field over the centre's wave of each block (F', M', L), from `_without_wave` of few distances and their shares in each point.

        The blocks' points follow one another; `inverse` says which of them are at one distance. A device and places that are their own
        mirror images see every cosine twice: it is summed once.
        """
        radial, shares = few  # (N, F, Q), (M, Q)
        size = np.abs(radial[:, :, 0])  # at the nearest distance, where the orders are most
        orders = len(size) - np.argmax((size > tolerance * size.max(axis=0))[::-1], axis=0)
        left = np.ascontiguousarray(radial[: orders.max()].transpose(1, 0, 2)).reshape(size.shape[1], -1)  # (F, N Q)
        rims, rim = np.unique(self.cos_half_angle, return_inverse=True)
        weights = cap_weights(rims, int(orders.max())) / self.radius_m  # (N, rims)
        ends = np.cumsum([len(points_m) for _, points_m in blocks])
        block_of = np.searchsorted(ends, np.arange(ends[-1]), side="right")
        kind = (block_of * (inverse.max() + 1) + inverse)[:, None] * rims.size + rim
        _, pairs, column_of = np.unique(
            4.0 * kind.ravel() + np.round(cos_angle.ravel(), 10), return_index=True, return_inverse=True
        )
        column_of = column_of.reshape(cos_angle.shape)
        first = np.searchsorted(block_of[pairs // rim.size], np.arange(len(blocks) + 1))
        out = []
        for n, (index, points_m) in enumerate(blocks):
            columns = np.empty((2, index.size, first[n + 1] - first[n]))
            groups = np.array_split(np.argsort(orders[index]), min(ORDER_BLOCKS, 1 + index.size // MIN_ORDER_BLOCK))
            counts = [int(orders[index[group]].max()) * shares.shape[1] for group in groups]
            lefts = [left[index[group], :count] for group, count in zip(groups, counts, strict=True)]
            products = [np.concatenate([rows.real, rows.imag]) for rows in lefts]
            step = max(1, MAX_NUMBERS_PER_PRODUCT // max(counts))
            for start in range(first[n], first[n + 1], step):
                point, driver = np.divmod(pairs[start : min(start + step, first[n + 1])], rim.size)
                angular = legendre_table(cos_angle[point, driver], max(counts) // shares.shape[1])
                angular *= weights[: len(angular), rim[driver]]
                right = (shares[point].T * angular[:, None]).reshape(-1, point.size)  # (N Q, columns)
                part = slice(start - first[n], start - first[n] + point.size)
                for group, rows in zip(groups, products, strict=True):
                    columns[:, group, part] = (rows @ right[: rows.shape[1]]).reshape(2, group.size, -1)
            at = column_of[ends[n] - len(points_m) : ends[n]] - first[n]
            total = np.empty((index.size, *at.shape), dtype=complex)
            total.real, total.imag = columns[:, :, at]
            out.append(total)
        return out

    def knows_balls(self, k_max: float, radius_m: float, centres_m: Real) -> Bool:
        """Whether `ears_of_balls` answers at every frequency at spheres' centres (D,)."""
        return is_served(k_max, self.radius_m, radius_m, np.linalg.norm(centres_m, axis=1))

    def ears_of_balls(self, k: Real, radius_m: float, centres_m: Real, left: Real) -> tuple[Complex, Bool]:
        """Pressure (F, D, 2, L) at both ends of rigid spheres' axes, known (F, D) everywhere: (2) of `sphere_ears`."""
        caps = Caps(self.radius_m, self.directions, self.cos_half_angle)
        ears = ears_before_sphere(k, caps, radius_m, centres_m, left)
        return ears, np.ones(ears.shape[:2], dtype=bool)

    def moving(self, along_m: Real) -> MovingCaps:
        """The device of the slopes along tangents (L, 3)."""
        return MovingCaps(self, along_m)

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


@dataclass(frozen=True)
class MovingCaps(EnclosedDrivers):
    """Slopes of a sphere's drivers as they move along tangents (L, 3).

    The field of a cap about s is a series t_n P_n(x·s) (equation 1 of `sphere_series`). As s turns by ds it changes by

        t_n P_n'(x·s) (x·ds).                                                                                        (4)
    """

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
        """Slopes (F, M, L) at points (M, 3) outside the sphere, by (4)."""
        distance_m = np.linalg.norm(points_m, axis=1)
        return self._summed(k, distance_m, points_m / distance_m[:, None]) / self.still.radius_m

    def over_wave(self, k: Real, blocks: Blocks) -> list[Complex]:
        """The slopes over the wave of a point source at the centre, of each block (F', M, L)."""
        return Device.over_wave(self, k, blocks)

    def far_field(self, k: Real, directions: Real) -> Complex:
        """Slopes of the far field (F, M, L) for unit vectors (M, 3)."""
        return self._summed(k, np.full(len(directions), np.inf), directions)

    def _summed(self, k: Real, distance_m: Real, towards: Real) -> Complex:
        """Σ over n of (4) (F, M, L) in directions (M, 3)."""
        radius_m, s = self.still.radius_m, self.still.directions
        ratios, of = np.unique(np.round(distance_m / radius_m, 12), return_inverse=True)
        radial = radial_terms(k * radius_m, ratios).transpose(2, 1, 0)  # (U, F, N)
        weights = cap_weights(self.still.cos_half_angle, radial.shape[2])[:, None]
        cosine, change = np.clip(towards @ s.T, -1.0, 1.0), towards @ self.turn.T
        out = np.empty((k.size, *cosine.shape), dtype=complex)
        step = max(1, MAX_NUMBERS_AT_ONCE // (radial.shape[2] * max(len(s), k.size)))
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


def device(enclosure: Sphere, drivers: Sequence[Driver]) -> SphereEnclosure:
    """The drivers put on the surface: point sources, or caps with the rim's radius."""
    places_m = np.array([driver.position_m for driver in drivers], dtype=float)
    directions = places_m / np.linalg.norm(places_m, axis=1, keepdims=True)
    return SphereEnclosure(enclosure.radius_m, directions, [driver.radius_m or 0.0 for driver in drivers])
