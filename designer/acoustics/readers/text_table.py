"""Numbers in text files: which character divides columns, and whether a comma is a decimal point.

Text exports differ by program and by country. Per file, from its lines of numbers: a semicolon divides; else a tab; else a
comma before a space; else, where there are spaces, these, and a comma within a number is its decimal point; else a comma.
Where a file has both points and commas within numbers, the commas divide thousands.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from designer.acoustics.readers.raw_set import refusal
from designer.arrays import Real

COMMENT = ("*", "#", ";", "!", "%", "//")
_NUMBER = re.compile(r"^[+\-−]?(\d|[.,]\d|nan\b|inf\b)", re.IGNORECASE)


def read_text(path: Path) -> str:
    """A text file as text, in UTF-8, UTF-16 or the Windows code page that older exports use.

    Raises
    ------
    DataError : it holds bytes that no text file has

    """
    data = path.read_bytes()
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16", errors="replace")
    if b"\x00" in data[:4096]:
        raise refusal(path, "binary data", "a text file of numbers", "export it as text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def is_numbers(line: str) -> bool:
    """Whether a line starts with a number."""
    return bool(_NUMBER.match(line.strip().strip('"')))


Layout = tuple[str, bool]
"""The pattern between columns, and whether commas within numbers are decimal points."""


def layout_of(lines: list[str]) -> Layout:
    """How lines of numbers are divided."""
    sample = lines[:200]
    points = any("." in line for line in sample)
    if any(";" in line for line in sample):
        return r"\s*;\s*", not points
    if any("\t" in line for line in sample):
        return r"\s*\t\s*", not points
    if any(re.search(r",\s", line) for line in sample):
        return r",\s+|\s+", not points
    if any(re.search(r"\S\s+\S", line) for line in sample):
        return r"\s+", not points
    return r",", False


def fields_of(line: str, layout: Layout) -> list[str]:
    """A line's fields, numbers with a decimal point."""
    pattern, decimal_comma = layout
    fields = re.split(pattern, line.strip().rstrip(";,").strip())
    bare = (field.strip().strip('"').replace("−", "-").replace("\u00a0", "") for field in fields if field)
    return [field.replace(",", "." if decimal_comma else "") for field in bare]


def parse_numbers(path: Path, lines: list[tuple[int, str]], columns: tuple[int, ...]) -> Real:
    """Rows (R, C) of lines that were numbered from 1 in the file.

    Parameters
    ----------
    columns : how many columns a file may have; lines must agree

    Raises
    ------
    DataError : a line has another number of columns, or something that is no finite number

    """
    if not lines:
        raise refusal(path, "no line of numbers", "lines of frequency, level and phase", "export it again as text")
    layout = layout_of([line for _, line in lines])
    rows: list[list[float]] = []
    for number, line in lines:
        try:
            values = [float(field) for field in fields_of(line, layout)]
        except ValueError:
            raise refusal(path, f"{line.strip()[:60]!r} at line {number}", "numbers", "export it again") from None
        if not rows and len(values) not in columns:
            wanted = " or ".join(str(c) for c in columns)
            raise refusal(path, f"{len(values)} numbers at line {number}: {line.strip()[:60]!r}", f"{wanted} columns")
        if rows and len(values) != len(rows[0]):
            last = number == lines[-1][0]
            raise refusal(
                path,
                f"{len(values)} numbers at {'the last line, ' if last else 'line '}{number}, where the others have {len(rows[0])}",
                "as many on every line",
                "the file was cut off: copy or export it again" if last else "export it again",
            )
        if not np.isfinite(values).all():
            raise refusal(
                path, f"NaN or infinity at line {number}", "finite numbers", "measure or export this part again"
            )
        rows.append(values)
    return np.array(rows)
