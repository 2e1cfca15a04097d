"""Filters that a driver may play in place of its own: each known fault of a port as the responses that it would show.

A shape holds the responses (channels, T) of one driver, without gain and delay, which are fitted. Faults of gain, sign and delay
are no shapes of their own, but what the fit of a shape gives against the other drivers.

=================  ==================================================================================================
designed            the design's filters
reversed taps      each filter's reversed taps, last first
another driver's   the filters of that driver, for each driver whose filters are not the same
other channels     the design's filters with two channels swapped
another rate       the design's filters with all their coefficients at another usual rate R: H(f fs / R)
feedback sign      sections whose a1 and a2 have the other sign, where these are stable (`feedback.py` has those that are not)
=================  ==================================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from designer.arrays import Bool, Complex, Real
from designer.export.filter_set import Filter, FilterSet
from designer.proof.reference import response_length
from designer.proof.responses import Deconvolution
from designer.realization.cascade import Cascade

DESIGNED, REVERSED, SWAPPED, CHANNELS, RATE, FEEDBACK = (
    "designed",
    "reversed",
    "swapped",
    "channels",
    "rate",
    "feedback",
)
USUAL_HZ = (8000.0, 16000.0, 22050.0, 32000.0, 44100.0, 48000.0, 88200.0, 96000.0, 176400.0, 192000.0)
BAND_SHARE = 0.8
"""Share of half a sample rate in which a device of another rate is compared: beyond it converters of the rate cut."""
SLOWEST = 0.3


@dataclass(frozen=True, eq=False)
class Shape:
    """A driver's responses over frequency (channels, F) under one fault.

    Attributes
    ----------
    kind : str, as above
    words : str, of the fault behind the driver's name, as "plays its taps in reverse order"
    other : int, the other driver of a swap; -1 of other shapes
    rate_hz : float, of another rate; 0 of other shapes
    band : bool (F,) or None, frequencies in which it is compared; None for all

    """

    kind: str
    words: str
    spectrum: Complex
    other: int = -1
    rate_hz: float = 0.0
    band: Bool | None = None

    def of_channel(self, channel: int) -> Shape:
        """The shape of one channel alone."""
        return replace(self, spectrum=self.spectrum[channel : channel + 1])


@dataclass(frozen=True)
class Shapes:
    """The shapes of every driver of a design."""

    filters: FilterSet
    deconvolution: Deconvolution

    def designed(self, driver: int) -> Shape:
        """The design's filters."""
        return Shape(DESIGNED, "plays the design's filters", self.deconvolution.predicted(self.responses(driver)))

    def others(self, driver: int) -> Iterator[Shape]:
        """The faults of a driver, those that change its filters."""
        channels = self.filters.channels
        predicted = self.deconvolution.predicted
        if any(filter_.has_taps for filter_ in self._of(driver)):
            words = "plays its taps in reverse order"
            yield Shape(REVERSED, words, predicted(self.responses(driver, turned=True)))
        for other, other_name in enumerate(self.filters.drivers):
            if other != driver and any(True for _ in self._of(other)):
                words = f"plays the filters of {other_name}"
                yield Shape(SWAPPED, words, predicted(self.responses(other)), other)
        for pair in combinations(range(len(channels)), 2):
            changed = self.responses(driver)
            changed[list(pair)] = changed[list(pair[::-1])]
            words = f"has its channels {channels[pair[0]]} and {channels[pair[1]]} swapped"
            yield Shape(CHANNELS, words, predicted(changed))
        sections = [filter_.cascade for filter_ in self._of(driver) if filter_.cascade is not None]
        if sections and all(flipped(cascade).pole_radius < 1 for cascade in sections):
            words = "has the other sign in the feedback of its sections"
            yield Shape(FEEDBACK, words, predicted(self.responses(driver, feedback=True)))
        for rate_hz in USUAL_HZ:
            ratio = rate_hz / self.filters.sample_rate_hz
            if rate_hz != self.filters.sample_rate_hz and SLOWEST < ratio < 1 / SLOWEST:
                words = f"plays its filters at {rate_hz:g} Hz, not at {self.filters.sample_rate_hz:g} Hz"
                band = self.deconvolution.angles < BAND_SHARE * np.pi * min(1.0, ratio) * self.deconvolution.top
                yield Shape(RATE, words, self._at_rate(driver, ratio), rate_hz=rate_hz, band=band)

    def responses(self, driver: int, *, turned: bool = False, feedback: bool = False) -> Real:
        """Responses (channels, T) of a driver's filters; with taps turned, or with the other sign in the feedback."""
        out = np.zeros((len(self.filters.channels), 2 * response_length(self.filters)))
        for filter_ in self._of(driver):
            h = filter_.whole_response
            if turned and filter_.has_taps:
                h = h[::-1]
            if feedback and filter_.cascade is not None:
                h = flipped(filter_.cascade).impulse_response(out.shape[1])
            start = self.filters.delays.get(filter_.channel, 0)
            h = h[: out.shape[1] - start]
            out[self.filters.channels.index(filter_.channel), start : start + h.size] = h
        return out

    def _of(self, driver: int) -> Iterator[Filter]:
        return (filter_ for filter_ in self.filters.filters if filter_.driver == self.filters.drivers[driver])

    def _at_rate(self, driver: int, ratio: float) -> Complex:
        """Spectra of a driver's filters that run at a ratio of the design's rate, nothing above half of either rate."""
        h, angles = self.responses(driver), self.deconvolution.angles / ratio
        size = 16 * self.deconvolution.size
        grid = np.fft.rfft(h, size, axis=1)
        place = np.minimum(angles, np.pi) * size / (2 * np.pi)
        below = np.minimum(place.astype(int), size // 2 - 1)
        share = place - below
        spectrum = grid[:, below] * (1 - share) + grid[:, below + 1] * share
        turns = np.exp(-1j * self.deconvolution.angles * self.deconvolution.before)
        return np.asarray(spectrum * turns * (angles < np.pi) * self.deconvolution.shown(self.deconvolution.angles))


def flipped(cascade: Cascade) -> Cascade:
    """Sections with the other sign in their feedback."""
    return replace(cascade, a=-cascade.a)
