"""The sets of a bank, and the filter at any values of its keys."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from designer.arrays import Real
from designer.bank.alignment import advanced, delays
from designer.bank.delay_filter import DELAY_LATENCY, DELAY_TAPS, delayed_taps
from designer.problem.word_format import Word
from designer.realization.words import common_shift, rounded


@dataclass(frozen=True)
class Axis:
    """A key, and the values at which sets stand: (S,) float array, rising."""

    key: str
    values: Real

    def cell(self, value: float) -> tuple[int, float]:
        """Number of the set below a value, and the share of the set above it, 0 to 1; values are limited to the range."""
        if self.values.size == 1:
            return 0, 0.0
        held = float(np.clip(value, self.values[0], self.values[-1]))
        below = int(np.clip(np.searchsorted(self.values, held, side="right") - 1, 0, self.values.size - 2))
        return below, (held - float(self.values[below])) / float(self.values[below + 1] - self.values[below])


@dataclass(frozen=True)
class FilterBank:
    """Sets of filters over one or two keys.

    Attributes
    ----------
    axes : tuple of Axis, one or two
    drivers : tuple of str, names (L,)
    sample_rate_hz : float
    taps : mapping of str to float array, channel -> aligned taps (S_1, [S_2,] L, T)
    delay_samples : mapping of str to float array, channel -> their delays (S_1, [S_2,] L), the least of which is 0
    bulk_delay_samples : int, of the filters that are played, at all values of the keys
    waiting_samples : mapping of str to int, channel of the stereo chain -> whole samples that it waits ahead of its filters; empty
        without a chain
    upmix : bool, whether left, right and centre of the chain are made from stereo
    word : Word or None, whose integers the taps are
    shifts : mapping of str to int, channel -> s where the taps are integers: a tap is q 2^(s - fraction_bits); empty otherwise

    """

    axes: tuple[Axis, ...]
    drivers: tuple[str, ...]
    sample_rate_hz: float
    taps: Mapping[str, Real]
    delay_samples: Mapping[str, Real]
    bulk_delay_samples: int
    waiting_samples: Mapping[str, int] = field(default_factory=dict)
    upmix: bool = False
    word: Word | None = None
    shifts: Mapping[str, int] = field(default_factory=dict)

    def __repr__(self) -> str:
        """One line."""
        keys = " x ".join(f"{axis.values.size} of {axis.key}" for axis in self.axes)
        return f"<FilterBank of {keys}: channels {', '.join(self.channels)}; {len(self.drivers)} drivers>"

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the channels."""
        return tuple(self.taps)

    @property
    def numbers(self) -> int:
        """Taps and delays of all sets, but of drivers that a channel does not use: those that a program has to hold."""
        used = ((taps, np.any(taps, axis=(*range(taps.ndim - 2), taps.ndim - 1)).sum()) for taps in self.taps.values())
        return sum(self.sets * int(drivers) * (taps.shape[-1] + 1) for taps, drivers in used)

    @property
    def sets(self) -> int:
        """How many sets."""
        return math.prod(axis.values.size for axis in self.axes)

    @property
    def length(self) -> int:
        """Taps of every filter that is played."""
        longest: list[int] = [
            taps.shape[-1] + int(np.floor(self.delay_samples[name].max())) for name, taps in self.taps.items()
        ]
        return max(longest) + DELAY_TAPS - 1

    def corners(self, values: Sequence[float]) -> Iterator[tuple[tuple[int, ...], float]]:
        """Place on the grid and share of each set around values of the keys, those with a share of 0 left out."""
        cells = [axis.cell(value) for axis, value in zip(self.axes, values, strict=True)]
        for steps in itertools.product((0, 1), repeat=len(cells)):
            share = math.prod(part if step else 1 - part for step, (_, part) in zip(steps, cells, strict=True))
            if share > 0:
                yield tuple(below + step for step, (below, _) in zip(steps, cells, strict=True)), share

    def parts(self, channel: str, values: Sequence[float]) -> tuple[Real, Real]:
        """Aligned taps (L, T) and delays (L,) of a channel at values of the keys."""
        corners = list(self.corners(values))
        taps = np.asarray(sum(share * self.taps[channel][place] for place, share in corners))
        if self.word is not None and len(corners) > 1:
            scale = 2.0 ** self.shifts[channel] * self.word.step
            taps = rounded(taps, self.word, self.shifts[channel]) * scale
        return taps, np.asarray(sum(share * self.delay_samples[channel][place] for place, share in corners))

    def at(self, channel: str, values: Sequence[float]) -> Real:
        """Filters (L, length) of a channel at values of the keys."""
        return delayed_taps(*self.parts(channel, values), self.length)

    def nearest_values(self, values: Sequence[float]) -> tuple[float, ...]:
        """Values of the set nearest to some, along each axis by itself."""
        cells = [axis.cell(value) for axis, value in zip(self.axes, values, strict=True)]
        return tuple(
            float(axis.values[below + (part > 0.5)]) for axis, (below, part) in zip(self.axes, cells, strict=True)
        )

    def nearest(self, channel: str, values: Sequence[float]) -> Real:
        """Filters (L, length) of the set nearest to values of the keys."""
        return self.at(channel, self.nearest_values(values))


def aligned_bank(
    axes: Sequence[Axis],
    drivers: Sequence[str],
    sample_rate_hz: float,
    taps: Mapping[str, Real],
    bulk_delay_samples: int,
    *,
    word: Word | None = None,
    align: bool = True,
) -> FilterBank:
    """The bank of sets of taps, channel -> (S_1, [S_2,] L, T), with their bulk delay; channels stay in time with each other.

    Parameters
    ----------
    word : Word or None, that the aligned taps are rounded to, with one shift a channel
    align : bool, take delays between sets off; without it all delays are 0, and taps as they are

    """
    grid = len(axes)
    lag = {name: delays(sets, grid) if align else np.zeros(sets.shape[:-1]) for name, sets in taps.items()}
    spare = math.ceil(max(delay.max(initial=0.0) for delay in lag.values()))
    aligned, shifts = {}, {}
    for name, sets in taps.items():
        aligned[name] = advanced(sets, lag[name], sets.shape[-1] + spare) if align else sets
        if word is not None:
            shifts[name] = common_shift(aligned[name], word)
            aligned[name] = rounded(aligned[name], word, shifts[name]) * (2.0 ** shifts[name] * word.step)
    bulk = bulk_delay_samples + spare + DELAY_LATENCY
    return FilterBank(tuple(axes), tuple(drivers), sample_rate_hz, aligned, lag, bulk, word=word, shifts=shifts)


def with_chain(bank: FilterBank, waiting_samples: Mapping[str, int], *, upmix: bool) -> FilterBank:
    """A bank whose channels are those of a stereo chain, with what they wait."""
    return replace(bank, waiting_samples=dict(waiting_samples), upmix=upmix)
