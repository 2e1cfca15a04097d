"""The searches of `ratio_search` where one point is to be reached, A = h^H h: one eigenproblem and a scalar equation.

With h w = 1 fixed, the most efficient weights at a ratio solve a convex problem,

    minimise  w^H w   subject to  w^H B w <= 1/γ,  h w = 1,   hence  w ∝ (I + μB)⁻¹ h^H,  μ >= 0

(P = I; else scaled to it). With B = U Λ U^H, q = |U^H h^H|² and d = 1/(1 + μΛ), everything is a sum over the eigenvalues:

    |h w|² = s²,  s = Σ q d;    w^H w = p = Σ q d²;    w^H B w = b = Σ q Λ d²;    s = p + μ b

The ratio s²/b rises with μ, the efficiency s²/p falls; either is searched by Newton's method in x = log μ, where

    ds/dx = -μ b,   dp/dx = -2μ Σ q Λ d³,   db/dx = -2μ Σ q Λ² d³,

inside a bracket, at all frequencies at once.

Bounds, for every μ: w^H w + μ w^H B w >= |h w|²/s, because s = h (I + μB)⁻¹ h^H. So weights that meet γ have an
efficiency of at most 1/(1/s - μ/γ), and weights of efficiency η leave w^H B w >= |h w|² (1/s - 1/η)/μ.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from designer.arrays import Bool, Complex, Real
from designer.solvers.ratio_search import ROUNDING, TINY, RatioSolution, times

TOLERANCE = 1e-12
"""Tolerance of the logarithm of the ratio, or of the efficiency."""
LEAST, LARGEST = -50.0, 60.0
"""Bounds of log μ, with B of trace 1: 1e-22 and 1e26."""
MAX_STEPS = 100


def most_efficient(h: Complex, B: Complex, gamma: Real) -> RatioSolution:
    """Maximise |h v|² / v^H v subject to |h v|² >= γ v^H B v, at every frequency.

    Parameters
    ----------
    h : (F, L) complex array, row vectors from drivers to the point
    B : (F, L, L) complex array, Hermitian, positive semidefinite
    gamma : (F,) float array, required ratio

    Returns
    -------
    RatioSolution : the multiplier is that of |h v|² - γ v^H B v; where not `feasible`, v has the largest ratio

    """
    pair = _diagonalised(h, B)
    required = np.maximum(gamma * pair.b_trace / pair.power, TINY)

    def short(x: Real) -> tuple[Real, Real]:
        s, _, b, mu = pair.sums(x)
        slope = 2 * mu * (pair.cubes(x, 2) / np.maximum(b, TINY) - b / np.maximum(s, TINY))
        return np.log(required) + np.log(np.maximum(b, TINY)) - 2 * np.log(np.maximum(s, TINY)), -slope

    x, feasible = _root(short, len(h))
    s, p, _, mu = pair.sums(x)
    feasible &= pair.heard
    efficiency = s**2 / np.maximum(p, TINY)
    room = s - mu * s**2 / required
    binds = feasible & np.isfinite(x)
    gap = np.where(binds & (room > 0), p / np.where(room > 0, room, 1.0) - 1, 0.0)
    multiplier = np.where(feasible, mu * efficiency / required, np.inf)
    return RatioSolution(pair.vectors_at(x), multiplier, feasible, gap)


def at_efficiency(h: Complex, B: Complex, P: Real, min_efficiency: Real) -> RatioSolution:
    """Maximise |h w|² / w^H B w subject to |h w|² >= η w^H P w, at every frequency.

    Parameters
    ----------
    h : (F, L) complex array, row vectors from drivers to the point
    B : (F, L, L) complex array, Hermitian, positive semidefinite
    P : (F, L) float array, diagonal cost
    min_efficiency : (F,) float array, η

    Returns
    -------
    RatioSolution : `feasible` is False where no weights are efficient enough; v is then the most efficient. The multiplier
        is |h v|² / v^H B v there, less what the efficiency takes; inf where the efficiency does not bind

    """
    d = 1 / np.sqrt(P)
    pair = _diagonalised(h * d, B * d[:, :, None] * d[:, None, :])
    eta = min_efficiency / pair.power

    def spare(x: Real) -> tuple[Real, Real]:
        s, p, b, mu = pair.sums(x)
        slope = 2 * mu * (pair.cubes(x, 1) / np.maximum(p, TINY) - b / np.maximum(s, TINY))
        return 2 * np.log(np.maximum(s, TINY)) - np.log(np.maximum(eta * p, TINY)), slope

    x, binds = _root(spare, len(h))
    x = np.where(binds, x, LARGEST)
    s, p, b, mu = pair.sums(x)
    # 1/s - 1/η = μ b/s² + (p/s² - 1/η), the bracket what is left of the search; without μ there is no freedom left.
    value, cost = b / np.maximum(s, TINY) ** 2, p / np.maximum(s, TINY) ** 2
    free = ~(binds & (mu > 0))
    bound = value + np.where(free, 0.0, cost - 1 / np.maximum(eta, TINY)) / np.where(free, 1.0, mu)
    gap = np.where(bound > 0, value / np.where(bound > 0, bound, 1.0) - 1, 0.0)
    v = pair.vectors_at(x) * d
    multiplier = np.where(binds, pair.power / pair.b_trace * s * mu, np.inf)
    feasible = pair.heard & (s**2 >= eta * p * (1 - 1e-10))
    return RatioSolution(v / np.linalg.norm(v, axis=1, keepdims=True), multiplier, feasible, gap)


def best_ratio(h: Complex, B: Complex) -> Real:
    """The largest |h v|² / v^H B v over all v (F,), h B⁻¹ h^H: inf where B is singular along a v that h hears."""
    pair = _diagonalised(h, B)
    null = pair.values < ROUNDING
    unbounded = np.where(null, pair.q, 0.0).sum(axis=1) > 1e-9
    largest = np.sum(pair.q / np.maximum(pair.values, ROUNDING), axis=1) * pair.power / pair.b_trace
    return np.where(pair.heard, np.where(unbounded, np.inf, largest), 0.0)


@dataclass(frozen=True)
class _Diagonalised:
    """h and B in the basis of B's eigenvectors, each in its own scale."""

    values: Real  # (F, L) Λ over B's trace
    basis: Complex  # (F, L, L) U
    y: Complex  # (F, L) U^H h^H over the norm of h
    q: Real  # (F, L) |y|²
    power: Real  # (F,) ||h||²
    b_trace: Real  # (F,) B's trace
    heard: Bool  # (F,) whether h is not 0

    def sums(self, x: Real) -> tuple[Real, Real, Real, Real]:
        """s, p, b and μ, each (F,)."""
        mu = np.exp(x)
        d = 1 / (1 + mu[:, None] * self.values)
        qd = self.q * d
        return qd.sum(axis=1), (qd * d).sum(axis=1), (qd * d * self.values).sum(axis=1), mu

    def cubes(self, x: Real, power: int) -> Real:
        """Σ q Λ^power d³ (F,)."""
        return np.asarray(np.sum(self.q * self.values**power / (1 + np.exp(x)[:, None] * self.values) ** 3, axis=1))

    def vectors_at(self, x: Real) -> Complex:
        """Unit-norm (I + μB)⁻¹ h^H (F, L)."""
        v = times(self.basis, self.y / (1 + np.exp(x)[:, None] * self.values))
        return np.asarray(v / np.maximum(np.linalg.norm(v, axis=1, keepdims=True), TINY))


