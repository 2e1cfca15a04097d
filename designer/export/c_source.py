"""The text of the dependency-free C: a header with the state, names and costs, and a source with tables of coefficients and the loops.

Tables hold numbers alone, and places in arrays instead of pointers, so that their sizes and that of the state are the same for
every compiler; the source asserts it when it is compiled.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from designer.export import c_engine as engine
from designer.export.c_engine import named
from designer.export.c_partition import weights
from designer.export.c_plan import FLOAT, Q31, SUM_BITS, Plan
from designer.export.cmsis_source import A_LINE, comment, literals
from designer.export.filter_set import FilterSet
from designer.export.provenance import one_line, provenance, text_file

FIRS, DELAYS, CASCADES, TAILS = "fir", "delay", "cascade", "tail"


class Member(NamedTuple):
    """A member of the state's struct: its text, its bytes, and whether it lasts from call to call."""

    text: str
    bytes: int
    lasts: bool


class Cost(NamedTuple):
    """What a firmware engineer asks for; memory in bytes."""

    multiply_adds_per_s: int
    flash: int
    ram: int
    state: int
    latency_samples: int
    latency_ms: float
    headroom_db: float
    worst_output: float


def files(plan: Plan) -> dict[str, bytes]:
    """`PREFIX.h` and `PREFIX.c`."""
    head = comment(provenance(plan.filters, plan.word.target, scaling(plan)))
    prefix = plan.names.prefix
    return {
        f"{prefix}.h": text_file([*head, *_header(plan)]),
        f"{prefix}.c": text_file([*head, *_source(plan)]),
    }


def scaling(plan: Plan) -> str:
    """Full scale and shifts, in words."""
    if plan.word is FLOAT:
        return "full scale 1; single precision"
    bits = plan.word.fixed.fraction_bits
    return (
        f"full scale 2^{bits}; a tap is q 2^(s - {bits}) with its filter's s; a driver's sum of 64 bits is rounded once and"
        " saturated"
    )


def cost_of(plan: Plan) -> Cost:
    """The numbers of the header's macros."""
    filters, rate = plan.filters, plan.filters.sample_rate_hz
    parts = members(plan)
    late = filters.bulk_delay_samples + max(filters.delays.values(), default=0)
    return Cost(
        round(plan.multiply_adds * rate),
        flash_bytes(plan),
        sum(member.bytes for member in parts),
        sum(member.bytes for member in parts if member.lasts),
        late,
        1e3 * late / rate,
        filters.headroom.any_input_db,
        filters.headroom.worst_output,
    )


def coefficient_bytes(plan: Plan) -> int:
    """Memory of taps, sections and spectra."""
    taps = plan.word.bytes * sum(route.values.size for route in plan.taps)
    return taps + 4 * (sum(r.values.size for r in plan.sections) + sum(tail.spectra.size for tail in plan.tails))


def flash_bytes(plan: Plan) -> int:
    """Memory of all constants; code comes to it."""
    rows = sum(4 * len(row) for _, table in _tables(plan).values() for row in table)
    turns = 4 * (3 * plan.block if plan.tails else 0)
    return coefficient_bytes(plan) + rows + turns


def members(plan: Plan) -> list[Member]:
    """The state's members, in order: as wide ones come first, no compiler puts gaps between them."""
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


