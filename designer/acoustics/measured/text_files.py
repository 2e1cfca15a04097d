"""Text files over angle, as VituixCAD and Room EQ Wizard write frequency responses (.frd, .txt, .csv).

One file an angle: lines of frequency in Hz, level in dB, and phase in degrees, after comment lines. Files without a phase column are
magnitudes only. The level is sound pressure in dB of an arbitrary reference, so it is relative.

**Columns** are what the heading calls them, and without one frequency, level, phase, coherence. A heading is the last line before the
numbers that names a frequency and at least one more column, whether it is a comment or not. What is neither frequency, response, phase
nor coherence (distortion, noise, group delay) is left out. Level may be dB or pascals, phase degrees or radians, wrapped or not, and
the response real and imaginary parts.

**Rows** begin where two lines in a row are numbers; lines before are a heading even if they begin with a number. They end where the text
after them begins. A first row at 0 Hz that holds no finite level (the logarithm of nothing) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from designer.acoustics.measured.angle_names import angles_of, driver_of_name
from designer.acoustics.measured.export_losses import check_ends
from designer.acoustics.measured.grids import on_one_grid, rising
from designer.acoustics.measured.raw_set import Format, RawSet, Request
from designer.acoustics.measured.text_table import (
    COMMENT,
    TEXT,
    fields_of,
    is_numbers,
    layout_of,
    parse_numbers,
    plain_numbers,
    read_text,
    stated_time_of,
)  # fmt: skip
from designer.arrays import Complex, Real
from designer.errors import DataError

MAX_ABS_DB = 300.0
PASCAL = 1 / 20e-6  # 0 dB of sound pressure level is 20 micropascals
MAX_LINEAR = 2.0  # a level in dB that stays below it over a whole band is a magnitude, or one of its two parts
SAME_SHAPE = 0.98  # correlation of a third column with the level that makes it a level
WEAK_COHERENCE = 0.5  # below it more than half of the power at the microphone came from elsewhere
ROLES = (
    ("coherence", r"coher|\bcoh\b|γ|\bmsc\b"),
    ("nothing", r"\bthd|distort|harmonic|\bh\d\b|noise|group|delay|\bmin|excess|%|percent|impedance|\bohm|snr|time"),
    ("frequency", r"freq|\bf\b|^\W*k?hz\W*$"),
    ("real", r"\breal\b|\bre\b"),
    ("imag", r"\bimag|\bim\b"),
    ("phase", r"phase|\bphi\b|\bdeg|\brad|°|\barg\b|angle"),
    ("level", r"\bspl|\bdb|mag|level|ampl|\bpa\b|pascal|gain|pressure|response|\bfr\b"),
)
"""In this order: `Coherence (%)` is no distortion, `Phase (deg)` no level, `THD (dB)` neither."""
ROW = {"frequency", "level"}, {"frequency", "real", "imag"}


@dataclass(frozen=True)
class Columns:
    """Rows of one file: frequencies (K,), response (K,), whether it has a phase, and what was found on the way."""

    frequency_hz: Real
    response: Complex
    has_phase: bool
    coherence: Real | None
    notes: tuple[str, ...] = ()


def _read(files: tuple[Path, ...], request: Request) -> RawSet:
    """A set of files over angle; all with a phase, or all without."""
    angles, angle_notes = angles_of(files, request.angles)
    read = [read_columns(path, read_text(path)) for path in files]
    check_ends(files)
    for path, columns in zip(files, read, strict=True):
        rising(path, columns.frequency_hz)
    missing = [path for path, columns in zip(files, read, strict=True) if not columns.has_phase]
    if missing and len(missing) < len(files):
        complete = next(path for path in files if path not in missing)
        raise DataError(
            f"{missing[0]}: got no phase, while {complete.name} has one; expected all files of a set with phase, or all "
            "without; export all angles alike"
        )
    frequency_hz, pressure, warning = on_one_grid(files, [r.frequency_hz for r in read], [r.response for r in read])
    notes = [note for columns in read for note in columns.notes]
    if len(notes) > 1:
        notes = [f"{notes[0]} ({len(notes) - 1} more such lines in the set)"]
    return RawSet(
        kind=FORMAT.kind,
        files=files,
        frequency_hz=frequency_hz,
        directions=np.stack([angle.direction(clockwise=request.clockwise) for angle in angles]),
        labels=tuple(str(angle) for angle in angles),
        pressure=pressure,
        magnitude_only=bool(missing),
        time_reference=stated_time_of(files),
        notes=(*angle_notes, *notes),
        warnings=(*([warning] if warning else []), *_coherence_warning([path.name for path in files], read)),
    )


def read_columns(path: Path, text: str) -> Columns:
    """One response out of a text file.

    Raises
    ------
    DataError : it holds no response, is cut off, has NaN, or its columns or units are not what they are called
    """
    head, lines, notes = _parts(path, text)
    cells = _heading(head, lines)
    rows, dropped = _rows(path, lines, None if cells is None else len(cells))
    notes += dropped
    roles = _without_heading(path, rows) if cells is None else _roles(path, cells)
    order = slice(None, None, -1) if rows[0, roles["frequency"]] > rows[-1, roles["frequency"]] else slice(None)
    column = {role: rows[order, k] for role, k in roles.items()}
    unit = {role: cells[k] for role, k in roles.items()} if cells is not None else dict.fromkeys(roles, "")
    frequency_hz = column["frequency"] * (1000.0 if "khz" in unit["frequency"] else 1.0)
    if "real" in column:
        response = column["real"] + 1j * column["imag"]
        return Columns(frequency_hz, response, True, column.get("coherence"), tuple(notes))
    magnitude = _magnitude(path, column["level"], unit["level"])
    phase = _phase(path, column["phase"], unit["phase"]) if "phase" in column else None
    response = magnitude.astype(complex) if phase is None else magnitude * np.exp(1j * phase)
    return Columns(frequency_hz, np.asarray(response), phase is not None, column.get("coherence"), tuple(notes))


def _coherence_warning(names: Sequence[str], columns: Sequence[Columns]) -> tuple[str, ...]:
    """Where the coherence of a set's files says that more than half of the power was not the driver's; empty where nowhere."""
    weak: list[str] = []
    for name, table in zip(names, columns, strict=True):
        if table.coherence is None:
            continue
        low, high = float(table.coherence.min()), float(table.coherence.max())
        if low < -1e-6 or high > 100 * (1 + 1e-6):
            actual = f"a coherence from {low:g} to {high:g}"
            raise DataError(f"{name}: got {actual}; expected 0 to 1, or percent; export it again")
        f = table.frequency_hz[table.coherence / (100.0 if high > 1.5 else 1.0) < WEAK_COHERENCE]
        if f.size:
            points = f" to {f[-1]:.0f} Hz ({f.size} of {table.frequency_hz.size} points)" if f.size > 1 else " Hz"
            weak.append(f"{name}: {f[0]:.0f}{points}")
    suffix = f" and {len(weak) - 4} more" if len(weak) > 4 else ""
    warning = (
        f"coherence is below {WEAK_COHERENCE:g} in {'; '.join(weak[:4])}{suffix}: there most of the power at the microphone was not "
        "the driver's; measure longer or louder, or leave that band out"
    )
    return (warning,) * bool(weak)


def _parts(path: Path, text: str) -> tuple[list[str], list[tuple[int, str]], list[str]]:
    """Lines before the numbers, the lines of numbers with their place in the file, and notes of what was passed over."""
    numbered = [(i, line.strip()) for i, line in enumerate(text.splitlines(), 1) if line.strip()]
    lines = [(i, line) for i, line in numbered if not _is_comment(line)]
    is_number = [is_numbers(line) for _, line in lines]
    numbers = [line for (_, line), begins in zip(lines, is_number, strict=True) if begins]
    layout = layout_of(numbers[-200:])  # what is first may be a heading

    def holds_row(n: int) -> bool:
        fields = fields_of(lines[n][1], layout) if is_number[n] else []
        return len(fields) > 1 and _floats(fields)

    start = next(
        (n for n in range(len(lines)) if holds_row(n) and (n + 1 == len(lines) or holds_row(n + 1))), len(lines)
    )
    first = lines[start][0] if start < len(lines) else len(text)
    stop = next((n for n in range(start, len(lines)) if not is_number[n]), len(lines))
    resumption = next((lines[n][0] for n in range(stop, len(lines)) if holds_row(n)), None)
    if resumption is not None:
        raise DataError(
            f"{path}: got numbers again at line {resumption}, after text at line {lines[stop][0]} "
            f"({lines[stop][1][:40]!r}); expected one response a file; export each response to a file of its own"
        )
    notes = [f"line {i} was taken for a heading: {line[:60]!r}" for i, line in lines[:start] if is_numbers(line)]
    return [line for i, line in numbered if i < first], lines[start:stop], [f"{path.name}: {note}" for note in notes]


def _is_comment(line: str) -> bool:
    return line.lstrip('"').startswith(COMMENT)


def _floats(fields: Sequence[str]) -> bool:
    """Whether a line's first two fields are numbers, infinite ones included."""
    try:
        return len([float(field) for field in fields[:2]]) == 2
    except ValueError:
        return False


