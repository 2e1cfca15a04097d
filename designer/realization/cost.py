"""Memory and work of filters in their direct forms, and what a channel's filters cost together.

Taps h of length T: T coefficients, T - 1 earlier inputs, T products. A section: 5 coefficients, 2 words of state (the transposed second
direct form) and 5 products. A delay of d samples: d words of state and nothing to multiply; it is what a filter that is a pure
delay, a cascade's own delay and a channel's delay cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

from designer.arrays import Real
from designer.measures import amplitude_db
from designer.problem.schema import Problem, Realization
from designer.realization.cascade import Cascade
from designer.realization.words import is_pure_delay, output_bound

SECTION_COEFFICIENTS, SECTION_STATE = 5, 2
FLOAT_BYTES = 4
"""Width of a coefficient in floating point, as most processors compute."""


class Memory(NamedTuple):
    """Coefficients and state in words, and products a sample."""

    coefficients: int
    state: int
    multiply_adds: int

    @classmethod
    def of_taps(cls, count: int) -> Memory:
        """Memory of a filter of taps."""
        return cls(count, count - 1, count)

    @classmethod
    def of_sections(cls, count: int, delay_samples: int = 0) -> Memory:
        """Memory of a cascade behind a delay."""
        products = SECTION_COEFFICIENTS * count
        return cls(products, SECTION_STATE * count + delay_samples, products)

    @classmethod
    def of_delay(cls, samples: int) -> Memory:
        """Memory of a pure delay."""
        return cls(0, samples, 0)

    @classmethod
    def sum(cls, memories: Iterable[Memory]) -> Memory:
        """Memory of several filters together."""
        return cls(*(sum(column) for column in zip(cls(0, 0, 0), *memories, strict=True)))


class ChannelCost(NamedTuple):
    """Cost of a channel's filters: work, memory in bytes, latency, and the level of the loudest feed for inputs of full scale."""

    multiply_adds_per_s: float
    coefficient_bytes: int
    state_bytes: int
    latency_ms: float
    headroom_db: float
    worst_output_db: float


def channel_costs(
    problem: Problem, taps: Mapping[str, Real], sections: Mapping[str, Mapping[str, Cascade]], bulk_delay_samples: int
) -> dict[str, ChannelCost]:
    """Channel -> cost of its filters (L, T), or of its cascades."""
    return {
        name: channel_cost(
            problem.realization, filters, sections.get(name, {}).values(), bulk_delay_samples, problem.sample_rate_hz
        )
        for name, filters in taps.items()
    }


def channel_cost(
    table: Realization, taps: Real, cascades: Iterable[Cascade], bulk_delay_samples: int, sample_rate_hz: float
) -> ChannelCost:
    """Cost of a channel's filters (L, T), or of the cascades that these are the responses of, in the problem's word."""
    played = taps[taps.any(axis=1)]
    pure = is_pure_delay(played)
    sections = [Memory.of_sections(len(cascade.b), cascade.delay_samples) for cascade in cascades]
    delays = [Memory.of_delay(int(delay)) for delay in np.argmax(np.abs(played[pure]), axis=1)]
    memory = Memory.sum(sections or [*(Memory.of_taps(taps.shape[1]) for _ in played[~pure]), *delays])
    words = coefficients(table, played) if table.form == "rtf" and not sections else memory.coefficients
    width = word_bytes(table)
    worst_db = float(amplitude_db(output_bound(taps).max(keepdims=True))[0])
    return ChannelCost(
        words * sample_rate_hz,
        width * words,
        width * memory.state,
        1e3 * bulk_delay_samples / sample_rate_hz,
        max(0.0, worst_db),
        worst_db,
    )


def word_bytes(table: Realization) -> int:
    """Bytes of a coefficient: of the word, or of a float."""
    return FLOAT_BYTES if table.fixed_point is None else -(-table.fixed_point.bits // 8)


def coefficients(table: Realization, taps: Real) -> int:
    """Coefficients that a channel's filters (L, T) store, each one product a sample; a pure delay stores none.

    The RTF form's common equaliser is stored once, and its ratios without it.
    """
    if table.form == "biquad":
        return SECTION_COEFFICIENTS * table.sections * len(taps)
    if table.form == "rtf" and table.equaliser_taps:
        return (len(taps) - 1) * (table.taps - table.equaliser_taps + 1) + table.equaliser_taps
    return int(np.count_nonzero(~is_pure_delay(taps))) * int(taps.shape[1])
