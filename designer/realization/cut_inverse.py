"""The cut inverse Fourier transform of the weights: what a joint fit is compared with."""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real


def cut_inverse_transform(weights: Complex, taps: int) -> Real:
    """Taps (L, T) of weights (F, L) on equal steps from 0 to Nyquist, delayed by half the taps and cut.

    More taps than the transform is long are 0 beyond it.
    """
    size = 2 * (len(weights) - 1)
    delay = min(taps, size) // 2
    turned = weights * np.exp(-2j * np.pi * delay / size * np.arange(len(weights)))[:, None]
    whole = np.fft.irfft(turned.T, size, axis=1)[:, :taps]
    return np.asarray(np.pad(whole, ((0, 0), (0, taps - whole.shape[1]))))
