"""Sections that follow values which change while they play.

A route from a channel to a driver delays, then filters. Over the block of B samples after a step both go over on a straight line, with the
share g = n/B of the new values:

    u[n] = (1 - g) (d_before * x)[n] + g (d_now * x)[n]            delays, of the channel's samples x
    w_s[n] = u[n] - a_s1 w_s[n-1] - a_s2 w_s[n-2]                   each section's poles
    y[n] = X_0 u[n] + Σ_s ( X_s1 w_s[n] + X_s2 w_s[n-1] ),          X = (1 - g) X_before + g X_now

The state w is a function of u alone: a change of numerators leaves no transient behind, and its fade is that of two filters that both
have heard all before (`walk`). A change of delay is heard through the poles, which hear a fade too, and settle as they ring. Values that
stay play one filter.

**Stability in time.** Coefficients inside the triangle at all times do not make a filter stable whose denominators change. These do
not change: u is bounded by the input times the largest l1 norm of a delay, w_s by u times that of 1/A_s, y by w times the largest
numerators of any set, along whatever path.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from designer.arrays import Real
from designer.bank.delay_filter import DELAY_TAPS, fraction_taps
from designer.bank.section_bank import SectionBank


class SectionWalk:
    """A bank's sections with their memory: blocks of inputs in, blocks of outputs out.

    Parameters
    ----------
    waits : mapping of str to int, channel, in the order of the inputs -> whole samples that it waits
    start : sequence of float, values of the keys before the first block

    """

    def __init__(self, bank: SectionBank, waits: Mapping[str, int], start: Sequence[float]) -> None:
        self._bank, self._waits, self._values = bank, dict(waits), tuple(start)
        self.inputs, self.taps = len(waits), bank.length + max(waits.values())
        late = max(float(bank.delay_samples[name].max()) + wait for name, wait in waits.items())
        self._memory = np.zeros((self.inputs, int(late) + DELAY_TAPS))
        self._routes = [
            (c, l, name)
            for c, name in enumerate(waits)
            for l in range(len(bank.drivers))
            if bank.numerators[name][..., l, :].any()
        ]
        self._states = np.zeros((len(self._routes), bank.sections, 2))
        self._past = np.zeros((len(self._routes), bank.sections))
        self._parts = self._at(self._values)

    def push(self, block: Real, values: Sequence[float]) -> Real:
        """Outputs (B, L) of the next inputs (B, C), at whose end the filters are those of new values."""
        from scipy.signal import lfilter  # slow to import

        size = len(block)
        lines = np.concatenate([self._memory, block.T], axis=1)
        self._memory = lines[:, lines.shape[1] - self._memory.shape[1] :]
        before, moves = self._parts, tuple(values) != self._values
        if moves:
            self._values, self._parts = tuple(values), self._at(values)
        share, out = np.arange(size) / size, np.zeros((size, len(self._bank.drivers)))
        for r, (c, l, name) in enumerate(self._routes):
            numerators, u = before[name][0][l][:, None], self._delayed(lines[c], before[name], l, name, size)
            if moves:
                now = self._parts[name]
                u = (1 - share) * u + share * self._delayed(lines[c], now, l, name, size)
                numerators = (1 - share) * numerators + share * now[0][l][:, None]
            y = numerators[0] * u
            for s, a in enumerate(self._bank.denominators[name][l]):
                w, self._states[r, s] = lfilter([1.0], [1.0, *a], u, zi=self._states[r, s])
                late = np.concatenate([self._past[r, s : s + 1], w[:-1]])
                self._past[r, s] = w[-1]
                y = y + numerators[1 + 2 * s] * w + numerators[2 + 2 * s] * late
            out[:, l] += y
        return out

    def _at(self, values: Sequence[float]) -> dict[str, tuple[Real, Real]]:
        """Channel -> numerators and delays."""
        return {name: self._bank.coefficients(name, values) for name in self._waits}

    def _delayed(self, line: Real, part: tuple[Real, Real], l: int, name: str, size: int) -> Real:
        """The newest samples (B,) of a line, by a route's delay late."""
        delay = float(part[1][l])
        whole = int(np.floor(delay))
        end = line.size - whole - self._waits[name]
        return np.convolve(
            line[end - size - DELAY_TAPS + 1 : end], fraction_taps(np.array([delay - whole]))[0], "valid"
        )
