"""The series of a rigid sphere: of drivers on its surface (an enclosure), and of a point source that it meets (a head).

A source on the surface with normal velocity u(γ) = Σ U_n P_n(cos γ) radiates p = Σ A_n h_n(kr) P_n, where h_n is the
spherical Hankel function of the second kind (outgoing for e^{+jωt}). From -∂p/∂r = jωρ₀ u at r = a:

    A_n = -jρ₀c U_n / h_n'(ka)

A point source of volume velocity q has U_n = (2n+1) q / (4πa²); its free-field pressure would be jωρ₀q e^{-jkr}/(4πr).
Relative to that reference,

    p(r, γ) = -1/(ka²) Σ (2n+1) w_n [h_n(kr) / h_n'(ka)] P_n(cos γ)                                           (1)

with w_n = 1 for a point. A cap of half angle α that moves radially with one velocity has
U_n ∝ P_{n-1}(cos α) - P_{n+1}(cos α), hence, divided by its volume velocity 2πa²(1 - cos α),

    w_0 = 1,   w_n = [P_{n-1}(cos α) - P_{n+1}(cos α)] / [(2n+1)(1 - cos α)]                                  (2)

so that ka → 0 is the point source in free field. In the far field, r e^{jkr} h_n(kr) → j^{n+1}/k, and

    r e^{jkr} p → -1/(ka)² Σ (2n+1) w_n [j^{n+1} / h_n'(ka)] P_n(cos γ)                                       (3)

By reciprocity (1) with w_n = 1 is also the pressure *on* the sphere at the angle γ from a point source at the
distance r: the rigid-sphere head of Duda and Martens (JASA 104, 1998, eq. 3, there relative to the free field at the
centre, and in e^{-iωt}).

Summation. h_n overflows where the terms are still needed, so nothing but ratios is kept. With q_n(x) =
h_n(x)/h_{n-1}(x),

    q_1 = 1/x + j,   q_{n+1} = (2n+1)/x - 1/q_n                                                                (4)

runs upwards, the direction in which h_n dominates and the recurrence is stable. Then h_n(kr)/h_n(ka) is a product of
q_n(kr)/q_n(ka), each of magnitude at most about 1, and h_n'(ka)/h_n(ka) = 1/q_n(ka) - (n+1)/(ka).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import numpy as np
from scipy.special import legendre_p_all, spherical_jn, spherical_yn

from designer.acoustics.chebyshev import few_distances
from designer.acoustics.turning import phase
from designer.arrays import Complex, Index, Real
from designer.errors import DataError

MIN_KA = 1e-6
"""Below this ka the sphere is at its static limit to double precision; 0 Hz is computed here."""
MAX_TERMS = 5000
MAX_ORDERS_AT_ONCE, MAX_NUMBERS_AT_ONCE = 16, 40_000
"""Terms that are computed together, and their numbers, which stay in the processor's cache."""
NEAREST_FIELD_RADII = 1.2
"""How far from the centre of a round enclosure sound seems to come from, in radii."""
HEAD_TOLERANCE = 1e-8
"""Smallest terms of a head's series, of the largest at the same frequency."""
MIN_DISTANCES_SAVED = 8
"""A head's distances, for each that stands for them where they are many."""
MAX_ORDERS_BEYOND = 200
"""Orders beyond ka that are looked at."""
MAX_NUMBERS = 20_000
"""Frequencies times distances whose terms are held at once (about 30 MB)."""


