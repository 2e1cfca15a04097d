"""Differences between the ears over frequency: level by third octave, phase delay, and coherence.

Levels are of powers summed over a third octave, as a noise would show them; the phase delay is -φ/ω with φ the phase of
the later ear over the earlier, unwrapped upwards from the lowest frequency, where it lies within half a turn.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real
from designer.measures import FLOOR, db

THIRD = 2 ** (1 / 6)  # half the width of a third octave, as a ratio of frequencies


def third_octaves_hz(low_hz: float, high_hz: float) -> Real:
    """Middles of the third octaves 1000 · 2^(n/3) Hz from one frequency to another (B,), named to the nearest ±3 %."""
    first, last = (3 * np.log2(f / 1000) for f in (low_hz / 1.03, high_hz * 1.03))
    return np.asarray(1000 * 2 ** (np.arange(np.ceil(first), np.floor(last) + 1) / 3))


def band_means(values: Complex, frequency_hz: Real, middle_hz: Real) -> Complex:
    """Means (B, ...) of values (F, ...) over the third octaves around those middles; F must reach each of them."""
    inside = np.abs(np.log(frequency_hz / middle_hz[:, None])) <= np.log(THIRD)
    share = inside / inside.sum(axis=1, keepdims=True)
    return np.asarray((share @ values.reshape(frequency_hz.size, -1)).reshape(middle_hz.size, *values.shape[1:]))


def level_difference_db(near: Complex, far: Complex, frequency_hz: Real, middle_hz: Real) -> Real:
    """Level of the ipsilateral ear over the contralateral one in dB, by third octave (B,), from spectra (F,) at any frequencies."""
    ears = np.stack([near, far], axis=1)
    powers = band_means(ears * ears.conj(), frequency_hz, middle_hz)
    return np.asarray(db(powers[:, 0].real / np.maximum(powers[:, 1].real, FLOOR)))


def phase_delay_s(near: Complex, far: Complex, frequency_hz: Real) -> Real:
    """Delay of the contralateral ear at each frequency (F,), from spectra (F,) above 0 Hz close enough to unwrap."""
    turned = np.unwrap(np.angle(far * near.conj()))
    return np.asarray(-turned / (2 * np.pi * frequency_hz))


def coherence(ears: Complex, frequency_hz: Real, middle_hz: Real) -> Real:
    """|Σ E_l E_r*| / √(Σ|E_l|² Σ|E_r|²) by third octave (B,), for independent noises at the inputs of ears (F, 2, I)."""
    cross = band_means(np.sum(ears[:, 0] * ears[:, 1].conj(), axis=1), frequency_hz, middle_hz)
    powers = band_means(np.sum(ears * ears.conj(), axis=2), frequency_hz, middle_hz).real
    return np.asarray(np.abs(cross) / np.sqrt(np.maximum(powers[:, 0] * powers[:, 1], FLOOR)))
