"""`hex`: coefficients as two's complement words, one a line, as Verilog's `$readmemh` and most loaders read them."""

from __future__ import annotations

import re

import numpy as np

from designer.arrays import Real
from designer.export.coefficients import Coefficients
from designer.export.filter_set import Filter, FilterSet
from designer.export.integers import MAX_BYTES, Words, hex_word, signed, word_export, words_of
from designer.export.provenance import one_line
from designer.export.target import BareFile, Export, Target

USAGE = """NAME.hex holds a filter's words, the first tap first; lines that start with // are comments. Of sections it holds b0,
b1, b2, a1, a2 of each, with the signs of H(z) = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2); the section's output is
multiplied by its gain, a power of two. A filter that is a pure delay has no words: it stands in the table.
"""


def write_hex(filters: FilterSet) -> Export:
    """NAME.hex of each filter that multiplies, README.txt and filters.csv.

    Raises UsageError: a coefficient does not fit, and no shift or gain is left.
    """
    words = words_of(filters, "hex")
    return word_export(words, "// {}".format, ".hex", USAGE, lambda filter_: _body(words, filter_))


def _body(words: Words, filter_: Filter) -> list[str]:
    bits, lines = words.word.bits, [f"// {one_line(filter_.channel)} to {one_line(filter_.driver)}"]
    if filter_.cascade is None:
        return lines + [hex_word(q, bits) for q in words.taps(filter_).tolist()]
    for s, (b, a, gain) in enumerate(zip(*(part.tolist() for part in words.sections(filter_)), strict=True), 1):
        lines += [f"// section {s}, gain 2^{gain}", *(hex_word(q, bits) for q in (*b, *a))]
    return lines


def decode(coefficients: Coefficients, file: BareFile) -> tuple[Real, Real | None]:
    """Words, one a line; `// section 1, gain 2^k` ahead of each section's five."""
    lines = coefficients.text(MAX_BYTES, file.path).splitlines()
    words = [signed(coefficients, file, text.strip()) for line in lines if (text := line.partition("//")[0]).strip()]
    values = np.array(words) * file.step
    if file.row.kind == "taps":
        return values, None
    gains = [re.fullmatch(r"// section \d{1,9}, gain 2\^(-?\d{1,3})", line) for line in lines]
    return values, np.array([2.0 ** int(gain[1]) for gain in gains if gain])


HEX = Target(
    place=160,
    name="hex",
    summary="words in hexadecimal, for $readmemh and loaders",
    write=write_hex,
    arithmetics=lambda filters: {"hex": words_of(filters, "hex").model()},
    decode=decode,
    bare=((".hex", ""),),
)
