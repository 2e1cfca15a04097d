"""Delays between sets of filters, and sets with these taken off.

Two sets next to each other differ most in when a driver plays: as a listener steps aside, the ways from the drivers change by
many samples, and the filters' shapes by little. Between taps that are not aligned a mean of two is a comb; between aligned ones
it is nearly the filter of the place between.

The lag of a driver between two sets is where the correlation of its filters is largest, to a part of a sample by a parabola through the
three values around the largest of OVERSAMPLING a sample. Lags d_ij of all pairs of neighbours on the grid become one delay a
set by least squares, Σ (τ_j - τ_i - d_ij)²: on a line their sum is exact, on a grid of two keys the ways around a cell agree in the mean.
"""

from __future__ import annotations

import itertools

import numpy as np

from designer.arrays import Real
from designer.bank.delay_filter import windowed_sinc

OVERSAMPLING = 16
HALF = 24
"""Half the length of the filters that take delays off, which are computed once: long, so that little of the highest octave is lost."""
BETA = 9.0
SILENT = 1e-12
"""Energy of a driver's taps, of the channel's largest, below which it has no delay."""


def lags(first: Real, second: Real) -> Real:
    """Samples (L,) by which the second of two sets of taps (L, T) is later than the first; 0 of silent drivers."""
    size = 2 * first.shape[1]
    spectra = np.fft.rfft(second, size) * np.fft.rfft(first, size).conj()
    correlation = np.fft.irfft(spectra, OVERSAMPLING * size)
    peak = correlation.argmax(axis=1)
    row = np.arange(len(first))
    before, top, after = (correlation[row, (peak + step) % correlation.shape[1]] for step in (-1, 0, 1))
    bend = before - 2 * top + after
    offset = np.where(bend < 0, (before - after) / np.where(bend < 0, 2 * bend, 1.0), 0.0)
    lag = (peak + offset) / OVERSAMPLING
    lag = np.where(lag > size / 2, lag - size, lag)
    energy = np.minimum((first**2).sum(axis=1), (second**2).sum(axis=1))
    return np.where(energy > SILENT * max(energy.max(initial=0.0), 1e-300), lag, 0.0)


def delays(taps: Real, axes: int) -> Real:
    """Delays (S_1, [S_2,] L) in samples, the least of which is 0, of sets (S_1, [S_2,] L, T) on a grid of so many axes."""
    shape = taps.shape[:axes]
    places = list(np.ndindex(*shape))
    number = {place: n for n, place in enumerate(places)}
    rows: list[Real] = []
    steps: list[Real] = []
    for place, axis in itertools.product(places, range(axes)):
        neighbour = (*place[:axis], place[axis] + 1, *place[axis + 1 :])
        if neighbour in number:
            row = np.zeros(len(places))
            row[[number[place], number[neighbour]]] = -1, 1
            rows.append(row)
            steps.append(lags(taps[place], taps[neighbour]))
    if not rows:
        return np.zeros(taps.shape[:-1])
    solved = np.linalg.lstsq(np.array(rows), np.array(steps), rcond=None)[0]
    return np.asarray((solved - solved.min()).reshape(*shape, -1))


def advanced(taps: Real, delay_samples: Real, length: int) -> Real:
    """Taps (..., L, T) with delays (..., L) taken off, as (..., L, length), all later by the same whole samples: length - T.

    What is taken off lies between 0 and length - T.
    """
    spare = length - taps.shape[-1]
    out = np.zeros((*taps.shape[:-1], length))
    for place in np.ndindex(*taps.shape[:-1]):
        later = spare - delay_samples[place]
        whole = int(np.floor(later))
        through = np.convolve(taps[place], windowed_sinc(np.array([later - whole]), HALF, BETA)[0])
        start = whole - (HALF - 1)  # the filter's own latency
        low, high = max(start, 0), min(start + through.size, length)
        out[place][low:high] = through[low - start : high - start]
    return out
