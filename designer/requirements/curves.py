"""Curves over frequency, and the band with its fades."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.arrays import Bool, Real

LEAST_SLOPE = 1e-3
"""-60 dB, to which a driver's slope falls in a design."""
LEAST_NOTICED = 1e-2
"""-40 dB, below which filters miss no driver's band. Below its resonance a cone moves with the voltage, no further for each volt than at
its band's end; so it moves at most a hundredth as far as it may, no more than its own distortion there, and takes a ten-thousandth of
the heat. Above, a breakup of 20 dB stays as far below what it plays.
"""


def curve_db(points: list[list[float]], frequency_hz: Real) -> Real:
    """A curve of [frequency_hz, dB] points: straight in dB over log f, its end values kept beyond its ends."""
    at_hz, value_db = np.array(points, dtype=float).T
    return np.asarray(np.interp(np.log(np.maximum(frequency_hz, 1e-9)), np.log(at_hz), value_db))


def in_band(frequency_hz: Real, band_hz: Sequence[float]) -> Bool:
    """Which frequencies lie in a band, ends included."""
    tolerance = 1e-9 * band_hz[1]
    return (frequency_hz >= band_hz[0] - tolerance) & (frequency_hz <= band_hz[1] + tolerance)


def band_share(frequency_hz: Real, band_hz: list[float], fade_octaves: float) -> Real:
    """How much of the design there is at each frequency: 1 in the band, 0 beyond the fades, between them half a cosine in log f."""
    f = np.maximum(frequency_hz, 1e-9)
    below = np.log2(max(band_hz[0], 1e-9) / f)
    above = np.log2(f / band_hz[1])
    octaves_outside = np.maximum(np.maximum(below, above), 0.0)
    inside = in_band(frequency_hz, band_hz)
    if fade_octaves == 0:
        return inside.astype(float)
    share = 0.5 + 0.5 * np.cos(np.pi * np.minimum(octaves_outside / fade_octaves, 1.0))
    return np.where(inside, 1.0, share)


def driver_slope(frequency_hz: Real, band_hz: list[float] | None, orders: tuple[int, int]) -> Real:
    """Amplitude that a driver's band leaves it (F,): inf inside; from 1 at its ends down by 6 dB an octave and order (below, above)."""
    if band_hz is None:
        return np.full(frequency_hz.size, np.inf)
    f = np.maximum(frequency_hz, 1e-3)
    slope = np.minimum((f / max(band_hz[0], 1e-3)) ** orders[0], (band_hz[1] / f) ** orders[1])
    return np.where(in_band(frequency_hz, band_hz), np.inf, np.clip(slope, LEAST_SLOPE, 1.0))


def driver_cost(frequency_hz: Real, band_hz: list[float] | None) -> Real:
    """Cost of a driver (F,): 1 in its usable band, growing by 24 dB an octave of power outside it, to at most 80 dB.

    The bound keeps the matrices well conditioned; at 80 dB no driver is used.
    """
    if band_hz is None:
        return np.ones(frequency_hz.size)
    f = np.maximum(frequency_hz, 1e-3)
    octaves = np.maximum(np.maximum(np.log2(max(band_hz[0], 1e-3) / f), np.log2(f / band_hz[1])), 0.0)
    return np.asarray(10 ** np.minimum(2.4 * octaves, 8.0))
