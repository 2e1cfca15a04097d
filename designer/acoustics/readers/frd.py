"""Frequency response text files over angle, as VituixCAD and Room EQ Wizard write them.

One file an angle: lines of frequency in Hz, level in dB, and phase in degrees, after comment lines; other columns and units by their
heading (`text_columns`). Columns are divided by comma, tab, semicolon or spaces; decimal points may be commas (`text_table`). Comment
lines start with * or #. Phase may be wrapped or not. Files without a phase column are magnitudes only.

The level of such files is sound pressure in dB of an arbitrary reference, so it is relative.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from designer.acoustics.readers.angle_names import angles_of_names
from designer.acoustics.readers.export_losses import check_ends
from designer.acoustics.readers.frequency_grids import on_one_grid, rising
from designer.acoustics.readers.raw_set import RawSet, refusal
from designer.acoustics.readers.stated_angles import Stated, stated_angles
from designer.acoustics.readers.stated_time import stated_time_of
from designer.acoustics.readers.text_columns import coherence_warning, read_columns
from designer.acoustics.readers.text_table import read_text

KIND = "text files over angle"


def read_frd_set(files: tuple[Path, ...], *, clockwise: bool = False, angles: Stated | None = None) -> RawSet:
    """A set of files over angle.

    Raises
    ------
    DataError : a file or a name cannot be used, or some files have a phase and others not

    """
    named, said = angles_of_names(files) if angles is None else stated_angles(files, angles)
    read = [read_columns(path, read_text(path)) for path in files]
    check_ends(files)
    for path, columns in zip(files, read, strict=True):
        rising(path, columns.frequency_hz)
    missing = [path for path, columns in zip(files, read, strict=True) if not columns.has_phase]
    if missing and len(missing) < len(files):
        given = next(path for path in files if path not in missing)
        raise refusal(
            missing[0],
            f"no phase, while {given.name} has one",
            "all files of a set with phase, or all without",
            "export all angles alike",
        )
    frequency_hz, pressure, warning = on_one_grid(files, [r.frequency_hz for r in read], [r.response for r in read])
    return RawSet(
        kind=KIND,
        files=files,
        frequency_hz=frequency_hz,
        directions=np.stack([angle.direction(clockwise=clockwise) for angle in named]),
        labels=tuple(str(angle) for angle in named),
        pressure=pressure,
        magnitude_only=bool(missing),
        time_reference=stated_time_of(files),
        notes=(*said, *_gathered([note for columns in read for note in columns.notes])),
        warnings=(*([warning] if warning else []), *coherence_warning([path.name for path in files], read)),
    )


def _gathered(notes: list[str]) -> list[str]:
    """The first of many notes, and how many more there are."""
    return [notes[0] + f" ({len(notes) - 1} more such lines in the set)"] if len(notes) > 1 else notes
