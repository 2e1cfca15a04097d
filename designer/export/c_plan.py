"""Plan of the dependency-free C, before it is text: the stored numbers of each filter, their word, and the lengths of all arrays.

A channel's samples lie in one line of D + block samples, D the largest sum of delay and taps of the filters that read it. Every filter
of the channel reads the same line where its own delay ends, so that delays and further filters of a channel cost no memory. The line
moves back once a block; in between new samples are appended, in portions of any size.

**Taps.** A stored number q is the tap q 2^(s - f) in words of f fraction bits, with a shift s for each filter. s is the design's shift if
the design's word is the target's, else the smallest that fits, which is below 0 for quiet filters. Products are summed in 64 bits, which
must not overflow (in C the result would be undefined). With |x| <= 2^f this means Σ|q| 2^f <= 2^63 - 1; for q31 s is raised until

    Σ|q| <= 2^32 - 1.

**Feeds.** The sums of all routes to a driver are shifted by s to SUM_BITS fraction bits, and added in 64 bits. The driver's sum is rounded
once to the nearest sample and saturated. No input may drive a feed above 2^(63 - SUM_BITS) times full scale.

**Sections** run in 32 bits in both fixed words: samples of q15 are raised by 16 bits at the input. They have direct form I, nodes scaled by
powers of two, and coefficients c 2^-(31 - p), p the smallest with which all fit and no sum of five products exceeds 64 bits. Each sum is
cut to 32 bits and saturated, and the part cut off is added to the section's next sum: no DC, and no audible limit cycle.

**Floats** have single precision, sections in the transposed direct form II, and long filters in partitions (`c_partition.py`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real
from designer.export.c_partition import Place, Tail, best_block, direct_count, tail_of, transform_products
from designer.export.c_text import SEARCH, quiet_note, rounding_note
from designer.export.cmsis_arrangement import lowered_bits, post_shift, scaled_table
from designer.export.filter_set import Filter, FilterSet
from designer.export.names import FirmwareNames, firmware_names
from designer.export.target import at_most, refuse
from designer.problem.word_format import Word
from designer.realization.cascade import Cascade, pole_radii
from designer.realization.words import driver_shift, rounded, scale

BLOCK = 64
"""Samples computed at once, if no partition sets their number: longer blocks take memory and gain little."""
SUM_BITS = 47
"""Fraction bits of a driver's sum: 16 more than q31 has, with room for 2^16 times full scale above."""
MAX_FEED = 2.0**15
MAX_NUMBERS = 1 << 24
"""Largest number of coefficients of a source: 64 MB of flash, more than its processors have, and minutes of compiling."""
NODE = Word.of("q31")
"""The word of sections and their nodes."""
QUIETER = "lower the filters (max_gain_db, max_effort_db), or export c"
Numbers = NDArray[np.int64] | NDArray[np.float32]


@dataclass(frozen=True)
class CWord:
    """Word of samples and taps: the target of that name, a sample's type in C and its bytes, its fixed point, None for floats."""

    target: str
    c_type: str
    bytes: int
    word: Word | None

    @property
    def fixed(self) -> Word:
        """Its fixed point."""
        assert self.word is not None
        return self.word

    @property
    def kind(self) -> str:
        """Whether it is "float" or "fixed"."""
        return "float" if self.word is None else "fixed"

    @property
    def name(self) -> str:
        """The last part of the target's name, as "q31"."""
        return self.target.rpartition("-")[2]


FLOAT = CWord("c", "float", 4, None)
Q31 = CWord("c-q31", "int32_t", 4, Word.of("q31"))
Q15 = CWord("c-q15", "int16_t", 2, Word.of("q15"))
WORDS = (FLOAT, Q31, Q15)


@dataclass(frozen=True)
class Route:
    """Path from a channel to a driver, by their indices, `delay` samples late; by itself it is a pure delay."""

    source: Filter
    channel: int
    driver: int
    delay: int

    @property
    def reach(self) -> int:
        """Number of samples before the newest that it reads."""
        return self.delay


@dataclass(frozen=True)
class Taps(Route):
    """Taps that are multiplied one by one: values (T,) in time order, s, and the largest |stored - designed| tap."""

    values: Numbers
    shift: int
    error: float

    @property
    def reach(self) -> int:
        """Number of samples before the newest that it reads."""
        return self.delay + self.values.size - 1


