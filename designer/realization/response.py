"""The frequency response of taps, on any frequencies; taps of responses, by the cut inverse transform; and signals through taps."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from designer.arrays import Complex, Index, Real

MAX_TURNS = 400_000
"""Frequencies times taps that are worked through at once (6 MB)."""
SAME_STEP = 1e-13
"""Share of the sample rate by which equal steps of frequency may differ: a phase within 1e-12 turns a tap."""


def response(taps: Real, frequency_hz: Real, sample_rate_hz: float) -> Complex:
    """Frequency responses (F, L) of taps (L, T), bulk delay included: Σ x[n] e^{-jωn}.

    Frequencies in equal steps of an N-th of the sample rate, from any first one f_0, take an FFT of x[n] e^{-jω_0 n} folded in time
    to N samples, which is exact there; those beside the steps (the ends of a band) take the sum itself.
    """
    out = np.empty((frequency_hz.size, len(taps)), dtype=complex)
    n = np.arange(taps.shape[1])
    size, first_hz, step = _steps(frequency_hz, sample_rate_hz)
    on_step = step >= 0
    if (
        size * len(taps) <= np.count_nonzero(on_step) * n.size
    ):  # a point of the FFT costs about as much as a product's turn
        turned = taps * np.exp(-2j * np.pi * first_hz / sample_rate_hz * n) if first_hz else taps
        padded = np.pad(turned, ((0, 0), (0, -n.size % size)))
        spectra = np.fft.fft(padded.reshape(len(taps), padded.shape[1] // size, size).sum(axis=1), axis=1)
        out[on_step] = spectra.T[step[on_step] % size]
    else:
        on_step[:] = False
    others = np.flatnonzero(~on_step)
    chunk = max(1, MAX_TURNS // max(1, n.size))
    for part in (others[start : start + chunk] for start in range(0, others.size, chunk)):
        out[part] = _turns(np.asarray(frequency_hz[part], dtype=float).tobytes(), n.size, sample_rate_hz) @ taps.T
    return out


@lru_cache(maxsize=4)
def _turns(frequencies: bytes, taps: int, sample_rate_hz: float) -> Complex:
    """e^{-jωn} (F, T) of frequencies as bytes: a page draws many filters on one grid."""
    return np.asarray(np.exp(-2j * np.pi / sample_rate_hz * np.outer(np.frombuffer(frequencies), np.arange(taps))))


def _steps(frequency_hz: Real, sample_rate_hz: float) -> tuple[int, float, Index]:
    """The steps that most frequencies (F,) stand on: how many fill the sample rate, the first frequency, and each one's step, or -1."""
    nowhere = 1, 0.0, np.full(frequency_hz.size, -1)
    step_hz = float(np.median(np.diff(frequency_hz))) if frequency_hz.size > 1 else 0.0
    if not step_hz > 0:
        return nowhere
    size = round(sample_rate_hz / step_hz)
    if abs(size * step_hz - sample_rate_hz) > SAME_STEP * size * sample_rate_hz:
        return nowhere
    step_hz, middle_hz = sample_rate_hz / size, float(frequency_hz[frequency_hz.size // 2])
    first_hz = middle_hz - step_hz * np.floor(middle_hz / step_hz + SAME_STEP * size)
    first_hz = 0.0 if abs(first_hz) < SAME_STEP * sample_rate_hz else float(first_hz)
    step = np.rint((frequency_hz - first_hz) / step_hz)
    off_hz = np.abs(first_hz + step * step_hz - frequency_hz)
    return size, first_hz, np.where(off_hz <= SAME_STEP * sample_rate_hz, step, -1).astype(np.intp)


def fft_convolved(x: Real, h: Real) -> Real:
    """Signals (..., N) through filters (..., T), the other axes broadcast: (..., N + T - 1).

    By FFT: scipy.signal, which does so too, takes longer to import than most designs to compute.
    """
    length = x.shape[-1] + h.shape[-1] - 1
    size = next_fast_len(length, real=True)
    return np.asarray(irfft(rfft(x, size) * rfft(h, size), size)[..., :length])
