"""Tables of level over angle, one a plane, as near-field scanners export them and spinorama collections keep them.

Perhaps a line with the title ("SPL Horizontal"); then two header rows: "On-Axis", "10°", "-10°", ... over the columns, and
"Frequency [Hz]", "Sound Pressure Level [dB]" under each. Either each angle has a frequency column of its own (its heading then stands
over two columns), or one frequency column stands in front of all. Columns are divided by tabs; thousands may be divided by commas.
Magnitude only. The plane is what the title or the file's name says; without either it is horizontal.
"""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from designer.acoustics.measured.angles import Angle, check_degrees, number
from designer.acoustics.measured.grids import on_one_grid, rising
from designer.acoustics.measured.raw_set import Format, RawSet, Request
from designer.acoustics.measured.text_table import TEXT, is_numbers, parse_numbers, read_text
from designer.arrays import Complex, Real
from designer.errors import DataError

_ANGLE = re.compile(r"(?<![\w.])(?:(?P<axis>on[\s\-]?axis)|(?P<angle>[+\-−]?\d+(?:[.,]\d+)?)\s*°)", re.IGNORECASE)
_PLANE = re.compile(r"(?:^|[\s_.\-])(?:spl[\s_\-]*)?(?:horizontal|hor|vertical|ver|vert)(?=$|[\s_.\-])", re.IGNORECASE)
HEADING_LINES = 4


def _heading(lines: list[str]) -> str:
    return next((line for line in lines[:HEADING_LINES] if len(_ANGLE.findall(line)) > 1), "")


def _read_table(path: Path) -> list[tuple[Angle, Real, Complex]]:
    """Each angle with its frequencies (K,) and magnitudes (K,)."""
    lines = read_text(path).splitlines()
    heading = _heading(lines)
    angles_deg = [0.0 if match["axis"] else number(match["angle"]) for match in _ANGLE.finditer(heading)]
    if not angles_deg:
        expected = 'a heading as "On-Axis", "10°", "-10°"; export the table with its headings'
        raise DataError(f"{path}: got no row of angles; expected {expected}")
    description = " ".join([*lines[: lines.index(heading)], path.stem]).lower()
    vertical = "vertical" in description or (
        re.search(r"(?<![a-z])ver(?![a-z])", description) is not None and "hor" not in description
    )
    angles = [Angle("vertical" if vertical else "horizontal", (angle,)) for angle in angles_deg]
    for i, angle in enumerate(angles):
        if angle in angles[:i]:
            raise DataError(f"{path}: got {angle} over two columns; expected one column an angle; leave one out")
    check_degrees(path, np.array(angles_deg))
    numbered = [(i, line) for i, line in enumerate(lines, 1) if line.strip()]
    start = next((n for n, (_, line) in enumerate(numbered) if is_numbers(line) and "°" not in line), len(numbered))
    rows = parse_numbers(path, numbered[start:], (2 * len(angles), 1 + len(angles)))
    own_frequency = rows.shape[1] == 2 * len(angles)
    grids = rows[:, ::2] if own_frequency else np.repeat(rows[:, :1], len(angles), axis=1)
    magnitude = (10 ** (rows[:, 1::2] / 20 if own_frequency else rows[:, 1:] / 20)).astype(complex)
    for angle, grid in zip(angles, grids.T, strict=True):
        rising(path, grid, f" in the column of {angle}")
    return list(zip(angles, grids.T, magnitude.T, strict=True))


def _read(files: tuple[Path, ...], request: Request) -> RawSet:
    """One table, or one a plane."""
    responses = [(path, *column) for path in files for column in _read_table(path)]
    of_file, angles, grids, columns = (list(part) for part in zip(*responses, strict=True))
    for i, (path, angle) in enumerate(zip(of_file, angles, strict=True)):
        if angle in angles[:i]:
            first = of_file[angles.index(angle)].name
            actual = f"{angle} again, after {first}; expected one table a plane; name only one of them"
            raise DataError(f"{path}: got {actual}")
    frequency_hz, pressure, warning = on_one_grid(tuple(of_file), grids, columns)
    return RawSet(
        kind=FORMAT.kind,
        files=files,
        frequency_hz=frequency_hz,
        directions=np.stack([angle.direction(clockwise=request.clockwise) for angle in angles]),
        labels=tuple(str(angle) for angle in angles),
        pressure=pressure,
        magnitude_only=True,
        warnings=(warning,) if warning else (),
    )


FORMAT = Format(
    kind="spinorama table",
    described="a spinorama table",
    suffixes=TEXT,
    read=_read,
    drivers=lambda path, emitter: [(_PLANE.sub("", path.stem).strip(" _-.") or "driver", None)],
    recognises=lambda text: bool(_heading(text.splitlines())),
)
