"""Pressure matching: regularised least squares, its weight searched so that the cancellation gain meets the target
curve.

    minimise  ||H w - d||² + β w^H P w

H (F, M, L) holds the points to reach and to cancel, each family scaled to equal weight; d is the response of the
driver that is strongest at the points to reach, there, and 0 at the points to cancel. Convex for β > 0, with the
closed form w = (H^H H + βP)⁻¹ H^H d.

The gain is nearly but not always monotone in β, and it saturates. The largest β that meets the curve within the
effort limit is wanted, because it is the cheapest; where none does, the β whose gain is largest within the limit, and
what is missing is slack.

Source: Kirkeby and Nelson (JAES 47, 1999); Elliott et al., Robustness and regularization of personal audio systems
(2012). Truth: with constant β the largest singular value of the weights never passes 1/(2√β).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.arrays import Bool, Complex, Real
from designer.formulations.solution import Solution
from designer.measures import cancellation_gain, effort
from designer.targets.channel_target import ChannelTarget

BETAS = 10.0 ** np.arange(2.0, -12.01, -0.1)
"""Regularisation weights tried, relative to the largest eigenvalue of P⁻¹H^H H: 1 dB apart, then refined."""
REFINEMENTS = 30


def solve(target: ChannelTarget) -> Solution:
    """The most regularised weights whose cancellation gain meets the curve within the effort limit."""
    H, d = _system(target)
    values, rotate, projected = _diagonalise(H, d, target.cost)
    gamma = target.gamma if target.gamma is not None else np.full(len(H), np.inf)
    scale = values[:, -1:]

    def weights(beta: Real) -> Complex:
        return np.asarray(np.einsum("fij,fj->fi", rotate, projected / (values + beta[:, None] * scale)))

    def judged(beta: Real) -> tuple[Real, Bool]:
        w = weights(beta)
        fits = effort(target.reach, w) <= target.max_effort * (1 + 1e-9)
        return cancellation_gain(target.reach, target.cancel, w), fits

    count = len(H)
    gains, fit = np.empty((BETAS.size, count)), np.empty((BETAS.size, count), dtype=bool)
    for i, beta in enumerate(BETAS):
        gains[i], fit[i] = judged(np.full(count, beta))
    meets = fit & (gains >= gamma)
    met = meets.any(axis=0)
    best = np.where(fit.any(axis=0), np.argmax(np.where(fit, gains, -1.0), axis=0), 0)
    chosen = np.where(met, np.argmax(meets, axis=0), best)  # the first that meets is the most regularised
    # Refine between the chosen weight and its neighbour above (which does not meet), or below (which does not fit).
    inside = np.log(BETAS[chosen])
    outside = np.log(BETAS[np.clip(chosen + np.where(met, -1, 1), 0, BETAS.size - 1)])
    for _ in range(REFINEMENTS):
        middle = (inside + outside) / 2
        gain, fits = judged(np.exp(middle))
        good = fits & np.where(
            met, gain >= gamma, gain >= cancellation_gain(target.reach, target.cancel, weights(np.exp(inside)))
        )
        inside, outside = np.where(good, middle, inside), np.where(good, outside, middle)
    w = weights(np.exp(inside))
    return Solution.of(w, gap=_gap(H, d, target.cost, np.exp(inside) * scale[:, 0], w))


def _system(target: ChannelTarget) -> tuple[Complex, Complex]:
    """H (F, M, L) and d (F, M): the families scaled to means, and the level to 1."""
    reach, cancel = target.reach / np.sqrt(target.reach.shape[1]), target.cancel / np.sqrt(target.cancel.shape[1])
    strongest = np.mean(np.abs(reach) ** 2, axis=1).argmax(axis=1)
    wanted = np.take_along_axis(reach, strongest[:, None, None], axis=2)[:, :, 0]
    level = np.linalg.norm(wanted, axis=1)
    H = np.concatenate([reach, cancel], axis=1) / level[:, None, None]
    d = np.concatenate([wanted / level[:, None], np.zeros(cancel.shape[:2])], axis=1)
    return H, d


def _diagonalise(H: Complex, d: Complex, cost: Real) -> tuple[Real, Complex, Complex]:
    """H^H H = and P at once: w(β) = rotate @ (projected / (values + β)) for every β."""
    scale = 1 / np.sqrt(cost)
    H = H * scale[:, None, :]
    values, vectors = np.linalg.eigh(H.conj().swapaxes(1, 2) @ H)
    projected = np.einsum("fij,fi->fj", vectors.conj(), np.einsum("fml,fm->fl", H.conj(), d))
    return np.maximum(values, 0.0), np.asarray(vectors * scale[:, :, None]), np.asarray(projected)


def _gap(H: Complex, d: Complex, cost: Real, beta: Real, w: Complex) -> Real:
    """The objective is strongly convex in the norm of P with modulus 2β: its value exceeds the least by at most |g|²/(4β)."""
    residual = np.einsum("fml,fl->fm", H, w) - d
    penalty = beta[:, None] * cost
    gradient = 2 * (np.einsum("fml,fm->fl", H.conj(), residual) + penalty * w)
    value = np.sum(np.abs(residual) ** 2, axis=1) + np.sum(penalty * np.abs(w) ** 2, axis=1)
    return np.asarray(np.sum(np.abs(gradient) ** 2 / (4 * penalty), axis=1) / np.maximum(value, 1e-300))


def statement(H: Complex, d: Complex, cost: Real, beta: float) -> Any:
    """One frequency as a cvxpy problem: the readable reference. H (M, L), d (M,), cost (L,)."""
    import cvxpy as cp

    w = cp.Variable(H.shape[1], complex=True)
    return cp.Problem(cp.Minimize(cp.sum_squares(H @ w - d) + beta * cp.sum_squares(cp.multiply(np.sqrt(cost), w))))
