"""Minimax: the smallest largest sidelobe, within the limits.

    minimise    s + ε w^H P w + σ Σ e                                     (levels scaled to 1)
    subject to  h_c w = 1                                            the point whose phase is kept
                |h_p w| <= m_p (floor + s)                           the sidelobes: of a mask line m_p its limit, else 1
                |h_p w - 1| <= r (1 + e_window)                      listening window
                ||B^(1/2) w|| <= γ^(-1/2) (1 + e_curve)              power ratio
                |w_l| <= g_l,   ||w|| <= effort
                ||w|| <= Re(h_0 w e^{-jφ}) / √(white-noise gain)
                s, e >= 0

The sidelobes are the masks' points, all of them lowered together by the same dB; without a mask the points to cancel (a
beam's nulls, or what is outside its window; the cancelled ear at each displacement: there it is the worst that is made
small, where the power ratio looks at the mean). Below the floor, -60 dB, nothing is gained, and the cheapest weights are taken.
The window and the curve are kept before any sidelobe is lowered: σ is large. Every line is a norm below an affine function:
convex, second-order cones, with the data of the constrained form. Where the hard limits leave no level of 1 it is lowered
first; where window and curve are infeasible their slack is the least there is.

Certificate: primal violation, and the gap to the dual value of the cone program, whatever solved it.

Source: Lebret and Boyd, Antenna array pattern synthesis via convex optimization (IEEE Trans. Signal Processing 45, 1997),
equations (10) to (13). Truth: a half-wave line gives Dolph-Chebyshev's weights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from designer.arrays import Complex, Real
from designer.errors import SolverError
from designer.formulations import constrained
from designer.formulations.constrained import MAX_GAP, MAX_VIOLATION, NO_LIMIT, SLACK_PRICE, ConstrainedData
from designer.formulations.solution import Solution
from designer.measures import mean_power
from designer.solvers import cones
from designer.targets.channel_target import ChannelTarget

EFFORT_PRICE = 1e-6
"""ε: 10 dB of effort weigh as much as a sidelobe of -100 dB; it decides only among weights of one largest sidelobe."""
FLOOR = 1e-3
"""Sidelobes this low, -60 dB, are low enough."""


@dataclass(frozen=True, kw_only=True)
class MinimaxData:
    """The data of all frequencies: what the cones and the cvxpy statement are both made of."""

    sidelobes: Complex  # (F, M, L), each over its m_p
    price: Real  # (F, L): ε P
    limits: ConstrainedData  # centre, window, curve and hard limits, levels scaled to 1

    @property
    def window(self) -> tuple[Complex, Real] | None:
        """Points (F, M, L) and ripple (F,)."""
        found = [(points, limit) for _, points, limit, wanted in self.limits.families if wanted]
        return found[0] if found else None


def solve(target: ChannelTarget) -> Solution:
    """The weights of the smallest largest sidelobe at every frequency.

    Raises
    ------
    SolverError : where the certificate confirms no answer

    """
    rise = np.ones(target.frequency_hz.size)  # mean power over the points to reach, over the centre's
    for _ in range(1 if target.reach.shape[1] == 1 else 2):
        data = data_of(target, rise)
        w, answer = solve_data(data)
        on_centre = np.abs(np.einsum("fl,fl->f", target.centre, w)) ** 2
        rise = mean_power(target.reach, w) / np.maximum(on_centre, 1e-30)
    bad = (answer.violation > MAX_VIOLATION) | (answer.gap > MAX_GAP) | ~np.isfinite(answer.gap)
    if bad.any():
        at = ", ".join(f"{f:.0f}" for f in target.frequency_hz[bad][:5])
        raise SolverError(
            f'design "{target.name}": the cone solver stopped without a certified answer at {bad.sum()} of {bad.size}'
            f" frequencies (first at {at} Hz); loosen the wish that binds there, or use another method"
        )
    level = np.ones(len(w)) if data.limits.level is None else data.limits.level
    return Solution(w * level[:, None], answer.violation, np.maximum(answer.gap, 0.0), level)


def data_of(target: ChannelTarget, rise: Real) -> MinimaxData:
    """The constrained form's data, with the sidelobes in the place of its masks and of its objective."""
    data = constrained.data_of(target, rise)
    if data.white_noise is not None:
        data = replace(data, white_noise_slack=constrained.least_white_noise_slack(data))
    if target.masks:
        lines = [(points, limit) for _, points, limit, wanted in data.families if not wanted]
        holds = [
            np.where(np.isfinite(mask.limit), 1 / limit, 0.0)
            for mask, (_, limit) in zip(target.masks, lines, strict=True)
        ]
        sidelobes = np.concatenate(
            [points * h[:, None, None] for (points, _), h in zip(lines, holds, strict=True)], axis=1
        )
    else:
        sidelobes = target.cancel * (np.sqrt(rise) / target.plain_level)[:, None, None]
    louder = target.plain_level / target.single_level
    return MinimaxData(sidelobes=sidelobes, price=EFFORT_PRICE * target.cost / louder[:, None] ** 2, limits=data)


