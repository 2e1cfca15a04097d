"""Bounds on all weights: the largest ratio of powers at a given effort, and whether any meet what a channel misses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from designer.arrays import Bool, Complex, Real
from designer.designs.place_bound import of_means, worst_place_bound
from designer.formulations import constrained
from designer.measures import db
from designer.requirements.slacks import SLACK_TOLERANCE_DB, expected_gain
from designer.requirements.target import ChannelTarget
from designer.requirements.worst_case import next_pass, settled, uniform_shares
from designer.solvers import ratio_search

TOLERATED = 10 ** (-SLACK_TOLERANCE_DB / 10)
UNLIMITED = 1e6
"""Stand-in for no limit on effort: 60 dB."""


def reachable_gain(target: ChannelTarget) -> Real:
    """The largest ratio of powers (F,), the channel's other requirements and the drivers' own limits left aside; inf without a bound."""
    target = target.over_regions()
    if target.over_a_ball:
        return expected_gain(target, worst_case_weights(target))
    A, B = target.bright_power, target.dark_power
    best = ratio_search.best_ratio(A, B)
    limited = np.isfinite(target.max_effort)
    if limited.any():
        limited_target = target.at(limited)
        single = np.diagonal(A[limited], axis1=1, axis2=2).real.max(axis=1)
        w = ratio_search.best_ratio_at_efficiency(
            A[limited], B[limited], np.ones(limited_target.cost.shape), single / limited_target.max_effort
        )
        best[limited] = expected_gain(limited_target, w)
    return best


def bounds(target: ChannelTarget, slacks_db: Mapping[str, Real], w: Complex) -> tuple[Real, Bool]:
    """The largest gain in dB (F,) where the curve is missed, NaN elsewhere; and where no weights meet what is missed (F,).

    Both are of all weights: the closed form of the largest ratio for the curve alone, a cone program's dual value for all
    requirements of a beam together, a relaxation (`designer.designs.place_bound`) for several places and all errors in a ball. A
    percentile over drawn devices has none: which of the devices fall below it is free, and with it every form that could be summed.

    Parameters
    ----------
    w : (F, L) complex array, the channel's weights

    """
    count = target.frequency_hz.size
    gain_db, unreachable = np.full(count, np.nan), np.zeros(count, dtype=bool)
    short_of_curve = slacks_db.get("cancellation_gain_db", np.zeros(count)) > SLACK_TOLERANCE_DB
    at = np.flatnonzero(short_of_curve)
    if at.size and target.percentile is None:
        short_target = target.at(at).of_curve_alone
        gain_db[at] = db(_bound(short_target, w[at]))
        assert short_target.gamma is not None
        unreachable[at] = gain_db[at] < db(short_target.gamma) - SLACK_TOLERANCE_DB
    over_azimuth = [slack for name, slack in slacks_db.items() if name != "cancellation_gain_db"]
    short = np.max([*over_azimuth, np.zeros(count)], axis=0) > SLACK_TOLERANCE_DB
    for group in target.held_groups:
        at = np.flatnonzero(slacks_db[group.label] > SLACK_TOLERANCE_DB)
        if at.size and target.percentile is None and group.gamma is not None:
            unreachable[at] |= _bound(target.of_dark_curve(group).at(at), w[at]) < group.gamma[at] * TOLERATED
    at = np.flatnonzero((short | short_of_curve) & ~unreachable)
    if at.size and over_azimuth and has_bound(target):
        unreachable[at] = constrained.out_of_reach(target.at(at))
    return gain_db, unreachable


def _bound(target: ChannelTarget, w: Complex) -> Real:
    """The largest ratio of powers (F,) of one curve that any weights reach; w (F, L) are near it."""
    if has_bound(target):
        return reachable_gain(target)
    return worst_place_bound(target, w, reachable_gain(of_means(target)))


def has_bound(target: ChannelTarget) -> bool:
    """Whether `reachable_gain` is a bound on all weights.

    It is, but for a percentile, for several places, for a ball of errors over several bright points, and for several curves over a ball:
    there the passes end at weights that nothing shows to be the best.
    """
    if target.percentile is not None:
        return False
    has_places = (target.each_place and target.own_dark.shape[1] > 1) or bool(target.dark_curves)
    return not target.worst_case or (target.bright.shape[1] == 1 and not has_places)


def worst_case_weights(target: ChannelTarget) -> Complex:
    """The weights (F, L) of the largest ratio in the worst case within the effort limit: by passes, each of which
    looks at mean powers, until none gains more than SETTLED_DB.
    """
    target = replace(target.over_regions(), gamma=None)
    A = target.bright_power
    w = np.linalg.eigh(A)[1][:, :, -1]
    effort = np.where(np.isfinite(target.max_effort), target.max_effort, UNLIMITED)
    least = np.diagonal(A, axis1=1, axis2=2).real.max(axis=1) / effort

    def again(last: tuple[Complex, Real]) -> tuple[Complex, Real]:
        harder, share = next_pass(target, *last)
        B = harder.dark_power
        return ratio_search.best_ratio_at_efficiency(A, B, np.ones(target.cost.shape), least), share

    return settled((w, uniform_shares(target)), again, lambda last: db(expected_gain(target, last[0])))[0]
