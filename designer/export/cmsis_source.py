"""The text of the exported C: a header with the state's struct, and the source with an array a filter and the functions that run them.

The state's length is not what CMSIS-DSP's comments say throughout: on a core with the DSP extension `arm_fir_init_q15` clears
numTaps + blockSize words, one more than numTaps + blockSize - 1. Its size is what a 32-bit Arm compiler makes of it (AAPCS32):
each member at a multiple of its own alignment.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from designer.export.cmsis_plan import (
    BLOCK,
    F32,
    Q15,
    CmsisWord,
    Numbers,
    Path,
    Plan,
    Route,
    StoredSections,
    StoredTaps,
)
from designer.export.provenance import one_line, provenance, text_file

A_LINE = 8
"""Numbers in a line."""


class Member(NamedTuple):
    """A member of the state's struct: its type and name, what stands in brackets, its bytes, and the alignment that they want."""

    name: str
    length: str
    bytes: int
    alignment: int


def files(plan: Plan, target: str, header: Sequence[str] = (), source: Sequence[str] = ()) -> dict[str, bytes]:
    """`PREFIX.h` and `PREFIX.c`; `header` and `source` are lines behind the filters' functions."""
    head = comment(provenance(plan.filters, target, scaling(plan)))
    includes = [f'#include "{plan.prefix}.h"', "#include <string.h>", "", *_arrays(plan), *_helpers(plan)]
    return {
        f"{plan.prefix}.h": text_file([*head, *_header(plan, header)]),
        f"{plan.prefix}.c": text_file([*head, *includes, *_init(plan), "", *_process(plan), *source]),
    }


def scaling(plan: Plan) -> str:
    """Full scale and shifts, in words."""
    if plan.word.word is None:
        return "full scale 1; float32 coefficients"
    bits = plan.word.word.fraction_bits
    shifts = ", ".join(f"{one_line(p.channel)} s={p.shift} g={p.guard}" for p in plan.paths)
    return (
        f"full scale 2^{bits}; a tap is q 2^(s - {bits}), inputs of FIR filters are lowered by g bits, sums raised by s + g and"
        f" saturated: {shifts}"
    )


def coefficient_bytes(plan: Plan) -> int:
    """Memory of all arrays of taps and sections."""
    return sum(
        plan.word.bytes * stored_array(route.stored, plan.word).size
        for _, route in plan.routes
        if route.stored is not None
    )


def state_bytes(plan: Plan, block: int = BLOCK) -> int:
    """Size of the state's struct."""
    place, widest = 0, 1
    for member in members(plan, block):
        place += -place % member.alignment + member.bytes
        widest = max(widest, member.alignment)
    return place + -place % widest


def members(plan: Plan, block: int = BLOCK) -> list[Member]:
    """The struct's members, in order."""
    word, big = plan.word, f"{plan.prefix.upper()}_BLOCK"

    def words(name: str, length: str, count: int) -> Member:
        return Member(f"{word.c_type} {name}", f"[{length}]", word.bytes * count, word.bytes)

    listed: list[Member] = []
    if word is not F32:
        listed.append(Member("q63_t sum", f"[{len(plan.drivers)}][{big}]", 8 * block * len(plan.drivers), 8))
    for _, route in plan.routes:
        if isinstance(route.stored, StoredTaps):
            listed.append(Member(f"arm_fir_instance_{word.suffix} fir_{route.name}", "", 12, 4))
            state = fir_state(route.stored.values.size, word)
            listed.append(words(f"state_{route.name}", f"{state} + {big}", state + block))
        elif isinstance(route.stored, StoredSections):
            kind, size = f"arm_biquad_casd_df1_inst_{word.suffix}", 12 if word is F32 else 16
            state = 4 * len(route.stored.values)
            listed.append(Member(f"{kind} sections_{route.name}", "", size, 4))
            listed.append(words(f"state_{route.name}", f"{state}", state))
    for path in plan.paths:
        if path.history:
            listed.append(words(f"history_{path.name}", f"{path.history} + {big}", path.history + block))
    if any(path.guard for path in plan.paths):
        listed.append(words("lowered", big, block))
    if any(route.stored is not None for _, route in plan.routes):
        listed.append(words("part", big, block))
    return listed


def fir_state(taps: int, word: CmsisWord) -> int:
    """Words of state of one FIR filter, those of a block apart."""
    return taps - (word is not Q15)


def literals(values: Numbers) -> list[str]:
    """Each value exactly: integers as they are, float32 by its shortest digits that read back the same."""
    if values.dtype == np.float32:
        return [f"{value!s}F" for value in values]
    least = "(-2147483647 - 1)"  # -2147483648 is minus a number that no int holds
    return [least if value == -(2**31) else str(value) for value in values.tolist()]


