"""Bands half an equivalent rectangular bandwidth wide, over the bins of a Fourier transform.

The auditory filter's bandwidth is ERB(f) = 24.7 (1 + 4.37 f/1000) Hz, and the number of them below f is

    E(f) = 21.4 log10(1 + 4.37 f/1000)

(Glasberg and Moore, "Derivation of auditory filter shapes from notched-noise data", Hearing Research 47, 1990, eq. 3 and
4). A bin belongs to band floor(2 E(f)). Where the bands are narrower than a bin, each bin is a band.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Index, Real


def erb_number(frequency_hz: Real) -> Real:
    """How many equivalent rectangular bandwidths lie below each frequency."""
    return np.asarray(21.4 * np.log10(1 + 4.37e-3 * frequency_hz))


@dataclass(frozen=True)
class Bands:
    """Bands of neighbouring bins.

    Attributes
    ----------
    first : first bin of each band (B,)
    count : bins of each band (B,)

    """

    first: Index
    count: Index

    def sums(self, values: Real) -> Real:
        """Sum over the bins (..., K) of each band: (..., B)."""
        return np.asarray(np.add.reduceat(values, self.first, axis=-1))

    def spread(self, values: Real) -> Real:
        """Each band's value (..., B) at each of its bins: (..., K)."""
        return np.repeat(values, self.count, axis=-1)


def half_erb_bands(frame: int, sample_rate_hz: float) -> Bands:
    """Bands of the frame // 2 + 1 bins of a real transform of `frame` samples."""
    frequency_hz = np.fft.rfftfreq(frame, 1 / sample_rate_hz)
    number = np.floor(2 * erb_number(frequency_hz))
    first = np.flatnonzero(np.diff(number, prepend=-1.0))
    return Bands(first, np.diff(first, append=frequency_hz.size))
