"""The constrained form: masks, window, driver gains, effort and white-noise gain together, as second-order cones.

    minimise    mean |h_q w|² over the quiet points + ε w^H P w + σ Σ s        (levels scaled to 1)
    subject to  h_c w = 1                                               the point whose phase is kept
                |h_p w| <= m_p (1 + s_i)                                 mask line i
                |h_p w - 1| <= r (1 + s_window)                          listening window, r = 1 - 10^(-ripple/20)
                ||B^(1/2) w|| <= γ^(-1/2) (1 + s_curve)                  power ratio: the numerator is fixed
                |w_l| <= g_l,   ||w|| <= effort
                ||w|| <= Re(h_0 w e^{-jφ}) / √(white-noise gain)
                s >= 0

Every line is a norm below an affine function: convex. With the slacks s nothing but the hard limits on w can collide
with the first line; where they do, the level is lowered to what they allow (`share_of_level`) before anything is
solved, so there is always an answer. σ is large, so that a slack is used only where the wishes cannot hold together,
and then Σ s is the smallest that lets them. For an ear channel the quiet points are those of the cancelled ear; for a
beam all that is outside the window. The white-noise gain of an ear channel, whose look point is the head's centre, is
anchored to the phase φ that the strongest driver has there: a little stricter than asked.

A cloud's mean power differs from its centre's by tenths of a dB, so one more pass is solved with the level of the
first.

Source: Betlehem and Teal (ICASSP 2011) for the constraints; Lobo et al., Applications of second-order cone
programming (1998). Truth: with nothing but slack in the objective a mask is a minimax design, and a half-wave line
gives Dolph-Chebyshev's weights.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from designer.arrays import Complex, Real
from designer.errors import SolverError
from designer.formulations.reachable_level import share_of_level
from designer.formulations.solution import Solution
from designer.measures import mean_power, mean_power_matrix
from designer.solvers import cones
from designer.targets.channel_target import ChannelTarget

EFFORT_PRICE = 1e-3
"""ε: 10 dB of effort weighs as much as a mean of -20 dB where nothing is wanted."""
SLACK_PRICE = 100.0
"""σ: far above what any wish's multiplier reaches while the wishes hold together."""
NULL_PRICE = 100.0
"""How much more the nulls weigh than the rest, where they are to be as deep as the rest allows."""
INSIDE = 1 - 1e-6
"""How far inside the hard limits a lowered level stays, so that the cones keep an interior."""
NO_LIMIT = 1e3
"""What stands for a limit where there is none at some of the frequencies (60 dB)."""
MAX_VIOLATION, MAX_GAP = 1e-6, 1e-5


@dataclass(frozen=True, kw_only=True)
class ConstrainedData:
    """The data of all frequencies, levels scaled to 1: what the cones and the cvxpy statement are both made of."""

    centre: Complex  # (F, L)
    quadratic: Complex  # (F, L, L): quiet points and ε P
    families: tuple[tuple[str, Complex, Real, float], ...]  # (wish, points (F, M, L), limit (F,), wanted)
    curve: tuple[Complex, Real] | None  # B^(1/2) (F, R, L), limit (F,)
    max_gain: Real  # (F, L)
    max_norm: Real  # (F,)
    white_noise: Complex | None = None  # (F, L): Re(. w) + white_noise_slack >= ||w||
    white_noise_slack: Real | float = 0.0  # (F,)
    level: Real | None = None  # (F,) share of the plain driver's level that the hard limits allow; None is all of it
    slack_price: float = SLACK_PRICE

    @property
    def wishes(self) -> tuple[str, ...]:
        """Names of the slacks."""
        names = [name for name, _, _, _ in self.families]
        return (*names, *(["cancellation_gain_db"] if self.curve is not None else []))


def solve(target: ChannelTarget) -> Solution:
    """The constrained weights at every frequency of the target.

    Raises
    ------
    SolverError : where the certificate confirms no answer

    """
    rise = np.ones(target.frequency_hz.size)  # mean power over the points to reach, over the centre's
    for _ in range(1 if target.reach.shape[1] == 1 else 2):
        data = data_of(target, rise)
        if data.white_noise is not None:
            data = replace(data, white_noise_slack=least_white_noise_slack(data))
        w, answer = solve_data(data)
        level = np.ones(len(w)) if data.level is None else data.level
        on_centre = np.abs(np.einsum("fl,fl->f", target.centre, w)) ** 2
        rise = mean_power(target.reach, w) / np.maximum(on_centre, 1e-30)
    bad = (answer.violation > MAX_VIOLATION) | (answer.gap > MAX_GAP) | ~np.isfinite(answer.gap)
    if bad.any():
        at = ", ".join(f"{f:.0f}" for f in target.frequency_hz[bad][:5])
        raise SolverError(
            f'design "{target.name}": the cone solver stopped without a certified answer at {bad.sum()} of {bad.size}'
            f" frequencies (first at {at} Hz); loosen the wish that binds there, or use another method"
        )
    return Solution(w * level[:, None], answer.violation, np.maximum(answer.gap, 0.0), level)


