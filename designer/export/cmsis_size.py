"""Memory of the exported C, as a 32-bit Arm compiler lays it out (AAPCS32): each member at a multiple of its own alignment.

The state's length is not what CMSIS-DSP's comments say throughout: on a core with the DSP extension `arm_fir_init_q15` clears
numTaps + blockSize words, one more than numTaps + blockSize - 1.
"""

from __future__ import annotations

from collections.abc import Iterable

from designer.export.cmsis_plan import BLOCK, Plan
from designer.export.cmsis_sections import StoredSections
from designer.export.cmsis_taps import StoredTaps
from designer.export.cmsis_word import F32, CmsisWord

Member = tuple[int, int]
"""Bytes, and the alignment that they want."""


def coefficient_bytes(plan: Plan) -> int:
    """Memory of all arrays of taps and sections."""
    return sum(plan.word.bytes * stored_count(route.stored, plan.word) for _, route in plan.routes)


def stored_count(stored: StoredTaps | StoredSections | None, word: CmsisWord) -> int:
    """Numbers that a filter's array holds."""
    if stored is None:
        return 0
    if isinstance(stored, StoredSections):
        return word.section_numbers * len(stored.values)
    return int(stored.values.size)


def fir_state(taps: int, word: CmsisWord, block: int = BLOCK) -> int:
    """Words of state of one FIR filter."""
    return taps + block - (word.suffix != "q15")


def state_bytes(plan: Plan, block: int = BLOCK) -> int:
    """Size of the state's struct."""
    return struct_bytes(_members(plan, block))


def struct_bytes(members: Iterable[Member]) -> int:
    """Size of a struct with these members in this order."""
    place, widest = 0, 1
    for size, alignment in members:
        place += -place % alignment + size
        widest = max(widest, alignment)
    return place + -place % widest


def _members(plan: Plan, block: int) -> list[Member]:
    word = plan.word
    found: list[Member] = [] if word is F32 else [(8 * block * len(plan.drivers), 8)]
    for _, route in plan.routes:
        if isinstance(route.stored, StoredTaps):
            found += [(12, 4), (word.bytes * fir_state(route.stored.values.size, word, block), word.bytes)]
        elif isinstance(route.stored, StoredSections):
            found += [(12 if word is F32 else 16, 4), (word.bytes * 4 * len(route.stored.values), word.bytes)]
    lines = [path.history + block for path in plan.paths if path.history]
    scratch = [block] * (any(path.guard for path in plan.paths) + any(r.stored is not None for _, r in plan.routes))
    return found + [(word.bytes * count, word.bytes) for count in lines + scratch]
