"""The phase that belongs to a magnitude, if the response is minimum phase.

ln H = ln|H| + jφ of a minimum-phase response is the transform of a causal sequence, the complex cepstrum. So the real
cepstrum of ln|H| is folded onto positive times, and its transform's imaginary part is φ.

The magnitude is known over a band only. Outside it the slope of the last octave, in dB per octave, is continued for
`CONTINUED_OCTAVES`, up to `TIMES` the highest frequency, and then held: a roll-off that goes on beyond the band turns the
phase within it.

Source: Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd ed., section 13.5.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Real

POINTS = 2**15
"""Of the linear frequency grid from 0 to `TIMES` the highest frequency."""
TIMES = 4
CONTINUED_OCTAVES = 4.0
MAX_SLOPE = 4.0
"""24 dB an octave: what a band's end may be steeper is noise or a null."""


def _beyond(log_f: Real, level: Real, end: int) -> float:
    """Slope of log magnitude over log frequency in the octave at one end of the band."""
    near = np.abs(log_f - log_f[end]) <= np.log(2.0)
    if near.sum() < 3:
        return 0.0
    slope = np.polynomial.polynomial.polyfit(log_f[near], level[near], 1)[1]
    return float(np.clip(slope, -MAX_SLOPE, MAX_SLOPE))


def minimum_phase(frequency_hz: Real, magnitude: Real) -> Real:
    """Phase in radians (K, N) of responses with this magnitude (K, N) at the frequencies (K,)."""
    grid_hz = np.linspace(0.0, TIMES * frequency_hz[-1], POINTS + 1)
    log_f = np.log(np.maximum(frequency_hz, 1e-9))
    log_grid = np.log(np.maximum(grid_hz, grid_hz[1] / 2))
    reach = CONTINUED_OCTAVES * np.log(2.0)
    phase = np.empty(magnitude.shape)
    for n, column in enumerate(magnitude.T):
        floor = max(float(column.max()) * 1e-6, 1e-300)
        level = np.log(np.maximum(column, floor))
        log_magnitude = np.interp(grid_hz, frequency_hz, level)
        log_magnitude += _beyond(log_f, level, 0) * np.clip(log_grid - log_f[0], -reach, 0.0)
        log_magnitude += _beyond(log_f, level, -1) * np.clip(log_grid - log_f[-1], 0.0, reach)
        cepstrum = np.fft.irfft(log_magnitude)
        cepstrum[1:POINTS] *= 2
        cepstrum[POINTS + 1 :] = 0
        phase[:, n] = np.interp(frequency_hz, grid_hz, np.fft.rfft(cepstrum).imag)
    return phase