def _header(plan: Plan) -> list[str]:
    prefix, big, kind, cost = plan.names.prefix, plan.names.prefix.upper(), plan.word.c_type, cost_of(plan)
    rate = plan.filters.sample_rate_hz
    values = [
        ("SAMPLE_RATE_HZ", f"{rate:.0f}" if rate == round(rate) else repr(rate), ""),
        ("CHANNELS", f"{plan.channels}U", "inputs"),
        ("DRIVERS", f"{len(plan.filters.drivers)}U", "outputs"),
        ("BLOCK", f"{plan.block}U", "samples that are computed at once, whatever process is called with"),
        ("LATENCY_SAMPLES", f"{cost.latency_samples}U", "of the filters; the loops add none"),
        ("LATENCY_MS", f"{cost.latency_ms:.6f}", ""),
        ("HEADROOM_DB", f"{cost.headroom_db:.2f}", "no feed passes full scale where inputs peak so far below it"),
        ("WORST_OUTPUT", f"{cost.worst_output:.6f}", "the largest feed that inputs of full scale make, of full scale"),
        ("MULTIPLY_ADDS_PER_S", f"{cost.multiply_adds_per_s}U", "in the mean"),
        ("FLASH_BYTES", f"{cost.flash}U", "constants; code comes to it"),
        ("RAM_BYTES", f"{cost.ram}U", f"sizeof({prefix}_state); beside it a few words of stack"),
        ("STATE_BYTES", f"{cost.state}U", "of these, what lasts from call to call; the rest is scratch"),
    ]
    return [
        f"#ifndef {big}_H",
        f"#define {big}_H",
        "",
        "#include <stdint.h>",
        "",
        "#ifdef __cplusplus",
        'extern "C" {',
        "#endif",
        "",
        *(f"#define {big}_{name} {value}" + (f" /* {note} */" if note else "") for name, value, note in values),
        *([f"#define {big}_PARTS {plan.parts}U /* spectra of the past of each channel */"] if plan.tails else []),
        "",
        *_enum(plan, "channel", "IN", plan.filters.channels),
        "",
        *_enum(plan, "driver", "OUT", plan.filters.drivers),
        "",
        "/* All that changes while the filters run; the caller's, anywhere in memory that is aligned for it. */",
        "typedef struct {",
        *(f"    {member.text};" for member in members(plan)),
        f"}} {prefix}_state;",
        "",
        "/* Silence in all histories; call it before the first frame, and again to start anew. */",
        f"void {prefix}_init({prefix}_state *state);",
        "",
        f"/* Any number of frames: in[{big}_CHANNELS] and out[{big}_DRIVERS] point to so many samples each, which do not overlap. */",
        f"void {prefix}_process({prefix}_state *state, const {kind} *const *in, {kind} *const *out, uint32_t frames);",
        "",
        f"/* The same with frames of {big}_CHANNELS and of {big}_DRIVERS samples, one after the other. */",
        f"void {prefix}_process_interleaved({prefix}_state *state, const {kind} *in, {kind} *out, uint32_t frames);",
        "",
        "#ifdef __cplusplus",
        "}",
        "#endif",
        "",
        "#endif",
    ]


def _enum(plan: Plan, kind: str, word: str, names: tuple[str, ...]) -> list[str]:
    big = plan.names.prefix.upper()
    lines = []
    for index, name in enumerate(names):
        identifier = plan.names.identifiers[name]
        note = "" if identifier == name else f" /* {one_line(name)} */"
        lines.append(f"    {big}_{word}_{identifier.upper()} = {index}{',' if index + 1 < len(names) else ''}{note}")
    return ["typedef enum {", *lines, f"}} {plan.names.prefix}_{kind};"]


def _source(plan: Plan) -> list[str]:
    prefix, kind = plan.names.prefix, "float" if plan.word is FLOAT else "fixed"
    words = {"SAMPLE": plan.word.c_type}
    pieces = [*_tables_text(plan)]
    if kind == "fixed":
        bits, cut = 8 * plan.word.bytes, SUM_BITS - plan.word.fixed.fraction_bits
        pieces += [[f"#define {prefix.upper()}_CUT_BITS {cut}U /* of a driver's sum, below its sample */"]]
        words |= {"MOST": f"INT{bits}_MAX", "LEAST": f"INT{bits}_MIN", "PRODUCT": _product(plan)}
        texts = [engine.SHIFTED] if plan.taps or plan.sections else []
        texts += [engine.ROUNDED]
        feed = "prefix_rounded(state->sum[l][n])"
    else:
        texts, feed = [], "state->sum[l][n]"
    texts += [engine.TAPS[kind]] if plan.taps else []
    texts += [engine.SECTION[kind]] if plan.sections else []
    texts += [engine.TRANSFORMS] if plan.tails else []
    texts += [engine.ROOM if plan.routes else engine.ROOM[: engine.ROOM.index("/* A channel's samples as")]]
    pieces += [named(text, prefix, **words) for text in (*texts, _run(plan, kind))]
    look_ahead = "prefix_look_ahead(state);" if plan.tails else ""
    advance = [line for line in named(engine.ADVANCE, prefix, **words, LOOK_AHEAD=named(look_ahead, prefix)[0]) if line.strip()]
    pieces += [advance, named(engine.PROCESS, prefix, **words, FEED=named(feed, prefix)[0])]
    head = [f'#include "{prefix}.h"', "#include <string.h>", ""]
    if kind == "fixed":
        head += ["#if ((-1) >> 1) != -1", '#error "a right shift must keep the sign"', "#endif", ""]
    head += [f"typedef char {prefix}_state_is_as_long_as_said[(sizeof({prefix}_state) == {prefix.upper()}_RAM_BYTES) ? 1 : -1];", ""]
    return [*head, *(line for piece in pieces for line in (*piece, ""))][:-1]


