"""The header of the exported C: sizes, the places of inputs and outputs, the state's struct, and the two functions."""

from __future__ import annotations

from designer.export.c_text import comment, text
from designer.export.cmsis_plan import BLOCK, Plan
from designer.export.cmsis_sections import StoredSections
from designer.export.cmsis_size import fir_state
from designer.export.cmsis_taps import StoredTaps
from designer.export.cmsis_word import F32
from designer.export.provenance import one_line, provenance

NOT_FOR_HELIUM = [
    "#if (defined(ARM_MATH_MVEI) || defined(ARM_MATH_MVEF)) && !defined(ARM_MATH_AUTOVECTORIZE)",
    '#error "Helium wants longer states and padded coefficients: build CMSIS-DSP and this with ARM_MATH_AUTOVECTORIZE"',
    "#endif",
]


def header(plan: Plan, target: str, scaling: str) -> bytes:
    """The .h file."""
    big = plan.prefix.upper()
    return text(
        [
            *comment(provenance(plan.filters, target, scaling)),
            f"#ifndef {big}_H",
            f"#define {big}_H",
            "",
            '#include "arm_math.h"',
            "",
            *NOT_FOR_HELIUM,
            "",
            "#ifdef __cplusplus",
            'extern "C" {',
            "#endif",
            "",
            f"#ifndef {big}_BLOCK",
            f"#define {big}_BLOCK {BLOCK} /* samples a block: define another for the whole build */",
            "#endif",
            f"#define {big}_CHANNELS {len(plan.paths)}",
            f"#define {big}_DRIVERS {len(plan.drivers)}",
            *(
                f"#define {big}_IN_{path.name.upper()} {path.index}{_named(path.name, path.channel)}"
                for path in plan.paths
            ),
            *(
                f"#define {big}_OUT_{name.upper()} {index}{_named(name, plan.filters.drivers[index])}"
                for index, name in enumerate(plan.drivers)
            ),
            "",
            "/* All that changes while the filters run. It points into itself: once initialised it must stay where it is. */",
            "typedef struct {",
            *(f"    {member};" for member in members(plan)),
            f"}} {plan.prefix}_state;",
            "",
            "/* Silence in all histories; call it before the first block, and again to start anew. */",
            f"void {plan.prefix}_init({plan.prefix}_state *state);",
            "",
            f"/* One block of {big}_BLOCK samples: in[{big}_CHANNELS] and out[{big}_DRIVERS] point to it; no two blocks overlap. */",
            f"void {plan.prefix}_process({plan.prefix}_state *state, const {plan.word.c_type} *const *in,",
            f"    {plan.word.c_type} *const *out);",
            "",
            "#ifdef __cplusplus",
            "}",
            "#endif",
            "",
            "#endif",
        ]
    )


def members(plan: Plan) -> list[str]:
    """The struct's members, in the order of `cmsis_size.state_bytes`."""
    word, block = plan.word, f"{plan.prefix.upper()}_BLOCK"
    found = [] if word is F32 else [f"q63_t sum[{len(plan.drivers)}][{block}]"]
    for _, route in plan.routes:
        if isinstance(route.stored, StoredTaps):
            words = fir_state(route.stored.values.size, word, 0)
            found += [
                f"arm_fir_instance_{word.suffix} fir_{route.name}",
                f"{word.c_type} state_{route.name}[{words} + {block}]",
            ]
        elif isinstance(route.stored, StoredSections):
            words = 4 * len(route.stored.values)
            instance = f"arm_biquad_casd_df1_inst_{word.suffix}"
            found += [f"{instance} sections_{route.name}", f"{word.c_type} state_{route.name}[{words}]"]
    found += [f"{word.c_type} history_{path.name}[{path.history} + {block}]" for path in plan.paths if path.history]
    if any(path.guard for path in plan.paths):
        found.append(f"{word.c_type} lowered[{block}]")
    if any(route.stored is not None for _, route in plan.routes):
        found.append(f"{word.c_type} part[{block}]")
    return found


def _named(c_name: str, name: str) -> str:
    return "" if c_name == name else f" /* {one_line(name)} */"
