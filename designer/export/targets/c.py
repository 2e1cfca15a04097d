"""`c`, `c-q31`, `c-q15`: C99 without a library, which is C++ as well: a header and a source that run the filters anywhere.

The reader takes a source as this module writes it: its arrays, and the tables, whose rows name each filter's part of the arrays, its
delay and the scale of its numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

import numpy as np

from designer.arrays import Real
from designer.export.arithmetic import ArithmeticModel
from designer.export.c_cost import coefficient_bytes, cost_of, stereo_of
from designer.export.c_libraries import library_file
from designer.export.c_model import c_model
from designer.export.c_partition import backward
from designer.export.c_plan import FLOAT, Q15, Q31, SUM_BITS, CWord, plan_of, rounding_notes
from designer.export.c_rates import write_c_rates
from designer.export.c_readme import usage
from designer.export.c_source import files, scaling
from designer.export.c_text import MIN_INT32
from designer.export.coefficients import Coefficients
from designer.export.filter_set import FilterSet
from designer.export.provenance import README, readme
from designer.export.runners.c_program import run_c
from designer.export.target import Export, Option, Target
from designer.export.targets.cmsis import MAX_BYTES, PREFIX

LIBRARIES = {
    "esp-dsp": "Espressif's ESP-DSP, for ESP32",
    "teensy": "the Teensy Audio Library",
    "hifi": "Cadence's NatureDSP",
    "juce": "JUCE's dsp module",
    "sharc": "the run-time library of Analog Devices' SHARC",
}
LIBRARY = Option(
    place=4,
    flag="library",
    key="c_library",
    about="library that gets arrays of its own, beside the C",
    help="With c targets: also write the coefficients as arrays for a library: esp-dsp, teensy, hifi, juce or sharc.",
    names=LIBRARIES,
)
HEAD = re.compile(r"^static const \w{1,60} \w{1,60}_([a-z]{3,9})\[(\d{1,9})\] = \{$", re.MULTILINE)
ARRAYS = ("taps", "sections", "spectra", "turn")
ROWS = {"firs": 5, "delays": 3, "cascades": 5, "tails": 5}
"""Numbers in a row of each table; a row of a fixed-point word also holds a shift, and of sections the bits that a sum is lowered by."""
FIXED_ROWS = {**ROWS, "firs": 6, "cascades": 7}
EXPECTED = ("the arrays and tables of a c export as it wrote them", "name the .c file of a c export")


def write_c(filters: FilterSet, word: CWord) -> Export:
    """Header, source and README.txt in one word. Raises UsageError: the word, or a library, cannot hold the filters."""
    plan = plan_of(filters, word)
    cost, stereo = cost_of(plan), stereo_of(plan)
    library = filters.options.get("library", "")
    text, rows = usage(plan)
    return Export(
        files={
            **files(plan),
            **(library_file(plan, library) if library else {}),
            README: readme(filters, word.target, scaling(plan), text, rows),
        },
        coefficient_bytes=coefficient_bytes(plan),
        state_bytes=cost.state,
        multiply_adds=plan.multiply_adds,
        scaling=scaling(plan),
        notes=(*plan.names.notes(filters), *plan.names.stereo_notes(filters), *rounding_notes(plan)),
        names=plan.names.changed,
        facts={
            "word": word.name if word.word else "float",
            "largest_coefficient_error": plan.largest_error,
            "block_samples": plan.block,
            "partitions": plan.parts,
            **({"stereo": stereo.facts(plan.multiply_adds)} if stereo else {}),
        },
        flash_bytes=cost.flash,
        ram_bytes=cost.ram,
    )


def arithmetics(filters: FilterSet, word: CWord) -> dict[str, ArithmeticModel]:
    """Model of the loops."""
    return {word.name: c_model(filters, word)}


def is_own(text: str) -> bool:
    """Whether a text is a header or a source of a c export, whole or cut off after its first lines."""
    return "_process_interleaved(" in text or "state_size_matches_header[" in text


def read_c(coefficients: Coefficients) -> None:
    """The filters of an exported source.

    Raises DataError: it is no such source, a table names places that no array has, or the names do not fit the problem.
    """
    text = coefficients.text(MAX_BYTES)
    if "_set_position(" in text:
        raise coefficients.refusal(
            "a filter bank", "the filters of one design", "open the bank's folder, as designer render does"
        )
    comments = text[: max(text.find("*/"), 0)]
    coefficients.check_stated_rate(comments)
    channels, drivers = coefficients.order(comments)
    bits, arrays = _fraction_bits(coefficients, text), dict[str, Real]()
    heads: dict[tuple[str, str], tuple[int, Real]] = {}
    tails: dict[tuple[str, str], tuple[int, Real]] = {}
    definitions = list(_definitions(coefficients, text))
    for name, count, body in definitions:
        if name in ARRAYS:
            arrays[name] = _numbers(coefficients, name, body, count)
        for row in _rows(coefficients, name, body, count, FIXED_ROWS if bits else ROWS):
            channel = channels[coefficients.whole(row[0], "a channel", len(channels) - 1)]
            place = coefficients.place(channel, drivers[coefficients.whole(row[1], "a driver", len(drivers) - 1)])
            if place in (tails if name == "tails" else heads):
                raise coefficients.refusal(f"two rows of {name} for {place[0]!r}, {place[1]!r}", "one each")
            if name == "delays":
                coefficients.add_delay(place, row[2])
            elif name == "firs":
                scale = 2.0 ** (row[5] - SUM_BITS + bits) if bits else 1.0
                heads[place] = (row[2], _part(coefficients, arrays, "taps", row[3], row[4])[::-1] * scale)
            elif name == "cascades":
                _add_sections(coefficients, place, arrays, row)
            else:
                tails[place] = _tail(coefficients, arrays, row)
    for place in dict.fromkeys((*heads, *tails)):
        coefficients.add_taps(place, _joined(coefficients, [part[place] for part in (heads, tails) if place in part]))
    defined = len(re.findall(r"^static const [^(\n]*\[", text, re.MULTILINE))
    if not coefficients.taps or defined != len(definitions):
        raise coefficients.refusal("no filter, or definitions that a c export does not write", *EXPECTED)
    coefficients.heed(comments)


def _fraction_bits(coefficients: Coefficients, text: str) -> int:
    """Bits behind the point of the word that a source's sums are cut to; 0 of floats."""
    cut = re.search(r"^#define \w{1,60}_CUT_BITS (\w{1,9})", text, re.MULTILINE)
    if cut is None:
        return 0
    words = {f"{SUM_BITS - word.fixed.fraction_bits}U": word.fixed.fraction_bits for word in (Q31, Q15)}
    if cut[1] not in words:
        raise coefficients.refusal(f"CUT_BITS {cut[1]}", f"{' or '.join(words)}, of q31 or q15", EXPECTED[1])
    return words[cut[1]]


