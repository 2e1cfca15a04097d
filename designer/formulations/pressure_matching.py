"""Pressure matching: regularised least squares, its weight constant, or searched so that the cancellation gain meets the curve.

    minimise    ||H w - d||² + ε² Σ_l p_l |w_l|² + β w^H P w
    subject to  w^H A w >= γ w^H B w and the effort limit, where β is searched; nothing, where β is given

H (F, M, L) holds the bright and dark points, each family scaled to equal weight; d is the response of the
driver that is strongest at the bright points, there, and 0 at the dark points; both are scaled to ||d|| = 1. With
independent errors of variance ε² of the drivers the mean of ||H (1+δ) w - d||² has ε² Σ_l p_l |w_l|² more, p_l the squared
norm of H's column: L more rows of H. Convex for β > 0, with the closed form w = (H^H H + βP)⁻¹ H^H d.

The gain is nearly but not always monotone in β, and it saturates. The largest β that meets the curve within the
effort limit is wanted, because it is the cheapest; where the curve is infeasible, the β whose gain is largest within the limit, and
what is missing is slack. A constant β looks at no curve and at no limit.

Source: Kirkeby and Nelson (JAES 47, 1999); Elliott et al., Robustness and regularization of personal audio
systems (2012). Truths: with constant β the largest singular value of the weights never passes 1/(2√β); as β goes to 0 two
sources are inverted exactly.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from pydantic import Field

from designer.arrays import Complex, Real
from designer.measures import few_rows, mean_power_rows, ratio
from designer.problem.methods import CURVE, DARK_CURVE, EFFORT, Formulation, Key
from designer.problem.table import Decibel
from designer.requirements.target import ChannelTarget
from designer.solvers.solution import Solution

REGULARIZATION = Field(
    default=None,
    description='10 log10 of a constant regularisation, for method = "least-squares"; by default it meets the curve',
)
BETAS = 10.0 ** np.arange(2.0, -12.01, -0.1)
"""Regularisation weights tried, relative to the largest eigenvalue of P⁻¹H^H H: 1 dB apart, then refined."""
BLOCKS = 8
"""Parts in which they are tried, so that no array is large."""
REFINEMENTS = 24
LEAST_BETA = 1e-13
"""The least β, relative to the largest eigenvalue of P⁻¹H^H H: H may be singular."""
RANK = 1e-14
"""Eigenvalues of P⁻¹H^H H below this, relative to the largest, are 0."""
NOT_JUDGED = 1e-9
"""Errors of less than -90 dB of ||d||²: there a relative gap would be one of rounding."""


@dataclass(frozen=True)
class System:
    """H, d and P of all frequencies, H^H H and P diagonalised at once: the weights of every β are one product away."""

    H: Complex  # (F, M, L)
    d: Complex  # (F, M)
    cost: Real  # (F, L), P
    values: Real  # (F, L), rising: the squared singular values of H P^(-1/2)
    rotate: Complex  # (F, L, L)
    projected: Complex  # (F, L)

    def weights(self, beta: Real) -> Complex:
        """W (F, L) at the given β (F,): rotate @ (projected / (values + β))."""
        return np.asarray((self.rotate @ (self.projected / (self.values + beta[:, None]))[:, :, None])[:, :, 0])

    def solution(self, beta: Real) -> Solution:
        """The weights at β (F,) with their gap.

        The objective is strongly convex in the norm of P with modulus 2β: its value exceeds the least by at most |g|²/(4β).
        """
        beta = np.maximum(beta, LEAST_BETA * self.values[:, -1])
        w = self.weights(beta)
        residual = np.einsum("fml,fl->fm", self.H, w) - self.d
        penalty = beta[:, None] * self.cost
        gradient = 2 * (np.einsum("fml,fm->fl", self.H.conj(), residual) + penalty * w)
        value = np.sum(np.abs(residual) ** 2, axis=1) + np.sum(penalty * np.abs(w) ** 2, axis=1)
        above = np.sum(np.abs(gradient) ** 2 / (4 * penalty), axis=1)
        return Solution.of(w, 0.0, above / np.maximum(value, NOT_JUDGED), value, value - above)  # nothing constrains w


def solve(target: ChannelTarget, regularization_db: float | None = None) -> Solution:
    """The weights at one β for all frequencies; without one, the most regularised whose gain meets the curve within the effort."""
    system = system_of(target)
    count = len(system.H)
    if regularization_db is not None:
        return system.solution(np.full(count, 10 ** (regularization_db / 10)))
    path = _Path.of(target, system)
    gamma = (target.curves[0][2] if target.curves else np.full(count, np.inf))[:, None]
    limit = target.max_effort[:, None] * (1 + 1e-9)

    judged = [path.judged(np.broadcast_to(betas, (count, betas.size))) for betas in np.array_split(BETAS, BLOCKS)]
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
    return system.solution(np.exp(inside[:, 0]) * path.largest)


@dataclass(frozen=True)
class _Path:
    """Gain and effort of the weights of every β, in the basis in which H^H H and P are diagonal.

    N weights at a time cost one product of (M, L) and (L, N) matrices a frequency, M being at most L: more points than
    drivers are first reduced to the triangle of their QR factors, which leaves the norm of H w as it is.
    """

    system: System
    largest: Real  # (F,) of its values, 1 where all are 0
    bright: Complex  # (F, R, L) the bright points in that basis, scaled to their mean
    mean_bright: Complex  # the same over the drivers' spread
    mean_dark: tuple[Complex, ...]  # (F, C, L) of each curve
    stricter: Real  # (curves, F) the required ratio of each over the first's
    single: Real  # (F,) mean power of the best driver alone

    @classmethod
    def of(cls, target: ChannelTarget, system: System) -> _Path:
        curves = target.curves or ((CURVE, target.dark, np.ones(len(system.H))),)
        bright, mean_bright, *mean_dark = (
            few_rows(rows) @ system.rotate
            for rows in (
                mean_power_rows(target.bright),
                mean_power_rows(target.bright, target.power_spread),
                *(mean_power_rows(dark, target.power_spread) for _, dark, _ in curves),
            )
        )
        stricter = np.stack([gamma / curves[0][2] for _, _, gamma in curves])
        largest = np.where(system.values[:, -1] > 0, system.values[:, -1], 1.0)
        return cls(system, largest, bright, mean_bright, tuple(mean_dark), stricter, target.single_level**2)

    def judged(self, beta: Real) -> tuple[Real, Real]:
        """Cancellation gain and effort, each (F, N), of β (F, N) relative to the largest eigenvalue.

        Of several curves the ratio that counts is the one that is met least, in units of the first.
        """
        penalty = beta * self.largest[:, None]
        shares = self.system.projected[:, :, None] / (self.system.values[:, :, None] + penalty[:, None, :])
        bright, mean_bright, spent, *mean_dark = (
            _power(X @ shares) for X in (self.bright, self.mean_bright, self.system.rotate, *self.mean_dark)
        )
        gains = [ratio(mean_bright, dark) / by[:, None] for dark, by in zip(mean_dark, self.stricter, strict=True)]
        return np.asarray(np.min(gains, axis=0)), ratio(spent * self.single[:, None], bright)


def _power(p: Complex) -> Real:
    """Sum of |p|² over the rows of (F, M, N)."""
    return np.asarray(np.sum(p.real**2 + p.imag**2, axis=1))


def system_of(target: ChannelTarget, error_variance: Real | None = None) -> System:
    """The families scaled to means, the level to 1, and the drivers' spread as L more rows.

    Parameters
    ----------
    error_variance : (F,) float array, optional, in the place of the target's own ε²

    """
    bright, dark = target.bright / np.sqrt(target.bright.shape[1]), target.dark / np.sqrt(target.dark.shape[1])
    strongest = np.mean(np.abs(bright) ** 2, axis=1).argmax(axis=1)
    reference = np.take_along_axis(bright, strongest[:, None, None], axis=2)[:, :, 0]
    level = np.linalg.norm(reference, axis=1)
    level = np.where(level > 0, level, 1.0)  # nothing reaches the points: w = 0 is the least-squares answer
    H = np.asarray(np.concatenate([bright, dark], axis=1) / level[:, None, None], dtype=complex)
    d = np.concatenate([reference / level[:, None], np.zeros(dark.shape[:2])], axis=1)
    if np.any(spread := target.power_spread if error_variance is None else error_variance):
        alone = np.sqrt(np.broadcast_to(spread, len(H)))[:, None] * np.linalg.norm(H, axis=1)
        H = np.concatenate([H, alone[:, :, None] * np.eye(H.shape[2])], axis=1)
        d = np.concatenate([d, np.zeros_like(d[:, :1]).repeat(H.shape[2], axis=1)], axis=1)
    return diagonalised(H, d, target.cost)


def diagonalised(H: Complex, d: Complex, cost: Real) -> System:
    """H^H H = and P at once: one eigendecomposition a frequency."""
    scale = 1 / np.sqrt(cost)
    scaled = H * scale[:, None, :]
    values, vectors = np.linalg.eigh(scaled.conj().swapaxes(1, 2) @ scaled)
    projected = ((scaled @ vectors).conj().swapaxes(1, 2) @ d[:, :, None])[:, :, 0]
    projected = np.where(values > RANK * values[:, -1:], projected, 0.0)  # H^H d has no part there but rounding
    return System(H, d, cost, np.maximum(values, 0.0), np.asarray(vectors * scale[:, :, None]), np.asarray(projected))


def statement(H: Complex, d: Complex, cost: Real, beta: float) -> Any:
    """One frequency as a cvxpy problem: the readable reference. H (M, L), d (M,), cost (L,)."""
    import cvxpy as cp

    w = cp.Variable(H.shape[1], complex=True)
    return cp.Problem(cp.Minimize(cp.sum_squares(H @ w - d) + beta * cp.sum_squares(cp.multiply(np.sqrt(cost), w))))


METHOD = Formulation(
    name="least-squares",
    solve=solve,
    statement=statement,
    looks_at=frozenset({CURVE, DARK_CURVE, EFFORT}),
    keys={"regularization_db": Key(annotation=Decibel | None, field=REGULARIZATION, words="regularised by {} dB")},
    blind_with="regularization_db",
)