def array(head: str, values: Numbers) -> list[str]:
    """Lines of a definition: `head` is all that stands ahead of the equals sign."""
    texts = literals(values)
    rows = [", ".join(texts[start : start + A_LINE]) for start in range(0, len(texts), A_LINE)]
    return [f"{head} = {{", *(f"    {row}," for row in rows), "};"]


def comment(lines: Iterable[str]) -> list[str]:
    """One comment of several lines; ??/ at a line's end would be C99's trigraph of a backslash."""
    first, *others = (line.replace("??/", "? ?/") for line in lines)
    return [f"/* {first}", *(f" * {line}".rstrip() for line in others), " */"]


def _header(plan: Plan, more: Sequence[str]) -> list[str]:
    big, prefix, c_type = plan.prefix.upper(), plan.prefix, plan.word.c_type
    inputs = [(f"{big}_IN_{path.name.upper()} {path.index}", path.name, path.channel) for path in plan.paths]
    pairs = zip(plan.drivers, plan.filters.drivers, strict=True)
    outputs = [(f"{big}_OUT_{name.upper()} {index}", name, driver) for index, (name, driver) in enumerate(pairs)]
    return [
        f"#ifndef {big}_H",
        f"#define {big}_H",
        "",
        '#include "arm_math.h"',
        "",
        "#if (defined(ARM_MATH_MVEI) || defined(ARM_MATH_MVEF)) && !defined(ARM_MATH_AUTOVECTORIZE)",
        '#error "Helium wants longer states and padded coefficients: build CMSIS-DSP and this with ARM_MATH_AUTOVECTORIZE"',
        "#endif",
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        f"#ifndef {big}_BLOCK",
        f"#define {big}_BLOCK {BLOCK} /* samples a block: define another for the whole build */",
        "#endif",
        f"#define {big}_CHANNELS {len(plan.paths)}",
        f"#define {big}_DRIVERS {len(plan.drivers)}",
        *(
            f"#define {line}" + ("" if identifier == name else f" /* {one_line(name)} */")
            for line, identifier, name in (*inputs, *outputs)
        ),
        "",
        "/* All that changes while the filters run. It points into itself: once initialised it must stay where it is. */",
        "typedef struct {",
        *(f"    {member.name}{member.length};" for member in members(plan)),
        f"}} {prefix}_state;",
        "",
        "/* Silence in all histories; call it before the first block, and again to start anew. */",
        f"void {prefix}_init({prefix}_state *state);",
        "",
        f"/* One block of {big}_BLOCK samples: in[{big}_CHANNELS] and out[{big}_DRIVERS] point to it; no two blocks overlap. */",
        f"void {prefix}_process({prefix}_state *state, const {c_type} *const *in,",
        f"    {c_type} *const *out);",
        "",
        *more,
        "#ifdef __cplusplus",
        "}",
        "#endif",
        "",
        "#endif",
    ]


def _arrays(plan: Plan) -> list[str]:
    lines: list[str] = []
    for path, route in plan.routes:
        if route.stored is None:
            continue
        fixed, values = plan.word.word, stored_array(route.stored, plan.word)
        if isinstance(route.stored, StoredTaps):
            unit = f"; a tap is q 2^({route.stored.shift} - {fixed.fraction_bits})" if fixed else ""
            note = f"{values.size} taps, the last first{unit}"
        else:
            order = "b0, 0, b1, b2, a1, a2" if plan.word is Q15 else "b0, b1, b2, a1, a2"
            shifts = f"; postShift {route.stored.post_shift}, output shift {route.stored.shift}" if fixed else ""
            note = f"{len(route.stored.values)} sections of {order}, feedback added{shifts}"
        head = f"static const {plan.word.c_type} {array_name(plan, route)}[{values.size}]"
        names = f"{one_line(path.channel)} -> {one_line(route.source.driver)}"
        lines += [f"/* {names}: {note} */", *array(head, values), ""]
    return lines


def stored_array(stored: StoredTaps | StoredSections, word: CmsisWord) -> Numbers:
    """A filter's numbers in the order of the memory."""
    if isinstance(stored, StoredTaps):
        return stored.values[::-1]
    return (np.insert(stored.values, 1, 0, axis=1) if word is Q15 else stored.values).ravel()


def array_name(plan: Plan, route: Route) -> str:
    """Name of a filter's array."""
    kind = "sections" if isinstance(route.stored, StoredSections) else "taps"
    return f"{plan.prefix}_{kind}_{route.name}"