@dataclass(frozen=True)
class Sections(Route):
    """Sections: values (S, 5) of b0, b1, b2, a1, a2, the last two negated against scipy's; p, and e, by which the output is raised.

    `error` is the largest |stored - designed| coefficient, on the scale of the stored ones.
    """

    values: Numbers
    post_shift: int
    raised: int
    error: float


@dataclass(frozen=True)
class Plan:
    """The whole set in one word.

    Attributes
    ----------
    block : int, samples that are computed at once; of filters in partitions the partition
    delays, taps, sections, tails : tuple of Route or Tail, everything that leads to a driver, by kind, in the order of channels, then
        drivers; taps have their beginning in `taps`, where the rest is in `tails`

    """

    filters: FilterSet
    word: CWord
    names: FirmwareNames
    block: int
    delays: tuple[Route, ...]
    taps: tuple[Taps, ...]
    sections: tuple[Sections, ...]
    tails: tuple[Tail, ...]

    @property
    def routes(self) -> tuple[Route, ...]:
        """All that reads the lines."""
        return (*self.delays, *self.taps, *self.sections)

    @property
    def histories(self) -> list[int]:
        """D of each channel; partitions need at least one block."""
        longest = [self.block if any(tail.channel == c for tail in self.tails) else 0 for c in range(self.channels)]
        for route in self.routes:
            longest[route.channel] = max(longest[route.channel], route.reach)
        return longest

    @property
    def channels(self) -> int:
        """Count of inputs."""
        return len(self.filters.channels)

    @property
    def points(self) -> int:
        """Points of the longest transform, for which the sines are; 0 where there is none."""
        upmix = self.filters.upmix
        return max(self.block if self.tails else 0, upmix.frame if upmix else 0)

    @property
    def parts(self) -> int:
        """Spectra of the past that each channel keeps: the last partition's number."""
        return max((tail.first + len(tail.spectra) - 1 for tail in self.tails), default=0)

    @property
    def multiply_adds(self) -> int:
        """Products a sample, in the mean."""
        direct = sum(taps.values.size for taps in self.taps) + sum(part.values.size for part in self.sections)
        parts = 4 * sum(len(tail.spectra) for tail in self.tails)
        return direct + parts + transform_products(self.tails, self.block)

    @property
    def largest_error(self) -> float:
        """Largest rounding error of any stored coefficient."""
        stored: tuple[Taps | Sections, ...] = (*self.taps, *self.sections)
        return max((route.error for route in stored), default=0.0)


def plan_of(filters: FilterSet, word: CWord) -> Plan:
    """The plan of a set of filters. Raises UsageError: the word cannot hold them."""
    if not filters.filters:
        raise refuse(word.target, "no filter in the design", "at least one", "design it again")
    places = [
        (filters.channels.index(f.channel), filters.drivers.index(f.driver), filters.delay(f)) for f in filters.filters
    ]
    lengths = [
        Place(c, d, f.taps.size, wait) for f, (c, d, wait) in zip(filters.filters, places, strict=True) if f.has_taps
    ]
    block = best_block(lengths) if word is FLOAT else 0
    delays: list[Route] = []
    taps: list[Taps] = []
    sections: list[Sections] = []
    tails: list[Tail] = []
    for filter_, place in zip(filters.filters, places, strict=True):
        if filter_.cascade is not None:
            values, post_shift, raised, error = stored_sections(filter_.cascade, word, filter_.path)
            sections.append(Sections(filter_, *place, values, post_shift, raised, error))
        elif not filter_.has_taps:
            delays.append(Route(filter_, *place))
        else:
            direct = direct_count(filter_.taps.size, place[-1], block)
            if direct:
                values = filter_.taps[:direct]
                taps.append(Taps(filter_, *place, *stored_taps(values, word, wanted_shift(filters, filter_, word))))
            if direct < filter_.taps.size:
                tails.append(tail_of(filter_, *place, block))
    parts = (tuple(delays), tuple(taps), tuple(sections), tuple(tails))
    plan = Plan(filters, word, firmware_names(filters), block or BLOCK, *parts)
    numbers = sum(taps.values.size for taps in plan.taps) + sum(cascade.values.size for cascade in plan.sections)
    numbers += sum(tail.spectra.size for tail in plan.tails)
    at_most(word.target, numbers, MAX_NUMBERS, "coefficients", "design with fewer taps, or export wav")
    _check_feeds(plan)
    return plan


