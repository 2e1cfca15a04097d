"""The text of the dependency-free C: a header with the state, names and costs, and a source with tables of coefficients and the loops.

Tables hold numbers alone: places in arrays stand for pointers. So every compiler gives tables and state the same sizes, which the
source asserts when it is compiled.
"""

from __future__ import annotations

from designer.export import c_engine as engine
from designer.export.c_cost import cost_of, members, stereo_cost
from designer.export.c_engine import named
from designer.export.c_plan import FLOAT, Q31, SUM_BITS, Plan
from designer.export.c_stereo import SAMPLES, STEREO, UPMIX
from designer.export.c_tables import tables_text
from designer.export.c_transforms import PARTITIONS, TRANSFORMS
from designer.export.c_upmix import constants, defined, sources, stereo_members
from designer.export.cmsis_source import comment
from designer.export.provenance import one_line, provenance, text_file
from designer.stereo.upmix import Upmix


def files(plan: Plan) -> dict[str, bytes]:
    """`PREFIX.h` and `PREFIX.c`."""
    head = comment(provenance(plan.filters, plan.word.target, scaling(plan)))
    prefix = plan.names.prefix
    return {
        f"{prefix}.h": text_file([*head, *_header(plan)]),
        f"{prefix}.c": text_file([*head, *_source(plan)]),
    }


def scaling(plan: Plan) -> str:
    """Clause on full scale and shifts."""
    if plan.word is FLOAT:
        return "full scale 1; single precision"
    bits = plan.word.fixed.fraction_bits
    return (
        f"full scale 2^{bits}; a number q is the tap q 2^(s - {bits}), s its filter's shift; a driver's sum of 64 bits is rounded once and"
        " saturated"
    )


def _header(plan: Plan) -> list[str]:
    prefix, big, kind, cost = plan.names.prefix, plan.names.prefix.upper(), plan.word.c_type, cost_of(plan)
    rate = plan.filters.sample_rate_hz
    values = [
        ("SAMPLE_RATE_HZ", f"{rate:.0f}" if rate == round(rate) else repr(rate), ""),
        ("CHANNELS", f"{plan.channels}U", "inputs"),
        ("DRIVERS", f"{len(plan.filters.drivers)}U", "outputs"),
        ("BLOCK", f"{plan.block}U", "samples computed at once, for calls of any length"),
        ("LATENCY_SAMPLES", f"{cost.latency_samples}U", "of the filters; the loops add none"),
        ("LATENCY_MS", f"{cost.latency_ms:.6f}", ""),
        (
            "HEADROOM_DB",
            f"{cost.headroom_db:.2f}",
            "no feed exceeds full scale if the peaks of all inputs are this far below it",
        ),
        ("WORST_OUTPUT", f"{cost.worst_output:.6f}", "largest feed for inputs of full scale, relative to full scale"),
        ("MULTIPLY_ADDS_PER_S", f"{cost.multiply_adds_per_s}U", "on average"),
        ("FLASH_BYTES", f"{cost.flash}U", "constants, without the code"),
        ("RAM_BYTES", f"{cost.ram}U", f"sizeof({prefix}_state), without a few words of stack"),
        ("STATE_BYTES", f"{cost.state}U", "part of RAM_BYTES that lasts from call to call; the rest is scratch"),
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
        *(
            [f"#define {big}_PARTS {plan.parts}U /* spectra of past blocks that each channel keeps */"]
            if plan.tails
            else []
        ),
        "",
        *_enum(plan, "channel", "IN", plan.filters.channels),
        "",
        *_enum(plan, "driver", "OUT", plan.filters.drivers),
        "",
        "/* All that changes while the filters run. The caller allocates it, in any memory that is aligned for it. */",
        "typedef struct {",
        *(f"    {member.text};" for member in members(plan)),
        f"}} {prefix}_state;",
        "",
        "/* Sets all histories to silence. Call it before the first frame, and again to restart. */",
        f"void {prefix}_init({prefix}_state *state);",
        "",
        f"/* Processes frames: in[{big}_CHANNELS] and out[{big}_DRIVERS] each point to `frames` samples. No buffers may overlap. */",
        f"void {prefix}_process({prefix}_state *state, const {kind} *const *in, {kind} *const *out, uint32_t frames);",
        "",
        f"/* Processes interleaved frames: {big}_CHANNELS input samples and {big}_DRIVERS output samples a frame. */",
        f"void {prefix}_process_interleaved({prefix}_state *state, const {kind} *in, {kind} *out, uint32_t frames);",
        "",
        *(_stereo_header(plan, plan.upmix) if plan.upmix else []),
        "#ifdef __cplusplus",
        "}",
        "#endif",
        "",
        "#endif",
    ]


