"""The text of a bank in C: a header with the state, its calls and its costs, and a source with the sets and the loops."""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Any

import numpy as np

from designer.bank.delay_filter import DELAY_TAPS
from designer.export import bank_engine as bank
from designer.export import c_engine as engine
from designer.export import section_engine as sections
from designer.export.bank_cost import BankCost, bank_cost, members
from designer.export.bank_model import sum_shift
from designer.export.bank_plan import FADE, ONE_BITS, PHASE_BITS, BankPlan
from designer.export.bank_stereo import stereo_header, stereo_source
from designer.export.c_engine import named
from designer.export.c_plan import BLOCK, SUM_BITS
from designer.export.cmsis_source import array, comment
from designer.export.provenance import one_line, provenance, text_file
from designer.export.section_plan import SectionPlan, SectionRoute

Macro = tuple[str, str, str]
LIBRARY = [
    '#include "arm_math.h"',
    "",
    "#if (defined(ARM_MATH_MVEI) || defined(ARM_MATH_MVEF)) && !defined(ARM_MATH_AUTOVECTORIZE)",
    '#error "Helium wants longer states and padded coefficients: build CMSIS-DSP and this with ARM_MATH_AUTOVECTORIZE"',
    "#endif",
]


def bank_files(plan: BankPlan) -> dict[str, bytes]:
    """`PREFIX.h` and `PREFIX.c`."""
    head, prefix = comment(provenance(plan.filters, plan.word.target, bank_scaling(plan))), plan.names.prefix
    return {
        f"{prefix}.h": text_file([*head, *_header(plan)]),
        f"{prefix}.c": text_file([*head, *_source(plan)]),
    }


def bank_scaling(plan: BankPlan) -> str:
    """Clause on full scale and shifts."""
    if plan.word.word is None:
        return "full scale 1; single precision"
    bits = plan.word.fixed.fraction_bits
    return (
        f"full scale 2^{bits}; a number q of a set is the tap q 2^(s - {bits}), of a filter that plays q 2^(s' - {bits}), s and s' of its"
        " route; a driver's sum of 64 bits is rounded once and saturated"
    )


def cost_of(plan: BankPlan) -> BankCost:
    """The numbers of the header's macros."""
    return bank_cost(plan, members(plan, BLOCK))


def _header(plan: BankPlan) -> list[str]:
    prefix, big, kind = plan.names.prefix, plan.names.prefix.upper(), plan.word.c_type
    keys = len(plan.filters.bank.axes)
    values = ", ".join(["float value", "float value2"][:keys])
    fade = "call it between calls of process, as often as wanted; values that come during a fade wait until its end"
    if plan.library:
        block = [
            f"#ifndef {big}_BLOCK",
            f"#define {big}_BLOCK {BLOCK}U /* samples a block: define another for the whole build */",
        ]
        block += ["#endif"]
        fade_value = f"((({FADE}U + {big}_BLOCK - 1U) / {big}_BLOCK) * {big}_BLOCK)"
        calls = [
            f"/* One block of {big}_BLOCK samples: in[{big}_CHANNELS] and out[{big}_DRIVERS] point to it; no two blocks overlap. */",
            f"void {prefix}_process({prefix}_state *state, const {kind} *const *in, {kind} *const *out);",
        ]
    else:
        block, fade_value = (
            [f"#define {big}_BLOCK {BLOCK}U /* samples computed at once, for calls of any length */"],
            f"{FADE}U",
        )
        calls = [
            f"/* Processes frames: in[{big}_CHANNELS] and out[{big}_DRIVERS] each point to `frames` samples. No buffers may overlap. */",
            f"void {prefix}_process({prefix}_state *state, const {kind} *const *in, {kind} *const *out, uint32_t frames);",
            "",
            f"/* Processes interleaved frames: {big}_CHANNELS input samples and {big}_DRIVERS output samples a frame. */",
            f"void {prefix}_process_interleaved({prefix}_state *state, const {kind} *in, {kind} *out, uint32_t frames);",
        ]
    return [
        f"#ifndef {big}_H",
        f"#define {big}_H",
        "",
        *(LIBRARY if plan.library else ["#include <stdint.h>"]),
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        *block,
        f"#define {big}_FADE_SAMPLES {fade_value} /* samples in which the filters go over to those of new values */",
        *(f"#define {big}_{name} {value}" + (f" /* {note} */" if note else "") for name, value, note in _macros(plan)),
        "",
        *_names(plan),
        "/* All that changes while the filters run. The caller allocates it, in any memory that is aligned for it. */",
        "typedef struct {",
        *(f"    {member.text};" for member in members(plan, BLOCK)),
        f"}} {prefix}_state;",
        "",
        f"/* Sets all histories to silence and the position to {big}_START. Call it before the first frame, and again to restart. */",
        f"void {prefix}_init({prefix}_state *state);",
        "",
        f"/* Sets the position: {_keys_text(plan)}.",
        " * Values beyond the range are held to it. Before the first frame the filters are there at once, later over a fade:",
        f" * {fade}. */",
        f"void {prefix}_set_position({prefix}_state *state, {values});",
        "",
        *calls,
        "",
        *(stereo_header(plan, plan.upmix, cost_of(plan)) if plan.upmix else []),
        "#ifdef __cplusplus",
        "}",
        "#endif",
        "",
        "#endif",
    ]


