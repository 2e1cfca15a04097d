"""The FIR form: causal taps for all the drivers of a channel at once, fitted on the responses at the control points.

The wanted weights are taken between the frequencies that were solved, on a grid at least twice as dense as the taps
need; `heard_error.py` weighs what an error of them does at the points, and `toeplitz_fit.py` finds the taps.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.designs.channel import ChannelDesign
from designer.problem.schema import Realization
from designer.realization.dense_targets import between, dense_frequencies_hz, dense_targets, joined, slacks_between
from designer.realization.fitted import Fitted, common_delay
from designer.realization.heard_error import audible
from designer.realization.held_limits import limits_of
from designer.realization.held_wishes import Held, wishes_of
from designer.realization.realized import Realized, TapsFit
from designer.realization.toeplitz_fit import fit, grid_size
from designer.targets.channel_target import driver_index

__all__ = ["audible", "fit", "grid_size", "realize", "realize_fir"]


def realize(channels: Sequence[ChannelDesign], scene: Scene, taps: int) -> tuple[list[Real], int]:
    """Taps of each channel for all the problem's drivers, by the plain fit with half the taps as bulk delay.

    Parameters
    ----------
    channels : the channels' designs
    scene : the scene that they were designed in
    taps : T, the length

    Returns
    -------
    (L, T) taps a channel, all 0 for a driver that it does not use, and the bulk delay in samples, T // 2

    """
    made = realize_fir(channels, scene, Realization(taps=taps))
    return made.taps, made.bulk_delay_samples


def realize_fir(channels: Sequence[ChannelDesign], scene: Scene, table: Realization) -> Realized:
    """The same, made as the problem file's [realization] says."""
    frequency_hz = dense_frequencies_hz(channels, scene, table.taps)
    index = [driver_index(channel.design, scene.drivers) for channel in channels]
    wanted = [
        between(channel.frequency_hz, channel.weights[:, own], frequency_hz)
        for channel, own in zip(channels, index, strict=True)
    ]
    symbols = [np.empty((frequency_hz.size, own.size, own.size), dtype=complex) for own in index]
    held: list[list[tuple[slice, list[Held]]]] = [[] for _ in channels]
    drivers = [tuple(scene.drivers[l] for l in own) for own in index]
    for part, targets in dense_targets(channels, scene, frequency_hz):
        for channel, target, weights, symbol, names, wishes in zip(
            channels, targets, wanted, symbols, drivers, held, strict=True
        ):
            symbol[part] = audible(target, weights[part])
            if table.hold_wishes:
                every = np.arange(weights.shape[1])
                slacks = slacks_between(channel, frequency_hz[part])
                there = wishes_of(target, weights[part], every, slacks)
                there += limits_of(target, weights[part], names, slacks)
                wishes.append((part, there))
    problems = [
        Fitted(frequency_hz, weights, symbol, joined(wishes))
        for weights, symbol, wishes in zip(wanted, symbols, held, strict=True)
    ]
    delay = common_delay(problems, table.taps, table)
    out: list[Real] = []
    warnings: list[str] = []
    for channel, own, problem in zip(channels, index, problems, strict=True):
        all_drivers = np.zeros((len(scene.drivers), table.taps))
        all_drivers[own] = problem.taps(table.taps, delay, table)
        warnings += [f"{channel.design.name}: {left}" for left in problem.left_over(all_drivers[own], delay)]
        out.append(all_drivers)
    fits = tuple(TapsFit(own, one.wanted, one.symbol) for own, one in zip(index, problems, strict=True))
    return Realized(out, delay, warnings=tuple(warnings), fits=fits)
