"""Paths from inputs to outputs of a linear program: sums of ways, each a gain, a delay, taps and sections in a row.

A program of mixers, gains, delays, convolutions and second-order sections takes each signal to a sum over the inputs of

    g z^-d h(z) Π_s (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2),

in whatever order its steps stand, because all of them commute. A way without taps comes back as the sections that it has.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from designer.arrays import Real
from designer.export.coefficients import Coefficients, Place, rung_out
from designer.problem.schema import MAX_TAPS
from designer.realization.cascade import Cascade
from designer.realization.response import fft_convolved

MAX_WAYS = 65_536
"""Ways of all signals together; a stage of 256 inputs and 256 outputs has as many."""


@dataclass(frozen=True)
class Way:
    """One product of the sum above: `source` the input, from 0; g, d, h (T,), None for 1, and b0, b1, b2, a1, a2 of each section."""

    source: int
    gain: float = 1.0
    delay: int = 0
    taps: Real | None = None
    sections: tuple[tuple[float, ...], ...] = ()


Signal = tuple[Way, ...]


class Program:
    """The steps of a file on signals, in bounded memory and time; each raises `DataError` beyond that."""

    def __init__(self, coefficients: Coefficients) -> None:
        self.coefficients, self.ways = coefficients, 0

    def counted(self, signal: Iterable[Way]) -> Signal:
        """A signal, after its ways have been counted."""
        ways = tuple(signal)
        self.ways += len(ways)
        if self.ways > 8 * MAX_WAYS or len(ways) > MAX_WAYS:
            raise self.coefficients.refusal("a program of more ways than can be followed", f"up to {MAX_WAYS:,}")
        return ways

    def gained(self, signal: Signal, gain: float) -> Signal:
        """A signal times a gain."""
        return self.counted(replace(way, gain=way.gain * gain) for way in signal if gain != 0.0)

    def delayed(self, signal: Signal, samples: int) -> Signal:
        """A signal behind whole samples of delay."""
        for way in signal:
            self.coefficients.check_length(way.delay + samples + 1, "a delay")
        return self.counted(replace(way, delay=way.delay + samples) for way in signal)

    def convolved(self, signal: Signal, taps: Real) -> Signal:
        """A signal through taps (T,)."""
        return self.counted(replace(way, taps=self._convolved(way.taps, taps)) for way in signal)

    def filtered(self, signal: Signal, section: tuple[float, ...]) -> Signal:
        """A signal through a section: b0, b1, b2, a1, a2."""
        return self.counted(replace(way, sections=(*way.sections, section)) for way in signal)

    def _convolved(self, before: Real | None, taps: Real) -> Real:
        if before is None:
            return taps
        length = before.size + taps.size - 1
        self.coefficients.check_length(length, "convolutions in a row")
        self.coefficients.count(length)
        return fft_convolved(before, taps)

    def added(self, total: Signal, signal: Signal, gain: float = 1.0) -> Signal:
        """A sum and one more signal, times a gain."""
        if len(total) + len(signal) > MAX_WAYS:
            return self.counted(total + signal)
        return total + self.gained(signal, gain)

    def mixed(self, terms: Iterable[tuple[float, Signal]]) -> Signal:
        """A sum of signals, each times its gain; ways that differ in their gain alone become one."""
        sums: dict[tuple[object, ...], Way] = {}
        for gain, signal in terms:
            for way in self.gained(signal, gain):
                kind = (way.source, way.delay, id(way.taps), way.sections)  # ways that are alike share their taps
                sums[kind] = replace(way, gain=way.gain + sums[kind].gain) if kind in sums else way
        return self.counted(sums.values())

    def collect(self, outputs: list[Signal], channels: list[str], drivers: list[str]) -> None:
        """The filters of all outputs, inputs named by `channels` and outputs by `drivers`."""
        for driver, signal in zip(drivers, outputs, strict=True):
            for source, channel in enumerate(channels):
                ways = [way for way in signal if way.source == source and way.gain != 0.0]
                if ways:
                    self._collect(self.coefficients.place(channel, driver), ways)

    def _collect(self, place: Place, ways: list[Way]) -> None:
        if len(ways) == 1 and ways[0].taps is None and ways[0].sections:
            table = np.array(ways[0].sections)
            b = table[:, :3].copy()
            b[0] *= ways[0].gain
            self.coefficients.add_sections(place, b, table[:, 3:], ways[0].delay)
            return
        longest = max(way.delay + (1 if way.taps is None else way.taps.size) for way in ways)
        for way in ways:
            if way.sections:
                samples = way.delay + (0 if way.taps is None else way.taps.size - 1)
                rung = min(samples + rung_out(self._cascade(way)), MAX_TAPS)
                longest = max(longest, self.coefficients.problem.realization.taps, rung)
        self.coefficients.check_length(longest, f"{place[0]!r}, {place[1]!r}")
        self.coefficients.count(longest * len(ways))
        total = np.zeros(longest)
        for way in ways:
            total[way.delay :] += self._response(way, longest - way.delay)
        self.coefficients.add_taps(place, total)

    def _response(self, way: Way, length: int) -> Real:
        h = np.zeros(length)
        taps = np.ones(1) if way.taps is None else way.taps
        h[: taps.size] = way.gain * taps
        if way.sections:
            from scipy.signal import sosfilt  # slow to import

            h = np.asarray(sosfilt(self._cascade(way).sos, h))
        return self.coefficients.checked(h, "a response")

    def _cascade(self, way: Way) -> Cascade:
        table = np.array(way.sections)
        return self.coefficients.cascade("a filter", table[:, :3], table[:, 3:])


def amplitude(gain_db: float) -> float:
    """The factor of a gain in dB, which a file may state as far as numbers go."""
    return float(10 ** (min(gain_db, 1000.0) / 20))
