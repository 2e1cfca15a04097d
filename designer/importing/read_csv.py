"""`coefficients.csv` and `sections.csv`, of an export or of a design folder; `delays.csv` beside them is read too.

`filters.csv`, the table of a folder of words or floats, is read by `read_filter_table.py`.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.export.filter_table import COLUMNS as FILTERS
from designer.importing.coefficients import (
    Coefficients,
    Collected,
    channel_names,
    check_stated_rate,
    check_values,
    known,
    number,
    stated_bulk_delay,
    whole,
)
from designer.importing.files import read_text, refusal, shown
from designer.importing.read_filter_table import read_filter_table
from designer.problem.schema import Problem

TAPS = ("channel", "driver", "tap", "value")
SECTIONS = ("channel", "driver", "section", "b0", "b1", "b2", "a1", "a2", "gain", "delay_samples")
DELAYS = ("channel", "delay_samples")

Tables = dict[tuple[str, str], Real]


def read_csv(path: Path, problem: Problem) -> Coefficients:
    """Taps from a table of taps; from a table of sections, these and their responses.

    Beside a table of taps, the sections of `sections.csv` are taken where the problem's form is "biquad".

    Raises
    ------
    DataError : the table is none of these, or its names, numbers or rate do not fit

    """
    comments, columns, rows = _table(path)
    check_stated_rate(path, comments, problem)
    found = Collected(path, problem)
    if columns == FILTERS:
        return read_filter_table(path, problem, comments, list(rows))
    if columns == TAPS:
        _taps(found, rows)
        beside = path.with_name("sections.csv")
        if problem.realization.form == "biquad" and beside.exists():
            of_taps, found = found, Collected(beside, problem)
            _sections(found, _table(beside)[2])
            taps = {channel: {**each, **of_taps.taps.get(channel, {})} for channel, each in found.taps.items()}
            found.taps = {**of_taps.taps, **taps}
    elif columns == SECTIONS:
        _sections(found, rows)
    else:
        raise refusal(
            path,
            f"columns {shown(','.join(columns))}",
            f"{','.join(TAPS)} or {','.join(SECTIONS)}",
            "name another file",
        )
    delays = _delays(path.with_name("delays.csv"), problem)
    return replace(found.coefficients(stated_bulk_delay(comments)), delays=delays)


def _table(path: Path) -> tuple[str, tuple[str, ...], Iterator[list[str]]]:
    """Comments, which lines that begin with # and a space are ahead of the columns; columns; and rows."""
    text = read_text(path)
    start = 0
    while text.startswith("# ", start):
        start = (text.find("\n", start) + 1) or len(text)
    reader = _rows(path, _lines(text, start))
    columns = next(reader, None)
    if columns is None:
        raise refusal(path, "no table", ",".join(TAPS), "export it again")
    return text[:start], tuple(columns), reader


def _lines(text: str, start: int) -> Iterator[str]:
    while start < len(text):
        end = (text.find("\n", start) + 1) or len(text)
        yield text[start:end]
        start = end


def _rows(path: Path, lines: Iterator[str]) -> Iterator[list[str]]:
    width = None
    try:
        for count, row in enumerate(row for row in csv.reader(lines) if row):
            width = len(row) if width is None else width
            if len(row) != width:
                raise refusal(path, f"{len(row)} cells in row {count}", f"{width}", "export it again")
            yield row
    except csv.Error as error:
        raise refusal(path, f"no table ({error})", ",".join(TAPS), "export it again") from None


def _grouped(found: Collected, rows: Iterator[list[str]]) -> Tables:
    """The problem's (channel, driver) -> the rows' numbers (rows, columns), in the file's order."""
    width = 0
    values: dict[tuple[str, str], array[float]] = {}
    places: dict[tuple[str, str], tuple[str, str]] = {}
    for row in rows:
        named, width = (row[0], row[1]), len(row) - 2
        if named not in places:
            places[named] = found.place(*named)
        numbers = values.setdefault(places[named], array("d"))
        numbers.extend(number(found.path, cell, "a coefficient") for cell in row[2:])
    return {place: np.array(numbers).reshape(-1, width) for place, numbers in values.items()}


def _taps(found: Collected, rows: Iterator[list[str]]) -> None:
    for place, table in _grouped(found, rows).items():
        if (table[:, 0] != np.arange(len(table))).any():
            raise refusal(
                found.path,
                f"taps of {place[0]!r}, {place[1]!r} out of order",
                "0, 1, 2, ... for each filter",
                "export it again",
            )
        found.add_taps(place, table[:, 1])


def _sections(found: Collected, rows: Iterator[list[str]]) -> None:
    for place, table in _grouped(found, rows).items():
        where = f"{place[0]!r}, {place[1]!r}"
        if (table[:, 0] != np.arange(len(table))).any():
            raise refusal(
                found.path, f"sections of {where} out of order", "0, 1, 2, ... for each filter", "export it again"
            )
        check_values(found.path, table, where)
        gain = table[:, 6]
        if (gain <= 0).any():
            raise refusal(found.path, f"a gain of {gain.min():g} in {where}", "above 0", "export it again")
        delay = whole(found.path, float(table[:, 7].sum()), f"delay_samples of {where}")
        found.add_sections(place, table[:, 1:4] * gain[:, None], table[:, 4:6], delay, gain)


def _delays(path: Path, problem: Problem) -> dict[str, int]:
    if not path.exists():
        return {}
    _, columns, rows = _table(path)
    if columns != DELAYS:
        return {}
    channels = channel_names(problem)
    return {known(path, row[0], channels, "channel"): whole(path, row[1], "delay_samples") for row in rows}
