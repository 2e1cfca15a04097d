"""`coefficients.csv` and `sections.csv`, of an export or of a design folder; `delays.csv` beside them is read too."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

from designer.importing.coefficients import (
    Coefficients,
    channel_names,
    check_rate,
    check_values,
    known,
    read_text,
    refusal,
    stated,
    stated_bulk_delay,
)
from designer.problem.schema import Problem
from designer.realization.cascade import Cascade

TAPS = ("channel", "driver", "tap", "value")
SECTIONS = ("channel", "driver", "section", "b0", "b1", "b2", "a1", "a2", "gain", "delay_samples")
DELAYS = ("channel", "delay_samples")


def read_csv(path: Path, problem: Problem) -> Coefficients:
    """Taps from a table of taps; from a table of sections, these and their responses.

    Beside a table of taps, the sections of `sections.csv` are taken where the problem's form is "biquad".

    Raises
    ------
    DataError : the table is none of these, or its names, numbers or rate do not fit

    """
    comments, columns, rows = _table(path)
    rate = stated(comments, "sample rate")
    if rate is not None:
        check_rate(path, float(rate.removesuffix(" Hz")), problem)
    sections: dict[str, dict[str, Cascade]] = {}
    if columns == TAPS:
        taps = _taps(path, rows, problem)
        beside = path.with_name("sections.csv")
        if problem.realization.form == "biquad" and beside.exists():
            sections = _sections(beside, _table(beside)[2], problem)
    elif columns == SECTIONS:
        sections = _sections(path, rows, problem)
        length = problem.realization.taps
        taps = {c: {d: one.impulse_response(length) for d, one in each.items()} for c, each in sections.items()}
    else:
        raise refusal(
            path, f"columns {','.join(columns)}", f"{','.join(TAPS)} or {','.join(SECTIONS)}", "name another file"
        )
    return Coefficients(taps, sections, _delays(path.with_name("delays.csv"), problem), stated_bulk_delay(comments))


def _table(path: Path) -> tuple[str, tuple[str, ...], list[list[str]]]:
    """Comments, columns and rows; a line that starts with # and a space is a comment."""
    lines = read_text(path).splitlines(keepends=True)
    comments = "".join(line for line in lines if line.startswith("# "))
    rows = [row for row in csv.reader(io.StringIO("".join(line for line in lines if not line.startswith("# ")))) if row]
    if not rows:
        raise refusal(path, "no table", ",".join(TAPS), "export it again")
    for number, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise refusal(path, f"{len(row)} cells in row {number}", f"{len(rows[0])}", "export it again")
    return comments, tuple(rows[0]), rows[1:]


def _number(path: Path, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise refusal(path, f"{text[:40]!r}", "a number", "export it again") from None


def _grouped(path: Path, rows: list[list[str]], problem: Problem) -> dict[str, dict[str, list[list[float]]]]:
    """Channel -> driver -> the rows' numbers, in the file's order."""
    channels = channel_names(problem)
    found: dict[str, dict[str, list[list[float]]]] = {}
    places: dict[tuple[str, str], list[list[float]]] = {}
    for row in rows:
        place = places.get((row[0], row[1]))
        if place is None:
            channel = known(path, row[0], channels, "channel")
            driver = known(path, row[1], problem.driver_names, "driver")
            place = places[row[0], row[1]] = found.setdefault(channel, {}).setdefault(driver, [])
        place.append([_number(path, cell) for cell in row[2:]])
    return found


def _taps(path: Path, rows: list[list[str]], problem: Problem) -> dict[str, dict[str, np.ndarray]]:
    taps: dict[str, dict[str, np.ndarray]] = {}
    for channel, each in _grouped(path, rows, problem).items():
        for driver, numbers in each.items():
            table = np.array(numbers)
            if (table[:, 0] != np.arange(len(table))).any():
                raise refusal(
                    path,
                    f"taps of {channel!r}, {driver!r} out of order",
                    "0, 1, 2, ... for each filter",
                    "export it again",
                )
            taps.setdefault(channel, {})[driver] = check_values(path, table[:, 1], f"{channel!r}, {driver!r}")
    return taps


def _sections(path: Path, rows: list[list[str]], problem: Problem) -> dict[str, dict[str, Cascade]]:
    found: dict[str, dict[str, Cascade]] = {}
    for channel, each in _grouped(path, rows, problem).items():
        for driver, numbers in each.items():
            table = check_values(path, np.array(numbers), f"{channel!r}, {driver!r}")
            gain = table[:, 6]
            cascade = Cascade(table[:, 1:4] * gain[:, None], table[:, 4:6], int(table[:, 7].sum()), gain)
            if cascade.pole_radius >= 1.0:
                raise refusal(
                    path,
                    f"a pole of radius {cascade.pole_radius:.6f} in {channel!r}, {driver!r}",
                    "below 1",
                    "check its signs",
                )
            found.setdefault(channel, {})[driver] = cascade
    return found


def _delays(path: Path, problem: Problem) -> dict[str, int]:
    if not path.exists():
        return {}
    _, columns, rows = _table(path)
    if columns != DELAYS:
        return {}
    channels = channel_names(problem)
    return {known(path, row[0], channels, "channel"): int(_number(path, row[1])) for row in rows}