def _product(plan: Plan) -> str:
    """Type of the factors of a product: of q15 it fits 32 bits, which is one instruction."""
    return "int64_t" if plan.word is Q31 else "int32_t"


def _run(plan: Plan, kind: str) -> str:
    start = "state->ahead[l][state->filled + n]" if plan.tails else "0.0F" if kind == "float" else "0"
    whole = "x[n]" if kind == "float" else f"(int64_t)x[n] * ((int64_t)1 << PREFIX_CUT_BITS)"
    node = "x[n]" if plan.word is Q31 else "(int32_t)x[n] * 65536"
    loops = engine.RUN_DELAYS.replace("WHOLE", whole) if plan.delays else ""
    loops += engine.RUN_TAPS[kind] if plan.taps else ""
    loops += engine.RUN_SECTIONS[kind].replace("NODE", node) if plan.sections else ""
    return f"""/* The feeds of so many new samples, which lie in the lines, into state->sum. */
static void prefix_run(prefix_state *state, uint32_t frames)
{{
    for (uint32_t l = 0U; l < PREFIX_DRIVERS; l++) {{
        for (uint32_t n = 0U; n < frames; n++) {{
            state->sum[l][n] = {start};
        }}
    }}
{loops}}}
"""


def _tables(plan: Plan) -> dict[str, tuple[str, list[tuple[int, ...]]]]:
    """Kind of row -> its members, and the rows; of an empty table nothing is written."""
    firsts = np.cumsum([0, *(d + plan.block for d in plan.histories)]).tolist()
    tables: dict[str, tuple[str, list[tuple[int, ...]]]] = {
        "line": ("first history", list(zip(firsts, plan.histories, strict=False)))
    }
    if plan.delays:
        tables[DELAYS] = ("channel driver delay", [(r.channel, r.driver, r.delay) for r in plan.delays])
    if plan.taps:
        firsts = np.cumsum([0, *(route.values.size for route in plan.taps)]).tolist()
        rows = [(r.channel, r.driver, r.delay, first, r.values.size) for r, first in zip(plan.taps, firsts, strict=False)]
        members_of = "channel driver delay first count"
        if plan.word is not FLOAT:
            up = SUM_BITS - 2 * plan.word.fixed.fraction_bits
            rows = [(*row, up + route.shift) for row, route in zip(rows, plan.taps, strict=True)]
            members_of += " shift"
        tables[FIRS] = (members_of, rows)
    if plan.sections:
        firsts = np.cumsum([0, *(len(route.values) for route in plan.sections)]).tolist()
        rows = [
            (r.channel, r.driver, r.delay, first, len(r.values)) for r, first in zip(plan.sections, firsts, strict=False)
        ]
        members_of = "channel driver delay first count"
        if plan.word is not FLOAT:
            rows = [
                (*row, 31 - r.post_shift, SUM_BITS - 31 + r.raised) for row, r in zip(rows, plan.sections, strict=True)
            ]
            members_of += " lower shift"
        tables[CASCADES] = (members_of, rows)
    if plan.tails:
        firsts = np.cumsum([0, *(tail.spectra.size for tail in plan.tails)]).tolist()
        rows = [
            (t.channel, t.driver, t.first, len(t.spectra), first) for t, first in zip(plan.tails, firsts, strict=False)
        ]
        tables[TAILS] = ("channel driver part count first", rows)
    return tables


