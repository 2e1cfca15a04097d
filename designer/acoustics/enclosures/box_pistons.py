"""Normal derivative of a baffled piston's field on the other faces of a box, which the scattered field cancels.

A driver on a face is a rigid piston of radius a, or a point. Its field is the sum of p_b, its field in an infinite wall at that face, and
p_s, which the box scatters. p_b is twice the field of a disc in free field (`discs`), also beyond the wall's plane:

    p = p_b + p_s,     p_b = (2/πa²) ∫ e^{-jkr}/r dS,     ∂p_s/∂n = -∂p_b/∂n                                       (1)

On the driver's face ∂p_b/∂n is exactly 0 outside the piston, so that no rectangle has to follow its rim; on the other faces it is
smooth. Where the box is small against the wavelength p is the field of a point source, e^{-jkr}/r; in front of a large face it is p_b.

The elements take the mean of ∂p_b/∂n, so that their sum is the flux that leaves p_b, whatever their size. Of 1/r the mean is known, by the
solid angle Ω in which the source sees the rectangle; the difference is smooth, for Gauss's rule of NODES² places:

    mean of ∂/∂n e^{-jkr}/r = -Ω/A - mean of ((1 + jkr) e^{-jkr} - 1) r·n/r³                                       (2)

    Ω = Σ ± arctan(uv / (w √(u² + v² + w²)))                                                                       (3)

over the four corners at u, v along the rectangle and w = r·n. Some steps away the wave is as good as plane over a rectangle of sides h,

    mean of ∂/∂n e^{-jkr}/r = -(1 + jkr) e^{-jkr} r·n/r³ · Π sin(x)/x,     x = k h r_h/2r                          (4)

at its centre, and a disc's quadrature there is as good with fewer places.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from designer.acoustics.enclosures.box_grid import BoxGrid, others
from designer.acoustics.enclosures.discs import Disc, disc_field, disc_nodes, disc_pattern
from designer.acoustics.quadrature import gauss_legendre
from designer.acoustics.recent import remembered_values
from designer.acoustics.turning import sum_of_waves
from designer.arrays import Complex, Real

NODES = 3
"""Places of Gauss's rule along each side."""
NEAR, COARSELY_NEAR = (6.0, 3.0, 5), (2.0, 2.0, 3)
"""Least distance for equation (4), a number of steps plus a number of the piston's radii, and digits of a disc's quadrature nearer than
that; of a coarse solution, whose slopes are within 2 %.
"""
FAR_DIGITS = 3
MAX_NUMBERS = 200_000
"""Rectangles times places of a disc times the root of the frequencies that are held at once."""
FACINGS_DEG = {
    (0, 1): (0.0, 0.0),
    (0, -1): (180.0, 0.0),
    (1, 1): (90.0, 0.0),
    (1, -1): (-90.0, 0.0),
    (2, 1): (0.0, 90.0),
    (2, -1): (0.0, -90.0),
}
"""Azimuth and elevation of each face's normal, by axis and side."""


@dataclass(frozen=True)
class Piston:
    """A driver on the face across an axis, on one side (1 or -1); its place from the box's centre; radius 0 for a point source."""

    axis: int
    side: int
    place_m: tuple[float, float, float]
    radius_m: float = 0.0

    @property
    def disc(self) -> Disc:
        """Disc whose field in free field is half of the piston's in an infinite wall."""
        return Disc(np.array(self.place_m), FACINGS_DEG[self.axis, self.side], self.radius_m)

    def field(self, k: Real, points_m: Real) -> Complex:
        """p_b (F, M)."""
        return 2 * disc_field(self.disc, k, points_m)

    def far_field(self, k: Real, directions: Real) -> Complex:
        """The limit of R e^{jkR} p_b (F, M) for unit vectors (M, 3)."""
        sine = np.sqrt(np.clip(1 - directions[:, self.axis] ** 2, 0.0, 1.0))
        wave = np.exp(1j * np.outer(k, directions @ np.array(self.place_m)))
        return np.asarray(2 * wave * (disc_pattern(k * self.radius_m, sine) if self.radius_m else 1.0))


@remembered_values
def scattered_slopes(grid: BoxGrid, piston: Piston, k: Real, *, coarse: bool = False) -> Complex:
    """∂p_s/∂n of equation (1), its mean over each rectangle (F, 8, E)."""
    slopes = np.zeros((k.size, 8, grid.octant_size), dtype=np.complex64)
    away_m = np.linalg.norm(grid.places_m - np.array(piston.place_m), axis=-1)
    steps, radii, near_digits = COARSELY_NEAR if coarse else NEAR
    is_near = away_m < steps * float(grid.steps_m.max()) + radii * piston.radius_m
    for means, places, digits in ((_near_means, is_near, near_digits), (_far_means, ~is_near, FAR_DIGITS)):
        nodes_m, weights = disc_nodes(piston.disc, float(k.max(initial=0.0)), digits)
        size = max(1, MAX_NUMBERS // (len(nodes_m) * (1 + math.isqrt(k.size))))
        for axis in range(3):
            part = np.nonzero(places & (grid.axes == axis) & ((axis != piston.axis) | (grid.outward != piston.side)))
            for start in range(0, part[0].size, size):
                block = part[0][start : start + size], part[1][start : start + size]
                way = grid.places_m[block][:, None] - nodes_m  # (M, Q, 3)
                slopes[:, *block] = 2 * means(grid, axis, way, grid.outward[block], weights, k)
    return slopes


def _far_means(grid: BoxGrid, axis: int, way: Real, outward: Real, weights: Real, k: Real) -> Complex:
    """Equation (4) (F, M) of rectangles across one axis, at vectors (M, Q, 3) from the nodes of a disc with weights (Q,)."""
    R = np.linalg.norm(way, axis=-1)
    first = weights * way[..., axis] * outward[:, None] / R**3
    wave, slope = sum_of_waves(k, -R, np.stack([first, first * R]))
    total = wave + 1j * k[:, None] * slope
    turn = (weights @ (way / R[..., None])) * grid.steps_m / (2 * np.pi)  # (M, 3)
    for other in others(axis):
        total *= np.sinc(np.multiply.outer(k, turn[:, other]))
    return np.asarray(total)


def _near_means(grid: BoxGrid, axis: int, way: Real, outward: Real, weights: Real, k: Real) -> Complex:
    """Equation (2) (F, M), with the arguments of equation (4)."""
    c, d = others(axis)
    half_c, half_d = grid.steps_m[[c, d]] / 2
    w = way[..., axis] * outward[:, None]
    angle = np.zeros(w.shape)
    for sign_c in (-1, 1):
        for sign_d in (-1, 1):
            u, v = way[..., c] + sign_c * half_c, way[..., d] + sign_d * half_d
            away = np.sqrt(u**2 + v**2 + w**2)
            angle += sign_c * sign_d * np.arctan2(u * v * np.sign(w), np.abs(w) * away)
    total = (angle @ weights) * (1 / (4 * half_c * half_d)) + 0j
    total = np.broadcast_to(total, (k.size, total.size)).copy()
    points, shares = gauss_legendre(NODES)
    for x, share_x in zip(points, shares, strict=True):
        for y, share_y in zip(points, shares, strict=True):
            R = np.sqrt(w**2 + (way[..., c] + x * half_c) ** 2 + (way[..., d] + y * half_d) ** 2)
            first = (share_x * share_y / 4) * weights * w / R**3
            wave, slope = sum_of_waves(k, -R, np.stack([first, first * R]))
            total += wave + 1j * k[:, None] * slope - first.sum(axis=1)
    return np.asarray(total)
