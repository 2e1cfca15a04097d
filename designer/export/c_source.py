"""The text of the dependency-free C: a header with the state, names and costs, and a source with tables of coefficients and the loops.

Tables hold numbers alone, and places in arrays instead of pointers, so that their sizes and that of the state are the same for
every compiler; the source asserts it when it is compiled.
"""

from __future__ import annotations

from designer.export import c_engine as engine
from designer.export.c_cost import cost_of, members, stereo_cost
from designer.export.c_engine import named
from designer.export.c_plan import FLOAT, Q31, SUM_BITS, Plan
from designer.export.c_stereo import SAMPLES, STEREO
from designer.export.c_tables import tables_text
from designer.export.c_transforms import PARTITIONS, TRANSFORMS
from designer.export.c_upmix import constants, sources, stereo_members
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
    """Full scale and shifts, in words."""
    if plan.word is FLOAT:
        return "full scale 1; single precision"
    bits = plan.word.fixed.fraction_bits
    return (
        f"full scale 2^{bits}; a tap is q 2^(s - {bits}) with its filter's s; a driver's sum of 64 bits is rounded once and"
        " saturated"
    )


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
        "/* Left and right in, feeds out: the upmix ahead of the filters. The channels above are what it makes. */",
        f"#define {big}_FRAME {stage.frame}U /* samples that it transforms at once */",
        f"#define {big}_HOP {stage.hop}U",
        f"#define {big}_BANDS {stage.bands.count.size}U",
        f"#define {big}_UPMIX_LATENCY_SAMPLES {stage.latency_samples}U",
        f"#define {big}_STEREO_LATENCY_MS {cost.latency_ms:.6f} /* the filters' included */",
        f"#define {big}_STEREO_MULTIPLY_ADDS_PER_S {cost.multiply_adds_per_s}U /* the filters' included */",
        f"#define {big}_STEREO_RAM_BYTES {cost.ram}U /* sizeof({prefix}_stereo_state), the filters' included */",
        "",
        "typedef struct {",
        *(f"    {text};" for text, _ in stereo_members(plan, stage, cost_of(plan).ram)),
        f"}} {prefix}_stereo_state;",
        "",
        f"void {prefix}_stereo_init({prefix}_stereo_state *state);",
        "",
        f"/* in[2]: left and right, of the listener; out[{big}_DRIVERS]; any number of frames, and nothing overlaps. */",
        f"void {prefix}_stereo({prefix}_stereo_state *state, const {kind} *const *in, {kind} *const *out, uint32_t frames);",
        "",
        f"/* The same with frames of 2 and of {big}_DRIVERS samples. */",
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
        pieces += [[f"#define {prefix.upper()}_CUT_BITS {cut}U /* of a driver's sum, below its sample */"]]
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
        pieces.append(named(STEREO, prefix, **words, **sources(plan), FEED=of_stereo))
    head = [f'#include "{prefix}.h"', *(["#include <math.h>"] if plan.upmix else []), "#include <string.h>", ""]
    if kind == "fixed":
        head += ["#if ((-1) >> 1) != -1", '#error "a right shift must keep the sign"', "#endif", ""]
    head += [
        f"typedef char {prefix}_{name}state_is_as_long_as_said[(sizeof({prefix}_{name}state) == {big}_{name.upper()}RAM_BYTES) ? 1 : -1];"
        for name in ("", *(["stereo_"] if plan.upmix else []))
    ]
    head += ["", *([f"#define {big}_POINTS {plan.points}U"] if plan.points else [])]
    head += [*constants(plan, plan.upmix), ""] if plan.upmix else [""] if plan.points else []
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
