"""The ears of rigid spheres before a sphere's drivers, from their far fields alone, in directions that are complex.

A field that goes out from the origin with the far field D(s), R e^{jkR} p → D, is a sum of plane waves in front of its sources (Weyl):

    p(r) = -jk/2π ∫ D(s) e^{-jk s·r} dΩ,     s = (θ, φ) about the direction of the head's centre, cos θ from 1 to -j∞          (1)

Each plane wave is heard as H(s), the far field of the head's own ear in the direction it comes from, by reciprocity. With the head's
centre at R in the direction θ = 0, x = cos θ = 1 - jσ, and the mean over φ

    p_ear = k e^{-jkR} ∫_0^∞ e^{-kRσ} <D H>(x) dσ                                                                (2)

D and H are series t_n P_n of rigid spheres (equation 3 of `sphere_series`), D about the driver's direction, H about that opposite to the
ear. By the addition theorem, with p_nm = sqrt((n-m)!/(n+m)!) P_n^m, θ_l and θ_e the angles of driver and ear, Δ that between them about R,

    <D H> = Σ_m ε_m cos mΔ  [Σ_n t_n w_n p_nm(x) p_nm(cos θ_l)]  [Σ_ν t_ν p_νm(x) p_νm(cos θ_e)],     ε_0 = 1, ε_m = 2           (3)

The other ear has (-1)^ν times these terms. (3) is a polynomial in x, and Gauss's rule of Laguerre integrates (2): no tables of
translations, no points on the head. Its nodes σ = τ/κ serve all wave numbers and distances with kR about κ: what is left of the
exponential, e^{-(kR - κ)σ}, is smooth, and by Laguerre's generating function the rule's error falls by |b/(2 + b)|² with each node,
b = kR/κ - 1. The highest two octaves, and places at about one distance, share the nodes of a κ near the highest kR: terms grow less at low
frequencies. So (3) is one product of matrices in n and one in ν, of the angles that differ. The lower frequencies have nodes of
their own; I nodes leave ((a+b)/R)^{2I} of the near field.

**Counts.** At the nodes p_nm is J_m(nθ), θ² = 2jσ, and Weber's integral of e^{-κσ} J_m(nθ) J_m(νθ) is J_m(nν/κ) in size. So m ends beyond
kab/R as n does beyond ka, and no sooner than the near field, (a/r)^n. With a real κ the terms of (3) grow by e^{z/2}, z = k(a+b)²/(2R),
before they cancel. κ is turned by β = 30 degrees, so that θ comes nearer to real angles, where nothing grows: e^{z(1 - sin β)/(2 cos β)}
= e^{0.29 z}, and 0.53 z + 7.5 nodes are enough (found by the integral of e^{-kRσ} J_0(qθ), which is known). z stays below MAX_GROWTH.

Source: P. C. Clemmow, The Plane Wave Spectrum Representation of Electromagnetic Fields (Pergamon, 1966).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.special import roots_laguerre

from designer.acoustics.sphere_series import cap_weights
from designer.acoustics.turning import phase
from designer.arrays import Bool, Complex, Index, Real

MAX_GROWTH = 32.0
"""Largest z: seven digits are left of the louder ear, and four of one that is 60 dB down."""
MIN_RATIO = 1.3
"""Distance of an ear from the device's centre, and of a driver from the head's, in radii, from which the orders are few."""
MAX_REMAINDER = 1e-5
"""Smallest terms of the near field, of the largest."""
MIN_SHARE = 1.5e-7
"""Smallest products of an order m and a node, of the largest."""
MORE_ORDERS, LEAST_NODES, NODES_A_GROWTH = 6, 7.5, 0.53
"""Orders beyond ka + 3 (ka)^{1/3}, nodes where z is 0, and nodes for each z."""
TURN = complex(math.cos(math.pi / 6), math.sin(math.pi / 6))
"""Direction of κ."""
MAX_PLACES = 64
"""Places that are computed together."""
MIN_KR = 1e-4
"""Smallest wave number times distance: below it the pressure is that of 0 Hz."""
SHARED_OCTAVES, SHARED_KR = 2, 0.65
"""Octaves, from the highest frequency down, with nodes in common, and the κ of these over the highest kR."""
MAX_DISTANCE_RATIO = 1.25
"""Distances of heads that have nodes in common: the longest over the shortest."""
MAX_UPRIGHT, MIN_ACROSS = 0.9, 1e-9
"""Cosine to the vertical, and length beside an axis, of a frame's directions."""
MAX_NUMBERS = 2_000_000
"""Frequencies or orders, times pairs of order and node, times drivers, that are held at once."""


