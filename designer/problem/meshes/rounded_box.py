"""Triangles of a box with rounded edges: flat faces, quarter cylinders and eighths of a sphere, as one octant and its mirror images.

A place on the surface is a place of the box that is smaller by the radius, plus the radius times a direction,

    y = (±u, ±v, ±w) + r d,     d = (sin πi/2n, sin πj/2n, sin πk/2n) / norm,   i + j + k = n                       (1)

On a flat face d is an axis, along an edge it goes through n steps of a quarter circle, at a corner through the triangles of an eighth
of a sphere. Corners within an arc stand off by the factor ρ, so that the arc's sectors have the area of the quarter circle,

    ½ sin(π/2n) (2ρ + (n - 2) ρ²) = π/4                                                                            (2)

The faces stay plane, and their steps grow from the arc's step inwards: the pressure is steepest at the edges.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from designer.problem.meshes.triangles import Array, Index, Triangles, merged

FEWEST_ARC_STEPS = 3
GROWTH = 2.0
"""Ratio of one step on a face and the one nearer to the edge."""


def rounded_octant(
    flat_m: Sequence[float], radius_m: float, longest_m: float, longest_in_arc_m: float = math.inf
) -> Triangles:
    """The triangles where x, y and z are positive, of a box around the origin; coordinates on its mirror planes are exactly 0.

    Parameters
    ----------
    flat_m : sequence of float (3,), half of the faces' flat parts along x, y and z
    radius_m : float, of the edges; 0 for sharp ones
    longest_m : float, longest side of a triangle beside its right angle
    longest_in_arc_m : float, the same across the edges, if it is to be less

    """
    along, arc = _steps(flat_m, radius_m, longest_m, min(longest_m, longest_in_arc_m))
    n = len(arc) - 1
    parts = []
    for a in range(3):
        b, c = (a + 1) % 3, (a + 2) % 3
        flat = np.zeros((along[b].size, along[c].size, 3))
        flat[..., a] = along[a][-1] + radius_m
        flat[..., b], flat[..., c] = along[b][:, None], along[c]
        parts.append(_quads(flat))
        if not radius_m:
            continue
        edge = np.empty((n + 1, along[a].size, 3))
        edge[..., a] = along[a]
        edge[..., b] = (along[b][-1] + radius_m * arc[:, 0])[:, None]
        edge[..., c] = (along[c][-1] + radius_m * arc[:, 1])[:, None]
        parts.append(_quads(edge))
    if radius_m:
        parts.append(np.array([axis[-1] for axis in along]) + radius_m * _eighth(n))
    corners_m = np.concatenate(parts)
    first, second = (corners_m[:, n] - corners_m[:, 0] for n in (1, 2))
    inward = np.einsum("tc,tc->t", corners_m.sum(axis=1), np.cross(first, second)) < 0
    corners_m[inward] = corners_m[inward, ::-1]
    return merged(corners_m)


def rounded_count(flat_m: Sequence[float], radius_m: float, longest_m: float) -> int:
    """Number of the octant's triangles."""
    along, arc = _steps(flat_m, radius_m, longest_m, longest_m)
    x, y, z = (axis.size - 1 for axis in along)
    n = len(arc) - 1
    return 2 * (x * y + y * z + z * x) + 2 * n * (x + y + z) + n**2


def _steps(
    flat_m: Sequence[float], radius_m: float, longest_m: float, longest_in_arc_m: float
) -> tuple[list[Array], Array]:
    """Places along the flat part of each axis, from 0, and directions (n + 1, 2) along an arc."""
    n = max(FEWEST_ARC_STEPS, math.ceil(math.pi / 2 * radius_m / longest_in_arc_m - 1e-9))
    first_m = min(math.pi / 2 * radius_m / n, longest_m) if radius_m and longest_m < math.inf else longest_m
    along = [_graded(length_m, first_m, longest_m) for length_m in flat_m]
    return along, _directions(np.stack([n - np.arange(n + 1), np.arange(n + 1)], axis=1), n)


def _graded(length_m: float, first_m: float, longest_m: float) -> Array:
    """Places from 0 to a length, whose steps grow from its end."""
    steps = list[float]()
    step_m = first_m
    while sum(steps) < length_m * (1 - 1e-9):
        step_m = min(step_m * GROWTH, longest_m) if steps else step_m
        alike = math.ceil((length_m - sum(steps)) / step_m - 1e-9) if step_m == longest_m else 1
        steps += [min(step_m, length_m)] * max(alike, 1)
    places_m = np.append(0.0, np.cumsum(steps[::-1]))
    places_m *= length_m / max(places_m[-1], 1e-300)
    places_m[-1] = length_m
    return places_m


def _directions(index: Index, n: int) -> Array:
    """Equations (1) and (2)."""
    sines = np.sin(np.pi / 2 * index / n)
    sine = math.sin(math.pi / 2 / n)
    off = (math.sqrt(1 + (n - 2) * math.pi / 2 / sine) - 1) / (n - 2)
    is_end = (index == n).any(axis=-1)
    return np.asarray(sines / np.linalg.norm(sines, axis=-1, keepdims=True) * np.where(is_end, 1.0, off)[..., None])


def _eighth(n: int) -> Array:
    """Triangles (n², 3, 3) of the directions of a corner."""

    def corners() -> Iterator[tuple[tuple[int, int], ...]]:
        for i in range(n):
            for j in range(n - i):
                yield (i, j), (i + 1, j), (i, j + 1)
                if i + j < n - 1:
                    yield (i + 1, j), (i + 1, j + 1), (i, j + 1)

    two = np.array(list(corners()))
    return _directions(np.concatenate([two, n - two.sum(axis=-1, keepdims=True)], axis=-1), n)


def _quads(places_m: Array) -> Array:
    """Two triangles of each field of a grid of places (A, B, 3)."""
    a, b, c, d = places_m[:-1, :-1], places_m[1:, :-1], places_m[1:, 1:], places_m[:-1, 1:]
    halves = [np.stack(half, axis=2).reshape(-1, 3, 3) for half in ((a, b, c), (a, c, d))]
    return np.concatenate(halves)
