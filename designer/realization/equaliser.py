"""The common equaliser of the RTF form: one short minimum-phase filter for all drivers that restores the tone.

Dividing by the reference's filter leaves cancellation gain, masks and window as they are and the level at the points to
reach at |1 / W_r| of the plain driver's. The equaliser's magnitude is the inverse of that level, smoothed in power over a
third of an octave, so that narrow dips are left alone. Its phase is the least that such a magnitude can have, from the
folded cepstrum, so that it adds no delay; it is the same for all drivers and does not turn them against each other.

Source: Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd ed., section 13.5.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real

LARGEST_DB = 30.0
FINER = 4
"""Length of the cepstrum's grid over the Fourier grid, against aliasing in time."""


def third_octave_smoothed(power: Real) -> Real:
    """Mean of the power (K,) from a sixth of an octave below to a sixth above each frequency of a grid that starts at 0 Hz.

    The ends fall between frequencies, so that the integral of the straight-line interpolation is taken.
    """
    count = power.size
    k = np.arange(count, dtype=float)
    integral = np.concatenate([[0.0], np.cumsum((power[1:] + power[:-1]) / 2)])
    low, high = k * 2 ** (-1 / 6), np.minimum(k * 2 ** (1 / 6), count - 1)
    width = np.maximum(high - low, 1e-9)
    smoothed = (np.interp(high, k, integral) - np.interp(low, k, integral)) / width
    smoothed[0] = power[0]
    return np.asarray(smoothed)


def minimum_phase_taps(magnitude: Real, taps: int) -> Real:
    """The first taps (T,) of the minimum-phase filter with this magnitude (K,) from 0 Hz to Nyquist."""
    count = magnitude.size
    fine = np.interp(np.linspace(0, count - 1, FINER * (count - 1) + 1), np.arange(count), np.log(magnitude))
    half = fine.size - 1
    cepstrum = np.fft.irfft(fine)
    cepstrum[1:half] *= 2
    cepstrum[half + 1 :] = 0
    return np.asarray(np.fft.irfft(np.exp(np.fft.rfft(cepstrum)))[:taps])


def equaliser(level: Real, wanted_level: Real, taps: int) -> Real:
    """Taps (T,) that bring a level (K,) to the wanted one, on frequencies from 0 Hz to Nyquist."""
    ratio = third_octave_smoothed(level**2) / np.maximum(third_octave_smoothed(wanted_level**2), 1e-300)
    bound = 10 ** (LARGEST_DB / 20)
    return minimum_phase_taps(np.clip(1 / np.sqrt(np.maximum(ratio, 1e-300)), 1 / bound, bound), taps)


def equalised(taps: Real, common: Real) -> Real:
    """Taps (L, T + E - 1): each driver's (L, T) followed by the common filter (E,)."""
    return np.array([np.convolve(one, common) for one in taps])


def reached_level(reach_power: Complex, w: Complex) -> Real:
    """Root of w^H A w (K,), A (K, L, L) the mean over the points to reach."""
    return np.asarray(np.sqrt(np.maximum(np.einsum("ki,kij,kj->k", w.conj(), reach_power, w).real, 0.0)))
