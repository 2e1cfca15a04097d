"""Value of a layout: the weights of its drivers at the effort that is allowed, and the percentile of what they do.

At each frequency G_SS = V Λ V^H once, and then the weights of any regularisation are one product away,

    w(β) = V (Λ + β)⁻¹ V^H b_S.

The least β whose effort fits is wanted. Effort falls with β, so it is bracketed on a ladder of β, and the ladder refined. The value is the
percentile over drawn devices, heads, environments and frequencies, of the channel that is worst off.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np

from designer.arrays import Complex, Index, Real
from designer.measures import FLOOR, db, squared
from designer.placement.system import ChannelSystem, System

LEAST_BETA, MOST_BETA = 1e-9, 1e2
"""Relative to the largest eigenvalue."""
LADDER, PASSES = 12, 3
"""Steps of a ladder, and how often one of its steps becomes a ladder; a secant then leaves 1e-5 of the effort."""

Layout: TypeAlias = tuple[int, ...]
"""Units that are taken, rising."""


@dataclass(frozen=True)
class Weights:
    """A layout's weights in one channel: columns (n,), β (F,), w (F, n) of the scaled columns, and effort (F,) as a ratio of powers."""

    columns: Index
    beta: Real
    w: Complex
    effort: Real


def weights_of(channel: ChannelSystem, columns: Index) -> Weights:
    """The least regularised weights whose effort fits."""
    values, vectors = np.linalg.eigh(channel.gram[:, columns[:, None], columns])
    values = np.maximum(values, 0.0)
    projected = (vectors.conj().swapaxes(1, 2) @ channel.projected[:, columns, None])[:, :, 0]
    bright = channel.H[:, : channel.bright_points, columns] @ vectors
    feed = vectors / np.sqrt(channel.cost[:, columns])[:, :, None]
    single = channel.level[:, columns].max(axis=1)
    largest = np.maximum(values[:, -1], FLOOR)
    low, high = np.log(LEAST_BETA * largest), np.log(MOST_BETA * largest)

    def efforts(beta: Real) -> Real:
        """Effort (F, B) at β (F, B)."""
        shares = projected[:, :, None] / (values[:, :, None] + beta[:, None, :])
        spent, loud = (np.sum(np.abs(rows @ shares) ** 2, axis=1) for rows in (feed, bright))
        return np.asarray(spent * single[:, None] / np.maximum(loud, FLOOR * spent))

    if np.isfinite(channel.max_effort):
        steps = np.linspace(0.0, 1.0, LADDER + 1)
        for _ in range(PASSES):
            ladder = low[:, None] + (high - low)[:, None] * steps
            fits = efforts(np.exp(ladder)) <= channel.max_effort
            first = np.where(fits.any(axis=1), fits.argmax(axis=1), LADDER)
            rows = np.arange(len(ladder))
            low, high = ladder[rows, np.maximum(first - 1, 0)], ladder[rows, first]
        ends = np.log(efforts(np.exp(np.stack([low, high], axis=1))) / channel.max_effort)
        fall = ends[:, 0] - ends[:, 1]
        share = np.where((ends[:, 0] > 0) & (fall > 0), ends[:, 0] / np.where(fall > 0, fall, 1.0), 1.0)
        beta = np.exp(low + np.clip(share, 0.0, 1.0) * (high - low))
    else:
        beta = np.exp(low)
    w = (vectors @ (projected / (values + beta[:, None]))[:, :, None])[:, :, 0]
    return Weights(columns, beta, w, efforts(beta[:, None])[:, 0])


def realised_value(system: System, responses: Sequence[Complex]) -> float:
    """Percentile of filters whose responses (F, N) to all columns are known, one a channel."""
    values = []
    for channel, response in zip(system.channels, responses, strict=True):
        count = response.shape[1]
        weights = Weights(
            np.arange(count), np.zeros(len(response)), response * np.sqrt(channel.cost), np.zeros(len(response))
        )
        values.append(float(np.percentile(samples_db(channel, weights), system.percentile)))
    return min(values)


def samples_db(channel: ChannelSystem, weights: Weights) -> Real:
    """The objective in dB (F or 1, G, D), better the larger: of each group of rows and each drawn device."""
    return over_band(channel, ratios_db(channel, weights))


def ratios_db(channel: ChannelSystem, weights: Weights) -> Real:
    """Its curve in dB (F, G, D), better the larger."""
    w = weights.w[:, None, :] * channel.devices[:, :, : len(weights.columns)]
    fed = w.swapaxes(1, 2)[:, None]  # (F, 1, n, D)
    loud, leaked = (
        np.sum(squared(rows[:, :, :, weights.columns] @ fed), axis=2)
        for rows in (channel.judged_bright, channel.judged_dark)
    )
    return db(loud / np.maximum(leaked, FLOOR)) - strongest_db(channel, weights.columns)[:, :, None]


def strongest_db(channel: ChannelSystem, columns: Index) -> Real:
    """Level of the strongest driver alone, fed with 1 (F, G), where the curve is over it; else 0."""
    if not channel.by_strongest:
        return np.zeros(channel.judged_bright.shape[:2])
    return db(np.max(strongest_powers(channel, columns), axis=2))


def strongest_powers(channel: ChannelSystem, columns: Index) -> Real:
    """Power of each driver alone, fed with 1 (F, G, n)."""
    alone = np.sum(squared(channel.judged_bright[:, :, :, columns]), axis=2)
    return np.asarray(alone * channel.cost[:, None, columns])


def over_band(channel: ChannelSystem, curve_db: Real) -> Real:
    """A curve in dB (F, ...) summed up over the band as the objective asks: (F or 1, ...)."""
    if channel.objective.band == "worst":
        return np.asarray(curve_db.min(axis=0, keepdims=True))
    if channel.objective.band:
        return np.asarray(np.tensordot(channel.band_share, curve_db, axes=1)[None])
    return curve_db


@dataclass
class Judge:
    """Values layouts, remembers them, and counts what it valued.

    Attributes
    ----------
    system : System
    units : sequence of tuple of int, candidate places of each unit
    values : dict of Layout to float, of all layouts that were valued, in order

    """

    system: System
    units: Sequence[tuple[int, ...]]
    values: dict[Layout, float] = field(default_factory=dict)

    @property
    def evaluations(self) -> int:
        """How many layouts were valued."""
        return len(self.values)

    def columns(self, layout: Sequence[int]) -> Index:
        """Columns of a layout: fixed drivers, and then its places, rising."""
        places = sorted(place for unit in layout for place in self.units[unit])
        return np.array([*range(self.system.fixed), *(self.system.fixed + place for place in places)])

    def __call__(self, layout: Sequence[int]) -> float:
        """The percentile of the channel that is worst off."""
        key = tuple(sorted(layout))
        if key not in self.values:
            self.values[key] = value_of(self.system, self.columns(key))
        return self.values[key]


def value_of(system: System, columns: Index, statistic: Callable[..., Real] = np.percentile) -> float:
    """The percentile (or another statistic of samples and percentile) of the channel that is worst off."""
    return min(
        float(statistic(samples_db(channel, weights_of(channel, columns)), system.percentile))
        for channel in system.channels
    )
