"""Nodes and weights for the integral over the axial wave number of a field outside a cylinder.

The integral is, for each azimuthal order n, at the distance r = a + ρ from the axis and the height ζ over the source,

    I_n = ∫_0^∞ v(q) cos(qζ) G_n(κ) dq,   κ = sqrt(k² - q²),   G_n(κ) = H_n(κr) / [κ H_n'(κa)]                   (1)

with Hankel functions of the second kind, and Im κ <= 0 so that q > k decays. On the real axis it oscillates through
k hypot(ρ, ζ) radians, has a logarithm at q = k, and ends in an exponential tail. All three go away on a contour that
falls off. With q = k sin w the wave is e^{-jκρ ± jqζ} = e^{-jkd cos(w ± ψ)}, d = hypot(ρ, ζ), tan ψ = ζ/ρ.

Which deformations are expected the zeros of H_n' of the second kind lie at Im κ > 0, so between the real axis and any
contour with 0 <= Re w <= π/2 and Im w >= 0, where Im κ <= 0, the integrand is analytic.

*Flat contour*, for points near the height of the source. From the saddle of ζ = 0,

    cos w = 1 - js²,   κ = k(1 - js²),   q = k s sqrt(2j + s²),   dq = 2j κ / sqrt(2j + s²) ds                    (2)

on which e^{-jκρ} is e^{-jkρ} times a Gaussian e^{-kρs²}. The integrand is even in s. Its singularities are κ = 0, at
s² = -j, and the zeros of H_n', of which those nearest to κ = k have Im κa = 0.7 (ka)^{1/3}: at Im s = 0.84 (ka)^{-1/3}.
So the trapezoidal rule in t, s = sinh t, converges exponentially: 10 to 30 nodes where the Gaussian rules, 60 at 0 Hz.
cos(qζ) grows by e^{g²}, g² = kζ²/(4ρ), at the most, which is held below e^10 (eleven digits are left). On the line
Im s = τ, short of the singularities, the integrand is e^{g² + kρτ² + kζτ} at the most, and the rule's error with the
step h is that times e^{-2πτ/h}; τ is chosen where h may be largest.

*Tilted contour*, for all other points: the line from q = -∞ to ∞, without cos, as two halves. Each is a line along the
real axis from w = 0 to w = ψ, where the wave to the point is stationary, and from there, with w' the path (2),

    w = ψ + (1 - 2ψ/π) Re w' + j Im w'                                                                            (3)

on which e^{-jqζ} falls off because Re w >= ψ. The half of e^{+jqζ}, which falls off by itself, has ψ = 0. A piston of
half height b has its edges at ζ ± b, and the half's ψ is that of the farther one, or of the farthest of all pistons that share
the contour. Gauss-Legendre panels, as many as the phase along the path asks for, and short beside a zero of H_n' (the nearest
are those of n = 1, at κa = 0.50 + 0.64j, and the 0.70 (κa)^{1/3} above). What lies beyond e^{-36} is less.

Reference: Felsen and Marcuvitz, Radiation and Scattering of Waves (IEEE Press, 1994), sections 4.1 to 4.4; the
trapezoidal rule: Trefethen and Weideman, SIAM Review 56 (2014), sections 5 and 14.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache
from itertools import product

import numpy as np

from designer.acoustics.quadrature import gauss_legendre
from designer.arrays import Complex, Index, Real

MAX_DEPTH = 36.0
"""Nepers at which the tail is cut: 2e-16."""
ERROR_NEPERS = 27.0
"""Nepers of the trapezoidal rule's error: 2e-12."""
MAX_GROWTH = 10.0
"""Nepers by which the integrand may grow before it falls."""
NEAREST_ZERO = 0.64
"""Smallest Im κa where H_1' has a zero; those above lie at 0.70 (κa)^{1/3}."""
MAX_PANEL_RATIO = 1.4
"""Longest panel over the distance to a zero: 16 nodes leave 1e-16 of it, and 1e-10 where the wave turns by 15 radians."""
MIN_PANEL_SHARE = 1e-6
"""Share of a path's length."""
STEPS = np.append(0.0, np.geomspace(MIN_PANEL_SHARE, 1.0, 60))
MAX_FREQUENCY_RATIO, STEPS_BETWEEN = 1.4, 20
"""Frequencies that panels are laid for besides the lowest: of one another, and how many from the highest down."""
PANEL_NODES = 16
PANEL_RADIANS = 15.0
"""Phase along one panel; with 18 the field was 1e-8 off."""


