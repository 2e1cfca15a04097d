"""Stacked searches over Hermitian pencils: the most efficient weights at a ratio, and the best ratio at an efficiency.

All frequencies at once, as stacked LAPACK calls; there is no Python loop over frequencies. Frequencies that have
converged are dropped.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Bool, Complex, Real
from designer.measures import quadratic

RATIO_TOLERANCE = 1e-10
MAX_STEPS = 200
NULL_SPACE = 4 * np.finfo(float).eps


@dataclass(frozen=True)
class RatioSolution:
    """Unit-norm vectors with the multiplier of the ratio: λ = t / (1 - t)."""

    v: Complex  # (F, L)
    multiplier: Real  # (F,) λ
    feasible: Bool  # (F,)


def most_efficient(A: Complex, B: Complex, gamma: Real) -> RatioSolution:
    """Maximise v^H A v / v^H v subject to v^H A v >= γ v^H B v, at every frequency.

    Lagrangian dual (two homogeneous quadratic forms over the complex numbers: no gap): minimise over λ >= 0 the
    largest eigenvalue of A + λ(A - γB). With t = λ/(1+λ) that matrix is (A - tγB)/(1-t), and the root of

        f(t) = log(v^H A v) - log(γ v^H B v),   v the top eigenvector of A - tγB,

    is wanted; f rises with t. Newton in x = log λ, with the derivative from the eigenvectors at hand,

        d(v^H B v)/dt = -2γ Σ_j |v_j^H B v|² / (μ_1 - μ_j),   d(v^H A v)/dt = tγ d(v^H B v)/dt,   dt/dx = t(1-t),

    inside a bracket. Where the largest eigenvalue is double at the root f jumps there, and the eigenvectors of the two
    sides are combined so that the constraint holds with equality.

    Parameters
    ----------
    A, B : (F, L, L) Hermitian, positive semidefinite
    gamma : (F,) wished ratio

    Returns
    -------
    RatioSolution : `feasible` is False where no v meets γ; v is then the top eigenvector of A - γB

    """
    count, size = A.shape[:2]
    scale = np.maximum(np.trace(A, axis1=1, axis2=2).real, 1e-300)[:, None, None]
    A = A / scale
    C = gamma[:, None, None] * B / scale
    v = np.zeros((count, size), dtype=complex)
    multiplier = np.zeros(count)

    # t = 0: the target may be met for free; t = 1: it may be out of reach.
    _, vectors = np.linalg.eigh(A)
    v[:] = vectors[:, :, -1]
    free = quadratic(A, v) >= quadratic(C, v) * (1 - RATIO_TOLERANCE)
    edge_values, edge_vectors = np.linalg.eigh(A - C)
    feasible = free | (edge_values[:, -1] > 1e-13)
    v[~feasible] = edge_vectors[~feasible, :, -1]
    multiplier[~feasible] = np.inf

    active = np.flatnonzero(feasible & ~free)
    low, high = np.full(active.size, -30.0), np.full(active.size, 34.0)
    v_low, v_high = v[active], edge_vectors[active, :, -1]
    x = np.zeros(active.size)
    for _ in range(MAX_STEPS):
        if not active.size:
            break
        t = 1 / (1 + np.exp(-x))
        values, vectors = np.linalg.eigh(A[active] - t[:, None, None] * C[active])
        top = vectors[:, :, -1]
        a, c = quadratic(A[active], top), np.maximum(quadratic(C[active], top), 1e-300)
        f = np.log(np.maximum(a, 1e-300) / c)
        meets = f >= 0
        high, v_high = np.where(meets, x, high), np.where(meets[:, None], top, v_high)
        low, v_low = np.where(meets, low, x), np.where(meets[:, None], v_low, top)

        done = (np.abs(f) < RATIO_TOLERANCE) | (high - low < 1e-13 * np.maximum(1.0, np.abs(high)))
        if done.any():
            at = active[done]
            jump = np.abs(f[done]) >= RATIO_TOLERANCE
            v[at] = np.where(jump[:, None], _on_the_boundary(A[at], C[at], v_low[done], v_high[done]), top[done])
            multiplier[at] = np.exp(x[done])
        # Newton, kept inside the bracket.
        cross = np.einsum("fij,fi->fj", vectors.conj(), np.einsum("fij,fj->fi", C[active], top))[:, :-1]
        slope_c = -2 * np.sum(np.abs(cross) ** 2 / np.maximum(values[:, -1:] - values[:, :-1], 1e-300), axis=1)
        slope = slope_c * (t / np.maximum(a, 1e-300) - 1 / c) * t * (1 - t)
        with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
            step = x - f / slope
        inside = np.isfinite(step) & (step > low) & (step < high)
        x = np.where(inside, step, (low + high) / 2)
        keep = ~done
        active, low, high, x = active[keep], low[keep], high[keep], x[keep]
        v_low, v_high = v_low[keep], v_high[keep]
    if active.size:  # the bracket's feasible end is a sound answer
        v[active], multiplier[active] = v_high, np.exp(high)
    return RatioSolution(v, multiplier, feasible)


def _on_the_boundary(A: Complex, C: Complex, outside: Complex, inside: Complex) -> Complex:
    """Combine two eigenvectors of one eigenvalue so that v^H (A - C) v = 0.

    v = inside + z e^{jφ} outside with φ such that the cross term is real and z the root of a real quadratic.
    """
    M = A - C
    cross = np.einsum("fi,fij,fj->f", inside.conj(), M, outside)
    phase = np.exp(-1j * np.angle(cross))
    b, a, c = np.abs(cross), quadratic(M, outside), quadratic(M, inside)
    root = np.sqrt(np.maximum(b**2 - a * c, 0.0))
    z = np.where(a < 0, (-b - root) / np.where(a < 0, a, -1.0), 0.0)
    v = inside + (z * phase)[:, None] * outside
    return np.asarray(v / np.linalg.norm(v, axis=1, keepdims=True))


def best_ratio(A: Complex, B: Complex) -> Real:
    """The largest v^H A v / v^H B v over all v (F,): inf where B is singular along a v that A hears.

    B = U Λ U^H turns the ratio into the largest eigenvalue of Λ^(-1/2) U^H A U Λ^(-1/2). Eigenvalues below the rounding
    of B's trace are its null space.
    """
    values, vectors = np.linalg.eigh(B)
    trace = np.maximum(np.trace(B, axis1=1, axis2=2).real, 1e-300)[:, None]
    null = values < NULL_SPACE * trace
    inner = vectors.conj().swapaxes(1, 2) @ A @ vectors
    heard = np.where(null, np.diagonal(inner, axis1=1, axis2=2).real, 0.0).sum(axis=1)
    unbounded = heard > 1e-9 * np.trace(A, axis1=1, axis2=2).real
    scale = 1 / np.sqrt(np.maximum(values, NULL_SPACE * trace))
    largest = np.linalg.eigvalsh(inner * scale[:, :, None] * scale[:, None, :])[:, -1]
    return np.where(unbounded, np.inf, largest)


def best_ratio_at_efficiency(A: Complex, B: Complex, P: Real, min_efficiency: Real) -> Complex:
    """The vectors of largest ratio v^H A v / v^H B v whose efficiency v^H A v / v^H P v is still at least the given one.

    The top generalised eigenvectors of (A, B + δP) trade ratio against efficiency; they are the same family as that
    of `most_efficient` (there B + (μ/tγ) I). δ is found by bisection of its logarithm: the smallest that is efficient
    enough.

    Parameters
    ----------
    A, B : (F, L, L); P : (F, L) diagonal cost; min_efficiency : (F,), at most the largest that P lets any vector have

    Returns
    -------
    (F, L) vectors of unit norm

    """
    B = B / np.maximum(np.trace(B, axis1=1, axis2=2).real, 1e-300)[:, None, None]
    low, high = np.full(len(A), np.log(1e-12)), np.full(len(A), np.log(1e6))
    best, cheapest = _family(A, B, P, high), _family(A, B, P, low)
    enough = _efficient_enough(A, P, cheapest, min_efficiency)
    best[enough] = cheapest[enough]
    active = ~enough
    while active.any() and float((high - low)[active].max()) > 1e-5:
        middle = (low + high) / 2
        v = _family(A[active], B[active], P[active], middle[active])
        fits = np.zeros(len(A), dtype=bool)
        fits[active] = _efficient_enough(A[active], P[active], v, min_efficiency[active])
        best[fits] = v[fits[active]]
        high = np.where(fits, middle, high)
        low = np.where(active & ~fits, middle, low)
    return best


def _efficient_enough(A: Complex, P: Real, v: Complex, min_efficiency: Real) -> Bool:
    return np.asarray(quadratic(A, v) >= min_efficiency * np.sum(P * np.abs(v) ** 2, axis=1))


def _family(A: Complex, B: Complex, P: Real, log_delta: Real) -> Complex:
    """Top generalised eigenvectors of (A, B + δP), of unit norm."""
    factor = np.linalg.cholesky(B + np.exp(log_delta)[:, None, None] * P[:, :, None] * np.eye(A.shape[-1]))
    inner = np.linalg.solve(factor, np.linalg.solve(factor, A).conj().swapaxes(1, 2))
    _, u = np.linalg.eigh((inner + inner.conj().swapaxes(1, 2)) / 2)
    v = np.linalg.solve(factor.conj().swapaxes(1, 2), u[:, :, -1:])[:, :, 0]
    return np.asarray(v / np.linalg.norm(v, axis=1, keepdims=True))
