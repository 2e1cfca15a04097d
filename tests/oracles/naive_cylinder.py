"""The field of drivers on a cylinder without end at many points: its mode series along the real axis, of no code of the tool.

    p = -2/(πa) Σ_n ε_n sinc(nβ) cos n(φ-φ₀) ∫_0^∞ sinc(qb) cos q(z-z₀) H_n(κr) / [κ H_n'(κa)] dq,    κ² = k² - q²

(Morse and Ingard, Theoretical Acoustics, section 7.3), the integral as in `naive_field`: q = k sin t below k, q = k cosh u above it, by
Gauss's rule in the root of their distance from q = k, where the integrand goes as κ log κ. H_n of the second kind by the recurrence in n,
upwards from scipy's first two, and H_n' = H_{n-1} - n/x H_n.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import hankel2

from designer.arrays import Complex, Real

POINTS_AT_ONCE = 300
SMALLEST_TERM = 1e-11
NEPERS = 34.0


def field_of_drivers(
    k: float, radius_m: float, places_m: Real, rims_m: Real, points_m: Real, *, more_nodes: int = 0
) -> Complex:
    """Pressure (M, L) at points (M, 3), relative to an ideal source's at 1 m, of bent square pistons of discs' areas, or of points."""
    a, r = radius_m, np.hypot(points_m[:, 0], points_m[:, 1])
    half_m = math.sqrt(math.pi) / 2 * rims_m
    farthest_m = float(r.max()) + float(np.abs(points_m[:, 2:] - places_m[:, 2]).max())
    count = int(0.8 * k * farthest_m) + 40 + more_nodes
    node, weight = np.polynomial.legendre.leggauss(count)
    v, dv = (node + 1) / 2, weight / 2
    t, dt = math.pi / 2 * (1 - v**2), math.pi * v * dv
    end = math.asinh(NEPERS / (k * float(r.min() - a)))
    u, du = end * v**2, 2 * end * v * dv
    q = np.concatenate([k * np.sin(t), k * np.cosh(u)])
    kappa = np.concatenate([k * np.cos(t) + 0j, -1j * k * np.sinh(u)])
    dq = np.concatenate([dt + 0j, 1j * du])
    out = np.zeros((len(points_m), len(places_m)), dtype=complex)
    for start in range(0, len(points_m), POINTS_AT_ONCE):
        some_m, some_r = points_m[start : start + POINTS_AT_ONCE], r[start : start + POINTS_AT_ONCE]
        apart = np.arctan2(some_m[:, 1], some_m[:, 0])[:, None] - np.arctan2(places_m[:, 1], places_m[:, 0])
        shares = [
            dq * np.cos(np.multiply.outer(some_m[:, 2] - z, q)) * np.sinc(q * half / math.pi)
            for z, half in zip(places_m[:, 2].tolist(), half_m.tolist(), strict=True)
        ]
        at_r, at_a = kappa * some_r[:, None], kappa * a
        outer = [hankel2(0, at_r), hankel2(1, at_r)]
        inner = [hankel2(0, at_a), hankel2(1, at_a)]
        total, largest = np.zeros((len(some_m), len(places_m)), dtype=complex), 0.0
        for n in range(400):
            slope = inner[0] - n / at_a * inner[1] if n else -inner[1]
            ratio = outer[min(n, 1)] / slope
            orders = np.stack([np.einsum("mq,mq->m", share, ratio) for share in shares], axis=1)
            term = (2 if n else 1) * np.sinc(n * half_m / a / math.pi) * np.cos(n * apart) * orders
            total += term
            size = float(np.abs(orders).max())
            largest = max(largest, size)
            if n > k * a and size < SMALLEST_TERM * largest:
                break
            if n:
                outer = [outer[1], 2 * n / at_r * outer[1] - outer[0]]
                inner = [inner[1], 2 * n / at_a * inner[1] - inner[0]]
                size_at_a = np.maximum(
                    np.abs(inner[1]), 1.0
                )  # both by it, whose ratio is what counts: numbers end at 1e308
                outer, inner = [part / size_at_a for part in outer], [part / size_at_a for part in inner]
        else:
            raise ArithmeticError("the cylinder's series does not end")
        out[start : start + POINTS_AT_ONCE] = total
    return np.asarray(-2 / (math.pi * a) * out)