def _keys_text(plan: BankPlan) -> str:
    filters = plan.filters
    parts = []
    for axis, unit, name in zip(filters.bank.axes, filters.units, ("value", "value2"), strict=False):
        low, high = (f"{float(np.float32(end)):g}" for end in (axis.values[0], axis.values[-1]))
        values = f"{low} to {high}" if axis.values.size > 1 else f"whatever it is, the filters for {low}"
        parts.append(f"{name} is {one_line(axis.key)}, {values}{f' {unit}' if unit else ''}")
    return "; ".join(parts)


def _macros(plan: BankPlan) -> list[Macro]:
    filters, cost = plan.filters, cost_of(plan)
    rate, room = filters.sample_rate_hz, filters.headroom
    still, moving = cost.per_s(rate)
    ends: list[Macro] = []
    for n, (axis, start) in enumerate(zip(filters.bank.axes, filters.start, strict=True), start=1):
        ends += [
            (f"LOW_{n}", f"({float(axis.values[0])!r}F)", one_line(axis.key)),
            (f"HIGH_{n}", f"({float(axis.values[-1])!r}F)", ""),
            (f"START_{n}", f"({float(start)!r}F)", ""),
            (f"SETS_{n}", f"{axis.values.size}U", ""),
        ]
    where = f" for {BLOCK} samples a block" if plan.library else ""
    return [
        ("SAMPLE_RATE_HZ", f"{rate:.0f}" if rate == round(rate) else repr(rate), ""),
        ("CHANNELS", f"{len(filters.channels)}U", "inputs"),
        ("DRIVERS", f"{len(filters.drivers)}U", "outputs"),
        ("ROUTES", f"{len(plan.routes)}U", "filters from a channel to a driver"),
        (
            "PLAYED",
            f"{plan.played_numbers}U",
            "numbers of all filters that play" if isinstance(plan, SectionPlan) else "taps of all filters that play",
        ),
        ("KEYS", f"{len(filters.bank.axes)}U", "values of a position"),
        *ends,
        ("LATENCY_SAMPLES", f"{filters.latency_samples}U", "of the filters at any position; the loops add none"),
        ("LATENCY_MS", f"{1e3 * filters.latency_samples / rate:.6f}", ""),
        (
            "HEADROOM_DB",
            f"{room.any_input_db:.2f}",
            "no feed exceeds full scale if the peaks of all inputs are this far below it",
        ),
        (
            "WORST_OUTPUT",
            f"{room.worst_output:.6f}",
            "no feed of inputs of full scale is larger, relative to full scale",
        ),
        ("MULTIPLY_ADDS_PER_S", f"{still}U", "while the position stays"),
        ("MOVING_MULTIPLY_ADDS_PER_S", f"{moving}U", "while it changes in every fade"),
        ("FILL_MULTIPLY_ADDS", f"{cost.fill}U", "of these at once, in the call that begins a fade"),
        ("FLASH_BYTES", f"{cost.flash}U", "constants, without the code"),
        ("RAM_BYTES", f"{cost.ram}U", f"sizeof({plan.names.prefix}_state){where}, without a few words of stack"),
        ("STATE_BYTES", f"{cost.state}U", "part of RAM_BYTES that lasts from call to call; the rest is scratch"),
    ]


