"""Interpolation between directions on the sphere: who stands around a direction, and with which weight.

The convex hull of unit vectors is their spherical Delaunay triangulation: the plane of a facet cuts the sphere in the
facet's empty circle, whose angular radius is the arc cosine of the plane's distance from the centre. A direction's ray
leaves the hull through the facet that maximises (normal · direction) / distance, at the point x; its weights are
Wachspress's coordinates of x in that facet,

    w_i ∝ A(v_{i-1}, v_i, v_{i+1}) Π_{j ≠ i-1, i} A(x, v_j, v_{j+1})        A: area of a triangle

which on a triangle are the barycentric ones. Facets of one plane are taken together first: rings of directions make
trapezia, and a triangulation would cut them by an arbitrary diagonal and so break the symmetry of a symmetric set.
Weights are continuous everywhere, linear along each edge, at least 0, and sum to 1.

A facet whose empty circle is wider than `MAX_GAP_DEG` is a gap: nothing is measured there, and a direction in it is refused
unless it lies within `TOLERANCE_DEG` of the gap's border, where the nearest point of the border stands in. Directions
on one circle (a turntable's) have no facets: all around their ring is gap, and the ring its border.

Source: E. Wachspress, A Rational Finite Element Basis (1975); J. Warren et al., Barycentric coordinates for convex sets
(Advances in Computational Mathematics 27, 2007).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import Bool, Index, Real

if TYPE_CHECKING:
    from scipy.sparse import csr_array

MAX_GAP_DEG = 25.0  # radius of an empty circle from which on nothing is interpolated across it
TOLERANCE_DEG = 2.5  # how far beyond the border of what is measured a direction may lie
BLOCK = 128  # directions whose facets are sought at once: what they are held against stays in the processor's cache
MAX_COPLANAR = 1e-5
"""Facets whose normals differ by less than this are one polygon; rows of directions are stored to about 1e-6."""


class GapError(ValueError):
    """A direction where nothing is measured; `direction` is its unit vector, `name` says where the gap is."""

    def __init__(self, direction: Real, name: str) -> None:
        self.direction, self.name = direction, name
        super().__init__(name)


@dataclass(frozen=True)
class Polygons:
    """Faces of a convex hull: unit normals (P, 3), distances of their planes from the centre (P,), and their corners.

    The corners of all polygons stand one after the other, counter-clockwise seen from outside; those of the polygon p
    begin at start[p].
    """

    normals: Real
    distances: Real
    corner: Index  # (E,)
    start: Index  # (P + 1,)
    gap_deg: float = MAX_GAP_DEG

    @property
    def sizes(self) -> Index:
        """How many corners each polygon has (P,)."""
        return np.diff(self.start)

    @property
    def gap(self) -> Bool:
        """Which polygons have an empty circle so wide that nothing is interpolated across it (P,)."""
        return np.asarray(self.distances < np.cos(np.radians(self.gap_deg)))


class SphereInterpolation:
    """Weights of measured directions (N, 3), unit vectors that all differ; an empty circle of the radius `gap_deg` is a gap."""

    def __init__(self, directions: Real, *, gap_deg: float = MAX_GAP_DEG) -> None:
        self.directions = directions
        self.polygons = polygons_of(directions, gap_deg=gap_deg)
        self.border = _ring(directions) if self.polygons is None else _border(self.polygons)

    @property
    def holes_deg(self) -> Real:
        """Angular radius of the empty circle of each polygon; a turntable's ring has none."""
        distances = np.empty(0) if self.polygons is None else self.polygons.distances
        return np.asarray(np.degrees(np.arccos(np.clip(distances, -1.0, 1.0))))

    def weights(self, rays: Real) -> csr_array:
        """Weights (Q, N) of directions (Q, 3): rows sum to 1.

        Raises
        ------
        GapError : for the first direction where nothing is measured
        """
        rows: list[Index] = []
        columns: list[Index] = []
        values: list[Real] = []
        left_over = np.ones(len(rays), dtype=bool)
        if self.polygons is not None:
            faces = self.polygons
            inside, closeness = self._facets(rays)
            whole = bool((faces.distances > 0).all())  # the hull holds the centre: every ray leaves it somewhere
            left_over = faces.gap[inside] | (closeness <= 0)
            for size in np.unique(faces.sizes[inside[~left_over]]):
                queries = np.flatnonzero(~left_over & (faces.sizes[inside] == size))
                facets = inside[queries]
                index = faces.corner[faces.start[facets][:, None] + np.arange(size)]  # (q, size)
                x = rays[queries] / closeness[queries][:, None]
                share = _wachspress(self.directions[index], x, faces.normals[facets])
                # Beside a set that covers less than half of the sphere.
                outside = (share.min(axis=1) < -1e-6) & ~np.array(whole)
                left_over[queries[outside]] = True
                rows.append(np.repeat(queries[~outside], size))
                columns.append(index[~outside].ravel())
                values.append(np.maximum(share[~outside], 0.0).ravel())
        for query in np.flatnonzero(left_over):
            ends, share = self._on_border(rays[query])
            rows.append(np.full(2, query))
            columns.append(ends)
            values.append(share)
        from scipy.sparse import csr_array  # slow to import

        shape = (len(rays), len(self.directions))
        if not rows:
            return csr_array(shape)
        row, value = np.concatenate(rows), np.concatenate(values)
        total = np.bincount(row, value, len(rays))
        return csr_array((value / total[row], (row, np.concatenate(columns))), shape=shape)

    def covers(self, rays: Real) -> Bool:
        """Which directions (Q, 3) lie between measured ones, gaps and what is around them left out."""
        if self.polygons is None:
            return np.zeros(len(rays), dtype=bool)
        inside, closeness = self._facets(rays)
        return np.asarray(~self.polygons.gap[inside] & (closeness > 0))

    def _facets(self, rays: Real) -> tuple[Index, Real]:
        """The facet (Q,) through which the ray of each direction (Q, 3) leaves the hull, and one over how far out that is."""
        faces = self.polygons
        assert faces is not None
        scaled_normals = faces.normals / np.where(faces.distances > 1e-9, faces.distances, np.inf)[:, None]
        blocks = [
            (rays[start : start + BLOCK] @ scaled_normals.T).argmax(axis=1) for start in range(0, len(rays), BLOCK)
        ]
        inside = np.concatenate([np.empty(0, dtype=np.intp), *blocks])
        return inside, np.sum(rays * scaled_normals[inside], axis=1)

    def onto(self, rays: Real) -> Real:
        """Directions (Q, 3), those that are not covered moved to the nearest point of the border of what is measured."""
        result = np.array(rays, dtype=float)
        start, stop = self.directions[self.border[:, 0]], self.directions[self.border[:, 1]]
        cosine = np.sum(start * stop, axis=1)
        area = 1 - cosine**2
        for query in np.flatnonzero(~self.covers(rays)):
            # The shares of both ends in the direction's shadow on the plane of the great circle through them.
            from_start, from_stop = start @ rays[query], stop @ rays[query]
            first, last = from_start - cosine * from_stop, from_stop - cosine * from_start
            inside = (first > 0) & (last > 0) & (area > 1e-12)
            first, last = (
                np.where(inside, first, from_start >= from_stop),
                np.where(inside, last, from_start < from_stop),
            )
            points = first[:, None] * start + last[:, None] * stop
            points /= np.linalg.norm(points, axis=1, keepdims=True)
            result[query] = points[np.argmax(points @ rays[query])]
        return result

    def _on_border(self, rays: Real) -> tuple[Index, Real]:
        """The ends (2,) of the border's edge that is nearest to a direction in a gap, and their shares."""
        start, stop = self.directions[self.border[:, 0]], self.directions[self.border[:, 1]]
        along = stop - start
        length = np.maximum(np.sum(along**2, axis=1), 1e-30)
        share = np.clip(np.sum((rays - start) * along, axis=1) / length, 0.0, 1.0)
        point = start + share[:, None] * along
        cosine = point @ rays / np.linalg.norm(point, axis=1)
        nearest = int(np.argmax(cosine))
        if cosine[nearest] < np.cos(np.radians(TOLERANCE_DEG)):
            raise GapError(rays, self.gap_name(rays))
        return self.border[nearest], np.array([1 - share[nearest], share[nearest]])

    def gap_name(self, ray: Real) -> str:
        """Where nothing is measured around a direction, in a person's words."""
        elevation = np.degrees(np.arcsin(np.clip(self.directions[:, 2], -1.0, 1.0)))
        sought = float(np.degrees(np.arcsin(np.clip(ray[2], -1.0, 1.0))))
        if np.ptp(elevation) < 1.0:
            return f"nothing is measured off {_degrees(elevation.mean())} degrees of elevation"
        if sought < elevation.min():
            return f"nothing is measured below {_degrees(elevation.min())} degrees of elevation"
        if sought > elevation.max():
            return f"nothing is measured above {_degrees(elevation.max())} degrees of elevation"
        nearest = self.directions[int(np.argmax(self.directions @ ray))]
        away = float(np.degrees(np.arccos(np.clip(nearest @ ray, -1.0, 1.0))))
        return f"nothing is measured within {away:.0f} degrees of it: the nearest is {direction_text(nearest)}"


