"""A disc of equal sources as a sum of spherical waves about its centre: a term an order, where a quadrature takes (ka)² nodes.

Outside of the disc its field is one of even orders, symmetric about its axis,

    p(r, θ) = -jk Σ_{n even} (-1)^{n/2} (2n+1) b_n h_n(kr) P_n(cos θ)                                             (1)

with Hankel functions of the second kind for e^{+jωt}. As -jk h_n(kr) → j^n e^{-jkr}/r, far away the sum of (2n+1) b_n P_n is
the disc's pattern D(θ) = 2 J_1(ka sin θ)/(ka sin θ), so that

    b_n = ∫_0^1 D P_n d(cos θ),                                                                                    (2)

which dies away as j_n(ka) beyond n = ka. The integral leaves 1e-16 of D, which h_n(kr) raises where n > kr: from two radii and
ka = 8 on, and with ka + 9 (ka)^{1/3} orders, the sum is right to 1e-7 at the worst, and to 1e-9 from ka = 16 on.

Independent truth: on the axis p = 2 (e^{-jkr} - e^{-jk√(r² + a²)}) / (jka²).

Source: Kinsler, Frey, Coppens and Sanders, Fundamentals of Acoustics, 4th ed., section 7.4; Morse and Ingard, Theoretical
Acoustics (Princeton, 1986), section 7.2.
"""

from __future__ import annotations

import math

import numpy as np

from designer.acoustics.disc_waves import disc_pattern, octaves, panels
from designer.acoustics.rigid_sphere import legendre_table
from designer.arrays import Complex, Real

LEAST_KA = 8.0
NEAREST = 2.0
"""Radii from the centre: nearer points are left to the quadrature."""
MAX_NUMBERS = 500_000
"""Frequencies, or orders, times points that are held at once (8 MB an array)."""


def expanded_disc(k: Real, radius_m: float, length_m: Real, cosine: Real) -> Complex:
    """Equation (1) (F, M): relative to a point source's pressure at 1 m, as the mean over the disc.

    Parameters
    ----------
    k : (F,) wave number, rad/m, at least LEAST_KA over the radius
    length_m : (M,) from the disc's centre, at least NEAREST radii
    cosine : (M,) of the angle from its axis

    """
    out = np.empty((k.size, length_m.size), dtype=complex)
    for rows, _ in octaves(k):
        weights = _weights(k[rows] * radius_m)
        orders = 2 * weights.shape[1] - 1
        size = max(1, MAX_NUMBERS // max(len(rows), orders))
        for m in range(0, length_m.size, size):
            some = slice(m, m + size)
            shape = legendre_table(cosine[some], orders)[::2]
            out[rows, some] = _summed(k[rows], weights, length_m[some], shape)
    return out


def _weights(ka: Real) -> Real:
    """(-1)^{n/2} (2n+1) b_n of equation (2), n = 0, 2, ... (F, N); 0 beyond a frequency's own orders."""
    most = ka + 9 * np.cbrt(ka)
    n = np.arange(0, math.ceil(float(most.max())) + 1, 2)
    theta, weight = panels(float(ka.max()) + float(n[-1]))
    b = np.zeros((ka.size, n.size))
    size = max(1, MAX_NUMBERS // max(ka.size, int(n[-1])))
    for q in range(0, theta.size, size):
        some = slice(q, q + size)
        shape = legendre_table(np.cos(theta[some]), int(n[-1]) + 1)[::2]
        b += (disc_pattern(ka, np.sin(theta[some])) * weight[some]) @ shape.T
    return np.asarray(np.where(n <= most[:, None], (-1.0) ** (n // 2) * (2 * n + 1) * b, 0.0))


def _summed(k: Real, weights: Real, length_m: Real, shape: Real) -> Complex:
    x = np.outer(k, length_m)
    wave = np.exp(-1j * x) / length_m  # -jk h_0
    ratio = 1 / x + 1j  # h_1/h_0
    total = np.zeros(x.shape, dtype=complex)
    for i in range(weights.shape[1]):
        total += wave * (weights[:, i, None] * shape[i])
        for n in (2 * i + 1, 2 * i + 2):
            wave = wave * ratio
            ratio = (2 * n + 1) / x - 1 / ratio
    return total
