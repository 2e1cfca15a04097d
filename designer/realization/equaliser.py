"""The common equaliser of the RTF form: one short minimum-phase filter for all drivers that restores the tone.

Dividing by the reference's filter leaves cancellation gain, masks and window as they are and the level at the points to
reach at |1 / W_r| of the plain driver's. The equaliser's magnitude is the inverse of that level, smoothed in power over a
third of an octave, so that narrow dips are left alone. Its phase is the least that such a magnitude can have, from the
folded cepstrum, so that it adds no delay; it is the same for all drivers and does not turn them against each other.

A level that moves much within a third of an octave, or taps too few for its slopes, leave a deviation: the magnitude
asked for is divided by what is left of it, root by root, a few times, and the taps with the least deviation are kept.

Where plain playback ends above 0 Hz, as the drivers' bands do, the equaliser takes over its slopes. Cut to T taps, the slope below
leaves a part of the lowest step, R/T wide, at 0 Hz. Taps whose sum and whose first moment are 0 have a double zero there, 12 dB an
octave; the nearest such taps are what is left after projection on 1 and n. Taps too few for that have one zero.

Source: Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd ed., section 13.5.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Bool, Complex, Real

LARGEST_DB, LEAST_DB = 30.0, -60.0
ENDED = 1e-2
"""Level at 0 Hz, as a share of the largest, below which plain playback has ended there: -40 dB."""
ROUNDS = 24
STEP = 0.5
"""The exponent of what is left, each time."""
TONE_DB = 1.0
"""A deviation, a third of an octave smoothed, from which on it is reported."""
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


def smoothed_deviation_db(level: Real, target_level: Real) -> Real:
    """A level (K,) over the wanted one in dB, both smoothed in power over a third of an octave."""
    target_power = np.maximum(third_octave_smoothed(target_level**2), 1e-300)
    return np.asarray(10 * np.log10(np.maximum(third_octave_smoothed(level**2) / target_power, 1e-30)))


def equaliser(level: Real, target_level: Real, taps: int, heard: Bool | None = None) -> Real:
    """Taps (T,) that bring a level (K,) to the wanted one, on frequencies from 0 Hz to Nyquist.

    The largest deviation counts where it is heard (K,), everywhere by default.
    """
    heard = np.ones(level.size, dtype=bool) if heard is None else heard
    if target_level[0] >= ENDED * target_level.max():
        return _equaliser(level, target_level, taps, heard, zeros=0)[0]
    common, largest = _equaliser(level, target_level, taps, heard, zeros=2)
    return common if largest <= TONE_DB else _equaliser(level, target_level, taps, heard, zeros=1)[0]


def _equaliser(level: Real, target_level: Real, taps: int, heard: Bool, zeros: int) -> tuple[Real, float]:
    """The taps with so many zeros at 0 Hz, and their largest deviation in dB."""
    lowest, _ = np.linalg.qr(np.vander(np.linspace(0.0, 1.0, taps), zeros, increasing=True))
    correction_db, deviation_db = np.zeros(level.size), smoothed_deviation_db(level, target_level)
    best: Real = np.zeros(taps)
    least = np.inf
    for number in range(ROUNDS):
        correction_db = np.clip(correction_db - (STEP if number else 1.0) * deviation_db, LEAST_DB, LARGEST_DB)
        common = minimum_phase_taps(10 ** (correction_db / 20), taps)
        common = common - lowest @ (lowest.T @ common)
        deviation_db = smoothed_deviation_db(level * np.abs(np.fft.rfft(common, 2 * (level.size - 1))), target_level)
        largest = float(np.abs(deviation_db[heard]).max())
        if largest < least:
            best, least = common, largest
    return best, least


def reached_level(bright_power: Complex, w: Complex) -> Real:
    """Root of w^H A w (K,), A (K, L, L) the mean over the bright points."""
    return np.asarray(np.sqrt(np.maximum(np.einsum("ki,kij,kj->k", w.conj(), bright_power, w).real, 0.0)))