def spherical_deg(rays: Real) -> tuple[Real, Real]:
    """Azimuth and elevation (...,) of unit vectors (..., 3), in degrees."""
    rays = np.asarray(rays)
    flat = np.hypot(rays[..., 0], rays[..., 1])
    azimuth = np.degrees(np.arctan2(rays[..., 1], rays[..., 0]))
    return np.asarray(azimuth), np.asarray(np.degrees(np.arctan2(rays[..., 2], flat)))


def direction_text(ray: Real) -> str:
    """A direction as a person says it."""
    azimuth, elevation = spherical_deg(ray)
    return f"azimuth {_degrees(azimuth)}, elevation {_degrees(elevation)}"


def _degrees(angle: float | Real) -> str:
    return f"{round(float(angle), 1) + 0.0:g}"


def polygons_of(directions: Real, *, gap_deg: float = MAX_GAP_DEG) -> Polygons | None:
    """The hull's facets, those of one plane as one polygon; None for directions on one circle."""
    spread = np.linalg.svd(directions - directions.mean(axis=0), compute_uv=False)
    if len(directions) < 4 or spread[2] < 1e-6 * spread[0]:
        return None
    from scipy.spatial import ConvexHull  # slow to import

    hull = ConvexHull(directions)
    face = _faces(hull.neighbors.astype(np.intp), hull.equations[:, :3])
    facets = np.bincount(face)
    summed: Real = np.stack([np.bincount(face, hull.equations[:, axis]) for axis in range(3)], axis=1)
    normals: Real = summed / np.linalg.norm(summed, axis=1, keepdims=True)
    distances: Real = -np.bincount(face, hull.equations[:, 3]) / facets
    # Each polygon's corners once, then by their angle around its middle.
    pairs = np.unique(np.repeat(face, 3) * len(directions) + hull.simplices.ravel())
    face, corner = pairs // len(directions), pairs % len(directions)
    count = np.bincount(face)
    start = np.concatenate([[0], np.cumsum(count)])
    middle = np.stack([np.bincount(face, directions[corner, axis]) for axis in range(3)], axis=1) / count[:, None]
    away = directions[corner] - middle[face]
    across = away[start[:-1]]
    up = np.cross(normals, across)
    angle = np.arctan2(np.sum(away * up[face], axis=1), np.sum(away * across[face], axis=1))
    return Polygons(normals, distances, corner[np.lexsort((angle, face))], start, gap_deg)


