"""Plan of a bank of sections in C, before it is text: in floats, which poles near the circle need.

A route delays its channel's samples through the delay filter of `designer.bank.delay_filter`, and its sections stand side by side behind
it. The stored sets are numerators and delays, interpolated as a bank of taps is (`bank_plan`); denominators are stored once. Over FADE
samples delays and numerators go over on straight lines, as `designer.bank.section_walk` does with blocks of FADE samples.

A route's numbers in RAM, of the values before and now, are its numerators, then the delay filter with the last number first.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Real
from designer.bank.delay_filter import DELAY_TAPS
from designer.bank.section_bank import SectionBank
from designer.export.bank_plan import MAX_DELAY, MAX_NUMBERS, BankPlan, BankRoute, bank_plan
from designer.export.bank_set import BankSet
from designer.export.c_plan import CWord
from designer.export.names import firmware_names
from designer.export.target import at_most, refuse


@dataclass(frozen=True)
class SectionRoute(BankRoute):
    """Sections from a channel to a driver: `values` (S, 1 + 2N) are the numerators of every set.

    Attributes
    ----------
    denominators : (N, 2) float array, a_1 and a_2 in single precision

    """

    denominators: Real

    @property
    def sections(self) -> int:
        """Number of sections."""
        return len(self.denominators)

    @property
    def count(self) -> int:
        """Numbers that are held while it plays: numerators and delay filter."""
        return self.taps + DELAY_TAPS

    def reach(self, delay_bits: int) -> int:
        """Number of samples before the newest that it reads."""
        return self.wait + (int(self.delays.max()) >> delay_bits) + DELAY_TAPS - 1


@dataclass(frozen=True)
class SectionPlan(BankPlan):
    """A bank of sections in single precision; with `library` CMSIS-DSP runs delays and poles."""

    routes: tuple[SectionRoute, ...]

    @property
    def sections(self) -> int:
        """Sections of all routes."""
        return sum(route.sections for route in self.routes)


def plan_of(filters: BankSet, word: CWord) -> BankPlan:
    """The plan of a bank's channels, of taps or of sections. Raises UsageError: the word cannot hold it."""
    bank, target = filters.bank, word.target
    if not isinstance(bank, SectionBank):
        return bank_plan(filters, word)
    if word.word is not None:
        raise refuse(
            target,
            "a bank of sections, whose poles its words of fixed point would move",
            "taps, or a target in floats",
            'export c or cmsis-f32, or make the bank with form = "fir"',
        )
    latest = max(float(bank.delay_samples[name].max(initial=0.0)) for name in filters.channels)
    at_most(target, int(latest), MAX_DELAY, "samples of delay between sets", "follow a smaller range")
    delay_bits = 31 - max(1, (int(latest) + 1).bit_length())
    routes = []
    for c, channel in enumerate(filters.channels):
        sets = bank.numerators[channel].reshape(bank.sets, len(filters.drivers), -1)
        delays = bank.delay_samples[channel].reshape(bank.sets, -1)
        for l in np.flatnonzero(sets.any(axis=(0, 2))).tolist():
            single = sets[:, l].astype(np.float32)
            late = np.rint(delays[:, l] * 2.0**delay_bits).astype(np.int64)
            poles = bank.denominators[channel][l].astype(np.float32).astype(float)
            error = float(np.abs(single - sets[:, l]).max())
            wait = filters.delays.get(channel, 0)
            routes.append(SectionRoute(c, l, wait, single, late, 0, 0, error, poles))
    if not routes:
        raise refuse(target, "no filter in the bank", "at least one", "design it again")
    plan = SectionPlan(filters, word, target.startswith("cmsis"), firmware_names(filters), tuple(routes), delay_bits)
    at_most(target, plan.sets * plan.set_numbers, MAX_NUMBERS, "coefficients", "allow more loss, or fewer sections")
    return plan
