"""A driver as a named group of a mesh's faces: its middle, the axis along which it moves, and places that sample it.

The group moves as a rigid piston along its axis, so that a face with the normal n pushes n·axis of its area. The axis is the mean normal by
area. A rim across the axis pushes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designer.problem.meshes.triangles import Array, Triangles, merged

RULE = np.array([[4.0, 1.0, 1.0], [1.0, 4.0, 1.0], [1.0, 1.0, 4.0]]) / 6
"""The corners' shares in the places of Gauss's rule of degree 2, all within the triangle."""
SAME_PLACE = 1e-5
"""Distance from the surface, over its size, within which a face is on it."""
MIN_NET_AREA = 0.05
"""Least share of the area that is left of the sum of areas by direction: a group around a body has no axis."""
MAX_PLACES = 1500
DIGITS = 9


@dataclass(frozen=True)
class MountedGroup:
    """A group on a surface.

    Attributes
    ----------
    surface : Triangles
    corners_m : (N, 3, 3) float array, the group's triangles

    """

    surface: Triangles
    corners_m: Array

    @cached_property
    def _areas_m2(self) -> Array:
        """Areas by direction (N, 3), outward."""
        first, second = (self.corners_m[:, n] - self.corners_m[:, 0] for n in (1, 2))
        areas_m2 = np.cross(first, second) / 2
        _, faces, _ = self.surface.nearest(self.corners_m.mean(axis=1))
        return np.asarray(areas_m2 * np.sign(np.einsum("nc,nc->n", areas_m2, self.surface.normals[faces]))[:, None])

    @cached_property
    def area_m2(self) -> float:
        """Area of its faces."""
        return float(np.linalg.norm(self._areas_m2, axis=1).sum())

    @property
    def has_axis(self) -> bool:
        """Whether it pushes air one way."""
        return float(np.linalg.norm(self._areas_m2.sum(axis=0))) > MIN_NET_AREA * self.area_m2

    @property
    def off_surface(self) -> int:
        """Number of its triangles that are not on the surface."""
        distance_m, _, _ = self.surface.nearest(self.corners_m.mean(axis=1))
        return int((distance_m > SAME_PLACE * float(self.surface.size_m.max())).sum())

    @cached_property
    def axis(self) -> Array:
        """The way that it moves (3,)."""
        axis = self._areas_m2.sum(axis=0)
        return np.asarray(np.round(axis / np.linalg.norm(axis), DIGITS))

    @cached_property
    def place_m(self) -> Array:
        """Its middle by area (3,)."""
        weights = np.linalg.norm(self._areas_m2, axis=1)
        return np.asarray(weights @ self.corners_m.mean(axis=1) / weights.sum())

    def places(self, longest_m: float) -> tuple[Array, Array]:
        """Places (Q, 3) on the surface, one at least for each length, and the share of the air that each pushes (Q,), of sum 1."""
        finer = merged(self.corners_m).refined(longest_m)
        assert finer is not None
        _, faces, places_m = self.surface.nearest((RULE @ finer.corners_m).reshape(-1, 3))
        pushed_m2: Array = np.repeat(finer.areas_m2 / 3, 3) * (self.surface.normals[faces] @ self.axis)
        moving = np.abs(pushed_m2) > 1e-6 * np.abs(pushed_m2).max()
        places_m, pushed_m2 = places_m[moving], pushed_m2[moving]
        if len(places_m) > MAX_PLACES:
            places_m, pushed_m2 = _thinned(places_m, pushed_m2)
        return places_m, pushed_m2 / pushed_m2.sum()


def _thinned(places_m: Array, pushed_m2: Array) -> tuple[Array, Array]:
    """The place in each cube that is nearest to the middle of all places there, for all of them."""
    side_m = float(np.sqrt(np.abs(pushed_m2).sum() / MAX_PLACES)) * 2
    cubes = np.floor((places_m - places_m.min(axis=0)) / side_m)
    _, of = np.unique(cubes, axis=0, return_inverse=True)
    of = of.ravel()
    count = np.bincount(of)
    middle_m = np.stack([np.bincount(of, places_m[:, c]) for c in range(3)], axis=1) / count[:, None]
    order = np.lexsort((np.linalg.norm(places_m - middle_m[of], axis=1), of))
    first = order[np.searchsorted(of[order], np.arange(count.size))]
    return places_m[first], np.asarray(np.bincount(of, pushed_m2), dtype=float)
