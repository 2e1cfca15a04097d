"""The frequency response of taps, on any frequencies; and taps of responses, by the cut inverse transform."""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real

CHUNK = 1024
"""Frequencies that are worked through at once."""


def response(taps: Real, frequency_hz: Real, sample_rate_hz: float) -> Complex:
    """Frequency responses (F, L) of taps (L, T), bulk delay included: Σ x[n] e^{-jωn}.

    Equal steps from 0 to Nyquist take an FFT of the taps folded in time, which is exact there; others the sum itself.
    """
    count = frequency_hz.size
    uniform = np.linspace(0.0, sample_rate_hz / 2, count) if count > 1 else frequency_hz[:0]
    if count > 1 and np.allclose(frequency_hz, uniform, rtol=0, atol=1e-9 * sample_rate_hz):
        size = 2 * (count - 1)
        padded = np.pad(taps, ((0, 0), (0, -taps.shape[1] % size)))
        return np.asarray(np.fft.rfft(padded.reshape(len(taps), -1, size).sum(axis=1), axis=1).T)
    out = np.empty((count, len(taps)), dtype=complex)
    n = np.arange(taps.shape[1])
    for start in range(0, count, CHUNK):
        part = slice(start, start + CHUNK)
        out[part] = np.exp(-2j * np.pi / sample_rate_hz * np.outer(frequency_hz[part], n)) @ taps.T
    return out


def cut_inverse_transform(weights: Complex, taps: int) -> Real:
    """Taps (L, T) of weights (F, L) on equal steps from 0 to Nyquist, delayed by half the taps and cut.

    More taps than the transform is long are 0 beyond it. It is what a joint fit is compared with.
    """
    size = 2 * (len(weights) - 1)
    delay = min(taps, size) // 2
    turned = weights * np.exp(-2j * np.pi * delay / size * np.arange(len(weights)))[:, None]
    impulses = np.fft.irfft(turned.T, size, axis=1)[:, :taps]
    return np.asarray(np.pad(impulses, ((0, 0), (0, taps - impulses.shape[1]))))
