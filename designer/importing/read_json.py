"""`filters.json` of an export: taps, sections and delays of each filter, at full precision."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.importing.coefficients import Coefficients, Collected, check_rate, known, number, whole
from designer.importing.files import read_text, refusal, shown
from designer.problem.schema import Problem

MAX_JSON_BYTES = 50_000_000
EXPECTED = "filters.json of an export"


def read_json(path: Path, problem: Problem) -> Coefficients:
    """The filters of the file.

    Raises
    ------
    DataError : it is no such file, or its names, numbers or rate do not fit

    """
    content = _parsed(path)
    check_rate(path, number(path, content.get("sample_rate_hz"), "sample_rate_hz"), problem)
    found = Collected(path, problem)
    for entry in _list(path, content.get("filters"), "filters"):
        if not isinstance(entry, dict):
            raise refusal(path, f"{shown(entry)} in filters", "an object", EXPECTED)
        place = found.place(entry.get("channel"), entry.get("driver"))
        where = f"{place[0]!r}, {place[1]!r}"
        taps = _numbers(path, entry.get("taps"), where)
        sections = entry.get("sections")
        if sections is None:
            found.add_taps(place, taps)
            continue
        if not isinstance(sections, dict):
            raise refusal(path, f"{shown(sections)} for the sections of {where}", "an object", EXPECTED)
        b, a = (_rows(path, sections.get(key), width, f"{key} of {where}") for key, width in (("b", 3), ("a", 2)))
        gain = _numbers(path, sections.get("gain", [1.0] * len(b)), f"gain of {where}")
        if not len(b) == len(a) == gain.size or (gain <= 0).any():
            raise refusal(path, f"b, a and gain of {where} that differ in number", "one of each a section", EXPECTED)
        delay = whole(path, sections.get("delay_samples", 0), f"delay_samples of {where}")
        found.add_sections(place, b, a, delay, gain)
        found.taps[place[0]].pop(place[1])
        found.add_taps(place, taps)  # as the file has them: it may be longer than the problem's
    delays = content.get("channel_delay_samples", {})
    if not isinstance(delays, dict):
        raise refusal(path, f"{shown(delays)} for channel_delay_samples", "an object", EXPECTED)
    bulk = content.get("bulk_delay_samples")
    return found.coefficients(
        None if bulk is None else whole(path, bulk, "bulk_delay_samples"),
        delays={
            known(path, name, found.channels, "channel"): whole(path, wait, "channel_delay_samples")
            for name, wait in delays.items()
        },
    )


def _parsed(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(read_text(path, MAX_JSON_BYTES))
    except (ValueError, RecursionError) as error:
        raise refusal(path, f"no JSON ({str(error)[:100]})", EXPECTED, "export it again") from None
    if not isinstance(content, dict):
        raise refusal(path, f"{shown(content)}", "an object", f"name {EXPECTED}")
    return content


def _list(path: Path, value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise refusal(path, f"{shown(value)} for {where}", "a list", EXPECTED)
    return value


def _numbers(path: Path, value: object, where: str) -> Real:
    """A list of numbers (N,)."""
    return np.array([number(path, item, where) for item in _list(path, value, where)], dtype=float)


def _rows(path: Path, value: object, width: int, where: str) -> Real:
    """A list of lists of so many numbers (N, width)."""
    rows = [_numbers(path, row, where) for row in _list(path, value, where)]
    if any(row.size != width for row in rows):
        raise refusal(path, f"rows of {where} that are not {width} long", f"{width} numbers each", EXPECTED)
    return np.array(rows, dtype=float).reshape(-1, width)
