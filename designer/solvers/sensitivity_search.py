"""The largest pressure at one point at unit cost, subject to one quadratic form: analytic up to a scalar secular equation.

    maximise    |h v|² / ||v||²
    subject to  v^H C v >= 0

C = U diag(c) U^H, g = U^H h^H. The dual is the least over λ >= 0 of the largest eigenvalue ρ of h^H h + λC, and has no
gap (two homogeneous quadratic forms over the complex numbers). A rank-one change of a diagonal matrix has the
eigenvector (ρI - λ diag(c))⁻¹ g, so with t = λ/ρ

    v_i ∝ g_i / (1 - t c_i),        Σ c_i |g_i|² / (1 - t c_i)² = 0,        ρ = Σ |g_i|² / (1 - t c_i).

The sum rises with t from t = 0 (in phase, the form met for free) to t = 1/c_max, where it has no bound unless h is deaf
to the top eigenvector; then as much of that vector is added as the form needs.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Bool, Complex, Real

STEPS = 56
LEAST_LOG = -345.0
"""How near to 1/c_max the search goes: 1 - t c_max down to 1e-150, so that its square is a number."""
FEASIBLE = 1e-13
"""The largest eigenvalue of C, relative to C, from which on something is feasible."""


@dataclass(frozen=True)
class Sensitive:
    """Vectors of unit norm, the multiplier, whether anything is feasible, and how far the value is from its bound."""

    v: Complex  # (F, L)
    multiplier: Real  # (F,) λ, 0 where the form is met for free
    feasible: Bool  # (F,)
    value: Real  # (F,) |h v|²
    bound: Real  # (F,) what no v that is allowed is above
    gap: Real  # (F,) bound over value, minus 1


def most_sensitive(h: Complex, C: Complex) -> Sensitive:
    """The vectors of largest |h v|² / ||v||² with v^H C v >= 0, at every frequency.

    Parameters
    ----------
    h : (F, L)
    C : (F, L, L) Hermitian, of any sign

    Returns
    -------
    Sensitive : `feasible` is False where no v has v^H C v > 0; v is then the top eigenvector of C

    """
    size = np.maximum(np.linalg.norm(h, axis=1), 1e-300)[:, None]
    scale = np.maximum(np.linalg.norm(C, axis=(1, 2)), 1e-300)
    C = C / scale[:, None, None]
    c, vectors = np.linalg.eigh(C)
    g = np.einsum("fji,fj->fi", vectors.conj(), (h / size).conj())
    heard = np.abs(g) ** 2
    feasible = c[:, -1] > FEASIBLE
    top = np.where(feasible, c[:, -1], 1.0)[:, None]
    share = np.where(feasible[:, None], c / top, 0.0)  # c_i / c_max
    apart = (top - c) / top  # 1 - t c_i = apart + q share, q = 1 - t c_max

    def form(log_q: Real) -> Real:
        q = np.exp(log_q)[:, None]
        bent = np.where(feasible[:, None], apart + q * share, 1.0)
        return np.asarray(np.sum(c * heard / bent**2, axis=1))

    nearest, zero = np.full(len(h), LEAST_LOG), np.zeros(len(h))
    free = form(zero) >= 0
    deaf = feasible & ~free & (form(nearest) < 0)
    low, high = nearest, zero  # the form holds at `low`, and not at `high`
    for _ in range(STEPS):
        middle = (low + high) / 2
        holds = form(middle) >= 0
        low, high = np.where(holds, middle, low), np.where(holds, high, middle)
    q = np.where(free, 1.0, np.exp(low))[:, None]
    bent = apart + q * share
    a = g / np.where(bent > 0, bent, 1.0)
    lacking = np.maximum(-np.sum(c[:, :-1] * np.abs(a[:, :-1]) ** 2, axis=1), 0.0)
    a[:, -1] = np.where(deaf, np.sqrt(lacking / top[:, 0]), a[:, -1])
    last = np.eye(h.shape[1])[-1]
    a = np.where(feasible[:, None], a, last)
    a = np.where(np.linalg.norm(a, axis=1, keepdims=True) > 0, a, last)
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    v = np.einsum("fij,fj->fi", vectors, a)

    t = (1 - q[:, 0]) / top[:, 0]
    value = np.abs(np.einsum("fl,fl->f", h / size, v)) ** 2
    multiplier = np.where(feasible, t * value, 0.0)
    # The bound holds for any λ >= 0, whoever found it.
    M = (h / size).conj()[:, :, None] * (h / size)[:, None, :] + multiplier[:, None, None] * C
    bound = np.linalg.eigvalsh(M)[:, -1]
    gap = np.where(feasible, (bound - value) / np.maximum(value, 1e-300), 0.0)
    unit = size[:, 0] ** 2
    return Sensitive(np.asarray(v), multiplier * unit / scale, feasible, value * unit, (1 + gap) * value * unit, gap)