@dataclass(frozen=True)
class Caps:
    """Drivers on a rigid sphere around the origin: its radius, and of each (L,) the direction (L, 3) and the cosine of its half angle."""

    radius_m: float
    directions: Real
    cos_half_angle: Real


@dataclass(frozen=True)
class _Heads:
    """Heads at about one distance, of one radius: their distances (D,), the direction of each (D,), and of directions (G,) the geometry.

    turned : ε_m cos mΔ (G, L, M)
    sent : w_n p_nm(cos θ_l) (N, U, M), of angles and rims that differ
    angle_of : which of these each driver has (G, L)
    heard : p_νm(cos θ_e) (V, G, M)
    """

    away_m: Real
    direction_of: Index
    turned: Real
    sent: Real
    angle_of: Index
    heard: Real


def is_served(k: float, radius_m: float, head_radius_m: float, away_m: Real) -> Bool:
    """Whether the terms of heads at distances (D,) grow and end as is asked for, up to a wave number."""
    is_near = away_m < np.maximum(MIN_RATIO * radius_m + head_radius_m, MIN_RATIO * head_radius_m + radius_m)
    return np.asarray(~is_near & (_growth(k, radius_m + head_radius_m, away_m) < MAX_GROWTH))


def ears_before_sphere(
    k: Real, caps: Caps, radius_m: float, centres_m: Real, left: Real, turn: Real | None = None
) -> Complex:
    """Pressure at heads' ears in the direction `left` (3,) and opposite (F, D, 2, L), relative to an ideal source's at 1 m.

    Parameters
    ----------
    k : (F,) float array, wave number, rad/m
    radius_m : float, of the heads
    centres_m : (D, 3) float array
    turn : (L, 3) float array or None, changes of the drivers' directions: the pressure's own change with them

    """
    away_m = np.linalg.norm(centres_m, axis=1)
    out = np.empty((k.size, len(centres_m), 2, len(caps.directions)), dtype=complex)
    shells = np.floor(np.log(away_m / away_m.min()) / math.log(MAX_DISTANCE_RATIO) + 1e-9)
    for shell in np.unique(shells):
        (places,) = np.nonzero(shells == shell)
        for start in range(0, places.size, MAX_PLACES):
            together = places[start : start + MAX_PLACES]
            out[:, together] = _ears(k, caps, radius_m, centres_m[together], away_m[together], left, turn)
    return out


