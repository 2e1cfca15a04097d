"""Plan of a bank in C, before it is text: the sets' numbers and delays as they are stored, and the lengths of all arrays.

A channel's samples lie in one line, as those of a single design do (`c_plan`). Each route from a channel to a driver has a filter
in RAM, taps behind a whole delay, which is computed from the sets around the keys' values when these have changed:

    t = Σ u_i t_i,   τ = Σ u_i τ_i,   filter = t * d(τ - floor τ),   delay floor τ

with the delay filter d of `designer.bank.delay_filter`. Over FADE samples the output goes over on a straight line from the filters before
to those now, as `designer.bank.walk` does with blocks of FADE samples; values that come in between wait until its end.

**Shares** are integers whose sum is 2^ONE_BITS. **Delays** are integers of `delay_bits` fraction bits, as many as 31 bits
hold, and their sums are of 64 bits: the same in all words, without a rounding that is heard.

**Fixed point.** A stored number q is the tap q 2^(s - f) of a set, as in `c_plan`; the taps between sets are rounded to the word
again, halves upwards. The delay filter's numbers have ONE_BITS fraction bits. Its products are summed in 64 bits, and rounded to the
word with a shift s' of their own: the smallest with which the filter of no values leaves the word or the sums of its products 64
bits, and no more than FINER bits below s. `arm_fir_q31` returns bits 31 to 62 of its sum, so that there Σ|q| <= 2^31 - 1.
`arm_fir_q15` saturates, and takes an even number of taps: Σ|q| <= 2^15 - 1, or s' >= 0, so that no output saturates below full scale.
The fade is computed at the driver's sum of 64 bits, before it is rounded: (now - before) n / FADE. For
this no input may drive a feed above MAX_FEED times full scale.

**Sections** are planned in floats, which poles near the circle need. A route delays its channel's samples through the delay filter, and its
sections stand side by side behind it. The stored sets are numerators and delays, interpolated as taps are; denominators are stored once.
Over FADE samples delays and numerators go over on straight lines, as `designer.bank.section_walk` does with blocks of FADE samples. A
route's numbers in RAM, of the values before and now, are its numerators, then the delay filter with the last number first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real
from designer.bank.delay_filter import DELAY_TAPS, PHASES, TABLE
from designer.bank.section_bank import SectionBank
from designer.export.bank_set import BankSet, delayed_by_rows
from designer.export.c_plan import QUIETER, SUM_BITS, CWord, Numbers
from designer.export.names import FirmwareNames, firmware_names
from designer.export.target import at_most, refuse
from designer.realization.words import driver_shift, rounded, scale

FADE = 256
"""Samples of a fade: at 48 kHz 5.3 ms, as `designer render` plays a bank."""
ONE_BITS = 30
PHASE_BITS = PHASES.bit_length() - 1
FINER = 8
MAX_FEED = 2.0**6
MAX_NUMBERS = 1 << 24
MAX_DELAY = 1 << 16
"""Largest delay between sets in samples: more than a second."""


@dataclass(frozen=True)
class BankRoute:
    """A filter from a channel to a driver, by their indices.

    Attributes
    ----------
    wait : int, whole samples ahead of all its taps
    values : (S, T) array, taps of every set in time order; of sections the numerators, 1 + 2N
    delays : (S,) int array, of `delay_bits` fraction bits
    shift, played_shift : int, s and s'; 0 in floats
    error : float, largest |stored - designed| number
    denominators : (N, 2) float array or None, a_1 and a_2 of sections in single precision; None of taps

    """

    channel: int
    driver: int
    wait: int
    values: Numbers
    delays: NDArray[np.int64]
    shift: int
    played_shift: int
    error: float
    denominators: Real | None = None

    @property
    def taps(self) -> int:
        """How many taps, or numerators, of a set."""
        return int(self.values.shape[1])

    @property
    def sections(self) -> int:
        """How many sections."""
        return 0 if self.denominators is None else len(self.denominators)

    @property
    def count(self) -> int:
        """Numbers that are held while it plays: taps of the filter, or numerators and delay filter."""
        return self.taps + DELAY_TAPS - (self.denominators is None)

    def reach(self, delay_bits: int) -> int:
        """Number of samples before the newest that it reads."""
        length = self.count if self.denominators is None else DELAY_TAPS
        return self.wait + (int(self.delays.max()) >> delay_bits) + length - 1


@dataclass(frozen=True)
class BankPlan:
    """A bank in one word; with `library` CMSIS-DSP multiplies, and runs poles."""

    filters: BankSet
    word: CWord
    library: bool
    names: FirmwareNames
    routes: tuple[BankRoute, ...]
    delay_bits: int

    @property
    def is_of_sections(self) -> bool:
        """Whether its routes are sections."""
        return isinstance(self.filters.bank, SectionBank)

    @property
    def sections(self) -> int:
        """Sections of all routes."""
        return sum(route.sections for route in self.routes)

    @property
    def sets(self) -> int:
        """Number of sets."""
        return self.filters.bank.sets

    @property
    def corners(self) -> int:
        """Number of sets around values of the keys."""
        return 1 << len(self.filters.bank.axes)

    @property
    def set_numbers(self) -> int:
        """Taps, or numerators, of a set."""
        return sum(route.taps for route in self.routes)

    @property
    def played_numbers(self) -> int:
        """Numbers of all filters that are played."""
        return sum(route.count for route in self.routes)

    @property
    def longest(self) -> int:
        """Taps of the longest filter that is played."""
        return max(route.count for route in self.routes)

    @property
    def histories(self) -> list[int]:
        """Past samples of each channel that are kept."""
        longest = [0] * len(self.filters.channels)
        for route in self.routes:
            longest[route.channel] = max(longest[route.channel], route.reach(self.delay_bits))
        return longest

    def sum_shift(self, route: BankRoute) -> int:
        """From the point of a sum of products, of CMSIS-DSP's output, to that of a driver's sum."""
        return SUM_BITS - (1 if self.library else 2) * self.word.fixed.fraction_bits + route.played_shift

    @property
    def sinc(self) -> Numbers:
        """Numbers of the delay filter (PHASES + 1, DELAY_TAPS), as they are stored."""
        if self.word.word is None:
            return np.asarray(TABLE, dtype=np.float32)
        return np.asarray(np.rint(TABLE * 2.0**ONE_BITS), dtype=np.int64)

    @property
    def largest_error(self) -> float:
        """Largest rounding error of any stored tap."""
        return max(route.error for route in self.routes)


def bank_plan(filters: BankSet, word: CWord) -> BankPlan:
    """The plan of a bank's channels. Raises UsageError: the word cannot hold it."""
    bank, target = filters.bank, word.target
    of_sections = isinstance(bank, SectionBank)
    if of_sections and word.word is not None:
        raise refuse(
            target,
            "a bank of sections, whose poles its words of fixed point would move",
            "taps, or a target in floats",
            'export c or cmsis-f32, or make the bank with form = "fir"',
        )
    latest = max(float(bank.delay_samples[name].max(initial=0.0)) for name in filters.channels)
    at_most(target, int(latest), MAX_DELAY, "samples of delay between sets", "follow a smaller range")
    delay_bits = 31 - max(1, (int(latest) + 1).bit_length())
    routes: list[BankRoute] = []
    for c, channel in enumerate(filters.channels):
        delays = bank.delay_samples[channel].reshape(bank.sets, -1)
        for l in range(len(filters.drivers)):
            late = np.rint(delays[:, l] * 2.0**delay_bits).astype(np.int64)
            routes += (_section_route if of_sections else _route)(filters, word, c, l, late)
    if not routes:
        raise refuse(target, "no filter in the bank", "at least one", "design it again")
    plan = BankPlan(filters, word, target.startswith("cmsis"), firmware_names(filters), tuple(routes), delay_bits)
    remedy = "allow more loss, or fewer sections" if of_sections else "allow more loss, or design with fewer taps"
    at_most(target, plan.sets * plan.set_numbers, MAX_NUMBERS, "coefficients", remedy)
    if word.word is not None and filters.headroom.worst_output > MAX_FEED:
        actual = f"a feed of up to {filters.headroom.worst_output:.3g} of full scale"
        raise refuse(target, actual, f"at most {MAX_FEED:g}, whose fade sums of 64 bits hold", QUIETER)
    return plan


