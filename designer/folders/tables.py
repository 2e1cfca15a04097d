"""The tables of a design folder, written and read back: `coefficients.csv`, `weights.csv` and `sections.csv`.

In reading, a row is where its keys say, whatever the order of the rows; every key is there once, and every number is finite.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import Complex, Index, Real
from designer.evaluation.tables import Columns, one_below_another
from designer.folders.stored import MAX_NUMBER
from designer.folders.summary import refusal
from designer.problem.messages import nearest, shown
from designer.realization.cascade import Cascade
from designer.result import Result

if TYPE_CHECKING:
    import pandas as pd

COEFFICIENTS = ("channel", "driver", "tap", "value")
WEIGHTS = ("channel", "frequency_hz", "driver", "real", "imag")
SECTIONS = ("channel", "driver", "section", "b0", "b1", "b2", "a1", "a2", "gain", "delay_samples")
MAX_DELAY_SAMPLES = 10**6
SAME_FREQUENCY = 1e-9
"""Relative difference of a frequency that is read from the one that is meant."""
SAME_RESPONSE = 1e-9
"""Difference of a cascade's response from the taps, relative to the largest of these."""


def coefficients(result: Result) -> Columns:
    """The table of `coefficients.csv`."""
    tables = []
    for name, taps in result.taps.items():
        count, length = taps.shape
        drivers = np.repeat(np.array(result.drivers, dtype=object), length)
        tables.append((name, {"driver": drivers, "tap": np.tile(np.arange(length), count), "value": taps.ravel()}))
    return one_below_another(tables)


def sections(result: Result) -> Columns:
    """The table of `sections.csv`: a numerator is gain times b0, b1, b2; the delay stands at a filter's first section."""
    rows = [
        (name, driver, s, *(b / gain), *a, gain, cascade.delay_samples if s == 0 else 0)
        for name, cascades in result.sections.items()
        for driver, cascade in cascades.items()
        for s, (b, a, gain) in enumerate(
            zip(cascade.b, cascade.a, np.broadcast_to(cascade.gain, len(cascade.b)), strict=True)
        )
    ]
    kinds = {"channel": object, "driver": object, "section": int, "delay_samples": int}
    columns = zip(SECTIONS, zip(*rows, strict=True), strict=True)
    return {name: np.array(values, dtype=kinds.get(name, float)) for name, values in columns}


def weights(result: Result) -> Columns:
    """The table of `weights.csv`."""
    keys = {
        "frequency_hz": np.repeat(result.frequency_hz, len(result.drivers)),
        "driver": np.tile(np.array(result.drivers, dtype=object), result.frequency_hz.size),
    }
    return one_below_another(
        [
            (name, {**keys, "real": values.real.ravel(), "imag": values.imag.ravel()})
            for name, values in result.weights.items()
        ]
    )


def _table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """The rows of a table as text; a `DataError` where it is missing, no table, or has other columns."""
    import pandas as pd

    try:
        # As text: Python's own conversion to numbers is exact to the last bit.
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # more cells than columns
            read = pd.read_csv(
                path, dtype=str, keep_default_na=False, na_filter=False, encoding="utf-8-sig", index_col=False
            )
    except FileNotFoundError:
        raise refusal(path, "there is no such file", f"a table with the columns {','.join(columns)}") from None
    except (OSError, ValueError, pd.errors.ParserWarning) as error:  # pandas' own errors are ValueErrors
        raise refusal(
            path, f"no table: {' '.join(str(error).split())}", f"a table with the columns {','.join(columns)}"
        ) from None
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        if file.read() not in (b"\n", b"\r"):  # a number that was cut is a number still
            raise refusal(path, "a last line without an end", "a whole table", "copy it again, or end its last line")
    header = [str(name) for name in read.columns]
    if sorted(header) != sorted(columns):
        raise refusal(path, f"the columns {shown(','.join(header))}", ",".join(columns))
    return read


