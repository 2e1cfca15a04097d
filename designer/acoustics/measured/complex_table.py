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
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from designer.acoustics.measured.angles import check_degrees
from designer.acoustics.measured.grids import rising
from designer.acoustics.measured.places import driver_alone, driver_axes
from designer.acoustics.measured.raw_set import Format, RawSet, Request, check_bytes, one_file
from designer.acoustics.measured.text_table import TEXT, read_text
from designer.arrays import Complex, Real
from designer.errors import DataError
from designer.problem.geometry import direction

KEYS = ("distance_m", "driver_position_m", "driver_facing_deg", "time", "azimuth")
VALUES = (("real", "imag"), ("magnitude_db", "phase_deg"))
Table = tuple[Real, Real, Complex, Mapping[str, Any]]
"""Frequencies (K,), azimuth and elevation of each direction (N, 2), pressure (K, N), and the keys."""


def is_complex_table(text: str) -> bool:
    """Whether a text's heading names the columns of such a table."""
    heading = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    return "frequency_hz" in heading.lower() and "azimuth_deg" in heading.lower()


def _read_csv(path: Path) -> Table:
    text_lines = [line for line in read_text(path).splitlines() if line.strip()]
    keys: dict[str, Any] = {}
    for line in text_lines:
        if line.lstrip().startswith("#"):
            keys.update(_key(path, line))
    lines = [line for line in text_lines if not line.lstrip().startswith("#")]
    delimiter = next((d for d in (";", "\t", ",") if d in lines[0]), ",") if lines else ","
    reader = csv.reader(io.StringIO("\n".join(lines)), delimiter=delimiter)
    names = [name.strip().lower() for name in next(reader, [])]
    pair = next((pair for pair in VALUES if set(pair) <= set(names)), None)
    if pair is None or not {"frequency_hz", "azimuth_deg"} <= set(names):
        raise DataError(
            f"{path}: got the columns {', '.join(names) or '(none)'}; expected frequency_hz, azimuth_deg, "
            "elevation_deg, and real, imag or magnitude_db, phase_deg; name the columns so in the first row"
        )
    expected = "expected as many numbers a row as names"
    try:
        rows = np.array([[float(v) for v in row] for row in reader], dtype=float)
    except ValueError as error:
        raise DataError(f"{path}: got a row that is cut off or holds no numbers ({error}); {expected}") from error
    if rows.ndim != 2 or rows.shape[1] != len(names):
        raise DataError(f"{path}: got rows of another length than the {len(names)} names; {expected}")
    column = {name: rows[:, i] for i, name in enumerate(names)}
    if not np.isfinite(rows).all():
        at_hz = column["frequency_hz"][~np.isfinite(rows).all(axis=1)][0]
        raise DataError(f"{path}: got NaN or infinity at {at_hz:g} Hz; expected finite numbers")
    elevation = column.get("elevation_deg", np.zeros(len(rows)))
    frequency_hz, k = np.unique(column["frequency_hz"], return_inverse=True)
    places, n = np.unique(np.stack([column["azimuth_deg"], elevation], axis=1), axis=0, return_inverse=True)
    n = n.ravel()
    filled = np.bincount(k * len(places) + n, minlength=frequency_hz.size * len(places))
    if (filled != 1).any():
        wrong = int(np.argmax(filled != 1))
        f, (azimuth, polar) = frequency_hz[wrong // len(places)], places[wrong % len(places)]
        count = "no row" if filled[wrong] == 0 else f"{filled[wrong]} rows"
        remedy = "the file was cut off, or its directions change with frequency: write it again"
        if filled[wrong]:
            remedy = "remove the repeated rows, or write it again"
        raise DataError(
            f"{path}: got {count} for {f:g} Hz at azimuth {azimuth:g}, elevation {polar:g} ({len(rows)} rows for "
            f"{frequency_hz.size} frequencies and {len(places)} directions); expected one row for each frequency and "
            f"direction; {remedy}"
        )
    a, b = (column[name] for name in pair)
    if pair == VALUES[1]:
        _check_polar(path, a, b)
    pressure = np.empty((frequency_hz.size, len(places)), dtype=complex)
    pressure[k, n] = a + 1j * b if pair == VALUES[0] else 10 ** (a / 20) * np.exp(1j * np.radians(b))
    return frequency_hz, places, pressure, keys


def _check_polar(path: Path, magnitude_db: Real, phase_deg: Real) -> None:
    """Refuse columns that are called dB and degrees and are plainly linear, or radians."""
    if magnitude_db.min() > 0 and magnitude_db.max() < 2 and magnitude_db.max() > 3 * magnitude_db.min():
        actual = f"magnitude_db from {magnitude_db.min():.3g} to {magnitude_db.max():.3g}, never 0 nor negative"
        remedy = "these seem linear: write 20 log10 of them, or real and imag"
        raise DataError(f"{path}: got {actual}; expected dB; {remedy}")
    wraps = np.count_nonzero(np.abs(phase_deg) > 3)
    if np.abs(phase_deg).max() <= np.pi + 1e-3 and wraps > 3 and phase_deg.min() < -3 and phase_deg.max() > 3:
        actual = f"phase_deg from {phase_deg.min():.4g} to {phase_deg.max():.4g}, a turn in radians"
        raise DataError(f"{path}: got {actual}; expected degrees; multiply it by 180/π")


def _key(path: Path, line: str) -> dict[str, str]:
    """The key that a comment sets, if it sets one; what is called nearly as a key is refused."""
    match = re.fullmatch(r"\s*#[#\s]*([A-Za-z][\w ]*?)\s*[:=]\s*(.*?)\s*", line)
    if match is None:
        return {}
    name = match[1].lower().replace(" ", "_")
    if name in KEYS:
        return {name: match[2]}
    for near in difflib.get_close_matches(name, KEYS, n=1, cutoff=0.75):
        description = f"the key {match[1]} in {line.strip()[:60]!r}"
        raise DataError(f"{path}: got {description}; expected {', '.join(KEYS)}; write # {near}: {match[2]}")
    return {}


def _read_npz(path: Path) -> Table:
    try:
        with zipfile.ZipFile(path) as archive:  # sizes first: a small archive may unpack to a large one
            check_bytes(path, sum(entry.file_size for entry in archive.infolist()), "unpacked arrays")
        with np.load(path, allow_pickle=False) as arrays:
            data = {name: np.asarray(arrays[name]) for name in arrays.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        expected = "what numpy.savez writes, without objects; write it again"
        raise DataError(f"{path}: got no whole archive of arrays ({error}); expected {expected}") from error
    missing = [name for name in ("frequency_hz", "azimuth_deg", "pressure") if name not in data]
    if missing:
        raise DataError(
            f"{path}: got the arrays {', '.join(sorted(data)) or '(none)'} without {', '.join(missing)}; expected "
            "frequency_hz (K,), azimuth_deg (N,), elevation_deg (N,) and pressure (K, N)"
        )
    data.setdefault("elevation_deg", np.zeros(data["azimuth_deg"].size))
    names = ("frequency_hz", "azimuth_deg", "elevation_deg")
    frequency_hz, azimuth_deg, elevation_deg = (np.asarray(data[name], dtype=float).ravel() for name in names)
    pressure = data["pressure"]
    if pressure.shape != (frequency_hz.size, azimuth_deg.size) or elevation_deg.size != azimuth_deg.size:
        raise DataError(
            f"{path}: got pressure {pressure.shape} for {frequency_hz.size} frequencies, {azimuth_deg.size} azimuths "
            f"and {elevation_deg.size} elevations; expected (frequencies, directions), with an azimuth and an elevation a "
            "direction; transpose it, or write out all directions of the grid"
        )
    if not np.iscomplexobj(pressure):
        actual = f"pressure of type {pressure.dtype}"
        raise DataError(f"{path}: got {actual}; expected complex pressure; write the complex values, not their level")
    places = np.stack([azimuth_deg, elevation_deg], axis=1)
    if not all(np.isfinite(v).all() for v in (pressure, frequency_hz, places)):
        raise DataError(f"{path}: got NaN or infinity; expected finite numbers; leave out what was not computed")
    return frequency_hz, places, pressure, {key: data[key] for key in KEYS if key in data}


def _numbers(path: Path, keys: Mapping[str, Any], key: str, count: int) -> Real:
    value = keys.get(key, [0.0] * count)
    try:
        numbers = np.array(value.replace(",", " ").split() if isinstance(value, str) else value, dtype=float).ravel()
    except ValueError:
        numbers = np.empty(0)
    if numbers.size != count or not np.isfinite(numbers).all():
        raise DataError(f"{path}: got {key} = {value}; expected {count} number{'s' * (count > 1)}")
    return numbers


def _word(path: Path, keys: Mapping[str, Any], key: str, expected: tuple[str, str]) -> bool:
    """Whether a key has the second of two words; i and j, e^ and exp are the same."""
    word = str(keys.get(key, expected[0])).strip().lower().replace(" ", "")
    word = re.sub(r"^(?:exp|e\^?)\(?([+-]?)[ij](?:wt|ωt|omegat)\)?$", r"exp(\1jwt)", word).replace("(j", "(+j")
    if word not in expected:
        raise DataError(f"{path}: got {key} = {word}; expected {' or '.join(expected)}")
    return word == expected[1]


def _check_phase(path: Path, pressure: Complex, from_m: float) -> tuple[str, ...]:
    """Refuse a phase of 0 throughout at a distance, where sound arrives late; a warning where it may be so."""
    if pressure.imag.any():
        return ()
    if from_m > 0:
        raise DataError(
            f"{path}: got imaginary parts (a phase) of 0 at every frequency and direction, {from_m:g} m from the "
            "source; expected pressure with its phase; export the complex pressure, not its magnitude"
        )
    if np.ptp(20 * np.log10(np.abs(pressure) + 1e-12)) < 0.1:  # a point source at the origin
        return ()
    return (
        f"{path.name}: imaginary parts (the phase) are 0 at every frequency and direction: all directions are taken to arrive together; "
        "if the phase was not exported, sums of this driver with others are wrong in phase by up to 180 degrees",
    )


def _read(files: tuple[Path, ...], request: Request) -> RawSet:
    path = one_file(files, "tables")
    frequency_hz, places_deg, pressure, keys = _read_npz(path) if path.suffix.lower() == ".npz" else _read_csv(path)
    rising(path, frequency_hz)
    azimuth_deg, elevation_deg = places_deg.T
    check_degrees(path, azimuth_deg, "azimuths")
    check_degrees(path, elevation_deg, "elevations")
    worst = elevation_deg[np.argmax(np.abs(elevation_deg))]
    if abs(worst) > 90 + 1e-6:
        remedy = "elevation is up from the horizontal, not down from the pole"
        raise DataError(f"{path}: got an elevation of {worst:g} degrees; expected -90 to 90; {remedy}")
    is_clockwise = _word(path, keys, "azimuth", ("counter-clockwise", "clockwise")) or request.clockwise
    conjugate = _word(path, keys, "time", ("exp(+jwt)", "exp(-jwt)"))
    stated_m = float(_numbers(path, keys, "distance_m", 1)[0])
    if stated_m < 0:
        raise DataError(f"{path}: got distance_m = {stated_m:g}; expected a distance from 0 m; correct it")
    from_m = stated_m if request.distance_m is None else request.distance_m
    no_phase = _check_phase(path, pressure, from_m)
    position_m = _numbers(path, keys, "driver_position_m", 3)
    facing_deg = _numbers(path, keys, "driver_facing_deg", 2)
    raw = RawSet(
        kind=NPZ.kind,
        files=files,
        frequency_hz=frequency_hz,
        directions=np.round(direction(-azimuth_deg if is_clockwise else azimuth_deg, elevation_deg), 15),
        labels=tuple(f"azimuth {a:g}, elevation {e:g} deg" for a, e in places_deg),
        pressure=pressure.conj() if conjugate else pressure,
        distance_m=from_m,
        level="absolute",
        time="absolute",
        notes=("conjugated, because the file says exp(-jwt)",) * conjugate
        + ("azimuths counted clockwise were turned round",) * is_clockwise,
        warnings=no_phase,
    )
    axes = driver_axes((float(facing_deg[0]), float(facing_deg[1])))
    radius_m = np.full(len(places_deg), from_m if from_m > 0 else np.inf)
    return driver_alone(raw, radius_m, position_m, axes, request.speed_of_sound_m_s)


NPZ = Format(
    "complex pressure table",
    "a .csv or .npz of complex pressure",
    (".npz",),
    _read,
    lambda path, emitter: [(path.stem, None)],
)
TEXT_FORMAT = replace(NPZ, suffixes=TEXT, recognises=is_complex_table)
