"""The field around a body of triangles from the pressure and its slope on the surface, near, far and summed over all directions.

    p(x) = Σ [ (jk + 1/R) G r·w/R p - G s ],     r = x - y, G = e^{-jkR}/(4πR)                                     (1)

over the middles y of the edges: w and s are the sums over an edge's triangles of a third of their area times the normal and times ∂p/∂n.
The rule is exact for polynomials of degree 2. Nearer than NEAR_EDGES edges each triangle is cut into smaller parts, and their centroids
are the sources. Far away R e^{jkR} p → Σ e^{jk y·u} (jk u·w p - s)/(4π).

**Power.** The mean over the sphere of F_i* F_j by Gauss's rule in the cosine from the z axis and equal steps of azimuth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from scipy.sparse import csr_array

from designer.acoustics.enclosures.mesh_grid import MeshGrid
from designer.acoustics.quadrature import gauss_legendre
from designer.acoustics.turning import phase
from designer.arrays import Complex, Index, Real

MAX_NUMBERS = 400_000
"""Points times sources that are held at once, in the processor's cache."""
NEAR_EDGES = 1.5
"""Distance in edges below which triangles are cut."""
MOST_CUTS = 8
EXTRA_ORDER = 12
"""Orders beyond the phase across the body, as for spherical harmonics, for one digit more."""


@dataclass(frozen=True)
class Sources:
    """Places on the part (Y, 3), normals times areas (Y, 3), and the sparse matrices (Y, V) and (Y, T) that interpolate p and s to them."""

    places_m: Real
    weights_m2: Real
    pressure: csr_array
    slope: csr_array


