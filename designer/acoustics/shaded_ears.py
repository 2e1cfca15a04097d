"""Ears of a rigid sphere from the field on its surface, where the line between them does not determine the ear in the shadow.

With P_n the field's parts about the ears' axis (`heads`), the field's mean around that axis is, at r from the centre and at the
angle θ from the first ear,

    p(r, θ) = Σ P_n j_n(kr) P_n(cos θ).                                                                           (1)

On the axis the functions j_n(kr), -a < r < a, are Fourier transforms of the Legendre polynomials. So short a line determines (2/π)ka of
their orders: orders from there to ka hardly change the field on it. They dominate at an ear in the deep shadow of a near device, 50 to
65 dB below the other ear at the highest frequencies. On the surface r = a the polynomials are orthogonal, which determines every order to
ka and beyond, except those whose j_n(ka) is about zero; the line determines these. So (1) is solved in least squares at circles
around the axis (Gauss's rule in cos θ) and at points of the axis, and the ears hear

    p_ear = Σ (±1)^n P_n A_n,     A_n = -j / ((ka)² h_n'(ka)).                                                      (2)

P_n A_n are the unknowns, which have similar sizes: A_n falls with n as j_n(ka) does. The matrix does not depend on the device, so that (1)
and (2) give one weight for each circle and point (F, I), for all drivers and places.

**Points.** Orders end where (2n+1) |j_n(ka) h_n(kR)| is MAX_REMAINDER of the largest: these are the terms of a point source at the distance
R of the nearest sound. On a circle the phase of sound from within the device's reach turns by at most x for a radian of the
circle, so that its order m has a size of about J_m(x), and a mean over M equal steps has an error of J_M(x).

**Choice.** Distance, turn, ka and the level of the far ear select the places and frequencies (`are_shaded`) at which the wide line of
`heads` is too inexact; the line costs the geometry of a place, whatever the number of frequencies. Places that must be one smooth function
(a zone) take one method: the surface, if any of them may need it. If a device's own waves about a sphere are known (a cylinder), they
give the ears there.

Source: H. Schenck, Improved integral formulation for acoustic radiation problems (JASA 44, 1968), for the points within the body.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from scipy.special import jv, spherical_jn

from designer.acoustics.chebyshev import EXTRA_FREQUENCIES
from designer.acoustics.enclosures import Device, EnclosedDrivers
from designer.acoustics.quadrature import gauss_legendre
from designer.acoustics.sphere_series import head_pressure, legendre_table, order_answers, point_orders
from designer.acoustics.turning import phase
from designer.arrays import Bool, Complex, Index, Real

MIN_KA, MIN_NEARNESS, MIN_LATERAL = 21.0, 0.055, 0.45
"""The line may be too inexact above this ka, reach over distance (nearness) and cosine between source and ears' axis,"""
KA_PER_NEARNESS, LATERAL_PER_NEARNESS, ANY_NEARNESS = 15.0, 0.3, 0.55
"""below both near the device, and with any cosine where it all but touches the head,"""
FAR_KA, FAR_NEARNESS, FAR_LATERAL = 33.0, 0.04, 0.9
"""above this ka from farther away, where the ears' axis all but points at the device,"""
MIN_KA_OF_WAVES = 12.0
"""before a device with waves of its own, whose height the line tells less of, and which costs little there,"""
LEAST_KA_OF_WIDE, MIN_TURNS = 8.0, 5.0
"""ka above which a near head that is turned aside has a wide line; ka times nearness below which that line holds within 0.05 dB."""
MAX_WIDTH, MAX_SHARE = 2.5, 0.8
"""Largest half width of a wide line: in radii, and over the distance to the device."""
LEVEL, LEVEL_PER_NEARNESS = 0.11, 0.4
"""and where one ear's pressure from a point source is below this share of the other's: that of the first ring around the bright spot,
which a point source has behind a sphere and a wide device has not. Elsewhere the line is within 0.1 dB and 1 degree."""
TRIED, MAX_DIFFERENCE = 4, 1e-3
"""Number of frequencies at which waves are tried, and the difference from the line above which the waves are used."""
EXTRA_IN_SHADOW = 6
"""More frequencies of a shaded ear before an endless enclosure, around which sound comes once more."""
MIN_COSINE_OF_BEHIND, MIN_LATERAL_OF_BEHIND, EXTRA_BESIDE, EXTRA_BEHIND = 0.4, 0.65, 4, 20
"""More frequencies of heads that a driver of a sphere is behind, and where it is straight behind and an ear points away."""
FEW_PLACES = 8
"""Places that a device answers by itself at no more cost than their lines have."""
MAX_PLACES = 16
"""Places that are computed together."""
MIN_GAP = 1.25
"""Distance of the nearest sound, in the head's radii, from which the orders are few."""
MAX_REMAINDER = 1e-5
LINE_POINTS = 1.0
"""Points of the axis for each ka."""
MIN_COSINE = 0.35
"""The largest circles, between the ears, are left out: with the line the others tell all orders, and no weights grow above 100."""
TURNS = 48
"""Places of a circle at which its phase is followed."""
MAX_NUMBERS = 2_000_000
"""Frequencies times points times drivers that are held at once."""


