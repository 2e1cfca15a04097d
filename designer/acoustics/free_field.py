"""Drivers in free field, or in a rigid plane baffle at x = 0.

A point source of unit reference is p(r) = e^{-jkr} / r (time factor e^{+jωt}, so that a delay is e^{-jωτ}); in the far
field the limit of R e^{jkR} p, which is e^{+jk x·n} for a source at x and a direction n.

A driver with a radius is a disc of such sources with equal strength, normalised to unit volume velocity: by
Rayleigh's integral that is the field of a piston in an infinite baffle, for x >= 0. Without a baffle the same disc
radiates to both sides alike. On a baffle the half space x >= 0 keeps this reference and the other half is silent.

Source: Kinsler, Frey, Coppens and Sanders, Fundamentals of Acoustics, 4th ed., sections 7.2 to 7.4.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from designer.acoustics.disc_expansion import LEAST_KA, NEAREST, expanded_disc
from designer.acoustics.disc_waves import disc_pattern, mean_product, octaves
from designer.arrays import Complex, Index, Real
from designer.problem.schema import Driver

MAX_NUMBERS = 100_000
"""Of points, nodes of a disc and wave numbers that are held at once."""
NEAR = 4.0

FEWEST_STEPS = 8
"""Fewer wave numbers in equal steps are summed one by one."""
EQUAL_STEPS = 1e-9
"""Steps are equal where they differ by less, relative to the largest wave number."""


@dataclass(frozen=True)
class Disc:
    """A driver: its place, the direction that it faces (azimuth, elevation), and its radius; 0 for a point source."""

    position_m: Real
    facing_deg: tuple[float, float] = (0.0, 0.0)
    radius_m: float = 0.0


def discs_of(drivers: Sequence[Driver]) -> list[Disc]:
    """A problem's drivers as discs that face where they face."""
    return [Disc(np.array(d.position_m), (d.facing_deg[0], d.facing_deg[1]), d.radius_m or 0.0) for d in drivers]


def direction(azimuth_deg: Real | float, elevation_deg: Real | float = 0.0) -> Real:
    """Unit vectors (..., 3) of azimuths (counter-clockwise from +x) and elevations."""
    azimuth, elevation = np.broadcast_arrays(np.radians(azimuth_deg), np.radians(elevation_deg))
    return np.stack(
        [np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)], axis=-1
    )


def disc_nodes(disc: Disc, k_max: float) -> tuple[Real, Real]:
    """Places (Q, 3) and weights (Q,) of a quadrature over a disc, exact to 1e-6 up to the wave number `k_max`.

    Equal areas in the squared radius (Gauss-Legendre) and equal steps of angle; the weights sum to 1.
    """
    if disc.radius_m == 0.0:
        return disc.position_m[None, :], np.ones(1)
    ka = k_max * disc.radius_m
    squared, radial_weight = np.polynomial.legendre.leggauss(math.ceil(ka / 2) + 5)
    radius_m = disc.radius_m * np.sqrt((squared + 1) / 2)
    angle = 2 * math.pi * np.arange(2 * math.ceil(ka) + 12) / (2 * math.ceil(ka) + 12)
    axis = direction(*disc.facing_deg)
    across = np.cross(axis, [0.0, 0.0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0])
    across /= np.linalg.norm(across)
    along = np.cross(axis, across)
    ring = np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * along
    nodes = disc.position_m + radius_m[:, None, None] * ring
    weights = np.repeat(radial_weight / 2 / angle.size, angle.size)
    return nodes.reshape(-1, 3), weights


