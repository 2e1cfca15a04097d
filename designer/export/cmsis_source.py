"""The text of the exported C: a header with the state's struct, and the source with an array a filter and the functions that run them.

The state's length is not what CMSIS-DSP's comments say throughout: on a core with the DSP extension `arm_fir_init_q15` clears
numTaps + blockSize words, one more than numTaps + blockSize - 1. Its size is what a 32-bit Arm compiler makes of it (AAPCS32):
each member at a multiple of its own alignment.
"""

from __future__ import annotations

import numpy as np

from designer.export.c_plan import BLOCK, CWord, Numbers
from designer.export.c_text import CMSIS_DSP, Member, array, comment, header, macros, struct
from designer.export.c_upmix import StereoC
from designer.export.cmsis_plan import F32, Q15, Path, Plan, Route, StoredSections, StoredTaps
from designer.export.provenance import one_line, provenance, text_file


def files(plan: Plan, target: str) -> dict[str, bytes]:
    """`PREFIX.h` and `PREFIX.c`, with the upmix where one makes the channels."""
    head, prefix, stereo = comment(provenance(plan.filters, target, scaling(plan))), plan.names.prefix, stereo_of(plan)
    includes = [f'#include "{prefix}.h"', "#include <string.h>", "", *_arrays(plan), *_helpers(plan)]
    upmixed = ["", *stereo.tables_and_source()] if stereo else []
    return {
        f"{prefix}.h": text_file([*head, *_header(plan, stereo)]),
        f"{prefix}.c": text_file([*head, *includes, *_init(plan), "", *_process(plan), *upmixed]),
    }


def stereo_of(plan: Plan) -> StereoC | None:
    """The upmix ahead of the filters; None without one."""
    stage = plan.filters.upmix
    return StereoC(plan.filters, plan.names.prefix, plan.word, stage, state_bytes(plan), BLOCK) if stage else None


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
    word, big = plan.word, f"{plan.names.prefix.upper()}_BLOCK"

    def words(name: str, length: str, count: int) -> Member:
        return Member(f"{word.c_type} {name}[{length}]", word.bytes * count, alignment=word.bytes)

    listed: list[Member] = []
    if word is not F32:
        drivers = len(plan.drivers)
        listed.append(Member(f"q63_t sum[{drivers}][{big}]", 8 * block * drivers, alignment=8))
    for _, route in plan.routes:
        if isinstance(route.stored, StoredTaps):
            listed.append(Member(f"arm_fir_instance_{word.name} fir_{route.name}", 12))
            state = fir_state(route.stored.values.size, word)
            listed.append(words(f"state_{route.name}", f"{state} + {big}", state + block))
        elif isinstance(route.stored, StoredSections):
            kind, size = f"arm_biquad_casd_df1_inst_{word.name}", 12 if word is F32 else 16
            state = 4 * len(route.stored.values)
            listed.append(Member(f"{kind} sections_{route.name}", size))
            listed.append(words(f"state_{route.name}", f"{state}", state))
    for path in plan.paths:
        if path.history:
            listed.append(words(f"history_{path.name}", f"{path.history} + {big}", path.history + block))
    if any(path.guard for path in plan.paths):
        listed.append(words("lowered", big, block))
    if any(route.stored is not None for _, route in plan.routes):
        listed.append(words("part", big, block))
    return listed


def fir_state(taps: int, word: CWord) -> int:
    """Words of state of one FIR filter, those of a block apart."""
    return taps - (word is not Q15)


def _header(plan: Plan, stereo: StereoC | None) -> list[str]:
    prefix, c_type = plan.names.prefix, plan.word.c_type
    big = prefix.upper()
    inputs = [(f"IN_{path.name.upper()}", path.index, path.name, path.channel) for path in plan.paths]
    pairs = zip(plan.drivers, plan.filters.drivers, strict=True)
    ports = [*inputs, *((f"OUT_{name.upper()}", n, name, driver) for n, (name, driver) in enumerate(pairs))]
    body = [
        f"#ifndef {big}_BLOCK",
        f"#define {big}_BLOCK {BLOCK} /* samples a block: define another for the whole build */",
        "#endif",
        *macros(prefix, [("CHANNELS", f"{len(plan.paths)}", ""), ("DRIVERS", f"{len(plan.drivers)}", "")]),
        *macros(prefix, [(port, f"{n}", "" if name == old else one_line(old)) for port, n, name, old in ports]),
        "",
        "/* All that changes while the filters run. It points into itself: once initialised it must stay where it is. */",
        *struct(f"{prefix}_state", members(plan)),
        "",
        "/* Silence in all histories; call it before the first block, and again to start anew. */",
        f"void {prefix}_init({prefix}_state *state);",
        "",
        f"/* One block of {big}_BLOCK samples: in[{big}_CHANNELS] and out[{big}_DRIVERS] point to it; no two blocks overlap. */",
        f"void {prefix}_process({prefix}_state *state, const {c_type} *const *in,",
        f"    {c_type} *const *out);",
        "",
    ]
    call = f"/* One block of {big}_BLOCK samples: in[0] is the listener's left, in[1] the right, out[{big}_DRIVERS] are the feeds. */"
    return header(prefix, CMSIS_DSP, [*body, *(stereo.header([], call) if stereo else [])])


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
        head = f"static const {plan.word.c_type} {array_name(plan, route)}"
        names = f"{one_line(path.channel)} -> {one_line(route.source.driver)}"
        lines += [f"/* {names}: {note} */", *array(head, values), ""]
    return lines


def stored_array(stored: StoredTaps | StoredSections, word: CWord) -> Numbers:
    """A filter's numbers in the order of the memory."""
    if isinstance(stored, StoredTaps):
        return stored.values[::-1]
    return (np.insert(stored.values, 1, 0, axis=1) if word is Q15 else stored.values).ravel()


def array_name(plan: Plan, route: Route) -> str:
    """Name of a filter's array."""
    kind = "sections" if isinstance(route.stored, StoredSections) else "taps"
    return f"{plan.names.prefix}_{kind}_{route.name}"


def _helpers(plan: Plan) -> list[str]:
    word, loop = plan.word, f"for (uint32_t n = 0; n < {plan.names.prefix.upper()}_BLOCK; n++)"
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
    suffix, block = plan.word.name, f"{plan.names.prefix.upper()}_BLOCK"
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
    return _function(f"void {plan.names.prefix}_init({plan.names.prefix}_state *state)", body)[:-1]


def _process(plan: Plan) -> list[str]:
    big, c_type = plan.names.prefix.upper(), plan.word.c_type
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
    head = f"void {plan.names.prefix}_process({plan.names.prefix}_state *state, const {c_type} *const *in,"
    return [head, *_function(f"    {c_type} *const *out)", body)[:-1]]


def _channel(plan: Plan, path: Path) -> list[str]:
    big, suffix = plan.names.prefix.upper(), plan.word.name
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
