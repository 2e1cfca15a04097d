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
    if any(filter_.cascade is not None for filter_ in filters.filters):
        files["sections.csv"] = text_file([*head, ",".join(SECTIONS), *_section_rows(filters)])
    if any(filters.delays.values()):
        waits = [f"{_quoted(name)},{filters.delays.get(name, 0)}" for name in filters.channels]
        files["delays.csv"] = text_file([*head, ",".join(DELAYS), *waits])
    return Export.of_words(files, filters.memory(), 8, SCALING)


def _tap_rows(filters: FilterSet) -> Iterable[str]:
    for filter_ in filters.filters:
        start = f"{_quoted(filter_.channel)},{_quoted(filter_.driver)}"
        yield from (f"{start},{n},{value!r}" for n, value in enumerate(filter_.taps.tolist()))


def _section_rows(filters: FilterSet) -> Iterable[str]:
    for filter_ in filters.filters:
        if filter_.cascade is not None:
            parts = (filter_.cascade.b.tolist(), filter_.cascade.a.tolist(), filter_.cascade.gains.tolist())
            for s, (b, a, gain) in enumerate(zip(*parts, strict=True)):
                numbers = ",".join(repr(value) for value in (*(term / gain for term in b), *a, gain))
                yield f"{_quoted(filter_.channel)},{_quoted(filter_.driver)},{s},{numbers},{filter_.wait * (s == 0)}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"' if any(sign in name for sign in ',"\r\n#') else name


def read_csv(coefficients: Coefficients) -> None:
    """Taps from a table of taps; from a table of sections, these and their responses.

    Beside a table of taps, the sections of `sections.csv` are taken where the problem's form is "biquad".

    Raises DataError: the table is none of these, or its names, numbers or rate do not fit.
    """
    comments, columns, rows = read_table(coefficients)
    coefficients.check_stated_rate(comments)
    if columns == TAPS:
        _read_taps(coefficients, rows)
        beside = coefficients.path.with_name("sections.csv")
        if coefficients.problem.realization.form == "biquad" and beside.exists():
            sections = Coefficients(beside, coefficients.problem)
            _read_sections(sections, read_table(sections)[2])
            coefficients.sections = sections.sections
            coefficients.taps |= {
                channel: {**filters, **coefficients.taps.get(channel, {})} for channel, filters in sections.taps.items()
            }
    elif columns == SECTIONS:
        _read_sections(coefficients, rows)
    else:
        expected = f"{','.join(TAPS)} or {','.join(SECTIONS)}"
        raise coefficients.refusal(f"columns {shown(','.join(columns))}", expected, "name another file")
    _read_delays(coefficients, coefficients.path.with_name("delays.csv"))
    coefficients.heed(comments)


def read_table(
    coefficients: Coefficients, path: Path | None = None
) -> tuple[str, tuple[str, ...], Iterator[list[str]]]:
    """Comments, which lines that begin with # and a space are ahead of the columns; columns; and rows."""
    text = coefficients.text(path=path)
    start = 0
    while text.startswith("# ", start):
        start = (text.find("\n", start) + 1) or len(text)
    reader = _rows(coefficients, _lines(text, start))
    columns = next(reader, None)
    if columns is None:
        raise coefficients.refusal("no table", ",".join(TAPS), path=path)
    return text[:start], tuple(columns), reader


def _lines(text: str, start: int) -> Iterator[str]:
    while start < len(text):
        end = (text.find("\n", start) + 1) or len(text)
        yield text[start:end]
        start = end


def _rows(coefficients: Coefficients, lines: Iterator[str]) -> Iterator[list[str]]:
    width = None
    try:
        for count, row in enumerate(row for row in csv.reader(lines) if row):
            width = len(row) if width is None else width
            if len(row) != width:
                raise coefficients.refusal(f"{len(row)} cells in row {count}", f"{width}")
            yield row
    except csv.Error as error:
        raise coefficients.refusal(f"no table ({error})", ",".join(TAPS)) from None


def _grouped(coefficients: Coefficients, rows: Iterator[list[str]], subject: str) -> dict[Place, Real]:
    """Place -> the numbers (rows, columns) behind those that count the rows of each filter."""
    width = 0
    values: dict[tuple[str, str], array[float]] = {}
    places: dict[tuple[str, str], Place] = {}
    for row in rows:
        pair, width = (row[0], row[1]), len(row) - 2
        if pair not in places:
            places[pair] = coefficients.place(*pair)
        values.setdefault(places[pair], array("d")).extend(
            coefficients.number(cell, "a coefficient") for cell in row[2:]
        )
    tables = {place: np.array(numbers).reshape(-1, width) for place, numbers in values.items()}
    for (channel, driver), table in tables.items():
        if (table[:, 0] != np.arange(len(table))).any():
            raise coefficients.refusal(
                f"{subject} of {channel!r}, {driver!r} out of order", "0, 1, 2, ... for each filter"
            )
    return {place: table[:, 1:] for place, table in tables.items()}


def _read_taps(coefficients: Coefficients, rows: Iterator[list[str]]) -> None:
    for place, table in _grouped(coefficients, rows, "taps").items():
        coefficients.add_taps(place, table[:, 0])


def _read_sections(coefficients: Coefficients, rows: Iterator[list[str]]) -> None:
    for place, table in _grouped(coefficients, rows, "sections").items():
        location, gain = f"{place[0]!r}, {place[1]!r}", coefficients.checked(table, f"{place[0]!r}, {place[1]!r}")[:, 5]
        if (gain <= 0).any():
            raise coefficients.refusal(f"a gain of {gain.min():g} in {location}", "above 0")
        delay = coefficients.whole(float(table[:, 6].sum()), f"delay_samples of {location}")
        coefficients.add_sections(place, table[:, :3] * gain[:, None], table[:, 3:5], delay, gain)


def _read_delays(coefficients: Coefficients, path: Path) -> None:
    if path.exists():
        _, columns, rows = read_table(coefficients, path)
        for name, wait in rows if columns == DELAYS else ():
            coefficients.delays[coefficients.known(name, coefficients.channels, "channel")] = coefficients.whole(
                wait, "delay_samples"
            )


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
