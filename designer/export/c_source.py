"""The text of the dependency-free C: a header with the state, names and costs, and a source with tables of coefficients and the loops.

Tables hold numbers alone: places in arrays stand for pointers. So every compiler gives tables and state the same sizes, which the
source asserts when it is compiled.
"""

from __future__ import annotations

from designer.export import c_text
from designer.export.c_cost import cost_of, members, stereo_of
from designer.export.c_engine import named, piece, sample_words
from designer.export.c_plan import FLOAT, Q31, SUM_BITS, Plan
from designer.export.c_tables import tables_text
from designer.export.c_text import Macro, asserted_size, comment, macros
from designer.export.c_upmix import constants
from designer.export.provenance import provenance, text_file


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
    prefix, cost = plan.names.prefix, cost_of(plan)
    parts = ("PARTS", f"{plan.parts}U", "spectra of past blocks that each channel keeps")
    values: list[Macro] = [
        *c_text.port_macros(plan.filters),
        ("BLOCK", f"{plan.block}U", "samples computed at once, for calls of any length"),
        ("LATENCY_SAMPLES", f"{cost.latency_samples}U", "of the filters; the loops add none"),
        ("LATENCY_MS", f"{cost.latency_ms:.6f}", ""),
        ("HEADROOM_DB", f"{cost.headroom_db:.2f}", c_text.ROOM),
        ("WORST_OUTPUT", f"{cost.worst_output:.6f}", "largest feed for inputs of full scale, relative to full scale"),
        ("MULTIPLY_ADDS_PER_S", f"{cost.multiply_adds_per_s}U", "on average"),
        *c_text.memory_macros(prefix, cost.flash, cost.ram, cost.state),
        *([parts] if plan.tails else []),
    ]
    body = [
        *(*macros(prefix, values), ""),
        *c_text.enumerations(plan.names, plan.filters),
        *c_text.state_struct(prefix, members(plan)),
        "/* Sets all histories to silence. Call it before the first frame, and again to restart. */",
        *(f"void {prefix}_init({prefix}_state *state);", ""),
        *c_text.process_calls(prefix, plan.word.c_type),
        *_stereo_header(plan),
    ]
    return c_text.header(prefix, ["#include <stdint.h>"], body)


def _stereo_header(plan: Plan) -> list[str]:
    """The part of the header that takes left and right, where an upmix makes the channels."""
    stereo = stereo_of(plan)
    if stereo is None:
        return []
    prefix, big = plan.names.prefix, plan.names.prefix.upper()
    costs: list[Macro] = [
        ("STEREO_MULTIPLY_ADDS_PER_S", f"{stereo.multiply_adds_per_s(plan.multiply_adds)}U", "with the filters'"),
        ("STEREO_RAM_BYTES", f"{stereo.ram_bytes}U", f"sizeof({prefix}_stereo_state), with the filters'"),
    ]
    ports = f"in[0] is the listener's left, in[1] the right; out[{big}_DRIVERS] are the feeds"
    head = "/* Stereo: the upmix makes the channels above from left and right, and the filters make the feeds. */"
    return stereo.header(costs, f"/* Processes frames: {ports}. No buffers may overlap. */", head=(head,))


def _source(plan: Plan) -> list[str]:
    prefix, kind, stereo = plan.names.prefix, plan.word.kind, stereo_of(plan)
    pieces, texts = tables_text(plan), list[str]()
    feed = "state->sum[l][n]"
    if kind == "fixed":
        cut = SUM_BITS - plan.word.fixed.fraction_bits
        pieces.append(macros(prefix, [("CUT_BITS", f"{cut}U", "bits of a driver's sum below its sample")]))
        texts = [piece("shifted")] if plan.taps or plan.sections else []
        texts.append(piece("rounded"))
        feed = f"prefix_rounded({feed})"
    texts += [piece("multiply", kind)] if plan.taps else []
    texts += [piece("section", kind)] if plan.sections else []
    texts += [piece("transforms")] if plan.points else []
    texts += [piece("partitions")] if plan.tails else []
    texts += [piece(name) for name in ("room", "newest", *(["late"] if plan.routes else []))]
    texts += [_run(plan), piece("advance", LOOK_AHEAD="prefix_look_ahead(state);" if plan.tails else "")]
    texts.append(piece("process", FEED=feed, BEGIN=""))
    pieces += [named(text, prefix, sample_words(plan.word)) for text in texts]
    head = [f'#include "{prefix}.h"', *(["#include <math.h>"] if stereo else []), "#include <string.h>", ""]
    head += c_text.SIGN_KEPT if kind == "fixed" else []
    head += [asserted_size(prefix, "state", "RAM_BYTES"), *([stereo.asserted] if stereo else []), ""]
    head += macros(prefix, [("POINTS", f"{plan.points}U", "")]) if plan.points else []
    if stereo:
        pieces += stereo.source(feed)
        head += constants(prefix, plan.word.word, stereo.stage)
    head += [""] if plan.points else []
    return [*head, *(line for text in pieces for line in (*text, ""))][:-1]


def _run(plan: Plan) -> str:
    kind, is_float = plan.word.kind, plan.word is FLOAT
    start = "state->ahead[l][state->filled + n]" if plan.tails else "0.0F" if is_float else "0"
    whole = "x[n]" if is_float else "(int64_t)x[n] * ((int64_t)1 << PREFIX_CUT_BITS)"
    node = "x[n]" if plan.word is Q31 else "(int32_t)x[n] * 65536"
    loops = piece("run delays", WHOLE=whole) if plan.delays else ""
    loops += piece("run taps", kind) if plan.taps else ""
    loops += piece("run sections", kind, NODE=node) if plan.sections else ""
    return piece("run", START=start, LOOPS=loops.strip())
