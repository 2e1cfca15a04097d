"""`xilinx-coe`: a coefficient file for AMD's FIR Compiler of each filter.

After PG149 and the COE syntax: `radix=10;` and `coefdata=` with integers, parted by commas, closed by a semicolon, the last
keyword of the file; what follows a semicolon is a comment. The core takes 2 to 2048 taps of 2 to 49 bits. It has no
sections, so that a cascade is written as its impulse response, whose word is not that of the sections.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from designer.arrays import Real
from designer.export.coefficients import Coefficients
from designer.export.filter_set import Filter, FilterSet
from designer.export.integers import MAX_BYTES, TAPS_WORD, Words, signed, word_export, words_of
from designer.export.provenance import one_line
from designer.export.target import BareFile, Export, Target, at_most, refuse

MAX_TAPS = 2048
BITS = (2, 49)
USAGE = """Each NAME.coe is one FIR Compiler's coefficient file: integers, signed, of the width stated in its comments. A filter
that is a pure delay has none: it is a delay line, and stands in the table.
"""


def _words(filters: FilterSet) -> Words:
    if any(filter_.cascade is not None for filter_ in filters.filters):
        taps = tuple(replace(filter_, cascade=None) for filter_ in filters.filters)
        filters = replace(filters, filters=taps, word=None)
    return words_of(filters, "xilinx-coe", TAPS_WORD)


def write_coe(filters: FilterSet) -> Export:
    """NAME.coe of each filter that multiplies, README.txt and filters.csv.

    Raises UsageError: more taps or wider words than the core takes, or a tap that no shift brings into the word.
    """
    remedy, notes = "design with fewer ([realization] taps)", filters.cut_note()
    if notes:
        remedy = (
            "its sections ring for so long; lower [realization] max_pole_radius, or export hex, which holds sections"
        )
    at_most("xilinx-coe", filters.taps, MAX_TAPS, "taps", remedy)
    bits = TAPS_WORD.bits if notes or filters.word is None else filters.word.bits
    if not BITS[0] <= bits <= BITS[1]:
        raise refuse("xilinx-coe", f"words of {bits} bits", "2 to 49 bits", "another [realization] word")
    words = _words(filters)
    export = word_export(words, _comment, ".coe", USAGE, lambda filter_: _body(words, filter_))
    return replace(export, notes=(*export.notes, *notes))


def _comment(line: str) -> str:
    return f"; {line.replace(';', ',')}"


def _body(words: Words, filter_: Filter) -> list[str]:
    values = ",\n".join(str(q) for q in words.taps(filter_).tolist())
    title = f"{one_line(filter_.channel)} to {one_line(filter_.driver)}, {words.word.bits} bits"
    return [_comment(title), "radix=10;", "coefdata=", f"{values};"]


def decode(coefficients: Coefficients, file: BareFile) -> tuple[Real, Real | None]:
    """Integers of a COE file in radix 10, 16 or 2; what follows a semicolon is a comment."""
    text = coefficients.text(MAX_BYTES, file.path)
    joined = "".join(line for line in text.splitlines() if not line.startswith(";")).replace(" ", "")
    content = re.match(r"radix=(10|16|2);coefdata=([-0-9a-fA-F,]+);", joined, re.IGNORECASE)
    if content is None:
        raise coefficients.refusal("no radix and coefdata", "a COE file of the FIR Compiler", path=file.path)
    radix, parts = int(content[1]), content[2].split(",")
    if radix == 10:
        return np.array([coefficients.number(part, "a coefficient", file.path) for part in parts]) * file.step, None
    return np.array([signed(coefficients, file, part, radix) for part in parts]) * file.step, None


XILINX_COE = Target(
    place=150,
    name="xilinx-coe",
    summary="AMD (Xilinx) FIR Compiler: .coe files",
    write=write_coe,
    arithmetics=lambda filters: {"xilinx-coe": _words(filters).model()},
    decode=decode,
    bare=((".coe", ""),),
)
