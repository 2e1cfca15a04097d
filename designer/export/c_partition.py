"""Long filters of the dependency-free C in partitions: uniformly partitioned overlap-save behind a direct beginning, without latency.

A filter behind its delay is cut into partitions of B taps. The first is multiplied tap by tap. Of the others k = 1, 2, ..., the
outputs of a block depend on inputs up to the block before, so that they are ready when the block begins: nothing waits.

**Two real blocks in one transform of B points.** A block p, the next one q and a partition h are polynomials of degree below B. Of
(p + z^B q) h the coefficients from B to 2B - 1 are wanted, the upper half of p h and the lower half of q h: the samples that overlap-save
keeps. Modulo z^B - i, where z^B is i,

    (p + i q) h = (lower of p h - upper of q h) + i (upper of p h + lower of q h):

the imaginary part is what is wanted. Polynomials modulo z^B - i are multiplied point by point at the roots of z^B = i, which are
w e^{-2πjk/B}, w = e^{iπ/(2B)}: a transform of B points after sample n was turned by w^n (the right-angle convolution of Crandall
and Fagin, Mathematics of Computation 62, 1994; partitions as in Kulp, 85th AES Convention, 1988). All points are ordinary complex
numbers, none is packed. No bits are reversed, because spectra are multiplied in bit-reversed order: the forward transform ends in that
order, and the inverse begins in it.

**What pays.** A sample of one driver and channel takes T products directly, or B + 4 (T/B - 1) and 2 log2 B + 4 of each transform, which
all filters of a channel share, and all of a driver. On a Cortex-M4 a product costs 2.8 instructions in a sum of products, 1.75 times
as much in a partition and 3 times as much in a transform. With these costs the cheapest block is chosen, and none where direct sums
cost nearly the same: they need no spectra. Measured, direct sums over partitions (instructions of a Cortex-M4; time of a host, gcc -O2):

=================  =========  ============  =====
filters            taps       Cortex-M4     host
=================  =========  ============  =====
1 x 1              128        1.1           2.1
1 x 1              256        1.7           3.6
3 x 3              64         1.0           1.2
3 x 3              128        1.7           2.0
3 x 3              512        3.7           4.3
3 x 3              2048       8.0           8.9
=================  =========  ============  =====
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from designer.arrays import Complex, Real
from designer.export.filter_set import Filter

BLOCKS = tuple(2**n for n in range(4, 10))
PART_WEIGHT, TRANSFORM_WEIGHT = 1.75, 3.0
"""Instructions of a product in a partition, and in a transform, over those of one in a sum of products."""
MIN_GAIN = 1.25
"""Least saving, direct sums over partitions, that is worth their code and memory."""


class Place(NamedTuple):
    """A filter in taps as the choice looks at it."""

    channel: int
    driver: int
    taps: int
    delay: int


@dataclass(frozen=True)
class Tail:
    """Partitions of a filter, from number `first` on: spectra (P, 2, B), real and imaginary parts in bit-reversed order, over B."""

    source: Filter
    channel: int
    driver: int
    delay: int
    first: int
    spectra: np.ndarray[tuple[int, ...], np.dtype[np.float32]]


def best_block(filters: Sequence[Place]) -> int:
    """Partition B of least cost; 0 where direct sums cost less.

    In partitioned filters the first partition is a direct sum.
    """
    direct = sum(place.taps for place in filters)
    costs = {block: cost(filters, block) for block in BLOCKS}
    best = min(costs, key=lambda block: costs[block], default=0)
    return best if filters and costs[best] * MIN_GAIN < direct else 0


def cost(filters: Sequence[Place], block: int) -> float:
    """Instructions of a sample, in those of a product of a direct sum."""
    tailed = [place for place in filters if place.taps + place.delay > block]
    direct = sum(direct_count(place.taps, place.delay, block) for place in filters)
    parts = sum(_last(place, block) - _first(place.delay, block) + 1 for place in tailed)
    return direct + TRANSFORM_WEIGHT * transform_products(tailed, block) + PART_WEIGHT * 4 * parts


def transform_products(tails: Sequence[Place] | Sequence[Tail], block: int) -> int:
    """Products a sample of one forward transform a channel and one inverse a driver."""
    stages = block.bit_length() - 1
    channels, drivers = {tail.channel for tail in tails}, {tail.driver for tail in tails}
    return len(channels) * (2 * stages + 4) + len(drivers) * (2 * stages + 2)


def direct_count(taps: int, delay: int, block: int) -> int:
    """Number of taps at the beginning that are multiplied one by one; all taps where B is 0."""
    return min(taps, max(block - delay, 0)) if block else taps


def _first(delay: int, block: int) -> int:
    return max(1, delay // block)


def _last(place: Place, block: int) -> int:
    return (place.taps + place.delay - 1) // block


def tail_of(source: Filter, channel: int, driver: int, delay: int, block: int) -> Tail:
    """The partitions of a filter behind its delay."""
    place = Place(channel, driver, source.taps.size, delay)
    first, last = _first(delay, block), _last(place, block)
    late = np.zeros((last + 1) * block)
    late[delay : delay + source.taps.size] = source.taps
    spectra = forward(late.reshape(-1, block)[first:] / block)
    return Tail(
        source, channel, driver, delay, first, np.stack([spectra.real, spectra.imag], axis=1).astype(np.float32)
    )


def forward(values: Real) -> Complex:
    """Values of real polynomials (..., B) at the roots of z^B = i, in bit-reversed order."""
    block = values.shape[-1]
    return np.asarray(np.fft.fft(values * weights(block), axis=-1)[..., bit_reversed(block)])


def backward(spectra: Complex) -> Complex:
    """The polynomials of spectra, times B."""
    block = spectra.shape[-1]
    natural = np.empty_like(spectra)
    natural[..., bit_reversed(block)] = spectra
    return np.asarray(np.fft.ifft(natural, axis=-1) * block / weights(block))


def weights(block: int) -> Complex:
    """The turns w^n (B,)."""
    return np.asarray(np.exp(1j * np.pi * np.arange(block) / (2 * block)))


def bit_reversed(block: int) -> list[int]:
    """Numbers 0 to B - 1 with the order of their bits reversed."""
    bits = block.bit_length() - 1
    return [int(f"{n:0{bits}b}"[::-1], 2) for n in range(block)]
