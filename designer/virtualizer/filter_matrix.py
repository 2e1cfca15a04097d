"""Every input through a filter to every output, in blocks of any size: overlap-save.

With X_i the transform of the newest N samples of input i, N - T + 1 of them new, the last N - T + 1 samples of the inverse
transform of Σ_i F_oi X_i are those of the linear convolution: the first T - 1, which wrap around, are thrown away. Each
input is transformed once and each output once, whatever the number of filters between them.

What comes out does not depend on how the input was cut into blocks, to the last bit: transforms begin at multiples of
N - T + 1 samples, and all have one shape.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Real

BLOCK_PER_TAPS = 8
"""N in lengths of the filters: near the least work a sample, log2(N) N/(N - T + 1)."""
SHORTEST = 2048


class FilterMatrix:
    """Convolution of I inputs with filters (O, I, T), block by block.

    Attributes
    ----------
    hop : samples that are worked through at once; an output is known at most so many samples late

    """

    def __init__(self, filters: Real) -> None:
        from scipy.fft import next_fast_len, rfft

        self._outputs, self._inputs, self._taps = filters.shape
        self._size = int(next_fast_len(max(SHORTEST, BLOCK_PER_TAPS * self._taps), real=True))
        self.hop = self._size - self._taps + 1
        self._spectra = rfft(filters, self._size, axis=2)
        self._waiting: Real = np.zeros((self._inputs, self._taps - 1))
        self._count = 0

    def push(self, block: Real) -> Real:
        """The output samples (m, O) that are known after this block (n, I); sample 0 is that of the first input sample."""
        from scipy.fft import irfft, rfft

        self._count += len(block)
        samples = np.concatenate([self._waiting, block.T], axis=1)
        count = (samples.shape[1] - self._taps + 1) // self.hop
        self._waiting = samples[:, count * self.hop :]
        out = np.empty((count * self.hop, self._outputs))
        for n in range(count):
            spectra = rfft(samples[:, n * self.hop : n * self.hop + self._size], axis=1)
            products = np.einsum("oif,if->of", self._spectra, spectra)
            out[n * self.hop : (n + 1) * self.hop] = irfft(products, self._size, axis=1)[:, self._taps - 1 :].T
        return out

    def finish(self) -> Real:
        """What is left (m, O), to the end of the filters' tails: together T - 1 samples more than came in."""
        wanted = self._waiting.shape[1]  # the last T - 1 of the input and what is not worked through yet
        return self.push(np.zeros((wanted + self.hop, self._inputs)))[:wanted]
