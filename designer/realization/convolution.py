"""Convolution by FFT along the last axis. scipy.signal, which has one too, takes longer to import than most designs to compute."""

from __future__ import annotations

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft

from designer.arrays import Real


def fft_convolved(x: Real, h: Real) -> Real:
    """Signals (..., N) through filters (..., T), the other axes broadcast: (..., N + T - 1)."""
    length = x.shape[-1] + h.shape[-1] - 1
    size = next_fast_len(length, real=True)
    return np.asarray(irfft(rfft(x, size) * rfft(h, size), size)[..., :length])