def _heading(head: Sequence[str], lines: Sequence[tuple[int, str]]) -> list[str] | None:
    """Names of the columns in small letters, or None where no line gives them."""
    if not lines:
        return None
    width = len(fields_of(lines[0][1], layout_of([line for _, line in lines])))
    for line in reversed(head):
        text = line.lstrip("".join({c for mark in COMMENT for c in mark})).strip().lower().replace('"', "")
        for divider in ("\t", ";", ",", r"\s{2,}", r"\s+(?![(\[])", r"\s+"):
            cells = [cell.strip() for cell in re.split(divider, text) if cell.strip()]
            roles = {_role(cell) for cell in cells}
            if len(cells) == width > 1 and "frequency" in roles and len(roles) > 1:
                return cells
    return None


def _role(cell: str) -> str:
    return next((role for role, pattern in ROLES if re.search(pattern, cell)), "nothing")


def _roles(path: Path, cells: Sequence[str]) -> dict[str, int]:
    """Which column has which role."""
    roles: dict[str, list[int]] = {}
    for k, cell in enumerate(cells):
        roles.setdefault(_role(cell), []).append(k)
    cell_list = ", ".join(cells)
    if not any(row <= set(roles) for row in ROW):
        raise DataError(
            f"{path}: got the columns {cell_list}; expected frequency with a level in dB or pascals, or with real and "
            "imaginary parts; export the response itself (SPL and phase)"
        )
    for role in ("frequency", "level", "phase", "real", "imag"):
        if len(roles.get(role, [])) > 1:
            cell_pair = " and ".join(cells[k] for k in roles[role])
            raise DataError(
                f"{path}: got two columns of {role}, {cell_pair}; expected one response a file; export this driver's alone"
            )
    return {role: places[0] for role, places in roles.items() if role != "nothing"}


