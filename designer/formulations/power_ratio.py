"""Power ratio (constant directivity): the most efficient weights that meet a ratio of powers.

    maximise    w^H A w / w^H P w
    subject to  w^H A w >= γ w^H B w

A (F, L, L) is the mean of h^H h over the bright points, B the same over the dark points, P the diagonal of
what each driver costs. Two homogeneous quadratic forms over the complex numbers: the dual, a search for one
multiplier, has no gap (the semidefinite relaxation is tight), so it is solved as if it were convex. For ears
(crosstalk cancellation, null-steering) and for regions of azimuth (beams) alike.

Closed form: `designer.solvers.ratio_search.most_efficient`. Infeasible where the largest eigenvalue of A - γB is not
positive. Where that is so, or where an effort limit binds, the best compromise has the largest ratio whose effort
still fits, and the slack is target minus reached; the certificate's value is then that ratio, else the efficiency. Where
one point is to be reached A = h^H h, and `designer.solvers.one_point_search` needs one eigenproblem for all of it. Where the
answer breaks a limit of a single driver or a floor of white-noise gain, cones go on from it with the same objective.

**Limits of single drivers**: the same objective, as second-order cones about weights that are known.

    minimise    w^H P w / w_0^H P w_0 + σ s                           the least effort
    subject to  a w = 1,   a = w_0^H A / w_0^H A w_0                  level 1 at the bright points
                ||B^(1/2) w|| <= γ^(-1/2) (1 + s)                     power ratio
                |w_l| <= g_l,   ||w|| <= effort
                ||w|| <= Re(h_0 w e^{-jφ}) / √(white-noise gain),     φ the phase of h_0 w_0
                s >= 0

w_0, of level w_0^H A w_0 = 1, are the weights without these limits. |a w|² <= w^H A w / w_0^H A w_0, as Cauchy and Schwarz have it
in the norm of A, so every w of the plane has at least the level: what the cones allow, the power ratio's own constraints
allow. And nothing is lost at w_0, where both sides are equal: a ∝ w_0^H A makes the condition for an optimum there,
P w + λ B w = μ a^H, the power ratio's own. So where no limit binds the answer is w_0, and a limit that is tightened moves the
weights away from there continuously. A pass takes a and φ from the last weights, which stay within every bound, so none
gets worse; one bright point has one a, and needs one pass. σ is large: the curve gives only where the limits leave no other way, and as
little as they allow; where no weights reach the curve w_0 has the largest ratio there is.

Certificate there: primal violation, and the gap to the dual value of the last pass.

Source: Y. Luo, Constant directivity loudspeaker beamforming (arXiv 2407.01860); majorise-minimise for the passes; Lobo et al.,
Applications of second-order cone programming (1998) for the cones. Truths: the semidefinite relaxation
in cvxpy has the same value; with B the power radiated into the sphere and γ at its largest, N monopoles reach the
superdirective limits.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from designer.arrays import Bool, Complex, Index, Real
from designer.formulations import constrained
from designer.measures import (
    amplitude_db,
    effort,
    few_rows,
    mean_power,
    mean_power_matrix,
    mean_power_rows,
    quadratic,
    ratio,
    white_noise_gain,
)
from designer.problem.methods import CURVE, DARK_CURVE, DRIVER_GAIN, EFFORT, WHITE_NOISE_GAIN, Formulation
from designer.requirements.slacks import expected_gain, mean_power_ratio
from designer.requirements.target import ChannelTarget
from designer.solvers import one_point_search, ratio_search
from designer.solvers.constrained_data import INSIDE, ConstrainedData, share_of_level
from designer.solvers.parts import solve_in_parts
from designer.solvers.solution import Solution

DEEPEST = 1e4
"""Ratio of "as deep as the rest allows": 40 dB."""
DEEPEST_COMPROMISE = 1e6
"""The largest ratio that a compromise without an effort limit goes for: 60 dB, where the best ratio has no bound."""
MARGIN = 10 ** (-0.1 / 10)
"""How near to the best ratio at all an unlimited compromise goes: 0.1 dB, because the last of it costs without bound."""
SHORT = 1e-4
"""How far below the curve weights still meet it, 0.0004 dB: rounding alone leaves as much where they cost 80 dB."""
CHEAPENING_TOLERANCE = 1e-6
"""Tolerance of the exponent of the cost, and of the effort's logarithm below its limit."""
SLACK_PRICE = 1e4
"""σ: far above what the effort, relative to w_0's, rises by while the curve can be met."""
BROKEN = 1 + 1e-6
"""A limit that is exceeded by a larger factor is broken."""
MOST_PASSES = 30
SETTLED_DB = 1e-4
"""A pass that changes no driver by more is the last; relative to the loudest driver."""
MOST_COST = 1e6
"""P at most, relative to its smallest: 60 dB, beyond which no driver plays a part."""
PURE_STEPS = 8
MAX_STEPS = 100


