"""Numbers in text files: which character divides columns, and whether a comma is a decimal point.

Text exports differ by program and by country. Per file, from its lines of numbers: a semicolon divides; else a tab; else a
comma before a space; else, where there are spaces, these, and a comma within a number is its decimal point; else a comma.
Where a file has both points and commas within numbers, the commas divide thousands.

**Time.** When a text's time starts Room EQ Wizard writes into the comment line of the sweep: "with no timing reference", "using a
loopback as timing reference", "using an acoustic timing reference". Without one, time 0 is each measurement's own peak: what one angle,
or one driver, arrives later than another is not in the files.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.errors import DataError

TEXT = (".frd", ".txt", ".csv", ".dat", ".tsv")
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
        raise DataError(f"{path}: got binary data; expected a text file of numbers; export it as text")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def is_numbers(line: str) -> bool:
    """Whether a line starts with a number."""
    return bool(_NUMBER.match(line.strip().strip('"')))


Layout = tuple[re.Pattern[str], bool]
"""Pattern between columns, and whether commas within numbers are decimal points."""
_SEMICOLONS, _TABS, _COMMAS = re.compile(r"\s*;\s*"), re.compile(r"\s*\t\s*"), re.compile(",")
_COMMA_SPACES, _SPACES = re.compile(r",\s+|\s+"), re.compile(r"\s+")
_COMMA_SPACE, _SPACE_WITHIN = re.compile(r",[^\S\n]"), re.compile(r"\S[^\S\n]+\S")  # within a line


def layout_of(lines: list[str]) -> Layout:
    """How lines of numbers are divided."""
    sample = "\n".join(lines[:200])
    points = "." in sample
    if ";" in sample:
        return _SEMICOLONS, not points
    if "\t" in sample:
        return _TABS, not points
    if _COMMA_SPACE.search(sample):
        return _COMMA_SPACES, not points
    if _SPACE_WITHIN.search(sample):
        return _SPACES, not points
    return _COMMAS, False


def fields_of(line: str, layout: Layout) -> list[str]:
    """A line's fields, numbers with a decimal point."""
    pattern, decimal_comma = layout
    fields = [field.strip() for field in pattern.split(line.strip().rstrip(";,").strip()) if field]
    if '"' in line or not line.isascii():
        fields = [field.strip('"').replace("−", "-").replace("\u00a0", "") for field in fields]
    if "," in line:
        fields = [field.replace(",", "." if decimal_comma else "") for field in fields]
    return fields


_PLAIN = re.compile(r"[0-9+\-.eE \t\n]*")


def plain_numbers(lines: list[tuple[int, str]], layout: Layout) -> Real | None:
    """Rows (R, C) of lines that hold finite numbers with decimal points and nothing else, as most files do; else None."""
    text = "\n".join(line for _, line in lines)
    if layout[0] is not _SPACES and (" " in text or layout[0] not in (_COMMAS, _TABS)):
        return None
    text = text.replace(",", " ") if layout[0] is _COMMAS and "\t" not in text else text
    rows = [line.split() for line in text.split("\n")] if _PLAIN.fullmatch(text) else []
    if len({len(row) for row in rows}) != 1:
        return None
    try:
        numbers = np.array([[float(field) for field in row] for row in rows])
    except ValueError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def parse_numbers(path: Path, lines: list[tuple[int, str]], columns: tuple[int, ...]) -> Real:
    """Rows (R, C) of lines that were numbered from 1 in the file.

    Parameters
    ----------
    columns : tuple of int, how many columns a file may have; lines must agree

    Raises
    ------
    DataError : a line has another number of columns, or something that is no finite number
    """
    if not lines:
        raise DataError(
            f"{path}: got no line of numbers; expected lines of frequency, level and phase; export it again as text"
        )
    layout = layout_of([line for _, line in lines])
    plain = plain_numbers(lines, layout)
    if plain is not None and plain.shape[1] in columns:
        return plain
    rows: list[list[float]] = []
    for number, line in lines:
        try:
            values = [float(field) for field in fields_of(line, layout)]
        except ValueError:
            raise DataError(
                f"{path}: got {line.strip()[:60]!r} at line {number}; expected numbers; export it again"
            ) from None
        if not rows and len(values) not in columns:
            expected = " or ".join(str(c) for c in columns)
            raise DataError(
                f"{path}: got {len(values)} numbers at line {number}: {line.strip()[:60]!r}; expected {expected} columns"
            )
        if rows and len(values) != len(rows[0]):
            last = number == lines[-1][0]
            location = f"{'the last line, ' if last else 'line '}{number}"
            cut = "the file was cut off: copy or export it again" if last else "export it again"
            raise DataError(
                f"{path}: got {len(values)} numbers at {location}, where the others have {len(rows[0])}; expected as many on "
                f"every line; {cut}"
            )
        if not all(map(math.isfinite, values)):
            raise DataError(
                f"{path}: got NaN or infinity at line {number}; expected finite numbers; measure or export this part "
                "again"
            )
        rows.append(values)
    return np.array(rows)


_STATED = re.compile(
    r"(?P<none>no)\s+timing\s+reference|(?P<of>loopback|acoustic)\b.{0,20}\btiming\s+reference", re.IGNORECASE
)


def _stated_time(text: str) -> str:
    """Time reference that the lines before a text's numbers name: "loopback", "acoustic", "none", or "" for nothing."""
    for line in text.splitlines():
        if is_numbers(line):
            return ""
        match = _STATED.search(line)
        if match:
            return "none" if match["none"] else match["of"].lower()
    return ""


def stated_time_of(files: tuple[Path, ...]) -> str:
    """Facts that all the files of a set share.

    Raises
    ------
    DataError : some were measured with a reference and others without
    """
    references = [_stated_time(read_text(path)) for path in files]
    if len(set(references)) < 2:
        return references[0]
    words = {
        "": "none named",
        "none": "no timing reference",
        "loopback": "a loopback",
        "acoustic": "an acoustic timing reference",
    }
    other = next(i for i, reference in enumerate(references) if reference != references[0])
    raise DataError(
        f"{files[other]}: got {words[references[other]]}, where {files[0].name} has {words[references[0]]}; expected one timing "
        "reference for all angles of a set; measure all angles alike"
    )