def _rows(path: Path, lines: list[tuple[int, str]], width: int | None) -> tuple[Real, list[str]]:
    """The numbers (K, C), without a first row at 0 Hz that holds none, without words behind them, and notes."""
    notes: list[str] = []
    layout = layout_of([line for _, line in lines])
    if len(lines) > 1:
        zero = fields_of(lines[0][1], layout)
        if float(zero[0]) == 0 and any(re.search(r"inf|nan", field, re.IGNORECASE) for field in zero):
            notes.append(f"{path.name}: the row at 0 Hz has no level ({lines[0][1][:40]!r}), and was left out")
            lines = lines[1:]
    columns = (2, 3, 4) if width is None else (width,)
    plain = plain_numbers(lines, layout)
    if plain is not None and plain.shape[1] in columns:
        return plain, notes
    words = {tuple(field for field in fields_of(line, layout)[2:] if not is_numbers(field)) for _, line in lines}
    if len(words) == 1 and words != {()}:
        (same,) = words
        lines = [(i, re.split("|".join(map(re.escape, same)), line)[0]) for i, line in lines]
        notes.append(f"{path.name}: {' '.join(same)!r} behind the numbers of every line was left out")
    return parse_numbers(path, lines, columns), notes


def _without_heading(path: Path, rows: Real) -> dict[str, int]:
    if rows.shape[1] == 4 and (rows[:, 3].min() < 0 or rows[:, 3].max() > 100):
        raise DataError(
            f"{path}: got a fourth column from {rows[:, 3].min():g} to {rows[:, 3].max():g} without a heading; "
            "expected frequency, level, phase, and coherence from 0 to 1; export with a heading, or these columns alone"
        )
    if rows.shape[1] > 2 and _wraps(rows[:, 1]) and not _wraps(rows[:, 2]):
        raise DataError(
            f"{path}: got a second column that jumps from {rows[:, 1].max():g} to {rows[:, 1].min():g} as a phase "
            "does, and a third that does not; expected frequency, level in dB, phase in degrees; exchange the two "
            'columns, or name them in a heading: "Hz phase dB"'
        )
    _refuse_other_columns(path, rows)
    return dict(zip(("frequency", "level", "phase", "coherence"), range(rows.shape[1]), strict=False))