def _diagonalised(h: Complex, B: Complex) -> _Diagonalised:
    size = h.shape[1]
    trace = np.trace(B, axis1=1, axis2=2).real
    b_trace = np.where(trace > 0, trace, 1.0)
    norm = np.linalg.norm(h, axis=1)
    heard = norm > 0
    values, basis = np.linalg.eigh(B / b_trace[:, None, None])
    y = times(basis.conj().swapaxes(1, 2), h.conj() / np.where(heard, norm, 1.0)[:, None])
    # What rounding alone makes of a direction that h does not hear is not heard; where h is 0 any vector will do.
    y = np.where(np.abs(y) < size * ROUNDING, 0.0, y)
    y = np.where(heard[:, None], y, size**-0.5)
    return _Diagonalised(
        np.maximum(values, 0.0), basis, y, np.abs(y) ** 2, np.where(heard, norm, 1.0) ** 2, b_trace, heard
    )


def _root(evaluate: Callable[[Real], tuple[Real, Real]], count: int) -> tuple[Real, Bool]:
    """Where a falling function of x = log μ ends being positive (F,), and whether it does by the largest x (F,).

    -inf, μ = 0, where it is not positive even there; the largest x where it is positive everywhere. `evaluate` gives
    value and slope (F,).
    """
    nowhere = np.full(count, -np.inf)
    low, high = np.full(count, LEAST), np.full(count, LARGEST)
    at_once, never = evaluate(nowhere)[0] <= TOLERANCE, evaluate(high)[0] > 0
    x = np.zeros(count)
    done = at_once | never
    for _ in range(MAX_STEPS):
        f, slope = evaluate(x)
        done |= (np.abs(f) < TOLERANCE) | (high - low < 1e-14 * np.maximum(1.0, np.abs(x)))
        if done.all():
            break
        low, high = np.where(f > 0, x, low), np.where(f > 0, high, x)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            step = x - f / slope
        inside = (step > low) & (step < high)
        x = np.where(done, x, np.where(inside, step, (low + high) / 2))
    return np.where(at_once, -np.inf, np.where(never, LARGEST, x)), ~never
