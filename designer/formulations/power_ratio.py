"""Power ratio (constant directivity): the most efficient weights that meet a ratio of powers.

    maximise    w^H A w / w^H P w
    subject to  w^H A w >= γ w^H B w

A (F, L, L) is the mean of h^H h over the points to reach, B the same over the points to cancel, P the diagonal of
what each driver costs. Two homogeneous quadratic forms over the complex numbers: the dual, a search for one
multiplier, has no gap (the semidefinite relaxation is tight), so it is solved as if it were convex. For ears
(crosstalk cancellation, null-steering) and for regions of azimuth (beams) alike.

Closed form: `designer.solvers.ratio_search.most_efficient`. Infeasible where the largest eigenvalue of A - γB is not
positive. Where that is so, or where an effort limit binds, the best compromise has the largest ratio whose effort
still fits, and the slack is target minus reached.

Source: Y. Luo, Constant directivity loudspeaker beamforming (arXiv 2407.01860). Truths: the semidefinite relaxation
in cvxpy has the same value; with B the power radiated into the sphere and γ at its largest, N monopoles reach the
superdirective limits.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.arrays import Complex, Real
from designer.formulations.solution import Solution
from designer.measures import cancellation_gain, effort, quadratic
from designer.solvers import ratio_search
from designer.targets.channel_target import ChannelTarget

DEEPEST = 1e4
"""What "as deep as the rest allows" asks for: 40 dB."""
CHEAPENINGS = 20
DEEPEST_COMPROMISE = 1e6
"""The largest ratio that a compromise without an effort limit goes for: 60 dB, where the best ratio has no bound."""
MARGIN = 10 ** (-0.1 / 10)
"""How near to the best ratio at all an unlimited compromise goes: 0.1 dB, because the last of it costs without bound."""
MAX_REWEIGHTINGS = 20


def solve(target: ChannelTarget) -> Solution:
    """The most efficient weights that meet the curve; within driver limits by raising the cost of the driver that exceeds."""
    solution = solve_without_driver_limits(target)
    if not np.isfinite(target.max_gain).any():
        return solution
    cost = target.cost
    A = target.reach_power
    for _ in range(MAX_REWEIGHTINGS):
        level = target.plain_level / np.sqrt(quadratic(A, solution.weights))
        gains = np.abs(solution.weights) * level[:, None]
        excess = gains / target.max_gain
        if (excess <= 1 + 1e-6).all():
            break
        cost = cost * np.where(excess > 1, excess**2, 1.0)
        solution = _solve(target, cost)
    return solution


def solve_without_driver_limits(target: ChannelTarget) -> Solution:
    """The most efficient weights that meet the curve, whatever single drivers are fed."""
    return _solve(target, target.cost)


def _solve(target: ChannelTarget, cost: Real) -> Solution:
    A, B = target.reach_power, target.cancel_power
    gamma = target.gamma if target.gamma is not None else np.full(len(A), DEEPEST)
    w, gap = most_efficient_weights(A, B, cost, gamma)
    reached = cancellation_gain(target.reach, target.cancel, w)
    spent = effort(target.reach, w)
    if ((spent > target.max_effort) & (cost > 1).any(axis=1)).any():
        w, gap = _cheapened(target, A, B, cost, gamma)
        reached, spent = cancellation_gain(target.reach, target.cancel, w), effort(target.reach, w)
    over = (spent > target.max_effort * (1 + 1e-9)) | (reached < gamma * (1 - 1e-8))
    if over.any():
        at = np.flatnonzero(over)
        w[at] = _compromise(A[at], B[at], cost[at], target.max_effort[at])
        gap[at] = 0.0
    return Solution.of(w, np.maximum(0.0, effort(target.reach, w) / target.max_effort - 1), gap)


def _cheapened(target: ChannelTarget, A: Complex, B: Complex, cost: Real, gamma: Real) -> tuple[Complex, Real]:
    """Where the effort exceeds its limit, drivers outside their bands get cheaper, P^τ, until it fits: the largest such τ.

    τ = 0 is P = 1, where the limit binds by itself and the compromise continues.
    """
    low, high = np.zeros(len(A)), np.ones(len(A))
    for _ in range(CHEAPENINGS):
        tau = (low + high) / 2
        w, _ = most_efficient_weights(A, B, cost ** tau[:, None], gamma)
        fits = effort(target.reach, w) <= target.max_effort
        low, high = np.where(fits, tau, low), np.where(fits, high, tau)
    whole, _ = most_efficient_weights(A, B, cost, gamma)
    tau = np.where(effort(target.reach, whole) <= target.max_effort, 1.0, low)
    return most_efficient_weights(A, B, cost ** tau[:, None], gamma)


def most_efficient_weights(A: Complex, B: Complex, cost: Real, gamma: Real) -> tuple[Complex, Real]:
    """Weights (F, L) and the certificate's gap (F,): dual value over primal value, minus 1.

    P = D², w = D⁻¹v turns w^H P w into v^H v. The dual value is the largest eigenvalue of A + λ(A - γB), a bound for
    every w that meets γ, whatever λ >= 0 is.
    """
    d = 1 / np.sqrt(cost)
    A_v, B_v = A * d[:, :, None] * d[:, None, :], B * d[:, :, None] * d[:, None, :]
    found = ratio_search.most_efficient(A_v, B_v, gamma)
    gap = np.zeros(len(A))
    sound = found.feasible
    if sound.any():
        # Divided by 1 + λ, so that a large multiplier costs no digits.
        t = 1 / (1 + 1 / np.maximum(found.multiplier[sound], 1e-300))
        bound = np.linalg.eigvalsh(A_v[sound] - (t * gamma[sound])[:, None, None] * B_v[sound])[:, -1] / (1 - t)
        gap[sound] = bound / quadratic(A_v[sound], found.v[sound]) - 1
    return found.v * d, gap


def _compromise(A: Complex, B: Complex, cost: Real, max_effort: Real) -> Complex:
    """The largest ratio whose effort fits; without an effort limit, the most efficient weights 0.1 dB below the best ratio."""
    w = np.empty(cost.shape, dtype=complex)
    limited = np.isfinite(max_effort)
    if limited.any():
        single = np.diagonal(A[limited], axis1=1, axis2=2).real.max(axis=1)
        efficiency = single / max_effort[limited]
        ones = np.ones(cost[limited].shape)  # where an effort limit binds, P = 1
        w[limited] = ratio_search.best_ratio_at_efficiency(A[limited], B[limited], ones, efficiency)
    if not limited.all():
        at = ~limited
        wanted = np.minimum(ratio_search.best_ratio(A[at], B[at]), DEEPEST_COMPROMISE) * MARGIN
        w[at], _ = most_efficient_weights(A[at], B[at], cost[at], wanted)
    return w


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