def stored_taps(taps: Real, word: CWord, shift: int) -> tuple[Numbers, int, float]:
    """Values (T,), s and the largest error of taps (T,) in a word; s is `shift`, or the least above it whose sums fit."""
    if word.word is None:
        single = taps.astype(np.float32)
        return single, 0, float(np.abs(single - taps).max())
    while True:
        whole = rounded(taps, word.word, shift).astype(np.int64)
        if int(np.abs(whole).sum()) << word.word.fraction_bits < 2**63:
            return whole, shift, float(np.abs(whole * scale(word.word, shift) - taps).max())
        shift += 1


def wanted_shift(filters: FilterSet, filter_: Filter, word: CWord) -> int:
    """The design's own shift where its integers are this word's, so that they stay; else the filter's smallest."""
    if word.word is None:
        return 0
    shift = filters.designed_shift(word.word, filter_.channel, filter_.driver)
    return driver_shift(filter_.taps, word.word) if shift is None else shift


def stored_sections(cascade: Cascade, word: CWord, location: str) -> tuple[Numbers, int, int, float]:
    """Values (S, 5), p, e and the largest error of a cascade.

    Raises UsageError: a section that rounding makes unstable, or coefficients that no p holds.
    """
    if word.word is None:
        plain = np.ascontiguousarray(np.concatenate([cascade.b, -cascade.a], axis=1))
        single = plain.astype(np.float32)
        _hold_stable(np.asarray(single, dtype=float), word, location)
        return single, 0, 0, float(np.abs(single - plain).max())
    lowered = lowered_bits(cascade)
    table = scaled_table(cascade, lowered)
    shift = post_shift(table, NODE)
    while shift < NODE.fraction_bits:
        step = 2.0 ** (shift - NODE.fraction_bits)
        whole = np.rint(table / step).astype(np.int64)
        if int(np.abs(whole).sum(axis=1).max()) <= 2**32 - 2:
            _hold_stable(whole * step, word, location)
            return whole, shift, int(lowered[-1]), float(np.abs(whole * step - table).max())
        shift += 1
    size = f"coefficients up to {np.abs(table).max():.3g} in {location}"
    raise refuse(word.target, size, f"below {2.0**NODE.fraction_bits:.3g}", QUIETER)


def _hold_stable(values: Real, word: CWord, location: str) -> None:
    radius = pole_radii(-values[:, 3:])
    worst = int(np.argmax(radius))
    if radius[worst] >= 1.0:
        actual = f"a pole of magnitude {radius[worst]:.6f} after rounding, in {location}, section {worst}"
        raise refuse(word.target, actual, "below 1", "choose a smaller [realization] max_pole_radius")


def _check_feeds(plan: Plan) -> None:
    """Refuse feeds that 64 bits cannot hold."""
    if plan.word is FLOAT:
        return
    most = dict.fromkeys(range(len(plan.filters.drivers)), 0.0)
    for route in plan.routes:
        most[route.driver] += _most(route, plan.word)
    driver = max(most, key=lambda index: most[index])
    if most[driver] > MAX_FEED:
        actual = f"a feed of up to {most[driver]:.3g} of full scale ({plan.filters.drivers[driver]})"
        raise refuse(plan.word.target, actual, f"at most {MAX_FEED:g}, which sums of 64 bits hold", QUIETER)


def _most(route: Route, word: CWord) -> float:
    if isinstance(route, Taps):
        return float(np.abs(route.values).sum() * scale(word.fixed, route.shift))
    return float(2.0**route.raised) if isinstance(route, Sections) else 1.0


def rounding_notes(plan: Plan) -> Iterable[str]:
    """Sentences on changes of the coefficients."""
    word: Any = plan.word.word
    if plan.word is Q15 and plan.largest_error > 0 and plan.taps:
        yield rounding_note(plan.largest_error, SEARCH)
    silent = [route.source.path for route in plan.taps if not route.values.any()]
    if silent and word is not None:
        yield quiet_note(plan.word.target, silent)
