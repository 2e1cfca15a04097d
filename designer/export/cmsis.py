"""`cmsis-f32`, `cmsis-q31`, `cmsis-q15`: a C99 header and source that run the filters through CMSIS-DSP.

Written for version 1.10.3 and the functions arm_fir_* and arm_biquad_cascade_df1_*. Where the design's own
`[realization] word` is the target's, its integers are the file's; else each tap is rounded to its nearest.
"""

from __future__ import annotations

from functools import partial

from designer.export.cmsis_header import header
from designer.export.cmsis_plan import BLOCK, Plan, plan_of
from designer.export.cmsis_scaling import scaling
from designer.export.cmsis_size import coefficient_bytes, state_bytes
from designer.export.cmsis_source import source
from designer.export.cmsis_taps import StoredTaps
from designer.export.cmsis_word import Q15, WORDS, CmsisWord
from designer.export.filter_set import FilterSet
from designer.export.target import Export, Target


def write_cmsis(filters: FilterSet, word: CmsisWord) -> Export:
    """Header and source in one word.

    Raises
    ------
    UsageError : the word or the library cannot hold the filters

    """
    plan = plan_of(filters, word)
    text = scaling(plan)
    return Export(
        files=files(plan, word.target),
        coefficient_bytes=coefficient_bytes(plan),
        state_bytes=state_bytes(plan),
        multiply_adds=sum(route.multiply_adds for _, route in plan.routes),
        scaling=text,
        notes=notes(plan),
        names=plan.names,
        facts=facts(plan),
    )


def files(plan: Plan, target: str) -> dict[str, bytes]:
    """`PREFIX.h` and `PREFIX.c`."""
    text = scaling(plan)
    return {f"{plan.prefix}.h": header(plan, target, text), f"{plan.prefix}.c": source(plan, target, text)}


def notes(plan: Plan) -> tuple[str, ...]:
    """What was changed on the way."""
    found = [f"{name!r} is called {c_name} in C" for name, c_name in plan.names.items() if name != plan.filters.name]
    fir = [route for _, route in plan.routes if isinstance(route.stored, StoredTaps)]
    longer = [
        (r.source.taps.size, r.stored.values.size)
        for r in fir
        if r.stored and r.stored.values.size > r.source.taps.size
    ]
    if longer:
        found.append(
            f"{longer[0][0]} taps were filled up with zeros to {longer[0][1]}: Q15 wants an even number, at least 4"
        )
    error = max((route.stored.error for _, route in plan.routes if route.stored), default=0.0)
    if plan.word is Q15 and error > 0:
        remedy = '; set [realization] word = "q15" to have better integers searched for' if fir else ""
        found.append(f"each coefficient was rounded to its nearest in q15, by at most {error:.2g}{remedy}")
    silent = [r.name for _, r in plan.routes if r.stored is not None and not r.stored.values.any()]
    if silent:
        found.append(f"too quiet for {plan.word.suffix}, all zeros: {', '.join(silent)}")
    return tuple(found)


def facts(plan: Plan) -> dict[str, object]:
    """What else the manifest says."""
    return {
        "word": plan.word.suffix,
        "largest_coefficient_error": max((route.stored.error for _, route in plan.routes if route.stored), default=0.0),
        "block_samples": BLOCK,
        "tap_shift_bits": {path.channel: path.shift for path in plan.paths},
        "input_guard_bits": {path.channel: path.guard for path in plan.paths},
        "sizes_hold_for": f"32-bit Arm, {BLOCK} samples a block; state_bytes is sizeof({plan.prefix}_state)",
    }


TARGETS = tuple(
    Target(
        word.target,
        f"C99 for CMSIS-DSP, {word.suffix}: header and source",
        partial(write_cmsis, word=word),
        () if word.word is None else (word.word,),
        ("prefix",),
    )
    for word in WORDS
)