@dataclass(frozen=True)
class MeshSurface:
    """Scattered pressure and slope on a mesh at wave numbers in equal steps from 0.

    Attributes
    ----------
    grid : MeshGrid
    k_step : float, rad/m
    values : (N, S, V + T, L) complex64 array, p at the vertices and ∂p/∂n on the triangles, by parities

    """

    grid: MeshGrid
    k_step: float
    values: Complex

    @property
    def count(self) -> int:
        """Wave numbers that are solved."""
        return len(self.values)

    @cached_property
    def middles(self) -> Sources:
        """Sources at the middles of the edges."""
        return edge_sources(self.grid)

    def _at_images(self, node: int, sources: Sources) -> tuple[Complex, Complex]:
        """P (S, Y, L) and s likewise at the sources of each image."""
        values = self.grid.images_of(self.values[node])
        count = len(self.grid.vertices_m)
        p = np.stack([sources.pressure @ image[:count] for image in values])
        return p, np.stack([sources.slope @ image[count:] for image in values])

    def field(self, nodes: Index, points_m: Real) -> Complex:
        """Equation (1) at consecutive wave numbers, by index (N,): (N, M, L) at points (M, 3) from the body's centre."""
        out = np.zeros((nodes.size, len(points_m), self.values.shape[-1]), dtype=np.complex64)
        cuts = self._cuts(points_m)
        for count in np.unique(cuts).tolist():
            (part,) = np.nonzero(cuts == count)
            sources = self.middles if count == 1 else cut_sources(self.grid, count)
            values = [self._at_images(node, sources) for node in nodes.tolist()]
            size = max(1, MAX_NUMBERS // len(sources.places_m))
            for m, mirror in enumerate(self.grid.mirrors):
                for start in range(0, part.size, size):
                    block = part[start : start + size]
                    # The image's field at a point is the part's at the point's image.
                    way = points_m[block, None] * mirror - sources.places_m  # (M, Y, 3)
                    self._add(out, block, nodes, way, sources.weights_m2, [(p[m], s[m]) for p, s in values])
        return out

    def _add(
        self,
        out: Complex,
        block: Index,
        nodes: Index,
        way: Real,
        weights_m2: Real,
        values: list[tuple[Complex, Complex]],
    ) -> None:
        R = np.linalg.norm(way, axis=-1)
        across = (np.einsum("myc,yc->my", way, weights_m2) / R).astype(np.float32)
        over_R = across / R.astype(np.float32)
        wave = (phase(-nodes[0] * self.k_step * R) / (4 * np.pi * R)).astype(np.complex64)
        step = phase(-self.k_step * R).astype(np.complex64)
        for n, (node, (p, s)) in enumerate(zip(nodes.tolist(), values, strict=True)):
            dipole = over_R + (1j * np.float32(node * self.k_step)) * across
            out[n, block] += (wave * dipole) @ p - wave @ s
            wave *= step

    def _cuts(self, points_m: Real) -> Index:
        """Number of parts along each edge that points (M, 3) need (M,)."""
        grid = self.grid
        cuts = np.ones(len(points_m), dtype=int)
        close = np.flatnonzero(
            np.linalg.norm(points_m, axis=1) < grid.half_diagonal_m + NEAR_EDGES * longest_edge_m(grid)
        )
        size = max(1, MAX_NUMBERS // len(grid.faces))
        for start in range(0, close.size, size):
            block = close[start : start + size]
            needed = np.ones(block.size)
            for mirror in grid.mirrors:
                way = points_m[block, None] * mirror - grid.centres_m
                away_m = np.maximum(np.linalg.norm(way, axis=-1) - grid.radii_m / 2, 1e-9)
                needed = np.maximum(needed, (NEAR_EDGES * 1.7 * grid.radii_m / away_m).max(axis=1))
            cuts[block] = np.clip(np.ceil(needed), 1, MOST_CUTS)
        return cuts

    def far_field(self, nodes: Index, directions: Real) -> Complex:
        """The limit of R e^{jkR} p (N, M, L) for unit vectors (M, 3)."""
        sources = self.middles
        out = np.zeros((nodes.size, len(directions), self.values.shape[-1]), dtype=np.complex64)
        values = [self._at_images(node, sources) for node in nodes.tolist()]
        size = max(1, MAX_NUMBERS // len(sources.places_m))
        for m, mirror in enumerate(self.grid.mirrors):
            for start in range(0, len(directions), size):
                rays = directions[start : start + size] * mirror
                way = rays @ sources.places_m.T
                along = (rays @ sources.weights_m2.T).astype(np.float32)
                wave = (phase(nodes[0] * self.k_step * way) / (4 * np.pi)).astype(np.complex64)
                step = phase(self.k_step * way).astype(np.complex64)
                for n, (node, (p, s)) in enumerate(zip(nodes.tolist(), values, strict=True)):
                    dipole = wave * along
                    dipole *= 1j * np.float32(node * self.k_step)
                    out[n, start : start + size] += dipole @ p[m] - wave @ s[m]
                    wave *= step
        return out

    def directions(self, node: int) -> tuple[Real, Real]:
        """Unit vectors (M, 3), and weights (M,) of sum 1, for the mean of far fields' products over the sphere."""
        order = math.ceil(node * self.k_step * self.grid.half_diagonal_m) + EXTRA_ORDER
        cosine, weight = gauss_legendre(order)
        count = 2 * order
        azimuth = 2 * np.pi * np.arange(count) / count
        sine = np.sqrt(1 - cosine**2)[:, None]
        rays = np.stack(np.broadcast_arrays(sine * np.cos(azimuth), sine * np.sin(azimuth), cosine[:, None]), axis=-1)
        return rays.reshape(-1, 3), np.repeat(weight / 2 / count, count)


def edge_sources(grid: MeshGrid) -> Sources:
    """One source at the middle of each edge."""
    edges, of = grid.edges
    third = grid.areas_m2 / 3
    weights = np.zeros((len(edges), 3))
    for n in range(3):
        np.add.at(weights, of[:, n], grid.normals * third[:, None])
    rows = np.repeat(np.arange(len(edges)), 2)
    pressure = csr_array((np.full(rows.size, 0.5), (rows, edges.ravel())), shape=(len(edges), len(grid.vertices_m)))
    shape = len(edges), len(grid.faces)
    slope = csr_array((np.repeat(third, 3), (of.ravel(), np.repeat(np.arange(len(grid.faces)), 3))), shape=shape)
    return Sources(grid.vertices_m[edges].mean(axis=1), weights, pressure.astype(np.float32), slope.astype(np.float32))


def cut_sources(grid: MeshGrid, count: int) -> Sources:
    """One source at the centroid of each of the count² parts of each triangle."""
    shares = _parts(count)
    triangles, parts = len(grid.faces), len(shares)
    rows = np.arange(triangles * parts)
    of = np.repeat(np.arange(triangles), parts)
    area = np.repeat(grid.areas_m2 / parts, parts)
    pressure = csr_array(
        (np.tile(shares, (triangles, 1)).ravel(), (np.repeat(rows, 3), np.repeat(grid.faces, parts, axis=0).ravel())),
        shape=(rows.size, len(grid.vertices_m)),
    )
    slope = csr_array((area, (rows, of)), shape=(rows.size, triangles))
    places_m = (shares @ grid.corners_m).reshape(-1, 3)
    return Sources(places_m, grid.normals[of] * area[:, None], pressure.astype(np.float32), slope.astype(np.float32))


@cache
def _parts(count: int) -> Real:
    """The corners' shares in the centroids of count² equal parts of a triangle."""
    first, second = np.meshgrid(np.arange(count), np.arange(count), indexing="ij")
    upright, turned = first + second < count, first + second < count - 1
    a = np.concatenate([first[upright] + 1 / 3, first[turned] + 2 / 3]) / count
    b = np.concatenate([second[upright] + 1 / 3, second[turned] + 2 / 3]) / count
    return np.stack([1 - a - b, a, b], axis=1)


def longest_edge_m(grid: MeshGrid) -> float:
    """Length of the longest edge."""
    edges = grid.vertices_m[grid.edges[0]]
    return float(np.linalg.norm(edges[:, 0] - edges[:, 1], axis=1).max())
