"""`json`: everything about the filters in one file, for programs that read no tables."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.export.coefficients import Coefficients, shown
from designer.export.filter_set import Filter, FilterSet
from designer.export.provenance import provenance
from designer.export.target import Export, Target

SCALING = "none: values as designed, 17 digits"
MAX_BYTES = 50_000_000
EXPECTED = "filters.json of an export"


def write_json(filters: FilterSet) -> Export:
    """`filters.json`; Python's shortest exact text of each number, hence no NaN and no rounding."""
    used = filters.memory()
    content = {
        "provenance": provenance(filters, "json", SCALING),
        "sample_rate_hz": filters.sample_rate_hz,
        "form": filters.form,
        "bulk_delay_samples": filters.bulk_delay_samples,
        "channels": list(filters.channels),
        "drivers": list(filters.drivers),
        "channel_delay_samples": {name: filters.delays.get(name, 0) for name in filters.channels},
        "scaling": SCALING,
        "words": {"coefficients": used.coefficients, "state": used.state},
        "multiply_adds_per_sample": used.multiply_adds,
        "filters": [_entry(one) for one in filters.filters],
    }
    text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    return Export.of_words({"filters.json": text.encode()}, used, 8, SCALING)


def _entry(one: Filter) -> dict[str, Any]:
    entry: dict[str, Any] = {"channel": one.channel, "driver": one.driver, "taps": one.taps.tolist()}
    if one.delay_samples is not None:
        entry["pure_delay_samples"] = one.delay_samples
    if one.cascade is not None:
        b, a, gain = (values.tolist() for values in (one.cascade.b, one.cascade.a, one.cascade.gains))
        entry["sections"] = {"delay_samples": one.cascade.delay_samples, "b": b, "a": a, "gain": gain}
    return entry


def read_json(found: Coefficients) -> None:
    """The filters of the file. Raises DataError: it is no such file, or its names, numbers or rate do not fit."""
    try:
        content = json.loads(found.text(MAX_BYTES))
    except (ValueError, RecursionError) as error:
        raise found.refusal(f"no JSON ({str(error)[:100]})", EXPECTED) from None
    if not isinstance(content, dict):
        raise found.refusal(f"{shown(content)}", "an object", f"name {EXPECTED}")
    found.check_rate(found.number(content.get("sample_rate_hz"), "sample_rate_hz"))
    for entry in _list(found, content.get("filters"), "filters"):
        if not isinstance(entry, dict):
            raise found.refusal(f"{shown(entry)} in filters", "an object", EXPECTED)
        _read_entry(found, entry)
    delays = _object(found, content.get("channel_delay_samples", {}), "channel_delay_samples")
    for name, wait in delays.items():
        found.delays[found.known(name, found.channels, "channel")] = found.whole(wait, "channel_delay_samples")
    bulk = content.get("bulk_delay_samples")
    found.bulk_delay_samples = None if bulk is None else found.whole(bulk, "bulk_delay_samples")


def _read_entry(found: Coefficients, entry: dict[str, Any]) -> None:
    place = found.place(entry.get("channel"), entry.get("driver"))
    where = f"{place[0]!r}, {place[1]!r}"
    taps = _numbers(found, entry.get("taps"), where)
    if entry.get("sections") is None:
        found.add_taps(place, taps)
        return
    sections = _object(found, entry["sections"], f"the sections of {where}")
    b, a = (_rows(found, sections.get(key), width, f"{key} of {where}") for key, width in (("b", 3), ("a", 2)))
    gain = _numbers(found, sections.get("gain", [1.0] * len(b)), f"gain of {where}")
    if not len(b) == len(a) == gain.size or (gain <= 0).any():
        raise found.refusal(f"b, a and gain of {where} that differ in number", "one of each a section", EXPECTED)
    delay = found.whole(sections.get("delay_samples", 0), f"delay_samples of {where}")
    found.add_sections(place, b, a, delay, gain, taps)  # as the file has them: they may be longer than the problem's


def _object(found: Coefficients, value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise found.refusal(f"{shown(value)} for {where}", "an object", EXPECTED)
    return value


def _list(found: Coefficients, value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise found.refusal(f"{shown(value)} for {where}", "a list", EXPECTED)
    return value


def _numbers(found: Coefficients, value: object, where: str) -> Real:
    """A list of numbers (N,)."""
    return np.array([found.number(item, where) for item in _list(found, value, where)], dtype=float)


def _rows(found: Coefficients, value: object, width: int, where: str) -> Real:
    """A list of lists of so many numbers (N, width)."""
    rows = [_numbers(found, row, where) for row in _list(found, value, where)]
    if any(row.size != width for row in rows):
        raise found.refusal(f"rows of {where} that are not {width} long", f"{width} numbers each", EXPECTED)
    return np.array(rows, dtype=float).reshape(-1, width)


JSON = Target(
    place=20,
    name="json",
    summary="everything in one JSON file, 17 digits",
    write=write_json,
    files="json",
    read=read_json,
    endings=(".json",),
    in_folders=("filters.json",),
)
