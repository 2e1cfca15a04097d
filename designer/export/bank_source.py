"""The text of a bank in C: a header with the state, its calls and its costs, and a source with the sets and the loops."""

from __future__ import annotations

from itertools import accumulate
from typing import Any

import numpy as np

from designer.bank.delay_filter import DELAY_TAPS
from designer.export import c_text
from designer.export.bank_cost import cost_of, members, stereo_of
from designer.export.bank_plan import FADE, ONE_BITS, PHASE_BITS, BankPlan
from designer.export.c_engine import named, piece, sample_words
from designer.export.c_plan import BLOCK, SUM_BITS
from designer.export.c_text import Macro, array, asserted_size, comment, macros, table
from designer.export.provenance import one_line, provenance, text_file

START = {
    1: "prefix_set_position(state, PREFIX_START_1);",
    2: "prefix_set_position(state, PREFIX_START_1, PREFIX_START_2);",
}
FILL_WORDS = {
    "float": {
        "PART": "float",
        "REST": "const float between = (float)rest * (1.0F / (float)((uint32_t)1U << PREFIX_REST_BITS));",
        "BETWEEN": "below + (between * (above - below))",
        "LOWERSAMPLE": "SAMPLE",
        "LOWER_OF_ROUTE": "",
        "SUM": "float",
        "ZERO": "0.0F",
        "ROUNDED": "sum",
    },
    "fixed": {
        "PART": "int32_t",
        "REST": "",
        "BETWEEN": "below + (int32_t)((((int64_t)above - (int64_t)below) * (int64_t)rest) >> PREFIX_REST_BITS)",
        "LOWERSAMPLE": "uint32_t lower, SAMPLE",
        "LOWER_OF_ROUTE": "route->lower, ",
        "SUM": "int64_t",
        "ZERO": "(int64_t)1 << (lower - 1U)",
        "ROUNDED": "(SAMPLE)(sum >> lower)",
    },
}
PLAY_WORDS = {
    "float": {
        "SUM": "float",
        "NOTHING": "0.0F",
        "FADE_SHARE": "const float now = (float)at * (1.0F / (float)PREFIX_FADE_SAMPLES);",
        "FADE_PART": "now * (state->next[l][n] - state->sum[l][n])",
    },
    "fixed": {
        "SUM": "int64_t",
        "NOTHING": "0",
        "FADE_SHARE": "const int64_t now = (int64_t)((at << PREFIX_FADE_BITS) / PREFIX_FADE_SAMPLES);",
        "FADE_PART": "((state->next[l][n] - state->sum[l][n]) * now) >> PREFIX_FADE_BITS",
    },
}
CMSIS_WORDS = {
    "float": {"ADDED": "SAMPLE *y", "OUTPUT": "state->part[n]"},
    "fixed": {"ADDED": "int64_t *y, int32_t shift", "OUTPUT": "prefix_shifted((int64_t)state->part[n], shift)"},
}
"""Words of `engine/bank.c` that differ between floats and fixed point."""


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


def _header(plan: BankPlan) -> list[str]:
    prefix, big, kind = plan.names.prefix, plan.names.prefix.upper(), plan.word.c_type
    values = ", ".join(["float value", "float value2"][: len(plan.filters.bank.axes)])
    fade = "call it between calls of process, as often as wanted; values that come during a fade wait until its end"
    fade_value, block = (
        f"{FADE}U",
        macros(prefix, [("BLOCK", f"{BLOCK}U", "samples computed at once, for calls of any length")]),
    )
    calls = c_text.process_calls(prefix, kind)
    if plan.library:
        note = "samples a block: define another for the whole build"
        block = [f"#ifndef {big}_BLOCK", *macros(prefix, [("BLOCK", f"{BLOCK}U", note)]), "#endif"]
        fade_value = f"((({FADE}U + {big}_BLOCK - 1U) / {big}_BLOCK) * {big}_BLOCK)"
        calls = [
            f"/* One block of {big}_BLOCK samples: in[{big}_CHANNELS] and out[{big}_DRIVERS] point to it; no two blocks overlap. */",
            f"void {prefix}_process({prefix}_state *state, const {kind} *const *in, {kind} *const *out);",
            "",
        ]
    fades = ("FADE_SAMPLES", fade_value, "samples in which the filters go over to those of new values")
    body = [
        *(*block, *macros(prefix, [fades, *_macros(plan)]), ""),
        *c_text.enumerations(plan.names, plan.filters),
        *c_text.state_struct(prefix, members(plan)),
        f"/* Sets all histories to silence and the position to {big}_START. Call it before the first frame, and again to restart. */",
        *(f"void {prefix}_init({prefix}_state *state);", ""),
        f"/* Sets the position: {_keys_text(plan)}.",
        " * Values outside the range are limited to it. The first position is taken at once, a later one by a fade:",
        f" * {fade}. */",
        *(f"void {prefix}_set_position({prefix}_state *state, {values});", ""),
        *calls,
        *_stereo_header(plan),
    ]
    return c_text.header(prefix, c_text.CMSIS_DSP if plan.library else ["#include <stdint.h>"], body)