NOTES = {
    "line": "of each channel: where it begins in state->line, and samples that are kept",
    DELAYS: "feeds that are a channel, so many samples late",
    FIRS: "filters in taps: samples that the channel waits, place and number of taps",
    CASCADES: "filters in sections: samples that the channel waits, place and number of sections",
    TAILS: "what follows the beginnings above, in partitions: number of the first, how many, place of their spectra",
}
SHIFTS = {FIRS: ", shift of the sum", CASCADES: ", bits that a section's sum is lowered by, shift of the output"}


def _tables_text(plan: Plan) -> list[list[str]]:
    prefix, fixed = plan.names.prefix, plan.word.word
    pieces: list[list[str]] = []
    if plan.taps:
        blocks = [
            (_of(r.source, f"{r.values.size} taps, the last first" + _unit(plan, r.shift)), r.values[::-1])
            for r in plan.taps
        ]
        pieces.append(_array(f"static const {plan.word.c_type} {prefix}_taps", blocks))
    if plan.sections:
        kind = "float" if fixed is None else "int32_t"
        blocks = [
            (_of(r.source, f"{len(r.values)} sections of b0, b1, b2, a1, a2, feedback added{_scale(plan, r.post_shift, r.raised)}"), r.values.ravel())
            for r in plan.sections
        ]
        pieces.append(_array(f"static const {kind} {prefix}_sections", blocks))
    if plan.tails:
        blocks = [
            (_of(t.source, f"{len(t.spectra)} spectra from partition {t.first} on, real parts, then imaginary ones"), t.spectra.ravel())
            for t in plan.tails
        ]
        pieces.append(_array(f"static const float {prefix}_spectra", blocks))
        turn, angle = weights(plan.block), 2 * np.pi * np.arange(plan.block // 2) / plan.block
        parts = np.concatenate([turn.real, turn.imag]).astype(np.float32)
        pieces.append(_array(f"static const float {prefix}_turn", [("e^(i pi n / (2 BLOCK)): real parts, then imaginary ones", parts)]))
        for name, values in (("cosine", np.cos(angle)), ("sine", np.sin(angle))):
            pieces.append(_array(f"static const float {prefix}_{name}", [("of 2 pi k / BLOCK", values.astype(np.float32))]))
    for kind, (words, rows) in _tables(plan).items():
        signed = {"shift"}
        struct = [f"    {'int32_t' if name in signed else 'uint32_t'} {name};" for name in words.split()]
        note = NOTES[kind] + (SHIFTS.get(kind, "") if fixed else "")
        count = f"{prefix.upper()}_{kind.upper()}S"
        cells = [", ".join(f"{v}" if n in signed else f"{v}U" for n, v in zip(words.split(), row, strict=True)) for row in rows]
        pieces.append(
            [
                f"/* {note} */",
                "typedef struct {",
                *struct,
                f"}} {prefix}_{kind};",
                *([] if kind == "line" else [f"#define {count} {len(rows)}U"]),
                f"static const {prefix}_{kind} {prefix}_{kind}s[{len(rows)}] = {{",
                *(f"    {{{text}}}," for text in cells),
                "};",
            ]
        )
    return pieces


def _unit(plan: Plan, shift: int) -> str:
    return f"; a tap is q 2^({shift} - {plan.word.fixed.fraction_bits})" if plan.word.word else ""


def _scale(plan: Plan, post_shift: int, raised: int) -> str:
    return f"; a coefficient is c 2^({post_shift} - 31), the output 2^{raised} of a node" if plan.word.word else ""


def _of(source: object, text: str) -> str:
    return f"{one_line(source.channel)} -> {one_line(source.driver)}: {text}"  # type: ignore[attr-defined]


def _array(head: str, blocks: list[tuple[str, np.ndarray]]) -> list[str]:  # type: ignore[type-arg]
    """An array in parts, each behind its comment."""
    size = sum(values.size for _, values in blocks)
    lines = [f"{head}[{size}] = {{"]
    for note, values in blocks:
        texts = literals(values)
        lines.append(f"    /* {note} */")
        lines += [f"    {', '.join(texts[n : n + A_LINE])}," for n in range(0, len(texts), A_LINE)]
    return [*lines, "};"]
