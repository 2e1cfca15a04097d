"""A feed that is held within a bound: what the loud noise shows, and the sweeps do not.

The feed is g D_d min(max(p, -A), A): p as the design's or a fault's filters give it, A where it saturates, and then the recorder's
gain g and delay d. g and d are known from the sweeps; where these saturate too, g is fitted with A. A is looked for where least is
left, in the band that the sweeps show.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Real
from designer.proof.responses import Deconvolution, decibels

STEPS = 40
GOLDEN = (np.sqrt(5) - 1) / 2
LEAST = 0.02
"""The smallest bound that is looked for, as a share of the largest sample."""


@dataclass(frozen=True)
class Bound:
    """Where a feed saturates, in dB of full scale, the share of samples that are held there, and what is left with it and without."""

    level_db: float
    share: float
    gain: float
    residual_db: float
    without_db: float


def delayed(signal: Real, delay: float) -> Real:
    """A signal (N,) by a delay of any fraction of a sample, as a band-limited one is; what passes an end comes in at the other."""
    size = 1 << (signal.size + 1024).bit_length()
    turns = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size * delay)
    return np.asarray(np.fft.irfft(np.fft.rfft(signal, size) * turns, size)[: signal.size])


def bound_of(deconvolution: Deconvolution, measured: Real, predicted: Real, delay: float, gain: float | None) -> Bound:
    """The bound within which a predicted feed (N,) comes nearest to a measured one; with a known gain, or with its own."""
    angles = np.pi * np.arange(measured.size // 2 + 1) / (measured.size // 2)
    shown, largest = deconvolution.shown(angles), float(np.abs(predicted).max())
    y = shown * np.fft.rfft(delayed(measured, -delay))
    energy = max(float(np.vdot(y, y).real), 1e-300)

    def left(level: float) -> tuple[float, float]:
        p = shown * np.fft.rfft(np.clip(predicted, -level, level))
        g = gain if gain is not None else float(np.vdot(p, y).real) / max(float(np.vdot(p, p).real), 1e-300)
        return float(np.sum(np.abs(y - g * p) ** 2)) / energy, g

    low, high = np.log(LEAST * largest), np.log(largest)
    first, second = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    of_first, of_second = left(np.exp(first))[0], left(np.exp(second))[0]
    for _ in range(STEPS):
        if of_first <= of_second:
            high, second, of_second = second, first, of_first
            first = high - GOLDEN * (high - low)
            of_first = left(np.exp(first))[0]
        else:
            low, first, of_first = first, second, of_second
            second = low + GOLDEN * (high - low)
            of_second = left(np.exp(second))[0]
    level = float(np.exp((low + high) / 2))
    residual, g = left(level)
    share = float(np.mean(np.abs(predicted) >= level))
    return Bound(20 * float(np.log10(level)), share, g, decibels(residual), decibels(left(largest)[0]))