def _numbers(path: Path, read: pd.DataFrame, column: str) -> Real:
    """A column of finite numbers (rows,); a `DataError` names the first cell that holds something else."""
    cells = read[column].to_numpy(dtype=object)
    try:
        values = cells.astype(float)
    except (TypeError, ValueError):
        values = np.array([_number(cell) for cell in cells])
    bad = np.flatnonzero(~(np.abs(values) <= MAX_NUMBER))
    if bad.size:
        expected = f"a finite number of at most {MAX_NUMBER:g}"
        raise refusal(path, f"{column} = {shown(cells[bad[0]])} in row {bad[0] + 2}", expected)
    return np.asarray(values, dtype=float)


def _number(cell: object) -> float:
    try:
        return float(str(cell))
    except ValueError:
        return float("nan")


def _whole_numbers(path: Path, read: pd.DataFrame, column: str, most: int) -> Index:
    """A column of whole numbers from 0 to `most` (rows,); a `DataError` names the first cell that holds something else."""
    values = _numbers(path, read, column)
    bad = np.flatnonzero((values != np.rint(values)) | (values < 0) | (values > most))
    if bad.size:
        actual = f"{column} = {shown(read[column].iloc[bad[0]])} in row {bad[0] + 2}"
        raise refusal(path, actual, f"a whole number from 0 to {most}")
    return values.astype(np.intp)


def _places(path: Path, read: pd.DataFrame, column: str, names: Sequence[str]) -> Index:
    """Where each name of a column stands among the design's (rows,); a `DataError` names the first that does not."""
    index = {name: n for n, name in enumerate(names)}
    cells = read[column].to_numpy(dtype=object)
    indices = np.array([index.get(cell, -1) for cell in cells], dtype=np.intp)
    bad = np.flatnonzero(indices < 0)
    if bad.size:
        name = str(cells[bad[0]])
        raise refusal(
            path,
            f"{column} {shown(name)} in row {bad[0] + 2}",
            f"one of the design's: {', '.join(map(shown, names))}",
            nearest(name, names) or "design it again",
        )
    return indices


def _once(path: Path, rows: Index, count: int, subject: str) -> None:
    """Check that every place from 0 to `count` - 1 is named once; a `DataError` says how many are not."""
    times = np.bincount(rows, minlength=count)
    if len(times) > count or (times != 1).any():
        absent, double = int((times == 0).sum()), int((times > 1).sum())
        problems = [f"{absent} missing" if absent else "", f"{double} more than once" if double else ""]
        raise refusal(
            path, f"{rows.size} rows of {subject}, {' and '.join(filter(None, problems))}", f"{count}, each once"
        )


def read_taps(path: Path, drivers: Sequence[str], lengths: Mapping[str, int]) -> dict[str, Real]:
    """Channel -> taps (L, T), for channels of so many taps each.

    Raises
    ------
    DataError : the table is missing or broken, or a row is missing, double or one too many

    """
    read = _table(path, COEFFICIENTS)
    channels = list(lengths)
    channel, driver = _places(path, read, "channel", channels), _places(path, read, "driver", drivers)
    tap = _whole_numbers(path, read, "tap", max(lengths.values()) - 1)
    value = _numbers(path, read, "value")
    taps: dict[str, Real] = {}
    for c, (name, length) in enumerate(lengths.items()):
        rows = channel == c
        if (tap[rows] >= length).any():
            raise refusal(path, f"tap {tap[rows].max()} of {shown(name)}", f"taps 0 to {length - 1}")
        index = driver[rows] * length + tap[rows]
        _once(path, index, len(drivers) * length, f"taps of {shown(name)}")
        taps[name] = np.empty(index.size)
        taps[name][index] = value[rows]
        taps[name] = taps[name].reshape(len(drivers), length)
    return taps


