"""Complex pressure over frequency, azimuth and elevation, as CSV or NPZ: the way in for boundary-element results.

**CSV.** A heading with the columns frequency_hz, azimuth_deg, elevation_deg (0 if absent), and either real and imag, or
magnitude_db and phase_deg; one row a frequency and direction, in any order. Lines that start with # are comments, and
`# key: value` sets one of the keys below.
**NPZ.** Arrays frequency_hz (K,), azimuth_deg (N,) and elevation_deg (N,), pressure (K, N) complex, and the keys as arrays.

| key | what |
|---|---|
| distance_m | where the pressure was taken, from the origin; without it the values are the limit r e^{jkr} p |
| driver_position_m | x y z of the driver in the table's axes, default 0 0 0 |
| driver_facing_deg | azimuth and elevation that the driver faces in the table's axes, default 0 0 |
| time | "exp(+jwt)" (default) or "exp(-iwt)": the latter is conjugated |
| azimuth | "counter-clockwise" (default) or "clockwise" |

Level and time are absolute: pressure relative to an ideal source's on-axis free-field pressure at 1 m.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from designer.acoustics.readers.angles import check_degrees
from designer.acoustics.readers.device_axes import about_driver, azimuth_sense_warning, driver_axes
from designer.acoustics.readers.file_checks import check_bytes
from designer.acoustics.readers.frequency_grids import rising
from designer.acoustics.readers.measured_planes import in_planes
from designer.acoustics.readers.raw_set import RawSet, refusal
from designer.acoustics.readers.text_table import read_text
from designer.arrays import Complex, Real
from designer.problem.geometry import direction

KIND = "complex pressure table"
KEYS = ("distance_m", "driver_position_m", "driver_facing_deg", "time", "azimuth")
COORDINATES = ("frequency_hz", "azimuth_deg", "elevation_deg")
VALUES = (("real", "imag"), ("magnitude_db", "phase_deg"))


@dataclass(frozen=True)
class Table:
    """What both forms hold: frequencies (K,), azimuths and elevations (N,), pressure (K, N), and the keys."""

    frequency_hz: Real
    azimuth_deg: Real
    elevation_deg: Real
    pressure: Complex
    keys: Mapping[str, Any]


def is_complex_table(text: str) -> bool:
    """Whether a text's heading names the columns of such a table."""
    heading = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    return "frequency_hz" in heading.lower() and "azimuth_deg" in heading.lower()


