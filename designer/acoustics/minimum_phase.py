"""The phase that belongs to a magnitude, if the response is minimum phase.

ln H = ln|H| + jφ of a minimum-phase response is the transform of a causal sequence, the complex cepstrum. So the real
cepstrum of ln|H| is folded onto positive times, and its transform's imaginary part is φ.

The magnitude is known over a band only. Outside it is continued at the value of the band's ends, up to twice the highest
frequency: within the band that moves the phase by a few degrees near the ends, and less than that elsewhere.

Source: Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd ed., section 13.5.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Real

POINTS = 2**14
"""Of the linear frequency grid from 0 to twice the highest frequency."""


def minimum_phase(frequency_hz: Real, magnitude: Real) -> Real:
    """Phase in radians (K, N) of responses with this magnitude (K, N) at the frequencies (K,)."""
    grid_hz = np.linspace(0.0, 2 * frequency_hz[-1], POINTS + 1)
    phase = np.empty(magnitude.shape)
    for n, column in enumerate(magnitude.T):
        floor = max(float(column.max()) * 1e-6, 1e-300)
        log_magnitude = np.interp(grid_hz, frequency_hz, np.log(np.maximum(column, floor)))
        cepstrum = np.fft.irfft(log_magnitude)
        cepstrum[1:POINTS] *= 2
        cepstrum[POINTS + 1 :] = 0
        phase[:, n] = np.interp(frequency_hz, grid_hz, np.fft.rfft(cepstrum).imag)
    return phase