def radial_terms(ka: Real, distance_ratio: Real, *, tolerance: float = 1e-13) -> Complex:
    """-(2n+1)/(ka) h_n(kr)/h_n'(ka) for n = 0, 1, ... until two fall below the tolerance, (N, F, U).

    That is what equation (1) times a adds up, without w_n and P_n; at an infinite distance, what equation (3) does.

    Parameters
    ----------
    ka : (F,) float array, wave number times the sphere's radius
    distance_ratio : (U,) float array, r/a, at least 1; np.inf is the far field
    tolerance : float, relative to the largest term at the same frequency and distance

    Raises
    ------
    DataError : a point is so near the surface that the series does not converge

    """
    ka = np.maximum(ka, MIN_KA)[:, None]
    far = np.isinf(distance_ratio)
    kr = ka * np.where(far, 1.0, distance_ratio)
    # n = 0: h_0(x) = j e^{-jx}/x. Far: j^{n+1} / (ka h_n(ka)) stands for the ratio.
    lead: Complex = np.where(far, np.exp(1j * ka), ka / kr * np.exp(-1j * (kr - ka)))  # h_n(kr)/h_n(ka)
    inverse_x = np.concatenate([1 / ka, 1 / kr], axis=1)
    at_once = min(max(MAX_NUMBERS_AT_ONCE // inverse_x.size, 3), MAX_ORDERS_AT_ONCE)
    last: Complex = np.full(inverse_x.shape, -1.0 + 0j)
    largest: Real = np.zeros(lead.shape)
    going = np.arange(len(ka))  # frequencies whose terms are not small yet
    parts: list[tuple[Index, Complex]] = []
    for first in range(0, MAX_TERMS, at_once):
        order = np.arange(first, first + at_once)[:, None, None]
        steps = (2 * order + 1) * inverse_x
        p = np.empty(
            steps.shape, dtype=complex
        )  # p_{n+1} = j q_{n+1} = j (2n+1)/x + 1/p_n, from p_0 = -1, at ka and at each kr
        for row, imaginary, step in zip(p, p.imag, steps, strict=True):
            np.reciprocal(last, out=row)
            np.add(imaginary, step, out=imaginary)
            last = row
        at_a, at_r = p[:, :, :1], p[:, :, 1:]
        ratios = (np.where(far, -1.0, at_r) if far.any() else at_r) * (1 / at_a)
        terms: Complex = np.empty(ratios.shape, dtype=complex)
        for row, ratio in zip(terms, ratios, strict=True):
            row[:] = lead
            lead = lead * ratio
        terms *= (2 * order + 1) / (-1j * ka * at_a - order)  # h_n'/h_n = n/ka - q_{n+1}
        parts.append((going, terms))
        sizes = np.abs(terms[-2:])
        largest = np.maximum(largest, sizes[1])
        small = (sizes <= tolerance * largest).all(axis=(0, 2))
        if small.all():
            return _joined(parts, len(kr))
        if small.any():
            going, ka, inverse_x = going[~small], ka[~small], inverse_x[~small]
            last, lead, largest = last[~small], lead[~small], largest[~small]
    nearest = float(np.min(distance_ratio))
    raise DataError(
        f"a point {nearest:.4f} radii from the centre of a rigid sphere is too near its surface for the series;"
        " expected 1.006 radii or more; move the point (an ear, a driver) away from the sphere"
    )


def _joined(parts: list[tuple[Index, Complex]], frequencies: int) -> Complex:
    """Terms (N, F, U) from consecutive orders at some frequencies each; 0 elsewhere."""
    out = np.zeros((sum(len(terms) for _, terms in parts), frequencies, parts[0][1].shape[2]), dtype=complex)
    first = 0
    for at, terms in parts:
        out[first : first + len(terms), slice(None) if at.size == frequencies else at] = terms
        first += len(terms)
    return out


def legendre_table(x: Real, terms: int) -> Real:
    """P_n(x) for n < terms, (terms, ...), for |x| <= 1."""
    return np.asarray(legendre_p_all(terms - 1, x)[0])


def legendre_slopes(x: Real, terms: int) -> Real:
    """P_n'(x) for n < terms, (terms, ...), for |x| <= 1."""
    return np.asarray(legendre_p_all(terms - 1, x, diff_n=1)[1])


def cap_weights(cos_half_angle: Real, terms: int) -> Real:
    """w_n of equation (2), (terms, ...); a half angle of 0 is a point."""
    cosine = np.asarray(cos_half_angle, dtype=float)
    table = legendre_table(cosine, terms + 1)
    order = np.arange(1, terms).reshape(-1, *(1,) * cosine.ndim)
    point = cosine >= 1.0
    weights = np.ones((terms, *cosine.shape))
    weights[1:] = np.where(point, 1.0, (table[:-2] - table[2:]) / ((2 * order + 1) * np.where(point, 1.0, 1 - cosine)))
    return weights


def sphere_pressure(
    ka: Real, distance_ratio: Real, cos_angle: Real, *, cos_half_angle: Real | float = 1.0, tolerance: float = 1e-13
) -> Complex:
    """Equation (1) times the radius a; for an infinite distance, equation (3): (F, U, K).

    Parameters
    ----------
    ka : (F,) float array, wave number times the sphere's radius
    distance_ratio : (U,) float array, r/a, at least 1; np.inf is the far field
    cos_angle : (U, K) float array, cosine of the angle between the source and the point, as seen from the centre
    cos_half_angle : float array or float, broadcasts to (U, K); cosine of the half angle of the vibrating cap, 1 for a
        point
    tolerance : float, terms are added until they fall below this

    """
    ratio, cos_angle = np.asarray(distance_ratio, dtype=float), np.asarray(cos_angle, dtype=float)
    cap = np.broadcast_to(np.asarray(cos_half_angle, dtype=float), cos_angle.shape)
    rims, rim = np.unique(cap, return_inverse=True)
    out = np.empty((ka.size, *cos_angle.shape), dtype=complex)
    block = max(1, MAX_NUMBERS // max(1, ka.size))
    for start in range(0, ratio.size, block):
        part = slice(start, start + block)
        ratios, inverse = np.unique(ratio[part], return_inverse=True)
        radial = radial_terms(ka, ratios, tolerance=tolerance)  # (N, F, U), once a distance
        radial = radial[:, :, inverse]
        angular = legendre_table(cos_angle[part], len(radial))  # (N, U, K)
        if rims[0] < 1.0:
            angular *= cap_weights(rims, len(radial))[:, rim.reshape(cap.shape)[part]]
        # Real times complex, as two real matrix products a distance.
        left, right = radial.transpose(2, 1, 0), angular.transpose(1, 0, 2)
        out[:, part] = (left.real @ right + 1j * (left.imag @ right)).transpose(1, 0, 2)
    return out


def head_series(k: Real, head_radius_m: float, distance_m: Real) -> Callable[[Index | slice, Real], Complex]:
    """Pressure at the two ends of a rigid sphere's axis, of point sources, relative to an ideal source's at 1 m.

    Parameters
    ----------
    k : (F,) float array, wave number, rad/m
    distance_m : (D,) float array, of the sources from the sphere's centre

    Returns
    -------
    callable, of some of the frequencies (G,), and the cosines (D, S) between sources and the first end: (G, D, 2, S)

    """
    unique_m, place_of = np.unique(distance_m, return_inverse=True)

    def without_wave(some_m: Real) -> Complex:
        terms = radial_terms(k * head_radius_m, some_m / head_radius_m, tolerance=HEAD_TOLERANCE)
        return np.asarray(terms * (phase(np.multiply.outer(k, some_m)) * (some_m / head_radius_m)))

    few = few_distances(without_wave, distance_m, most=unique_m.size / MIN_DISTANCES_SAVED)
    terms, shares = few or (without_wave(unique_m), None)
    counts = np.count_nonzero(terms[:, :, 0], axis=0)
    wave = phase(-np.multiply.outer(k, distance_m)) / distance_m
    # P_n(-x) = (-1)^n P_n(x): even and odd orders of real and imaginary parts, (Q, 2, F, N/2)
    halves = [np.stack([part.real, part.imag]).transpose(3, 0, 2, 1) for part in (terms[::2], terms[1::2])]
    if shares is None:
        halves = [half[place_of] for half in halves]

    def pressure(index: Index | slice, lateral: Real) -> Complex:
        orders = int(counts[index].max())
        table = legendre_table(np.clip(lateral, -1.0, 1.0), orders).transpose(1, 0, 2)  # (D, N, S)
        parts = []
        for n, half in enumerate(halves):
            rows, columns = half[:, :, index, : (orders + 1 - n) // 2], table[:, n::2]
            left = rows.reshape(len(rows), -1, rows.shape[-1])
            if shares is None:
                parts.append(left @ columns)  # (D, 2 G, S)
            else:
                right = shares[:, :, None, None] * columns[:, None]  # (D, Q, N/2, S)
                parts.append(
                    left.transpose(1, 0, 2).reshape(left.shape[1], -1) @ right.reshape(len(right), -1, right.shape[-1])
                )
        even, odd = (part.reshape(len(table), 2, -1, table.shape[2]) for part in parts)
        out = np.empty((even.shape[2], len(table), 2, table.shape[2]), dtype=complex)
        for ear, both in enumerate((even + odd, even - odd)):
            out.real[:, :, ear], out.imag[:, :, ear] = both.transpose(1, 2, 0, 3)
        out *= wave[index][..., None, None]
        return out

    return pressure


def head_pressure(k: Real, head_radius_m: float, distance_m: Real, lateral: Real) -> Complex:
    """Result of `head_series` at every frequency (F, D, 2, S), for cosines (D, S)."""
    return head_series(k, head_radius_m, distance_m)(slice(None), lateral)


def point_orders(ka: float, distance_ratio: float, remainder: float) -> int:
    """How many orders of a point source at r/a have terms (2n+1) |j_n(ka) h_n(kr)| on a sphere, of `remainder` of the largest."""
    n = np.arange(int(ka) + MAX_ORDERS_BEYOND)
    outgoing = np.abs(spherical_jn(n, ka * distance_ratio) - 1j * spherical_yn(n, ka * distance_ratio))
    terms = (2 * n + 1) * np.abs(spherical_jn(n, ka)) * np.where(np.isfinite(outgoing), outgoing, 0.0)
    return int(np.flatnonzero(terms > remainder * terms.max())[-1]) + 1


def order_answers(order: Index, ka: Real) -> Complex:
    """(-j)/((ka)² h_n'(ka)): pressure on a rigid sphere that a field j_n(kr) P_n meets, over P_n, for orders and ka that broadcast."""
    return np.asarray(-1j / (ka**2 * (spherical_jn(order, ka, True) - 1j * spherical_yn(order, ka, True))))


@lru_cache(maxsize=16)
def line_weights(ka: tuple[float, ...], points: tuple[float, ...]) -> Complex:
    """Weights W (F, I) with which a field at points of its axis adds to the pressure at the first end of a rigid sphere; for long waves.

    Σ_i W_i j_n(ka x_i) = (-j)/((ka)² h_n'(ka)) for n < I, the sphere's answer to the order n, of points x_i in radii in mirror images,
    from the first end on; at the other end the weights are in the reverse order.
    """
    at_a, half = np.maximum(np.array(ka), MIN_KA)[:, None], np.array(points[: len(points) // 2])
    order = np.arange(len(points))
    answer = order_answers(order, at_a)
    size = np.abs(answer)
    on_line = spherical_jn(order[:, None], (at_a * half)[:, None]) / size[:, :, None]
    even, odd = (  # at the other half j_n is (-1)^n times as large
        np.linalg.solve(on_line[:, parity::2], (answer / size)[:, parity::2, None])[..., 0] / 2 for parity in (0, 1)
    )
    return np.concatenate([even + odd, (even - odd)[:, ::-1]], axis=1)
