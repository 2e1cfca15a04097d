"""Plan of Sound Open Firmware's blobs: the filters as its integers, within its limits, and the arithmetic that they run in.

**Taps** are int16 of 1.15 times a power of two of each filter; delays are zeros ahead of them. `fir_32x16_2x` sums 64 bits, shifts the
sum right by 15 + shift, towards minus infinity, and saturates to 32. The filter bank shifts that right by 4, adds the filters of an
output, and saturates the sum shifted left by 4.

**Sections** are those of `iir_df1`: direct form I, coefficients of 2.30, samples of 1.31, a sum of 64 bits rounded, halves upwards, and
saturated after each section. Section s is lowered by 2^-e_s, so that no input reaches full scale at its output, and the last one's shift
raises the output again:

    e_s = ceil(log2(B_s / FULL)),   b'_s = b_s 2^(e_{s-1} - e_s),   e_{-1} = 0,   e_last >= 0,

with B_s the l1 norm up to section s, and e_s higher where b'_s would leave 2.30. A delay is sections of z^-2 and z^-1 ahead. An
equaliser mixes nothing: each output is one channel through one filter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np

from designer.arrays import Real
from designer.export import sof_blobs as blobs
from designer.export.arithmetic import ArithmeticModel, Integers, ModelRoute, Whole, cascades, saturated, word_route
from designer.export.cmsis_arrangement import lowered_bits, scaled_table
from designer.export.filter_set import Filter, FilterSet
from designer.export.sof_blobs import FLAT_SECTION, LATE_BY_ONE, LATE_BY_TWO, Fir, Section
from designer.export.target import at_most, at_most_ports, refuse
from designer.problem.word_format import Word
from designer.realization.cascade import Cascade, pole_radii
from designer.realization.words import driver_shift, rounded

Stored = TypeVar("Stored", Fir, tuple[Section, ...])

TARGET = "sof"
TAPS_WORD, SECTIONS_WORD, SAMPLE = Word(1, 15), Word(2, 30), Word(1, 31)
MAX_BYTES, MAX_IIR_BYTES = 4096, 1024
"""Bytes of a blob with its header."""
MAX_FILTERS, MAX_TAPS, MAX_PORTS = 16, 256, 8
MAX_RESPONSES, MAX_SECTIONS = 8, 11
MAX_SHIFT = 8
MAX_RAISED = 13
"""The output's shift of 14 - e bits with its rounding wants one bit at least."""
MIX_BITS = 4
FEWER = "choose fewer [realization] taps, or export c"


@dataclass(frozen=True)
class Plan:
    """Filters in integers, in the order of the set; `blobs` are the contents by their names."""

    filters: FilterSet
    stored: tuple[Fir | tuple[Section, ...], ...]
    blobs: dict[str, bytes]

    @property
    def is_fir(self) -> bool:
        """Whether the filters are taps."""
        return "tdfb" in self.blobs


