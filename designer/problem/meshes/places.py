"""Drivers on a mesh: pistons by their place on it, and named groups of its faces."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designer.problem.meshes.triangles import Array, Index, Triangles, merged

RIM_PLACES = 24
RINGS = (0.25, 0.5, 0.75, 1.0)
"""Shares of the radius at which the surface under a piston is looked at."""
MIN_FACING = 0.5
"""Least cosine between the axis and the normals under a piston: below it, the piston goes over an edge."""
DIGITS = 9
OFF_EDGE = 1e-4
"""Share of the distance to the centroid by which places move inwards."""
RULE = np.array([[4.0, 1.0, 1.0], [1.0, 4.0, 1.0], [1.0, 1.0, 4.0]]) / 6
"""The corners' shares in the places of Gauss's rule of degree 2, all within the triangle."""
SAME_PLACE = 1e-5
"""Distance from the surface, over its size, within which a face is on it."""
MIN_NET_AREA = 0.05
"""Least share of the area that is left of the sum of areas by direction: a group around a body has no axis."""
MAX_PLACES = 1500


@dataclass(frozen=True)
class MountedPiston:
    """A driver on a surface: its place, the axis of the piston, and the part of the surface that it covers.

    Attributes
    ----------
    surface : Triangles
    place_m : (3,) float array, on it
    radius_m : float; 0 for a point source

    """

    surface: Triangles
    place_m: Array
    radius_m: float = 0.0

    @cached_property
    def axis(self) -> Array:
        """The way that it moves (3,): the mean normal of the triangles that its middle and rim are on."""
        _, face, _ = self.surface.nearest(self.place_m[None])
        axis = self.surface.normals[face[0]]
        if self.radius_m:
            for _ in range(2):
                way_m, faces = self.surface.hit(self._covered_m(axis), axis)
                near = np.abs(way_m) <= self.radius_m
                if not near.any():
                    break
                # A flat disc moves air along its axis: a triangle counts by how much of the disc it is.
                axis = self.surface.normals[faces[near]].mean(axis=0)
                axis = axis / np.linalg.norm(axis)
        return np.asarray(np.round(axis, DIGITS))

    @property
    def facing_deg(self) -> tuple[float, float]:
        """Azimuth and elevation of the axis."""
        x, y, z = self.axis.tolist()
        return math.degrees(math.atan2(y, x)), math.degrees(math.atan2(z, math.hypot(x, y)))

    def _covered_m(self, axis: Array) -> Array:
        across = np.cross(axis, [0.0, 0.0, 1.0] if abs(axis[2]) < 0.9 else [1.0, 0.0, 0.0])
        across /= np.linalg.norm(across)
        angle = 2 * np.pi * np.arange(RIM_PLACES) / RIM_PLACES
        ring = np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * np.cross(axis, across)
        rings = self.radius_m * np.array(RINGS)[:, None, None] * ring
        return np.asarray(self.place_m + np.concatenate([np.zeros((1, 3)), rings.reshape(-1, 3)]))

    @property
    def is_whole(self) -> bool:
        """Whether the surface carries the whole piston: no part is beyond an edge."""
        if not self.radius_m:
            return True
        way_m, faces = self.surface.hit(self._covered_m(self.axis), self.axis)
        return bool(((np.abs(way_m) <= self.radius_m) & (self.surface.normals[faces] @ self.axis >= MIN_FACING)).all())

    def on_surface(self, across_m: Array) -> tuple[Array, Array]:
        """Places (Q, 3) on the surface over those of the disc, from its middle (Q, 3), and 1, or 0 where there is no surface (Q,)."""
        if not self.radius_m:
            _, faces, places_m = self.surface.nearest(self.place_m[None])
            return self._off_edges_m(places_m, faces), np.ones(1)
        way_m, faces = self.surface.hit(self.place_m + across_m, self.axis)
        valid = np.abs(way_m) <= self.radius_m
        places_m = self.place_m + across_m + np.where(valid, way_m, 0.0)[:, None] * self.axis
        return self._off_edges_m(places_m, faces), valid.astype(float)

    def _off_edges_m(self, places_m: Array, faces: Index) -> Array:
        """Places a little towards the centroids of their triangles: one on an edge would be in the planes of two."""
        return np.asarray(places_m + OFF_EDGE * (self.surface.corners_m[faces].mean(axis=1) - places_m))


@dataclass(frozen=True)
class MountedGroup:
    """A driver as a group of faces: its middle, the axis along which it moves, and places that sample it.

    The group moves as a rigid piston along its axis, so that a face with the normal n pushes n·axis of its area. The axis is the mean
    normal by area. A rim across the axis pushes nothing.

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
