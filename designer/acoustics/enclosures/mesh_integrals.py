"""Integrals of 1/R and of its normal derivative over a triangle, times linear functions on it, in closed form.

x is a point, h its height over the triangle's plane (along n) and ρ its foot; t the unit tangent of an edge (counter-clockwise), m = t x n
the normal of the edge in the plane, outward; l± the edge's ends along t from the foot, d = (edge - ρ)·m, R± = |x - ends|, R0² = d² + h²:

    f = ln (R+ + l+)/(R- + l-),    β = arctan d l+/(R0² + |h| R+) - arctan d l-/(R0² + |h| R-)

    ∫ 1/R = Σ d f - |h| Σ β                     ∫ (y - ρ)/R = ½ Σ m (R0² f + l+ R+ - l- R-)
    ∫ h/R³ = sign(h) Σ β                        ∫ (y - ρ)/R³ = -Σ m f                                                  (1)

and a linear function is its value at the foot and its slope times y - ρ.

Source: D. R. Wilton et al., Potential integrals for uniform and linear source distributions on polygonal and polyhedral domains (IEEE
Trans. Antennas Propag. 32, 1984).
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Real

MAX_COPLANAR = 1e-9
"""Height over the plane, relative to the longest edge, below which a point is in it: the angle there is neither 2π nor -2π."""
MIN_DISTANCE = 1e-14
"""Distance from an edge, relative to it: nearer counts as this near."""


def potentials(points_m: Real, corners_m: Real) -> tuple[Real, Real]:
    """∫ ψ_b/R and ∫ ψ_b ∂(1/R)/∂n_y (P, Q, 3), of the functions that are 1 at one corner.

    Parameters
    ----------
    points_m : (P, Q, 3) float array, points for each triangle
    corners_m : (P, 3, 3) float array, its corners, counter-clockwise as seen from where its normal points

    """
    edges = np.roll(corners_m, -1, axis=1) - corners_m  # (P, 3, 3)
    lengths = np.linalg.norm(edges, axis=2)
    tangents = edges / lengths[..., None]
    double = np.cross(edges[:, 0], edges[:, 1])
    area2 = np.linalg.norm(double, axis=1)
    normal = double / area2[:, None]
    outward = np.cross(tangents, normal[:, None])  # (P, 3, 3)
    way = corners_m[:, None] - points_m[:, :, None]  # (P, Q, 3 edges, 3)
    begin = np.einsum("pqec,pec->pqe", way, tangents)
    across = np.einsum("pqec,pec->pqe", way, outward)
    height = -np.einsum("pqc,pc->pq", way[:, :, 0], normal)
    height[np.abs(height) < MAX_COPLANAR * lengths.max(axis=1)[:, None]] = 0.0
    end = begin + lengths[:, None]
    R2 = np.maximum(across**2 + height[..., None] ** 2, (MIN_DISTANCE * lengths[:, None]) ** 2)
    R_begin, R_end = np.sqrt(R2 + begin**2), np.sqrt(R2 + end**2)
    # The sum that does not cancel: the foot is beyond the edge's middle, or before it.
    after = begin + end < 0
    f = np.log(np.where(after, R_begin - begin, R_end + end) / np.where(after, R_end - end, R_begin + begin))
    high = np.abs(height)[..., None]
    beta = np.arctan2(across * end, R2 + high * R_end) - np.arctan2(across * begin, R2 + high * R_begin)
    angle = beta.sum(axis=2)
    single = (across * f).sum(axis=2) - high[..., 0] * angle
    moment = np.einsum("pqe,pec->pqc", 0.5 * (R2 * f + end * R_end - begin * R_begin), outward)
    turned = -np.einsum("pqe,pec->pqc", f, outward)
    # ψ_b falls from its corner to the edge opposite, which is the next one.
    opposite = np.roll(np.arange(3), -1)
    slope = -outward[:, opposite] * (lengths[:, opposite] / area2[:, None])[..., None]  # (P, 3, 3)
    foot = across[..., opposite] * (lengths[:, opposite] / area2[:, None])[:, None]
    first = foot * single[..., None] + np.einsum("pqc,pbc->pqb", moment, slope)
    second = foot * (np.sign(height) * angle)[..., None] + height[..., None] * np.einsum("pqc,pbc->pqb", turned, slope)
    return first, second
