"""Group lasso: which drivers are worth their place, as a convex problem.

    minimise    Σ_t ||H_t w_t - d_t||² + β_t ||w_t||² + μ Σ_u √n_u ||(w_tl)_{t, l in u}||

t runs over channels and frequencies, u over units of n_u drivers that come and go together, l over the drivers. H_t (M, N) holds the points
of regularised pressure matching, with a row √(ε²) |h_l| a driver for the product line. The norm of a unit over all channels and
frequencies is not squared, so it is 0 for most units if μ is large: a driver that is there for one frequency is there for all. Convex as a
sum of convex functions; strongly convex for β > 0, hence one answer.

Fast path: accelerated proximal gradients, started anew where the objective rises. The proximal map of the norm shrinks a unit's weights
towards 0. With θ = 2 (d - H w), scaled until ||H_u^H θ|| <= μ √n_u for all units, the dual value Re<θ, d> - ||θ||²/4 is a bound that no
weights pass; β enters as rows of H. Feasible for every μ; from μ = max_u 2 ||H_u^H d||/√n_u on, all weights are 0.

Source: Yuan and Lin, Model selection and estimation in regression with grouped variables (J. R. Stat. Soc. B 68, 2006); Beck and
Teboulle (SIAM J. Imaging Sci. 2, 2009); O'Donoghue and Candès, Adaptive restart for accelerated gradient schemes (2015). Truths: with
orthonormal columns each unit is the least-squares one, shrunk by μ √n_u/2; the statement in cvxpy has the same value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.arrays import Complex, Real

GAP = 1e-4
"""Gap to the dual value at which it ends, relative to the value."""
STEPS, BETWEEN = 4000, 25
"""Most steps, and steps between two looks at the gap."""


@dataclass(frozen=True)
class Lasso:
    """Weights (T, N), the objective's value, the bound that no weights pass, and the steps that were taken."""

    weights: Complex
    value: float
    bound: float
    steps: int


def largest_price(H: Complex, d: Complex, units: Sequence[Sequence[int]]) -> float:
    """The least μ at which all weights are 0: H (T, M, N), d (T, M)."""
    pull = 2 * np.einsum("tmn,tm->tn", H.conj(), d)
    return float(max(np.linalg.norm(pull[:, list(unit)]) / np.sqrt(len(unit)) for unit in units))


def solve(
    H: Complex,
    d: Complex,
    units: Sequence[Sequence[int]],
    price: float,
    start: Complex | None = None,
    *,
    gap: float = GAP,
) -> Lasso:
    """The weights of one μ.

    Parameters
    ----------
    H : (T, M, N) complex array, regularisation included as rows
    d : (T, M) complex array
    units : sequence of sequence of int, columns of each unit; every column is in one
    price : float, μ
    start : (T, N) complex array or None, weights of another μ

    """
    owner = np.empty(H.shape[2], dtype=int)
    for u, unit in enumerate(units):
        owner[list(unit)] = u
    prices = price * np.sqrt([len(unit) for unit in units])
    gram, pull = H.conj().swapaxes(1, 2) @ H, np.einsum("tmn,tm->tn", H.conj(), d)
    constant = float(np.sum(np.abs(d) ** 2))
    step = 1 / (2 * float(np.linalg.eigvalsh(gram)[:, -1].max()))

    def norms(x: Complex) -> Real:
        return np.sqrt(np.bincount(owner, np.sum(np.abs(x) ** 2, axis=0), len(units)))

    def applied(x: Complex) -> Complex:
        return np.asarray((gram @ x[:, :, None])[:, :, 0])

    def judged(x: Complex) -> tuple[float, float]:
        """Value and bound: Re<θ, d> - ||θ||²/4 of θ = 2s (d - H x), by the Gram matrix alone."""
        Gx = applied(x)
        cross, square = float(np.vdot(pull, x).real), float(np.vdot(x, Gx).real)
        residual = constant - 2 * cross + square
        s = float(np.min(prices / np.maximum(2 * norms(pull - Gx), 1e-300), initial=1.0))
        return residual + float(prices @ norms(x)), 2 * s * (constant - cross) - s * s * residual

    w = np.zeros_like(pull) if start is None else start
    ahead, momentum = w, 1.0
    value, bound = judged(w)
    taken = 0
    while value - bound > gap * value and taken < STEPS:
        for _ in range(BETWEEN):
            x = ahead - 2 * step * (applied(ahead) - pull)
            sizes = norms(x)
            shrunk = x * np.maximum(1 - step * prices / np.maximum(sizes, 1e-300), 0.0)[owner]
            if np.vdot(ahead - shrunk, shrunk - w).real > 0:
                momentum = 1.0
            following = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
            ahead = shrunk + (momentum - 1) / following * (shrunk - w)
            w, momentum = shrunk, following
        taken += BETWEEN
        value, bound = judged(w)
    return Lasso(w, value, bound, taken)


def statement(H: Complex, d: Complex, units: Sequence[Sequence[int]], price: float) -> Any:
    """The whole as a cvxpy problem: the readable reference; H (T, M, N), d (T, M)."""
    import cvxpy as cp

    w = cp.Variable((H.shape[2], len(H)), complex=True)
    error = sum(cp.sum_squares(H[t] @ w[:, t] - d[t]) for t in range(len(H)))
    spent = sum(np.sqrt(len(unit)) * cp.norm(cp.vec(w[list(unit), :], order="F"), 2) for unit in units)
    return cp.Problem(cp.Minimize(error + price * spent))
