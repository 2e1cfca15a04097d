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

from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.arrays import Complex, Real
from designer.formulations.solution import Solution
from designer.measures import ratio
from designer.targets.channel_target import ChannelTarget

BETAS = 10.0 ** np.arange(2.0, -12.01, -0.1)
"""Regularisation weights tried, relative to the largest eigenvalue of P⁻¹H^H H: 1 dB apart, then refined."""
BLOCKS = 8
"""Parts in which they are tried, so that no array is large."""
REFINEMENTS = 24


def solve(target: ChannelTarget) -> Solution:
    """The most regularised weights whose cancellation gain meets the curve within the effort limit."""
    H, d = _system(target)
    path = _Path.of(target, *_diagonalise(H, d, target.cost))
    gamma = (target.gamma if target.gamma is not None else np.full(len(H), np.inf))[:, None]
    limit = target.max_effort[:, None] * (1 + 1e-9)

    judged = [path.judged(np.broadcast_to(betas, (len(H), betas.size))) for betas in np.array_split(BETAS, BLOCKS)]
    gains, efforts = (np.concatenate(parts, axis=1) for parts in zip(*judged, strict=True))
    fit = efforts <= limit
    meets = fit & (gains >= gamma)
    met = np.asarray(meets.any(axis=1))
    best = np.where(fit.any(axis=1), np.argmax(np.where(fit, gains, -1.0), axis=1), 0)
    chosen = np.where(met, np.argmax(meets, axis=1), best)  # the first that meets is the most regularised
    # Refine between the chosen weight and its neighbour above (which does not meet), or below (which does not fit).
    inside = np.log(BETAS[chosen])[:, None]
    outside = np.log(BETAS[np.clip(chosen + np.where(met, -1, 1), 0, BETAS.size - 1)])[:, None]
    enough = np.where(met[:, None], gamma, np.take_along_axis(gains, chosen[:, None], axis=1))
    for _ in range(REFINEMENTS):
        middle = (inside + outside) / 2
        gain, spent = path.judged(np.exp(middle))
        good = (spent <= limit) & (gain >= enough)
        inside, outside = np.where(good, middle, inside), np.where(good, outside, middle)
        enough = np.where(good & ~met[:, None], gain, enough)
    beta = np.exp(inside)
    w = path.weights(beta)[:, :, 0]
    gap, value = _gap(H, d, target.cost, beta[:, 0] * path.largest, w)
    return Solution.of(w, gap=gap, value=value, bound=value * (1 - gap))


@dataclass(frozen=True)
class _Path:
    """The weights of every β, and what they reach, in the basis in which H^H H and P are diagonal.

    N weights at a time cost one product of (M, L) and (L, N) matrices a frequency, M being at most L: more points than
    drivers are first reduced to the triangle of their QR factors, which leaves the norm of H w as it is.
    """

    values: Real  # (F, L)
    largest: Real  # (F,) of them, 1 where all are 0
    rotate: Complex  # (F, L, L)
    projected: Complex  # (F, L)
    reach: Complex  # (F, R, L) the points to reach in that basis, scaled to their mean
    cancel: Complex  # (F, C, L)
    single: Real  # (F,) mean power of the best driver alone

    @classmethod
    def of(cls, target: ChannelTarget, values: Real, rotate: Complex, projected: Complex) -> _Path:
        reach, cancel = (_few_rows(H @ rotate) / np.sqrt(H.shape[1]) for H in (target.reach, target.cancel))
        largest = np.where(values[:, -1] > 0, values[:, -1], 1.0)
        return cls(values, largest, rotate, projected, reach, cancel, target.single_level**2)

    def _shares(self, beta: Real) -> Complex:
        """(F, L, N)."""
        penalty = beta * self.largest[:, None]
        return np.asarray(self.projected[:, :, None] / (self.values[:, :, None] + penalty[:, None, :]))

    def weights(self, beta: Real) -> Complex:
        """Those of β (F, N), relative to the largest eigenvalue: (F, L, N)."""
        return np.asarray(self.rotate @ self._shares(beta))

    def judged(self, beta: Real) -> tuple[Real, Real]:
        """Cancellation gain and effort, each (F, N)."""
        shares = self._shares(beta)
        reached, left, spent = (_power(X @ shares) for X in (self.reach, self.cancel, self.rotate))
        return ratio(reached, left), ratio(spent * self.single[:, None], reached)


def _power(p: Complex) -> Real:
    """Sum of |p|² over the rows of (F, M, N)."""
    return np.asarray(np.sum(p.real**2 + p.imag**2, axis=1))


def _few_rows(H: Complex) -> Complex:
    """At most L rows (F, <= L, L) of the same H^H H."""
    return np.asarray(np.linalg.qr(H, mode="r")) if H.shape[1] > H.shape[2] else H


def _system(target: ChannelTarget) -> tuple[Complex, Complex]:
    """H (F, M, L) and d (F, M): the families scaled to means, and the level to 1."""
    reach, cancel = target.reach / np.sqrt(target.reach.shape[1]), target.cancel / np.sqrt(target.cancel.shape[1])
    strongest = np.mean(np.abs(reach) ** 2, axis=1).argmax(axis=1)
    wanted = np.take_along_axis(reach, strongest[:, None, None], axis=2)[:, :, 0]
    level = np.linalg.norm(wanted, axis=1)
    level = np.where(level > 0, level, 1.0)  # nothing reaches the points: w = 0 is the least-squares answer
    H = np.asarray(np.concatenate([reach, cancel], axis=1) / level[:, None, None], dtype=complex)
    d = np.concatenate([wanted / level[:, None], np.zeros(cancel.shape[:2])], axis=1)
    return H, d


def _diagonalise(H: Complex, d: Complex, cost: Real) -> tuple[Real, Complex, Complex]:
    """H^H H = and P at once: w(β) = rotate @ (projected / (values + β)) for every β."""
    scale = 1 / np.sqrt(cost)
    H = H * scale[:, None, :]
    values, vectors = np.linalg.eigh(H.conj().swapaxes(1, 2) @ H)
    projected = (H @ vectors).conj().swapaxes(1, 2) @ d[:, :, None]
    return np.maximum(values, 0.0), np.asarray(vectors * scale[:, :, None]), np.asarray(projected[:, :, 0])


def _gap(H: Complex, d: Complex, cost: Real, beta: Real, w: Complex) -> tuple[Real, Real]:
    """The gap (F,), and the objective's value.

    The objective is strongly convex in the norm of P with modulus 2β: its value exceeds the least by at most |g|²/(4β).
    """
    residual = np.einsum("fml,fl->fm", H, w) - d
    penalty = beta[:, None] * cost
    gradient = 2 * (np.einsum("fml,fm->fl", H.conj(), residual) + penalty * w)
    value = np.sum(np.abs(residual) ** 2, axis=1) + np.sum(penalty * np.abs(w) ** 2, axis=1)
    excess = np.sum(np.abs(gradient) ** 2 / (4 * penalty), axis=1)
    return np.asarray(excess / np.maximum(value, 1e-300)), np.asarray(value)


def statement(H: Complex, d: Complex, cost: Real, beta: float) -> Any:
    """One frequency as a cvxpy problem: the readable reference. H (M, L), d (M,), cost (L,)."""
    import cvxpy as cp

    w = cp.Variable(H.shape[1], complex=True)
    return cp.Problem(cp.Minimize(cp.sum_squares(H @ w - d) + beta * cp.sum_squares(cp.multiply(np.sqrt(cost), w))))
