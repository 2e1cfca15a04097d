"""Tables of level over angle, one a plane, as near-field scanners export them and spinorama collections keep them.

Perhaps a line with the title ("SPL Horizontal"); then two header rows: "On-Axis", "10°", "-10°", ... over the columns, and
"Frequency [Hz]", "Sound Pressure Level [dB]" under each. Either each angle has a frequency column of its own (its heading then stands over
two columns), or one frequency column stands in front of all. Columns are divided by
tabs; thousands may be divided by commas. Magnitude only.

The plane is what the title or the file's name says; without either it is horizontal.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from designer.acoustics.readers.angles import PlaneAngle, check_degrees, number
from designer.acoustics.readers.frequency_grids import on_one_grid, rising
from designer.acoustics.readers.raw_set import RawSet, refusal
from designer.acoustics.readers.text_table import is_numbers, parse_numbers, read_text
from designer.arrays import Complex, Real

KIND = "spinorama table"
_ANGLE = re.compile(r"(?<![\w.])(?:(?P<axis>on[\s\-]?axis)|(?P<angle>[+\-−]?\d+(?:[.,]\d+)?)\s*°)", re.IGNORECASE)


def is_spinorama(text: str) -> bool:
    """Whether a text's first lines have the angles of such a table."""
    return any(len(_ANGLE.findall(line)) > 1 for line in text.splitlines()[:4])


def read_table(path: Path) -> tuple[list[PlaneAngle], list[Real], list[Complex]]:
    """Angles (N), frequencies (K,) each, and magnitudes (K,) each.

    Raises
    ------
    DataError : the headings and the columns do not agree, or an angle comes twice

    """
    lines = read_text(path).splitlines()
    heading = next((line for line in lines[:4] if len(_ANGLE.findall(line)) > 1), "")
    found = [0.0 if match["axis"] else number(match["angle"]) for match in _ANGLE.finditer(heading)]
    if not found:
        raise refusal(
            path, "no row of angles", 'a heading as "On-Axis", "10°", "-10°"', "export the table with its headings"
        )
    about = " ".join([*lines[: lines.index(heading)], path.stem]).lower()
    vertical = "vertical" in about or (re.search(r"(?<![a-z])ver(?![a-z])", about) is not None and "hor" not in about)
    angles = [PlaneAngle(angle, vertical) for angle in found]
    for i, angle in enumerate(angles):
        if angle in angles[:i]:
            raise refusal(path, f"{angle} over two columns", "one column an angle", "leave one out")
    check_degrees(path, np.array(found))
    numbered = [(i, line) for i, line in enumerate(lines, 1) if line.strip()]
    start = next((n for n, (_, line) in enumerate(numbered) if is_numbers(line) and "°" not in line), len(numbered))
    rows = parse_numbers(path, numbered[start:], (2 * len(angles), 1 + len(angles)))
    own_frequency = rows.shape[1] == 2 * len(angles)
    grids = [rows[:, 2 * n if own_frequency else 0] for n in range(len(angles))]
    levels = [rows[:, 2 * n + 1 if own_frequency else n + 1] for n in range(len(angles))]
    for angle, grid in zip(angles, grids, strict=True):
        rising(path, grid, f" in the column of {angle}")
    return angles, grids, [(10 ** (level / 20)).astype(complex) for level in levels]


def read_spinorama(files: tuple[Path, ...], *, clockwise: bool = False) -> RawSet:
    """One table, or one a plane.

    Raises
    ------
    DataError : a table cannot be used, or two have the same angle

    """
    angles: list[PlaneAngle] = []
    grids: list[Real] = []
    columns: list[Complex] = []
    of_file: list[Path] = []
    for path in files:
        for angle, grid, column in zip(*read_table(path), strict=True):
            if angle in angles:
                first = of_file[angles.index(angle)]
                raise refusal(path, f"{angle} again, after {first.name}", "one table a plane", "name only one of them")
            angles.append(angle)
            grids.append(grid)
            columns.append(column)
            of_file.append(path)
    frequency_hz, pressure, warning = on_one_grid(tuple(of_file), grids, columns)
    return RawSet(
        kind=KIND,
        files=files,
        frequency_hz=frequency_hz,
        directions=np.stack([angle.direction(clockwise=clockwise) for angle in angles]),
        labels=tuple(str(angle) for angle in angles),
        pressure=pressure,
        magnitude_only=True,
        warnings=(warning,) if warning else (),
    )
