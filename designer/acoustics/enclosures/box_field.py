"""The field around a box from the pressure and its slope on the surface, near, far and summed over all directions.

    p(x) = Σ A [ (jk + 1/R) G r·n/R p - G q ],     r = x - y, G = e^{-jkR}/(4πR)                                   (1)

over the centres y of the rectangles. At a step's distance and more the sum over a uniform grid is as exact as the integral; nearer, each
rectangle is cut into parts of that size. Far away, R e^{jkR} p → Σ A/(4π) (jk n·n_y p - q) e^{jk y·n}.

**By parities** (`box_grid`) the far field is eight parts in one octant of directions. Each is a product along the axes: with y = (X, u, v)
on the face across an axis, the images make of e^{jkun_u} 2 cos kun_u (even) or 2j sin kun_u (odd); of the face and the one opposite
likewise, and the other way round for p, since the normal turns. So a direction costs two products of matrices.

**Power.** The mean over the sphere of F_i* F_j by Gauss's rule in the cosine from the z axis and equal steps of azimuth, symmetrical about
all three planes.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.acoustics.enclosures.box_grid import MIRRORS, PARITIES, BoxGrid, images_of, others
from designer.acoustics.quadrature import gauss_legendre
from designer.acoustics.turning import phase
from designer.arrays import Complex, Index, Real

MAX_NUMBERS = 400_000
"""Points times rectangles that are held at once, in the processor's cache."""
MAX_IMAGES_BYTES = 64e6
"""Largest size of the values on whole surfaces that are kept."""
NEAR_STEPS = 1.5
"""Distance in steps below which rectangles are cut."""
MOST_CUTS = 8
EXTRA_ORDER = 12
"""Orders beyond the phase across the box, as for spherical harmonics, for one digit more."""