def plan_of(filters: FilterSet) -> Plan:
    """Integers and blobs of a set of filters. Raises UsageError: a limit is passed, with the number that would fit."""
    at_most_ports(TARGET, filters, MAX_PORTS, "design fewer, or export c")
    if any(filter_.cascade is not None for filter_ in filters.filters):
        return _sections_plan(filters)
    count = len(filters.filters)
    at_most(TARGET, count, MAX_FILTERS, "filters", "design fewer channels or drivers, or export c")
    longest = max(filters.delay(f) + (1 if f.delay_samples is not None else f.taps.size) for f in filters.filters)
    spare = (MAX_BYTES - blobs.HEADER_BYTES - 40) // count - blobs.FILTER_BYTES - 6
    most = min(MAX_TAPS, spare // 2 // 4 * 4)
    if longest > MAX_TAPS:
        at_most(TARGET, longest, most, "taps, delays included", FEWER)
    stored = tuple(_fir(filters, filter_) for filter_ in filters.filters)
    paths = [(filters.channels.index(f.channel), filters.drivers.index(f.driver)) for f in filters.filters]
    content = blobs.tdfb(stored, paths, len(filters.drivers))
    size = blobs.HEADER_BYTES + len(content)
    if size > MAX_BYTES:
        held = f"at most {MAX_BYTES:,}, which hold {count} filters of {most} taps, delays included"
        raise refuse(TARGET, f"{count} filters of up to {longest} taps, {size:,} bytes a blob", held, FEWER)
    contents = {"tdfb": content}
    if not filters.mixed:
        responses, assigned = _assigned(filters, stored)
        assigned += assigned[-1:] * (len(assigned) % 2)
        if len(responses) <= MAX_RESPONSES:
            contents["eq_fir"] = blobs.eq_fir(responses, assigned)
    return Plan(filters, stored, contents)


def _sections_plan(filters: FilterSet) -> Plan:
    if mixed := filters.mixed:
        raise refuse(
            TARGET,
            f"sections, and {mixed}",
            "one filter a driver, because its IIR equaliser mixes nothing",
            'set [realization] form = "fir", whose filter bank does, or export c',
        )
    stored = tuple(_cascade(filters, filter_) for filter_ in filters.filters)
    longest, path = max((len(cascade), filter_.path) for cascade, filter_ in zip(stored, filters.filters, strict=True))
    counted = f"sections in {path}, one for two samples of delay included"
    at_most(TARGET, longest, MAX_SECTIONS, counted, "choose fewer [realization] sections")
    responses, assigned = _assigned(filters, stored)
    content = blobs.eq_iir(responses, assigned)
    size = blobs.HEADER_BYTES + len(content)
    if size > MAX_IIR_BYTES:
        spare = (MAX_IIR_BYTES - blobs.HEADER_BYTES - 28 - 4 * len(assigned)) // len(responses)
        most = (spare - 24) // 28
        held = f"at most {MAX_IIR_BYTES:,}, which hold {len(responses)} filters of {most} sections, one for two samples of delay included"
        actual = f"{len(responses)} filters of up to {longest} sections, {size:,} bytes a blob"
        raise refuse(TARGET, actual, held, "choose fewer [realization] sections, or export c")
    return Plan(filters, stored, {"eq_iir": content})


def _assigned(filters: FilterSet, stored: tuple[Stored, ...]) -> tuple[list[Stored], list[int]]:
    """Responses, each once, and the one of each driver."""
    of_driver = {filter_.driver: numbers for filter_, numbers in zip(filters.filters, stored, strict=True)}
    responses = list(dict.fromkeys(of_driver[driver] for driver in filters.drivers))
    return responses, [responses.index(of_driver[driver]) for driver in filters.drivers]


def _fir(filters: FilterSet, filter_: Filter) -> Fir:
    taps = np.ones(1) if filter_.delay_samples is not None else filter_.taps
    shift = _shift(filters, filter_, taps)
    whole = rounded(taps, TAPS_WORD, shift).astype(int).tolist()
    padded = [0] * filters.delay(filter_) + whole
    return Fir(tuple(padded + [0] * (max(4, -(-len(padded) // 4) * 4) - len(padded))), -shift)


def _shift(filters: FilterSet, filter_: Filter, taps: Real) -> int:
    """The design's shift of a filter, where its word is 1.15; else the least with which the taps fit."""
    if filters.word == TAPS_WORD and filter_.delay_samples is None:
        return filters.designed_shift(TAPS_WORD, filter_.channel, filter_.driver) or 0
    shift = driver_shift(taps, TAPS_WORD)
    if shift > MAX_SHIFT:
        limit = f"at most {TAPS_WORD.greatest * 2.0 ** (MAX_SHIFT - 15):.0f}"
        remedy = "limit the drivers' gains ([[drivers]] max_gain_db)"
        raise refuse(TARGET, f"a tap of {np.abs(taps).max():g} in {filter_.path}", limit, remedy)
    return shift


def _cascade(filters: FilterSet, filter_: Filter) -> tuple[Section, ...]:
    wait = filters.delay(filter_)
    ahead = [LATE_BY_TWO] * (wait // 2) + [LATE_BY_ONE] * (wait % 2)
    if filter_.cascade is None:
        return tuple(ahead) or (FLAT_SECTION,)
    table, raised = section_words(filter_.cascade, filter_.path)
    sections = [Section(a2, a1, b2, b1, b0) for b0, b1, b2, a1, a2 in table.tolist()]
    return (*ahead, *sections[:-1], sections[-1]._replace(shift=-raised))


def section_words(cascade: Cascade, location: str) -> tuple[Whole, int]:
    """Integers b0, b1, b2, a1, a2 (S, 5), the feedback added, and the bits that the output is raised by.

    Raises UsageError: rounding makes a section unstable, or the output would have to be raised further than it can.
    """
    lowered = lowered_bits(cascade)
    most = SECTIONS_WORD.greatest
    for s in range(len(lowered)):
        while np.rint(np.abs(scaled_table(cascade, lowered)[s, :3]).max() / SECTIONS_WORD.step) > most:
            lowered[s] += 1
    table = np.rint(scaled_table(cascade, lowered) / SECTIONS_WORD.step).astype(np.int64)
    radius = float(pole_radii(-table[:, 3:] * SECTIONS_WORD.step).max())
    if lowered[-1] > MAX_RAISED or radius >= 1.0 or np.abs(table).max() > most:
        actual = f"an output raised by {lowered[-1]} bits, and a pole of magnitude {radius:.6f}, in {location}"
        remedy = "limit the drivers' gains ([[drivers]] max_gain_db), or choose a smaller [realization] pole radius"
        raise refuse(TARGET, actual, f"at most {MAX_RAISED} bits, and below 1", remedy)
    return table, int(lowered[-1])


@dataclass(frozen=True)
class SofModel(ArithmeticModel):
    """The firmware's arithmetic: sums of sections are rounded, halves upwards."""

    def _cascades(self, routes: list[ModelRoute], x: Whole) -> Whole:
        tables = np.repeat(
            np.stack([route.sections for route in routes if route.sections is not None]), x.shape[1], axis=0
        )
        lower = np.full(len(tables), SECTIONS_WORD.fraction_bits - 1)
        signals = x.reshape(len(tables), -1)
        return cascades(tables.astype(np.int64), lower, signals, _nearest).reshape(x.shape)


def _nearest(values: Integers) -> Integers:
    return saturated((values + 1) >> 1, SAMPLE.bits)


def model(filters: FilterSet) -> SofModel:
    """Model of the firmware on samples of 32 bits. Raises UsageError: it cannot hold the filters."""
    plan = plan_of(filters)
    routes = tuple(
        _route(filters, filter_, numbers) for filter_, numbers in zip(filters.filters, plan.stored, strict=True)
    )
    if plan.is_fir:
        words = "fir_32x16_2x, taps of 16 bits, sums of 64 bits cut to 28 and saturated"
        return SofModel(words, SAMPLE, routes, partial(saturated, bits=SAMPLE.bits - MIX_BITS))
    words = "iir_df1, coefficients of 2.30, sums of 64 bits rounded to 32 and saturated after each section"
    return SofModel(words, SAMPLE, routes, partial(saturated, bits=SAMPLE.bits))


def _route(filters: FilterSet, filter_: Filter, stored: Fir | tuple[Section, ...]) -> ModelRoute:
    plain = word_route(filter_, SECTIONS_WORD)
    if isinstance(stored, Fir):
        taps = np.array(stored.taps[filters.delay(filter_) :], dtype=np.int64)
        return replace(plain, taps=taps, lower=TAPS_WORD.fraction_bits + stored.shift + MIX_BITS, raised=MIX_BITS)
    if filter_.cascade is None:
        return plain
    sections = stored[-len(filter_.cascade.b) :]
    table = np.array([[s.b0, s.b1, s.b2, s.a1, s.a2] for s in sections], dtype=np.int64)
    return replace(plain, sections=table, raised=-sections[-1].shift)
