"""Triangles of a body and their mirror images, and linear functions on them.

Where a body has mirror planes through its centre, its surface is the images m of one part of it, and a function on it is the sum of parts
that are even or odd about each plane (as in `box_grid`),

    p(m y) = Σ_s χ_s(m) p_s(y),     p_s(y) = mean of χ_s(m) p(m y) over m                                          (1)

so that each parity s is a problem of its own on the part alone. Without planes there is one image and one parity.

p is linear on each triangle, with a value a vertex; q = ∂p/∂n is constant on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from designer.arrays import Complex, Index, Real
from designer.problem.meshes.mirrors import reflections
from designer.problem.meshes.triangles import NEXT, Triangles, edges_of


@dataclass(frozen=True)
class MeshGrid(Triangles):
    """A part of a surface around the origin, whose images are the whole.

    Attributes
    ----------
    vertices_m : (V, 3) float array; 0 exactly where a vertex is on a mirror plane
    faces : (T, 3) int array, vertices of each triangle, counter-clockwise as seen from outside
    planes : tuple of int, the axes that the mirror planes are across

    """

    planes: tuple[int, ...] = ()

    @cached_property
    def mirrors(self) -> Real:
        """The reflections (S, 3), the first of them none."""
        return reflections(self.planes)

    @cached_property
    def characters(self) -> Real:
        """χ_s(m) (S, S), by parity and reflection."""
        odd = (self.mirrors < 0).astype(int)
        return np.asarray((-1.0) ** (odd @ odd.T))

    @cached_property
    def centres_m(self) -> Real:
        """Centroids (T, 3)."""
        return np.asarray(self.corners_m.mean(axis=1))

    @cached_property
    def radii_m(self) -> Real:
        """Largest distance of a corner from the centroid (T,)."""
        return np.asarray(np.linalg.norm(self.corners_m - self.centres_m[:, None], axis=2).max(axis=1))

    @cached_property
    def half_diagonal_m(self) -> float:
        """Radius of the sphere around the origin that holds the surface."""
        return float(np.linalg.norm(self.vertices_m, axis=1).max())

    @property
    def elements(self) -> int:
        """Triangles of the whole surface."""
        return len(self.faces) * len(self.mirrors)

    @cached_property
    def curls(self) -> Real:
        """N x ∇φ of each triangle's three functions (T, 3, 3): the edge opposite over twice the area."""
        corners = self.corners_m
        opposite = corners[:, NEXT[NEXT]] - corners[:, NEXT]
        return np.asarray(-opposite / (2 * self.areas_m2[:, None, None]))

    @cached_property
    def edges(self) -> tuple[Index, Index]:
        """Vertices of the part's edges (E, 2), and the edge from each corner of a triangle to the next (T, 3)."""
        return edges_of(self.faces)

    def free(self, parity: int) -> Index:
        """Vertices (N,) at which a parity's functions may differ from 0: all but those on planes about which it is odd."""
        odd = self.mirrors[parity] < 0
        return np.flatnonzero(~((self.vertices_m == 0) & odd).any(axis=1))

    def parities_of(self, values: Complex) -> Complex:
        """Equation (1): the parts (S, ...) of values at the images (S, ...)."""
        return np.asarray(np.tensordot(self.characters / len(self.mirrors), values, axes=1).astype(values.dtype))

    def images_of(self, parities: Complex) -> Complex:
        """Equation (1): values at the images (S, ...) from their parts (S, ...)."""
        return np.asarray(np.tensordot(self.characters.T, parities, axes=1).astype(parities.dtype))

    def incidence(self, shares: Real) -> csr_array:
        """Matrix (E, V) of numbers (T, 3 edges, 3 corners), summed over the triangles of an edge."""
        edge = np.broadcast_to(self.edges[1][:, :, None], shares.shape)
        vertex = np.broadcast_to(self.faces[:, None], shares.shape)
        shape = len(self.edges[0]), len(self.vertices_m)
        return csr_array((shares.ravel(), (edge.ravel(), vertex.ravel())), shape=shape)
