"""Discs of equal sources: their pattern, their field near and far, and what a pair radiates.

**Pattern.** Far away a disc of radius a radiates, at the angle θ from its axis, relative to its centre,

    D(θ) = 2 J_1(ka sin θ) / (ka sin θ)                                                                            (1)

and a point source D = 1.

**Field.** Within two radii, and of discs that are small against the wave, a quadrature over the disc. Else a sum of spherical waves of
even orders about its centre: a term an order, where a quadrature takes (ka)² nodes,

    p(r, θ) = -jk Σ_{n even} (-1)^{n/2} (2n+1) b_n h_n(kr) P_n(cos θ)                                             (2)

with Hankel functions of the second kind for e^{+jωt}. As -jk h_n(kr) → j^n e^{-jkr}/r, far away the sum of (2n+1) b_n P_n is
the pattern D(θ), so that

    b_n = ∫_0^1 D P_n d(cos θ),                                                                                    (3)

which dies away as j_n(ka) beyond n = ka. The integral leaves 1e-16 of D, which h_n(kr) raises where n > kr: from two radii and
ka = 8 on, and with ka + 9 (ka)^{1/3} orders, the sum is right to 1e-7 at the worst, and to 1e-9 from ka = 16 on.
Independent truth: on the axis p = 2 (e^{-jkr} - e^{-jk√(r² + a²)}) / (jka²).

**Power.** Of two discs a way d apart the mean over all directions n of the product of their far fields is

    q = mean of D_i(n) D_j(n) e^{jk d·n},                                                                          (4)

real, because both patterns are the same at n and -n. Where the axes are parallel, or one is a point source, the mean over
the azimuth around the axis is known: with c = cos θ, s = sin θ, and d's parts along and across the axis

    q = ∫_0^1 D_i D_j cos(k d_along c) J_0(k d_across s) dc                                                        (5)

Otherwise c and the azimuth are counted from the direction of d, so that the wave depends on c alone and the patterns turn at
most k(a_i + a_j) times around. In θ both integrands are entire and turn at most k(d + a_i + a_j) a radian (in c they turn ever
faster towards the pole): Gauss-Legendre panels of 16 nodes, each of at most 18 radians, leave 1e-12; equal steps of azimuth less.

Source: Kinsler, Frey, Coppens and Sanders, Fundamentals of Acoustics, 4th ed., sections 7.2 to 7.4 and equation 7.4.17; Morse and
Ingard, Theoretical Acoustics (Princeton, 1986), section 7.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import j0, j1

from designer.acoustics.quadrature import gauss_legendre
from designer.acoustics.recent import remembered_values
from designer.acoustics.sphere_series import legendre_table
from designer.acoustics.turning import MIN_STEPS, equal_steps, sum_of_waves
from designer.arrays import Complex, Index, Real
from designer.problem.geometry import direction
from designer.problem.schema import Driver

PANEL_NODES = 16
PANEL_RADIANS = 18.0
EXTRA_AZIMUTHS = 24
"""Beyond one a radian of the patterns: what is left of a Bessel function of this order more is below 1e-15."""
MAX_NUMBERS = 2_000_000
"""Numbers of an integrand that are held at once (16 MB)."""
MAX_EXPANDED = 500_000
"""Frequencies, or orders, times points of an expansion that are held at once (8 MB an array)."""
MAX_SUMMED = 100_000
"""Points, nodes of a disc and wave numbers of a quadrature that are held at once."""
MAX_PARALLEL_SINE = 1e-12
MIN_EXPANDED_KA = 8.0
MIN_EXPANDED_RADII = 2.0
"""Radii from the centre: nearer points are left to the quadrature."""
NEAR_RADII = 4.0
"""Radii within which 1/r turns as much as the phase."""


@dataclass(frozen=True)
class Disc:
    """A driver: its place, the direction that it faces (azimuth, elevation), and its radius; 0 for a point source."""

    position_m: Real
    facing_deg: tuple[float, float] = (0.0, 0.0)
    radius_m: float = 0.0


def discs_of(drivers: Sequence[Driver]) -> list[Disc]:
    """A problem's drivers as discs that face where they face."""
    return [Disc(np.array(d.position_m), (d.facing_deg[0], d.facing_deg[1]), d.radius_m or 0.0) for d in drivers]


