"""Cost of a bank in C, still and while its values change, as the header's macros and the manifest state it.

While they change in every FADE samples, the filters before and now play both, and those to come are computed: `fill` products
at once, in the call that begins a fade. Products are those of samples and taps; the few of shares and delays are integers.
"""

from __future__ import annotations

from typing import NamedTuple

from designer.bank.delay_filter import DELAY_TAPS, TABLE
from designer.export.bank_plan import FADE, BankPlan
from designer.export.c_plan import BLOCK
from designer.export.c_text import Member, size_of
from designer.export.c_upmix import StereoC

ROW_BYTES = {True: 8 * 4, False: 6 * 4}
"""Bytes of a row of the routes, in fixed point and in floats."""


class BankCost(NamedTuple):
    """Numbers that a firmware engineer needs; products a sample, memory in bytes."""

    still: int
    moving: float
    fill: int
    flash: int
    ram: int
    state: int

    def per_s(self, rate_hz: float) -> tuple[int, int]:
        """Multiply-adds a second, still and while values change."""
        return round(self.still * rate_hz), round(self.moving * rate_hz)


def cost_of(plan: BankPlan) -> BankCost:
    """The numbers of the header's macros."""
    listed = members(plan)
    memory = (flash_bytes(plan), size_of(listed), size_of(member for member in listed if member.lasts))
    if plan.is_of_sections:
        return _of_sections(plan, *memory)
    still, fixed = plan.played_numbers, plan.word.word is not None
    fill = sum((plan.corners + DELAY_TAPS) * route.taps + DELAY_TAPS for route in plan.routes)
    fill += 0 if fixed else (plan.corners + 1) * len(plan.routes)
    fade = len(plan.filters.drivers) + (0 if fixed else 1)
    return BankCost(still, 2 * still + fade + fill / FADE, fill, *memory)


def stereo_of(plan: BankPlan) -> StereoC | None:
    """The upmix ahead of the filters; None without one."""
    stage, block = plan.filters.upmix, BLOCK if plan.library else 0
    if stage is None:
        return None
    return StereoC(plan.filters, plan.names.prefix, plan.word, stage, size_of(members(plan)), block)


def _of_sections(plan: BankPlan, flash: int, ram: int, state: int) -> BankCost:
    """Cost of sections: each route's delay filter and x_0, and of a section two products of poles and two of numerators.

    A biquad of CMSIS-DSP takes five of poles.
    """
    poles = (5 if plan.library else 2) * plan.sections
    numerators = sum(route.taps for route in plan.routes)
    delays = DELAY_TAPS * len(plan.routes)
    fill = plan.corners * numerators + delays + (plan.corners + 1) * len(plan.routes)
    moving = 2 * delays + len(plan.routes) + poles + 2 * numerators + 1
    return BankCost(delays + poles + numerators, moving + fill / FADE, fill, flash, ram, state)


def flash_bytes(plan: BankPlan) -> int:
    """Memory of all constants, without the code."""
    sinc = TABLE.size * 4
    keys = 8 * sum(axis.values.size for axis in plan.filters.bank.axes)
    row = ROW_BYTES[plan.word.word is not None] + (8 if plan.is_of_sections else 0)
    rows = row * len(plan.routes) + 8 * len(plan.filters.channels)
    return coefficient_bytes(plan) + sinc + keys + rows


def coefficient_bytes(plan: BankPlan) -> int:
    """Memory of all sets: taps and delays."""
    poles = 4 * (5 if plan.library else 2) * plan.sections
    return plan.sets * (plan.word.bytes * plan.set_numbers + 4 * len(plan.routes)) + poles


def members(plan: BankPlan) -> list[Member]:
    """Members of the state's struct, the widest first."""
    big, word, fixed = plan.names.prefix.upper(), plan.word, plan.word.word is not None
    drivers, routes, kind = len(plan.filters.drivers), len(plan.routes), word.c_type
    wide, sums = ("int64_t", 8) if fixed else (kind, 4)
    keys = 2 * len(plan.filters.bank.axes)
    histories, channels = sum(plan.histories), len(plan.filters.channels)
    sum_bytes = sums * drivers * BLOCK
    of_taps = [Member(f"{wide} next[{big}_DRIVERS][{big}_BLOCK]", sum_bytes, lasts=False)]
    listed = [
        Member(f"{wide} sum[{big}_DRIVERS][{big}_BLOCK]", sum_bytes, lasts=False),
        *(_scratch(plan) if plan.is_of_sections else of_taps),
        Member(f"uint32_t wanted[{keys}]", 4 * keys),
        Member(f"uint32_t played[{keys}]", 4 * keys),
        Member(f"uint32_t late[2][{big}_ROUTES]", 8 * routes),
        *(Member(f"uint32_t {name}", 4) for name in ("slot", "fading", "faded", "started", "filled")),
        Member(f"{kind} filter[2][{big}_PLAYED]", 2 * word.bytes * plan.played_numbers),
    ]
    if not plan.is_of_sections:
        mixed = plan.longest - DELAY_TAPS + 1
        listed.append(Member(f"{kind} mixed[{mixed}]", word.bytes * mixed, lasts=False))
    if plan.library:
        longest = DELAY_TAPS if plan.is_of_sections else plan.longest
        past = longest - 1 + (word.bytes == 2)  # arm_fir_q15 wants one more
        listed.append(Member(f"{kind} past[{past}U + {big}_BLOCK]", word.bytes * (past + BLOCK), lasts=False))
        listed.append(Member(f"{kind} part[{big}_BLOCK]", word.bytes * BLOCK, lasts=False))
    words = histories + channels * BLOCK
    spare = -(size_of(listed) + word.bytes * words) % sums // word.bytes
    line = f"{kind} line[{histories + spare}U + ({channels}U * {big}_BLOCK)]"
    return [*listed, Member(line, word.bytes * (words + spare))]


def _scratch(plan: BankPlan) -> list[Member]:
    """Members that sections have beside those of taps."""
    big, nodes = plan.names.prefix.upper(), (4 if plan.library else 2) * plan.sections
    names = ("delayed", "later", "share")
    return [
        *(Member(f"float {name}[{big}_BLOCK]", 4 * BLOCK, lasts=False) for name in names),
        Member(f"float pole[{big}_BLOCK + 1U]", 4 * (BLOCK + 1), lasts=False),
        Member(f"float node[{nodes}]", 4 * nodes),
    ]