def read_weights(path: Path, drivers: Sequence[str], channels: Sequence[str], frequency_hz: Real) -> dict[str, Complex]:
    """Channel -> weights (F, L) on the design's frequencies.

    Raises
    ------
    DataError : the table is missing or broken, or a row is missing, double or one too many

    """
    read = _table(path, WEIGHTS)
    channel, driver = _places(path, read, "channel", channels), _places(path, read, "driver", drivers)
    at_hz, real, imag = (_numbers(path, read, column) for column in ("frequency_hz", "real", "imag"))
    nearest = _nearest(at_hz, frequency_hz)
    off = np.flatnonzero(np.abs(at_hz - frequency_hz[nearest]) > SAME_FREQUENCY * max(float(frequency_hz.max()), 1.0))
    if off.size:
        actual = f"frequency_hz = {at_hz[off[0]]:.17g} in row {off[0] + 2}"
        raise refusal(path, actual, f"a frequency of the design, as {frequency_hz[nearest[off[0]]]:.17g}")
    weights: dict[str, Complex] = {}
    for c, name in enumerate(channels):
        rows = channel == c
        index = nearest[rows] * len(drivers) + driver[rows]
        _once(path, index, frequency_hz.size * len(drivers), f"weights of {shown(name)}")
        flat = np.empty(index.size, dtype=complex)
        flat[index] = real[rows] + 1j * imag[rows]
        weights[name] = flat.reshape(frequency_hz.size, len(drivers))
    return weights


def _nearest(at_hz: Real, frequency_hz: Real) -> Index:
    """The index (rows,) of the nearest of ascending frequencies."""
    middle = (frequency_hz[1:] + frequency_hz[:-1]) / 2
    return np.searchsorted(middle, at_hz)


def read_sections(
    path: Path, drivers: Sequence[str], counts: Mapping[str, Mapping[str, int]], taps: Mapping[str, Real]
) -> dict[str, dict[str, Cascade]]:
    """Channel -> driver -> its cascade, each of so many sections, whose response is the taps.

    Raises
    ------
    DataError : the table is missing or broken, a row is missing, double or one too many, a pole is unstable, or the
        response is another than the taps

    """
    if not counts:
        if path.exists():
            raise refusal(path, "sections", "none, as summary.json has it")
        return {}
    read = _table(path, SECTIONS)
    channels = list(counts)
    channel, driver = _places(path, read, "channel", channels), _places(path, read, "driver", drivers)
    most = max((count for by_driver in counts.values() for count in by_driver.values()), default=1)
    section = _whole_numbers(path, read, "section", most - 1)
    delay = _whole_numbers(path, read, "delay_samples", MAX_DELAY_SAMPLES)
    values = np.stack([_numbers(path, read, column) for column in SECTIONS[3:9]], axis=1)
    cascades: dict[str, dict[str, Cascade]] = {}
    for c, (name, by_driver) in enumerate(counts.items()):
        for l, driver_name in enumerate(drivers):
            members = np.flatnonzero((channel == c) & (driver == l))
            label = f"sections of {shown(name)}, {shown(driver_name)}"
            _once(path, section[members], by_driver.get(driver_name, 0), label)
            if driver_name not in by_driver:
                continue
            rows = members[np.argsort(section[members])]
            if delay[rows[1:]].any():
                raise refusal(path, f"a delay behind the first of the {label}", "0 behind the first")
            b, a, gain = values[rows, :3], values[rows, 3:5], values[rows, 5]
            cascade = Cascade(b * gain[:, None], a, int(delay[rows[0]]), gain)
            _check_response(path, cascade, taps[name][l], label)
            cascades.setdefault(name, {})[driver_name] = cascade
    return cascades


def _check_response(path: Path, cascade: Cascade, taps: Real, subject: str) -> None:
    if not cascade.pole_radius < 1.0:
        raise refusal(path, f"a pole of radius {cascade.pole_radius:.6f} in the {subject}", "below 1")
    if not (cascade.gain > 0).all():
        raise refusal(path, f"a gain of {cascade.gain.min():g} in the {subject}", "above 0")
    with np.errstate(all="ignore"):
        off = np.abs(cascade.impulse_response(taps.size) - taps).max()
    if not off <= SAME_RESPONSE * np.abs(taps).max():
        raise refusal(path, f"{subject} whose response is up to {off:.3g} off", "the taps of coefficients.csv")