def is_flat(k_max: float, away_m: Real, height_m: Real) -> np.ndarray:
    """Where the flat contour serves, for (ρ, |ζ|) and all wave numbers up to `k_max`."""
    return np.asarray((height_m < 0.5 * away_m) & (k_max * height_m**2 < 4 * MAX_GROWTH * away_m))


def flat_contour(k: Real, radius_m: float, away_m: Real, height_m: Real) -> tuple[Complex, Complex, Complex]:
    """q, κ and weights (P, F, Q) of equation (2), for wave numbers k (F,), the radius a, distances ρ and largest heights (P,)."""
    depth = np.sqrt(np.outer(away_m, k))
    shift = np.sqrt(np.outer(height_m**2 / (4 * away_m), k))
    last = np.arcsinh((shift + 6.0) / depth)
    exact = ERROR_NEPERS + shift**2
    aside = np.minimum(np.minimum(0.57, 0.84 * (k * radius_m) ** (-1 / 3)), np.sqrt(exact) / depth)
    step = 2 * math.pi * aside / (exact + (depth * aside) ** 2 + 2 * shift * depth * aside)
    count = math.ceil(float((last / step).max())) + 1
    t = last[..., None] * (np.arange(count) / (count - 1))
    weight = last[..., None] / (count - 1) * np.where(np.arange(count) == 0, 0.5, 1.0)
    s = np.sinh(t)
    root = np.sqrt(2j + s**2)
    kappa = k[:, None] * (1 - 1j * s**2)
    return np.asarray(k[:, None] * s * root), kappa, 2j * kappa / root * np.cosh(t) * weight


def tilted_contour(
    k: Real, radius_m: float, away_m: tuple[float, float], height_m: tuple[float, float]
) -> tuple[Complex, Complex, Complex]:
    """q, κ and weights (1, F, Q) of the two halves of equation (3), for all ρ and all ζ ± b between two; q < 0 on the first.

    The nearest ρ has the largest ψ, and Re w >= ψ of it lets the waves to all others fall off too.
    """
    w_down, dw_down = _half(k, radius_m, away_m, height_m)
    w_up, dw_up = _half(k, radius_m, away_m, (-height_m[1], -height_m[0]))
    w, dw = np.concatenate([w_down, w_up], axis=1), np.concatenate([dw_down, dw_up], axis=1)
    sign = np.where(np.arange(w.shape[1]) < w_down.shape[1], -1.0, 1.0)
    kappa = k[:, None] * np.cos(w)
    return (sign * k[:, None] * np.sin(w))[None], kappa[None], (kappa * dw)[None]


def _half(
    k: Real, radius_m: float, range_m: tuple[float, float], edges_m: tuple[float, float]
) -> tuple[Complex, Complex]:
    """The w and dw (F, Q) of one half, on which e^{-jκρ - jqh} falls off for every h between the edges, the lower one first."""
    high_m = edges_m[1]
    psi = math.atan2(max(high_m, 0.0), range_m[0])
    s_last = np.sqrt(MAX_DEPTH / (k * range_m[0]))
    if high_m < 0:  # e^{-jqh} falls off too, at first as e^{-k|h|s}
        cut = MAX_DEPTH / (k * -high_m)
        s_last = np.where(cut < 0.7, np.minimum(s_last, cut), s_last)
    paths = [_Path(psi, None), _Path(psi, np.arcsinh(s_last))] if psi > 0 else [_Path(psi, np.arcsinh(s_last))]
    rows = np.unique(np.append(0, np.searchsorted(k, k[-1] * MAX_FREQUENCY_RATIO ** -np.arange(STEPS_BETWEEN))))
    parts = []
    for path in paths:
        bounds = _panels(k[rows, None], radius_m, set(product(range_m, edges_m)), path.part(rows))
        node, weight = _gauss_legendre()
        size = np.diff(bounds)[:, None]
        t = (bounds[:-1, None] + size * node).ravel()
        parts.append((np.broadcast_to(path.w(t), (k.size, t.size)), path.slope(t) * (size * weight).ravel()))
    w, dw = zip(*parts, strict=True)
    return np.concatenate(w, axis=1), np.concatenate([np.broadcast_to(d, (k.size, d.shape[1])) for d in dw], axis=1)


