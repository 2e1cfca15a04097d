"""Stereo to left, right and centre; `upmix_gains.py` says what goes where.

M and S are transformed in frames of N samples, averaged over half-ERB bands and the recent past, and C alone is
transformed back. The sides are what is left in time, L' = L - C and R' = R - C, so that L' + C = L to the rounding of one
subtraction, whatever the transform did.

The past is weighed by two equal one-pole low-passes, h[n] = (1-a)² (n+1) aⁿ. Its mean age is that of one pole of twice the
time constant, and so is the length of the average, 1/Σh² (to (1-a)²); but a new frame enters by (1-a)² in place of 1-a:
at the same age α changes half as much from frame to frame (measured on a voice between two chords).

A sample is known once the last frame that holds it is complete: N - 1 samples later at the most, which is the latency.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real
from designer.virtualizer.half_erb_bands import half_erb_bands
from designer.virtualizer.short_time_frames import Analysis, Synthesis, hop_size
from designer.virtualizer.upmix_gains import upmix_gains

AVERAGE_S = 0.15
"""Mean age of what is averaged: a shorter one makes α jitter, a longer one lets a voice's beginnings out at the sides."""

FRAMES_AT_ONCE = 64


class Upmix:
    """Block by block: as many samples out as in, `latency_samples` late; the first ones are 0.

    The samples are the same however the input is cut into blocks, to the last bit.

    Attributes
    ----------
    frame, hop : N and N/4 samples
    latency_samples : N - 1
    rho, alpha : of the frames of the last block (frames, bands)

    """

    def __init__(self, sample_rate_hz: float) -> None:
        self.hop = hop_size(sample_rate_hz)
        self._analysis = Analysis(self.hop, 2)
        self._synthesis = Synthesis(self.hop)
        self.frame = self._analysis.frame
        self.latency_samples = self.frame - 1
        self.bands = half_erb_bands(self.frame, sample_rate_hz)
        self.kept = float(np.exp(-2 * self.hop / (AVERAGE_S * sample_rate_hz)))
        self._past: Real = np.zeros((3, 2, self.bands.count.size))
        self._stereo: Real = np.zeros((0, 2))  # input whose centre is not known yet
        self._ready: Real = np.zeros((self.latency_samples, 3))  # output that is due later; the latency to begin with
        self._early = self.frame - self.hop  # of the centre: samples before time 0
        self.rho: Real = np.zeros((0, self.bands.count.size))
        self.alpha: Real = self.rho

    def push(self, stereo: Real) -> Real:
        """(n, 3) left, right and centre from (n, 2) left and right."""
        step = FRAMES_AT_ONCE * self.hop
        parts = [self._push(stereo[start : start + step]) for start in range(0, len(stereo), step)]
        return np.concatenate([np.zeros((0, 3)), *parts])

    def finish(self) -> Real:
        """The last `latency_samples` samples (N - 1, 3): what came in is followed by silence."""
        return self.push(np.zeros((self.latency_samples, 2)))

    def averages(self, spectra: Complex) -> Real:
        """E|M|², E|S|² and Re E[M S*] (3, frames, bands), from spectra of M and S (2, frames, bins), continuing the past."""
        from scipy.signal import lfilter

        middle, side = spectra
        moments = np.empty((3, *middle.shape))
        for moment, (one, other) in zip(moments, ((middle, middle), (side, side), (middle, side)), strict=True):
            np.multiply(one.real, other.real, out=moment)
            moment += one.imag * other.imag
        sums = self.bands.sums(moments)  # in the place of means: ratios of averages alone matter
        averages, self._past = lfilter(
            [(1 - self.kept) ** 2], [1.0, -2 * self.kept, self.kept**2], sums, axis=1, zi=self._past
        )
        return np.asarray(averages)

    def _push(self, stereo: Real) -> Real:
        left, right = stereo.T
        spectra = self._analysis.push(np.stack([(left + right) / 2, (left - right) / 2]))
        if spectra.shape[1]:
            self.rho, self.alpha = upmix_gains(*self.averages(spectra))
        else:
            self.rho = self.alpha = np.zeros((0, self.bands.count.size))
        middle, side = spectra
        centre = self._synthesis.push(self.bands.spread(self.alpha) * (middle - self.bands.spread(self.rho) * side))
        dropped = min(self._early, centre.size)
        self._early -= dropped
        centre = centre[dropped:]
        waiting = np.concatenate([self._stereo, stereo])
        known, self._stereo = waiting[: centre.size], waiting[centre.size :]
        ready = np.concatenate([self._ready, np.column_stack([known - centre[:, None], centre])])
        self._ready = ready[len(stereo) :]
        return ready[: len(stereo)]


def upmix(stereo: Real, sample_rate_hz: float) -> Real:
    """A whole recording at once, without the latency: (n, 3) left, right, centre from (n, 2)."""
    stage = Upmix(sample_rate_hz)
    return np.concatenate([stage.push(stereo), stage.finish()])[stage.latency_samples :]
