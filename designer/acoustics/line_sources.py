"""The line between a head's ears: point sources on an arc that make a driver's field there, and, for long waves, direct weights.

Equation (2) of `heads`, which says why; the strengths follow from the field at Chebyshev points between the ears.
"""

from __future__ import annotations

import numpy as np
from numpy.polynomial.chebyshev import chebvander

from designer.acoustics.sphere_series import line_weights
from designer.acoustics.turning import phase
from designer.arrays import Complex, Real

MAX_ENTRIES = 16_000
"""Size of the matrices of equation (2) that are held at once: five of 16 MB each."""
MIN_SINE, MAX_SINE = 1e-9, 0.98
"""Sines of an arc that is a point, and of half the widest one."""
LONG_POINTS = 14
"""Points of the line from which long waves are answered."""


def between(count: int) -> Real:
    """Chebyshev points between the ears (I,), from the left one."""
    return np.cos(np.pi * (np.arange(count) + 0.5) / count)


def arc(rays: Real, sine: Real, count: int) -> Real:
    """Directions (D, S, 3) around those of the driver (D, 3), in its plane with the ears' axis y; the sine (D,) is of half the arc."""
    lateral = np.clip(rays[:, 1], -1.0, 1.0)
    angle, half = np.arccos(lateral), np.arcsin(np.minimum(sine, MAX_SINE))
    low, high = np.maximum(angle - half, 0.0), np.minimum(angle + half, np.pi)
    share = np.linspace(0.0, 1.0, count)
    over_angle = low[:, None] + (high - low)[:, None] * share
    over_cosine = np.arccos(np.cos(low)[:, None] + (np.cos(high) - np.cos(low))[:, None] * share)
    passes = (angle - half < 0) | (angle + half > np.pi)
    angles = np.where(passes[:, None], over_cosine, over_angle)
    across = rays - lateral[:, None] * np.array([0.0, 1.0, 0.0])
    width = np.linalg.norm(across, axis=1, keepdims=True)
    across = np.where(width > MIN_SINE, across / np.maximum(width, MIN_SINE), np.array([1.0, 0.0, 0.0]))
    return np.asarray(
        np.cos(angles)[..., None] * np.array([0.0, 1.0, 0.0]) + np.sin(angles)[..., None] * across[:, None]
    )


def strengths(k: Real, along_m: Real, distance_m: Real, ray: Real, arc: Real, g: Complex, loading: float) -> Complex:
    """Strengths of equation (2) (F, D, S, L) from the drivers' field on the line over that of a source at their place (F, D, I, L).

    along_m (I,) are the line's points, distance_m (D,) the sources'; ray (D, 1) and arc (D, S) their cosines with the line.
    """
    own_m, from_m = (
        np.sqrt(
            distance_m[:, None, None] ** 2
            + along_m[:, None] * (along_m[:, None] - 2 * (distance_m[:, None] * lateral)[:, None])
        )
        for lateral in (ray, arc)
    )  # (D, I, 1), (D, I, S)
    if arc.shape[1] == 1:
        return np.asarray(g.mean(axis=2, keepdims=True))
    step = max(1, MAX_ENTRIES // from_m.size)
    parts = [slice(start, start + step) for start in range(0, k.size, step)]
    return np.concatenate([_solved(k[part], own_m, from_m, g[part], loading) for part in parts])


def _solved(k: Real, own_m: Real, from_m: Real, g: Complex, loading: float) -> Complex:
    """Strengths (F, D, S, L) from the distances of the line's points to the driver (D, I, 1) and to each source (D, I, S)."""
    V = phase(np.multiply.outer(k, own_m - from_m))
    V *= own_m / from_m
    if not loading:
        return np.linalg.solve(V, g)
    adjoint = V.conj().swapaxes(-1, -2)
    normal = adjoint @ V
    mean = np.trace(normal, axis1=-2, axis2=-1).real[..., None, None] / V.shape[-1]
    return np.asarray(np.linalg.solve(normal + loading * mean * np.eye(V.shape[-1]), adjoint @ g))


def long_wave_answers(radius_m: float, k: Real, count: int, distance_m: Real, ray: Real) -> Complex:
    """Weights (F, D, 2, I) from the field at the line's points, relative to a source's field, to the pressure at a rigid sphere's ears.

    distance_m (D,) are the sources', ray (D, 1) their cosines with the line.
    """
    points = between(LONG_POINTS)
    left, along_m = line_weights(tuple((k * radius_m).tolist()), tuple(points.tolist())), radius_m * points
    from_m = np.sqrt(distance_m[:, None] ** 2 + along_m * (along_m - 2 * distance_m[:, None] * ray))
    wave = phase(-np.multiply.outer(k, from_m)) / from_m
    both = np.stack([left, left[:, ::-1]], axis=1)[:, None] * wave[:, :, None]
    polynomials = chebvander(between(count), count - 1)
    few = chebvander(points, count - 1) @ (polynomials.T * np.where(np.arange(count), 2.0, 1.0)[:, None] / count)
    pairs = np.stack([both.real, both.imag]) @ few
    return np.asarray(pairs[0] + 1j * pairs[1])
