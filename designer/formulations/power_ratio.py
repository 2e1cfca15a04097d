"""Power ratio (constant directivity): the most efficient weights that meet a ratio of powers.

    maximise    w^H A w / w^H P w
    subject to  w^H A w >= γ w^H B w

A (F, L, L) is the mean of h^H h over the points to reach, B the same over the points to cancel, P the diagonal of
what each driver costs. Two homogeneous quadratic forms over the complex numbers: the dual, a search for one
multiplier, has no gap (the semidefinite relaxation is tight), so it is solved as if it were convex. For ears
(crosstalk cancellation, null-steering) and for regions of azimuth (beams) alike.

Closed form: `designer.solvers.ratio_search.most_efficient`. Infeasible where the largest eigenvalue of A - γB is not
positive. Where that is so, or where an effort limit binds, the best compromise has the largest ratio whose effort
still fits, and the slack is target minus reached; the certificate's value is then that ratio, else the efficiency. Where
one point is to be reached A = h^H h, and `designer.solvers.one_point_search` needs one eigenproblem for all of it. Where the
answer breaks a limit of a single driver or a floor of white-noise gain, cones go on from it with the same objective
(`driver_limits`).

Source: Y. Luo, Constant directivity loudspeaker beamforming (arXiv 2407.01860). Truths: the semidefinite relaxation
in cvxpy has the same value; with B the power radiated into the sphere and γ at its largest, N monopoles reach the
superdirective limits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.arrays import Complex, Index, Real
from designer.formulations import driver_limits
from designer.formulations.solution import Solution
from designer.measures import effort, quadratic, ratio
from designer.solvers import one_point_search, ratio_search
from designer.solvers.false_position import last_that_fits
from designer.targets.channel_target import ChannelTarget
from designer.targets.wishes import expected_gain

DEEPEST = 1e4
"""What "as deep as the rest allows" asks for: 40 dB."""
DEEPEST_COMPROMISE = 1e6
"""The largest ratio that a compromise without an effort limit goes for: 60 dB, where the best ratio has no bound."""
MARGIN = 10 ** (-0.1 / 10)
"""How near to the best ratio at all an unlimited compromise goes: 0.1 dB, because the last of it costs without bound."""
SHORT = 1e-4
"""How far below the curve weights still meet it, 0.0004 dB: rounding alone leaves as much where they cost 80 dB."""
CHEAPENING_TOLERANCE = 1e-6
"""Of the exponent of the cost, and of the effort's logarithm below its limit."""


def solve(target: ChannelTarget) -> Solution:
    """The most efficient weights that meet the curve; where these break a limit of single drivers, the most efficient within it.

    Raises
    ------
    SolverError : where the certificate confirms no answer within the limits

    """
    solution = _solve(target, target.cost)
    over = np.flatnonzero(driver_limits.broken(target, solution.weights))
    if not over.size:
        return solution
    return solution.with_part(over, driver_limits.within(target.at(over), solution.weights[over]))


def _solve(target: ChannelTarget, cost: Real) -> Solution:
    one_point = target.reach.shape[1] == 1 and target.power_spread == 0
    A = target.reach[:, 0] if one_point else target.reach_power
    B = target.cancel_power
    gamma = target.gamma if target.gamma is not None else np.full(len(A), DEEPEST)
    w, gap = most_efficient_weights(A, B, cost, gamma)
    spent = effort(target.reach, w)
    dear = np.flatnonzero((spent > target.max_effort) & (cost > 1).any(axis=1))
    if dear.size:
        w[dear], gap[dear] = _cheapened(target.at(dear), A[dear], B[dear], cost[dear], gamma[dear])
        spent = effort(target.reach, w)
    reached = expected_gain(target, w)
    value = _power(A, w) / np.maximum(np.sum(cost * np.abs(w) ** 2, axis=1), 1e-300)
    over = np.flatnonzero((spent > target.max_effort * (1 + 1e-9)) | (reached < gamma * (1 - SHORT)))
    if over.size:
        w[over], gap[over], value[over] = _compromise(target.at(over), A[over], B[over], cost[over], gamma[over])
        spent = effort(target.reach, w)
    return Solution.of(w, np.maximum(0.0, spent / target.max_effort - 1), gap, value, value * (1 + gap))


def _power(A: Complex, w: Complex) -> Real:
    """w^H A w (F,), or |h w|²."""
    return quadratic(A, w) if A.ndim == 3 else np.abs(np.einsum("fl,fl->f", A, w)) ** 2


