"""Cost of the dependency-free C, as its header's macros and the manifest state it: the same for every compiler.

Flash is the size of the constants. The code adds one or two kilobytes on a Cortex-M, five with the upmix. RAM is the size of the
state's struct, of which a part lasts from call to call; the rest is scratch. Both are counted here from the plan, and the source
asserts the size of the state when it is compiled.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from designer.export.c_model import model_of
from designer.export.c_plan import FLOAT, Plan
from designer.export.c_tables import row_bytes
from designer.export.c_upmix import products, stereo_members
from designer.export.cost import Cost, in_floats, in_words
from designer.stereo.upmix import Upmix


class Member(NamedTuple):
    """A member of the state's struct: its text, its bytes, and whether it lasts from call to call."""

    text: str
    bytes: int
    lasts: bool


def cost_of(plan: Plan) -> Cost:
    """The numbers of the header's macros, of the words as they run."""
    run = in_floats(plan.filters, np.float32) if plan.word is FLOAT else in_words(plan.filters, model_of(plan))
    parts = members(plan)
    ram, state = (sum(member.bytes for member in part) for part in (parts, [m for m in parts if m.lasts]))
    return Cost.of(run, plan.multiply_adds, flash_bytes(plan), ram, state)


class StereoCost(NamedTuple):
    """Cost with the upmix ahead of the filters: the numbers of `Cost` that it changes."""

    multiply_adds_per_s: int
    ram: int
    latency_ms: float


def stereo_cost(plan: Plan, stage: Upmix) -> StereoCost:
    """The numbers of the header's macros for stereo."""
    filters, rate = cost_of(plan), plan.filters.sample_rate_hz
    ram = sum(
        size for _, size in stereo_members(plan.names.prefix, plan.word.c_type, plan.word.bytes, stage, filters.ram)
    )
    return StereoCost(
        round((plan.multiply_adds + products(stage)) * rate),
        ram,
        filters.latency_ms + 1e3 * stage.latency_samples / rate,
    )


def coefficient_bytes(plan: Plan) -> int:
    """Memory of taps, sections and spectra."""
    taps = plan.word.bytes * sum(route.values.size for route in plan.taps)
    return taps + 4 * (sum(r.values.size for r in plan.sections) + sum(tail.spectra.size for tail in plan.tails))


def flash_bytes(plan: Plan) -> int:
    """Memory of all constants, without the code."""
    return coefficient_bytes(plan) + row_bytes(plan)


def members(plan: Plan) -> list[Member]:
    """The state's members, in order: the widest first, so that no compiler puts gaps between them."""
    big, fixed, word = plan.names.prefix.upper(), plan.word is not FLOAT, plan.word
    drivers, block, sections = len(plan.filters.drivers), plan.block, sum(len(r.values) for r in plan.sections)
    listed = [
        Member(
            f"{'int64_t' if fixed else 'float'} sum[{big}_DRIVERS][{big}_BLOCK]",
            (8 if fixed else 4) * drivers * block,
            False,
        )
    ]
    kind = "int32_t" if fixed else "float"
    if plan.tails:
        listed += [
            Member(f"float work[2U * {big}_BLOCK]", 8 * block, False),
            Member(f"float ahead[{big}_DRIVERS][{big}_BLOCK]", 4 * drivers * block, True),
            Member(
                f"float past[{big}_CHANNELS][{big}_PARTS][2U * {big}_BLOCK]",
                8 * plan.channels * plan.parts * block,
                True,
            ),
            Member("uint32_t slot", 4, True),
        ]
    if sections:
        listed.append(Member(f"{kind} part[{big}_BLOCK]", 4 * block, False))
        listed.append(Member(f"{kind} node[{(4 if fixed else 2) * sections}]", (16 if fixed else 8) * sections, True))
        if fixed:
            listed.append(Member(f"uint32_t lost[{sections}]", 4 * sections, True))
    listed.append(Member("uint32_t filled", 4, True))
    words = sum(plan.histories) + plan.channels * block
    before = sum(member.bytes for member in listed)
    words += -(before + word.bytes * words) % 8 // word.bytes  # a multiple of the widest member
    return [*listed, Member(f"{word.c_type} line[{words}]", word.bytes * words, True)]
