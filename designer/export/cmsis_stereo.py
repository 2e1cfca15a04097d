"""The whole stereo chain in the exported C for CMSIS-DSP: left and right through an upmix into the filters.

The upmix is that of the dependency-free C (`c_upmix.py`), sample for sample. Its transform takes two real signals as one complex
signal and leaves the bins in bit-reversed order, which the bands walk through: CMSIS-DSP has no part for that which would not need its
tables for each length besides. The filters run in CMSIS-DSP, a block at a time, and so the chain takes blocks.
"""

from __future__ import annotations

import numpy as np

from designer.export.c_engine import named
from designer.export.c_stereo import SAMPLES, UPMIX
from designer.export.c_transforms import TRANSFORMS
from designer.export.c_upmix import arrays, bands, constants, defined, half_window, products, sources, stereo_members
from designer.export.cmsis_plan import BLOCK, F32, Plan
from designer.export.cmsis_source import array, files, state_bytes
from designer.stereo.upmix import Upmix

CHANNELS = 3
STEREO = """void prefix_stereo_init(prefix_stereo_state *state)
{
    (void)memset(state, 0, sizeof *state);
    prefix_init(&state->filters);
}

void prefix_stereo(prefix_stereo_state *state, const SAMPLE *const *in, SAMPLE *const *out)
{
    SAMPLE *const to[3] = {state->channels[LEFTU], state->channels[RIGHTU], state->channels[CENTREU]};
    const SAMPLE *const from[3] = {state->channels[0], state->channels[1], state->channels[2]};
    for (uint32_t n = 0U; n < PREFIX_BLOCK; n++) {
        prefix_upmix(state, in[0][n], in[1][n], to, n);
    }
    prefix_process(&state->filters, from, out);
}
"""


def upmix_of(plan: Plan) -> Upmix | None:
    """The upmix that makes the channels; None where they are inputs."""
    return Upmix(plan.filters.sample_rate_hz) if plan.filters.fed_by_upmix else None


def chain_files(plan: Plan, target: str) -> dict[str, bytes]:
    """`PREFIX.h` and `PREFIX.c`, with the upmix where one makes the channels."""
    stage = upmix_of(plan)
    return files(plan, target, stereo_header(plan, stage), stereo_source(plan, stage)) if stage else files(plan, target)


def stereo_header(plan: Plan, stage: Upmix) -> list[str]:
    """Lines of the header behind `PREFIX_process`."""
    prefix, big, kind = plan.prefix, plan.prefix.upper(), plan.word.c_type
    return [
        "/* Stereo: the upmix makes the channels above from left and right, and the filters make the feeds. It computes in single",
        " * precision with averages in double, and calls sqrt, floorf, frexpf and ldexpf of the C library (-lm). */",
        *(f"#define {big}_{name} {value}" + (f" /* {note} */" if note else "") for name, value, note in defined(stage)),
        f"#define {big}_STEREO_LATENCY_MS {latency_ms(plan, stage):.6f} /* with the filters' */",
        "",
        "typedef struct {",
        *(f"    {text};" for text, _ in _members(plan, stage, BLOCK)),
        f"}} {prefix}_stereo_state;",
        "",
        f"void {prefix}_stereo_init({prefix}_stereo_state *state);",
        "",
        f"/* One block of {big}_BLOCK samples: in[0] is the listener's left, in[1] the right, out[{big}_DRIVERS] are the feeds. */",
        f"void {prefix}_stereo({prefix}_stereo_state *state, const {kind} *const *in, {kind} *const *out);",
        "",
    ]


def stereo_source(plan: Plan, stage: Upmix) -> list[str]:
    """Lines of the source behind the filters' functions."""
    prefix, big = plan.prefix, plan.prefix.upper()
    words = {"SAMPLE": plan.word.c_type}
    if plan.word is not F32:
        bits = 8 * plan.word.bytes
        words |= {"MOST": f"INT{bits}_MAX", "LEAST": f"INT{bits}_MIN"}
    lines = ["", f"#define {big}_POINTS {stage.frame}U", *constants(prefix, plan.word.word, stage), ""]
    tables = {**arrays(stage.frame), "window": ("the rising half of sin(pi (n + 1/2) / FRAME)", half_window(stage))}
    for name, (note, values) in tables.items():
        lines += [f"/* {note} */", *array(f"static const float {prefix}_{name}[{values.size}]", values), ""]
    firsts = np.array(bands(stage))
    lines += [
        "/* first bins of the bands, and the end */",
        *array(f"static const uint32_t {prefix}_bands[{firsts.size}]", firsts),
        "",
    ]
    for text in (TRANSFORMS, SAMPLES["float" if plan.word is F32 else "fixed"], UPMIX, STEREO):
        lines += [*named(text, prefix, **words, **sources(plan.filters.channels)), ""]
    return lines[:-1]


def stereo_facts(plan: Plan, stage: Upmix) -> dict[str, object]:
    """Cost of the chain, as the manifest holds it."""
    rate = plan.filters.sample_rate_hz
    return {
        "multiply_adds_per_s": round((plan.multiply_adds + products(stage)) * rate),
        "ram_bytes": stereo_bytes(plan, stage),
        "latency_ms": round(latency_ms(plan, stage), 6),
    }


def latency_ms(plan: Plan, stage: Upmix) -> float:
    """Latency of the upmix and the filters; a block's is the caller's."""
    filters = plan.filters
    late = stage.latency_samples + filters.bulk_delay_samples + max(filters.delays.values(), default=0)
    return 1e3 * late / filters.sample_rate_hz


def stereo_bytes(plan: Plan, stage: Upmix, block: int = BLOCK) -> int:
    """Size of the chain's struct, whose widest member is a double."""
    total = sum(size for _, size in _members(plan, stage, block))
    return total + -total % 8


def _members(plan: Plan, stage: Upmix, block: int) -> list[tuple[str, int]]:
    """Members of the struct with their bytes; none is wider than the one ahead of it but the filters' state, whose size is of fours."""
    size = state_bytes(plan, block)
    members = stereo_members(plan.prefix, plan.word.c_type, plan.word.bytes, stage, size)
    count = CHANNELS * plan.word.bytes * block
    return [*members, (f"{plan.word.c_type} channels[{CHANNELS}][{plan.prefix.upper()}_BLOCK]", count)]
