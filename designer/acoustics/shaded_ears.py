"""The ears of a rigid sphere from the field on its surface, where the line between them does not tell the one in the shadow.

With P_n the field's parts about the ears' axis (`heads`), the field's mean around that axis is, at r from the centre and at the
angle θ from the first ear,

    p(r, θ) = Σ P_n j_n(kr) P_n(cos θ).                                                                           (1)

On the axis the functions j_n(kr), -a < r < a, are Fourier transforms of the Legendre polynomials, of which so short a line tells
(2/π)ka: orders from there to ka hardly change the field on it. At an ear in the deep shadow of a near device, 50 to 65 dB below the other
at the highest frequencies, they are what is left. On the surface r = a the polynomials are orthogonal, and every order to ka and beyond
is told, but for those whose j_n(ka) is about zero: they live within the sphere, and the line tells them. So (1) is met in
least squares at circles around the axis (Gauss's rule in cos θ) and at points of the axis, and the ears hear

    p_ear = Σ (±1)^n P_n A_n,     A_n = -j / ((ka)² h_n'(ka)).                                                      (2)

P_n A_n are the unknowns, which are of one size: A_n falls with n as j_n(ka) does. The matrix knows of no device, so that (1) and (2) come
to one weight for each circle and point (F, I), which serves all drivers and places.

**Points.** Orders go on until (2n+1) |j_n(ka) h_n(kR)|, the terms of a point source at R, where the nearest sound comes from, are
MAX_REMAINDER of the largest. On a circle the phase of what comes from within the device's reach turns by x at most for a radian of the
circle, so that its order m is about J_m(x) large, and a mean over M equal steps misses J_M(x).

**Where.** Places and frequencies are looked for by distance, turn, ka and the level of the far ear (`are_shaded`), then some of these
frequencies are tried on the surface. Where the line agrees, it stays. A device whose own waves about a sphere are known (a cylinder)
is heard by these there.

Source: H. Schenck, Improved integral formulation for acoustic radiation problems (JASA 44, 1968), for the points within the body.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.special import jv, spherical_jn

from designer.acoustics.enclosures import Device, EnclosedDrivers
from designer.acoustics.sphere_series import head_pressure, legendre_table, order_answers, point_orders
from designer.acoustics.turning import phase
from designer.arrays import Bool, Complex, Index, Real

MIN_KA, MIN_NEARNESS, MIN_LATERAL = 21.0, 0.055, 0.45
"""The line may not do above this ka, with a larger reach over distance (nearness) and a larger cosine between source and ears' axis,"""
KA_PER_NEARNESS, LATERAL_PER_NEARNESS, ANY_NEARNESS = 15.0, 0.3, 0.55
"""below both near the device, and with any cosine where it all but touches the head,"""
FAR_KA, FAR_NEARNESS, FAR_LATERAL = 33.0, 0.04, 0.9
"""above this ka from farther away, where the ears' axis all but points at the device,"""
MIN_KA_OF_WAVES = 12.0
"""before a device with waves of its own, whose height the line tells less of, and which costs little there,"""
LEVEL, LEVEL_PER_NEARNESS = 0.11, 0.4
"""and where one ear hears so little of the other's pressure from a point source: no more than in the first ring around the bright spot,
which a point has behind a sphere and a device of some width has not. Elsewhere it is within 0.1 dB and 1 degree."""
TRIED, MAX_DIFFERENCE = 4, 3e-3
"""Frequencies that are tried on the surface: from the first on at which the line differs by so much (0.03 dB), all are answered there."""
MIN_GAP = 1.25
"""Distance of the nearest sound, in the head's radii, from which the orders are few."""
MAX_REMAINDER = 1e-5
LINE_POINTS = 1.0
"""Points of the axis for each ka."""
MIN_COSINE = 0.35
"""The largest circles, between the ears, are left out: with the line the others tell all orders, and no weights grow above 100."""
TURNS = 48
"""Places of a circle that its phase is followed at."""
MAX_NUMBERS = 2_000_000
"""Frequencies times points times drivers that are held at once."""


