"""`json`: everything about the filters in one file, for programs that read no tables."""

from __future__ import annotations

import json
from typing import Annotated, Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from designer.export.coefficients import Coefficients, shown
from designer.export.filter_set import Filter, FilterSet
from designer.export.provenance import provenance
from designer.export.target import Export, Target

SCALING = "none: values as designed, 17 digits"
MAX_BYTES = 50_000_000
EXPECTED = "filters.json of an export"


def write_json(filters: FilterSet) -> Export:
    """`filters.json`; Python's shortest exact text of each number, hence no NaN and no rounding."""
    memory = filters.memory()
    content = {
        "provenance": provenance(filters, "json", SCALING),
        "sample_rate_hz": filters.sample_rate_hz,
        "form": filters.form,
        "bulk_delay_samples": filters.bulk_delay_samples,
        "channels": list(filters.channels),
        "drivers": list(filters.drivers),
        "channel_delay_samples": {name: filters.delays.get(name, 0) for name in filters.channels},
        "scaling": SCALING,
        "words": {"coefficients": memory.coefficients, "state": memory.state},
        "multiply_adds_per_sample": memory.multiply_adds,
        "filters": [_entry(filter_) for filter_ in filters.filters],
    }
    text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    return Export.of_words({"filters.json": text.encode()}, memory, 8, SCALING)


def _entry(filter_: Filter) -> dict[str, Any]:
    entry: dict[str, Any] = {"channel": filter_.channel, "driver": filter_.driver, "taps": filter_.taps.tolist()}
    if filter_.delay_samples is not None:
        entry["pure_delay_samples"] = filter_.delay_samples
    if filter_.cascade is not None:
        b, a, gain = (values.tolist() for values in (filter_.cascade.b, filter_.cascade.a, filter_.cascade.gains))
        entry["sections"] = {"delay_samples": filter_.cascade.delay_samples, "b": b, "a": a, "gain": gain}
    return entry


class _Strict(BaseModel):
    model_config = ConfigDict(strict=True, allow_inf_nan=False)


class _Sections(_Strict):
    b: list[Annotated[list[float], Field(min_length=3, max_length=3)]]
    a: list[Annotated[list[float], Field(min_length=2, max_length=2)]]
    gain: list[Annotated[float, Field(gt=0)]] | None = None
    delay_samples: int = 0


class _Filter(_Strict):
    channel: str
    driver: str
    taps: list[float]
    sections: _Sections | None = None


class _File(_Strict):
    """Columns that are read of the file."""

    sample_rate_hz: float
    filters: list[_Filter]
    channel_delay_samples: dict[str, int] = {}
    bulk_delay_samples: int | None = None


def read_json(coefficients: Coefficients) -> None:
    """The filters of the file. Raises DataError: it is no such file, or its names, numbers or rate do not fit."""
    try:
        content = _File.model_validate_json(coefficients.text(MAX_BYTES))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        location = ".".join(map(str, first["loc"])) or "the file"
        raise coefficients.refusal(
            f"{shown(first['input'])} for {location}", f"{EXPECTED} ({first['msg'][:100]})"
        ) from None
    coefficients.check_rate(content.sample_rate_hz)
    for entry in content.filters:
        place, taps = coefficients.place(entry.channel, entry.driver), np.array(entry.taps, dtype=float)
        if entry.sections is None:
            coefficients.add_taps(place, taps)
            continue
        b, a = np.array(entry.sections.b).reshape(-1, 3), np.array(entry.sections.a).reshape(-1, 2)
        gain = np.array(entry.sections.gain or [1.0] * len(b))
        if not len(b) == len(a) == gain.size:
            location = f"b, a and gain of {entry.channel!r}, {entry.driver!r}"
            raise coefficients.refusal(f"{location} that differ in number", "one of each a section", EXPECTED)
        delay = coefficients.whole(entry.sections.delay_samples, "delay_samples")
        coefficients.add_sections(
            place, b, a, delay, gain, taps
        )  # as the file has them: they may be longer than the problem's
    for name, wait in content.channel_delay_samples.items():
        coefficients.delays[coefficients.known(name, coefficients.channels, "channel")] = coefficients.whole(
            wait, "channel_delay_samples"
        )
    bulk = content.bulk_delay_samples
    coefficients.bulk_delay_samples = None if bulk is None else coefficients.whole(bulk, "bulk_delay_samples")


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
