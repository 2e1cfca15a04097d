"""Anyone's weights for the benchmark, out of a table: design, driver, frequency_hz, real, imag.

The time factor is e^{+jωt}: a delay τ is e^{-jωτ}. Weights made with the other sign are those of the conjugate, which score much better.
"""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Complex
from designer.errors import DataError
from designer.metrics import BY_NAME
from designer.problem.benchmark import BenchmarkProblem
from designer.problem.messages import nearest
from designer.search.benchmark import Score, scores

COLUMNS = ("design", "driver", "frequency_hz", "real", "imag")
SAME_FREQUENCY = 1e-6
"""Relative difference of two frequencies that are one."""
CLEARLY_DB = 3.0
"""By how much conjugated weights have to score better in the mean, to be told."""

Table = dict[str, dict[tuple[str, float], complex]]
"""Design -> (driver, frequency in Hz) -> weight."""


def read_weights(path: Path, known: list[str]) -> Table:
    """Weights of a file.

    Parameters
    ----------
    known : list of str, the names of the benchmark's problems

    Raises
    ------
    DataError : it cannot be read, lacks a column, or a line holds no weight of these problems

    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {(error.strerror or str(error)).lower()}") from None
    except UnicodeDecodeError:
        raise DataError(f"{path}: is not UTF-8; expected a table of text; write it as CSV") from None
    reader = csv.DictReader(text.splitlines())
    lacking = [column for column in COLUMNS if column not in (reader.fieldnames or ())]
    if lacking:
        raise DataError(
            f"{path}: got the columns {', '.join(reader.fieldnames or ()) or 'of an empty file'}; expected"
            f" {', '.join(COLUMNS)}; add {', '.join(lacking)} to its first line"
        )
    table: Table = {}
    for row in reader:
        where = f"{path}: line {reader.line_num}"
        design = row["design"]
        if design not in known:
            close = nearest(str(design), known)
            raise DataError(
                f'{where}: got the design "{design}"; expected one of {", ".join(known)}; {close}'.rstrip("; ")
            )
        numbers = [_number(row, key, where) for key in ("frequency_hz", "real", "imag")]
        key = row["driver"], numbers[0]
        if key in table.setdefault(design, {}):
            raise DataError(f'{where}: got driver "{key[0]}" at {key[1]:g} Hz twice; expected it once; leave one out')
        table[design][key] = complex(numbers[1], numbers[2])
    if not table:
        raise DataError(f"{path}: holds no weights; expected a line for each driver and frequency of a design")
    return table


def _number(row: dict[str, str], key: str, where: str) -> float:
    try:
        value = float(row[key])
    except (TypeError, ValueError):
        value = math.nan
    if not math.isfinite(value):
        raise DataError(f'{where}: {key}: got "{row[key]}"; expected a finite number with a decimal point')
    return value


def weights_in(table: Table, problem: BenchmarkProblem, place: Scene, path: Path) -> Complex:
    """Weights (F, L) of a problem's drivers at its frequencies; those at other frequencies are not used.

    Raises
    ------
    DataError : a driver that the problem has not, a driver or a frequency without a weight, or weights that are all zero

    """
    entries, names = table[problem.name], place.drivers
    where = f'{path}: design "{problem.name}"'
    unknown = sorted({driver for driver, _ in entries} - set(names))
    if unknown:
        listed = ", ".join(f'"{name}"' for name in names)
        raise DataError(f'{where}: got the driver "{unknown[0]}"; expected the names of {problem.file.name}: {listed}')
    weights = np.zeros((place.frequency_hz.size, len(names)), dtype=complex)
    lacking: dict[float, list[str]] = {}
    for i, f in enumerate(place.frequency_hz.tolist()):
        for l, name in enumerate(names):
            near = [w for (driver, hz), w in entries.items() if driver == name and abs(hz - f) <= SAME_FREQUENCY * f]
            if near:
                weights[i, l] = near[0]
            else:
                lacking.setdefault(f, []).append(name)
    if lacking:
        listed = "; ".join(f"{f:g} Hz of {', '.join(drivers)}" for f, drivers in lacking.items())
        expected = ", ".join(f"{f:g}" for f in place.frequency_hz)
        raise DataError(
            f"{where}: weights are missing: {listed}; expected each driver at {expected} Hz; add these lines"
        )
    silent = place.frequency_hz[~weights.any(axis=1)]
    if silent.size:
        raise DataError(
            f"{where}: all weights are 0 at {silent[0]:g} Hz; expected one that is not; leave the design out instead"
        )
    return weights


def conjugate_warning(problem: BenchmarkProblem, place: Scene, weights: Complex, rows: list[Score]) -> str:
    """A warning where the conjugate of weights scores clearly better, as those of e^{-jωt} do; empty where it does not."""
    better = BY_NAME[problem.metric].better
    turned = scores(problem, place, weights.conj(), "")
    gain_db = float(
        np.mean(
            [better * (t.score_db - r.score_db) - t.missed_db + r.missed_db for t, r in zip(turned, rows, strict=True)]
        )
    )
    if gain_db < CLEARLY_DB:
        return ""
    return (
        f'design "{problem.name}": the conjugate of these weights is {gain_db:.1f} dB better in the mean; weights made with e^{{-jωt}}?'
        " Expected e^{+jωt}, by which a delay is e^{-jωτ}; change the sign of imag"
    )