def _helpers(plan: Plan) -> list[str]:
    word, loop = plan.word, f"for (uint32_t n = 0; n < {plan.prefix.upper()}_BLOCK; n++)"
    if word is F32:
        return _function("static void add(float32_t *sum, const float32_t *part)", [f"{loop} sum[n] += part[n];"])
    least, greatest = f"INT{8 * word.bytes}_MIN", f"INT{8 * word.bytes}_MAX"
    head = f"static void add(q63_t *sum, const {word.c_type} *part, q63_t factor)"
    lines = _function(head, [f"{loop} sum[n] += part[n] * factor;"])
    if any(path.guard for path in plan.paths):
        head = f"static void lower(const {word.c_type} *from, {word.c_type} *to, uint32_t bits)"
        lines += _function(head, [f"{loop} to[n] = from[n] >> bits;"])
    clipped = f"({word.c_type})(sum[n] > {greatest} ? {greatest} : sum[n] < {least} ? {least} : sum[n])"
    return lines + _function(
        f"static void saturate(const q63_t *sum, {word.c_type} *out)", [loop, f"    out[n] = {clipped};"]
    )


def _function(head: str, body: list[str]) -> list[str]:
    return [head, "{", *(f"    {line}".rstrip() for line in body), "}", ""]


def _init(plan: Plan) -> list[str]:
    suffix, block = plan.word.suffix, f"{plan.prefix.upper()}_BLOCK"
    body = ["memset(state, 0, sizeof *state);"]
    for _, route in plan.routes:
        coefficients, memory = array_name(plan, route), f"state->state_{route.name}"
        if isinstance(route.stored, StoredTaps):
            count = route.stored.values.size
            call = f"arm_fir_init_{suffix}(&state->fir_{route.name}, {count}, {coefficients}, {memory}, {block});"
            body.append(f"(void){call}" if plan.word is Q15 else call)
        elif isinstance(route.stored, StoredSections):
            last = "" if plan.word is F32 else f", {route.stored.post_shift}"
            begin = f"arm_biquad_cascade_df1_init_{suffix}(&state->sections_{route.name}"
            body.append(f"{begin}, {len(route.stored.values)}, {coefficients}, {memory}{last});")
    return _function(f"void {plan.prefix}_init({plan.prefix}_state *state)", body)[:-1]


def _process(plan: Plan) -> list[str]:
    big, c_type = plan.prefix.upper(), plan.word.c_type
    loop = f"for (uint32_t l = 0; l < {big}_DRIVERS; l++)"
    if plan.word is F32:
        body = [f"{loop} memset(out[l], 0, {big}_BLOCK * sizeof *out[l]);"]
    else:
        body = ["memset(state->sum, 0, sizeof state->sum);"]
    for path in plan.paths:
        if path.routes:
            body += ["", f"/* {one_line(path.channel)} */", *_channel(plan, path)]
    if plan.word is not F32:
        body += ["", f"{loop} saturate(state->sum[l], out[l]);"]
    if not any(path.routes for path in plan.paths):
        body.append("(void)in;")
    head = f"void {plan.prefix}_process({plan.prefix}_state *state, const {c_type} *const *in,"
    return [head, *_function(f"    {c_type} *const *out)", body)[:-1]]


def _channel(plan: Plan, path: Path) -> list[str]:
    big, suffix = plan.prefix.upper(), plan.word.suffix
    lines = []
    if path.history:
        line = f"state->history_{path.name}"
        lines = [
            f"memmove({line}, {line} + {big}_BLOCK, {path.history} * sizeof {line}[0]);",
            f"memcpy({line} + {path.history}, in[{path.index}], {big}_BLOCK * sizeof {line}[0]);",
        ]
    if path.guard:
        lines.append(f"lower({_late(path, path.delay)}, state->lowered, {path.guard});")
    for route in path.routes:
        signal = _late(path, route.delay)
        if isinstance(route.stored, StoredTaps):
            signal = "state->lowered" if path.guard else signal
            lines.append(f"arm_fir_{suffix}(&state->fir_{route.name}, {signal}, state->part, {big}_BLOCK);")
        elif isinstance(route.stored, StoredSections):
            call = f"arm_biquad_cascade_df1_{suffix}(&state->sections_{route.name}"
            lines.append(f"{call}, {signal}, state->part, {big}_BLOCK);")
        part = signal if route.stored is None else "state->part"
        if plan.word is F32:
            lines.append(f"add(out[{route.driver}], {part});")
        else:
            lines.append(f"add(state->sum[{route.driver}], {part}, {1 << route.restore});")
    return lines


def _late(path: Path, delay: int) -> str:
    """Where in a channel's samples those begin that are late by so much."""
    if not path.history:
        return f"in[{path.index}]"
    offset = path.history - delay
    return f"state->history_{path.name} + {offset}" if offset else f"state->history_{path.name}"