def solve(target: ChannelTarget) -> Solution:
    """The most efficient weights that meet the curve; where these break a limit of single drivers, the most efficient within it.

    Raises
    ------
    SolverError : where the certificate confirms no answer within the limits

    """
    begin = target.in_mean
    if target.gamma is None and target.dark_curves:  # the first curve begins, and the cones add the others
        _, dark, gamma = target.dark_curves[0]
        begin = replace(begin, dark=dark, gamma=gamma)
    solution = _solve(begin, target.cost)
    over = np.flatnonzero(broken(target, solution.weights))
    if not over.size:
        return solution
    return solution.with_part(over, within(target.at(over), solution.weights[over]))


def _solve(target: ChannelTarget, cost: Real) -> Solution:
    is_one_point = target.bright.shape[1] == 1 and target.power_spread == 0
    A = target.bright[:, 0] if is_one_point else target.bright_power
    B = target.dark_power
    gamma = target.gamma if target.gamma is not None else np.full(len(A), DEEPEST)
    w, gap = most_efficient_weights(A, B, cost, gamma)
    spent = effort(target.bright, w)
    dear = np.flatnonzero((spent > target.max_effort) & (cost > 1).any(axis=1))
    if dear.size:
        w[dear], gap[dear] = _cheapened(target.at(dear), A[dear], B[dear], cost[dear], gamma[dear])
        spent = effort(target.bright, w)
    gain = expected_gain(target, w)
    value = _power(A, w) / np.maximum(np.sum(cost * np.abs(w) ** 2, axis=1), 1e-300)
    over = np.flatnonzero((spent > target.max_effort * (1 + 1e-9)) | (gain < gamma * (1 - SHORT)))
    if over.size:
        w[over], gap[over], value[over] = _compromise(target.at(over), A[over], B[over], cost[over], gamma[over])
        spent = effort(target.bright, w)
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
        solution = one_point_search.most_efficient(A * d, B, gamma)
    else:
        solution = ratio_search.most_efficient(A * d[:, :, None] * d[:, None, :], B, gamma)
    return solution.v * d, solution.gap


def _cheapened(target: ChannelTarget, A: Complex, B: Complex, cost: Real, gamma: Real) -> tuple[Complex, Real]:
    """Where the effort exceeds its limit, drivers outside their bands get cheaper, P^τ, until it fits: the largest such τ.

    τ = 0 is P = 1; where the limit is exceeded even there, the compromise continues.
    """

    def excess(tau: Real, at: Index) -> Real:
        w, _ = most_efficient_weights(A[at], B[at], cost[at] ** tau[:, None], gamma[at])
        return np.log(np.maximum(effort(target.bright[at], w) / target.max_effort[at], 1e-300))

    everywhere = np.arange(len(A))
    tau, full_cost = np.zeros(len(A)), np.ones(len(A))
    least, most = excess(tau, everywhere), excess(full_cost, everywhere)
    at = np.flatnonzero((least <= 0) & (most > 0))
    tau[at] = last_that_fits(
        lambda x, subset: excess(x, at[subset]), (tau[at], least[at]), (full_cost[at], most[at]), CHEAPENING_TOLERANCE
    )
    return most_efficient_weights(A, B, cost ** tau[:, None], gamma)


