"""What a room sent back into a set that was not gated: a comb over frequency, alike in all directions.

A reflection that comes τ later, g times as loud, ripples the log level as g cos 2πfτ: one line in the cepstrum. Where only the device
turns, τ is the same at every angle; what the device itself does (edges, horns, crossovers) comes within `EARLIEST_S` or moves with the
angle. So the lines of all directions are added, without their signs, and one that stands far above those around it is a reflection.
"""

from __future__ import annotations

import numpy as np

from designer.acoustics.readers.raw_set import RawSet
from designer.arrays import Real

EARLIEST_S, LATEST_S = 1.5e-3, 30e-3
"""Half a metre of detour, the edges of a large cabinet; and 10 m."""
LEAST = 0.06
"""Amplitude beside the direct sound: ripple of ±0.5 dB."""
ABOVE = 6.0
"""Times the median of the lines around it."""
MIN_RIPPLES = 12
"""Ripples within the band that is looked at."""
POINTS = 2048
DIRECTIONS = 12
"""That are looked at."""


def check_reflections(raw: RawSet) -> list[str]:
    """Warn of the strongest reflection, with its delay and the ripple that it leaves."""
    f = raw.frequency_hz
    some = np.unique(np.linspace(0, len(raw.labels) - 1, DIRECTIONS).astype(int))
    level = np.log(np.abs(raw.pressure[:, some]) + 1e-300)
    found: list[tuple[float, float]] = []
    tau_s = EARLIEST_S
    while tau_s < LATEST_S:  # a band for each octave of delays: between the file's points a ripple must be resolved
        coarse = np.flatnonzero(np.diff(f) > 1 / (3 * 2 * tau_s))
        loud = level.mean(axis=1) > level.mean(axis=1).max() - np.log(10.0)
        top_hz = float(f[coarse[0]] if coarse.size else f[-1])
        band = np.flatnonzero(loud & (f <= top_hz))
        if band.size > 16 and (f[band[-1]] - f[band[0]]) * tau_s > MIN_RIPPLES:
            found += _lines(f, level, (float(f[band[0]]), float(f[band[-1]])), tau_s)
        tau_s *= 2
    if not found:
        return []
    size, late_s = max(found)
    ripple_db, gate_ms = -20 * np.log10(1 - min(size, 0.9)), 900 * late_s
    return [
        f"a reflection {1000 * late_s:.3g} ms after the direct sound, {20 * np.log10(size):.0f} dB beside it, ripples the level of all"
        f" directions by up to {ripple_db:.1f} dB: filters would undo it where the microphone stood, and nowhere else; write gate_ms ="
        f" {gate_ms:.2g}, which leaves the band above {1000 / gate_ms:.0f} Hz, or measure farther from walls"
    ]


def _lines(f: Real, level: Real, band_hz: tuple[float, float], first_s: float) -> list[tuple[float, float]]:
    """Size and delay of the line that stands out between `first_s` and twice that, if one does."""
    even_hz = np.linspace(*band_hz, POINTS)
    on = np.stack([np.interp(even_hz, f, column) for column in level.T])  # (N, POINTS)
    width = max(3, int(POINTS / ((band_hz[1] - band_hz[0]) * first_s) * 1.5) | 1)
    window = np.hanning(width + 2)[1:-1]
    smooth = np.stack([np.convolve(np.pad(row, width // 2, "edge"), window / window.sum(), "valid") for row in on])
    taper = np.hanning(POINTS)
    delays_s = np.fft.rfftfreq(8 * POINTS, even_hz[1] - even_hz[0])
    lines = np.abs(np.fft.rfft((on - smooth) * taper, 8 * POINTS, axis=1)) * 2 / taper.sum()
    here = (delays_s >= first_s) & (delays_s < 2 * first_s)
    mean = np.median(lines[:, here], axis=0)
    best = int(np.argmax(mean))
    if mean[best] < LEAST or mean[best] < ABOVE * np.median(mean):
        return []
    return [(float(mean[best]), float(delays_s[here][best]))]
