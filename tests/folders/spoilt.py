"""A small design folder of each form, and edits of its files: what a hand, a spreadsheet or a cut copy makes of them."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from toml_text import pair, toml

ABSENT = object()
ODD: tuple[Any, ...] = (
    None,
    ABSENT,
    "",
    "x",
    True,
    0,
    -1,
    1.5,
    -1e308,
    1e308,
    10**400,
    float("nan"),
    float("inf"),
    [],
    {},
    [None],
    {"x": 1},
    [[0.0] * 3] * 3,
)


def problem_of(form: str) -> str:
    """The text of a small problem: "fir" in a short word, or "biquad"; two channels, one of them a beam."""
    tables: dict[str, Any] = pair()
    tables["grid"] = {"frequencies": 17, "azimuth_step_deg": 45.0}
    tables["designs"][0]["max_effort_db"] = 12.0
    tables["designs"].append(
        {"name": "beam", "kind": "beamformer", "look_deg": 0.0, "nulls_deg": [90.0], "band_hz": [500.0, 3000.0]}
    )
    tables["realization"] = {"taps": 32, "word": "q15"} if form == "fir" else {"form": "biquad", "sections": 2}
    return toml(tables)


def leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Every place of a JSON document, tables and lists included; of a long list its ends."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        inner = list(value.items())
    elif isinstance(value, list):
        inner = [(n, value[n]) for n in sorted({0, 1, len(value) - 1}) if 0 <= n < len(value)]
    for key, item in inner:
        yield (*path, key)
        yield from leaves(item, (*path, key))


def edited(document: Any, path: tuple[Any, ...], value: Any) -> str:
    """The document's text with one place set to a value, or without it."""
    made = copy.deepcopy(document)
    holder = made
    for step in path[:-1]:
        holder = holder[step]
    if value is ABSENT:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    return json.dumps(made)
