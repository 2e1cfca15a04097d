"""Drivers on a mesh: the place on it, the axis of the piston, and the part of the surface that it covers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designer.problem.meshes.triangles import Array, Index, Triangles

RIM_PLACES = 24
RINGS = (0.25, 0.5, 0.75, 1.0)
"""Shares of the radius at which the surface under a piston is looked at."""
MIN_FACING = 0.5
"""Least cosine between the axis and the normals under a piston: below it, the piston goes over an edge."""
DIGITS = 9
OFF_EDGE = 1e-4
"""Share of the distance to the centroid by which places move inwards."""


@dataclass(frozen=True)
class MountedPiston:
    """A driver on a surface.

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