@dataclass(frozen=True)
class _Path:
    """From ψ back to 0, or the path of equation (3) to asinh s (F,), over t (T,) from 0 to 1: w and dw/dt (F or 1, T)."""

    psi: float
    last: Real | None

    def part(self, rows: Index) -> _Path:
        return self if self.last is None else _Path(self.psi, self.last[rows])

    def w(self, t: Real) -> Complex:
        if self.last is None:
            return self.psi * (1 - t[None] + 0j)
        path = 2 * np.arcsin(np.sqrt(0.5j) * np.sinh(t * self.last[:, None]))  # 1 - cos w' = 2 sin²(w'/2) = js²
        return self.psi + self._stretched(path)

    def slope(self, t: Real) -> Complex:
        if self.last is None:
            return np.full((1, t.size), self.psi + 0j)
        last = self.last[:, None]
        return self._stretched(2j / np.sqrt(2j + np.sinh(t * last) ** 2) * np.cosh(t * last) * last)

    def _stretched(self, path: Complex) -> Complex:
        return np.asarray((1 - 2 * self.psi / math.pi) * path.real + 1j * path.imag)


def clearance(x: Complex) -> Real:
    """Distance of x = κa (...) from 0 and from every zero of H_n', at the least: these lie above a curve with a slope below 0.22."""
    above = NEAREST_ZERO * np.maximum(1.0, np.abs(x.real)) ** (1 / 3) - x.imag
    return np.asarray(np.minimum(np.abs(x), 0.97 * above))


def _panels(k: Real, radius_m: float, ends_m: set[tuple[float, float]], path: _Path) -> Real:
    """The bounds of panels of a path.

    They are no longer than the distance to κ = 0, where there is a logarithm, 1.4 times that to the nearest zero of H_n', and
    15 radians of the wave κρ + qh to each end (ρ, h), at each of the k (F, 1).
    """
    bounds = [0.0]
    while bounds[-1] < 1:
        t = bounds[-1] + STEPS
        w = path.w(t)
        cosine, sine = np.cos(w), np.sin(w)
        turned = k * np.max([np.abs(rho * np.diff(cosine) + h * np.diff(sine)) for rho, h in ends_m], axis=0)
        # Within x of w, κa turns by ka(|sin w| x + |cos w| x²/2).
        gap = (NEAREST_ZERO * np.maximum(1.0, np.abs(k * radius_m * cosine.real)) ** (1 / 3)) / (
            k * radius_m
        ) - cosine.imag
        slope = np.abs(sine)
        clear = 2 * MAX_PANEL_RATIO * gap / (slope + np.sqrt(slope**2 + 2 * np.abs(cosine) * gap))
        clear = np.minimum(clear, np.abs(w - np.pi / 2))
        clear = np.minimum(clear[:, :1], clear[:, 1:])
        fine = ((np.abs(w[:, 1:] - w[:, :1]) <= clear) & (turned.cumsum(axis=1) <= PANEL_RADIANS)).all(axis=0)
        bounds.append(float(t[max(int(np.argmin(fine)) if not fine.all() else fine.size, 1)]))
    bounds[-1] = 1.0
    return np.array(bounds)


@cache
def _gauss_legendre() -> tuple[Real, Real]:
    node, weight = gauss_legendre(PANEL_NODES)
    return (node + 1) / 2, weight / 2