@dataclass(frozen=True)
class FreeField:
    """Drivers that radiate from their own places, with or without a baffle at x = 0."""

    discs: Sequence[Disc]
    baffle: bool = False

    def source_places_m(self) -> Real:
        """Where each driver's sound comes from (L, 3)."""
        return np.stack([disc.position_m for disc in self.discs])

    def source_reach_m(self) -> Real:
        """How far around that place it comes from (L,): a disc's radius."""
        return np.array([disc.radius_m for disc in self.discs])

    def field(self, k: Real, points_m: Real) -> Complex:
        """Pressure at points.

        Parameters
        ----------
        k : (F,) wave number, rad/m
        points_m : (M, 3)

        Returns
        -------
        (F, M, L) pressure relative to an ideal source's on-axis free-field pressure at 1 m

        """
        h = np.empty((k.size, len(points_m), len(self.discs)), dtype=complex)
        for l, disc in enumerate(self.discs):
            h[:, :, l] = _disc_field(disc, k, points_m)
        if self.baffle:
            h[:, points_m[:, 0] < -1e-9] = 0.0
        return h

    def far_field(self, k: Real, directions: Real) -> Complex:
        """The limit of R e^{jkR} p: (F, M, L) for unit vectors (M, 3)."""
        h = np.empty((k.size, len(directions), len(self.discs)), dtype=complex)
        for l, disc in enumerate(self.discs):
            h[:, :, l] = np.exp(1j * np.outer(k, directions @ disc.position_m))
            if disc.radius_m:
                sine = np.linalg.norm(np.cross(directions, direction(*disc.facing_deg)), axis=1)
                h[:, :, l] *= disc_pattern(k * disc.radius_m, sine)
        if self.baffle:
            h[:, directions[:, 0] < -1e-9] = 0.0
        return h

    def radiated_power(self, k: Real) -> Complex:
        """Q (F, L, L), so that w^H Q w is the mean over the sphere of the far field's squared magnitude.

        Two point sources a distance d apart: the mean of e^{jk(x_j - x_i)·n} over all directions n is sin(kd)/(kd); discs: see
        `disc_waves`. A baffle leaves half of the sphere.
        """
        axes = [direction(*disc.facing_deg) for disc in self.discs]
        count = len(self.discs)
        q = np.empty((k.size, count, count), dtype=complex)
        for i, first in enumerate(self.discs):
            for j, second in enumerate(self.discs[: i + 1]):
                apart_m = second.position_m - first.position_m
                q[:, i, j] = mean_product(k, apart_m, (axes[i], axes[j]), (first.radius_m, second.radius_m))
                q[:, j, i] = q[:, i, j]
        return np.asarray(q / 2 if self.baffle else q)


def _disc_field(disc: Disc, k: Real, points_m: Real) -> Complex:
    """Pressure (F, M) of one disc: by spherical waves where it is large and the points are away from it, else by its quadrature."""
    way_m = points_m - disc.position_m
    length_m = np.linalg.norm(way_m, axis=1)
    away = (disc.radius_m > 0) & (length_m >= NEAREST * disc.radius_m)
    large = k * disc.radius_m >= LEAST_KA
    h = np.empty((k.size, len(points_m)), dtype=complex)
    if large.any() and away.any():
        cosine = np.clip(way_m[away] @ direction(*disc.facing_deg) / length_m[away], -1.0, 1.0)
        h[np.ix_(large, away)] = expanded_disc(k[large], disc.radius_m, length_m[away], cosine)
    for frequencies, places in ((~large, away), (np.ones(k.size, dtype=bool), ~away)):
        if frequencies.any() and places.any():
            h[np.ix_(frequencies, places)] = _quadrature(disc, k[frequencies], points_m[places])
    return h


