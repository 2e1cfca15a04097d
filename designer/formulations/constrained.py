"""The constrained form: masks, window, driver gains, effort and white-noise gain together, as second-order cones.

    minimise    mean |h_q w|² over the quiet points + ε w^H P w + σ Σ s + 100 σ s_white        (levels scaled to 1)
    subject to  h_c w = 1                                               the point whose phase is kept
                |h_p w| <= m_p (1 + s_i)                                 mask line i
                |h_p w - 1| <= r (1 + s_window)                          listening window, r = 1 - 10^(-ripple/20)
                ||B^(1/2) w|| <= γ^(-1/2) (1 + s_curve)                  power ratio: the numerator is fixed
                |w_l| <= g_l,   ||w|| <= effort
                ||w|| <= Re(h_0 w e^{-jφ}) / √(white-noise gain) + s_white/||h_c||
                s >= 0

Every line is a norm below an affine function: convex. With the slacks s nothing but the hard limits on w can collide
with the first line; where they do, the level is lowered to what they allow (`reachable_level`) before anything is
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

from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.arrays import Complex, Real
from designer.errors import SolverError
from designer.formulations.reachable_level import reachable_level
from designer.formulations.solution import Solution
from designer.measures import mean_power, mean_power_matrix
from designer.solvers import cones
from designer.targets.channel_target import ChannelTarget

EFFORT_PRICE = 1e-3
"""ε: 10 dB of effort weighs as much as a mean of -20 dB where nothing is wanted."""
SLACK_PRICE = 100.0
"""σ: far above what any wish's multiplier reaches while the wishes hold together."""
LIMIT_PRICE = 100.0
"""How much more than a wish's slack it costs to break the one limit that needs a slack to be always feasible."""
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
    white_noise: Complex | None = None  # (F, L): Re(. w) >= ||w||
    level: Real | None = None  # (F,) share of the plain driver's level that the hard limits allow; None is all of it
    slack_price: float = SLACK_PRICE

    @property
    def wishes(self) -> tuple[str, ...]:
        """Names of the slacks."""
        names = [name for name, _, _, _ in self.families]
        names += ["cancellation_gain_db"] if self.curve is not None else []
        return (*names, *(["min_white_noise_gain_db"] if self.white_noise is not None else []))

    @property
    def prices(self) -> Real:
        """What each slack costs: all wishes the same, the limit on white-noise gain far more."""
        limit = [LIMIT_PRICE] if self.white_noise is not None else []
        return self.slack_price * np.array([1.0] * (len(self.wishes) - len(limit)) + limit)


def solve(target: ChannelTarget) -> Solution:
    """The constrained weights at every frequency of the target.

    Raises
    ------
    SolverError : where the certificate confirms no answer

    """
    rise = np.ones(target.frequency_hz.size)  # mean power over the points to reach, over the centre's
    for _ in range(1 if target.reach.shape[1] == 1 else 2):
        data = data_of(target, rise)
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
    max_gain, max_norm = np.tile(target.max_gain, (count, 1)), np.sqrt(target.max_effort) * louder
    allowed = reachable_level(np.abs(centre), max_gain, max_norm) * INSIDE
    level = np.where(allowed < 1, allowed, 1.0)
    return ConstrainedData(
        centre=centre,
        quadratic=quiet + cost,
        families=tuple(families),
        curve=curve,
        max_gain=max_gain / level[:, None],
        max_norm=max_norm / level,
        white_noise=white_noise,
        level=level,
    )


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
    for l in range(size):
        if np.isfinite(data.max_gain[:, l]).any():
            cone(identity[:, [l, size + l]], 0.0, np.minimum(data.max_gain[:, l], NO_LIMIT), None)
    if np.isfinite(data.max_norm).any():
        cone(identity, 0.0, np.minimum(data.max_norm, NO_LIMIT), None)
    if data.white_noise is not None:
        first = cones.real_rows(data.white_noise[:, None], extra)[:, 0, :1]
        first[:, 0, -1] = 1 / np.linalg.norm(data.centre, axis=1)
        rows.add("second-order", np.concatenate([first, identity], axis=1), np.zeros(2 * size + 1))

    price = np.zeros((count, n))
    price[:, 2 * size :] = data.prices
    answer = cones.solve(cones.assemble(cones.real_quadratic(data.quadratic, extra), price, rows))
    return answer.x[:, :size] + 1j * answer.x[:, size : 2 * size], answer


def statement(data: ConstrainedData, f: int) -> Any:
    """One frequency as a cvxpy problem: the readable reference, with nothing of the conic data above."""
    import cvxpy as cp

    size = data.centre.shape[1]
    w = cp.Variable(size, complex=True)
    s = cp.Variable(len(data.wishes), nonneg=True)
    root = np.linalg.cholesky(data.quadratic[f]).conj().T
    objective = cp.sum_squares(root @ w) + data.prices @ s
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
        least_norm = 1 / np.linalg.norm(data.centre[f])
        constraints.append(cp.norm(w) <= cp.real(data.white_noise[f] @ w) + least_norm * s[len(data.wishes) - 1])
    return cp.Problem(cp.Minimize(objective), constraints)
