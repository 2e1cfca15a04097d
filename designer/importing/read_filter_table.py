"""Folders of bare numbers, by their `filters.csv`: words in hexadecimal, COE files, SigmaDSP parameters, miniDSP floats and biquads.

Each file is read by its ending and the table's layout into numbers in the order b0, b1, b2, a1, a2 and first tap first; the
table says what an integer is worth. Sections of `hex` carry a gain each, in their comments.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.export.filter_table import COLUMNS
from designer.export.sigma_parts import FAMILIES
from designer.importing.coefficients import MAX_SECTIONS, Coefficients, Collected, number, stated_bulk_delay, whole
from designer.importing.files import beside, read_bytes, read_text, refusal, shown
from designer.problem.schema import MAX_TAPS, Problem

MAX_FILE_BYTES = 100 * MAX_TAPS
BITS = 64
STEPS = (-64, 32)


@dataclass(frozen=True)
class _Row:
    """A row of the table, checked."""

    file: Path
    sections: bool
    bits: int
    step: float
    layout: str


def read_filter_table(path: Path, problem: Problem, comments: str, rows: list[list[str]]) -> Coefficients:
    """The filters of a table's files.

    Raises
    ------
    DataError : a row, or a file that it names, is not what the table says

    """
    found = Collected(path, problem)
    for cells in rows:
        row = dict(zip(COLUMNS, cells, strict=True))
        place = found.place(row["channel"], row["driver"])
        delay = whole(path, row["delay_samples"], "delay_samples")
        if row["kind"] == "delay":
            found.add_delay(place, delay)
            continue
        if row["kind"] not in ("taps", "sections"):
            raise refusal(path, f"kind {shown(row['kind'])}", "taps, sections or delay", "export it again")
        file = beside(path, row["file"])
        decode = DECODERS.get("".join(file.suffixes[-1:]))
        if decode is None:
            raise refusal(
                path, f"the file {shown(row['file'])}", f"names that end with {', '.join(DECODERS)}", "export it again"
            )
        bits = whole(path, row["bits"], "bits", BITS, 1) if row["bits"] else 0
        step = 2.0 ** (whole(path, row["log2_step"], "log2_step", STEPS[1], STEPS[0]) if row["log2_step"] else 0)
        values, gains = decode(_Row(file, row["kind"] == "sections", bits, step, row["layout"]))
        if row["kind"] == "taps":
            found.add_taps(place, values, delay)
            continue
        if values.size % 5 or not 5 <= values.size <= 5 * MAX_SECTIONS:
            raise refusal(file, f"{values.size} numbers", "five a section", "export it again")
        table = values.reshape(-1, 5)
        if gains is not None and len(gains) != len(table):
            raise refusal(file, f"{len(gains)} gains of {len(table)} sections", "one each", "export it again")
        b = table[:, :3] if gains is None else table[:, :3] * gains[:, None]
        found.add_sections(place, b, table[:, 3:], delay, gains)
    return found.coefficients(stated_bulk_delay(comments))


def _hex(row: _Row) -> tuple[Real, Real | None]:
    """Words, one a line; `// section 1, gain 2^k` ahead of each section's five."""
    lines = read_text(row.file, MAX_FILE_BYTES).splitlines()
    words = [_signed(row, text.strip()) for line in lines if (text := line.partition("//")[0]).strip()]
    if not row.sections:
        return np.array(words) * row.step, None
    gains = [
        re.fullmatch(r"// section \d{1,9}, gain 2\^(-?\d{1,3})", line)
        for line in lines
        if line.startswith("// section ")
    ]
    return np.array(words) * row.step, np.array([2.0 ** int(gain[1]) for gain in gains if gain])


def _coe(row: _Row) -> tuple[Real, Real | None]:
    """Integers of a COE file in radix 10, 16 or 2; what follows a semicolon is a comment."""
    text = read_text(row.file, MAX_FILE_BYTES)
    bare = "".join(line for line in text.splitlines() if not line.startswith(";")).replace(" ", "")
    found = re.match(r"radix=(10|16|2);coefdata=([-0-9a-fA-F,]+);", bare, re.IGNORECASE)
    if found is None:
        raise refusal(row.file, "no radix and coefdata", "a COE file of the FIR Compiler", "export it again")
    radix = int(found[1])
    parts = found[2].split(",")
    if radix == 10:
        return np.array([number(row.file, part, "a coefficient") for part in parts]) * row.step, None
    return np.array([_signed(row, part, radix) for part in parts]) * row.step, None


def _sigma(row: _Row) -> tuple[Real, Real | None]:
    """Index, name and word of each parameter, in the order of the part's memory."""
    family = FAMILIES.get(row.layout)
    if family is None:
        raise refusal(row.file, f"the layout {shown(row.layout)}", ", ".join(FAMILIES), "export it again")
    words: list[int] = []
    for line in read_text(row.file, MAX_FILE_BYTES).splitlines():
        if line and not line.startswith("#"):
            cells = line.split()
            if len(cells) < 3 or cells[0] != str(len(words)):
                raise refusal(
                    row.file, f"the line {shown(line)}", "index, name, word, value, in order", "export it again"
                )
            words.append(_signed(row, cells[2].removeprefix("0x")))
    values = np.array(words) * row.step
    if not row.sections:
        return family.taps_read(values), None
    if values.size % 5:
        raise refusal(row.file, f"{values.size} words", "five a section", "export it again")
    return family.sections_read(values.reshape(-1, 5)).ravel(), None


def _floats(row: _Row) -> tuple[Real, Real | None]:
    """Single-precision floats and nothing else."""
    content = read_bytes(row.file, 4 * MAX_TAPS)
    if len(content) % 4:
        raise refusal(row.file, f"{len(content)} bytes", "four a tap", "export it again")
    return np.frombuffer(content, "<f4").astype(float), None


def _biquads(row: _Row) -> tuple[Real, Real | None]:
    """`biquad1,` and b0 to a2 of each section, the feedback added."""
    values: list[float] = []
    for line in read_text(row.file, MAX_FILE_BYTES).splitlines():
        key, sign, value = line.strip().rstrip(",").partition("=")
        expected = f"biquad{len(values) // 5 + 1}" if not sign else ("b0", "b1", "b2", "a1", "a2")[len(values) % 5]
        if key.strip() != expected:
            raise refusal(row.file, f"the line {shown(line)}", expected, "export it again")
        if sign:
            values.append(number(row.file, value, expected))
    table = np.array(values)
    table[[n for n in range(table.size) if n % 5 > 2]] *= -1
    return table, None


def _signed(row: _Row, text: str, radix: int = 16) -> int:
    """Two's complement of a word in the digits of a radix, sign-extended to the last one's edge."""
    try:
        if len(text) > BITS or not text.isalnum():
            raise ValueError
        value = int(text, radix)
    except ValueError:
        raise refusal(row.file, f"the word {shown(text)}", f"digits of base {radix}", "export it again") from None
    width = row.bits
    if value >> (4 * -(-width // 4)) or not width:
        raise refusal(row.file, f"the word {shown(text)}", f"words of {width} bits", "export it again")
    value &= (1 << width) - 1
    return value - (1 << width) if value >> (width - 1) else value


DECODERS: dict[str, Callable[[_Row], tuple[Real, Real | None]]] = {
    ".hex": _hex,
    ".coe": _coe,
    ".txt": lambda row: _biquads(row) if row.layout == "biquads" else _sigma(row),
    ".bin": _floats,
}