def put_shaded_ears(
    ears: Complex, device: Device, k: Real, centres_m: Real, axes: Real, head_radius_m: float, among_m: Real | None
) -> None:
    """Replace ears that the line does not determine by ears from the surface of rigid spheres.

    Parameters
    ----------
    ears : (F, D, 2, L) complex array, of the line; changed in place
    k : (F,) float array, wave number, rad/m
    centres_m : (D, 3) float array
    axes : (3, 3) float array, the heads' axes as rows: forward, left, up
    among_m : (N, 3) float array or None, places that are to be one smooth function: at all of them or at none

    """
    if among_m is None:
        shaded = are_shaded(device, k, head_radius_m, centres_m, axes[1])
    else:
        anywhere = np.asarray(_shaded_if_quiet(device, k, head_radius_m, among_m, axes[1])[0].any(axis=(1, 2)))
        shaded = np.repeat(anywhere[:, None], len(centres_m), axis=1)
    places = np.flatnonzero(shaded.any(axis=0))
    for start in range(0, places.size, MAX_PLACES):
        together = places[start : start + MAX_PLACES]
        index = np.flatnonzero(shaded[:, together].any(axis=1))
        surface = _from_surface(device, k[index], head_radius_m, centres_m[together], axes)
        ears[np.ix_(index, together)] = surface


def tried(k: Real, shaded: Bool) -> Index:
    """Frequencies at which a device's own waves are tried, of those at which an ear is in the shadow (F,), in ascending order."""
    index = np.flatnonzero(shaded)
    order = np.argsort(k[index])[np.unique(np.linspace(0, index.size - 1, TRIED).astype(int))]
    return np.asarray(index[order])


def differ(line: Complex, truth: Complex) -> Bool:
    """Whether ears (..., 2, L) of the line differ by more than MAX_DIFFERENCE of the truth (...)."""
    return np.asarray((np.abs(truth - line) > MAX_DIFFERENCE * np.abs(truth)).any(axis=(-1, -2)))


def are_shaded(device: Device, k: Real, radius_m: float, centres_m: Real, ear_axis: Real) -> Bool:
    """Whether an ear of each head (F, D) is in the deep shadow of a near device."""
    shaded, away_m, lateral, nearness = _shaded_if_quiet(device, k, radius_m, centres_m, ear_axis)
    (high,), near = np.nonzero(shaded.any(axis=(1, 2))), shaded.any(axis=0)
    if high.size:
        heard = np.abs(head_pressure(k[high], radius_m, away_m[near], lateral[near][:, None]))[..., 0]
        share = nearness[near]
        most = np.where(share > ANY_NEARNESS, 1.0, LEVEL + LEVEL_PER_NEARNESS * share)
        part = shaded[high]
        part[:, near] &= heard.min(axis=2) < most * heard.max(axis=2)
        shaded[high] = part
    return np.asarray(shaded.any(axis=1))


