"""Filters that follow values which change while they play: a walk through a bank, or through responses at places.

Values come in steps of a block. Over a block the output goes over on a straight line from the filter before to the filter now,

    y[n] = (1 - n/B) y_before[n] + (n/B) y_now[n],     n = 0 ... B - 1,

each of the two being the whole convolution, with all that came in before; so the output has no step, and a value that stays plays one
filter. This is the crossfade of a firmware that works block by block.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np

from designer.arrays import Complex, Real

Filters = Callable[[Sequence[float]], Real]
"""Filters (O, I, T) at values of the keys."""


class Walking(Protocol):
    """Filters that follow: of `inputs` inputs, and at most `taps` long."""

    inputs: int
    taps: int

    def push(self, block: Real, values: Sequence[float]) -> Real:
        """Outputs (B, O) of the next inputs (B, I), at whose end the filters are those of new values."""


class Walk:
    """A time-varying matrix of filters with its memory: blocks of inputs in, blocks of outputs out."""

    def __init__(self, filters: Filters, start: Sequence[float]) -> None:
        self._filters = filters
        self._values = tuple(start)
        first = filters(self._values)
        self.inputs, self.taps = first.shape[1:]
        self._spectra = _Spectra(first)
        self._memory = np.zeros((self.inputs, self.taps - 1))

    def push(self, block: Real, values: Sequence[float]) -> Real:
        """Outputs (B, O) of the next inputs (B, I), at whose end the filters are those of new values."""
        from scipy.fft import irfft, next_fast_len, rfft

        samples = np.concatenate([self._memory, block.T], axis=1)
        self._memory = samples[:, samples.shape[1] - (self.taps - 1) :]
        size = int(next_fast_len(samples.shape[1], real=True))
        spectra = rfft(samples, size, axis=1)

        def played(filters: _Spectra) -> Real:
            through = np.einsum("oif,if->of", filters.at(size), spectra)
            return np.asarray(irfft(through, size, axis=1)[:, self.taps - 1 : self.taps - 1 + len(block)].T)

        out = played(self._spectra)
        if tuple(values) != self._values:
            self._values, self._spectra = tuple(values), _Spectra(self._filters(values))
            share = (np.arange(len(block)) / len(block))[:, None]
            out = (1 - share) * out + share * played(self._spectra)
        return out


class _Spectra:
    """Transforms of filters (O, I, T), made once for each length."""

    def __init__(self, filters: Real) -> None:
        self._filters = filters
        self._size, self._values = 0, np.zeros(0, dtype=complex)

    def at(self, size: int) -> Complex:
        """Transforms (O, I, size // 2 + 1)."""
        from scipy.fft import rfft

        if size != self._size:
            self._size, self._values = size, rfft(self._filters, size, axis=2)
        return self._values


def walked(filters: Filters, inputs: Real, values: Real, block: int) -> Real:
    """Outputs (N, O) of inputs (N, I), whose n-th block ends with the filters at `values` (blocks, K)."""
    return along(Walk(filters, values[0]), inputs, values, block)


def along(walk: Walking, inputs: Real, values: Real, block: int) -> Real:
    """Outputs (N, O) of inputs (N, I), whose n-th block ends with the filters at `values` (blocks, K)."""
    blocks = [
        walk.push(inputs[start : start + block], tuple(row))
        for start, row in zip(range(0, len(inputs), block), values, strict=True)
    ]
    return np.concatenate(blocks)
