"""Responses of every channel at every driver, out of the sweeps of what came out, and how a response fits another.

A part y of a driver's feed and the sweep x of the channel give the response Y X* / (|X|² + ε): ε is FLOOR of the largest |X|², so
that what the sweep does not hold is left out. A cosine from FALL to END of half the sample rate ends the band, because a delay of a
part of a sample has no end in time without. The response is cut to the samples from `before` ahead of the signal's own beginning,
to `after` behind it; what is predicted is treated alike, and so is the silence, which tells how much of a response is noise.

**Fit.** A measured response M and a predicted one P, of all channels together, over frequency: the gain g, of either sign, and the
delay d, a fraction of a sample included, that leave least of ||M - g P e^{-jωd}||² / ||M||². With f(d) = Re Σ M P* e^{jωd} the gain
is f / ||P||², and what is left 1 - f² / (||M||² ||P||²): so d is where |f| is largest, looked for on a grid of an eighth of a
sample and by Newton's method.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designer.arrays import Bool, Complex, Real
from designer.proof.stimulus import MARGIN, Stimulus

FLOOR = 1e-5
FALL, END = 0.75, 0.9
FINER, STEPS = 8, 12
FLOOR_DB = -200.0


@dataclass(frozen=True)
class Fit:
    """How a prediction fits: gain with its sign, delay in samples, and what is left in dB of what was measured."""

    gain: float
    delay: float
    residual_db: float


@dataclass(frozen=True)
class Deconvolution:
    """Sweeps to responses, on one window and one grid of frequencies (F,) up to half the sample rate.

    Attributes
    ----------
    top : float, share of half the sample rate that the feeds hold: less than 1 of a recorder with a lower rate than the device

    """

    stimulus: Stimulus
    top: float = 1.0

    @property
    def before(self) -> int:
        """Samples of the window ahead of the signal's own beginning."""
        return self.stimulus.length + MARGIN // 2

    @property
    def window(self) -> int:
        """Samples of the window."""
        return self.before + 2 * self.stimulus.length + MARGIN // 2

    @cached_property
    def size(self) -> int:
        """Samples of the transform of a window."""
        return 1 << (2 * self.window - 1).bit_length()

    @cached_property
    def angles(self) -> Real:
        """Angles of the frequencies in radians a sample."""
        return 2 * np.pi * np.arange(self.size // 2 + 1) / self.size

    @cached_property
    def _inverses(self) -> list[Complex]:
        spectra = [
            np.fft.rfft(self.stimulus.samples[self.stimulus.sweep_of(c), c]) for c in range(self.stimulus.channels)
        ]
        shown = self.shown(np.linspace(0, np.pi, spectra[0].size))
        return [shown * np.conj(x) / (np.abs(x) ** 2 + FLOOR * np.abs(x).max() ** 2) for x in spectra]

    def shown(self, angles: Real) -> Real:
        """Share of a response that is looked at, at angles in radians a sample."""
        fall = (angles / (np.pi * self.top) - FALL) / (END - FALL)
        return np.asarray(0.5 + 0.5 * np.cos(np.pi * np.clip(fall, 0.0, 1.0)))

    def whole(self, feed: Real, channel: int, part: slice | None = None) -> Real:
        """The response (part,) at a feed (N,), uncut, from `before` its beginning on; also of another part, such as the silence."""
        y = feed[part or self.stimulus.sweep_of(channel)]
        return np.roll(np.fft.irfft(np.fft.rfft(y) * self._inverses[channel], y.size), self.before)

    def responses(self, feed: Real, part: slice | None = None) -> Real:
        """The responses (channels, window) at a feed (N,)."""
        whole = [self.whole(feed, channel, part) for channel in range(self.stimulus.channels)]
        return np.array(whole)[:, : self.window]

    def spectrum(self, responses: Real) -> Complex:
        """Responses (channels, window) over frequency (channels, F)."""
        return np.fft.rfft(responses, self.size, axis=1)

    def predicted(self, responses: Real) -> Complex:
        """Spectra (channels, F) of responses (channels, T) that begin with the signal, as the sweeps would show them."""
        rows = []
        for channel, response in enumerate(responses):
            y = np.zeros(self.stimulus.part)
            y[: min(response.size, y.size)] = response[: y.size]
            x = np.fft.rfft(self.stimulus.samples[self.stimulus.sweep_of(channel), channel])
            shown = np.fft.irfft(np.fft.rfft(y) * x * self._inverses[channel], y.size)
            rows.append(np.roll(shown, self.before)[: self.window])
        return self.spectrum(np.array(rows))

    def fit(self, measured: Complex, predicted: Complex, band: Bool | Real | None = None) -> Fit:
        """The best gain and delay of spectra (channels, F); only in a band (F,) of frequencies, or with weights, where some are given."""
        weight = np.full(self.angles.size, 2.0)
        weight[[0, -1]] = 1.0
        if band is not None:
            weight = weight * band
        cross = weight * np.sum(measured * np.conj(predicted), axis=0)
        energies = [float(np.sum(weight * np.abs(spectra) ** 2)) for spectra in (measured, predicted)]
        if min(energies) <= 0:
            return Fit(0.0, 0.0, 0.0)
        coarse = np.fft.irfft(cross, FINER * self.size)
        place = int(np.argmax(np.abs(coarse)))
        delay = (place if place < coarse.size // 2 else place - coarse.size) / FINER
        for _ in range(STEPS):
            turned = cross * np.exp(1j * self.angles * delay)
            slope, bend = -np.sum(self.angles * turned.imag), -np.sum(self.angles**2 * turned.real)
            step = slope / bend if bend else 0.0
            delay -= float(np.clip(step, -1 / FINER, 1 / FINER))
        f = float(np.sum((cross * np.exp(1j * self.angles * delay)).real))
        left = max(0.0, 1 - f**2 / (energies[0] * energies[1]))
        return Fit(f / energies[1], delay, decibels(left))


def residual_words(residual_db: float) -> str:
    """A residual as a noun phrase."""
    return "no residual" if residual_db <= FLOOR_DB else f"a residual of {residual_db:z.1f} dB"


def decibels(power: float) -> float:
    """A ratio of powers in dB, not below FLOOR_DB."""
    return max(FLOOR_DB, 10 * float(np.log10(max(power, 1e-300))))
