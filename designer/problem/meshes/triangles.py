"""A closed surface of triangles: its sizes, the places nearest to points, inside and outside, and finer triangles."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating[Any]]
Index = NDArray[np.intp]

MAX_NUMBERS = 500_000
"""Points times triangles that are held at once."""
NEXT = np.array([1, 2, 0])
EDGE_SHARE = 1e-9
"""Share of a triangle's sides by which a ray may miss it: between two triangles none is missed."""
SAME_LENGTH = 1 + 1e-9
"""Ratio of lengths that are the same but for rounding."""


@dataclass(frozen=True)
class Triangles:
    """A surface in metres.

    Attributes
    ----------
    vertices_m : (V, 3) float array
    faces : (T, 3) int array, counter-clockwise as seen from outside

    """

    vertices_m: Array
    faces: Index

    @cached_property
    def corners_m(self) -> Array:
        """Corners (T, 3, 3)."""
        return np.asarray(self.vertices_m[self.faces])

    @cached_property
    def _doubled(self) -> Array:
        a, b, c = self.corners_m.transpose(1, 0, 2)
        return np.asarray(np.cross(b - a, c - a))

    @cached_property
    def areas_m2(self) -> Array:
        """Areas (T,)."""
        return np.asarray(np.linalg.norm(self._doubled, axis=1) / 2)

    @cached_property
    def normals(self) -> Array:
        """Unit normals (T, 3), outward."""
        return np.asarray(self._doubled / np.maximum(2 * self.areas_m2[:, None], 1e-300))

    @cached_property
    def bounds_m(self) -> Array:
        """Lowest and highest coordinates (2, 3)."""
        return np.stack([self.vertices_m.min(axis=0), self.vertices_m.max(axis=0)])

    @property
    def size_m(self) -> Array:
        """Depth, width and height (3,)."""
        return np.asarray(self.bounds_m[1] - self.bounds_m[0])

    @property
    def centre_m(self) -> Array:
        """Middle of the bounds (3,)."""
        return np.asarray(self.bounds_m.mean(axis=0))

    @cached_property
    def volume_m3(self) -> float:
        """Enclosed volume; negative where the triangles face inwards."""
        from_centre = self.corners_m - self.centre_m
        return float(np.einsum("tc,tc->", from_centre[:, 0], np.cross(from_centre[:, 1], from_centre[:, 2])) / 6)

    @cached_property
    def bodies(self) -> list[Triangles]:
        """The closed surfaces that share no vertex with each other, in the order of their first triangles."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import connected_components

        count, links = len(self.vertices_m), (self.faces.ravel(), self.faces[:, NEXT].ravel())
        _, body = connected_components(
            coo_array((np.ones(self.faces.size), links), shape=(count, count)), directed=False
        )
        of_face = body[self.faces[:, 0]]
        _, first = np.unique(of_face, return_index=True)
        return [used(self.vertices_m, self.faces[of_face == of_face[n]]) for n in np.sort(first).tolist()]

    def farthest_m(self, begin_m: Array, direction: Array) -> float:
        """Distance of the last place at which a ray from a point (3,) meets the surface; NaN where it does not meet it."""
        a, b, c = self.corners_m.transpose(1, 0, 2)
        first, second, way_m = b - a, c - a, begin_m - a
        across = np.cross(np.broadcast_to(direction, second.shape), second)
        determinant = np.einsum("tx,tx->t", first, across)
        is_crossed = np.abs(determinant) > 1e-12 * np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
        inverse = 1 / np.where(is_crossed, determinant, 1.0)
        beside = np.cross(way_m, first)
        u = np.einsum("tx,tx->t", way_m, across) * inverse
        v = beside @ direction * inverse
        distance_m = np.einsum("tx,tx->t", second, beside) * inverse
        meets = is_crossed & (u > -EDGE_SHARE) & (v > -EDGE_SHARE) & (u + v < 1 + EDGE_SHARE) & (distance_m > 0)
        return float(distance_m[meets].max()) if meets.any() else math.nan

    def nearest(self, points_m: Array) -> tuple[Array, Index, Array]:
        """Distance (M,) of points (M, 3) from the surface, the nearest triangle (M,), and the place on it (M, 3)."""
        distance_m, face, place_m = (
            np.empty(len(points_m)),
            np.empty(len(points_m), dtype=np.intp),
            np.empty((len(points_m), 3)),
        )
        size = max(1, MAX_NUMBERS // len(self.faces))
        for start in range(0, len(points_m), size):
            part = slice(start, start + size)
            distance_m[part], face[part], place_m[part] = self._nearest(points_m[part])
        return distance_m, face, place_m

    def _nearest(self, points_m: Array) -> tuple[Array, Index, Array]:
        corners, edges = self.corners_m, self.corners_m[:, NEXT] - self.corners_m
        rows = np.arange(len(points_m))
        best2, face, place_m = (
            np.full(len(points_m), np.inf),
            np.zeros(len(points_m), dtype=np.intp),
            np.zeros_like(points_m),
        )
        inward = np.cross(self.normals[:, None], edges)  # (T, 3, 3)
        within = np.ones((len(points_m), len(corners)), dtype=bool)
        for n in range(3):
            way = points_m[:, None] - corners[:, n]
            within &= np.einsum("mtc,tc->mt", way, inward[:, n]) >= 0
            along = np.einsum("mtc,tc->mt", way, edges[:, n]) / np.maximum((edges[:, n] ** 2).sum(axis=1), 1e-300)
            along = np.clip(along, 0.0, 1.0)
            away = way - along[..., None] * edges[:, n]
            away2 = np.einsum("mtc,mtc->mt", away, away)
            nearest = away2.argmin(axis=1)
            nearer = away2[rows, nearest] < best2
            best2 = np.where(nearer, away2[rows, nearest], best2)
            face = np.where(nearer, nearest, face)
            place_m = np.where(nearer[:, None], points_m - away[rows, nearest], place_m)
        height = np.einsum("mtc,tc->mt", points_m[:, None] - corners[:, 0], self.normals)
        over2 = np.where(within, height**2, np.inf)
        nearest = over2.argmin(axis=1)
        nearer = over2[rows, nearest] <= best2 * (1 + 1e-12)
        foot = points_m - height[rows, nearest][:, None] * self.normals[nearest]
        return (
            np.sqrt(np.where(nearer, over2[rows, nearest], best2)),
            np.where(nearer, nearest, face),
            np.where(nearer[:, None], foot, place_m),
        )

    def windings(self, points_m: Array) -> Array:
        """Winding number of the surface around points (M, 3): 1 inside, 0 outside."""
        out = np.empty(len(points_m))
        size = max(1, MAX_NUMBERS // len(self.faces))
        for start in range(0, len(points_m), size):
            a, b, c = (self.corners_m[:, n] - points_m[start : start + size, None] for n in range(3))
            la, lb, lc = (np.linalg.norm(way, axis=-1) for way in (a, b, c))
            volume = np.einsum("mtc,mtc->mt", a, np.cross(b, c))
            ab, bc, ca = (np.einsum("mtc,mtc->mt", *ways) for ways in ((a, b), (b, c), (c, a)))
            angle = np.arctan2(volume, la * lb * lc + ab * lc + bc * la + ca * lb)
            out[start : start + size] = angle.sum(axis=1) / (2 * math.pi)
        return out

    def clearance_m(self, points_m: Array) -> Array:
        """Distance from the surface (M,) of points (M, 3); negative inside."""
        distance_m, _, _ = self.nearest(points_m)
        boxed = ((points_m > self.bounds_m[0]) & (points_m < self.bounds_m[1])).all(axis=1)
        inside = np.zeros(len(points_m), dtype=bool)
        if boxed.any():
            inside[boxed] = self.windings(points_m[boxed]) > 0.5
        return np.where(inside, -distance_m, distance_m)

    def hit(self, points_m: Array, axis: Array) -> tuple[Array, Index]:
        """Nearest places at which lines through points (M, 3) along an axis (3,) meet the surface: distance along it (M,), triangle (M,).

        The distance is infinite where a line meets no triangle that faces along the axis.
        """
        facing = self.normals @ axis
        ahead = np.flatnonzero(facing > 1e-6)
        if not ahead.size:
            return np.full(len(points_m), np.inf), np.zeros(len(points_m), dtype=np.intp)
        corners = self.corners_m[ahead]
        way = np.einsum("mtc,tc->mt", corners[:, 0] - points_m[:, None], self.normals[ahead]) / facing[ahead]
        within = np.ones(way.shape, dtype=bool)
        for n in range(3):
            edge = corners[:, NEXT[n]] - corners[:, n]
            beside = np.einsum("mtc,tc->mt", points_m[:, None] - corners[:, n], np.cross(axis, edge))
            within &= beside >= -1e-9 * (edge**2).sum(axis=1)
        way = np.where(within, way, np.inf)
        first = np.abs(way).argmin(axis=1)
        return way[np.arange(len(points_m)), first], ahead[first]

    def refined(self, longest_m: float, most: float = math.inf) -> Triangles | None:
        """Triangles whose edges are halved until none is longer; None if they are more than `most`.

        An edge is halved for both of its triangles, so that the surface stays closed.
        """
        vertices, faces = self.vertices_m, self.faces
        while True:
            edges, of = edges_of(faces)
            long = np.linalg.norm(vertices[edges[:, 0]] - vertices[edges[:, 1]], axis=1) > longest_m * SAME_LENGTH
            if not long.any():
                return Triangles(vertices, faces)
            middle = np.full(len(edges), -1)
            middle[long] = len(vertices) + np.arange(long.sum())
            vertices = np.concatenate([vertices, vertices[edges[long]].mean(axis=1)])
            faces = split(vertices, faces, middle[of])
            if len(faces) > most:
                return None


def edges_of(faces: Index) -> tuple[Index, Index]:
    """Vertices of the edges (E, 2), and the edge from each corner of a triangle to the next (T, 3)."""
    pairs = np.sort(np.stack([faces, faces[:, NEXT]], axis=-1).reshape(-1, 2), axis=1)
    edges, of = np.unique(pairs, axis=0, return_inverse=True)
    return edges, of.reshape(-1, 3)


def merged(corners_m: Array) -> Triangles:
    """Triangles (T, 3, 3) with the vertices that they share."""
    scale = 1e10 / float(np.abs(corners_m).max())
    _, first, of = np.unique(
        np.round(corners_m.reshape(-1, 3) * scale) + 0.0, axis=0, return_index=True, return_inverse=True
    )
    return Triangles(corners_m.reshape(-1, 3)[first], of.reshape(-1, 3))


def used(vertices: Array, faces: Index) -> Triangles:
    """Triangles (T, 3) with their vertices alone, of more."""
    index, of = np.unique(faces, return_inverse=True)
    return Triangles(vertices[index], of.reshape(-1, 3))


def split(vertices: Array, faces: Index, middles: Index) -> Index:
    """Triangles with the middles (T, 3) of the edges from each corner to the next, -1 where an edge is not halved."""
    halved = middles >= 0
    parts = [faces[~halved.any(axis=1)]]
    for count in (1, 2, 3):
        those = halved.sum(axis=1) == count
        # Turned so that the first edge is the halved one; of two, the edge that is not halved is the last.
        turn = halved[those].argmax(axis=1) if count == 1 else (np.argmin(halved[those], axis=1) + 1) % 3
        order = (turn[:, None] + np.arange(3)) % 3
        a, b, c = np.take_along_axis(faces[those], order, axis=1).T
        m, n, o = np.take_along_axis(middles[those], order, axis=1).T
        if count == 1:
            parts += [np.stack([a, m, c], axis=1), np.stack([m, b, c], axis=1)]
        elif count == 2:
            shorter = np.linalg.norm(vertices[m] - vertices[c], axis=1) < np.linalg.norm(
                vertices[a] - vertices[n], axis=1
            )
            parts.append(np.stack([m, b, n], axis=1))
            parts.append(np.where(shorter[:, None], np.stack([a, m, c], axis=1), np.stack([a, m, n], axis=1)))
            parts.append(np.where(shorter[:, None], np.stack([m, n, c], axis=1), np.stack([a, n, c], axis=1)))
        else:
            parts += [np.stack(part, axis=1) for part in ((a, m, o), (m, b, n), (o, n, c), (m, n, o))]
    return np.concatenate(parts)