def _read_csv(path: Path) -> Table:
    keys: dict[str, Any] = {}
    lines: list[str] = []
    for line in read_text(path).splitlines():
        if line.lstrip().startswith("#"):
            keys.update(_key(path, line))
        elif line.strip():
            lines.append(line)
    delimiter = next((d for d in (";", "\t", ",") if d in lines[0]), ",") if lines else ","
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter)
    names = [name.strip().lower() for name in next(reader, [])]
    pair = next((pair for pair in VALUES if set(pair) <= set(names)), None)
    if pair is None or not {"frequency_hz", "azimuth_deg"} <= set(names):
        raise refusal(
            path,
            f"the columns {', '.join(names) or '(none)'}",
            "frequency_hz, azimuth_deg, elevation_deg, and real, imag or magnitude_db, phase_deg",
            "name the columns so in the first row",
        )
    try:
        rows = np.array([[float(v) for v in row] for row in reader], dtype=float)
    except ValueError as error:
        raise refusal(
            path, f"a row that is cut off or no numbers ({error})", "as many numbers a row as names"
        ) from error
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise refusal(path, f"rows of another length than the {len(names)} names", "as many numbers a row as names")
    if not np.isfinite(rows).all():
        bad = rows[~np.isfinite(rows).all(axis=1)][0]
        raise refusal(path, f"NaN or infinity at {bad[names.index('frequency_hz')]:g} Hz", "finite numbers")
    column = {name: rows[:, i] for i, name in enumerate(names)}
    elevation = column.get("elevation_deg", np.zeros(len(rows)))
    frequency_hz, k = np.unique(column["frequency_hz"], return_inverse=True)
    places, n = np.unique(np.stack([column["azimuth_deg"], elevation], axis=1), axis=0, return_inverse=True)
    n = n.ravel()
    filled = np.bincount(k * len(places) + n, minlength=frequency_hz.size * len(places))
    if (filled != 1).any():
        wrong = int(np.argmax(filled != 1))
        f, (azimuth, polar) = frequency_hz[wrong // len(places)], places[wrong % len(places)]
        count = "missing" if filled[wrong] == 0 else "there twice"
        raise refusal(
            path,
            f"{f:g} Hz at azimuth {azimuth:g}, elevation {polar:g} {count} "
            f"({len(rows)} rows for {frequency_hz.size} frequencies and {len(places)} directions)",
            "one row for each frequency and direction",
            "the file was cut off, or its directions change with frequency: write it again",
        )
    a, b = (column[name] for name in pair)
    if pair == VALUES[1]:
        _check_polar(path, a, b)
    pressure = np.empty((frequency_hz.size, len(places)), dtype=complex)
    pressure[k, n] = a + 1j * b if pair == VALUES[0] else 10 ** (a / 20) * np.exp(1j * np.radians(b))
    return Table(frequency_hz, places[:, 0], places[:, 1], pressure, keys)


def _check_polar(path: Path, magnitude_db: Real, phase_deg: Real) -> None:
    """Refuse columns that are called dB and degrees and are plainly linear, or radians.

    Raises
    ------
    DataError : they are

    """
    if magnitude_db.min() > 0 and magnitude_db.max() < 2 and magnitude_db.max() > 3 * magnitude_db.min():
        found = f"magnitude_db from {magnitude_db.min():.3g} to {magnitude_db.max():.3g}, never 0 nor negative"
        raise refusal(path, found, "dB", "these seem linear: write 20 log10 of them, or real and imag")
    wraps = np.count_nonzero(np.abs(phase_deg) > 3)
    if np.abs(phase_deg).max() <= np.pi + 1e-3 and wraps > 3 and phase_deg.min() < -3 and phase_deg.max() > 3:
        raise refusal(path, f"phase_deg from {phase_deg.min():.4g} to {phase_deg.max():.4g}, a turn in radians", "degrees",
                      "multiply it by 180/π")  # fmt: skip


def _key(path: Path, line: str) -> dict[str, str]:
    """The key that a comment sets, if it sets one.

    Raises
    ------
    DataError : it sets something that is called nearly as a key

    """
    found = re.fullmatch(r"\s*#[#\s]*([A-Za-z][\w ]*?)\s*[:=]\s*(.*?)\s*", line)
    if found is None:
        return {}
    name = found[1].lower().replace(" ", "_")
    if name in KEYS:
        return {name: found[2]}
    near = difflib.get_close_matches(name, KEYS, n=1, cutoff=0.75)
    if near:
        raise refusal(
            path, f"the key {found[1]} in {line.strip()[:60]!r}", ", ".join(KEYS), f"write # {near[0]}: {found[2]}"
        )
    return {}


def _read_npz(path: Path) -> Table:
    try:
        with zipfile.ZipFile(path) as archive:  # sizes first: a small archive may unpack to a large one
            check_bytes(path, sum(entry.file_size for entry in archive.infolist()), "unpacked arrays")
        with np.load(path, allow_pickle=False) as arrays:
            data = {name: np.asarray(arrays[name]) for name in arrays.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise refusal(
            path, f"no whole archive of arrays ({error})", "what numpy.savez writes, without objects", "write it again"
        ) from error
    missing = [name for name in ("frequency_hz", "azimuth_deg", "pressure") if name not in data]
    if missing:
        raise refusal(
            path,
            f"the arrays {', '.join(sorted(data)) or '(none)'} without {', '.join(missing)}",
            "frequency_hz (K,), azimuth_deg (N,), elevation_deg (N,) and pressure (K, N)",
        )
    frequency_hz = np.asarray(data["frequency_hz"], dtype=float).ravel()
    azimuth_deg = np.asarray(data["azimuth_deg"], dtype=float).ravel()
    elevation_deg = np.asarray(data.get("elevation_deg", np.zeros(azimuth_deg.size)), dtype=float).ravel()
    pressure = data["pressure"]
    if pressure.shape != (frequency_hz.size, azimuth_deg.size) or elevation_deg.size != azimuth_deg.size:
        raise refusal(
            path,
            f"pressure {pressure.shape} for {frequency_hz.size} frequencies, {azimuth_deg.size} azimuths "
            f"and {elevation_deg.size} elevations",
            "(frequencies, directions), with an azimuth and an elevation a direction",
            "transpose it, or write out all directions of the grid",
        )
    if not np.iscomplexobj(pressure):
        raise refusal(
            path, f"pressure of type {pressure.dtype}", "complex pressure", "write the complex values, not their level"
        )
    whole = np.isfinite(pressure).all() and all(
        np.isfinite(v).all() for v in (frequency_hz, azimuth_deg, elevation_deg)
    )
    if not whole:
        raise refusal(path, "NaN or infinity", "finite numbers", "leave out what was not computed")
    return Table(frequency_hz, azimuth_deg, elevation_deg, pressure, {key: data[key] for key in KEYS if key in data})


def _numbers(path: Path, keys: Mapping[str, Any], key: str, default: tuple[float, ...]) -> Real:
    value = keys.get(key, default)
    try:
        numbers = np.array(
            str(value).replace(",", " ").split() if isinstance(value, str) else value, dtype=float
        ).ravel()
    except ValueError:
        numbers = np.empty(0)
    if numbers.size != len(default) or not np.isfinite(numbers).all():
        raise refusal(path, f"{key} = {value}", f"{len(default)} number{'s' * (len(default) > 1)}")
    return numbers


def _word(path: Path, keys: Mapping[str, Any], key: str, allowed: tuple[str, str]) -> bool:
    """Whether a key has the second of two words; i and j, e^ and exp are the same."""
    word = str(keys.get(key, allowed[0])).strip().lower().replace(" ", "")
    word = re.sub(r"^(?:exp|e\^?)\(?([+-]?)[ij](?:wt|ωt|omegat)\)?$", r"exp(\1jwt)", word).replace("(j", "(+j")
    if word not in allowed:
        raise refusal(path, f"{key} = {word}", " or ".join(allowed))
    return word == allowed[1]


def _check_phase(path: Path, table: Table, from_m: float) -> str:
    """Refuse a phase of 0 throughout at a distance, where sound arrives late; a warning where it may be so.

    Raises
    ------
    DataError : the phase was not exported

    """
    if table.pressure.imag.any():
        return ""
    if from_m > 0:
        raise refusal(
            path,
            f"imaginary parts (a phase) of 0 at every frequency and direction, {from_m:g} m from the source",
            "pressure with its phase",
            "export the complex pressure, not its magnitude",
        )
    if np.ptp(20 * np.log10(np.abs(table.pressure) + 1e-12)) < 0.1:  # a point source at the origin
        return ""
    return (
        f"{path.name}: imaginary parts (the phase) are 0 at every frequency and direction: all directions are taken to arrive together; "
        "if the phase was not exported, sums of this driver with others are wrong in phase by up to 180 degrees"
    )


def read_complex_table(
    files: tuple[Path, ...], *, speed_of_sound_m_s: float, distance_m: float | None, clockwise: bool = False
) -> RawSet:
    """A table of complex pressure.

    Raises
    ------
    DataError : there are several files, or the file cannot be used

    """
    if len(files) > 1:
        raise refusal(files[1], f"{len(files)} tables", "one table a driver", "name one file")
    path = files[0]
    table = _read_npz(path) if path.suffix.lower() == ".npz" else _read_csv(path)
    rising(path, table.frequency_hz)
    check_degrees(path, table.azimuth_deg, "azimuths")
    check_degrees(path, table.elevation_deg, "elevations")
    if np.abs(table.elevation_deg).max() > 90 + 1e-6:
        worst = table.elevation_deg[np.argmax(np.abs(table.elevation_deg))]
        raise refusal(
            path,
            f"an elevation of {worst:g} degrees",
            "-90 to 90",
            "elevation is up from the horizontal, not down from the pole",
        )
    turned = _word(path, table.keys, "azimuth", ("counter-clockwise", "clockwise")) or clockwise
    conjugate = _word(path, table.keys, "time", ("exp(+jwt)", "exp(-jwt)"))
    azimuth_deg = -table.azimuth_deg if turned else table.azimuth_deg
    directions = np.round(direction(azimuth_deg, table.elevation_deg), 15)
    stated_m = float(_numbers(path, table.keys, "distance_m", (0.0,))[0]) if "distance_m" in table.keys else 0.0
    if stated_m < 0:
        raise refusal(path, f"distance_m = {stated_m:g}", "a distance from 0 m", "correct it")
    from_m = stated_m if distance_m is None else distance_m
    no_phase = _check_phase(path, table, from_m)
    position_m = _numbers(path, table.keys, "driver_position_m", (0.0, 0.0, 0.0))
    facing_deg = _numbers(path, table.keys, "driver_facing_deg", (0.0, 0.0))
    axes = driver_axes((float(facing_deg[0]), float(facing_deg[1])))
    pressure = table.pressure.conj() if conjugate else table.pressure
    warning = azimuth_sense_warning(path.name, table.frequency_hz, directions, pressure, position_m, speed_of_sound_m_s)
    about, alone = about_driver(
        table.frequency_hz,
        directions,
        np.full(len(directions), from_m if from_m > 0 else np.inf),
        pressure,
        position_m=position_m,
        axes=axes,
        speed_of_sound_m_s=speed_of_sound_m_s,
    )
    raw = RawSet(
        kind=KIND,
        files=files,
        frequency_hz=table.frequency_hz,
        directions=about,
        labels=tuple(
            f"azimuth {a:g}, elevation {e:g} deg" for a, e in zip(table.azimuth_deg, table.elevation_deg, strict=True)
        ),
        pressure=alone,
        distance_m=from_m,
        level="absolute",
        time="absolute",
        places_driver=bool(position_m.any()),
        notes=tuple(
            note
            for note, said in (
                ("conjugated, because the file says exp(-jwt)", conjugate),
                ("azimuths counted clockwise were turned round", turned),
            )
            if said
        ),
        warnings=tuple(w for w in (no_phase, warning) if w),
    )
    return in_planes(raw, directions)