def _names(plan: BankPlan) -> list[str]:
    big, lines = plan.names.prefix.upper(), list[str]()
    for kind, word, names in (("channel", "IN", plan.filters.channels), ("driver", "OUT", plan.filters.drivers)):
        lines.append("typedef enum {")
        for index, name in enumerate(names):
            identifier = plan.names.identifiers[name]
            note = "" if identifier == name else f" /* {one_line(name)} */"
            comma = "," if index + 1 < len(names) else ""
            lines.append(f"    {big}_{word}_{identifier.upper()} = {index}{comma}{note}")
        lines += [f"}} {plan.names.prefix}_{kind};", ""]
    return lines


def _source(plan: BankPlan) -> list[str]:
    prefix, big, fixed = plan.names.prefix, plan.names.prefix.upper(), plan.word.word is not None
    kind, keys = "fixed" if fixed else "float", len(plan.filters.bank.axes)
    head = [f'#include "{prefix}.h"', *(["#include <math.h>"] if plan.upmix else []), "#include <string.h>", ""]
    if fixed:
        head += ["#if ((-1) >> 1) != -1", '#error "a right shift must keep the sign"', "#endif", ""]
    size = f"(sizeof({prefix}_state) == {big}_RAM_BYTES)"
    size = f"({size} || ({big}_BLOCK != {BLOCK}U))" if plan.library else size
    head += [f"typedef char {prefix}_state_is_as_long_as_said[{size} ? 1 : -1];", "", *_constants(plan), ""]
    words = {"SAMPLE": plan.word.c_type, "MULTIPLY": "", "FEED": "state->sum[l][n]"}
    if fixed:
        bits = 8 * plan.word.bytes
        words |= {"MOST": f"INT{bits}_MAX", "LEAST": f"INT{bits}_MIN", "FEED": "prefix_rounded(state->sum[l][n])"}
        words |= {"PRODUCT": "int64_t" if plan.word.bytes == 4 else "int32_t"}
    run, multiply = bank.RUN_WORDS[kind], engine.TAPS[kind]
    if plan.library:
        suffix = plan.word.target.rpartition("-")[2]
        run = {**run, "MULTIPLY": bank.CMSIS_CALL.replace("SHIFT", ", route->shift" if fixed else "")}
        library = {"INSTANCE": f"arm_fir_instance_{suffix}", "FUNCTION": f"arm_fir_{suffix}"}
        multiply = _worded(bank.CMSIS_MULTIPLY, {**bank.CMSIS_WORDS[kind], **library})
    filled = "\n".join(
        _worded(text, {"MIX": bank.MIX[kind], **bank.WORDS[kind]}) for text in (bank.DELAY, bank.FILL, bank.TURN)
    )
    ran = _worded(bank.RUN, run)
    if isinstance(plan, SectionPlan):
        filled = "\n".join(
            (
                _worded(bank.DELAY, bank.WORDS[kind]),
                sections.MIX,
                sections.FILL,
                bank.TURN,
                sections.SECTION[plan.library],
            )
        )
        ran = _worded(sections.RUN, {"MULTIPLY": sections.MULTIPLY[plan.library]})
    process = bank.CMSIS_PROCESS if plan.library else engine.PROCESS
    process = process.replace("sizeof *state);", f"sizeof *state);\n    {bank.START[keys]}", 1)
    pieces = [
        *([engine.SHIFTED, engine.ROUNDED] if fixed else []),
        multiply,
        engine.ROOM[engine.ROOM.index("/* The place of") :] if plan.library else engine.ROOM,
        bank.PLACES,
        bank.CORNERS[keys],
        filled,
        ran,
        _worded(engine.ADVANCE, {"LOOK_AHEAD": "prefix_settle(state);"}),
        bank.SET[keys],
        process,
    ]
    texts = [*_tables(plan), *(_lines(piece, prefix, words) for piece in pieces)]
    texts += [stereo_source(plan, plan.upmix, words, words["FEED"])] if plan.upmix else []
    lines = [line for text in texts for line in (*text, "")]
    return [*head, *lines[:-1]]