@dataclass(frozen=True)
class Surface:
    """Scattered pressure and slope on a box at wave numbers in equal steps from 0.

    Attributes
    ----------
    grid : BoxGrid
    k_step : float, rad/m
    values : (Q, 2, 8, E, L) complex64 array, p and ∂p/∂n by parities

    """

    grid: BoxGrid
    k_step: float
    values: Complex

    @property
    def count(self) -> int:
        """Wave numbers that are solved, Q."""
        return len(self.values)

    def field(self, nodes: Index, points_m: Real) -> Complex:
        """Equation (1) at consecutive wave numbers, by index (N,): (N, M, L) at points (M, 3) from the box's centre."""
        out = np.empty((nodes.size, len(points_m), self.values.shape[-1]), dtype=np.complex64)
        outside = np.maximum(np.abs(points_m) - np.array(self.grid.size_m) / 2, 0.0)
        away_m = np.linalg.norm(outside, axis=1)
        longest_m = float(self.grid.steps_m.max())
        cuts = np.clip(np.ceil(NEAR_STEPS * longest_m / np.maximum(away_m, 1e-9)), 1, MOST_CUTS).astype(int)
        for count in np.unique(cuts).tolist():
            (part,) = np.nonzero(cuts == count)
            size = max(1, MAX_NUMBERS // (self.grid.elements * count**2))
            for start in range(0, part.size, size):
                block = part[start : start + size]
                out[:, block] = self._at(nodes, points_m[block], count)
        return out

    def _at(self, nodes: Index, points_m: Real, cuts: int) -> Complex:
        grid = self.grid
        places_m, outward, areas = self._cut(cuts)
        way = points_m[:, None] - places_m  # (M, 8 E)
        R = np.sqrt(np.einsum("mec,mec->me", way, way))
        axes = np.broadcast_to(np.tile(np.repeat(grid.axes, cuts**2), 8)[:, None], (outward.size, 1))
        cosine = np.take_along_axis(way, np.broadcast_to(axes, (*R.shape, 1)), axis=-1)[..., 0] * outward / R
        wave = (phase(-nodes[0] * self.k_step * R) * (areas / (4 * np.pi * R))).astype(np.complex64)
        step = phase(-self.k_step * R).astype(np.complex64)
        over_R, cosine = (cosine / R).astype(np.float32), cosine.astype(np.float32)
        out = np.empty((nodes.size, len(points_m), self.values.shape[-1]), dtype=np.complex64)
        for n, node in enumerate(nodes.tolist()):
            p, q = self._whole(node) if cuts == 1 else np.repeat(self._whole(node), cuts**2, axis=1)
            dipole = over_R + (1j * np.float32(node * self.k_step)) * cosine
            out[n] = (wave * dipole) @ p - wave @ q
            wave *= step
        return out

    def _whole(self, node: int) -> Complex:
        """Pressure and slope of all rectangles (2, 8 E, L) at a solved wave number, kept for many blocks of points."""
        held: dict[int, Complex] = self.__dict__.setdefault("_images", {})
        whole = held.get(node)
        if whole is None:
            whole = np.stack([images_of(part).reshape(self.grid.elements, -1) for part in self.values[node]])
            if (len(held) + 1) * whole.nbytes <= MAX_IMAGES_BYTES:
                held[node] = whole
        return whole

    def _cut(self, cuts: int) -> tuple[Real, Real, Real]:
        """Centres (8 E C, 3), sides and areas of all rectangles cut into `cuts` times as many along each side."""
        grid = self.grid
        share = (np.arange(cuts) + 0.5) / cuts - 0.5
        shifts = np.zeros((grid.octant_size, cuts, cuts, 3))
        for axis, face in grid.faces:
            c, d = others(axis)
            shifts[face, :, :, c] = share[:, None] * grid.steps_m[c]
            shifts[face, :, :, d] = share * grid.steps_m[d]
        octant = (grid.centres_m[:, None, None] + shifts).reshape(-1, 3)
        places_m = (MIRRORS[:, None] * octant).reshape(-1, 3)
        outward = np.repeat(grid.outward, cuts**2, axis=1).ravel()
        return places_m, outward, np.tile(np.repeat(grid.areas_m2, cuts**2) / cuts**2, 8)

    def far_field(self, nodes: Index, directions: Real) -> Complex:
        """The limit of R e^{jkR} p (N, M, L) for unit vectors (M, 3)."""
        mirror = (directions < 0) @ np.array([4, 2, 1])
        octant, place = np.unique(np.round(np.abs(directions), 12), axis=0, return_inverse=True)
        out = np.empty((nodes.size, len(directions), self.values.shape[-1]), dtype=np.complex64)
        for n, node in enumerate(nodes.tolist()):
            out[n] = images_of(self.far_parities(node, octant))[mirror, place.ravel()]
        return out

    def far_parities(self, node: int, directions: Real) -> Complex:
        """The parts (8, M, L) of the far field for unit vectors (M, 3) of the octant."""
        grid, k = self.grid, node * self.k_step
        half = np.array(grid.size_m) / 2
        waves = {}
        for axis in range(3):
            along = (np.arange(grid.counts[axis] // 2) + 0.5) * grid.steps_m[axis]
            angle = k * np.multiply.outer(directions[:, axis], np.append(along, half[axis]))
            waves[axis] = 2 * np.cos(angle).astype(np.float32), 2 * np.sin(angle).astype(np.float32)
        out = np.zeros((8, len(directions), self.values.shape[-1]), dtype=np.complex64)
        for axis, face in grid.faces:
            c, d = others(axis)
            shape = 2, grid.counts[c] // 2, grid.counts[d] // 2, self.values.shape[-1]
            area = grid.areas_m2[face][0] / (4 * np.pi)
            for n, signs in enumerate(PARITIES):
                odd = [sign < 0 for sign in signs]
                both = self.values[node, :, n, face].reshape(shape)
                inner = _product(waves[c][odd[c]][:, :-1], waves[d][odd[d]][:, :-1], both)  # (2, M, L)
                unit = 1j ** (odd[c] + odd[d]) * area
                normal, turned = waves[axis][odd[axis]][:, -1], waves[axis][not odd[axis]][:, -1]
                p = (1j * k * directions[:, axis] * turned * (1.0 if odd[axis] else 1j))[:, None] * inner[0]
                q = (normal * (1j if odd[axis] else 1.0))[:, None] * inner[1]
                out[n] += (unit * (p - q)).astype(np.complex64)
        return out

    def directions(self, node: int) -> tuple[Real, Real]:
        """Unit vectors (M, 3) of the octant, and weights (M,) of sum 1/8, for the mean of far fields' products over the sphere."""
        order = math.ceil(node * self.k_step * float(np.linalg.norm(self.grid.size_m)) / 2) + EXTRA_ORDER
        cosine, weight = gauss_legendre(2 * math.ceil(order / 2))
        cosine, weight = cosine[cosine > 0], weight[cosine > 0]
        count = math.ceil(order / 2)
        azimuth = (np.arange(count) + 0.5) * (np.pi / 2 / count)
        sine = np.sqrt(1 - cosine**2)[:, None]
        rays = np.stack(np.broadcast_arrays(sine * np.cos(azimuth), sine * np.sin(azimuth), cosine[:, None]), axis=-1)
        return rays.reshape(-1, 3), np.repeat(weight / 8 / count, count)


def _product(first: Real, second: Real, values: Complex) -> Complex:
    """Σ_cd first_mc second_md values_ncdl: (2, M, L)."""
    kinds, count_c, count_d, drivers = values.shape
    flat = np.ascontiguousarray(values.transpose(1, 2, 0, 3)).reshape(count_c, -1).view(np.float32)
    inner = (first @ flat).reshape(len(first), count_d, -1)
    summed = (second[:, None] @ inner)[:, 0].view(np.complex64).reshape(len(first), kinds, drivers)
    return summed.transpose(1, 0, 2)


def mean_products(values: Sequence[Complex], weights: Real) -> Complex:
    """Σ_m weight_m F_i* F_j (L, L) of far fields (8, M, L) in directions whose weights (M,) have the sum 1/8."""
    total = sum((part.conj() * weights[:, None]).T @ part for part in values)
    return np.asarray(total)
