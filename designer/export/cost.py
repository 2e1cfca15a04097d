"""Cost of an export, as a firmware engineer asks for it, from the words as they run: the same numbers for every target.

Work is the products of a second; flash holds the coefficients and what the target stores beside them; RAM holds the state, and scratch
where the target states it. Latency is that of the whole path: bulk delay, longest wait of a channel, upmix ahead of the filters, and
the block that the target gathers before it computes; buffers of devices come on top. C's macros state that of the filters, and of stereo
with the upmix. Headroom and worst output are those of the filters whose coefficients are what the files hold: rounded to single
precision, or to the integers that the target's arithmetic computes with.

**Loss at the ears.** The responses of these filters, set beside the realised ones at the points of the design: the most that is lost of
the cancellation gain at any frequency of the band, and the change of level and time at the bright points. In fixed point they are
those of the filters as the arithmetic runs them (`judged.py`). A float target's loss is 0 within rounding; it is computed all the same.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike

from designer.arrays import Real
from designer.export.arithmetic import ArithmeticModel
from designer.export.filter_set import Filter, FilterSet
from designer.export.judged import OF_ARITHMETIC
from designer.export.target import Export, Target

SINGLE_BYTES = 4
LOSSES = {"largest_loss_db": "loss_db", "level_change_db": "level_change_db", "time_change_us": "time_change_us"}
"""Number of a channel at the points -> name of the largest of all channels in the manifest."""


class Cost(NamedTuple):
    """Numbers that a firmware engineer needs; memory in bytes."""

    multiply_adds_per_s: int
    flash: int
    ram: int
    state: int
    latency_samples: int
    latency_ms: float
    headroom_db: float
    worst_output: float

    @classmethod
    def of(
        cls, filters: FilterSet, products: float, flash: int, ram: int, state: int, *, added_samples: int = 0
    ) -> Cost:
        """Cost of filters as they run, with the products of a sample, memory in bytes, and latency beside the filters'."""
        rate, late = filters.sample_rate_hz, filters.latency_samples + added_samples
        room = filters.headroom
        return cls(
            round(products * rate), flash, ram, state, late, 1e3 * late / rate, room.any_input_db, room.worst_output
        )

    @property
    def facts(self) -> dict[str, object]:
        """As a manifest holds it; the bytes of state and the headroom have keys of their own."""
        return {
            "multiply_adds_per_s": self.multiply_adds_per_s,
            "flash_bytes": self.flash,
            "ram_bytes": self.ram,
            "latency_samples": self.latency_samples,
            "latency_ms": round(self.latency_ms, 6),
        }

    @property
    def text(self) -> str:
        """In words."""
        return (
            f"{self.multiply_adds_per_s:,} multiply-adds a second; {self.flash:,} bytes of flash; {self.ram:,} of RAM, of which"
            f" {self.state:,} are state; latency {self.latency_ms:.3f} ms; headroom {self.headroom_db:z.2f} dB, worst output"
            f" {self.worst_output:.3f} of full scale"
        )


def with_cost(filters: FilterSet, target: Target, export: Export) -> Export:
    """An export with its cost and its loss at the points, from the words as they run."""
    run = as_run(filters, target, export)
    added = {"upmix": filters.upmix_samples, "block": target.block_samples}
    memory = (export.flash, export.ram, export.state_bytes)
    cost = Cost.of(run, export.multiply_adds, *memory, added_samples=sum(added.values()))
    parts = {"bulk_delay": filters.bulk_delay_samples, "wait": max(filters.delays.values(), default=0), **added}
    ears = _ears(filters, run, export)
    losses = {name: _largest(ears, key) for key, name in LOSSES.items() if _largest(ears, key) is not None}
    numbers = {**cost.facts, "latency_parts_samples": parts, **run.headroom.facts, **losses}
    facts = {**export.facts, **numbers, **({"ears": ears} if ears else {})}
    return replace(export, facts=facts, cost=cost.text)


def loss_text(facts: dict[str, Any]) -> str:
    """Loss at the ears, in words; empty where no scene is known."""
    if "level_change_db" not in facts:
        return ""
    gain = f"{facts['loss_db']:z.4f} dB of cancellation gain at most, " if "loss_db" in facts else ""
    return f"{gain}level within {facts['level_change_db']:z.4f} dB, time within {facts['time_change_us']:z.3f} µs"


def as_run(filters: FilterSet, target: Target, export: Export) -> FilterSet:
    """The filters with the coefficients that a target's files hold."""
    if target.arithmetics is not None:
        return in_words(filters, next(iter(target.arithmetics(filters).values())))
    return in_floats(filters, np.float32) if export.word_bytes == SINGLE_BYTES else filters


def in_floats(filters: FilterSet, precision: DTypeLike) -> FilterSet:
    """The filters with coefficients rounded to a floating-point precision."""

    def rounded(values: Real) -> Real:
        return np.asarray(values.astype(precision), dtype=float)

    def stored(filter_: Filter) -> Filter:
        cascade = filter_.cascade
        sections = cascade and replace(cascade, b=rounded(cascade.b), a=rounded(cascade.a))
        return replace(filter_, taps=rounded(filter_.taps), cascade=sections)

    return replace(filters, filters=tuple(map(stored, filters.filters)))


def in_words(filters: FilterSet, model: ArithmeticModel) -> FilterSet:
    """The filters as the responses of an arithmetic's integers, before it rounds any sum."""
    stored = []
    for route in model.routes:
        response = route.exact(np.eye(1, route.settling))[0]
        stored.append(Filter(route.channel, route.driver, np.concatenate([np.zeros(route.delay), response])))
    return replace(filters, filters=tuple(stored))


def _ears(filters: FilterSet, run: FilterSet, export: Export) -> dict[str, dict[str, float]]:
    """Channel -> what changed at the points, in the target's arithmetic where it has one."""
    for arithmetic in export.facts.get("arithmetic", {}).values():
        ears = {
            name: {key: value for key, value in numbers.items() if key not in OF_ARITHMETIC}
            for name, numbers in arithmetic["channels"].items()
        }
        return ears if all(ears.values()) else {}
    if filters.judge is None:
        return {}
    length = max(filter_.whole_response.size for filter_ in run.filters)
    played: dict[str, Real] = {name: np.zeros((len(run.drivers), length)) for name in run.channels}
    for filter_ in run.filters:
        response = filter_.whole_response
        played[filter_.channel][run.drivers.index(filter_.driver), : response.size] += response
    return filters.judge(played)


def _largest(ears: dict[str, dict[str, float]], key: str) -> float | None:
    return max((numbers[key] for numbers in ears.values() if key in numbers), default=None)
