"""Crossovers of Linkwitz and Riley between the ways of plain playback, compensated so that any number of ways sums flat.

With D the Butterworth polynomial of order m = n/2, |D(jx)|² = 1 + x^2m, and the frequency s = jx over the corner, a crossover of order n is

    LP = 1 / D(s)²,     HP = (-1)^m s^n / D(s)²,     LP + HP = D(s) D(-s) / D(s)² = D(-s) / D(s) = A,     |A| = 1,

because D(s) D(-s) = 1 + (-s²)^m = 1 + (-1)^m s^n. The sum is an all-pass; the sign turns the upper way over where m is odd (order 2).

A second crossover splits what the first hands up into parts that sum to A_2 times it, so the first's low branch has to take A_2 too. By
induction from the highest crossover down, way k of K takes every high-pass below it and every all-pass above it,

    path_k = Π_{i<k} HP_i · LP_k · Π_{i>k} A_i,     Σ_k path_k = Π_i A_i.

Below the lowest way's band and above the highest's no other way takes over: there a Butterworth filter of order m, -3 dB at the band's
end, ends all ways alike, E(f): twice the order rings twice as long, and costs the taps of a small device what they have for its design. So
the ways together are S = E · Π A. Because |LP| < x^-n, |HP| < x^n, and |E| less than x^-m or x^m, no driver is fed more outside its band
than these slopes from its band's ends allow: 6 n dB an octave where another way takes over, 6 m where none does.

x = tan(πf/R) / tan(πf_c/R), the bilinear transform at sample rate R: every identity above stays, a cascade of sections computes it
exactly, it is real at Nyquist, and its slopes are at least as steep as those in f.

Source: S. Linkwitz, Active crossover networks for noncoincident drivers (JAES 24, 1976); for the compensation P. Garde, All-pass
crossover systems (JAES 28, 1980).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import Bool, Complex, Real

LEAST_END = 1e-4
"""-80 dB, where the ends' filters stop: 0 at 0 Hz or at Nyquist would leave a design no level to keep."""
PLAYS = 0.5
"""Amplitude of the sum from which on plain playback is there to be compared with."""


@dataclass(frozen=True)
class Crossover:
    """The filters of the ways from the lowest to the highest; by default one way that plays everything.

    Attributes
    ----------
    sample_rate_hz : float, of the bilinear transform
    order : int, of the crossovers; the ends have half of it
    ends_hz : (2,), where the lowest way begins and the highest ends; 0 and inf where nothing ends
    crossings_hz : (ways - 1, 2), between two ways the corner of the lower one's low-pass and of the upper one's high-pass

    """

    sample_rate_hz: float = 1.0
    order: int = 4
    ends_hz: tuple[float, float] = (0.0, math.inf)
    crossings_hz: tuple[tuple[float, float], ...] = ()

    @property
    def spans_hz(self) -> list[tuple[float, float]]:
        """From where to where each way plays."""
        lows = [self.ends_hz[0], *(high_pass for _, high_pass in self.crossings_hz)]
        return list(zip(lows, [*(low_pass for low_pass, _ in self.crossings_hz), self.ends_hz[1]], strict=True))

    def slopes(self, band_hz: Sequence[float] | None) -> tuple[int, int]:
        """Orders of a driver's slopes below and above its band: half where the whole ends with it."""
        low_hz, high_hz = band_hz or self.ends_hz
        half = self.order // 2
        return half if low_hz <= self.ends_hz[0] else self.order, half if high_hz >= self.ends_hz[1] else self.order

    def paths(self, frequency_hz: Real) -> Complex:
        """Responses that the ways are fed through (ways, F)."""
        low, high, all_pass = self._splits(frequency_hz)
        below = np.cumprod([self._ends(frequency_hz), *high], axis=0)
        above = np.cumprod([np.ones(frequency_hz.size), *all_pass[::-1]], axis=0)[::-1]
        return np.asarray(below * [*low, np.ones(frequency_hz.size)] * above[[*range(1, len(above)), -1]])

    def sum(self, frequency_hz: Real) -> Complex:
        """S (F,), what the ways make together: flat in level from end to end, and an all-pass in phase."""
        return np.asarray(np.prod([self._ends(frequency_hz), *self._splits(frequency_hz)[2]], axis=0))

    def plays(self, frequency_hz: Real) -> Bool:
        """Where (F,) the sum is at most 6 dB down."""
        return np.asarray(np.abs(self._ends(frequency_hz)) >= PLAYS)

    def _splits(self, frequency_hz: Real) -> tuple[list[Complex], list[Complex], list[Complex]]:
        half = self.order // 2
        low: list[Complex] = []
        high: list[Complex] = []
        all_pass: list[Complex] = []
        for low_pass_hz, high_pass_hz in self.crossings_hz:
            s = self._s(frequency_hz, low_pass_hz)
            low.append(1 / _butterworth(s, half) ** 2)
            all_pass.append(_butterworth(-s, half) / _butterworth(s, half))
            s = self._s(frequency_hz, high_pass_hz)
            high.append((-1) ** half * s**self.order / _butterworth(s, half) ** 2)
        return low, high, all_pass

    def _ends(self, frequency_hz: Real) -> Complex:
        """E (F,)."""
        (low_hz, high_hz), half = self.ends_hz, self.order // 2
        out = np.ones(frequency_hz.size, dtype=complex)
        if low_hz > 0:
            s = self._s(frequency_hz, low_hz)
            out *= s**half / _butterworth(s, half)
        if high_hz < self.sample_rate_hz / 2:
            out /= _butterworth(self._s(frequency_hz, high_hz), half)
        return np.asarray(np.where(np.abs(out) < LEAST_END, LEAST_END, out))

    def _s(self, frequency_hz: Real, corner_hz: float) -> Complex:
        angle = np.pi / self.sample_rate_hz
        return np.asarray(1j * np.tan(angle * frequency_hz) / math.tan(angle * corner_hz))


def _butterworth(s: Complex, order: int) -> Complex:
    """Product over the poles e^{jπ(2k + m - 1)/2m} of s less the pole, 1 at s = 0."""
    poles = np.exp(1j * np.pi * (2 * np.arange(1, order + 1) + order - 1) / (2 * order))
    return np.asarray(np.prod(s[:, None] - poles, axis=1))