def _compromise(target: ChannelTarget, A: Complex, B: Complex, cost: Real, gamma: Real) -> tuple[Complex, Real, Real]:
    """The largest ratio whose effort fits, the gap and that ratio; without an effort limit, the most efficient weights 0.1 dB
    below the best ratio, the gap and their efficiency.
    """
    is_one_point = A.ndim == 2
    search = one_point_search if is_one_point else ratio_search
    w, gap, value = np.empty(cost.shape, dtype=complex), np.zeros(len(A)), np.zeros(len(A))
    limited = np.isfinite(target.max_effort)
    at = np.flatnonzero(limited)
    if at.size:
        # Effort is of the level as modelled: what the drivers' spread adds to A, nearly ε² ||w||² of it, is no level to count on.
        heard = A[at] if is_one_point else mean_power_matrix(target.bright[at])
        single = np.abs(heard) ** 2 if is_one_point else np.diagonal(heard, axis1=1, axis2=2).real
        efficiency = single.max(axis=1) / target.max_effort[at]
        unit_cost = np.ones(cost[at].shape)  # where an effort limit binds, P = 1
        solution = search.at_efficiency(heard, B[at], unit_cost, efficiency)
        w[at], gap[at], value[at] = (
            solution.v,
            solution.gap,
            ratio(_power(A[at], solution.v), quadratic(B[at], solution.v)),
        )
    at = np.flatnonzero(~limited)
    if at.size:
        required = np.minimum(np.minimum(search.best_ratio(A[at], B[at]), DEEPEST_COMPROMISE) * MARGIN, gamma[at])
        w[at], gap[at] = most_efficient_weights(A[at], B[at], cost[at], required)
        value[at] = _power(A[at], w[at]) / np.maximum(np.sum(cost[at] * np.abs(w[at]) ** 2, axis=1), 1e-300)
    return w, gap, value


def broken(target: ChannelTarget, w: Complex) -> Bool:
    """Where (F,) weights, at the plain driver's level, break a limit of a single driver, a floor of white-noise gain, or a dark curve."""
    loud = np.abs(w) * (target.plain_level / np.sqrt(np.maximum(mean_power(target.bright, w), 1e-300)))[:, None]
    over = (loud > target.gain_limit * BROKEN).any(axis=1)
    if target.min_white_noise_gain > 0:
        over |= white_noise_gain(target.look, w, target.look_distance_m) * BROKEN < target.min_white_noise_gain
    for _, dark, gamma in target.curves if target.dark_curves else ():
        over |= mean_power_ratio(target, dark, w) < gamma * (1 - SHORT)
    return np.asarray(over)


def within(target: ChannelTarget, start: Complex) -> Solution:
    """The most efficient weights that meet the curve within the limits, from those without them (F, L).

    Raises
    ------
    SolverError : where the certificate confirms no answer

    """
    if target.gamma is not None and not target.dark_curves:
        # More than the weights without limits reach is out of reach within them: the least slack is the same, in numbers near 1.
        dark_power = np.maximum(quadratic(target.dark_power, start), 1e-300)
        target = replace(target, gamma=np.minimum(target.gamma, quadratic(target.bright_power, start) / dark_power))
    return solve_in_parts(target, lambda part, at: _within(part, start[at]))


def _within(target: ChannelTarget, w: Complex) -> Solution:
    by_reference = np.zeros(len(w), dtype=bool)
    for _ in range(MOST_PASSES):
        before = w / _level(target, w)[:, None]
        data = data_about(target, w)
        v, answer, again = constrained.certified(data)
        w = v * np.linalg.norm(before, axis=1)[:, None]
        by_reference |= again
        change = np.abs(w / _level(target, w)[:, None] - before).max(axis=1) / np.abs(before).max(axis=1)
        if (amplitude_db(1 + change) < SETTLED_DB).all() or (target.bright.shape[1] == 1 and data.white_noise is None):
            break
    level = np.ones(len(w)) if data.level is None else data.level
    gap = np.maximum(answer.gap, 0.0)
    value = _level(target, w) ** 2 / np.sum(
        target.cost * np.abs(w) ** 2, axis=1
    )  # the efficiency, as without the limits
    return Solution(
        weights=w * (level * target.plain_level)[:, None],
        violation=answer.violation,
        gap=gap,
        level=level,
        value=value,
        bound=value * (1 + gap),
        by_reference=by_reference,
    )


def _level(target: ChannelTarget, w: Complex) -> Real:
    """Root of the mean power over the bright points (F,), over the drivers' spread too."""
    return np.sqrt(np.maximum(quadratic(target.bright_power, w), 1e-300))


