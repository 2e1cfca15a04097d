"""Drivers on a mesh as in infinite walls, and the slope of that field on the other triangles, which the scattered field cancels.

A driver is a rigid piston that moves along an axis, the mean normal of the surface under it, or a point. It is sampled at places y_i on
the triangles under it, evenly over its disc as seen along the axis, so that each triangle moves as much air as the piston pushes through
it; a named group of faces is sampled on its own triangles (`problem.meshes.places`). Each place radiates as a source in the infinite plane
of its own triangle:

    p = p_b + p_s,     p_b = 2 Σ w_i e^{-jkr_i}/r_i,     ∂p_s/∂n = -∂p_b/∂n                                        (1)

In the plane of a place its own slope is 0, and on all other triangles it is smooth, or, beside an edge, as steep as 1/r². Their mean is
taken with the solid angle Ω of the triangle seen from the place in closed form, so that the flux is right whatever the size:

    A · mean of ∂/∂n e^{-jkr}/r = -Ω - ∫ ((1 + jkr) e^{-jkr} - 1) r·n/r³ dS                                          (2)

    tan(Ω/2) = a·(b x c) / (abc + (a·b) c + (b·c) a + (c·a) b),  a, b, c the ways to the corners

Source of Ω: A. van Oosterom and J. Strackee, The solid angle of a plane triangle (IEEE Trans. Biomed. Eng. 30, 1983).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.acoustics.enclosures.discs import Disc, disc_nodes
from designer.acoustics.enclosures.mesh_grid import MeshGrid
from designer.acoustics.turning import sum_of_waves
from designer.arrays import Complex, Real
from designer.problem.meshes.places import MountedGroup, MountedPiston

GROUP_PLACES = 4
"""Edges of a group's triangles along the shortest wave, and along the root of its area, with three places each."""
MAX_COPLANAR = 1e-9
"""Sine of the angle over a triangle's plane below which a place is in it."""
MAX_NUMBERS = 200_000
"""Triangles times places that are held at once."""
MIDPOINTS = np.array([[0.5, 0.5, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5]])


@dataclass(frozen=True)
class MeshPiston:
    """A driver on a mesh.

    Attributes
    ----------
    place_m : tuple of float, its middle, from the body's centre
    nodes_m : (Q, 3) float array, places on the triangles, likewise
    weights : (Q,) float array, of sum 1

    """

    place_m: tuple[float, float, float]
    nodes_m: Real
    weights: Real

    def field(self, k: Real, points_m: Real) -> Complex:
        """p_b (F, M)."""
        R = np.linalg.norm(points_m[:, None] - self.nodes_m, axis=-1)
        return 2 * sum_of_waves(k, -R, self.weights / R)

    def far_field(self, k: Real, directions: Real) -> Complex:
        """The limit of R e^{jkR} p_b (F, M) for unit vectors (M, 3)."""
        way_m = directions @ self.nodes_m.T
        return 2 * sum_of_waves(k, way_m, np.broadcast_to(self.weights, way_m.shape))


def piston_of(mounted: MountedPiston | MountedGroup, centre_m: Real, k_max: float) -> MeshPiston:
    """A driver sampled for waves up to a wave number."""
    x, y, z = (mounted.place_m - centre_m).tolist()
    if isinstance(mounted, MountedGroup):
        nodes_m, weights = mounted.places(
            min(2 * np.pi / max(k_max, 1e-9) / GROUP_PLACES, np.sqrt(mounted.area_m2) / GROUP_PLACES)
        )
        return MeshPiston((x, y, z), nodes_m - centre_m, weights)
    disc = Disc(np.zeros(3), mounted.facing_deg, mounted.radius_m)
    across_m, weights = disc_nodes(disc, k_max)
    nodes_m, share = mounted.on_surface(across_m)
    weights = weights * share
    return MeshPiston((x, y, z), nodes_m - centre_m, weights / weights.sum())


def scattered_slopes(grid: MeshGrid, piston: MeshPiston, k: Real) -> Complex:
    """∂p_s/∂n of equation (1), its mean over each triangle of each image (F, S, T)."""
    slopes = np.empty((k.size, len(grid.mirrors), len(grid.faces)), dtype=complex)
    size = max(1, MAX_NUMBERS // len(piston.nodes_m))
    for m, mirror in enumerate(grid.mirrors):
        # The triangle's image seen from a place is the triangle seen from the place's image.
        nodes_m = piston.nodes_m * mirror
        for start in range(0, len(grid.faces), size):
            part = slice(start, start + size)
            slopes[:, m, part] = _means(
                grid.corners_m[part], grid.normals[part], grid.areas_m2[part], nodes_m, piston.weights, k
            )
    return slopes


def _means(corners_m: Real, normals: Real, areas_m2: Real, nodes_m: Real, weights: Real, k: Real) -> Complex:
    a, b, c = (corners_m[:, n, None] - nodes_m for n in range(3))  # (T, Q, 3)
    la, lb, lc = (np.linalg.norm(way, axis=-1) for way in (a, b, c))
    volume = np.einsum("tqc,tqc->tq", a, np.cross(b, c))
    volume[np.abs(volume) <= MAX_COPLANAR * la * lb * lc] = 0.0
    dots = [np.einsum("tqc,tqc->tq", *ways) for ways in ((a, b), (b, c), (c, a))]
    angle = 2 * np.arctan2(volume, la * lb * lc + dots[0] * lc + dots[1] * la + dots[2] * lb)
    angle[volume == 0] = 0.0
    total = np.broadcast_to((angle @ weights / areas_m2).astype(complex), (k.size, len(areas_m2))).copy()
    height = np.einsum("tqc,tc->tq", a, normals)
    height[volume == 0] = 0.0
    for shares in MIDPOINTS:
        way = shares[0] * a + shares[1] * b + shares[2] * c
        R = np.sqrt(np.einsum("tqc,tqc->tq", way, way))
        first = weights / 3 * height / np.maximum(R, 1e-12) ** 3
        wave, slope = sum_of_waves(k, -R, np.stack([first, first * R]))
        total += wave + 1j * k[:, None] * slope - first.sum(axis=1)
    return 2 * total
