"""Discs of equal sources: the far field's pattern, and what a pair radiates, without a quadrature over their areas.

Far away a disc of radius a radiates, at the angle θ from its axis, relative to its centre,

    D(θ) = 2 J_1(ka sin θ) / (ka sin θ)                                                                            (1)

and a point source D = 1. Of two discs a way d apart the mean over all directions n of the product of their far fields is

    q = mean of D_i(n) D_j(n) e^{jk d·n},                                                                          (2)

real, because both patterns are the same at n and -n. Where the axes are parallel, or one is a point source, the mean over
the azimuth around the axis is known: with c = cos θ, s = sin θ, and d's parts along and across the axis

    q = ∫_0^1 D_i D_j cos(k d_along c) J_0(k d_across s) dc                                                        (3)

Otherwise c and the azimuth are counted from the direction of d, so that the wave depends on c alone and the patterns turn at
most k(a_i + a_j) times around. In θ both integrands are entire and turn at most k(d + a_i + a_j) a radian (in c they turn ever
faster towards the pole): Gauss-Legendre panels of 16 nodes, each of at most 18 radians, leave 1e-12; equal steps of azimuth less.

Source: Kinsler, Frey, Coppens and Sanders, Fundamentals of Acoustics, 4th ed., equation 7.4.17.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from scipy.special import j0, j1

from designer.arrays import Index, Real

PANEL_NODES = 16
PANEL_RADIANS = 18.0
MORE_AZIMUTHS = 24
"""Beyond one a radian of the patterns: what is left of a Bessel function of this order more is below 1e-15."""
MAX_NUMBERS = 2_000_000
"""Numbers of an integrand that are held at once (16 MB)."""
PARALLEL = 1e-12


def disc_pattern(ka: Real, sine: Real) -> Real:
    """Equation (1) over ka (F,) and sin θ (...): (F, ...)."""
    x = np.multiply.outer(ka, sine)
    small = np.abs(x) < 1e-4
    safe = np.where(small, 1.0, x)
    return np.asarray(np.where(small, 1 - x**2 / 8, 2 * j1(safe) / safe))


def mean_product(k: Real, apart_m: Real, axes: tuple[Real, Real], radii_m: tuple[float, float]) -> Real:
    """Equation (2) (F,).

    Parameters
    ----------
    k : (F,) wave number, rad/m
    apart_m : (3,) from the one centre to the other
    axes : unit vectors (3,) of both; a point source's is of no account
    radii_m : of both; 0 for a point source

    """
    distance_m = float(np.linalg.norm(apart_m))
    if not any(radii_m):
        return np.asarray(np.sinc(k * distance_m / np.pi))
    axis = axes[0] if radii_m[0] else axes[1]
    parallel = not all(radii_m) or float(np.linalg.norm(np.cross(*axes))) < PARALLEL
    out = np.empty(k.size)
    for part, most in octaves(k):
        turns = most * (distance_m + sum(radii_m))
        theta, weight = panels(turns)
        count = 1 if parallel else math.ceil(most * sum(radii_m)) + MORE_AZIMUTHS
        for some in _blocks(part, max(1, MAX_NUMBERS // (count * theta.size))):
            total = np.zeros(some.size)
            for rows in _blocks(np.arange(theta.size), max(1, MAX_NUMBERS // count)):
                args = k[some], apart_m, distance_m, theta[rows]
                each = _around_axis(*args, axis, radii_m) if parallel else _around_way(*args, axes, radii_m, count)
                total += each @ weight[rows]
            out[some] = total
    return out


def _around_axis(
    k: Real, apart_m: Real, distance_m: float, theta: Real, axis: Real, radii_m: tuple[float, float]
) -> Real:
    """The integrand of (3) (F, C)."""
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
    """The integrand of (2) over θ (F, C), its mean over azimuths around the direction of d."""
    pole = apart_m / distance_m if distance_m > 0 else axes[0]
    first = np.cross(pole, [0.0, 0.0, 1.0] if abs(pole[2]) < 0.9 else [1.0, 0.0, 0.0])
    first /= np.linalg.norm(first)
    angle = 2 * math.pi * np.arange(count) / count
    ring = np.cos(angle)[:, None] * first + np.sin(angle)[:, None] * np.cross(pole, first)
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
    node, weight = np.polynomial.legendre.leggauss(PANEL_NODES)
    theta = ((np.arange(count)[:, None] + (node + 1) / 2) * (math.pi / 2 / count)).ravel()
    return theta, np.tile(weight * (math.pi / 4 / count), count) * np.sin(theta)
