"""What leads from inputs to outputs of a linear program: sums of ways, each a gain, a delay, taps and sections in a row.

A program of mixers, gains, delays, convolutions and second-order sections takes each signal to a sum over the inputs of

    g z^-d h(z) Π_s (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2),

in whatever order its steps stand, because all of them commute. A way without taps comes back as the sections that it has.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.signal import fftconvolve, sosfilt

from designer.arrays import Real
from designer.importing.coefficients import (
    MAX_SAMPLES,
    Collected,
    check_length,
    check_values,
    checked_cascade,
    rung_out,
)
from designer.importing.files import refusal
from designer.problem.schema import MAX_TAPS
from designer.realization.cascade import Cascade

MAX_WAYS = 65_536
"""Ways of all signals together; a stage of 256 inputs and 256 outputs has as many."""


@dataclass(frozen=True)
class Way:
    """One product of the sum above.

    Attributes
    ----------
    source : the input, from 0
    gain : g
    delay : d
    taps : h (T,); None for 1
    sections : b0, b1, b2, a1, a2 of each

    """

    source: int
    gain: float = 1.0
    delay: int = 0
    taps: Real | None = None
    sections: tuple[tuple[float, ...], ...] = ()


Signal = tuple[Way, ...]


class Program:
    """The steps of a file on signals, in bounded memory and time."""

    def __init__(self, path: Path) -> None:
        self.path, self.samples, self.count = path, 0, 0

    def counted(self, signal: Signal) -> Signal:
        """A signal, after its ways have been counted.

        Raises
        ------
        DataError : there are more than a program has

        """
        self.count += len(signal)
        if self.count > 8 * MAX_WAYS or len(signal) > MAX_WAYS:
            raise refusal(
                self.path, "a program of more ways than can be followed", f"up to {MAX_WAYS:,}", "export it again"
            )
        return signal

    def gained(self, signal: Signal, gain: float) -> Signal:
        """A signal times a gain."""
        return self.counted(tuple(replace(way, gain=way.gain * gain) for way in signal if gain != 0.0))

    def delayed(self, signal: Signal, samples: int) -> Signal:
        """A signal behind whole samples of delay."""
        for way in signal:
            check_length(self.path, way.delay + samples + 1, "a delay")
        return self.counted(tuple(replace(way, delay=way.delay + samples) for way in signal))

    def convolved(self, signal: Signal, taps: Real) -> Signal:
        """A signal through taps (T,)."""
        return self.counted(tuple(self._convolved(way, taps) for way in signal))

    def filtered(self, signal: Signal, section: tuple[float, ...]) -> Signal:
        """A signal through a section: b0, b1, b2, a1, a2."""
        return self.counted(tuple(replace(way, sections=(*way.sections, section)) for way in signal))

    def _convolved(self, way: Way, taps: Real) -> Way:
        if way.taps is None:
            return replace(way, taps=taps)
        length = way.taps.size + taps.size - 1
        check_length(self.path, length, "convolutions in a row")
        self.used(length)
        return replace(way, taps=np.asarray(fftconvolve(way.taps, taps)))

    def added(self, total: Signal, signal: Signal, gain: float = 1.0) -> Signal:
        """A sum and one more signal, times a gain."""
        if len(total) + len(signal) > MAX_WAYS:
            return self.counted(total + signal)
        return total + self.gained(signal, gain)

    def used(self, samples: int) -> None:
        """Count samples that are computed.

        Raises
        ------
        DataError : they are more than a design has

        """
        self.samples += samples
        if self.samples > MAX_SAMPLES:
            raise refusal(
                self.path, "responses of more samples than a design has", f"up to {MAX_SAMPLES:,}", "export it again"
            )

    def collect(self, outputs: list[Signal], channels: list[str], drivers: list[str], found: Collected) -> None:
        """The filters of all outputs, inputs named by `channels` and outputs by `drivers`."""
        for driver, signal in zip(drivers, outputs, strict=True):
            for source, channel in enumerate(channels):
                ways = [way for way in signal if way.source == source and way.gain != 0.0]
                if ways:
                    self._collect(found.place(channel, driver), ways, found)

    def _collect(self, place: tuple[str, str], ways: list[Way], found: Collected) -> None:
        if len(ways) == 1 and ways[0].taps is None and ways[0].sections:
            table = np.array(ways[0].sections)
            b = table[:, :3].copy()
            b[0] *= ways[0].gain
            found.add_sections(place, b, table[:, 3:], ways[0].delay)
            return
        longest = max(way.delay + (1 if way.taps is None else way.taps.size) for way in ways)
        for way in ways:
            if way.sections:
                rest = way.delay + (0 if way.taps is None else way.taps.size - 1)
                rung = rest + rung_out(self._cascade(way))
                longest = max(longest, found.problem.realization.taps, min(rung, MAX_TAPS))
        check_length(self.path, longest, f"{place[0]!r}, {place[1]!r}")
        self.used(longest * len(ways))
        total = np.zeros(longest)
        for way in ways:
            total[way.delay :] += self._response(way, longest - way.delay)
        found.add_taps(place, total)

    def _response(self, way: Way, length: int) -> Real:
        h = np.zeros(length)
        taps = np.ones(1) if way.taps is None else way.taps
        h[: taps.size] = way.gain * taps
        if way.sections:
            cascade = self._cascade(way)
            one = np.ones((len(cascade.b), 1))
            h = np.asarray(sosfilt(np.concatenate([cascade.b, one, cascade.a], axis=1), h))
        return check_values(self.path, h, "a response")

    def _cascade(self, way: Way) -> Cascade:
        table = np.array(way.sections)
        return checked_cascade(self.path, "a filter", table[:, :3], table[:, 3:])


def mixed(program: Program, terms: list[tuple[float, Signal]]) -> Signal:
    """A sum of signals, each times its gain; ways that differ in their gain alone become one."""
    found: dict[tuple[object, ...], Way] = {}
    for gain, signal in terms:
        for way in program.gained(signal, gain):
            kind = (
                way.source,
                way.delay,
                id(way.taps),
                way.sections,
            )  # taps are held by their ways, and shared where alike
            found[kind] = replace(way, gain=way.gain + found[kind].gain) if kind in found else way
    return program.counted(tuple(found.values()))