def disc_pattern(ka: Real, sine: Real) -> Real:
    """Equation (1) over ka (F,) and sin θ (...): (F, ...)."""
    x = np.multiply.outer(ka, sine)
    small = np.abs(x) < 1e-4
    safe = np.where(small, 1.0, x)
    return np.asarray(np.where(small, 1 - x**2 / 8, 2 * j1(safe) / safe))


@remembered_values
def disc_field(disc: Disc, k: Real, points_m: Real) -> Complex:
    """Pressure (F, M) of one disc: by spherical waves where it is large and the points are away from it, else by its quadrature."""
    way_m = points_m - disc.position_m
    length_m = np.linalg.norm(way_m, axis=1)
    away = (disc.radius_m > 0) & (length_m >= MIN_EXPANDED_RADII * disc.radius_m)
    large = k * disc.radius_m >= MIN_EXPANDED_KA
    h = np.empty((k.size, len(points_m)), dtype=complex)
    if large.any() and away.any():
        cosine = np.clip(way_m[away] @ direction(*disc.facing_deg) / length_m[away], -1.0, 1.0)
        h[np.ix_(large, away)] = expanded_disc(k[large], disc.radius_m, length_m[away], cosine)
    for frequencies, places in ((~large, away), (np.ones(k.size, dtype=bool), ~away)):
        if frequencies.any() and places.any():
            h[np.ix_(frequencies, places)] = _quadrature(disc, k[frequencies], points_m[places])
    return h