def data_of(target: ChannelTarget, rise: Real) -> ConstrainedData:
    """Scale a target so that h_c w = 1 is the plain driver's level; `rise` is the cloud's mean power over its centre's."""
    count = target.frequency_hz.size
    wanted = target.plain_level / np.sqrt(rise)  # |h_c w|
    louder = target.plain_level / target.single_level  # what turns Σ|w|² into effort
    scale = 1 / wanted[:, None, None]
    quiet = mean_power_matrix(target.quiet * scale)
    if target.deepest_nulls:
        quiet = quiet + NULL_PRICE * mean_power_matrix(target.cancel * scale)
    cost = EFFORT_PRICE * (target.cost / louder[:, None] ** 2)[:, :, None] * np.eye(target.cost.shape[1])
    families = [
        (mask.label, mask.points * scale, np.where(np.isfinite(mask.limit), mask.limit, NO_LIMIT), 0.0)
        for mask in target.masks
    ]
    if target.window is not None:
        ripple = np.full(count, target.window.ripple)
        families.append((target.window.label, target.window.points * scale, ripple, 1.0))
    curve = None
    if target.gamma is not None:
        cancel = target.cancel * scale / np.sqrt(target.cancel.shape[1])
        curve = (np.asarray(np.linalg.qr(cancel, mode="r")), np.sqrt(rise / target.gamma))
    white_noise = None
    one_point = target.reach.shape[1] == 1 and np.array_equal(target.reach[:, 0], target.look)
    if target.min_white_noise_gain > 0 and not one_point:
        distance = 1.0 if np.isinf(target.look_distance_m) else target.look_distance_m
        strongest = np.abs(target.centre).argmax(axis=1)[:, None]
        at_look = np.take_along_axis(target.look, strongest, 1)
        phase = at_look / np.take_along_axis(target.centre, strongest, 1)
        anchor = np.abs(phase) / phase
        white_noise = target.look * distance / np.sqrt(target.min_white_noise_gain) * anchor
    centre = target.centre * scale[:, 0]
    max_gain = np.tile(target.max_gain, (count, 1))
    # Effort is relative to the level: a limit below the least that reaches the point is out of reach at any level.
    least = 1 / np.maximum(np.linalg.norm(centre, axis=1), 1e-300)
    max_norm = np.maximum(np.sqrt(target.max_effort) * louder, least / INSIDE)
    level = share_of_level(np.abs(centre), max_gain, max_norm)
    level = np.where(level < 1, level * INSIDE, 1.0)
    return ConstrainedData(
        centre=centre,
        quadratic=quiet + cost,
        families=tuple(families),
        curve=curve,
        max_gain=max_gain / level[:, None],
        max_norm=max_norm,
        white_noise=white_noise,
        level=level,
    )


def least_white_noise_slack(data: ConstrainedData) -> Real:
    """How much the floor of white-noise gain must give (F,) for the hard limits to hold together: 0 nearly always.

    A cone program of its own: the hard limits alone, with the norm's excess over its bound to be minimised.
    """
    count, size = data.centre.shape
    assert data.white_noise is not None
    n = 2 * size + 1
    rows = cones.ConeRows(count, n)
    rows.add("zero", cones.real_rows(data.centre[:, None], 1)[:, 0], np.array([-1.0, 0.0]))
    last = np.zeros((count, 1, n))
    last[:, 0, -1] = 1.0
    rows.add("nonnegative", last, np.zeros(1))
    identity = np.tile(np.eye(2 * size, n), (count, 1, 1))
    first = cones.real_rows(data.white_noise[:, None], 1)[:, 0, :1] + last
    rows.add("second-order", np.concatenate([first, identity], axis=1), np.zeros(2 * size + 1))
    _add_limits(rows, data, identity)
    price = np.zeros((count, n))
    price[:, -1] = 1.0
    tiny = cones.real_quadratic(np.tile(1e-9 * np.eye(size, dtype=complex), (count, 1, 1)), 1)
    needed = cones.solve(cones.assemble(tiny, price, rows)).x[:, -1]
    return np.where(needed > 1e-6, needed * (1 + 1e-6) + 1e-8, 0.0)