def _refuse_other_columns(path: Path, rows: Real) -> None:
    """Refuse numbers without a heading that are neither a level in dB nor a phase in degrees."""
    first, second = rows[:, 1], rows[:, 2] if rows.shape[1] > 2 else np.zeros(len(rows))
    expected = "frequency, level in dB, phase in degrees"
    if first.min() > 0 and first.max() < MAX_LINEAR and first.max() > 3 * first.min():
        actual = f"a second column from {first.min():.3g} to {first.max():.3g}, never 0 nor negative, as linear magnitudes are"
        raise DataError(f'{path}: got {actual}; expected {expected}; export dB, or name it in a heading: "Hz Pa deg"')
    turns = [int(np.count_nonzero(np.diff(np.sign(column)))) for column in (first, second)]
    if max(np.abs(first).max(), np.abs(second).max()) < MAX_LINEAR and min(turns) > 3:
        actual = f"columns within ±{max(np.abs(first).max(), np.abs(second).max()):.3g} that both change sign, as real and imaginary parts"
        raise DataError(f'{path}: got {actual}; expected {expected}; name them in a heading: "Hz Real Imag"')
    if len(rows) > 8 and min(np.ptp(first), np.ptp(second)) > 1 and np.corrcoef(first, second)[0, 1] > SAME_SHAPE:
        raise DataError(
            f"{path}: got a third column that rises and falls with the second, as no phase does; expected "
            f"{expected}; leave it out, or name the columns in a heading"
        )  # fmt: skip


def _wraps(values: Real) -> bool:
    """Whether values between -180 and 180 jump by nearly a turn more than once."""
    return bool(np.abs(values).max() <= 181 and np.count_nonzero(np.abs(np.diff(values)) > 300) > 1)


def _magnitude(path: Path, level: Real, unit: str) -> Real:
    if re.search(r"\bpa\b|pascal|linear|\bv\b|volt|abs", unit) and "db" not in unit:
        if level.min() < 0:
            raise DataError(
                f"{path}: got a magnitude of {level.min():g} in {unit!r}; expected values above 0; export the level "
                "in dB"
            )
        return level * PASCAL
    if np.abs(level).max() > MAX_ABS_DB:
        worst = level[np.argmax(np.abs(level))]
        raise DataError(
            f"{path}: got a level of {worst:g}; expected dB; export the level in dB, or name pascals in a heading"
        )
    return np.asarray(10 ** (level / 20))


def _phase(path: Path, phase: Real, unit: str) -> Real:
    """In radians."""
    if re.search(r"\brad", unit):
        return phase
    jumps = np.abs(np.diff(phase))
    if np.abs(phase).max() <= np.pi + 0.01 and jumps.size and jumps.max() > 5:
        raise DataError(
            f"{path}: got a phase that wraps between {phase.min():.3f} and {phase.max():.3f}, so it is in radians; "
            "expected degrees; export the phase in degrees, or name radians in a heading"
        )
    return np.radians(phase)


FORMAT = Format(
    kind="text files over angle",
    described=".frd or .txt files over angle",
    suffixes=TEXT,
    read=_read,
    drivers=lambda path, emitter: [(driver_of_name(path) or "driver", None)],
    over_angle=True,
)
