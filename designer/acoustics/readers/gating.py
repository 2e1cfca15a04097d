"""A window that leaves out what the room sends back.

Time starts at the direct sound. The window is 1 from a tenth of the gate before it (room for what rings before the onset)
to three quarters of the gate, and falls to 0 at its end as a half Hann. What is shorter than the gate cannot be told from it: below
1/gate the result means nothing, and the band starts there.
"""

from __future__ import annotations

import numpy as np

from designer.acoustics.readers.frequency_grids import resampled
from designer.arrays import Complex, Real

BEFORE = 0.1
FLAT = 0.75


def gate_window(time_s: Real, gate_s: float) -> Real:
    """Window over time since the onset."""
    fall = np.clip((time_s / gate_s - FLAT) / (1 - FLAT), 0, 1)
    rise = np.clip((time_s / gate_s + 2 * BEFORE) / BEFORE, 0, 1)
    return np.asarray(np.cos(np.pi / 2 * fall) ** 2 * np.sin(np.pi / 2 * rise) ** 2)


def gate_spectrum(frequency_hz: Real, pressure: Complex, gate_s: float) -> tuple[Real, Complex]:
    """Responses (K, N) over frequency, time 0 at the direct sound, gated: frequencies from 1/gate on, and responses.

    The band is taken to time on a linear grid, eight times finer than 1/gate. Below the lowest frequency the value there
    is held; at the highest the spectrum ends, so that the impulse is a sinc there and the gate's edge moves the top of the band by
    hundredths of a dB.
    """
    highest_hz = float(frequency_hz[-1])
    step_hz = min(1 / (8 * gate_s), highest_hz / 64)
    count = int(np.ceil(highest_hz / step_hz))
    grid_hz = np.linspace(0, highest_hz, count + 1)
    time_s = np.fft.fftfreq(2 * count, 1 / (2 * count)) / (2 * highest_hz)
    window = gate_window(time_s, gate_s)
    kept = np.unique(np.concatenate([[1 / gate_s], frequency_hz[frequency_hz > 1 / gate_s]]))
    out = np.empty((kept.size, pressure.shape[1]), dtype=complex)
    for n, column in enumerate(pressure.T):
        spectrum = resampled(frequency_hz, column, np.maximum(grid_hz, frequency_hz[0]))
        gated = np.fft.rfft(np.fft.irfft(spectrum, 2 * count) * window)
        out[:, n] = resampled(grid_hz, gated, kept)
    return kept, out