def _stereo_header(plan: BankPlan) -> list[str]:
    """The part of the header that takes left and right, where an upmix makes the channels."""
    stereo, cost, prefix = stereo_of(plan), cost_of(plan), plan.names.prefix
    if stereo is None:
        return []
    still, moving = (stereo.multiply_adds_per_s(count) for count in (cost.still, cost.moving))
    costs: list[Macro] = [
        ("STEREO_MULTIPLY_ADDS_PER_S", f"{still}U", "with the filters', while the position stays"),
        ("STEREO_MOVING_MULTIPLY_ADDS_PER_S", f"{moving}U", "while it changes in every fade"),
        ("STEREO_FLASH_BYTES", f"{cost.flash + stereo.flash_bytes}U", "with the filters'"),
        ("STEREO_RAM_BYTES", f"{stereo.ram_bytes}U", f"sizeof({prefix}_stereo_state), with the filters'"),
    ]
    ports = f"in[0] is the listener's left, in[1] the right; out[{prefix.upper()}_DRIVERS] are the feeds"
    about = f"/* Its position is set by {prefix}_set_position(&state.filters, ...). */"
    return stereo.header(costs, f"/* {ports}. No buffers may overlap. */", about)


def _keys_text(plan: BankPlan) -> str:
    filters = plan.filters
    parts = []
    for axis, unit, name in zip(filters.bank.axes, filters.units, ("value", "value2"), strict=False):
        low, high = (f"{float(np.float32(end)):g}" for end in (axis.values[0], axis.values[-1]))
        values = f"{low} to {high}" if axis.values.size > 1 else f"ignored: all filters are those for {low}"
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
    adds = f"a block that is gathered adds {plan.names.prefix.upper()}_BLOCK" if plan.library else "the loops add none"
    played = f"{'numbers' if plan.is_of_sections else 'taps'} of all filters that play"
    return [
        *c_text.port_macros(filters),
        ("ROUTES", f"{len(plan.routes)}U", "filters from a channel to a driver"),
        ("PLAYED", f"{plan.played_numbers}U", played),
        ("KEYS", f"{len(filters.bank.axes)}U", "values of a position"),
        *ends,
        ("LATENCY_SAMPLES", f"{filters.latency_samples}U", f"of the filters at any position; {adds}"),
        ("LATENCY_MS", f"{1e3 * filters.latency_samples / rate:.6f}", "of LATENCY_SAMPLES"),
        ("HEADROOM_DB", f"{room.any_input_db:.2f}", c_text.ROOM),
        (
            "WORST_OUTPUT",
            f"{room.worst_output:.6f}",
            "no feed of inputs of full scale is larger, relative to full scale",
        ),
        ("MULTIPLY_ADDS_PER_S", f"{still}U", "while the position stays"),
        ("MOVING_MULTIPLY_ADDS_PER_S", f"{moving}U", "while it changes in every fade"),
        ("FILL_MULTIPLY_ADDS", f"{cost.fill}U", "of these at once, in the call that begins a fade"),
        *c_text.memory_macros(plan.names.prefix, cost.flash, cost.ram, cost.state, where),
    ]


