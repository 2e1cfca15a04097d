"""Frequency response text files over angle, as VituixCAD and Room EQ Wizard write them.

One file an angle: lines of frequency in Hz, level in dB, and phase in degrees, after comment lines. Columns are divided by
comma, tab, semicolon or spaces; decimal points may be commas (`text_table`). Comment lines start with * or #; words before
the first number are a heading too. Phase may be wrapped or not. Files without a phase column are magnitudes only.

The level of such files is sound pressure in dB of an arbitrary reference, so it is relative.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from designer.acoustics.readers.angle_names import angles_of_names
from designer.acoustics.readers.frequency_grids import on_one_grid, rising
from designer.acoustics.readers.raw_set import RawSet, refusal
from designer.acoustics.readers.stated_angles import Stated, stated_angles
from designer.acoustics.readers.text_table import COMMENT, is_numbers, parse_numbers, read_text
from designer.arrays import Complex, Real

KIND = "text files over angle"
MAX_ABS_DB = 300.0


def read_file(path: Path) -> tuple[Real, Complex, bool]:
    """Frequencies (K,), responses (K,), and whether the phase is missing, of one file.

    Raises
    ------
    DataError : it is not such a file, or is cut off, or has NaN, or its phase is in radians

    """
    lines = [(i, line) for i, line in enumerate(read_text(path).splitlines(), 1) if line.strip()]
    lines = [(i, line) for i, line in lines if not line.lstrip().lstrip('"').startswith(COMMENT)]
    start = next((n for n, (_, line) in enumerate(lines) if is_numbers(line)), len(lines))
    rows = parse_numbers(path, lines[start:], (2, 3))
    frequency_hz, level_db = rows[:, 0], rows[:, 1]
    rising(path, frequency_hz)
    if np.abs(level_db).max() > MAX_ABS_DB:
        raise refusal(
            path,
            f"a level of {level_db[np.argmax(np.abs(level_db))]:g}",
            "dB",
            "export the level in dB, not in pascals",
        )
    magnitude = 10 ** (level_db / 20)
    if rows.shape[1] == 2:
        return frequency_hz, magnitude.astype(complex), True
    phase_deg = rows[:, 2]
    jumps = np.abs(np.diff(phase_deg))
    if np.abs(phase_deg).max() <= np.pi + 0.01 and jumps.size and jumps.max() > 5:
        raise refusal(
            path,
            f"a phase that wraps between {phase_deg.min():.3f} and {phase_deg.max():.3f}, so it is in radians",
            "degrees",
            "export the phase in degrees",
        )
    return frequency_hz, np.asarray(magnitude * np.exp(1j * np.radians(phase_deg))), False


def read_frd_set(files: tuple[Path, ...], *, clockwise: bool = False, angles: Stated | None = None) -> RawSet:
    """A set of files over angle.

    Raises
    ------
    DataError : a file or a name cannot be used, or some files have a phase and others not

    """
    named, said = angles_of_names(files) if angles is None else stated_angles(files, angles)
    read = [read_file(path) for path in files]
    missing = [path for path, (_, _, no_phase) in zip(files, read, strict=True) if no_phase]
    if missing and len(missing) < len(files):
        given = next(path for path in files if path not in missing)
        raise refusal(
            missing[0],
            f"no phase, while {given.name} has one",
            "all files of a set with phase, or all without",
            "export all angles alike",
        )
    frequency_hz, pressure, warning = on_one_grid(files, [r[0] for r in read], [r[1] for r in read])
    return RawSet(
        kind=KIND,
        files=files,
        frequency_hz=frequency_hz,
        directions=np.stack([angle.direction(clockwise=clockwise) for angle in named]),
        labels=tuple(str(angle) for angle in named),
        pressure=pressure,
        magnitude_only=bool(missing),
        notes=said,
        warnings=(warning,) if warning else (),
    )
