"""`cmsis-f32`, `cmsis-q31`, `cmsis-q15`: a C99 header and source that run the filters through CMSIS-DSP.

Written for version 1.10.3 and the functions arm_fir_* and arm_biquad_cascade_df1_*. Where the design's own
`[realization] word` is the target's, its integers are the file's; else each tap is rounded to the nearest number.

Read back is a source as it is written here: its arrays and what their comments say of shifts, in the order in which the process
function runs them, which says more: behind how many late samples, into which output, and which filters are pure delays.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import numpy as np

from designer.arrays import Real
from designer.export.arithmetic import ArithmeticModel
from designer.export.c_plan import BLOCK, CWord
from designer.export.c_text import MIN_INT32, SEARCH, quiet_note, rounding_note
from designer.export.cmsis_model import cmsis_model
from designer.export.cmsis_plan import F32, Q15, Q31, Plan, StoredTaps, plan_of
from designer.export.cmsis_source import coefficient_bytes, files, scaling, state_bytes, stereo_of
from designer.export.coefficients import Coefficients
from designer.export.filter_set import FilterSet
from designer.export.runners.cmsis_program import run_cmsis
from designer.export.target import Export, Option, Target

PREFIX = Option(
    place=1,
    flag="prefix",
    key="prefix",
    about="of the files and names in C; default: from the problem's file name",
    help="With c and cmsis targets: prefix of the files and of the names in C; default: the problem's file name.",
    pattern="^[A-Za-z][A-Za-z0-9_]{0,17}$",
)
MAX_BYTES = 100_000_000
ARRAY = re.compile(
    r"^/\* [^\n]{1,500}: \d{1,5} (?P<kind>taps|sections)\b(?P<note>[^\n]{0,99}) \*/\n"
    r"static const (?P<type>q31|q15|float32)_t (?P<name>\w{1,200})\[(?P<count>\d{1,9})\] = \{\n(?P<body>[^}]*)\};",
    re.MULTILINE,
)
FRACTION_BITS = {"q31": 31, "q15": 15, "float32": 0}
SIGNAL = r"(?P<signal>state->lowered|state->part|in\[\d{1,9}\]|state->history_\w{1,200}(?: \+ \d{1,9})?)"
STEP = re.compile(
    rf"(?P<call>lower\(|arm_\w{{1,60}}\(&state->\w{{1,200}}, |add\(\w+(?:->sum)?\[(?P<out>\d{{1,9}})\], ){SIGNAL}"
)
EXPECTED = ("the functions of a cmsis export as it wrote them", "name the .c file of a cmsis export")


def write_cmsis(filters: FilterSet, word: CWord) -> Export:
    """Header and source in one word. Raises UsageError: the word or the library cannot hold the filters."""
    plan = plan_of(filters, word)
    return Export(
        files=files(plan, word.target),
        coefficient_bytes=coefficient_bytes(plan),
        state_bytes=state_bytes(plan),
        multiply_adds=plan.multiply_adds,
        scaling=scaling(plan),
        notes=notes(plan),
        names=plan.names.changed,
        facts=facts(plan),
    )


def notes(plan: Plan) -> tuple[str, ...]:
    """Changes on the way."""
    texts = plan.names.notes(plan.filters)
    fir = [(route.source.taps.size, route.stored) for _, route in plan.routes if isinstance(route.stored, StoredTaps)]
    longer = [f"{count} taps were filled up with zeros to {s.values.size}" for count, s in fir if s.values.size > count]
    if longer:
        texts.append(f"{longer[0]}: Q15 wants an even number, at least 4")
    if plan.word is Q15 and (error := plan.largest_error) > 0:
        texts.append(rounding_note(error, SEARCH if fir else ""))
    texts += plan.names.stereo_notes(plan.filters)
    silent = [r.source.path for _, r in plan.routes if r.stored is not None and not r.stored.values.any()]
    if silent:
        texts.append(quiet_note(plan.word.target, silent))
    return tuple(texts)


def facts(plan: Plan) -> dict[str, object]:
    """Further entries of the manifest."""
    stereo = stereo_of(plan)
    return {
        "word": plan.word.name,
        "largest_coefficient_error": plan.largest_error,
        "block_samples": BLOCK,
        "tap_shift_bits": {path.channel: path.shift for path in plan.paths},
        "input_guard_bits": {path.channel: path.guard for path in plan.paths},
        **({"stereo": stereo.facts(plan.multiply_adds)} if stereo else {}),
        "sizes_hold_for": f"32-bit Arm, {BLOCK} samples a block; state_bytes is sizeof({plan.names.prefix}_state)",
    }


def arithmetics(filters: FilterSet, word: CWord) -> dict[str, ArithmeticModel]:
    """Model of CMSIS-DSP."""
    return {word.name: cmsis_model(filters, word)}


def read_c(coefficients: Coefficients) -> None:
    """The filters of an exported C source.

    Raises DataError: it is none, an array and its comment or its size disagree, or the names do not fit.
    """
    text = coefficients.text(MAX_BYTES)
    comments = text[: max(text.find("*/"), 0)]
    coefficients.check_stated_rate(comments)
    channels, drivers = coefficients.order(comments)
    arrays = ARRAY.finditer(text)
    process = text[text.find("_process(") :] if "_process(" in text else ""
    for block in process.split("\n\n"):
        _read_channel(coefficients, block, arrays, channels, drivers)
    adds, filters = len(re.findall(r"\badd\s*\(", process)), sum(map(len, coefficients.taps.values()))
    if adds != filters or not adds:
        raise coefficients.refusal(f"{adds} sums, {filters} of them in a channel's lines", *EXPECTED)
    if (array := next(arrays, None)) is not None:
        raise coefficients.refusal(f"no call that takes {array['name']}", *EXPECTED)
    coefficients.heed(comments)


def _read_channel(
    coefficients: Coefficients, block: str, arrays: Iterator[re.Match[str]], channels: list[str], drivers: list[str]
) -> None:
    """The filters of a channel, which its lines take through the next arrays."""
    line, memory = re.search(r"in\[(\d{1,9})\]", block), re.search(r"memmove\([^\n]{1,500}, (\d{1,9}) \* sizeof", block)
    if line is None:
        return
    history, lowered, delay, array = int(memory[1]) if memory else 0, 0, 0, None
    for step in STEP.finditer(block):
        late = _late(coefficients, step["signal"], history)
        if step["call"].startswith("lower"):
            lowered = late
        elif step["call"].startswith("arm"):
            delay, array = lowered if step["signal"] == "state->lowered" else late, next(arrays, None)
        else:
            channel = channels[coefficients.whole(line[1], "an input", most=len(channels) - 1)]
            driver = drivers[coefficients.whole(step["out"], "the output of an add", most=len(drivers) - 1)]
            if step["signal"] != "state->part":
                coefficients.add_delay(coefficients.place(channel, driver), late)
            elif array is None:
                raise coefficients.refusal(f"no array behind the sum for {driver!r}", *EXPECTED)
            else:
                _add(coefficients, coefficients.place(channel, driver), array, delay)


def _late(coefficients: Coefficients, signal: str, history: int) -> int:
    """Samples by which a signal is late, in a line of so many earlier ones."""
    if not signal.startswith("state->history"):
        return 0
    return coefficients.whole(history - int(signal.partition(" + ")[2] or 0), "a delay")


def _add(coefficients: Coefficients, place: tuple[str, str], array: re.Match[str], delay: int) -> None:
    name, note, bits = array["name"], array["note"], FRACTION_BITS[array["type"]]
    items = [item.strip().rstrip("F") for item in array["body"].replace(MIN_INT32, str(-(2**31))).split(",")]
    values = np.array([coefficients.number(item, name) for item in items if item])
    if values.size != int(array["count"]):
        raise coefficients.refusal(f"{values.size} numbers in {name}", f"{array['count']}, as it declares")
    if array["kind"] == "taps":
        coefficients.add_taps(place, values[::-1] * 2.0 ** (_shift(r"q 2\^\((\d{1,2}) - ", note) - bits), delay)
        return
    width = 6 if array["type"] == "q15" else 5
    if values.size % width:
        raise coefficients.refusal(f"{values.size} numbers in {name}", f"{width} a section")
    table: Real = values.reshape(-1, width) * 2.0 ** (_shift(r"postShift (\d{1,2})\b", note) - bits)
    b, a = table[:, [0, *range(width - 4, width - 2)]], -table[:, -2:]
    b[-1] *= 2.0 ** _shift(r"output shift (\d{1,2})\b", note)
    coefficients.add_sections(place, b, a, delay)


def _shift(pattern: str, note: str) -> int:
    match = re.search(pattern, note)
    return int(match[1]) if match else 0


CMSIS_F32 = Target(
    place=50,
    name="cmsis-f32",
    summary="C99 for CMSIS-DSP, f32: header and source",
    write=partial(write_cmsis, word=F32),
    options=(PREFIX,),
    files="C",
    read=read_c,
    endings=(".c", ".h"),
    in_folders=("*.c", "f32/*.c", "q31/*.c", "q15/*.c"),
    bank_word=F32,
    block_samples=BLOCK,
    run=partial(run_cmsis, word=F32),
)
CMSIS_Q31 = Target(
    place=60,
    name="cmsis-q31",
    summary="C99 for CMSIS-DSP, q31: header and source",
    write=partial(write_cmsis, word=Q31),
    channel_scale=(Q31.fixed,),
    options=(PREFIX,),
    arithmetics=partial(arithmetics, word=Q31),
    bank_word=Q31,
    block_samples=BLOCK,
    run=partial(run_cmsis, word=Q31),
)
CMSIS_Q15 = Target(
    place=70,
    name="cmsis-q15",
    summary="C99 for CMSIS-DSP, q15: header and source",
    write=partial(write_cmsis, word=Q15),
    channel_scale=(Q15.fixed,),
    options=(PREFIX,),
    arithmetics=partial(arithmetics, word=Q15),
    bank_word=Q15,
    block_samples=BLOCK,
    run=partial(run_cmsis, word=Q15),
)