def _quadrature(disc: Disc, k: Real, points_m: Real) -> Complex:
    """As `disc_field`, by rings, as many as the points' octave of spread asks for."""
    h = np.empty((k.size, len(points_m)), dtype=complex)
    for rows, most in _parts(disc, k):
        for part, spread_m in octaves(_spread_m(disc, points_m) if disc.radius_m else np.ones(len(points_m))):
            shares, nodes = _rings(disc, most * spread_m)
            size = max(1, MAX_SUMMED // (len(nodes) * (2 + math.isqrt(rows.size))))
            for m in (part[start : start + size] for start in range(0, part.size, size)):
                distance_m = _distances_m(disc, points_m[m], nodes)
                h[np.ix_(rows, m)] = sum_of_waves(k[rows], -distance_m, shares / distance_m)
    return h


def _along_and_across_m(disc: Disc, points_m: Real) -> tuple[Real, Real]:
    """Distances of points (M, 3) from the disc's plane, and from its axis (M,)."""
    way = points_m - disc.position_m
    along = way @ direction(*disc.facing_deg)
    return along, np.sqrt(np.maximum((way**2).sum(axis=1) - along**2, 0.0))


def _spread_m(disc: Disc, points_m: Real) -> Real:
    """Half of what the distances to a disc's points differ by (M,), little in front of it; within NEAR_RADII radii its radius."""
    along, across = _along_and_across_m(disc, points_m)
    farthest = np.hypot(along, across + disc.radius_m)
    spread_m = (farthest - np.hypot(along, np.maximum(across - disc.radius_m, 0.0))) / 2
    return np.asarray(np.where(np.hypot(along, across) < NEAR_RADII * disc.radius_m, disc.radius_m, spread_m))


def _rings(disc: Disc, spread: float) -> tuple[Real, Real]:
    """Shares (Q,) of a disc's quadrature, exact to 1e-6, and its nodes (Q, 2): their radius, and the cosine towards the point.

    Equal areas in the squared radius (Gauss-Legendre) and equal steps of angle, counted from the point's own direction, so that
    one half of each ring stands for both. The phase of what comes from the disc differs by the spread (rad) to either side.
    """
    if disc.radius_m == 0.0:
        return np.ones(1), np.zeros((1, 2))
    squared, radial = gauss_legendre(math.ceil(spread / 2) + 5)
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
    """Wave numbers that share a disc's quadrature, and the largest of each: all in equal steps, others of an octave each."""
    if disc.radius_m == 0.0 or len(equal_steps(k)) * MIN_STEPS <= k.size:
        yield np.arange(k.size), float(k.max(initial=0.0))
        return
    yield from octaves(k)


def disc_nodes(disc: Disc, k_max: float, digits: int = 6) -> tuple[Real, Real]:
    """Places (Q, 3) and weights (Q,), of sum 1, of a quadrature over a disc, exact to 10^-digits up to the wave number `k_max`."""
    if disc.radius_m == 0.0:
        return disc.position_m[None, :], np.ones(1)
    ka = k_max * disc.radius_m
    squared, radial_weight = gauss_legendre(math.ceil(ka / 2) + digits - 1)
    radius_m = disc.radius_m * np.sqrt((squared + 1) / 2)
    ring = _ring(direction(*disc.facing_deg), 2 * (math.ceil(ka) + digits))
    nodes = disc.position_m + radius_m[:, None, None] * ring
    return nodes.reshape(-1, 3), np.repeat(radial_weight / 2 / len(ring), len(ring))


def _ring(axis: Real, count: int) -> Real:
    """Unit vectors (A, 3) in equal steps around an axis (3,)."""
    across = np.cross(axis, [0.0, 0.0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0])
    across /= np.linalg.norm(across)
    angle = 2 * math.pi * np.arange(count) / count
    return np.asarray(np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * np.cross(axis, across))


def expanded_disc(k: Real, radius_m: float, length_m: Real, cosine: Real) -> Complex:
    """Equation (2) (F, M): relative to a point source's pressure at 1 m, as the mean over the disc.

    Parameters
    ----------
    k : (F,) float array, wave number, rad/m, at least MIN_EXPANDED_KA over the radius
    length_m : (M,) float array, from the disc's centre, at least MIN_EXPANDED_RADII radii
    cosine : (M,) float array, of the angle from its axis

    """
    pressure = np.empty((k.size, length_m.size), dtype=complex)
    for rows, _ in octaves(k):
        weights = _weights(k[rows] * radius_m)
        orders = 2 * weights.shape[1] - 1
        size = max(1, MAX_EXPANDED // max(len(rows), orders))
        for m in range(0, length_m.size, size):
            part = slice(m, m + size)
            shape = legendre_table(cosine[part], orders)[::2]
            pressure[rows, part] = _summed(k[rows], weights, length_m[part], shape)
    return pressure


def _weights(ka: Real) -> Real:
    """(-1)^{n/2} (2n+1) b_n of equation (3), n = 0, 2, ... (F, N); 0 beyond a frequency's own orders."""
    most = ka + 9 * np.cbrt(ka)
    n = np.arange(0, math.ceil(float(most.max())) + 1, 2)
    theta, weight = panels(float(ka.max()) + float(n[-1]))
    b = np.zeros((ka.size, n.size))
    size = max(1, MAX_EXPANDED // max(ka.size, int(n[-1])))
    for q in range(0, theta.size, size):
        part = slice(q, q + size)
        shape = legendre_table(np.cos(theta[part]), int(n[-1]) + 1)[::2]
        b += (disc_pattern(ka, np.sin(theta[part])) * weight[part]) @ shape.T
    return np.asarray(np.where(n <= most[:, None], (-1.0) ** (n // 2) * (2 * n + 1) * b, 0.0))


def _summed(k: Real, weights: Real, length_m: Real, shape: Real) -> Complex:
    x = np.outer(k, length_m)
    wave = np.exp(-1j * x) / length_m  # -jk h_0
    ratio = 1 / x + 1j  # h_1/h_0
    total = np.zeros(x.shape, dtype=complex)
    for i in range(weights.shape[1]):
        total += wave * (weights[:, i, None] * shape[i])
        for n in (2 * i + 1, 2 * i + 2):
            wave = wave * ratio
            ratio = (2 * n + 1) / x - 1 / ratio
    return total


@remembered_values
def mean_product(k: Real, apart_m: Real, axes: tuple[Real, Real], radii_m: tuple[float, float]) -> Real:
    """Equation (4) (F,).

    Parameters
    ----------
    k : (F,) float array, wave number, rad/m
    apart_m : (3,) float array, from the one centre to the other
    axes : tuple of float array, unit vectors (3,) of both; a point source's is of no account
    radii_m : tuple of float, of both; 0 for a point source

    """
    distance_m = float(np.linalg.norm(apart_m))
    if not any(radii_m):
        return np.asarray(np.sinc(k * distance_m / np.pi))
    axis = axes[0] if radii_m[0] else axes[1]
    parallel = not all(radii_m) or float(np.linalg.norm(np.cross(*axes))) < MAX_PARALLEL_SINE
    power = np.empty(k.size)
    for part, most in octaves(k):
        turns = most * (distance_m + sum(radii_m))
        theta, weight = panels(turns)
        count = 1 if parallel else math.ceil(most * sum(radii_m)) + EXTRA_AZIMUTHS
        for block in _blocks(part, max(1, MAX_NUMBERS // (count * theta.size))):
            total = np.zeros(block.size)
            for rows in _blocks(np.arange(theta.size), max(1, MAX_NUMBERS // count)):
                args = k[block], apart_m, distance_m, theta[rows]
                product = _around_axis(*args, axis, radii_m) if parallel else _around_way(*args, axes, radii_m, count)
                total += product @ weight[rows]
            power[block] = total
    return power


def _around_axis(
    k: Real, apart_m: Real, distance_m: float, theta: Real, axis: Real, radii_m: tuple[float, float]
) -> Real:
    """The integrand of (5) (F, C)."""
    sine = np.sin(theta)
    along_m = float(apart_m @ axis)
    across_m = math.sqrt(max(distance_m**2 - along_m**2, 0.0))
    wave = np.cos(np.multiply.outer(k * along_m, np.cos(theta))) * j0(np.multiply.outer(k * across_m, sine))
    return np.asarray(wave * disc_pattern(k * radii_m[0], sine) * disc_pattern(k * radii_m[1], sine))


def _around_way(
    k: Real,
    apart_m: Real,
    distance_m: float,
    theta: Real,
    axes: tuple[Real, Real],
    radii_m: tuple[float, float],
    count: int,
) -> Real:
    """The integrand of (4) over θ (F, C), its mean over azimuths around the direction of d."""
    pole = apart_m / distance_m if distance_m > 0 else axes[0]
    ring = _ring(pole, count)
    directions = np.cos(theta)[:, None, None] * pole + np.sin(theta)[:, None, None] * ring  # (C, A, 3)
    patterns = np.ones((k.size, theta.size, count))
    for axis, radius_m in zip(axes, radii_m, strict=True):
        patterns *= disc_pattern(k * radius_m, np.sqrt(np.clip(1 - (directions @ axis) ** 2, 0.0, 1.0)))
    return np.asarray(patterns.mean(axis=2) * np.cos(np.multiply.outer(k * distance_m, np.cos(theta))))


def octaves(k: Real) -> Iterator[tuple[Index, float]]:
    """Indices of wave numbers within an octave, and the largest of them; all that lie eight octaves below are one part."""
    most = float(k.max(initial=0.0))
    if most == 0:
        yield np.arange(k.size), most
        return
    below = np.minimum(np.floor(np.log2(most / np.maximum(k, most * 2.0**-8 + 1e-300))), 8.0)
    for octave in np.unique(below):
        part = np.flatnonzero(below == octave)
        yield part, float(k[part].max())


def _blocks(index: Index, size: int) -> Iterator[Index]:
    for start in range(0, index.size, size):
        yield index[start : start + size]


def panels(turns: float) -> tuple[Real, Real]:
    """Gauss-Legendre nodes θ and weights sin θ dθ on equal panels of [0, π/2], for what turns so many radians a radian."""
    count = math.ceil(turns * math.pi / 2 / PANEL_RADIANS) + 1
    node, weight = gauss_legendre(PANEL_NODES)
    theta = ((np.arange(count)[:, None] + (node + 1) / 2) * (math.pi / 2 / count)).ravel()
    return theta, np.tile(weight * (math.pi / 4 / count), count) * np.sin(theta)