def solve_data(data: MinimaxData) -> tuple[Complex, cones.ConeSolution]:
    """Build the conic data of all frequencies at once and solve it; weights (F, L) and the certified solution."""
    limits = data.limits
    count, size = limits.centre.shape
    extra = 1 + (data.window is not None) + (limits.curve is not None)
    n = 2 * size + extra
    rows = cones.ConeRows(count, n)
    rows.add("zero", cones.real_rows(limits.centre[:, None], extra)[:, 0], np.array([-1.0, 0.0]))
    slacks = np.zeros((count, extra, n))
    slacks[:, np.arange(extra), 2 * size + np.arange(extra)] = 1.0
    rows.add("nonnegative", slacks, np.zeros(extra))

    def cone(vectors: Real, offset: Real | float, limit: Real, slope: Real | float = 0.0, slack: int = 0) -> None:
        """||vectors x - offset|| <= limit + slope x_slack."""
        linear = np.concatenate([np.zeros((count, 1, n)), vectors], axis=1)
        linear[:, 0, 2 * size + slack] = slope
        constant = np.zeros(linear.shape[:2])
        constant[:, 0], constant[:, 1:] = limit, -np.asarray(offset)
        rows.add("second-order", linear, constant)

    sidelobes = cones.real_rows(data.sidelobes, extra)
    for m in range(sidelobes.shape[1]):
        cone(sidelobes[:, m], 0.0, np.full(count, FLOOR), 1.0, 0)
    if data.window is not None:
        points, ripple = data.window
        vectors = cones.real_rows(points, extra)
        for m in range(points.shape[1]):
            cone(vectors[:, m], np.array([1.0, 0.0]), ripple, ripple, 1)
    if limits.curve is not None:
        factor, limit = limits.curve
        cone(cones.real_rows(factor, extra).reshape(count, -1, n), 0.0, limit, limit, extra - 1)
    identity = np.tile(np.eye(2 * size, n), (count, 1, 1))
    for l in range(size):
        if np.isfinite(limits.max_gain[:, l]).any():
            cone(identity[:, [l, size + l]], 0.0, np.minimum(limits.max_gain[:, l], NO_LIMIT))
    if np.isfinite(limits.max_norm).any():
        cone(identity, 0.0, np.minimum(limits.max_norm, NO_LIMIT))
    if limits.white_noise is not None:
        first = cones.real_rows(limits.white_noise[:, None], extra)[:, 0, :1]
        constant = np.zeros((count, 2 * size + 1))
        constant[:, 0] = limits.white_noise_slack
        rows.add("second-order", np.concatenate([first, identity], axis=1), constant)

    price = np.zeros((count, n))
    price[:, 2 * size :] = SLACK_PRICE
    price[:, 2 * size] = 1.0
    P = cones.real_quadratic((data.price[:, :, None] * np.eye(size)).astype(complex), extra)
    answer = cones.solve(cones.assemble(P, price, rows))
    return answer.x[:, :size] + 1j * answer.x[:, size : 2 * size], answer


def statement(data: MinimaxData, f: int) -> Any:
    """One frequency as a cvxpy problem: the readable reference, with nothing of the conic data above."""
    import cvxpy as cp

    limits = data.limits
    size = limits.centre.shape[1]
    w = cp.Variable(size, complex=True)
    s, window, curve = cp.Variable(nonneg=True), cp.Variable(nonneg=True), cp.Variable(nonneg=True)
    cost = cp.sum_squares(cp.multiply(np.sqrt(data.price[f]), w))
    constraints = [limits.centre[f] @ w == 1, cp.abs(data.sidelobes[f] @ w) <= FLOOR + s]
    if data.window is not None:
        points, ripple = data.window
        constraints.append(cp.abs(points[f] @ w - 1) <= ripple[f] * (1 + window))
    if limits.curve is not None:
        factor, limit = limits.curve
        constraints.append(cp.norm(factor[f] @ w) <= limit[f] * (1 + curve))
    limited = np.flatnonzero(np.isfinite(limits.max_gain[f]))
    constraints += [cp.abs(w[l]) <= limits.max_gain[f, l] for l in limited]
    if np.isfinite(limits.max_norm[f]):
        constraints.append(cp.norm(w) <= limits.max_norm[f])
    if limits.white_noise is not None:
        slack = np.broadcast_to(limits.white_noise_slack, len(limits.centre))[f]
        constraints.append(cp.norm(w) <= cp.real(limits.white_noise[f] @ w) + slack)
    return cp.Problem(cp.Minimize(s + cost + SLACK_PRICE * (window + curve)), constraints)
