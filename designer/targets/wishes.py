"""Judging weights against a target: the slack of each wish and the excess over each limit, in dB, whatever made the weights."""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real
from designer.measures import (
    amplitude_db,
    db,
    effort,
    pressure,
    white_noise_gain,
)
from designer.targets.channel_target import ChannelTarget

SLACK_TOLERANCE_DB = 0.1
"""A slack above this counts as infeasible as asked."""


def slacks_db(target: ChannelTarget, w: Complex) -> dict[str, Real]:
    """How far each wish must give for w to meet it: wish -> (F,) dB, 0 where it is met.

    Each slack scales its own limit: the curve's γ, a mask line's level, the window's ripple.
    """
    found: dict[str, Real] = {}
    if target.gamma is not None:
        found["cancellation_gain_db"] = db(target.gamma) - db(target.power_ratio(w))
    on_axis = np.abs(np.einsum("fl,fl->f", target.centre, w))
    on_axis = np.maximum(on_axis, 1e-15)
    for mask in target.masks:
        level = np.abs(pressure(mask.points, w)).max(axis=1) / on_axis
        found[mask.label] = amplitude_db(level / mask.limit)
    if target.window is not None:
        wanted = np.einsum("fl,fl->f", target.centre, w)[:, None]
        deviation = np.abs(pressure(target.window.points, w) - wanted).max(axis=1) / on_axis
        found[target.window.label] = amplitude_db(deviation / target.window.ripple)
    return {wish: np.maximum(slack, 0.0) for wish, slack in found.items()}


def excesses_db(target: ChannelTarget, w: Complex, drivers: tuple[str, ...]) -> dict[str, Real]:
    """By how much w breaks each hard limit: limit -> (F,) dB, 0 where it is kept."""
    found: dict[str, Real] = {}
    if np.isfinite(target.effort_limit).any():
        found["max_effort_db"] = db(effort(target.reach, w)) - db(target.effort_limit)
    if target.min_white_noise_gain > 0:
        reached = db(white_noise_gain(target.look, w, target.look_distance_m))
        found["min_white_noise_gain_db"] = db(np.array(target.min_white_noise_gain)) - reached
    for l, gain in enumerate(target.max_gain):
        if np.isfinite(gain):
            found[f'max_gain_db of "{drivers[l]}"'] = amplitude_db(w[:, l]) - amplitude_db(np.array(gain))
    return {limit: np.maximum(excess, 0.0) for limit, excess in found.items()}