def most_efficient_weights(A: Complex, B: Complex, cost: Real, gamma: Real) -> tuple[Complex, Real]:
    """Weights (F, L) and the certificate's gap (F,): a bound for all weights that meet γ over their value, minus 1.

    P = D², w = D⁻¹v turns w^H P w into v^H v.

    A : (F, L, L), or h (F, L) where A = h^H h
    """
    d = 1 / np.sqrt(cost)
    B = B * d[:, :, None] * d[:, None, :]
    if A.ndim == 2:
        found = one_point_search.most_efficient(A * d, B, gamma)
    else:
        found = ratio_search.most_efficient(A * d[:, :, None] * d[:, None, :], B, gamma)
    return found.v * d, found.gap


def _cheapened(target: ChannelTarget, A: Complex, B: Complex, cost: Real, gamma: Real) -> tuple[Complex, Real]:
    """Where the effort exceeds its limit, drivers outside their bands get cheaper, P^τ, until it fits: the largest such τ.

    τ = 0 is P = 1; where the limit is exceeded even there, the compromise continues.
    """

    def excess(tau: Real, at: Index) -> Real:
        w, _ = most_efficient_weights(A[at], B[at], cost[at] ** tau[:, None], gamma[at])
        return np.log(np.maximum(effort(target.reach[at], w) / target.max_effort[at], 1e-300))

    everywhere = np.arange(len(A))
    tau, one = np.zeros(len(A)), np.ones(len(A))
    least, most = excess(tau, everywhere), excess(one, everywhere)
    at = np.flatnonzero((least <= 0) & (most > 0))
    tau[at] = last_that_fits(
        lambda x, some: excess(x, at[some]), (tau[at], least[at]), (one[at], most[at]), CHEAPENING_TOLERANCE
    )
    return most_efficient_weights(A, B, cost ** tau[:, None], gamma)


def _compromise(target: ChannelTarget, A: Complex, B: Complex, cost: Real, gamma: Real) -> tuple[Complex, Real, Real]:
    """The largest ratio whose effort fits, the gap and that ratio; without an effort limit, the most efficient weights 0.1 dB
    below the best ratio, the gap and their efficiency.
    """
    one_point = A.ndim == 2
    search = one_point_search if one_point else ratio_search
    w, gap, value = np.empty(cost.shape, dtype=complex), np.zeros(len(A)), np.zeros(len(A))
    limited = np.isfinite(target.max_effort)
    at = np.flatnonzero(limited)
    if at.size:
        single = np.abs(A[at]) ** 2 if one_point else np.diagonal(A[at], axis1=1, axis2=2).real
        efficiency = single.max(axis=1) / target.max_effort[at]
        ones = np.ones(cost[at].shape)  # where an effort limit binds, P = 1
        found = search.at_efficiency(A[at], B[at], ones, efficiency)
        w[at], gap[at], value[at] = found.v, found.gap, ratio(_power(A[at], found.v), quadratic(B[at], found.v))
    at = np.flatnonzero(~limited)
    if at.size:
        wanted = np.minimum(np.minimum(search.best_ratio(A[at], B[at]), DEEPEST_COMPROMISE) * MARGIN, gamma[at])
        w[at], gap[at] = most_efficient_weights(A[at], B[at], cost[at], wanted)
        value[at] = _power(A[at], w[at]) / np.maximum(np.sum(cost[at] * np.abs(w[at]) ** 2, axis=1), 1e-300)
    return w, gap, value


def statement(A: Complex, B: Complex, cost: Real, gamma: float) -> Any:
    """The semidefinite relaxation of one frequency as a cvxpy problem, X = w w^H: the readable reference.

    Its value is the largest efficiency; A, B (L, L), cost (L,).
    """
    import cvxpy as cp

    size = len(A)
    Z = cp.Variable((2 * size, 2 * size), PSD=True)  # solvers take a real lift better than a Hermitian variable

    def inner(M: Complex) -> Any:
        """The trace of M X for X = Z11 + Z22 + j (Z21 - Z12)."""
        lifted = np.block([[M.real, -M.imag], [M.imag, M.real]])
        return cp.trace(lifted @ Z)

    constraints = [inner(np.diag(cost).astype(complex)) == 1, inner(A - gamma * B) >= 0]
    return cp.Problem(cp.Maximize(inner(A)), constraints)