def put_shaded_ears(ears: Complex, device: Device, k: Real, centres_m: Real, axes: Real, head_radius_m: float) -> None:
    """Put ears from the surface of rigid spheres in, where the line does not tell them.

    Parameters
    ----------
    ears : (F, D, 2, L) complex array, of the line; changed in place
    k : (F,) float array, wave number, rad/m
    centres_m : (D, 3) float array
    axes : (3, 3) float array, the heads' axes as rows: forward, left, up

    """
    sources = _sources(device)
    shaded = are_shaded(device, k, head_radius_m, centres_m, axes[1])
    for place in np.flatnonzero(shaded.any(axis=0)).tolist():
        trial = tried(k, shaded[:, place])
        before = ears[trial, place]
        after = _from_surface(device, k[trial], head_radius_m, sources, centres_m[place], axes)
        ears[trial, place] = after
        differs = differ(before, after)
        if differs.any():
            lowest = k[trial[max(0, int(differs.argmax()) - 1)]]
            others = np.setdiff1d(np.flatnonzero(shaded[:, place] & (k >= lowest)), trial)
            if others.size:
                ears[others, place] = _from_surface(device, k[others], head_radius_m, sources, centres_m[place], axes)


def tried(k: Real, shaded: Bool) -> Index:
    """Frequencies that are tried first, of those at which an ear is in the shadow (F,), in ascending order."""
    index = np.flatnonzero(shaded)
    order = np.argsort(k[index])[np.unique(np.linspace(0, index.size - 1, TRIED).astype(int))]
    return np.asarray(index[order])


def differ(line: Complex, truth: Complex, limit: float = MAX_DIFFERENCE) -> Bool:
    """Whether ears (..., 2, L) of the line differ by more than a share of the truth (...)."""
    return np.asarray((np.abs(truth - line) > limit * np.abs(truth)).any(axis=(-1, -2)))


def are_shaded(device: Device, k: Real, radius_m: float, centres_m: Real, ear_axis: Real) -> Bool:
    """Whether an ear of each head (F, D) is in the deep shadow of a near device."""
    has_waves = isinstance(device, EnclosedDrivers) and device.has_waves
    shaded = np.zeros((k.size, len(centres_m)), dtype=bool)
    sources = _sources(device)
    way_m = sources[:, None, :3] - centres_m
    away_m = np.linalg.norm(way_m, axis=-1)  # (G, D)
    lateral, reach_m = way_m @ ear_axis / away_m, sources[:, 3, None]
    nearness = reach_m / away_m
    near = (nearness > MIN_NEARNESS) & (np.abs(lateral) > MIN_LATERAL - LATERAL_PER_NEARNESS * nearness)
    near |= (nearness > ANY_NEARNESS) | (nearness > FAR_NEARNESS) & (np.abs(lateral) > FAR_LATERAL)
    near &= (away_m - reach_m).min(axis=0) > MIN_GAP * radius_m
    share = nearness[near]
    least_ka = MIN_KA_OF_WAVES if has_waves else np.where(share < MIN_NEARNESS, FAR_KA, MIN_KA)
    is_high = k[:, None] * radius_m > least_ka - KA_PER_NEARNESS * share
    (high,) = np.nonzero(is_high.any(axis=1))
    if high.size:
        heard = np.abs(head_pressure(k[high], radius_m, away_m[near], lateral[near][:, None]))[..., 0]
        most = np.where(share > ANY_NEARNESS, 1.0, LEVEL + LEVEL_PER_NEARNESS * share)
        is_low = is_high[high] & (heard.min(axis=2) < most * heard.max(axis=2))
        for place, low in zip(np.nonzero(near)[1], is_low.T, strict=True):
            shaded[high, place] |= low
    return shaded


def _sources(device: Device) -> Real:
    """Places that sound comes from and its reach around them (G, 4)."""
    return np.unique(np.column_stack([device.source_places_m(), device.source_extent_m()]), axis=0)