def _faces(neighbours: Index, normals: Real) -> Index:
    """A number for each facet, the same for neighbours of one plane."""
    from scipy.sparse import csr_array  # slow to import
    from scipy.sparse.csgraph import connected_components

    count = len(normals)
    tails, heads = np.repeat(np.arange(count), neighbours.shape[1]), neighbours.ravel()
    same = np.linalg.norm(normals[tails] - normals[heads], axis=1) < MAX_COPLANAR
    graph = csr_array((np.ones(int(same.sum())), (tails[same], heads[same])), shape=(count, count))
    return np.asarray(connected_components(graph, directed=False)[1])


def _wachspress(corners: Real, x: Real, normal: Real) -> Real:
    """Coordinates (q, K) of points (q, 3) in convex polygons (q, K, 3) with normals (q, 3)."""
    count = corners.shape[1]
    following = np.roll(corners, -1, axis=1)

    def area(a: Real, b: Real, c: Real) -> Real:
        p, q, n = b - a, c - a, normal[:, None]
        return np.asarray(
            n[..., 0] * (p[..., 1] * q[..., 2] - p[..., 2] * q[..., 1])
            + n[..., 1] * (p[..., 2] * q[..., 0] - p[..., 0] * q[..., 2])
            + n[..., 2] * (p[..., 0] * q[..., 1] - p[..., 1] * q[..., 0])
        )

    at_x = area(np.broadcast_to(x[:, None], corners.shape), corners, following)  # (q, K): of the edge k, k+1
    at_corner = area(np.roll(corners, 1, axis=1), corners, following)
    share = at_corner.copy()
    for i in range(count):
        for j in range(count):
            if j not in (i, (i - 1) % count):
                share[:, i] *= at_x[:, j] / at_corner.mean(axis=1)  # the scale keeps long products from underflow
    return np.asarray(share / share.sum(axis=1, keepdims=True))


def _border(faces: Polygons) -> Index:
    """Edges (B, 2) that a gap shares with what is measured, and each direction that only gaps surround."""
    following = np.arange(1, faces.corner.size + 1)
    following[faces.start[1:] - 1] = faces.start[:-1]
    edges = np.sort(np.stack([faces.corner, faces.corner[following]], axis=1), axis=1)
    in_gap = np.repeat(faces.gap, faces.sizes)
    order = np.lexsort((edges[:, 1], edges[:, 0]))
    edges, in_gap_sorted = edges[order], in_gap[order]
    both = (edges[:-1] == edges[1:]).all(axis=1) & (in_gap_sorted[:-1] != in_gap_sorted[1:])
    corners_alone = np.setdiff1d(faces.corner[in_gap], faces.corner[~in_gap])
    return np.concatenate([edges[:-1][both], np.stack([corners_alone, corners_alone], axis=1)])


def _ring(directions: Real) -> Index:
    """Edges (B, 2) between neighbours on the circle of a flat set, where they are close enough; else each alone."""
    count = len(directions)
    loops = np.stack([np.arange(count)] * 2, axis=1)
    if count == 1:
        return loops
    centre = directions.mean(axis=0)
    axes = np.linalg.svd(directions - centre)[2]
    away = directions - centre
    order = np.arange(2) if count == 2 else np.argsort(np.arctan2(away @ axes[1], away @ axes[0]))
    edges = np.stack([order, np.roll(order, -1)], axis=1)
    cosine = np.sum(directions[edges[:, 0]] * directions[edges[:, 1]], axis=1)
    close = cosine > np.cos(np.radians(2 * MAX_GAP_DEG))
    return np.concatenate([edges[close], loops])
