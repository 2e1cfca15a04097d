"""The upmix ahead of a bank's filters in C, where one makes the channels of its stereo chain."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from designer.export.bank_cost import BankCost
from designer.export.bank_plan import BankPlan
from designer.export.c_engine import named
from designer.export.c_plan import BLOCK
from designer.export.c_stereo import SAMPLES, STEREO, UPMIX
from designer.export.c_transforms import TRANSFORMS
from designer.export.c_upmix import arrays, bands, constants, defined, half_window, products, sources, stereo_members
from designer.export.cmsis_source import array
from designer.export.cmsis_stereo import CHANNELS
from designer.export.cmsis_stereo import STEREO as BLOCKS
from designer.stereo.upmix import Upmix


class StereoCost(NamedTuple):
    """Numbers of a bank's cost that the upmix changes."""

    still_per_s: int
    moving_per_s: int
    flash: int
    ram: int
    latency_ms: float

    @property
    def facts(self) -> dict[str, object]:
        """As a manifest holds it."""
        return {
            "multiply_adds_per_s": self.still_per_s,
            "moving_multiply_adds_per_s": self.moving_per_s,
            "flash_bytes": self.flash,
            "ram_bytes": self.ram,
            "latency_ms": round(self.latency_ms, 6),
        }


def stereo_cost(plan: BankPlan, stage: Upmix, cost: BankCost) -> StereoCost:
    """Cost of the upmix and the filters."""
    rate = plan.filters.sample_rate_hz
    still, moving = (round((count + products(stage)) * rate) for count in (cost.still, cost.moving))
    late = 1e3 * (plan.filters.latency_samples + stage.latency_samples) / rate
    flash = cost.flash + 4 * (stage.frame + stage.frame // 2 + len(bands(stage)))
    ram = sum(size for _, size in _members(plan, stage, cost.ram))
    return StereoCost(still, moving, flash, ram + -ram % 8, late)


def stereo_header(plan: BankPlan, stage: Upmix, cost: BankCost) -> list[str]:
    """Lines of the header behind the filters' calls."""
    prefix, big, kind = plan.names.prefix, plan.names.prefix.upper(), plan.word.c_type
    whole = stereo_cost(plan, stage, cost)
    values = [
        *defined(stage),
        ("STEREO_LATENCY_MS", f"{whole.latency_ms:.6f}", "with the filters'"),
        ("STEREO_MULTIPLY_ADDS_PER_S", f"{whole.still_per_s}U", "with the filters', while the position stays"),
        ("STEREO_MOVING_MULTIPLY_ADDS_PER_S", f"{whole.moving_per_s}U", "while it changes in every fade"),
        ("STEREO_FLASH_BYTES", f"{whole.flash}U", "with the filters'"),
        ("STEREO_RAM_BYTES", f"{whole.ram}U", f"sizeof({prefix}_stereo_state), with the filters'"),
    ]
    ends = "" if plan.library else ", uint32_t frames"
    return [
        "/* Stereo: the upmix makes the channels above from left and right, and the filters make the feeds. It computes in single",
        " * precision with averages in double, and calls sqrt, floorf, frexpf and ldexpf of the C library (-lm). */",
        *(f"#define {big}_{name} {value}" + (f" /* {note} */" if note else "") for name, value, note in values),
        "",
        f"/* Its position is set by {prefix}_set_position(&state.filters, ...). */",
        "typedef struct {",
        *(f"    {text};" for text, _ in _members(plan, stage, cost.ram)),
        f"}} {prefix}_stereo_state;",
        "",
        f"void {prefix}_stereo_init({prefix}_stereo_state *state);",
        "",
        f"/* in[0] is the listener's left, in[1] the right; out[{big}_DRIVERS] are the feeds. No buffers may overlap. */",
        f"void {prefix}_stereo({prefix}_stereo_state *state, const {kind} *const *in, {kind} *const *out{ends});",
        "",
        *(
            []
            if plan.library
            else [
                f"/* Processes interleaved frames: 2 input samples and {big}_DRIVERS output samples a frame. */",
                f"void {prefix}_stereo_interleaved({prefix}_stereo_state *state, const {kind} *in, {kind} *out, uint32_t frames);",
                "",
            ]
        ),
    ]


def stereo_source(plan: BankPlan, stage: Upmix, words: dict[str, str], feed: str) -> list[str]:
    """Lines of the source behind the filters' functions; `feed` is a driver's sum as a sample."""
    prefix, big = plan.names.prefix, plan.names.prefix.upper()
    size = f"(sizeof({prefix}_stereo_state) == {big}_STEREO_RAM_BYTES)"
    size = f"({size} || ({big}_BLOCK != {BLOCK}U))" if plan.library else size
    lines = [f"typedef char {prefix}_stereo_state_is_as_long_as_said[{size} ? 1 : -1];", ""]
    lines += [f"#define {big}_POINTS {stage.frame}U", *constants(prefix, plan.word.word, stage), ""]
    tables = {**arrays(stage.frame), "window": ("the rising half of sin(pi (n + 1/2) / FRAME)", half_window(stage))}
    for name, (note, values) in tables.items():
        lines += [f"/* {note} */", *array(f"static const float {prefix}_{name}[{values.size}]", values), ""]
    firsts = np.array(bands(stage))
    lines += ["/* first bins of the bands, and the end */"]
    lines += [*array(f"static const uint32_t {prefix}_bands[{firsts.size}]", firsts), ""]
    of_stereo = named(feed.replace("state->", "state->filters."), prefix)[0]
    kind = "float" if plan.word.word is None else "fixed"
    for text in (TRANSFORMS, SAMPLES[kind], UPMIX, BLOCKS if plan.library else STEREO):
        lines += [*named(text, prefix, **{**words, **sources(plan.filters.channels), "FEED": of_stereo}), ""]
    return lines[:-1]


def _members(plan: BankPlan, stage: Upmix, filters_bytes: int) -> list[tuple[str, int]]:
    """Members of the struct with their bytes; the filters' state of fixed point is a multiple of 8 bytes, that of floats of 4."""
    word = plan.word
    members = stereo_members(plan.names.prefix, word.c_type, word.bytes, stage, filters_bytes)
    if plan.library:
        members.append(
            (f"{word.c_type} channels[{CHANNELS}][{plan.names.prefix.upper()}_BLOCK]", CHANNELS * word.bytes * BLOCK)
        )
    return members
