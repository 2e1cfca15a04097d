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
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real
from designer.bank.delay_filter import DELAY_TAPS, PHASES, TABLE
from designer.export.bank_set import BankSet, delayed_by_rows
from designer.export.c_plan import QUIETER, CWord, Numbers
from designer.export.names import FirmwareNames, firmware_names
from designer.export.target import at_most, refuse
from designer.realization.words import driver_shift, rounded, scale
from designer.stereo.upmix import Upmix

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
    values : (S, T) array, taps of every set in time order
    delays : (S,) int array, of `delay_bits` fraction bits
    shift, played_shift : int, s and s'; 0 in floats
    error : float, largest |stored - designed| tap

    """

    channel: int
    driver: int
    wait: int
    values: Numbers
    delays: NDArray[np.int64]
    shift: int
    played_shift: int
    error: float

    @property
    def taps(self) -> int:
        """Number of a set's taps."""
        return int(self.values.shape[1])

    @property
    def count(self) -> int:
        """Number of taps of the filter that is played."""
        return self.taps + DELAY_TAPS - 1

    def reach(self, delay_bits: int) -> int:
        """Number of samples before the newest that it reads."""
        return self.wait + (int(self.delays.max()) >> delay_bits) + self.count - 1


@dataclass(frozen=True)
class BankPlan:
    """A bank in one word; with `library` CMSIS-DSP multiplies."""

    filters: BankSet
    word: CWord
    library: bool
    names: FirmwareNames
    routes: tuple[BankRoute, ...]
    delay_bits: int

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
        """Taps of a set."""
        return sum(route.taps for route in self.routes)

    @property
    def played_numbers(self) -> int:
        """Taps of all filters that are played."""
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

    @property
    def upmix(self) -> Upmix | None:
        """Upmix that makes the channels from stereo."""
        return Upmix(self.filters.sample_rate_hz) if self.filters.fed_by_upmix else None

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
    bank, target, library = filters.bank, word.target, word.target.startswith("cmsis")
    latest = max(float(bank.delay_samples[name].max(initial=0.0)) for name in filters.channels)
    at_most(target, int(latest), MAX_DELAY, "samples of delay between sets", "follow a smaller range")
    delay_bits = 31 - max(1, (int(latest) + 1).bit_length())
    routes = []
    for c, channel in enumerate(filters.channels):
        sets = bank.taps[channel].reshape(bank.sets, len(filters.drivers), -1)
        delays = bank.delay_samples[channel].reshape(bank.sets, -1)
        for l in range(len(filters.drivers)):
            values, shift, error = _stored(filters, channel, sets[:, l], word)
            used = np.flatnonzero(values.any(axis=0))
            if used.size:
                values = values[:, used[0] : used[-1] + 1]
                if library and word.bytes == 2 and values.shape[1] % 2 == 0:
                    values = np.concatenate([values, np.zeros((bank.sets, 1), dtype=np.int64)], axis=1, dtype=np.int64)
                played_shift = 0 if word.word is None else _played_shift(values, shift, word, library=library)
                late = np.rint(delays[:, l] * 2.0**delay_bits).astype(np.int64)
                wait = filters.delays.get(channel, 0) + int(used[0])
                routes.append(BankRoute(c, l, wait, values, late, shift, played_shift, error))
    if not routes:
        raise refuse(target, "no filter in the bank", "at least one", "design it again")
    plan = BankPlan(filters, word, library, firmware_names(filters), tuple(routes), delay_bits)
    remedy = "allow more loss, or design with fewer taps"
    at_most(target, plan.sets * plan.set_numbers, MAX_NUMBERS, "coefficients", remedy)
    if word.word is not None and filters.headroom.worst_output > MAX_FEED:
        actual = f"a feed of up to {filters.headroom.worst_output:.3g} of full scale"
        raise refuse(target, actual, f"at most {MAX_FEED:g}, whose fade sums of 64 bits hold", QUIETER)
    return plan


def _stored(filters: BankSet, channel: str, taps: Real, word: CWord) -> tuple[Numbers, int, float]:
    """Values (S, T) of taps (S, T) of one route, s and the largest error."""
    if word.word is None:
        single = taps.astype(np.float32)
        return single, 0, float(np.abs(single - taps).max())
    fixed, is_designed = word.fixed, filters.word == word.word
    shift = filters.shifts[channel] if is_designed and channel in filters.shifts else driver_shift(taps, fixed)
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
