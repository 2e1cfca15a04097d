"""A head in a device's field, twice in a naive way: fundamental solutions for both bodies, and Neumann data summed over the head.

**Fundamental solutions.** Inside each rigid body stand monopoles e^{-jkr}/r whose strengths make the normal derivative on its surface
what it has to be (least squares over more points than monopoles): -4π over a vibrating cap's area on the device, for unit volume
velocity of the reference, and minus the incident field's on the head. Both in turn, or, with what the head throws back, together.

**Neumann data.** The radial derivative of any incident field on the head, by differences, its mean around the ears' axis in Legendre
polynomials by Gauss's rule; the wave that takes it away has h_n(ka)/(k h_n'(ka)) times that at the surface.

Source: G. Fairweather, A. Karageorghis and P. Martin, The method of fundamental solutions for scattering and radiation problems
(Engineering Analysis with Boundary Elements 27, 2003).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.special import eval_legendre, spherical_jn, spherical_yn

from designer.arrays import Complex, Real

INSIDE = 0.6
"""Where a body's monopoles stand, in its radii."""


def rings(axis: Real, edges: list[float], counts: list[int], around: int) -> tuple[Real, Real]:
    """Unit vectors (N, 3) around an axis, Gauss's rule in the cosine between edges, and their shares of the sphere (N,)."""
    cosines, shares = [], []
    for low, high, count in zip(edges[1:], edges[:-1], counts, strict=True):
        node, weight = np.polynomial.legendre.leggauss(count)
        cosines.append((low + high) / 2 + (high - low) / 2 * node)
        shares.append(weight * (high - low) / 4)
    cosine, share = np.concatenate(cosines), np.concatenate(shares)
    across = np.cross(axis, [0.3, -0.5, 0.8])
    across /= np.linalg.norm(across)
    turn = 2 * np.pi * np.arange(around) / around
    ring = np.cos(turn)[:, None] * across + np.sin(turn)[:, None] * np.cross(axis, across)
    n = cosine[:, None, None] * axis + np.sqrt(1 - cosine**2)[:, None, None] * ring
    return n.reshape(-1, 3), np.repeat(share / around, around)


def monopoles(k: float, points_m: Real, sources_m: Real) -> Complex:
    """e^{-jkr}/r (points, sources)."""
    r = np.linalg.norm(points_m[:, None] - sources_m, axis=2)
    return np.asarray(np.exp(-1j * k * r) / r)


def slopes(k: float, points_m: Real, normals: Real, sources_m: Real) -> Complex:
    """Their derivatives along the normals (points, sources)."""
    way = points_m[:, None] - sources_m
    r = np.linalg.norm(way, axis=2)
    return np.asarray(-(1j * k + 1 / r) * np.exp(-1j * k * r) / r**2 * np.einsum("psx,px->ps", way, normals))


def ears_by_fundamental_solutions(
    k: float,
    *,
    device_radius_m: float,
    cap_axis: Real,
    cap_radius_m: float,
    centre_m: Real,
    ear_axis: Real,
    head_radius_m: float,
    together: bool = False,
) -> Complex:
    """Pressure at the ears (2,), at ±`ear_axis`, of a vibrating cap on a rigid sphere at the origin."""
    cosine = float(np.sqrt(1 - (cap_radius_m / device_radius_m) ** 2))
    more = int(np.ceil(k * max(device_radius_m, head_radius_m)))
    normals, share = rings(cap_axis, [1.0, cosine, -1.0], [5 + more // 3, 14 + more], 24 + 2 * more)
    velocity = np.where(normals @ cap_axis > cosine, -4 * np.pi / (2 * np.pi * device_radius_m**2 * (1 - cosine)), 0.0)
    inner = rings(cap_axis, [1.0, -1.0], [12 + more], 18 + 2 * more)[0]
    surface_m, inside_m = device_radius_m * normals, INSIDE * device_radius_m * inner
    head_normals, head_share = rings(ear_axis, [1.0, -1.0], [16 + more], 26 + 2 * more)
    head_inner = rings(ear_axis, [1.0, -1.0], [11 + more], 16 + 2 * more)[0]
    head_m, head_inside_m = centre_m + head_radius_m * head_normals, centre_m + INSIDE * head_radius_m * head_inner
    weight, head_weight = np.sqrt(share)[:, None], np.sqrt(head_share)[:, None]
    device = slopes(k, surface_m, normals, inside_m) * weight
    head = slopes(k, head_m, head_normals, head_inside_m) * head_weight
    on_head = slopes(k, head_m, head_normals, inside_m) * head_weight
    if together:
        on_device = slopes(k, surface_m, normals, head_inside_m) * weight
        wanted = np.concatenate([velocity * weight[:, 0], np.zeros(len(head))])
        both = np.linalg.lstsq(np.block([[device, on_device], [on_head, head]]), wanted, rcond=1e-12)[0]
        strengths, scattered = both[: len(inside_m)], both[len(inside_m) :]
    else:
        strengths = np.linalg.lstsq(device, velocity * weight[:, 0] + 0j, rcond=1e-12)[0]
        scattered = np.linalg.lstsq(head, -on_head @ strengths, rcond=1e-12)[0]
    ears_m = centre_m + head_radius_m * np.stack([ear_axis, -ear_axis])
    return np.asarray(monopoles(k, ears_m, inside_m) @ strengths + monopoles(k, ears_m, head_inside_m) @ scattered)


def ears_by_neumann_data(
    field: Callable[[Real], Complex],
    k: float,
    centre_m: Real,
    ear_axis: Real,
    head_radius_m: float,
    *,
    count: int | None = None,
    around: int | None = None,
) -> Complex:
    """Pressure at the ears (2, L) of a rigid sphere in a field: points (M, 3) -> (M, L)."""
    ka = k * head_radius_m
    count, around = count or int(ka) + 14, around or 2 * int(ka) + 16
    normals, share = rings(ear_axis, [1.0, -1.0], [count], around)
    step_m = 1e-4 / max(1.0, ka / 5)

    def mean(radius_m: float) -> Complex:
        return np.asarray(field(centre_m + radius_m * normals).reshape(count, around, -1).mean(axis=1))

    near, far = (mean(head_radius_m + n * step_m) - mean(head_radius_m - n * step_m) for n in (1, 2))
    slope = (8 * near - far) / (12 * step_m)
    n = np.arange(count - 3)[:, None]
    weight = 2 * share.reshape(count, around).sum(axis=1)
    cosine = normals.reshape(count, around, 3)[:, 0] @ ear_axis
    terms = (2 * n + 1) / 2 * ((eval_legendre(n, cosine) * weight) @ slope)
    hankel, derivative = (spherical_jn(n, ka, d) - 1j * spherical_yn(n, ka, d) for d in (False, True))
    taken = -terms * hankel / (k * derivative)
    ears = field(centre_m + head_radius_m * np.stack([ear_axis, -ear_axis]))
    return np.asarray(ears + np.stack([taken.sum(axis=0), ((-1.0) ** n * taken).sum(axis=0)]))