def _lines(text: str, prefix: str, words: dict[str, str]) -> list[str]:
    """Lines of a text, without those that a word has left empty between two others."""
    lines = named(_worded(text, words), prefix)
    return [line for n, line in enumerate(lines) if line == "" or line.strip() or n == 0]


def _worded(text: str, words: dict[str, str]) -> str:
    for word, replacement in words.items():
        text = re.sub(rf"\b{word}\b", lambda _, new=replacement: new, text)  # type: ignore[misc]
    return text


def _constants(plan: BankPlan) -> list[str]:
    big = plan.names.prefix.upper()
    values: list[tuple[str, str]] = [
        ("ONE_BITS", f"{ONE_BITS}U"),
        ("ONE", f"{1 << ONE_BITS}U"),
        ("CORNERS", f"{plan.corners}U"),
        ("NUMBERS", f"{plan.set_numbers}U"),
        ("DELAY_TAPS", f"{DELAY_TAPS}U"),
        ("DELAY_BITS", f"{plan.delay_bits}U"),
        ("REST_BITS", f"{plan.delay_bits - PHASE_BITS}U"),
    ]
    if plan.word.word is not None:
        values += [
            ("CUT_BITS", f"{SUM_BITS - plan.word.fixed.fraction_bits}U"),
            ("FADE_BITS", f"{FADE.bit_length() - 1}U"),
        ]
    return [f"#define {big}_{name} {value}" for name, value in values]


def _tables(plan: BankPlan) -> list[list[str]]:
    prefix, big, fixed = plan.names.prefix, plan.names.prefix.upper(), plan.word.word is not None
    filters = plan.filters
    grid = " by ".join(str(axis.values.size) for axis in filters.bank.axes)
    pieces = []
    for n, axis in enumerate(filters.bank.axes, start=1):
        text = ", ".join(repr(float(value)) for value in axis.values)
        head = f"static const double {prefix}_values_{n}[{axis.values.size}]"
        pieces.append([f"/* {one_line(axis.key)} of the sets */", f"{head} = {{", f"    {text},", "};"])
    if isinstance(plan, SectionPlan):
        pieces += _section_tables(plan, grid)
    else:
        taps: Any = np.concatenate([route.values[:, ::-1] for route in plan.routes], axis=1)
        note = f"/* {grid} sets, the last key fastest: taps of the routes, the last first */"
        pieces.append([note, *array(f"static const {plan.word.c_type} {prefix}_taps[{taps.size}]", taps.ravel())])
    delays = np.stack([route.delays for route in plan.routes], axis=1)
    note = f"/* of each set: delays of the routes in samples, times 2^{plan.delay_bits} */"
    pieces.append([note, *_unsigned(f"static const uint32_t {prefix}_delays[{delays.size}]", delays.ravel())])
    kind = "int32_t" if fixed else plan.word.c_type
    note = (
        f"/* delays by parts of a sample, in steps of 1/{1 << PHASE_BITS}{f', times 2^{ONE_BITS}' if fixed else ''} */"
    )
    pieces.append([note, *array(f"static const {kind} {prefix}_sinc[{plan.sinc.size}]", plan.sinc.ravel())])
    pieces.append(
        [
            "/* a row a channel: its beginning in state->line, and the past samples that are kept */",
            "typedef struct {",
            "    uint32_t first;",
            "    uint32_t history;",
            f"}} {prefix}_line;",
            f"static const {prefix}_line {prefix}_lines[{len(filters.channels)}] = {{",
            *(
                f"    {{{first}U + ({c}U * {big}_BLOCK), {history}U}},"
                for c, (first, history) in enumerate(
                    zip(accumulate([0, *plan.histories]), plan.histories, strict=False)
                )
            ),
            "};",
        ]
    )
    return [*pieces, _routes(plan)]