def extras(device: Device, k: Real, radius_m: float, centres_m: Real, ear_axis: Real) -> int:
    """Number of frequencies beyond one a radian from which heads (D, 3) are answered, so that these suffice at once (`chebyshev`).

    The longer sound creeps around a sphere and around the head, the later it ends; found by trial, with heads from 0.35 to 2.5 m.
    """
    if not isinstance(device, EnclosedDrivers):
        return EXTRA_FREQUENCIES
    if device.has_waves:
        in_shadow = bool(are_shaded(device, k[[k.argmax()]], radius_m, centres_m, ear_axis).any())
        return EXTRA_FREQUENCIES + EXTRA_IN_SHADOW * in_shadow
    behind = -device.cosines_to(centres_m).min(axis=1) - MIN_COSINE_OF_BEHIND
    if (behind <= 0).all():
        return EXTRA_FREQUENCIES
    lateral = np.abs(centres_m @ ear_axis) / np.linalg.norm(centres_m, axis=1)
    more = behind / (1 - MIN_COSINE_OF_BEHIND) * np.maximum(lateral, MIN_LATERAL_OF_BEHIND)
    return EXTRA_FREQUENCIES + EXTRA_BESIDE + math.ceil(EXTRA_BEHIND * float(more.max()))


def are_answered(
    device: Device, k: Real, radius_m: float, centres_m: Real, ear_axis: Real, among_m: Real | None
) -> Bool:
    """Whether a device that knows spheres answers heads (D,): few, or near and turned aside, where a line costs more or does not do.

    Places that are to be one smooth function (N, 3) are answered all or none.
    """
    if not isinstance(device, EnclosedDrivers):
        return np.zeros(len(centres_m), dtype=bool)
    places_m = centres_m if among_m is None else among_m
    known = device.knows_balls(float(k.max()), radius_m, places_m)
    if among_m is None and len(centres_m) <= FEW_PLACES:
        return np.asarray(known)
    near = _near(device, radius_m, places_m, ear_axis)[0].any(axis=0)
    if among_m is not None:
        return np.full(len(centres_m), bool(known.all() and near.any()))
    return np.asarray(known & near)


def wide_line(device: Device, k: Real, radius_m: float, centres_m: Real, ear_axis: Real) -> tuple[Bool, float]:
    """Frequencies (F,) at which a wide line does for all heads, and half its width in radii: it ends before the device."""
    near = _near(device, radius_m, centres_m, ear_axis)[0].any()
    sources = _sources(device)
    gap_m = float((np.linalg.norm(sources[:, None, :3] - centres_m, axis=2) - sources[:, 3:]).min())
    return near & (k * radius_m > LEAST_KA_OF_WIDE), float(np.clip(MAX_SHARE * gap_m / radius_m, 1.0, MAX_WIDTH))


def _shaded_if_quiet(
    device: Device, k: Real, radius_m: float, centres_m: Real, ear_axis: Real
) -> tuple[Bool, Real, Real, Real]:
    """Whether a source and a frequency put an ear into the shadow, if it is quiet there (F, G, D), and what `_near` says."""
    near, away_m, lateral, nearness = _near(device, radius_m, centres_m, ear_axis)
    if isinstance(device, EnclosedDrivers) and device.has_waves:
        least_ka = MIN_KA_OF_WAVES - KA_PER_NEARNESS * nearness
    else:
        least_ka = np.where(nearness < MIN_NEARNESS, FAR_KA, MIN_KA) - KA_PER_NEARNESS * nearness
        least_ka = np.maximum(least_ka, MIN_TURNS / np.maximum(nearness, 1e-9))
    return near & (k[:, None, None] * radius_m > least_ka), away_m, lateral, nearness


def _near(device: Device, radius_m: float, centres_m: Real, ear_axis: Real) -> tuple[Bool, Real, Real, Real]:
    """Whether a source is near a head and aside; its distance, the cosine between it and the ears' axis, its nearness (G, D)."""
    sources = _sources(device)
    way_m = sources[:, None, :3] - centres_m
    away_m = np.linalg.norm(way_m, axis=-1)
    lateral, reach_m = way_m @ ear_axis / away_m, sources[:, 3, None]
    nearness = reach_m / away_m
    near = (nearness > MIN_NEARNESS) & (np.abs(lateral) > MIN_LATERAL - LATERAL_PER_NEARNESS * nearness)
    near |= (nearness > ANY_NEARNESS) | (nearness > FAR_NEARNESS) & (np.abs(lateral) > FAR_LATERAL)
    near &= (away_m - reach_m).min(axis=0) > MIN_GAP * radius_m
    return near, away_m, lateral, nearness