def _definitions(coefficients: Coefficients, text: str) -> Iterator[tuple[str, int, str]]:
    """The last part of the name, the size and the content of each array and table."""
    place = 0
    while head := HEAD.search(text, place):
        place = text.find("\n};", head.end())
        if place < 0:
            raise coefficients.refusal(f"no end of {head[1]}", *EXPECTED)
        yield head[1], int(head[2]), text[head.end() + 1 : place]


def _joined(coefficients: Coefficients, parts: list[tuple[int, Real]]) -> Real:
    """The beginning of a filter and its partitions, each behind its samples of delay."""
    taps = np.zeros(max(start + values.size for start, values in parts))
    coefficients.check_length(taps.size, "a filter")
    for start, values in parts:
        taps[start : start + values.size] += values
    return taps


def _rows(coefficients: Coefficients, name: str, body: str, count: int, widths: dict[str, int]) -> Iterator[list[int]]:
    """The rows of a table, as whole numbers; no row for an array."""
    if name not in widths:
        return
    lines = body.splitlines()
    if len(lines) != count:
        raise coefficients.refusal(f"{len(lines)} rows of {name}", f"{count}, as the table declares")
    for line in lines:
        cells = line.strip(" {},").split(",")
        if len(cells) != widths[name]:
            raise coefficients.refusal(f"{len(cells)} numbers in a row of {name}", f"{widths[name]}")
        whole = [coefficients.whole(cell.strip().removesuffix("U"), name, 2**31 - 1, -99) for cell in cells]
        if min(whole[:5]) < 0:
            raise coefficients.refusal(f"{min(whole[:5])} in a row of {name}", "places and counts from 0 on")
        yield whole