def _quadrature(disc: Disc, k: Real, points_m: Real) -> Complex:
    h = np.empty((k.size, len(points_m)), dtype=complex)
    for rows, most in _parts(disc, k):
        for some, spread_m in octaves(_spread_m(disc, points_m) if disc.radius_m else np.ones(len(points_m))):
            shares, nodes = _rings(disc, most * spread_m)
            size = max(1, MAX_NUMBERS // (len(nodes) * (2 + math.isqrt(rows.size))))
            for m in (some[start : start + size] for start in range(0, some.size, size)):
                distance_m = _distances_m(disc, points_m[m], nodes)
                h[np.ix_(rows, m)] = _sum_of_waves(k[rows], -distance_m, shares / distance_m)
    return h


def _along_and_across_m(disc: Disc, points_m: Real) -> tuple[Real, Real]:
    """Distances of points (M, 3) from the disc's plane, and from its axis (M,)."""
    way = points_m - disc.position_m
    along = way @ direction(*disc.facing_deg)
    return along, np.sqrt(np.maximum((way**2).sum(axis=1) - along**2, 0.0))


def _spread_m(disc: Disc, points_m: Real) -> Real:
    """Half of what the distances to a disc's points differ by (M,): its radius from the side, little from in front of it.

    Within NEAR radii, where 1/r turns as well, its radius.
    """
    along, across = _along_and_across_m(disc, points_m)
    farthest = np.hypot(along, across + disc.radius_m)
    spread_m = (farthest - np.hypot(along, np.maximum(across - disc.radius_m, 0.0))) / 2
    return np.asarray(np.where(np.hypot(along, across) < NEAR * disc.radius_m, disc.radius_m, spread_m))


def _rings(disc: Disc, spread: float) -> tuple[Real, Real]:
    """Shares (Q,) of a disc's quadrature, exact to 1e-6, and its nodes (Q, 2): their radius, and the cosine towards the point.

    Equal areas in the squared radius (Gauss-Legendre) and equal steps of angle, counted from the point's own direction, so that
    one half of each ring stands for both. The shares sum to 1.

    Parameters
    ----------
    spread : phase in radians that the distances to the disc's points differ by to either side

    """
    if disc.radius_m == 0.0:
        return np.ones(1), np.zeros((1, 2))
    squared, radial = np.polynomial.legendre.leggauss(math.ceil(spread / 2) + 5)
    angles = math.ceil(spread) + 6
    cosine = np.cos(math.pi * (np.arange(angles) + 0.5) / angles)
    radius_m = disc.radius_m * np.sqrt((squared + 1) / 2)
    nodes = np.stack(np.broadcast_arrays(radius_m[:, None], cosine), axis=-1)
    return np.repeat(radial / 2 / angles, angles), nodes.reshape(-1, 2)


def _distances_m(disc: Disc, points_m: Real, nodes: Real) -> Real:
    """From points (M, 3) to nodes of `_rings` (Q, 2): (M, Q)."""
    along, across = (x[:, None] for x in _along_and_across_m(disc, points_m))
    radius_m, cosine = nodes.T
    return np.asarray(np.sqrt(along**2 + (across - radius_m * cosine) ** 2 + radius_m**2 * (1 - cosine**2)))


def _parts(disc: Disc, k: Real) -> Iterator[tuple[Index, float]]:
    """Parts of the wave numbers that share a disc's quadrature, and the largest of each.

    Equal steps are one part, because their exponentials are products of a few; other steps are parts of an octave each, so that
    low ones do not pay for the nodes of high ones.
    """
    if disc.radius_m == 0.0 or len(equal_steps(k)) * FEWEST_STEPS <= k.size:
        yield np.arange(k.size), float(k.max(initial=0.0))
        return
    yield from octaves(k)


def _sum_of_waves(k: Real, way_m: Real, weight: Real) -> Complex:
    """Σ_q weight_mq e^{jk way_mq} (F, M), from (M, Q) ways and weights.

    Wave numbers in equal steps, k = k_0 + (J i + j) Δ, need few exponentials: e^{jkx} = e^{jk_0 x} e^{jJiΔx} e^{jjΔx}, and
    the sum over q is a product of matrices over i and over j. A grid that the ends of bands join is some runs of equal steps.
    """
    return np.concatenate([_sum_in_equal_steps(k[run], way_m, weight) for run in equal_steps(k)])


def equal_steps(k: Real) -> list[slice]:
    """Consecutive parts of rising numbers (F,), each in equal steps; what lies between two long ones is one part more."""
    steps = np.diff(k)
    changes = np.flatnonzero(np.abs(np.diff(steps)) > EQUAL_STEPS * max(abs(k[-1]), 1e-300)) + 1
    bounds = np.unique(np.concatenate([[0], changes, [k.size - 1]])).astype(int)
    long = [(a, b) for a, b in pairwise(bounds) if b - a >= FEWEST_STEPS]
    runs, start = [], 0
    for a, b in long:
        first = max(a, start)
        if first > start:
            runs.append(slice(start, first))
        runs.append(slice(first, b + 1))
        start = b + 1
    if start < k.size:
        runs.append(slice(start, k.size))
    return runs


def _sum_in_equal_steps(k: Real, way_m: Real, weight: Real) -> Complex:
    if k.size < FEWEST_STEPS or np.ptp(np.diff(k)) > EQUAL_STEPS * k[-1]:
        total = np.zeros((k.size, len(way_m)), dtype=complex)
        for way, share in zip(way_m.T, weight.T, strict=True):
            total += np.exp(1j * np.outer(k, way)) * share
        return total
    inner = math.ceil(math.sqrt(k.size))
    outer = math.ceil(k.size / inner)
    step = (k[-1] - k[0]) / (k.size - 1)
    coarse = _powers(np.exp(1j * k[0] * way_m) * weight, np.exp(1j * step * inner * way_m), outer)
    fine = _powers(np.ones_like(way_m, dtype=complex), np.exp(1j * step * way_m), inner)
    sums = coarse.transpose(1, 0, 2) @ fine.transpose(1, 2, 0)  # (M, outer, inner)
    return np.asarray(sums.reshape(len(way_m), -1)[:, : k.size].T)


def _powers(first: Complex, ratio: Complex, count: int) -> Complex:
    """First · ratio^i for i < count: (count, ...)."""
    out = np.empty((count, *first.shape), dtype=complex)
    out[0] = first
    for i in range(1, count):
        np.multiply(out[i - 1], ratio, out=out[i])
    return out
