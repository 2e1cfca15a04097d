"""The signal that a target is proven with: a sweep through each channel by itself, noise through all at once, and silence.

    lead | rest, sweep of the first channel, rest | ... | rest, noise of all channels, rest | silence

Sweeps rise linearly from 0 Hz to half the sample rate, so that their spectrum is flat, and show each filter by itself. Noise is as
loud as the design's feeds take without passing full scale, and shows what saturates; sweeps stay SWEEP_PEAK_DB below. The silence
shows DC and limit cycles, and how much noise a recorder has. Rests of a response's length ahead and of two behind leave room for
what is early or late by one. All samples are of 16 bits, which every word and file holds: the signal is the same everywhere, and
made from the design alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Real
from designer.export.filter_set import FilterSet
from designer.proof.reference import exact_feeds, response_length

SHORTEST, LENGTHS = 1 << 15, 8
"""Samples of a sweep: at least, and so many lengths of the longest response."""
LEAD, MARGIN = 2048, 512
NOISE_PEAK, SWEEP_PEAK_DB = 0.9, -6.0
"""Largest sample of any feed in the noise, full scale 1, and of the sweeps in dB of it."""
LARGEST = 0.95
"""Largest sample of the signal itself."""
FADE = 64
STEP = 2.0**-15


@dataclass(frozen=True)
class Stimulus:
    """The signal (N, channels) of full scale 1, and where its parts begin.

    Attributes
    ----------
    length : int, samples of the longest response
    sweep : int, samples of a sweep
    part : int, samples of a sweep with its rests, and of the silence

    """

    samples: Real
    sample_rate_hz: float
    length: int
    sweep: int
    part: int

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self.samples.shape[1])

    @property
    def offset(self) -> int:
        """Samples of rest ahead of a sweep or of the noise, in its part."""
        return self.length + MARGIN // 2

    def sweep_of(self, channel: int) -> slice:
        """Part in which a channel sounds alone."""
        start = LEAD + channel * self.part
        return slice(start, start + self.part)

    @property
    def noise(self) -> slice:
        """Part in which all channels sound, with its rests."""
        return self.sweep_of(self.channels)

    @property
    def loud(self) -> slice:
        """The noise alone."""
        return slice(self.noise.start + self.offset, self.noise.start + self.offset + self.sweep)

    @property
    def silence(self) -> slice:
        """Part in which nothing sounds, and nothing rings."""
        return self.sweep_of(self.channels + 1)


def stimulus_of(filters: FilterSet) -> Stimulus:
    """The signal of a design."""
    length, channels = response_length(filters), len(filters.channels)
    sweep = max(SHORTEST, 1 << (LENGTHS * length - 1).bit_length())
    part = sweep + 3 * length + MARGIN
    plan = Stimulus(np.zeros((LEAD + (channels + 2) * part, channels)), filters.sample_rate_hz, length, sweep, part)
    loud = np.zeros_like(plan.samples)
    loud[plan.loud] = np.random.default_rng(1).uniform(-1, 1, (sweep, channels))
    n = np.arange(sweep)
    sounding = np.cos(0.5 * np.pi * n**2 / sweep) * np.minimum(1.0, np.minimum(n, sweep - n) / FADE)
    for channel in range(channels):
        start = plan.sweep_of(channel).start + plan.offset
        plan.samples[start : start + sweep, channel] = sounding
    sweeps = plan.samples * _level(filters, plan.samples, NOISE_PEAK * 10 ** (SWEEP_PEAK_DB / 20))
    both = sweeps + loud * _level(filters, loud, NOISE_PEAK)
    plan.samples[:] = np.rint(both / STEP) * STEP
    return plan


def _level(filters: FilterSet, signals: Real, peak: float) -> float:
    """The factor with which the largest feed has a peak, as far as the signal itself stays below LARGEST."""
    loudest = float(np.abs(exact_feeds(filters, signals)).max())
    return min(LARGEST, peak / max(loudest, 1e-300)) if loudest else LARGEST