def _sources(device: Device) -> Real:
    """Places that sound comes from and its reach around them (G, 4)."""
    return np.unique(np.column_stack([device.source_places_m(), device.source_extent_m()]), axis=0)


def _from_surface(device: Device, k: Real, radius_m: float, centres_m: Real, axes: Real) -> Complex:
    """Pressure at both ears (F, D, 2, L) of heads."""
    ka, sources = k * radius_m, _sources(device)
    gap_m = float((np.linalg.norm(sources[:, None, :3] - centres_m, axis=2) - sources[:, 3:]).min())
    cosine, along, weights = _weights(
        tuple(ka.tolist()), point_orders(float(ka.max()), gap_m / radius_m, MAX_REMAINDER)
    )
    line = along[:, None] * np.array([0.0, 1.0, 0.0])
    reach_m = sources[:, 3, None, None] * np.concatenate([np.zeros((1, 3)), np.eye(3), -np.eye(3)])
    heads = []
    for centre_m in centres_m:
        ends_m = (((sources[:, :3] - centre_m) @ axes.T)[:, None] + reach_m).reshape(-1, 3)
        circles, counts = _circles(float(ka.max()), cosine, ends_m / radius_m)
        counts = np.concatenate([counts, np.ones(along.size, dtype=int)])
        heads.append((centre_m + radius_m * np.concatenate([circles, line]) @ axes, counts))
    points_m = np.concatenate([points for points, _ in heads])
    ends = np.cumsum([len(points) for points, _ in heads])
    places_m, place_of = np.unique(device.source_places_m(), axis=0, return_inverse=True)
    distance_m = np.linalg.norm(points_m[:, None] - places_m, axis=-1)  # (M, G)
    out = np.empty((k.size, len(centres_m), 2, place_of.size), dtype=complex)
    step = max(1, MAX_NUMBERS // (len(points_m) * place_of.size))
    for start in range(0, k.size, step):
        part = slice(start, start + step)
        over_wave = device.over_wave(k[part], [(np.arange(k[part].size), points_m)])[0]
        for n, away_m in enumerate(distance_m.T):
            (drivers,) = np.nonzero(place_of.ravel() == n)
            wave = phase(-np.outer(k[part], away_m)) / away_m
            for d, ((points, counts), end) in enumerate(zip(heads, ends.tolist(), strict=True)):
                rows = slice(end - len(points), end)
                shares = np.repeat(weights[part] / counts, counts, axis=2) * wave[:, None, rows]
                out[part, d, :, drivers] = np.moveaxis(shares @ over_wave[:, rows, drivers], -1, 0)
    return out


def _circles(ka: float, cosine: Real, ends: Real) -> tuple[Real, Index]:
    """Points (M, 3), in radii, of circles (C,) around the y axis, and the number of points of each circle.

    The phase of sound from places (E, 3) along each circle sets that number.
    """
    sine = np.sqrt(1 - cosine**2)
    turn = 2 * np.pi * np.arange(TURNS) / TURNS
    points = np.stack([np.outer(sine, part) for part in (np.cos(turn), np.sin(turn))])[..., None]  # (2, C, T, 1)
    x, z = ends[:, 0], ends[:, 2]
    away = (cosine[:, None] - ends[:, 1]) ** 2 + x**2 + z**2 + sine[:, None] ** 2  # (C, E)
    away = np.sqrt(away[:, None] - 2 * (points[0] * x + points[1] * z))
    turns = ka * np.abs((points[0] * z - points[1] * x) / away).max(axis=(1, 2))
    orders = np.abs(jv(np.arange(int(2 * turns.max()) + 40), turns[:, None])) > MAX_REMAINDER
    counts = orders.shape[1] + 1 - np.argmax(orders[:, ::-1], axis=1)
    at = np.repeat(np.arange(cosine.size), counts)
    turn = 2 * np.pi * (np.arange(at.size) - (np.cumsum(counts) - counts)[at]) / counts[at]
    return np.stack([sine[at] * np.cos(turn), cosine[at], sine[at] * np.sin(turn)], axis=1), counts


@lru_cache(maxsize=16)
def _weights(ka: tuple[float, ...], orders: int) -> tuple[Real, Real, Complex]:
    """Cosines of the circles (C,), points of the axis in radii (B,), and their weights (F, 2, C + B) at both ears."""
    cosine, share = gauss_legendre(orders + 2)
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
