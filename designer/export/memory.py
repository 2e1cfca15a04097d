"""What filters take: words of coefficients and of state, and products a sample, as the direct forms need them.

Taps h of length T: T coefficients, T - 1 earlier inputs, T products. A section: 5 coefficients, 2 words of state (the
transposed second direct form) and 5 products. A delay of d samples: d words of state and nothing to multiply; it is what
a filter that is a pure delay, a cascade's own delay and a channel's delay cost.
"""

from __future__ import annotations

from dataclasses import dataclass

from designer.export.filter_set import Filter, FilterSet


@dataclass(frozen=True)
class Memory:
    """Coefficients and state in words, and products a sample."""

    coefficients: int
    state: int
    multiply_adds: int

    def __add__(self, other: Memory) -> Memory:
        return Memory(
            self.coefficients + other.coefficients,
            self.state + other.state,
            self.multiply_adds + other.multiply_adds,
        )


def memory(filters: FilterSet, *, sections: bool = True, delays: bool = True) -> Memory:
    """Of all filters.

    Parameters
    ----------
    sections : the target runs sections; without, it runs their impulse responses
    delays : the target has delay lines; without, delays are zeros among the taps

    """
    total = Memory(0, 0, 0)
    for one in filters.filters:
        total += _of_filter(one, filters.delays.get(one.channel, 0), sections=sections, delays=delays)
    if delays:
        total += Memory(0, sum(filters.delays.values()), 0)
    return total


def _of_filter(one: Filter, channel_delay: int, *, sections: bool, delays: bool) -> Memory:
    if sections and one.cascade is not None:
        count = len(one.cascade.b)
        return Memory(5 * count, 2 * count + one.cascade.delay_samples, 5 * count)
    if delays and one.delay_samples is not None:
        return Memory(0, one.delay_samples, 0)
    length = one.taps.size + (0 if delays else channel_delay)
    return Memory(length, length - 1, length)
