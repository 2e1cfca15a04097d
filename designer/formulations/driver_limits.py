"""The power ratio within limits of single drivers: the same objective, as second-order cones about weights that are known.

    minimise    w^H P w / w_0^H P w_0 + σ s                           the least effort
    subject to  a w = 1,   a = w_0^H A / w_0^H A w_0                  level 1 at the points to reach
                ||B^(1/2) w|| <= γ^(-1/2) (1 + s)                     power ratio
                |w_l| <= g_l,   ||w|| <= effort
                ||w|| <= Re(h_0 w e^{-jφ}) / √(white-noise gain),     φ the phase of h_0 w_0
                s >= 0

w_0, of level w_0^H A w_0 = 1, are the weights without these limits. |a w|² <= w^H A w / w_0^H A w_0, as Cauchy and Schwarz have it
in the norm of A, so every w of the plane has at least the level: what the cones allow, the power ratio's own constraints
allow. And nothing is lost at w_0, where both sides are equal: a ∝ w_0^H A makes the condition for an optimum there,
P w + λ B w = μ a^H, the power ratio's own. So where no limit binds the answer is w_0, and a limit that is tightened moves the
weights away from there continuously. A pass takes a and φ from the last weights, which stay within every bound, so none
gets worse; one point to reach has one a, and needs one pass. σ is large: the curve gives only where the limits leave no other way, and as
little as they allow; where no weights reach the curve w_0 has the largest ratio there is.

Certificate: primal violation, and the gap to the dual value of the last pass. Truth: the same problem by cvxpy.

Source: majorise-minimise for the passes; Lobo et al., Applications of second-order cone programming (1998) for the cones.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from designer.arrays import Bool, Complex, Real
from designer.formulations import constrained
from designer.formulations.constrained_data import ConstrainedData
from designer.formulations.reachable_level import share_of_level
from designer.formulations.solution import Solution
from designer.measures import amplitude_db, few_rows, mean_power, mean_power_rows, quadratic, white_noise_gain
from designer.targets.channel_target import ChannelTarget

INSIDE = 1 - 1e-6
"""How far inside the limits a lowered level stays, so that the cones keep an interior."""
SLACK_PRICE = 1e4
"""σ: far above what the effort, relative to w_0's, rises by while the curve can be met."""
BROKEN = 1 + 1e-6
"""A limit that is exceeded by a larger factor is broken."""
MOST_PASSES = 30
SETTLED_DB = 1e-4
"""A pass that changes no driver by more is the last; relative to the loudest driver."""
MOST_COST = 1e6
"""P at most, relative to its smallest: 60 dB, beyond which no driver plays a part."""


def broken(target: ChannelTarget, w: Complex) -> Bool:
    """Where (F,) weights, at the plain driver's level, break a limit of a single driver or a floor of white-noise gain."""
    loud = np.abs(w) * (target.plain_level / np.sqrt(np.maximum(mean_power(target.reach, w), 1e-300)))[:, None]
    over = (loud > target.max_gain * BROKEN).any(axis=1)
    if target.min_white_noise_gain > 0:
        over |= white_noise_gain(target.look, w, target.look_distance_m) * BROKEN < target.min_white_noise_gain
    return np.asarray(over)


def within(target: ChannelTarget, start: Complex) -> Solution:
    """The most efficient weights that meet the curve within the limits, from those without them (F, L).

    Raises
    ------
    SolverError : where the certificate confirms no answer

    """
    if target.gamma is not None:
        # More than the weights without limits reach is out of reach within them: the least slack is the same, in numbers near 1.
        left = np.maximum(quadratic(target.cancel_power, start), 1e-300)
        target = replace(target, gamma=np.minimum(target.gamma, quadratic(target.reach_power, start) / left))
    return constrained.solve_in_parts(target, lambda part, at: _within(part, start[at]))


def _within(target: ChannelTarget, w: Complex) -> Solution:
    by_reference = np.zeros(len(w), dtype=bool)
    for _ in range(MOST_PASSES):
        before = w / _level(target, w)[:, None]
        data = data_about(target, w)
        v, answer, again = constrained.certified(data)
        w = v * np.linalg.norm(before, axis=1)[:, None]
        by_reference |= again
        change = np.abs(w / _level(target, w)[:, None] - before).max(axis=1) / np.abs(before).max(axis=1)
        if (amplitude_db(1 + change) < SETTLED_DB).all() or (target.reach.shape[1] == 1 and data.white_noise is None):
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
    """Root of the mean power over the points to reach (F,), over the drivers' spread too."""
    return np.sqrt(np.maximum(quadratic(target.reach_power, w), 1e-300))


def data_about(target: ChannelTarget, w: Complex) -> ConstrainedData:
    """The cones about weights (F, L): the constrained form's data with a in the place of its point, at the plain driver's level 1.

    The data's weights are in units of ||w|| at that level, so that a solver sees numbers near 1 whatever pressure the drivers make.
    """
    w = w / _level(target, w)[:, None]
    unit = np.linalg.norm(w, axis=1)[:, None]
    a = np.einsum("fl,flk->fk", w.conj(), target.reach_power)
    cost = np.minimum(target.cost / target.cost.min(axis=1, keepdims=True), MOST_COST)
    price = cost / np.sum(cost * np.abs(w) ** 2, axis=1, keepdims=True)
    curve = None
    if target.gamma is not None:
        curve = (
            few_rows(mean_power_rows(target.cancel, target.power_spread)) * unit[:, :, None],
            1 / np.sqrt(target.gamma),
        )
    white_noise = None
    if target.min_white_noise_gain > 0:
        distance = 1.0 if np.isinf(target.look_distance_m) else target.look_distance_m
        heard = np.einsum("fl,fl->f", target.look, w)
        anchor = heard.conj() / np.maximum(np.abs(heard), 1e-300)
        white_noise = target.look * (anchor * distance / np.sqrt(target.min_white_noise_gain))[:, None]
    heard_level = np.sqrt(mean_power(target.reach, w))  # without the spread, as limits count it
    max_gain = np.broadcast_to(target.max_gain, w.shape) * (heard_level / target.plain_level)[:, None]
    least = 1 / np.maximum(np.linalg.norm(a, axis=1), 1e-300)
    max_norm = np.maximum(np.sqrt(target.max_effort) * heard_level / target.single_level, least / INSIDE)
    level = share_of_level(np.abs(a), max_gain, max_norm)
    level = np.where(level < 1, level * INSIDE, 1.0)
    data = ConstrainedData(
        centre=a * unit,
        quadratic=(price * unit**2)[:, :, None] * np.eye(w.shape[1], dtype=complex),
        families=(),
        curve=curve,
        max_gain=max_gain / level[:, None] / unit,
        max_norm=max_norm / unit[:, 0],
        white_noise=white_noise,
        level=level,
        slack_price=SLACK_PRICE,
    )
    return constrained.with_white_noise_slack(data)
