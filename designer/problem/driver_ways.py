"""The ways of a channel's plain playback: its drivers grouped by `band_hz`, and the frequencies between which each plays.

A way whose band lies within another's is left out, unless the file names the drivers or the crossovers: the wider one plays it alone.
So bands rise from way to way at both ends, and so do the crossovers, by default at the geometric mean of what two ways both play.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from designer.problem.designs import DesignTable
from designer.problem.schema import Driver, Problem

HEARD_HZ = (200.0, 10_000.0)
"""The band of voices: what no driver plays of it is worth a warning."""


@dataclass(frozen=True)
class Way:
    """Drivers of one band; 0 and inf where they have none."""

    drivers: tuple[str, ...]
    low_hz: float
    high_hz: float


@dataclass(frozen=True)
class Ways:
    """The ways of a channel from the lowest to the highest, and where each hands over to the next.

    crossings_hz : between two neighbours the corner of the lower way's low-pass and of the upper way's high-pass: one frequency, or the
        bands' ends on both sides of a gap that no driver plays
    """

    ways: tuple[Way, ...]
    crossings_hz: tuple[tuple[float, float], ...]

    @property
    def spans_hz(self) -> list[tuple[float, float]]:
        """From where to where each way plays."""
        lows = [self.ways[0].low_hz, *(high_pass for _, high_pass in self.crossings_hz)]
        highs = [*(low_pass for low_pass, _ in self.crossings_hz), self.ways[-1].high_hz]
        return list(zip(lows, highs, strict=True))

    def silent_hz(self, low_hz: float, high_hz: float) -> Iterator[tuple[float, float]]:
        """The parts of a band that no way plays."""
        return gaps_hz(self.spans_hz, low_hz, high_hz)


def gaps_hz(bands_hz: Sequence[tuple[float, float]], low_hz: float, high_hz: float) -> Iterator[tuple[float, float]]:
    """The parts of a band that others leave open."""
    for begin_hz, end_hz in [*sorted(bands_hz), (math.inf, math.inf)]:
        if low_hz < min(begin_hz, high_hz):
            yield low_hz, min(begin_hz, high_hz)
        low_hz = max(low_hz, end_hz)


def ways_of(design: DesignTable, problem: Problem) -> Ways:
    """The ways of a channel and their crossovers; those of the file, if they are as many as there are places for them."""
    ways = grouped(design, problem)
    crossings_hz = []
    asked_hz = design.crossover_hz
    for n, (low_hz, high_hz) in enumerate(shared_hz(ways)):
        if asked_hz is not None and len(asked_hz) == len(ways) - 1:
            crossings_hz.append((asked_hz[n], asked_hz[n]))
        elif low_hz < high_hz:
            middle_hz = math.sqrt(max(low_hz, 1.0) * min(high_hz, problem.sample_rate_hz / 2))
            crossings_hz.append((middle_hz, middle_hz))
        else:
            crossings_hz.append((high_hz, low_hz))
    return Ways(ways, tuple(crossings_hz))


def grouped(design: DesignTable, problem: Problem) -> tuple[Way, ...]:
    """The channel's drivers, or those that `plain` names, by their bands, from the lowest to the highest."""
    drivers = {driver.name: driver for driver in problem.drivers}
    names = design.plain or design.drivers or list(drivers)
    bands: dict[tuple[float, float], list[str]] = {}
    for name in names:
        bands.setdefault(_band_hz(drivers[name], problem), []).append(name)
    if design.plain is None and design.crossover_hz is None:
        bands = {band: names for band, names in bands.items() if not any(_within(band, other) for other in bands)}
    return tuple(Way(tuple(bands[low, high]), low, high) for low, high in sorted(bands))


def shared_hz(ways: tuple[Way, ...]) -> list[tuple[float, float]]:
    """Bands that each two neighbours both play; the first end above the second across a gap."""
    return [(upper.low_hz, min(lower.high_hz, upper.high_hz)) for lower, upper in pairwise(ways)]


def _band_hz(driver: Driver, problem: Problem) -> tuple[float, float]:
    low_hz, high_hz = driver.band_hz or (0.0, math.inf)
    return low_hz, high_hz if high_hz < problem.sample_rate_hz / 2 else math.inf


def _within(band: tuple[float, float], other: tuple[float, float]) -> bool:
    return band != other and other[0] <= band[0] and band[1] <= other[1]
