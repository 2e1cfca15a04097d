"""The source of the exported C: one array a filter, and the functions that run them through CMSIS-DSP."""

from __future__ import annotations

from designer.export.c_text import array, comment, text
from designer.export.cmsis_plan import Path, Plan, Route
from designer.export.cmsis_sections import StoredSections
from designer.export.cmsis_size import stored_count
from designer.export.cmsis_taps import StoredTaps
from designer.export.cmsis_word import F32, Q15
from designer.export.provenance import one_line, provenance


def source(plan: Plan, target: str, scaling: str) -> bytes:
    """The .c file."""
    return text(
        [
            *comment(provenance(plan.filters, target, scaling)),
            f'#include "{plan.prefix}.h"',
            "#include <string.h>",
            "",
            *_arrays(plan),
            *_helpers(plan),
            *_init(plan),
            "",
            *_process(plan),
        ]
    )


def _arrays(plan: Plan) -> list[str]:
    lines: list[str] = []
    for path, route in plan.routes:
        if route.stored is None:
            continue
        names = f"{one_line(path.channel)} -> {one_line(route.source.driver)}"
        if isinstance(route.stored, StoredTaps):
            values = route.stored.reversed
            unit = (
                ""
                if plan.word.word is None
                else f"; a tap is q 2^({route.stored.shift} - {plan.word.word.fraction_bits})"
            )
            note = f"/* {names}: {values.size} taps, the last first{unit} */"
        else:
            values = route.stored.stored_q15 if plan.word is Q15 else route.stored.stored
            order = "b0, 0, b1, b2, a1, a2" if plan.word is Q15 else "b0, b1, b2, a1, a2"
            shifts = (
                f"; postShift {route.stored.post_shift}, output shift {route.stored.shift}" if plan.word.word else ""
            )
            note = f"/* {names}: {len(route.stored.values)} sections of {order}, feedback added{shifts} */"
        head = f"static const {plan.word.c_type} {array_name(plan, route)}[{stored_count(route.stored, plan.word)}]"
        lines += [note, *array(head, values), ""]
    return lines


def array_name(plan: Plan, route: Route) -> str:
    """Name of a filter's array."""
    kind = "sections" if isinstance(route.stored, StoredSections) else "taps"
    return f"{plan.prefix}_{kind}_{route.name}"


def _helpers(plan: Plan) -> list[str]:
    word, block = plan.word, f"{plan.prefix.upper()}_BLOCK"
    if word is F32:
        return _function(
            "static void add(float32_t *sum, const float32_t *part)",
            [f"for (uint32_t n = 0; n < {block}; n++) sum[n] += part[n];"],
        )
    least, greatest = ("INT32_MIN", "INT32_MAX") if word.bytes == 4 else ("INT16_MIN", "INT16_MAX")
    lines = _function(
        f"static void add(q63_t *sum, const {word.c_type} *part, q63_t factor)",
        [f"for (uint32_t n = 0; n < {block}; n++) sum[n] += part[n] * factor;"],
    )
    if any(path.guard for path in plan.paths):
        lines += _function(
            f"static void lower(const {word.c_type} *from, {word.c_type} *to, uint32_t bits)",
            [f"for (uint32_t n = 0; n < {block}; n++) to[n] = from[n] >> bits;"],
        )
    return lines + _function(
        f"static void saturate(const q63_t *sum, {word.c_type} *out)",
        [
            f"for (uint32_t n = 0; n < {block}; n++)",
            f"    out[n] = ({word.c_type})(sum[n] > {greatest} ? {greatest} : sum[n] < {least} ? {least} : sum[n]);",
        ],
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
    head = [
        f"void {plan.prefix}_process({plan.prefix}_state *state, const {c_type} *const *in,",
        f"    {c_type} *const *out)",
    ]
    if plan.word is F32:
        body = [f"for (uint32_t l = 0; l < {big}_DRIVERS; l++) memset(out[l], 0, {big}_BLOCK * sizeof *out[l]);"]
    else:
        body = ["memset(state->sum, 0, sizeof state->sum);"]
    for path in plan.paths:
        if path.routes:
            body += ["", f"/* {one_line(path.channel)} */", *_channel(plan, path)]
    if plan.word is not F32:
        body += ["", f"for (uint32_t l = 0; l < {big}_DRIVERS; l++) saturate(state->sum[l], out[l]);"]
    if not any(path.routes for path in plan.paths):
        body.append("(void)in;")
    return [*head, *_function("", body)[1:-1]]


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