def _numbers(coefficients: Coefficients, name: str, body: str, count: int) -> Real:
    plain = re.sub(r"/\*.*?\*/", "", body).replace(MIN_INT32, str(-(2**31)))
    items = [item for item in map(str.strip, plain.split(",")) if item]
    if len(items) != count:
        raise coefficients.refusal(f"{len(items)} numbers in {name}", f"{count}, as the array declares")
    return np.array([coefficients.number(item.removesuffix("F"), name) for item in items])


def _part(coefficients: Coefficients, arrays: dict[str, Real], name: str, first: int, count: int) -> Real:
    part = arrays.get(name, np.zeros(0))[first : first + count]
    if part.size != count or not count:
        raise coefficients.refusal(f"{part.size} of {count} numbers in {name}", *EXPECTED)
    return part


def _add_sections(coefficients: Coefficients, place: tuple[str, str], arrays: dict[str, Real], row: list[int]) -> None:
    table = _part(coefficients, arrays, "sections", 5 * row[3], 5 * row[4]).reshape(-1, 5)
    if len(row) > 5:
        table = table * 2.0 ** -row[5]
    b, a = table[:, :3].copy(), -table[:, 3:]
    if len(row) > 5:
        b[-1] *= 2.0 ** (row[6] - SUM_BITS + 31)
    coefficients.add_sections(place, b, a, row[2])


def _tail(coefficients: Coefficients, arrays: dict[str, Real], row: list[int]) -> tuple[int, Real]:
    """Samples ahead of the partitions, and their taps."""
    block = arrays.get("turn", np.zeros(0)).size // 2
    coefficients.check_length((row[2] + row[3]) * block, "partitions")
    spectra = _part(coefficients, arrays, "spectra", row[4], 2 * row[3] * block).reshape(-1, 2, block)
    return row[2] * block, backward(spectra[:, 0] + 1j * spectra[:, 1]).real.ravel()


C = Target(
    place=82,
    name="c",
    summary="C99 without a library, and C++: float; long filters in partitions",
    write=partial(write_c, word=FLOAT),
    write_rates=partial(write_c_rates, word=FLOAT),
    options=(PREFIX, LIBRARY),
    files="C",
    read=read_c,
    endings=(".c", ".h"),
    is_own=is_own,
    in_folders=("*.c",),
    bank_word=FLOAT,
    run=partial(run_c, word=FLOAT),
)
C_Q31 = Target(
    place=84,
    name="c-q31",
    summary="C99 without a library, and C++: q31",
    write=partial(write_c, word=Q31),
    write_rates=partial(write_c_rates, word=Q31),
    options=(PREFIX, LIBRARY),
    arithmetics=partial(arithmetics, word=Q31),
    bank_word=Q31,
    run=partial(run_c, word=Q31),
)
C_Q15 = Target(
    place=86,
    name="c-q15",
    summary="C99 without a library, and C++: q15",
    write=partial(write_c, word=Q15),
    write_rates=partial(write_c_rates, word=Q15),
    options=(PREFIX, LIBRARY),
    arithmetics=partial(arithmetics, word=Q15),
    bank_word=Q15,
    run=partial(run_c, word=Q15),
)
