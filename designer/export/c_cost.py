"""Cost of the dependency-free C, as its header's macros and the manifest state it: the same for every compiler.

Flash is the size of the constants. The code adds one or two kilobytes on a Cortex-M, five with the upmix. RAM is the size of the
state's struct, of which a part lasts from call to call; the rest is scratch. Both are counted here from the plan, and the source
asserts the size of the state when it is compiled.
"""

from __future__ import annotations

import numpy as np

from designer.export.c_model import model_of
from designer.export.c_plan import FLOAT, Plan
from designer.export.c_tables import row_bytes
from designer.export.c_text import Member, size_of
from designer.export.c_upmix import StereoC
from designer.export.cost import Cost, in_floats, in_words


def cost_of(plan: Plan) -> Cost:
    """The numbers of the header's macros, of the words as they run."""
    run = in_floats(plan.filters, np.float32) if plan.word is FLOAT else in_words(plan.filters, model_of(plan))
    listed = members(plan)
    state = size_of(member for member in listed if member.lasts)
    flash = coefficient_bytes(plan) + row_bytes(plan)
    return Cost.of(run, plan.multiply_adds, flash, size_of(listed), state)


def stereo_of(plan: Plan) -> StereoC | None:
    """The upmix ahead of the filters; None without one."""
    stage, prefix = plan.filters.upmix, plan.names.prefix
    return StereoC(plan.filters, prefix, plan.word, stage, size_of(members(plan))) if stage else None


def coefficient_bytes(plan: Plan) -> int:
    """Memory of taps, sections and spectra."""
    taps = plan.word.bytes * sum(route.values.size for route in plan.taps)
    return taps + 4 * (sum(r.values.size for r in plan.sections) + sum(tail.spectra.size for tail in plan.tails))


def members(plan: Plan) -> list[Member]:
    """The state's members, in order: the widest first, so that no compiler puts gaps between them."""
    big, fixed, word = plan.names.prefix.upper(), plan.word is not FLOAT, plan.word
    drivers, block, sections = len(plan.filters.drivers), plan.block, sum(len(r.values) for r in plan.sections)
    wide, width, kind = ("int64_t", 8, "int32_t") if fixed else ("float", 4, "float")
    listed = [Member(f"{wide} sum[{big}_DRIVERS][{big}_BLOCK]", width * drivers * block, lasts=False)]
    if plan.tails:
        past = 8 * plan.channels * plan.parts * block
        listed += [
            Member(f"float work[2U * {big}_BLOCK]", 8 * block, lasts=False),
            Member(f"float ahead[{big}_DRIVERS][{big}_BLOCK]", 4 * drivers * block),
            Member(f"float past[{big}_CHANNELS][{big}_PARTS][2U * {big}_BLOCK]", past),
            Member("uint32_t slot", 4),
        ]
    if sections:
        nodes = (4 if fixed else 2) * sections
        listed.append(Member(f"{kind} part[{big}_BLOCK]", 4 * block, lasts=False))
        listed.append(Member(f"{kind} node[{nodes}]", 4 * nodes))
        if fixed:
            listed.append(Member(f"uint32_t lost[{sections}]", 4 * sections))
    listed.append(Member("uint32_t filled", 4))
    words = sum(plan.histories) + plan.channels * block
    words += -(size_of(listed) + word.bytes * words) % 8 // word.bytes  # a multiple of the widest member
    return [*listed, Member(f"{word.c_type} line[{words}]", word.bytes * words)]
