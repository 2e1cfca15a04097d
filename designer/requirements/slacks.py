"""Judging weights against a target: the slack of each requirement and the excess over each limit, in dB, whatever made the weights."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from designer.arrays import Complex, Real
from designer.measures import (
    amplitude_db,
    db,
    effort,
    mean_power_matrix,
    pressure,
    quadratic,
    ratio,
    white_noise_gain,
)
from designer.requirements.target import ChannelTarget
from designer.requirements.worst_case import drawn_gain, worst_gain

SLACK_TOLERANCE_DB = 0.1
"""A slack above this counts as infeasible as asked."""
BANDS = "the drivers' band_hz"
"""Name of the limit that the drivers' bands are together."""


def slacks_db(target: ChannelTarget, w: Complex) -> dict[str, Real]:
    """Shortfall of each requirement: requirement -> (F,) dB by which w misses it, 0 where it is met.

    Each slack scales its own limit: the curve's γ, a mask line's level, the window's ripple. Where the drivers have a
    spread, the curve is held by the mean powers over it, and masks and window one standard deviation away.
    """
    slacks: dict[str, Real] = {}
    if target.gamma is not None:
        slacks["cancellation_gain_db"] = db(target.gamma) - db(expected_gain(target, w))
    for group in target.held_groups:
        assert group.gamma is not None
        of_means = not target.over_a_ball
        reached = (
            mean_power_ratio(target, group.points, w) if of_means else expected_gain(target.of_dark_curve(group), w)
        )
        slacks[group.label] = db(group.gamma) - db(reached)
    for label, excess, _ in _over_azimuth(target, w):
        slacks[label] = amplitude_db(excess.max(axis=1))
    return {requirement: np.maximum(slack, 0.0) for requirement, slack in slacks.items()}


def expected_gain(target: ChannelTarget, w: Complex) -> Real:
    """Ratio that the curve is held against (F,), over a beam's regions where it has any; other listeners' own curves aside.

    Where the drivers have a spread, of mean powers over it too, or its least over a ball of errors, or its percentile over drawn devices.
    """
    if _is_of_curve_alone(target):
        target = target.of_curve_alone
    if target.percentile is not None:
        return drawn_gain(target, w)
    if target.worst_case:
        return worst_gain(target, w)
    if not target.power_spread:
        return target.power_ratio(w)
    target = target.over_regions()
    return mean_power_ratio(target, target.own_dark, w)


def drawn_of(target: ChannelTarget, gain: Real) -> Real | None:
    """An `expected_gain` (F,) where it is the `drawn_gain` of the same weights; else None."""
    return None if target.percentile is None or _is_of_curve_alone(target) else gain


def _is_of_curve_alone(target: ChannelTarget) -> bool:
    return bool(target.dark_curves) and target.over_a_ball and target.regions is None


def mean_power_ratio(target: ChannelTarget, dark: Complex, w: Complex) -> Real:
    """Mean power over the bright points over that at dark points (F, M, L), each over the drivers' spread too (F,)."""
    spread = target.power_spread
    return ratio(quadratic(target.bright_power, w), quadratic(mean_power_matrix(dark, spread), w))


def worst_azimuths_deg(target: ChannelTarget, w: Complex) -> dict[str, Real]:
    """Where each requirement over azimuth is met least, or missed most: requirement -> (F,) degrees."""
    return {label: azimuth_deg[excess.argmax(axis=1)] for label, excess, azimuth_deg in _over_azimuth(target, w)}


def _over_azimuth(target: ChannelTarget, w: Complex) -> Iterator[tuple[str, Real, Real]]:
    """Each mask line and the window: its name, the level or deviation over its limit (F, M), and the azimuths (M,)."""
    axis_pressure = np.einsum("fl,fl->f", target.centre, w)[:, None]
    on_axis = np.maximum(np.abs(axis_pressure), 1e-15)
    for mask in target.masks:
        level = np.abs(pressure(mask.points, w)) + _deviation(target, mask.points, w)
        yield mask.label, level / on_axis / mask.limit[:, None], mask.azimuth_deg
    window = target.window
    if window is not None:
        deviation = np.abs(np.abs(pressure(window.points, w)) - on_axis) + _deviation(target, window.points, w)
        yield window.label, deviation / on_axis / window.ripple, window.azimuth_deg


def _deviation(target: ChannelTarget, points: Complex, w: Complex) -> Real | float:
    """The standard deviation ε ||h_p ∘ w|| (F, M) that the drivers' spread gives the response at each point."""
    if not target.spread:
        return 0.0
    return np.asarray(np.sqrt(target.point_spread * np.einsum("fml,fl->fm", np.abs(points) ** 2, np.abs(w) ** 2)))


def excesses_db(target: ChannelTarget, w: Complex, drivers: tuple[str, ...]) -> dict[str, Real]:
    """By how much w breaks each hard limit: limit -> (F,) dB, 0 where it is kept."""
    excesses: dict[str, Real] = {}
    if np.isfinite(target.effort_limit).any():
        excesses["max_effort_db"] = db(effort(target.bright, w)) - db(target.effort_limit)
    if target.min_white_noise_gain > 0:
        gain_db = db(white_noise_gain(target.look, w, target.look_distance_m))
        excesses["min_white_noise_gain_db"] = db(np.array(target.min_white_noise_gain)) - gain_db
    for l, gain in enumerate(target.max_gain):
        if np.isfinite(gain):
            excesses[f'max_gain_db of "{drivers[l]}"'] = amplitude_db(w[:, l]) - amplitude_db(np.array(gain))
    if target.band_gain is not None:
        excesses[BANDS] = amplitude_db((np.abs(w) / target.band_feed).max(axis=1))
    return {limit: np.maximum(excess, 0.0) for limit, excess in excesses.items()}