def _from_surface(device: Device, k: Real, radius_m: float, sources: Real, centre_m: Real, axes: Real) -> Complex:
    """Pressure at both ears (F, 2, L) of one head."""
    ka = k * radius_m
    gap_m = float((np.linalg.norm(sources[:, :3] - centre_m, axis=1) - sources[:, 3]).min())
    cosine, along, weights = _weights(
        tuple(ka.tolist()), point_orders(float(ka.max()), gap_m / radius_m, MAX_REMAINDER)
    )
    rays = (sources[:, :3] - centre_m) @ axes.T
    ends_m = rays[:, None] + sources[:, 3, None, None] * np.concatenate([np.zeros((1, 3)), np.eye(3), -np.eye(3)])
    parts = [_circle(float(ka.max()), c, ends_m.reshape(-1, 3) / radius_m) for c in cosine.tolist()]
    parts.append(along[:, None] * np.array([0.0, 1.0, 0.0]))
    counts = np.array([len(part) for part in parts[:-1]] + [1] * along.size)
    points_m = centre_m + radius_m * np.concatenate(parts) @ axes
    weights = np.repeat(weights / counts, counts, axis=2)
    places_m, place_of = np.unique(device.source_places_m(), axis=0, return_inverse=True)
    distance_m = np.linalg.norm(points_m[:, None] - places_m, axis=-1)  # (M, G)
    out = np.empty((k.size, 2, place_of.size), dtype=complex)
    step = max(1, MAX_NUMBERS // (len(points_m) * place_of.size))
    for start in range(0, k.size, step):
        part = slice(start, start + step)
        over_wave = device.over_wave(k[part], [(np.arange(k[part].size), points_m)])[0]
        for n, away_m in enumerate(distance_m.T):
            (drivers,) = np.nonzero(place_of.ravel() == n)
            wave = phase(-np.outer(k[part], away_m)) / away_m
            out[part, :, drivers] = (weights[part] * wave[:, None]) @ over_wave[..., drivers]
    return out


def _circle(ka: float, cosine: float, ends: Real) -> Real:
    """Points (M, 3), in radii, of a circle around the y axis, as many as the phase of what comes from some places (E, 3) asks for."""

    def ring(count: int) -> Real:
        turn = 2 * np.pi * np.arange(count) / count
        sine = math.sqrt(1 - cosine**2)
        return np.stack([sine * np.cos(turn), np.full(count, cosine), sine * np.sin(turn)], axis=1)

    points = ring(TURNS)
    way = points - ends[:, None]
    along = np.stack([-points[:, 2], np.zeros(TURNS), points[:, 0]], axis=1)
    turns = ka * float(np.abs((way * along).sum(axis=2) / np.linalg.norm(way, axis=2)).max())
    orders = np.abs(jv(np.arange(int(2 * turns) + 40), turns))
    return ring(int(np.flatnonzero(orders > MAX_REMAINDER)[-1]) + 2)


@lru_cache(maxsize=16)
def _weights(ka: tuple[float, ...], orders: int) -> tuple[Real, Real, Complex]:
    """Cosines of the circles (C,), points of the axis in radii (B,), and their weights (F, 2, C + B) at both ears."""
    cosine, share = np.polynomial.legendre.leggauss(orders + 2)
    cosine, share = (part[np.abs(cosine) > MIN_COSINE] for part in (cosine, share))
    count = math.ceil(LINE_POINTS * max(ka)) + 4
    along = np.cos(np.pi * (np.arange(count) + 0.5) / count)
    row = np.sqrt(np.concatenate([share / 2, np.full(count, 1 / count)]))
    n, at_a = np.arange(orders), np.array(ka)[:, None]
    answer = order_answers(n, at_a)
    size = np.abs(answer)[:, :, None]
    on_surface = spherical_jn(n, at_a)[:, :, None] * legendre_table(cosine, orders)
    on_axis = spherical_jn(n[:, None], at_a[:, :, None] * np.abs(along)) * np.sign(along) ** n[:, None]
    rows = np.concatenate([on_surface, on_axis], axis=2) / size * row
    q, r = np.linalg.qr(rows.transpose(0, 2, 1))  # least squares of every answer: Q R^-T
    heard = answer[:, :, None] / size
    both = np.concatenate([heard, heard * (-1.0) ** n[:, None]], axis=2)
    pairs = np.concatenate([both.real, both.imag], axis=2)
    solved = q @ np.linalg.solve(r.transpose(0, 2, 1), pairs)
    weights = (solved[..., :2] + 1j * solved[..., 2:]) * row[:, None]
    return cosine, along, np.ascontiguousarray(weights.transpose(0, 2, 1))
