"""The searches' values by other means: scipy's scalar minimiser over the dual, one frequency at a time, and high precision.

No helper of the package is used. The duals are convex in their multiplier and have no gap, so their least value is the
value that is sought.
"""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import scipy.linalg
import scipy.optimize

from designer.arrays import Complex


def largest(M: Complex) -> float:
    return float(scipy.linalg.eigvalsh(M, subset_by_index=[len(M) - 1, len(M) - 1])[0])


def most_efficient_value(A: Complex, B: Complex, gamma: float) -> float:
    """The largest v^H A v over unit v with v^H A v >= γ v^H B v: least over λ of the largest eigenvalue of A + λ(A - γB)."""
    grid = [largest(A), *(largest(A + np.exp(x) * (A - gamma * B)) for x in np.arange(-20.0, 25.0))]
    at = int(np.argmin(grid))
    if at == 0:
        return grid[0]
    actual = scipy.optimize.minimize_scalar(
        lambda x: largest(A + np.exp(x) * (A - gamma * B)),
        bounds=(at - 23.0, at - 19.0),
        method="bounded",
        options={"xatol": 1e-9},
    )
    return min(float(actual.fun), grid[at])


def left_at_efficiency(A: Complex, B: Complex, eta: float) -> float:
    """The least v^H B v / v^H A v over v with v^H A v >= η v^H v: the largest (1 - μ/η)/s over s, μ >= 0 the
    largest eigenvalue of A - sB or 0.
    """

    def bound(x: float) -> float:
        s = float(np.exp(x))
        return (1 - max(largest(A - s * B), 0.0) / eta) / s

    grid = [bound(x) for x in np.arange(-25.0, 25.0)]
    at = int(np.argmax(grid))
    actual = scipy.optimize.minimize_scalar(
        lambda x: -bound(x), bounds=(at - 26.0, at - 24.0), method="bounded", options={"xatol": 1e-9}
    )
    return max(-float(actual.fun), grid[at])


def pair_value_in_high_precision(bright: Complex, dark: Complex, gamma: float) -> float:
    """`most_efficient_value` of two drivers in 60 digits, from the responses (M, 2): the larger root of a quadratic, and
    a search of three parts over log λ.
    """
    with mpmath.workdps(60):

        def power(H: Complex) -> tuple[Any, Any, Any]:
            rows = [[mpmath.mpc(complex(x)) for x in row] for row in H]
            aa, bb = (sum(abs(row[l]) ** 2 for row in rows) / len(rows) for l in (0, 1))
            return aa, bb, sum(mpmath.conj(row[0]) * row[1] for row in rows) / len(rows)

        A, B = power(bright), power(dark)

        def dual(x: mpmath.mpf) -> Any:
            lam = mpmath.exp(x)
            p, q, r = (a + lam * (a - gamma * b) for a, b in zip(A, B, strict=True))
            return (p + q) / 2 + mpmath.sqrt(((p - q) / 2) ** 2 + abs(r) ** 2)

        low, high = mpmath.mpf(-40), mpmath.mpf(60)
        for _ in range(180):
            left, right = low + (high - low) / 3, high - (high - low) / 3
            low, high = (low, right) if dual(left) < dual(right) else (left, high)
        return float(dual(low))