def _section_tables(plan: SectionPlan, grid: str) -> list[list[str]]:
    """Numerators of all sets, and the denominators."""
    numerators: Any = np.concatenate([route.values for route in plan.routes], axis=1)
    poles = np.concatenate([route.denominators for route in plan.routes]).astype(np.float32)
    text = "a1 and a2 of the sections of the routes"
    if plan.library:  # a biquad of CMSIS-DSP adds the feedback
        poles = np.concatenate([np.tile([1.0, 0.0, 0.0], (len(poles), 1)).astype(np.float32), -poles], axis=1)
        text = "b0, b1, b2, -a1 and -a2 of the poles of the sections of the routes"
    head = f"static const float {plan.names.prefix}"
    note = f"/* {grid} sets, the last key fastest: numerators of the routes, of each section those of u and of u one sample ago */"
    return [
        [note, *array(f"{head}_numerators[{numerators.size}]", numerators.ravel())],
        [f"/* of all sets: {text} */", *array(f"{head}_denominators[{poles.size}]", poles.ravel())],
    ]


def _routes(plan: BankPlan) -> list[str]:
    prefix, fixed = plan.names.prefix, plan.word.word is not None
    sets = accumulate([0, *(route.taps for route in plan.routes)])
    played = accumulate([0, *(route.count for route in plan.routes)])
    words = ["channel", "driver", "delay", "first", "count", "filter"]
    rows, section = [], 0
    for route, first, place in zip(plan.routes, sets, played, strict=False):
        cells = [f"{n}U" for n in (route.channel, route.driver, route.wait, first, route.taps, place)]
        if fixed:
            cells += [f"{ONE_BITS + route.played_shift - route.shift}U", f"{sum_shift(plan, route)}"]
        if isinstance(route, SectionRoute):
            cells += [f"{section}U", f"{route.sections}U"]
            section += route.sections
        names = f"{plan.filters.channels[route.channel]} -> {plan.filters.drivers[route.driver]}"
        scale = f"; s = {route.shift}, s' = {route.played_shift}" if fixed else ""
        rows.append(f"    {{{', '.join(cells)}}}, /* {one_line(names)}{scale} */")
    note = "delay ahead of the taps, their place in a set, their number, the filter's place in state->filter"
    if isinstance(plan, SectionPlan):
        note = "delay ahead, place of the numerators in a set, their number, place in state->filter, first section, how many"
        words += ["section", "sections"]
    return [
        f"/* routes: {note}{', bits that its sums are lowered by, shift of the feed' if fixed else ''} */",
        "typedef struct {",
        *(f"    uint32_t {word};" for word in words),
        *(["    uint32_t lower;", "    int32_t shift;"] if fixed else []),
        f"}} {prefix}_route;",
        f"static const {prefix}_route {prefix}_routes[{len(rows)}] = {{",
        *rows,
        "};",
    ]


def _unsigned(head: str, values: Any) -> list[str]:
    lines = array(head, values)
    return [line if "{" in line or "}" in line else re.sub(r"(\d+)", r"\1U", line) for line in lines]