def _source(plan: BankPlan) -> list[str]:
    prefix, kind, keys = plan.names.prefix, plan.word.kind, len(plan.filters.bank.axes)
    stereo, fixed = stereo_of(plan), kind == "fixed"
    head = [f'#include "{prefix}.h"', *(["#include <math.h>"] if stereo else []), "#include <string.h>", ""]
    head += c_text.SIGN_KEPT if fixed else []
    unless = f"({prefix.upper()}_BLOCK != {BLOCK}U)" if plan.library else ""
    head += [asserted_size(prefix, "state", "RAM_BYTES", unless), "", *_constants(plan), ""]
    feed = "prefix_rounded(state->sum[l][n])" if fixed else "state->sum[l][n]"
    process = "process blocks" if plan.library else "process"
    pieces = [
        *([piece("shifted"), piece("rounded")] if fixed else []),
        _multiply(plan),
        *([] if plan.library else [piece("room")]),
        *(piece("newest"), piece("late"), piece("places"), piece(f"corners, {keys}")),
        piece("delay", **FILL_WORDS[kind]),
        *_between_sets(plan),
        piece("advance", LOOK_AHEAD="prefix_settle(state);"),
        piece(f"set, {keys}"),
        piece(process, FEED=feed, BEGIN=START[keys]),
    ]
    texts = [*_tables(plan), *(named(text, prefix, sample_words(plan.word)) for text in pieces)]
    texts += [[stereo.asserted, "", *stereo.tables_and_source(feed)]] if stereo else []
    lines = [line for text in texts for line in (*text, "")]
    return [*head, *lines[:-1]]


def _multiply(plan: BankPlan) -> str:
    """The function that plays taps."""
    kind = plan.word.kind
    if not plan.library:
        return piece("multiply", kind)
    library = {"INSTANCE": f"arm_fir_instance_{plan.word.name}", "FUNCTION": f"arm_fir_{plan.word.name}"}
    return piece("multiply by CMSIS-DSP", **CMSIS_WORDS[kind], **library)


def _between_sets(plan: BankPlan) -> list[str]:
    """The functions that compute filters between sets, and play them."""
    kind, shift = plan.word.kind, ", route->shift" if plan.word.word else ""
    if plan.is_of_sections:
        multiply, poles = "prefix_multiply(part, PREFIX_DELAY_TAPS, x, y, frames);", "poles"
        if plan.library:
            multiply, poles = "prefix_multiply(state, part, PREFIX_DELAY_TAPS, x, y);", "poles by CMSIS-DSP"
        names = ("mix sections", "fill sections", "turn", poles)
        return [*map(piece, names), piece("play sections", MULTIPLY=multiply)]
    taps = "&state->filter[slot][route->filter], count"
    multiply = f"prefix_multiply({taps}{shift}, x, sum[route->driver], frames);"
    if plan.library:
        multiply = f"prefix_multiply(state, {taps}, x, sum[route->driver]{shift});"
    filled = (piece("mix", kind), piece("fill", **FILL_WORDS[kind]), piece("turn"))
    return [*filled, piece("play", MULTIPLY=multiply, **PLAY_WORDS[kind])]