def data_about(target: ChannelTarget, w: Complex) -> ConstrainedData:
    """The cones about weights (F, L): the constrained form's data with a in the place of its point, at the plain driver's level 1.

    The data's weights are in units of ||w|| at that level, so that a solver sees numbers near 1 whatever pressure the drivers make.
    """
    w = w / _level(target, w)[:, None]
    unit = np.linalg.norm(w, axis=1)[:, None]
    a = np.einsum("fl,flk->fk", w.conj(), target.bright_power)
    cost = np.minimum(target.cost / target.cost.min(axis=1, keepdims=True), MOST_COST)
    price = cost / np.sum(cost * np.abs(w) ** 2, axis=1, keepdims=True)
    curves = tuple(
        (name, few_rows(mean_power_rows(dark, target.power_spread)) * unit[:, :, None], 1 / np.sqrt(gamma))
        for name, dark, gamma in target.curves
    )
    white_noise = None
    if target.min_white_noise_gain > 0:
        distance = 1.0 if np.isinf(target.look_distance_m) else target.look_distance_m
        heard = np.einsum("fl,fl->f", target.look, w)
        anchor = heard.conj() / np.maximum(np.abs(heard), 1e-300)
        white_noise = target.look * (anchor * distance / np.sqrt(target.min_white_noise_gain))[:, None]
    heard_level = np.sqrt(mean_power(target.bright, w))  # without the spread, as limits count it
    max_gain = target.gain_limit * (heard_level / target.plain_level)[:, None]
    least = 1 / np.maximum(np.linalg.norm(a, axis=1), 1e-300)
    max_norm = np.maximum(np.sqrt(target.max_effort) * heard_level / target.single_level, least / INSIDE)
    level = share_of_level(np.abs(a), max_gain, max_norm)
    level = np.where(level < 1, level * INSIDE, 1.0)
    data = ConstrainedData(
        centre=a * unit,
        quadratic=(price * unit**2)[:, :, None] * np.eye(w.shape[1], dtype=complex),
        families=(),
        curves=curves,
        max_gain=max_gain / level[:, None] / unit,
        max_norm=max_norm / unit[:, 0],
        white_noise=white_noise,
        level=level,
        slack_price=SLACK_PRICE,
    )
    return constrained.with_white_noise_slack(data)


def last_that_fits(
    excess: Callable[[Real, Index], Real], inside: tuple[Real, Real], outside: tuple[Real, Real], tolerance: float
) -> Real:
    """The x (N,) towards `outside` whose excess is still at most 0, to `tolerance` in x or in the excess.

    Parameters
    ----------
    excess : callable, of x (M,) and the indices (M,) that it is asked for, (M,)
    inside : tuple of 2 float array, x and excess (N,), at most 0
    outside : tuple of 2 float array, x and excess (N,), above 0; x may lie on either side

    """
    x_in, f_in = (values.copy() for values in inside)
    x_out, f_out = (values.copy() for values in outside)
    h_in, h_out = f_in.copy(), f_out.copy()  # the same, halved where an end stays
    at = np.arange(x_in.size)
    for step in range(MAX_STEPS):
        at = at[(np.abs(x_out - x_in)[at] > tolerance) & (f_in[at] < -tolerance)]
        if not at.size:
            break
        # A little inside 0, so that the step lands where it fits.
        aim = tolerance / 2
        share = (h_in[at] + aim) / np.minimum(h_in[at] - h_out[at], -1e-300)
        halve = ~((share > 0) & (share < 1)) | (step >= PURE_STEPS and step % 2 == 0)
        x = x_in[at] + np.where(halve, 0.5, share) * (x_out - x_in)[at]
        f = excess(x, at)
        fits = f <= 0
        h_out[at] = np.where(fits, h_out[at] / 2, f)
        h_in[at] = np.where(fits, f, h_in[at] / 2)
        x_in[at], f_in[at] = np.where(fits, x, x_in[at]), np.where(fits, f, f_in[at])
        x_out[at] = np.where(fits, x_out[at], x)
    return x_in


def statement(A: Complex, B: Complex, cost: Real, gamma: float) -> Any:
    """The semidefinite relaxation of one frequency as a cvxpy problem, X = w w^H: the readable reference.

    Its value is the largest efficiency; A, B (L, L), cost (L,).
    """
    import cvxpy as cp

    trace_with = relaxed(len(A))
    constraints = [trace_with(np.diag(cost).astype(complex)) == 1, trace_with(A - gamma * B) >= 0]
    return cp.Problem(cp.Maximize(trace_with(A)), constraints)


def relaxed(size: int) -> Callable[[Complex], Any]:
    """The trace of M X as cvxpy has it, for M Hermitian (L, L) and X = w w^H relaxed to any positive semidefinite matrix."""
    import cvxpy as cp

    Z = cp.Variable((2 * size, 2 * size), PSD=True)  # solvers take a real lift better than a Hermitian variable
    return lambda M: cp.trace(np.block([[M.real, -M.imag], [M.imag, M.real]]) @ Z)  # X = Z11 + Z22 + j (Z21 - Z12)


METHOD = Formulation(
    name="power-ratio",
    solve=solve,
    statement=statement,
    looks_at=frozenset({CURVE, DARK_CURVE, EFFORT, DRIVER_GAIN, WHITE_NOISE_GAIN}),
)
