"""Path of stereo in each mode, as one matrix of filters (outputs, inputs, taps), behind the upmix or not.

feeds         (L, 2 or 3)   each channel's filters, behind its delay
plain         (L, 2)        left and right on the outermost drivers, at the design's bulk delay
at the ears   (2, ...)      any of both, through the acoustics: Σ_l e_l * w_lc
headphones    (2, 2)        near- and far-ear filters of the crosstalk model

The matrix runs by overlap-save: with X_i the transform of the newest N samples of input i, N - T + 1 of them new, the last
N - T + 1 samples of the inverse transform of Σ_i F_oi X_i are those of the linear convolution. What comes out does not depend on
how the input was cut into blocks, to the last bit: transforms begin at multiples of N - T + 1 samples, and all have one shape.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Real
from designer.errors import DataError, UsageError
from designer.problem import geometry
from designer.problem.schema import Problem
from designer.realization.response import fft_convolved
from designer.stereo.chain import CENTRE, StereoChain
from designer.stereo.upmix import Upmix

EARS = ("left ear", "right ear")
BLOCK_PER_TAPS = 8  # N in lengths of the filters: near the least work a sample, log2(N) N/(N - T + 1)
SHORTEST = 2048


@dataclass(frozen=True)
class SignalPath:
    """Filters from left and right, or from left, right and centre of the upmix."""

    filters: Real  # (O, I, T)
    upmix: bool  # whether the inputs are left, right and centre of the upmix
    outputs: tuple[str, ...]  # names (O,)

    def heard(self, ears: Real) -> SignalPath:
        """Path to the two ears: the filters convolved with the ears' responses (2, O, n) and summed over the outputs."""
        through = fft_convolved(ears[:, :, None], self.filters[None]).sum(axis=1)
        return SignalPath(through, self.upmix, EARS)

    def beside(self, other: SignalPath) -> SignalPath:
        """Both at once: this path's outputs, then those of another with the same inputs."""
        length = max(self.filters.shape[2], other.filters.shape[2])
        padded = [np.pad(x, ((0, 0), (0, 0), (0, length - x.shape[2]))) for x in (self.filters, other.filters)]
        return SignalPath(np.concatenate(padded), self.upmix, (*self.outputs, *other.outputs))


class Running:
    """A path with its memory: blocks in, the samples that are known out, at most `hop` late behind the upmix.

    The upmix's latency is taken out, the filters' delay is not.
    """

    def __init__(self, path: SignalPath, sample_rate_hz: float) -> None:
        from scipy.fft import next_fast_len, rfft

        self._upmix = Upmix(sample_rate_hz) if path.upmix else None
        self._early = self._upmix.latency_samples if self._upmix else 0
        self._outputs, inputs, self._taps = path.filters.shape
        self._size = int(next_fast_len(max(SHORTEST, BLOCK_PER_TAPS * self._taps), real=True))
        self.hop = self._size - self._taps + 1
        self._spectra = rfft(path.filters, self._size, axis=2)
        self._waiting: Real = np.zeros((inputs, self._taps - 1))

    def push(self, block: Real) -> Real:
        """The samples (m, O) that are known after this block (n, 2); sample 0 is that of the first input sample."""
        return self._filtered(self._upmix.push(block) if self._upmix else block)

    def finish(self) -> Real:
        """Rest (m, O) of the output, to the end of the filters' tails: together T - 1 samples more than came in."""
        last = [self._filtered(self._upmix.finish())] if self._upmix else []
        inputs, tail = self._waiting.shape  # the last T - 1 of the input and what is not worked through yet
        return np.concatenate([*last, self._filtered(np.zeros((tail + self.hop, inputs)))[:tail]])

    def run(self, stereo: Real) -> Real:
        """All the samples of a whole recording (n, 2), to the end of the filters' tails."""
        return np.concatenate([self.push(stereo), self.finish()])

    def _filtered(self, channels: Real) -> Real:
        from scipy.fft import irfft, rfft

        dropped = min(self._early, len(channels))
        self._early -= dropped
        samples = np.concatenate([self._waiting, channels[dropped:].T], axis=1)
        count = (samples.shape[1] - self._taps + 1) // self.hop
        self._waiting = samples[:, count * self.hop :]
        out = np.empty((count * self.hop, self._outputs))
        for n in range(count):
            spectra = rfft(samples[:, n * self.hop : n * self.hop + self._size], axis=1)
            products = np.einsum("oif,if->of", self._spectra, spectra)
            out[n * self.hop : (n + 1) * self.hop] = irfft(products, self._size, axis=1)[:, self._taps - 1 :].T
        return out


def feeds_path(chain: StereoChain) -> SignalPath:
    """Driver feeds of the design's chain, its gain included."""
    channels = (*chain.sides, CENTRE) if chain.upmix else chain.sides
    length = max(chain.delay_samples[name] + chain.taps[name].shape[1] for name in channels)
    filters = np.zeros((len(chain.drivers), len(channels), length))
    for i, name in enumerate(channels):
        delay, taps = chain.delay_samples[name], chain.taps[name]
        filters[:, i, delay : delay + taps.shape[1]] = chain.gain * taps
    return SignalPath(filters, chain.upmix, chain.drivers)


def plain_path(problem: Problem, delay_samples: int) -> SignalPath:
    """Left and right as they are on the outermost drivers, as late as the design; a DataError where all are in the middle."""
    sides = geometry.outermost(problem)
    if sides is None:
        raise DataError(
            f"{problem.source}: got no driver further to the left or right than another; expected two for plain stereo,"
            " drivers side by side; leave --plain out"
        )
    filters = np.zeros((len(problem.drivers), 2, delay_samples + 1))
    for i, driver in enumerate(sides):
        filters[driver, i, delay_samples] = 1.0
    return SignalPath(filters, False, problem.driver_names)


def headphones_path(chain: StereoChain) -> SignalPath:
    """The crosstalk model alone; a UsageError where the design has none."""
    if not chain.crosstalk:
        raise UsageError(
            "--headphones: got a design without a crosstalk model; expected a design with a [virtualizer] table; add"
            " one to the problem file and design it again, or give --at-ears"
        )
    near, far = chain.crosstalk["near"], chain.crosstalk["far"]
    filters = np.zeros((2, 2, max(near.size, far.size)))
    for i in range(2):
        filters[i, i, : near.size] = near
        filters[1 - i, i, : far.size] = far
    return SignalPath(filters, False, EARS)