def _stereo_header(plan: Plan, stage: Upmix) -> list[str]:
    """The part of the header that takes left and right, where an upmix makes the channels."""
    prefix, big, cost = plan.names.prefix, plan.names.prefix.upper(), stereo_cost(plan, stage)
    kind = plan.word.c_type
    return [
        "/* Stereo: the upmix makes the channels above from left and right, and the filters make the feeds. */",
        *(f"#define {big}_{name} {value}" + (f" /* {note} */" if note else "") for name, value, note in defined(stage)),
        f"#define {big}_STEREO_LATENCY_MS {cost.latency_ms:.6f} /* with the filters' */",
        f"#define {big}_STEREO_MULTIPLY_ADDS_PER_S {cost.multiply_adds_per_s}U /* with the filters' */",
        f"#define {big}_STEREO_RAM_BYTES {cost.ram}U /* sizeof({prefix}_stereo_state), with the filters' */",
        "",
        "typedef struct {",
        *(f"    {text};" for text, _ in stereo_members(prefix, kind, plan.word.bytes, stage, cost_of(plan).ram)),
        f"}} {prefix}_stereo_state;",
        "",
        f"void {prefix}_stereo_init({prefix}_stereo_state *state);",
        "",
        f"/* Processes frames: in[0] is the listener's left, in[1] the right; out[{big}_DRIVERS] are the feeds. No buffers may overlap. */",
        f"void {prefix}_stereo({prefix}_stereo_state *state, const {kind} *const *in, {kind} *const *out, uint32_t frames);",
        "",
        f"/* Processes interleaved frames: 2 input samples and {big}_DRIVERS output samples a frame. */",
        f"void {prefix}_stereo_interleaved({prefix}_stereo_state *state, const {kind} *in, {kind} *out, uint32_t frames);",
        "",
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
    prefix, big, kind = plan.names.prefix, plan.names.prefix.upper(), "float" if plan.word is FLOAT else "fixed"
    words = {"SAMPLE": plan.word.c_type}
    pieces = [*tables_text(plan)]
    if kind == "fixed":
        bits, cut = 8 * plan.word.bytes, SUM_BITS - plan.word.fixed.fraction_bits
        pieces += [[f"#define {prefix.upper()}_CUT_BITS {cut}U /* bits of a driver's sum below its sample */"]]
        words |= {"MOST": f"INT{bits}_MAX", "LEAST": f"INT{bits}_MIN", "PRODUCT": _product(plan)}
        texts = [engine.SHIFTED] if plan.taps or plan.sections else []
        texts += [engine.ROUNDED]
        feed = "prefix_rounded(state->sum[l][n])"
    else:
        texts, feed = [], "state->sum[l][n]"
    texts += [engine.TAPS[kind]] if plan.taps else []
    texts += [engine.SECTION[kind]] if plan.sections else []
    texts += [TRANSFORMS] if plan.points else []
    texts += [PARTITIONS] if plan.tails else []
    texts += [engine.ROOM if plan.routes else engine.ROOM[: engine.ROOM.index("/* A channel's samples as")]]
    pieces += [named(text, prefix, **words) for text in (*texts, _run(plan, kind))]
    look_ahead = "prefix_look_ahead(state);" if plan.tails else ""
    advance = [
        line for line in named(engine.ADVANCE, prefix, **words, LOOK_AHEAD=named(look_ahead, prefix)[0]) if line.strip()
    ]
    pieces += [advance, named(engine.PROCESS, prefix, **words, FEED=named(feed, prefix)[0])]
    if plan.upmix:
        of_stereo = named(feed.replace("state->", "state->filters."), prefix)[0]
        pieces.append(named(SAMPLES[kind], prefix, **words))
        pieces.append(named(UPMIX + "\n" + STEREO, prefix, **words, **sources(plan.filters.channels), FEED=of_stereo))
    head = [f'#include "{prefix}.h"', *(["#include <math.h>"] if plan.upmix else []), "#include <string.h>", ""]
    if kind == "fixed":
        head += ["#if ((-1) >> 1) != -1", '#error "a right shift must keep the sign"', "#endif", ""]
    head += [
        f"typedef char {prefix}_{name}state_is_as_long_as_said[(sizeof({prefix}_{name}state) == {big}_{name.upper()}RAM_BYTES) ? 1 : -1];"
        for name in ("", *(["stereo_"] if plan.upmix else []))
    ]
    head += ["", *([f"#define {big}_POINTS {plan.points}U"] if plan.points else [])]
    head += [*constants(prefix, plan.word.word, plan.upmix), ""] if plan.upmix else [""] if plan.points else []
    return [*head, *(line for piece in pieces for line in (*piece, ""))][:-1]


def _product(plan: Plan) -> str:
    """Type of the factors of a product: of q15 it fits 32 bits, which is one instruction."""
    return "int64_t" if plan.word is Q31 else "int32_t"


def _run(plan: Plan, kind: str) -> str:
    start = "state->ahead[l][state->filled + n]" if plan.tails else "0.0F" if kind == "float" else "0"
    whole = "x[n]" if kind == "float" else "(int64_t)x[n] * ((int64_t)1 << PREFIX_CUT_BITS)"
    node = "x[n]" if plan.word is Q31 else "(int32_t)x[n] * 65536"
    loops = engine.RUN_DELAYS.replace("WHOLE", whole) if plan.delays else ""
    loops += engine.RUN_TAPS[kind] if plan.taps else ""
    loops += engine.RUN_SECTIONS[kind].replace("NODE", node) if plan.sections else ""
    return f"""/* Computes the feeds of the newest samples in the lines into state->sum. */
static void prefix_run(prefix_state *state, uint32_t frames)
{{
    for (uint32_t l = 0U; l < PREFIX_DRIVERS; l++) {{
        for (uint32_t n = 0U; n < frames; n++) {{
            state->sum[l][n] = {start};
        }}
    }}
{loops}}}
"""
