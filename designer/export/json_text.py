"""`json`: everything about the filters in one file, for programs that read no tables."""

from __future__ import annotations

import json
from typing import Any

from designer.export.filter_set import Filter, FilterSet
from designer.export.memory import memory
from designer.export.provenance import provenance
from designer.export.target import Export, Target

SCALING = "none: values as designed, 17 digits"


def write_json(filters: FilterSet) -> Export:
    """`filters.json`; Python's shortest exact text of each number, hence no NaN and no rounding."""
    used = memory(filters)
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
        "filters": [_filter(one) for one in filters.filters],
    }
    text = json.dumps(content, indent=1, allow_nan=False, ensure_ascii=False) + "\n"
    return Export({"filters.json": text.encode()}, 8 * used.coefficients, 8 * used.state, used.multiply_adds, SCALING)


def _filter(one: Filter) -> dict[str, Any]:
    entry: dict[str, Any] = {"channel": one.channel, "driver": one.driver, "taps": one.taps.tolist()}
    if one.delay_samples is not None:
        entry["pure_delay_samples"] = one.delay_samples
    if one.cascade is not None:
        entry["sections"] = {
            "delay_samples": one.cascade.delay_samples,
            "b": one.cascade.b.tolist(),
            "a": one.cascade.a.tolist(),
            "gain": one.cascade.gains.tolist(),
        }
    return entry


JSON = Target("json", "everything in one JSON file, 17 digits", write_json)
