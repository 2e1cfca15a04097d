"""The largest cancellation gain that any weights reach within the effort limit: what to ask for instead."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from designer.arrays import Real
from designer.solvers import ratio_search
from designer.targets.channel_target import ChannelTarget
from designer.targets.wishes import expected_gain
from designer.targets.worst_case import PASSES, hardened, worst_gain

UNLIMITED = 1e6
"""What stands for no limit on effort: 60 dB."""


def reachable_gain(target: ChannelTarget) -> Real:
    """The largest ratio of powers (F,), the channel's other wishes and the drivers' own limits left aside; inf without a bound."""
    target = target.over_regions()
    if target.worst_case:
        return _in_the_worst_case(target)
    A, B = target.reach_power, target.cancel_power
    best = ratio_search.best_ratio(A, B)
    limited = np.isfinite(target.max_effort)
    if limited.any():
        some = target.at(limited)
        single = np.diagonal(A[limited], axis1=1, axis2=2).real.max(axis=1)
        w = ratio_search.best_ratio_at_efficiency(
            A[limited], B[limited], np.ones(some.cost.shape), single / some.max_effort
        )
        best[limited] = expected_gain(some, w)
    return best


def _in_the_worst_case(target: ChannelTarget) -> Real:
    """By passes, each of which looks at mean powers: what they end in is within reach, and nearly always the most that is."""
    target = replace(target, gamma=None)
    A = target.reach_power
    w = np.linalg.eigh(A)[1][:, :, -1]
    effort = np.where(np.isfinite(target.max_effort), target.max_effort, UNLIMITED)
    least = np.diagonal(A, axis1=1, axis2=2).real.max(axis=1) / effort
    for _ in range(PASSES):
        w = ratio_search.best_ratio_at_efficiency(
            A, hardened(target, w).cancel_power, np.ones(target.cost.shape), least
        )
    return worst_gain(target, w)