def solve_data(data: ConstrainedData) -> tuple[Complex, cones.ConeSolution]:
    """Build the conic data of all frequencies at once and solve it; weights (F, L) and the certified solution."""
    count, size = data.centre.shape
    extra = len(data.wishes)
    n = 2 * size + extra
    rows = cones.ConeRows(count, n)

    centre = cones.real_rows(data.centre[:, None], extra)[:, 0]
    rows.add("zero", centre, np.array([-1.0, 0.0]))
    if extra:
        slacks = np.zeros((count, extra, n))
        slacks[:, np.arange(extra), 2 * size + np.arange(extra)] = 1.0
        rows.add("nonnegative", slacks, np.zeros(extra))

    def cone(vectors: Real, offset: Real | float, limit: Real, slack: int | None) -> None:
        """||vectors x - offset|| <= limit (1 + s_slack): (F, m, n), (m,), (F,)."""
        linear = np.concatenate([np.zeros((count, 1, n)), vectors], axis=1)
        if slack is not None:
            linear[:, 0, 2 * size + slack] = limit
        constant = np.zeros(linear.shape[:2])
        constant[:, 0], constant[:, 1:] = limit, -np.asarray(offset)
        rows.add("second-order", linear, constant)

    for i, (_, points, limit, wanted) in enumerate(data.families):
        vectors = cones.real_rows(points, extra)
        for m in range(points.shape[1]):
            cone(vectors[:, m], np.array([wanted, 0.0]), limit, i)
    if data.curve is not None:
        factor, limit = data.curve
        cone(cones.real_rows(factor, extra).reshape(count, -1, n), 0.0, limit, len(data.families))
    identity = np.tile(np.eye(2 * size, n), (count, 1, 1))
    _add_limits(rows, data, identity)
    if data.white_noise is not None:
        first = cones.real_rows(data.white_noise[:, None], extra)[:, 0, :1]
        constant = np.zeros((count, 2 * size + 1))
        constant[:, 0] = data.white_noise_slack
        rows.add("second-order", np.concatenate([first, identity], axis=1), constant)

    price = np.zeros((count, n))
    price[:, 2 * size :] = data.slack_price
    answer = cones.solve(cones.assemble(cones.real_quadratic(data.quadratic, extra), price, rows))
    return answer.x[:, :size] + 1j * answer.x[:, size : 2 * size], answer


def _add_limits(rows: cones.ConeRows, data: ConstrainedData, identity: Real) -> None:
    """|w_l| <= gain_l and ||w|| <= effort; `identity` (F, 2L, n) picks the weights out of the variables."""
    count, size = data.centre.shape

    def cone(vectors: Real, limit: Real) -> None:
        linear = np.concatenate([np.zeros((count, 1, rows.n)), vectors], axis=1)
        constant = np.zeros(linear.shape[:2])
        constant[:, 0] = np.minimum(limit, NO_LIMIT)
        rows.add("second-order", linear, constant)

    for l in range(size):
        if np.isfinite(data.max_gain[:, l]).any():
            cone(identity[:, [l, size + l]], data.max_gain[:, l])
    if np.isfinite(data.max_norm).any():
        cone(identity, data.max_norm)


def statement(data: ConstrainedData, f: int) -> Any:
    """One frequency as a cvxpy problem: the readable reference, with nothing of the conic data above."""
    import cvxpy as cp

    size = data.centre.shape[1]
    w = cp.Variable(size, complex=True)
    s = cp.Variable(len(data.wishes), nonneg=True)
    root = np.linalg.cholesky(data.quadratic[f]).conj().T
    objective = cp.sum_squares(root @ w) + data.slack_price * cp.sum(s)
    constraints = [data.centre[f] @ w == 1]
    for i, (_, points, limit, wanted) in enumerate(data.families):
        constraints.append(cp.abs(points[f] @ w - wanted) <= limit[f] * (1 + s[i]))
    if data.curve is not None:
        factor, limit = data.curve
        constraints.append(cp.norm(factor[f] @ w) <= limit[f] * (1 + s[len(data.families)]))
    limited = np.flatnonzero(np.isfinite(data.max_gain[f]))
    constraints += [cp.abs(w[l]) <= data.max_gain[f, l] for l in limited]
    if np.isfinite(data.max_norm[f]):
        constraints.append(cp.norm(w) <= data.max_norm[f])
    if data.white_noise is not None:
        slack = np.broadcast_to(data.white_noise_slack, len(data.centre))[f]
        constraints.append(cp.norm(w) <= cp.real(data.white_noise[f] @ w) + slack)
    return cp.Problem(cp.Minimize(objective), constraints)