def _ears(k: Real, caps: Caps, b: float, centres_m: Real, away_m: Real, left: Real, turn: Real | None) -> Complex:
    """Result of `ears_before_sphere` of some heads at about one distance."""
    a, nearest_m = caps.radius_m, float(away_m.min())
    ears_m = centres_m[:, None] + b * np.stack([left, -left])
    to_ear = float(np.linalg.norm(ears_m, axis=-1).min()) / a
    drivers_m = np.linalg.norm(centres_m[:, None] - a * caps.directions, axis=-1)
    near = _near_orders(to_ear), _near_orders(float(drivers_m.min()) / b)
    k = np.maximum(k, MIN_KR / nearest_m)
    highest = float(k.max())

    def nodes_to(top: float) -> int:
        count = math.ceil(LEAST_NODES + NODES_A_GROWTH * _growth(top, a + b, nearest_m))
        return max(count, _near_orders(nearest_m / (a + b)) // 2)

    N, V = _orders(highest * a, near[0]), _orders(highest * b, near[1])
    M = min(N, V, _orders(highest * a * b / nearest_m, max(near)))
    shared = k > highest / 2**SHARED_OCTAVES
    nodes = 1 - 1j * _rule(nodes_to(highest))[0] / _shared_kappa(k[shared], away_m)
    heads, waves = _heads(caps, centres_m / away_m[:, None], away_m, left, (N, V, M), nodes)
    device, head = np.split(_far_terms(np.concatenate([k * a, k * b]), max(N, V)), 2)
    out = np.empty((k.size, away_m.size, 2, len(caps.directions)), dtype=complex)
    parts = [heads] if turn is None else _slopes(caps, centres_m / away_m[:, None], left, heads, turn)
    at_shared = device[shared, :N], head[shared, :V]
    out[shared] = sum(_by_shared_nodes(k[shared], at_shared, part, waves) for part in parts)
    if not shared.all():
        low, top = k[~shared], float(k[~shared].max())
        n, v = _orders(top * a, near[0]), _orders(top * b, near[1])
        m = min(n, v, _orders(top * a * b / nearest_m, max(near)))
        at_each = device[~shared, :n], head[~shared, :v]
        out[~shared] = sum(_by_each_node(low, at_each, part, m, nodes_to(top)) for part in parts)
    out *= phase(-np.multiply.outer(k, away_m))[:, :, None, None]
    return out


def _heads(
    caps: Caps, towards: Real, away_m: Real, left: Real, counts: tuple[int, int, int], nodes: Complex
) -> tuple[_Heads, Complex]:
    """The geometry of heads in directions (D, 3), for so many orders of device and head and so many m, and p_nm(x) (N, M, I)."""
    N, V, M = counts
    _, first, direction_of = np.unique(
        (np.round(towards, 12) + 0.0).view("V24"), return_index=True, return_inverse=True
    )
    towards = towards[first]
    to_drivers, to_ear = np.clip(towards @ caps.directions.T, -1.0, 1.0), np.clip(-towards @ left, -1.0, 1.0)
    across = np.sqrt((1 - to_drivers**2) * (1 - to_ear[:, None] ** 2))
    between = -caps.directions @ left - to_drivers * to_ear[:, None]
    delta = np.arccos(np.clip(between / np.maximum(across, 1e-12), -1.0, 1.0))
    m = np.arange(M)
    turned = np.where(m, 2.0, 1.0) * np.cos(m * delta[..., None])
    rims, rim = np.unique(caps.cos_half_angle, return_inverse=True)
    _, kind, angle_of = np.unique(np.round(to_drivers, 12) + 4.0 * rim, return_index=True, return_inverse=True)
    cosines = to_drivers.ravel()[kind]
    table = _associated(np.concatenate([cosines, to_ear, nodes]), max(N, V), M)
    angles, ears, waves = np.split(table, [cosines.size, cosines.size + to_ear.size], axis=2)
    sent = angles[:N].real.transpose(0, 2, 1) * cap_weights(rims, N)[:, rim[kind % rim.size], None]
    heard = ears[:V].real.transpose(0, 2, 1).copy()
    return _Heads(away_m, direction_of.ravel(), turned, sent, angle_of.reshape(to_drivers.shape), heard), waves


def _slopes(caps: Caps, towards: Real, left: Real, heads: _Heads, turn: Real) -> list[_Heads]:
    """Geometry of which (3) is the change with the drivers' directions: along θ, and along Δ.

    ∂p_nm/∂θ = [√((n+m)(n-m+1)) p_n,m-1 - √((n+m+1)(n-m)) p_n,m+1] / 2,
    m p_nm/sin θ = [√((n-m)(n-m-1)) p_n-1,m+1 + √((n+m)(n+m-1)) p_n-1,m-1] / 2
    """
    _, first = np.unique((np.round(towards, 12) + 0.0).view("V24"), return_index=True)
    pole = towards[first]  # (G, 3)
    N, M = heads.sent.shape[0], heads.turned.shape[2]
    across = -left - (pole @ -left)[:, None] * pole
    length = np.linalg.norm(across, axis=1, keepdims=True)
    aside = np.cross(pole, np.where(np.abs(pole[:, 2:]) < MAX_UPRIGHT, [[0.0, 0.0, 1.0]], [[1.0, 0.0, 0.0]]))
    across = np.where(
        length > MIN_ACROSS,
        across / np.maximum(length, MIN_ACROSS),
        aside / np.linalg.norm(aside, axis=1, keepdims=True),
    )
    frame = np.stack([across, np.cross(pole, across), pole], axis=1)  # (G, 3, 3)
    x, y, z = np.moveaxis(frame @ caps.directions.T, 1, 0)
    ds_x, ds_y, ds_z = np.moveaxis(frame @ turn.T, 1, 0)
    delta, sine = np.arctan2(y, x), np.hypot(x, y)
    cosine = np.clip(z, -1.0, 1.0)
    aside_x = ds_x * np.cos(delta) + ds_y * np.sin(delta)
    changes = cosine * aside_x - sine * ds_z, ds_y * np.cos(delta) - ds_x * np.sin(delta)
    m = np.arange(M)
    twice = np.where(m, 2.0, 1.0)
    turned = twice * np.cos(m * delta[..., None]), -twice * np.sin(m * delta[..., None])
    p = _associated(cosine.ravel(), N, M + 1).real.transpose(0, 2, 1)  # (N, G L, M + 1)
    n = np.arange(N)[:, None, None]
    below = np.concatenate([-p[:, :, 1:2], p[:, :, : M - 1]], axis=2)  # p_n,-1 = -p_n,1
    before = np.concatenate([np.zeros_like(p[:1]), p[:-1]])
    before_below = np.concatenate([-before[:, :, 1:2], before[:, :, : M - 1]], axis=2)

    def root(product: Index) -> Real:
        return np.sqrt(np.maximum(product, 0))

    along = root((n + m) * (n - m + 1)) * below - root((n + m + 1) * (n - m)) * p[:, :, 1:]
    around = root((n - m) * (n - m - 1)) * before[:, :, 1:] + root((n + m) * (n + m - 1)) * before_below
    weights = np.tile(cap_weights(caps.cos_half_angle, N), len(pole))[..., None] / 2
    angle_of = np.arange(cosine.size).reshape(cosine.shape)
    return [
        replace(heads, turned=part * change[..., None], sent=np.where(m <= n, sent, 0.0) * weights, angle_of=angle_of)
        for part, change, sent in zip(turned, changes, (along, around), strict=True)
    ]


def _by_shared_nodes(k: Real, terms: tuple[Complex, Complex], heads: _Heads, waves: Complex) -> Complex:
    """Equation (2) without its phase (F, D, 2, L), from p_nm (N, M, I) at nodes that all frequencies share."""
    tau, weight = _rule(waves.shape[2])
    kr = np.multiply.outer(k, heads.away_m)
    kappa = _shared_kappa(k, heads.away_m)
    device, head = terms
    n, v = device.shape[1], head.shape[1]
    weights = np.exp(np.multiply.outer(1 - kr / kappa, tau)) * (k[:, None, None] / kappa * weight)  # (F, D, I)
    m, i = np.nonzero(_matter(np.abs(waves), terms, np.abs(weights).max(axis=1), k))
    waves = waves.reshape(len(waves), -1).take(m * tau.size + i, axis=1)
    weights = weights.take(i, axis=2)
    halves = [head[:, parity::2].copy() for parity in (0, 1)]
    out = np.empty((*kr.shape, 2, heads.angle_of.shape[1]), dtype=complex)
    for directions, drivers in _parts(heads, k.size * m.size):
        both = (waves[:v, None] * heads.heard[:v, directions].take(m, axis=2)).reshape(v, -1)
        heard = np.stack([part @ both[parity::2] for parity, part in enumerate(halves)], axis=1)  # (F, 2, G K)
        angles, at = np.unique(heads.angle_of[directions, drivers], return_inverse=True)
        columns = waves[:n, None] * heads.sent[:n].take(angles, axis=1).take(m, axis=2)
        sent = (device @ columns.reshape(n, -1)).reshape(k.size, angles.size, m.size)
        at = at.reshape(-1, heads.angle_of[0, drivers].size)
        for g, columns_of in enumerate(at, directions.start):
            (members,) = np.nonzero(heads.direction_of == g)
            part = slice((g - directions.start) * m.size, (g - directions.start + 1) * m.size)
            left = heard[:, :, None, part] * weights[:, None].take(members, axis=2)  # (F, 2, D, K)
            right = sent.take(columns_of, axis=1) * heads.turned[g, drivers].take(m, axis=1)
            ears = left.reshape(k.size, -1, m.size) @ right.transpose(0, 2, 1)
            out[:, members, :, drivers] = _of_both(ears.reshape(k.size, 2, members.size, -1))
    return out


def _matter(waves: Real, terms: tuple[Complex, Complex], weights: Real, k: Real) -> Bool:
    """Orders m and nodes (M, I) whose products are no less than MIN_SHARE of the largest at the lowest or the highest frequency.

    Sizes of p_nm (N, M, I), the terms of both spheres, and the sizes of the weights (F, I).
    """
    matter = np.zeros(waves.shape[1:], dtype=bool)
    for f in {int(k.argmin()), int(k.argmax())}:
        device, head = ((waves[: part.shape[1]] * np.abs(part[f])[:, None, None]).max(axis=0) for part in terms)
        share = device * head * weights[f]
        matter |= share > MIN_SHARE * share.max()
    return matter


def _by_each_node(k: Real, terms: tuple[Complex, Complex], heads: _Heads, count: int, nodes: int) -> Complex:
    """Equation (2) without its phase (F, D, 2, L), on nodes of each frequency; m < `count`."""
    tau, weight = _rule(nodes)
    mean_m = float(heads.away_m.mean())
    device, head = (part.T for part in terms)
    n, v = len(device), len(head)
    waves = _associated((1 - 1j * tau / (k * mean_m)[:, None]).ravel(), max(n, v), count).reshape(
        -1, count, k.size, nodes
    )
    sent, heard = (
        (waves[: len(part)] * part[:, None, :, None]).reshape(len(part), count, -1).view(float).transpose(1, 0, 2)
        for part in (device, head)
    )  # (M, N, F I 2)
    weights = (np.exp(np.multiply.outer(1 - heads.away_m / mean_m, tau)) * weight / mean_m).T  # (I, D)
    out = np.empty((k.size, heads.away_m.size, 2, heads.angle_of.shape[1]), dtype=complex)
    for directions, drivers in _parts(heads, count * k.size * nodes):
        ear = heads.heard[:v, directions, :count].transpose(2, 1, 0)
        pair = np.stack([ear[..., parity::2] @ heard[:, parity::2] for parity in (0, 1)], axis=1).view(complex)
        angles, at = np.unique(heads.angle_of[directions, drivers], return_inverse=True)
        drives = (heads.sent[:n, angles, :count].transpose(2, 1, 0) @ sent).view(complex)  # (M, U, F I)
        at = at.reshape(-1, heads.angle_of[0, drivers].size)
        for g, columns_of in enumerate(at, directions.start):
            (members,) = np.nonzero(heads.direction_of == g)
            driven = drives[:, columns_of] * heads.turned[g, drivers, :count].T[..., None]
            met = np.einsum("mex,mlx->elx", pair[:, :, g - directions.start], driven)
            ears = met.reshape(-1, k.size, nodes) @ weights[:, members]  # (2 L, F, D)
            ears = ears.reshape(2, -1, k.size, members.size).transpose(2, 0, 3, 1)
            out[:, members, :, drivers] = _of_both(ears)
    return out


def _of_both(parities: Complex) -> Complex:
    """The two ears (F, D, 2, L) from the parts of even and odd ν (F, 2, D, L)."""
    even, odd = parities[:, 0], parities[:, 1]
    return np.stack([even + odd, even - odd], axis=2)


def _parts(heads: _Heads, numbers: int) -> Iterator[tuple[slice, slice]]:
    """Directions and drivers that are computed together, of so many numbers each."""
    directions, drivers = heads.angle_of.shape
    most = max(1, MAX_NUMBERS // numbers)
    for g in range(0, directions, max(1, most // drivers)):
        for l in range(0, drivers, most):
            yield slice(g, min(g + max(1, most // drivers), directions)), slice(l, l + most)


def _shared_kappa(k: Real, away_m: Real) -> complex:
    """The κ of nodes that wave numbers and distances have in common."""
    return SHARED_KR * float(k.max()) * math.sqrt(float(away_m.min() * away_m.max())) * TURN


def _growth(k: float, both_m: float, away_m: Real | float) -> Real:
    """Value of z for the radii's sum and distances (...)."""
    return np.asarray(k * both_m**2 / (2 * away_m))


def _near_orders(ratio: float) -> int:
    """Orders of the near field at r/a."""
    return math.ceil(math.log(MAX_REMAINDER) / -math.log(ratio))


def _orders(ka: float, fewest: int) -> int:
    """Orders of a sphere's answers."""
    return max(fewest, math.ceil(ka + 3 * math.cbrt(ka)) + MORE_ORDERS)


@lru_cache(maxsize=64)
def _rule(count: int) -> tuple[Real, Real]:
    """Gauss's rule of Laguerre: nodes and weights (I,)."""
    node, weight = roots_laguerre(count)
    return node, weight


def _far_terms(ka: Real, count: int) -> Complex:
    """t_n (F, N): -(2n+1) j^{n+1} / ((ka)² h_n'(ka)), from p_n = j h_{n+1}/h_n = j (2n+1)/(ka) + 1/p_{n-1}, p_{-1} = -1."""
    order = np.arange(count)[:, None]
    p = np.empty((count, ka.size), dtype=complex)
    last: Complex = np.full(ka.size, -1.0 + 0j)
    for row, imaginary, step in zip(p, p.imag, (2 * order + 1) / ka, strict=True):
        np.reciprocal(last, out=row)
        np.add(imaginary, step, out=imaginary)
        last = row
    lead = np.cumprod(np.concatenate([(-np.exp(1j * ka) / ka)[None], -1 / p[:-1]]), axis=0)
    return np.ascontiguousarray(((2 * order + 1) * lead / (order / ka + 1j * p)).T)


def _associated(x: Complex, orders: int, count: int) -> Complex:
    """p_nm(x) for n < `orders` and m < `count` (N, M, K), without the sign (-1)^m, upwards in n from p_mm."""
    lead, rise, fall = _steps(orders, count)
    out = np.zeros((orders, count, x.size), dtype=complex)
    m, flat = np.arange(count), out.view(float)
    out[m, m] = np.cumprod(np.where(m[:, None], np.sqrt(1 - x * x), 1.0) * lead, axis=0)
    step = rise * x
    for order in range(1, orders):
        lower = slice(min(order, count))
        np.multiply(out[order - 1, lower], step[order, lower], out=out[order, lower])
        if order > 1:
            flat[order, lower] -= fall[order, lower] * flat[order - 2, lower]
    return out


@lru_cache(maxsize=64)
def _steps(orders: int, count: int) -> tuple[Real, Real, Real]:
    """Factors of the recurrences of p_mm (M, 1), and of p_nm from the last order and from the last but one (N, M, 1)."""
    n, m = np.arange(orders)[:, None], np.arange(count)
    share = (m < n) / np.sqrt(np.maximum(n * n - m * m, 1))
    lead = np.sqrt(np.append(1.0, (2 * m[1:] - 1) / (2 * m[1:])))
    rise, fall = (2 * n - 1) * share, np.sqrt(np.maximum((n - 1) ** 2 - m * m, 0)) * share
    return lead[:, None], rise[..., None], fall[..., None]
