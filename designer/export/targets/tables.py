"""`csv`: the realised taps, and the sections where there are any, as the tables of a design folder.

Read back are `coefficients.csv` and `sections.csv`, of an export or of a design folder, with the `delays.csv` beside them.
"""

from __future__ import annotations

import csv
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.export.coefficients import Coefficients, Place, shown
from designer.export.filter_set import FilterSet
from designer.export.provenance import provenance, text_file
from designer.export.target import Export, Target

SCALING = "none: values as designed, 17 digits"
TAPS = ("channel", "driver", "tap", "value")
SECTIONS = ("channel", "driver", "section", "b0", "b1", "b2", "a1", "a2", "gain", "delay_samples")
DELAYS = ("channel", "delay_samples")


def write_csv(filters: FilterSet) -> Export:
    """`coefficients.csv`, in the biquad form `sections.csv`, and `delays.csv` where channels wait; lines with # are comments."""
    head = provenance(filters, "csv", SCALING, "# ")
    files = {"coefficients.csv": text_file([*head, ",".join(TAPS), *_tap_rows(filters)])}
    if any(one.cascade is not None for one in filters.filters):
        files["sections.csv"] = text_file([*head, ",".join(SECTIONS), *_section_rows(filters)])
    if any(filters.delays.values()):
        waits = [f"{_quoted(name)},{filters.delays.get(name, 0)}" for name in filters.channels]
        files["delays.csv"] = text_file([*head, ",".join(DELAYS), *waits])
    return Export.of_words(files, filters.memory(), 8, SCALING)


def _tap_rows(filters: FilterSet) -> Iterable[str]:
    for one in filters.filters:
        start = f"{_quoted(one.channel)},{_quoted(one.driver)}"
        yield from (f"{start},{n},{value!r}" for n, value in enumerate(one.taps.tolist()))


def _section_rows(filters: FilterSet) -> Iterable[str]:
    for one in filters.filters:
        if one.cascade is not None:
            parts = (one.cascade.b.tolist(), one.cascade.a.tolist(), one.cascade.gains.tolist())
            for s, (b, a, gain) in enumerate(zip(*parts, strict=True)):
                numbers = ",".join(repr(value) for value in (*(term / gain for term in b), *a, gain))
                yield f"{_quoted(one.channel)},{_quoted(one.driver)},{s},{numbers},{one.wait * (s == 0)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(sign in name for sign in ',"\r\n#') else name


def read_csv(found: Coefficients) -> None:
    """Taps from a table of taps; from a table of sections, these and their responses.

    Beside a table of taps, the sections of `sections.csv` are taken where the problem's form is "biquad".

    Raises DataError: the table is none of these, or its names, numbers or rate do not fit.
    """
    comments, columns, rows = read_table(found)
    found.check_stated_rate(comments)
    if columns == TAPS:
        _read_taps(found, rows)
        beside = found.path.with_name("sections.csv")
        if found.problem.realization.form == "biquad" and beside.exists():
            sections = Coefficients(beside, found.problem)
            _read_sections(sections, read_table(sections)[2])
            found.sections = sections.sections
            found.taps |= {channel: {**each, **found.taps.get(channel, {})} for channel, each in sections.taps.items()}
    elif columns == SECTIONS:
        _read_sections(found, rows)
    else:
        allowed = f"{','.join(TAPS)} or {','.join(SECTIONS)}"
        raise found.refusal(f"columns {shown(','.join(columns))}", allowed, "name another file")
    _read_delays(found, found.path.with_name("delays.csv"))
    found.heed(comments)


def read_table(found: Coefficients, path: Path | None = None) -> tuple[str, tuple[str, ...], Iterator[list[str]]]:
    """Comments, which lines that begin with # and a space are ahead of the columns; columns; and rows."""
    text = found.text(path=path)
    start = 0
    while text.startswith("# ", start):
        start = (text.find("\n", start) + 1) or len(text)
    reader = _rows(found, _lines(text, start))
    columns = next(reader, None)
    if columns is None:
        raise found.refusal("no table", ",".join(TAPS), path=path)
    return text[:start], tuple(columns), reader


def _lines(text: str, start: int) -> Iterator[str]:
    while start < len(text):
        end = (text.find("\n", start) + 1) or len(text)
        yield text[start:end]
        start = end


def _rows(found: Coefficients, lines: Iterator[str]) -> Iterator[list[str]]:
    width = None
    try:
        for count, row in enumerate(row for row in csv.reader(lines) if row):
            width = len(row) if width is None else width
            if len(row) != width:
                raise found.refusal(f"{len(row)} cells in row {count}", f"{width}")
            yield row
    except csv.Error as error:
        raise found.refusal(f"no table ({error})", ",".join(TAPS)) from None


def _grouped(found: Coefficients, rows: Iterator[list[str]], what: str) -> dict[Place, Real]:
    """Place -> the numbers (rows, columns) behind those that count the rows of each filter."""
    width = 0
    values: dict[tuple[str, str], array[float]] = {}
    places: dict[tuple[str, str], Place] = {}
    for row in rows:
        named, width = (row[0], row[1]), len(row) - 2
        if named not in places:
            places[named] = found.place(*named)
        values.setdefault(places[named], array("d")).extend(found.number(cell, "a coefficient") for cell in row[2:])
    tables = {place: np.array(numbers).reshape(-1, width) for place, numbers in values.items()}
    for (channel, driver), table in tables.items():
        if (table[:, 0] != np.arange(len(table))).any():
            raise found.refusal(f"{what} of {channel!r}, {driver!r} out of order", "0, 1, 2, ... for each filter")
    return {place: table[:, 1:] for place, table in tables.items()}


def _read_taps(found: Coefficients, rows: Iterator[list[str]]) -> None:
    for place, table in _grouped(found, rows, "taps").items():
        found.add_taps(place, table[:, 0])


def _read_sections(found: Coefficients, rows: Iterator[list[str]]) -> None:
    for place, table in _grouped(found, rows, "sections").items():
        where, gain = f"{place[0]!r}, {place[1]!r}", found.checked(table, f"{place[0]!r}, {place[1]!r}")[:, 5]
        if (gain <= 0).any():
            raise found.refusal(f"a gain of {gain.min():g} in {where}", "above 0")
        delay = found.whole(float(table[:, 6].sum()), f"delay_samples of {where}")
        found.add_sections(place, table[:, :3] * gain[:, None], table[:, 3:5], delay, gain)


def _read_delays(found: Coefficients, path: Path) -> None:
    if path.exists():
        _, columns, rows = read_table(found, path)
        for name, wait in rows if columns == DELAYS else ():
            found.delays[found.known(name, found.channels, "channel")] = found.whole(wait, "delay_samples")


CSV = Target(
    place=10,
    name="csv",
    summary="taps and sections as tables, 17 digits",
    write=write_csv,
    files="csv",
    read=read_csv,
    endings=(".csv",),
    in_folders=("coefficients.csv",),
)
