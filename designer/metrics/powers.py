"""Curves that are ratios of powers, as rows of H: what is judged before there are filters, and for any weights at once.

A curve is 10 log10 of Σ|A w|² / Σ|B w|², or the negative of one that is better the less it is: A and B have groups of rows, of which each
gives a value.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Complex
from designer.requirements.target import ChannelTarget, equivalent_points


@dataclass(frozen=True)
class Powers:
    """Rows of one channel in G groups.

    Attributes
    ----------
    above : (F, G, b, L) complex array
    below : (F, G, c, L) complex array
    is_fed : bool, whether `below` is what the drivers are fed, wherever they are
    by_strongest : bool, whether the ratio is over that of the strongest driver alone, fed with 1, in `above`

    """

    above: Complex
    below: Complex
    is_fed: bool = False
    by_strongest: bool = False


def gain(target: ChannelTarget, _: Scene) -> Powers:
    """Rows of the cancellation gain: each place of a head by itself, where ears are; else all bright and all dark points."""
    bright, dark = target.bright, target.own_dark
    if target.paired and bright.shape[1] == dark.shape[1]:
        return Powers(bright[:, :, None], dark[:, :, None])
    return Powers(_mean(bright), _mean(dark))


def worst_gain(target: ChannelTarget, scene: Scene) -> Powers:
    """Rows of the gain at each dark point, against its own bright point or the mean over all of them."""
    bright, dark = target.bright, target.own_dark
    if target.paired and bright.shape[1] == dark.shape[1]:
        return gain(target, scene)
    return Powers(np.repeat(_mean(bright), dark.shape[1], axis=1), dark[:, :, None])


def isolation(target: ChannelTarget, _: Scene) -> Powers:
    """Rows of the isolation: each other listener and place alike."""
    groups = [group.points / np.sqrt(group.points.shape[1] * len(target.dark_groups)) for group in target.dark_groups]
    return Powers(_mean(target.bright), np.concatenate(groups, axis=1)[:, None])


def inverse_effort(target: ChannelTarget, _: Scene) -> Powers:
    """Rows of one over the effort."""
    return Powers(_mean(target.bright), _fed(target), is_fed=True, by_strongest=True)


def white_noise_gain(target: ChannelTarget, _: Scene) -> Powers:
    """Rows of the white-noise gain."""
    return Powers(_look(target), _fed(target), is_fed=True)


def directivity(target: ChannelTarget, scene: Scene) -> Powers:
    """Rows of the directivity index; of a channel of all drivers."""
    power = scene.radiated_power_to(target.look_distance_m)
    return Powers(_look(target), _mean(equivalent_points(power)))


def _mean(points: Complex) -> Complex:
    """One group (F, 1, M, L) whose sum of powers is the points' (F, M, L) mean."""
    return np.asarray(points / np.sqrt(points.shape[1]))[:, None]


def _look(target: ChannelTarget) -> Complex:
    distance_m = 1.0 if np.isinf(target.look_distance_m) else target.look_distance_m
    return np.asarray(distance_m * target.look[:, None, None, :])


def _fed(target: ChannelTarget) -> Complex:
    size = target.bright.shape[2]
    return np.broadcast_to(np.eye(size, dtype=complex), (len(target.bright), 1, size, size))