def _route(filters: BankSet, word: CWord, c: int, l: int, late: NDArray[np.int64]) -> Iterator[BankRoute]:
    """The taps from a channel to a driver, where any are not 0."""
    channel, bank, library = filters.channels[c], filters.bank, word.target.startswith("cmsis")
    taps = bank.taps[channel].reshape(bank.sets, len(filters.drivers), -1)[:, l]
    values, shift, error = _stored(filters, channel, taps, word)
    used = np.flatnonzero(values.any(axis=0))
    if used.size:
        values = values[:, used[0] : used[-1] + 1]
        if library and word.bytes == 2 and values.shape[1] % 2 == 0:
            values = np.concatenate([values, np.zeros((bank.sets, 1), dtype=np.int64)], axis=1, dtype=np.int64)
        played_shift = 0 if word.word is None else _played_shift(values, shift, word, library=library)
        wait = filters.delays.get(channel, 0) + int(used[0])
        yield BankRoute(c, l, wait, values, late, shift, played_shift, error)


def _section_route(filters: BankSet, word: CWord, c: int, l: int, late: NDArray[np.int64]) -> Iterator[BankRoute]:
    """The sections from a channel to a driver, where any numerator is not 0."""
    channel, bank = filters.channels[c], filters.bank
    assert isinstance(bank, SectionBank)
    numerators = bank.numerators[channel].reshape(bank.sets, len(filters.drivers), -1)[:, l]
    if numerators.any():
        single = numerators.astype(np.float32)
        poles = bank.denominators[channel][l].astype(np.float32).astype(float)
        error = float(np.abs(single - numerators).max())
        yield BankRoute(c, l, filters.delays.get(channel, 0), single, late, 0, 0, error, poles)