def _constants(plan: BankPlan) -> list[str]:
    values = [
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
    return macros(plan.names.prefix, [(name, value, "") for name, value in values])


def _tables(plan: BankPlan) -> list[list[str]]:
    prefix, big, filters = plan.names.prefix, plan.names.prefix.upper(), plan.filters
    grid = " by ".join(str(axis.values.size) for axis in filters.bank.axes)
    pieces = []
    for n, axis in enumerate(filters.bank.axes, start=1):
        text = ", ".join(repr(float(value)) for value in axis.values)
        head = f"static const double {prefix}_values_{n}[{axis.values.size}]"
        pieces.append([f"/* {one_line(axis.key)} of the sets */", f"{head} = {{", f"    {text},", "};"])
    pieces += _section_tables(plan, grid) if plan.is_of_sections else [_taps_table(plan, grid)]
    delays = np.stack([route.delays for route in plan.routes], axis=1).ravel()
    note = f"/* of each set: delays of the routes in samples, times 2^{plan.delay_bits} */"
    pieces.append([note, *array(f"static const uint32_t {prefix}_delays", delays, suffix="U")])
    kind, scale = (plan.word.c_type, "") if plan.word.word is None else ("int32_t", f", times 2^{ONE_BITS}")
    note = f"/* delays by parts of a sample, in steps of 1/{1 << PHASE_BITS}{scale} */"
    pieces.append([note, *array(f"static const {kind} {prefix}_sinc", plan.sinc.ravel())])
    firsts = accumulate([0, *plan.histories])
    rows = [
        f"{{{first}U + ({c}U * {big}_BLOCK), {history}U}},"
        for c, (first, history) in enumerate(zip(firsts, plan.histories, strict=False))
    ]
    fields = ("uint32_t first", "uint32_t history")
    return [*pieces, table(prefix, "line", c_text.LINES, fields, rows), _routes(plan)]


def _taps_table(plan: BankPlan, grid: str) -> list[str]:
    """Taps of all sets."""
    taps: Any = np.concatenate([route.values[:, ::-1] for route in plan.routes], axis=1).ravel()
    note = f"/* {grid} sets, the last key fastest: taps of the routes, the last first */"
    return [note, *array(f"static const {plan.word.c_type} {plan.names.prefix}_taps", taps)]


def _section_tables(plan: BankPlan, grid: str) -> list[list[str]]:
    """Numerators of all sets, and the denominators."""
    numerators: Any = np.concatenate([route.values for route in plan.routes], axis=1).ravel()
    poles = np.concatenate([route.denominators for route in plan.routes if route.denominators is not None])
    poles, text = poles.astype(np.float32), "a1 and a2 of the sections of the routes"
    if plan.library:  # a biquad of CMSIS-DSP adds the feedback
        poles = np.concatenate([np.tile([1.0, 0.0, 0.0], (len(poles), 1)).astype(np.float32), -poles], axis=1)
        text = "b0, b1, b2, -a1 and -a2 of the poles of the sections of the routes"
    head = f"static const float {plan.names.prefix}"
    note = f"/* {grid} sets, the last key fastest: numerators of the routes, of each section those of u and of u one sample ago */"
    return [
        [note, *array(f"{head}_numerators", numerators)],
        [f"/* of all sets: {text} */", *array(f"{head}_denominators", poles.ravel())],
    ]


def _routes(plan: BankPlan) -> list[str]:
    fixed, channels, drivers = plan.word.word is not None, plan.filters.channels, plan.filters.drivers
    sets = accumulate([0, *(route.taps for route in plan.routes)])
    played = accumulate([0, *(route.count for route in plan.routes)])
    sections = accumulate([0, *(route.sections for route in plan.routes)])
    rows = []
    for route, first, place, section in zip(plan.routes, sets, played, sections, strict=False):
        cells = [f"{n}U" for n in (route.channel, route.driver, route.wait, first, route.taps, place)]
        if fixed:
            cells += [f"{ONE_BITS + route.played_shift - route.shift}U", f"{plan.sum_shift(route)}"]
        if plan.is_of_sections:
            cells += [f"{section}U", f"{route.sections}U"]
        scale = f"; s = {route.shift}, s' = {route.played_shift}" if fixed else ""
        names = one_line(f"{channels[route.channel]} -> {drivers[route.driver]}")
        rows.append(f"{{{', '.join(cells)}}}, /* {names}{scale} */")
    note = "delay ahead of the taps, their place in a set, their number, the filter's place in state->filter"
    words = ["channel", "driver", "delay", "first", "count", "filter"]
    if plan.is_of_sections:
        note = "delay ahead, place of the numerators in a set, their number, place in state->filter, first section, how many"
        words += ["section", "sections"]
    fields = [f"uint32_t {word}" for word in words] + (["uint32_t lower", "int32_t shift"] if fixed else [])
    note += ", bits that its sums are lowered by, shift of the feed" if fixed else ""
    return table(plan.names.prefix, "route", f"routes: {note}", fields, rows)
