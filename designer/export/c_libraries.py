"""Filters as the libraries of some processors take them: arrays beside the dependency-free C, for users of the library's own loops.

Learned from

- esp-dsp (espressif/esp-dsp): `modules/fir` and `modules/biquad`. `dsps_fir_f32` takes the last tap first (its issue 77, of
  2023), on the ESP32-S3 a multiple of 4 of them, aligned to 16 bytes; `dsps_fird_s16` the first tap first and a multiple of 8, with
  the shift of the sum as its argument; `dsps_biquad_f32` b0, b1, b2, a1, a2 of H(z);
- teensy (PaulStoffregen/Audio): `filter_fir.h`, at most FIR_MAX_COEFFS = 200 taps of int16, for `arm_fir_init_q15` an even
  number, 4 or more, the last first; `filter_biquad.h`, four sections of doubles below 2, kept as 2.30;
- hifi (Cadence NatureDSP as in NXP's SDK, `naturedsp_hifi4/fir`: `bkfirf`, `bkfir32x32`, `bkfir16x16`): the first tap
  first, a multiple of 4, aligned to 8 bytes;
- juce (docs.juce.com, `dsp::FIR::Coefficients`): the first tap first; `dsp::IIR::Coefficients` wants a0 = 1 between b2 and a1;
- sharc (`filter.h` of CrossCore and VisualDSP++): `fir(input, output, coeffs, state, samples, taps)` with `float pm coeffs[TAPS]` and
  `float state[TAPS + 1]` (Analog Devices' FIR_Core_Throughput_21569.c, of its note EE-408), the last tap first (algorithmStart.c of
  RWTH Aachen, 2008, sets the last number to pass a signal on, and copies its taps backwards); `biquad` with -a2, -a1, b2, b1, b0 and
  `float state[2 * SECTIONS]` (OpenMixerProject/OpenX32, `dsp/dsp1/src/fx.c`, for an ADSP-21371). `iir` of the same header is left out:
  public sources contradict each other about the signs of a1 and a2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.export.c_plan import FLOAT, Q15, Q31, CWord, Numbers, Plan, stored_taps, wanted_shift
from designer.export.c_text import array, comment, literals
from designer.export.filter_set import Filter
from designer.export.provenance import one_line, provenance, text_file
from designer.export.target import at_most, refuse


@dataclass(frozen=True)
class Form:
    """Form in which a library takes taps: their order, their count's multiple, minimum and maximum, and bytes of alignment.

    `sections` is the largest number of sections of a filter (0: the library takes none), and `section_type` their type. With
    `feedback_first` a section is -a2, -a1, b2, b1, b0. `memory` qualifies the arrays' type.
    """

    last_first: bool
    multiple: int = 1
    least: int = 1
    alignment: int = 1
    most: int = 0
    sections: int = 0
    section_type: str = "float"
    feedback_first: bool = False
    memory: str = ""
    use: str = ""


FORMS: dict[tuple[str, CWord], Form] = {
    ("esp-dsp", FLOAT): Form(
        True,
        4,
        4,
        16,
        sections=255,
        use="dsps_fir_init_f32(&fir, ARRAY, delay, TAPS), delay of TAPS + 4; dsps_biquad_f32",
    ),
    ("esp-dsp", Q15): Form(
        False,
        8,
        8,
        16,
        use="dsps_fird_init_s16(&fir, ARRAY, delay, TAPS, 1, 0, SHIFT); on an ESP32-S3 then dsps_16_array_rev(ARRAY, TAPS)",
    ),
    ("teensy", Q15): Form(
        True,
        2,
        4,
        most=200,
        sections=4,
        section_type="double",
        use="AudioFilterFIR::begin(ARRAY, TAPS), then an AudioAmplifier with a gain of 2^SHIFT;"
        " AudioFilterBiquad::setCoefficients(stage, &ARRAY[5 * stage])",
    ),
    ("hifi", FLOAT): Form(False, 4, 4, 8, use="bkfirf_init(memory, TAPS, 0, ARRAY)"),
    ("hifi", Q31): Form(False, 4, 4, 8, use="bkfir32x32_init(memory, TAPS, 0, ARRAY), the output raised by SHIFT bits"),
    ("hifi", Q15): Form(False, 4, 4, 8, use="bkfir16x16_init(memory, TAPS, 0, ARRAY), the output raised by SHIFT bits"),
    ("juce", FLOAT): Form(
        False, sections=255, use="dsp::FIR::Coefficients<float>(ARRAY, TAPS), or a Convolution without normalisation"
    ),
    ("sharc", FLOAT): Form(
        True,
        sections=255,
        feedback_first=True,
        memory=" pm",
        use="fir(input, output, ARRAY, state, samples, TAPS), state of TAPS + 1 zeros;"
        " biquad(input, output, ARRAY, state, samples, SECTIONS), state of 2 SECTIONS zeros",
    ),
}
MAX_TEENSY_COEFFICIENT = 2.0


def library_file(plan: Plan, library: str) -> dict[str, bytes]:
    """`PREFIX_LIBRARY.h` with an array a filter. Raises UsageError: the library does not take this word, or this many taps or sections."""
    target, form = plan.word.target, FORMS.get((library, plan.word))
    if form is None:
        words = ", ".join(word.target for name, word in FORMS if name == library)
        raise refuse(
            target, f"--library {library}", f"it with {words}, whose samples that library takes", "export one of these"
        )
    prefix = plan.names.prefix
    stem = f"{prefix}_{library.replace('-', '_')}"
    head = [
        *provenance(
            plan.filters,
            target,
            f"a number q of an array is the tap q 2^(SHIFT - {8 * plan.word.bytes - 1})" if plan.word.word else "none",
        )
    ]
    lines = [
        *comment([*head, f"for {library}: {form.use}"]),
        f"#ifndef {stem.upper()}_H",
        f"#define {stem.upper()}_H",
        "",
    ]
    lines += ["#include <stdint.h>", ""]
    for filter_ in plan.filters.filters:
        lines += _filter(plan, form, filter_)
    return {f"{stem}.h": text_file([*lines, "#endif"])}


def _filter(plan: Plan, form: Form, filter_: Filter) -> list[str]:
    name = f"{plan.names.prefix}_{plan.names.pairs[filter_.channel, filter_.driver]}"
    names = f"{one_line(filter_.channel)} -> {one_line(filter_.driver)}"
    delay = plan.filters.delay(filter_)
    lines = [
        f"#define {name.upper()}_DELAY {delay} /* {names}: delay in samples before the array; without an array the whole filter */"
    ]
    if filter_.cascade is not None:
        at_most(
            plan.word.target,
            len(filter_.cascade.b),
            form.sections,
            "sections",
            "design with fewer sections, or compile the C itself",
        )
        b, a = filter_.cascade.b, filter_.cascade.a
        table = np.concatenate([b, -a], axis=1)[:, ::-1] if form.feedback_first else np.concatenate([b, a], axis=1)
        order = "-a2, -a1, b2, b1, b0" if form.feedback_first else "b0, b1, b2, a1, a2"
        double = form.section_type == "double"
        if double and np.abs(table).max() >= MAX_TEENSY_COEFFICIENT:
            actual = f"a coefficient of {np.abs(table).max():.4g} ({names})"
            raise refuse(plan.word.target, actual, "below 2, as AudioFilterBiquad keeps them", "compile the C itself")
        values = table.ravel()
        texts = [repr(value) for value in values.tolist()] if double else literals(values.astype(np.float32))
        lines += [f"#define {name.upper()}_SECTIONS {len(table)} /* {order} of H(z) */"]
        rows = [", ".join(texts[start : start + 5]) for start in range(0, len(texts), 5)]
        lines += [
            f"static {form.section_type}{form.memory} {name}[{values.size}] = {{",
            *(f"    {row}," for row in rows),
            "};",
        ]
    elif filter_.has_taps:
        values, shift = _taps(plan, form, filter_)
        lines.append(f"#define {name.upper()}_TAPS {values.size}")
        if plan.word.word:
            lines.append(f"#define {name.upper()}_SHIFT {shift}")
        aligned = f" __attribute__((aligned({form.alignment})))" if form.alignment > 1 else ""
        lines += array(f"static {plan.word.c_type}{form.memory} {name}", values, aligned)
    return [*lines, ""]


def _taps(plan: Plan, form: Form, filter_: Filter) -> tuple[Numbers, int]:
    values, shift, _ = stored_taps(filter_.taps, plan.word, wanted_shift(plan.filters, filter_, plan.word))
    count = max(form.least, -(-values.size // form.multiple) * form.multiple)
    if form.most:
        remedy = "design with fewer ([realization] taps), or compile the C itself"
        at_most(plan.word.target, count, form.most, "taps of --library teensy", remedy)
    filled = np.concatenate([values, np.zeros(count - values.size, dtype=values.dtype)])
    return (filled[::-1] if form.last_first else filled), shift