def _stored(filters: BankSet, channel: str, taps: Real, word: CWord) -> tuple[Numbers, int, float]:
    """Values (S, T) of taps (S, T) of one route, s and the largest error."""
    if word.word is None:
        single = taps.astype(np.float32)
        return single, 0, float(np.abs(single - taps).max())
    fixed, shift = word.fixed, filters.designed_shift(word.word, channel)
    shift = driver_shift(taps, fixed) if shift is None else shift
    whole = rounded(taps, fixed, shift)
    return whole.astype(np.int64), shift, float(np.abs(whole * scale(fixed, shift) - taps).max())


def _played_shift(values: Numbers, shift: int, word: CWord, *, library: bool) -> int:
    """Shift s' of values (S, T) of one route."""
    peak, norm = 0.0, 0.0
    for row in values.astype(float):
        late = np.abs(delayed_by_rows(row))
        peak, norm = max(peak, float(late.max())), max(norm, float(late.sum(axis=1).max()))
    count, bits = values.shape[1] + DELAY_TAPS - 1, word.fixed.fraction_bits
    most = word.fixed.greatest if library else 2.0 ** (63 - bits) - 1
    played_shift = shift - FINER
    while True:
        raised = 2.0 ** (shift - played_shift)  # a step for each rounding
        is_safe = (norm + 2 * count) * raised + count <= most or (library and word.bytes == 2 and played_shift >= 0)
        if is_safe and (peak + 2) * raised + 1 <= word.fixed.greatest:
            return played_shift
        played_shift += 1
