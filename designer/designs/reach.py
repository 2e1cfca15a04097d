"""Bound on what a layout reaches, before anything is designed: the largest ratio of powers at a given effort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Bool, Complex, Real
from designer.formulations import constrained
from designer.measures import db
from designer.problem.schema import DesignTable
from designer.requirements.channel_target import channel_target
from designer.requirements.curves import curve_db
from designer.requirements.slacks import SLACK_TOLERANCE_DB, expected_gain
from designer.requirements.target import ChannelTarget
from designer.requirements.worst_case import hardened, settled, worst_gain
from designer.solvers import ratio_search

UNLIMITED = 1e6
"""Stand-in for no limit on effort: 60 dB."""
EFFORTS_DB = (0.0, 3.0, 6.0, 9.0, 12.0, 18.0)
"""Where a table of ratio over effort is taken."""


@dataclass(frozen=True)
class Reach:
    """One design's bound: no weights that keep to the effort have a larger ratio at that frequency.

    Its other requirements (window, masks) and its drivers' own limits are left aside.

    Attributes
    ----------
    frequency_hz : (F,) float array, within the design's band
    effort_db : (E,) float array
    gain_db : (E, F) float array
    required_db : (F,) float array or None, the curve
    max_effort_db : float or None, the design's own limit
    bound_db : (F,) float array, the bound at that limit; inf where there is neither a limit nor a bound
    is_bound : bool, whether no weights reach more; else the gains are the largest that were found

    """

    name: str
    frequency_hz: Real
    effort_db: Real
    gain_db: Real
    required_db: Real | None
    max_effort_db: float | None
    bound_db: Real
    is_bound: bool = True


def reach(design: DesignTable, scene: Scene, efforts_db: tuple[float, ...] = EFFORTS_DB) -> Reach:
    """The largest cancellation gain of a design's layout over effort and frequency.

    Parameters
    ----------
    design : DesignTable, whose points are reached and cancelled
    scene : Scene, on frequencies within the design's band

    """
    target = channel_target(design, scene)
    gain_at_limit = reachable_gain(replace(target, max_effort=target.effort_limit))
    rows = [
        reachable_gain(replace(target, max_effort=np.full(scene.frequency_hz.size, 10 ** (effort / 10))))
        for effort in efforts_db
    ]
    curve = design.cancellation_gain_db
    return Reach(
        design.name,
        scene.frequency_hz,
        np.array(efforts_db),
        db(np.array(rows)),
        None if curve is None else curve_db(curve, scene.frequency_hz),
        design.max_effort_db,
        db(gain_at_limit),
        has_bound(target),
    )


def reachable_gain(target: ChannelTarget) -> Real:
    """The largest ratio of powers (F,), the channel's other requirements and the drivers' own limits left aside; inf without a bound."""
    target = target.over_regions()
    if target.over_a_ball:
        return worst_gain(target, worst_case_weights(target))
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


def bounds(target: ChannelTarget, slacks_db: Mapping[str, Real]) -> tuple[Real, Bool]:
    """The largest gain in dB (F,) where the curve is missed, NaN elsewhere; and where no weights meet what is missed (F,).

    Both are of all weights: the closed form of the largest ratio for the curve alone, a cone program's dual value for all
    requirements of a beam together. A ball of errors over several points has only the passes' answer, which is no bound.
    """
    count = target.frequency_hz.size
    gain_db, unreachable = np.full(count, np.nan), np.zeros(count, dtype=bool)
    short_of_curve = slacks_db.get("cancellation_gain_db", np.zeros(count)) > SLACK_TOLERANCE_DB
    at = np.flatnonzero(short_of_curve)
    if at.size and has_bound(target):
        short_target = target.at(at)
        gain_db[at] = db(reachable_gain(short_target))
        assert short_target.gamma is not None
        unreachable[at] = gain_db[at] < db(short_target.gamma) - SLACK_TOLERANCE_DB
    over_azimuth = [slack for name, slack in slacks_db.items() if name != "cancellation_gain_db"]
    short = np.max([*over_azimuth, np.zeros(count)], axis=0) > SLACK_TOLERANCE_DB
    at = np.flatnonzero((short | short_of_curve) & ~unreachable)
    if at.size and over_azimuth and has_bound(target):
        unreachable[at] = constrained.out_of_reach(target.at(at))
    return gain_db, unreachable


def has_bound(target: ChannelTarget) -> bool:
    """Whether `reachable_gain` is a bound on all weights: it is, but for a percentile, and a ball of errors over several points."""
    return target.percentile is None and (not target.worst_case or target.bright.shape[1] == 1)


def worst_case_weights(target: ChannelTarget) -> Complex:
    """The weights (F, L) of the largest ratio in the spread's worst case within the effort limit: by passes, each of which
    looks at mean powers, until none gains more than SETTLED_DB.
    """
    target = replace(target.over_regions(), gamma=None)
    A = target.bright_power
    w = np.linalg.eigh(A)[1][:, :, -1]
    effort = np.where(np.isfinite(target.max_effort), target.max_effort, UNLIMITED)
    least = np.diagonal(A, axis1=1, axis2=2).real.max(axis=1) / effort

    def again(w: Complex) -> Complex:
        B = hardened(target, w).dark_power
        return ratio_search.best_ratio_at_efficiency(A, B, np.ones(target.cost.shape), least)

    return settled(w, again, lambda w: db(worst_gain(target, w)))
