"""Faults that one key shows alone: from pydantic's errors to what an engineer can mend."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from designer.errors import Fault
from designer.problem.allowed import allowed, header, key_remedy, known_keys, node_at, unit, without_tags
from designer.problem.messages import Location, dotted, nearest, shown

_LENGTHS = ("too_short", "too_long")
_RANGES = ("greater_than", "greater_than_equal", "less_than", "less_than_equal")


def key_faults(error: ValidationError, data: Mapping[str, Any]) -> dict[Location, Fault]:
    """Every fault of a validation by its place in the file; the branches of a union count once."""
    found: dict[Location, Fault] = {}
    for item in error.errors(include_url=False, include_input=False):
        kind = item["type"]
        location: Location = item["loc"]
        place = without_tags(location)
        if kind == "missing":
            fault = Fault(dotted(place), "required key is missing", allowed(location), _to_add(location))
        elif kind == "extra_forbidden":
            fault = Fault(dotted(place), "unknown key", ", ".join(known_keys(location[:-1])), key_remedy(location))
        elif kind in ("union_tag_invalid", "union_tag_not_found"):
            place = (*place, item["ctx"]["discriminator"].strip("'"))
            fault = _value_fault(kind, place, _within(place, data)[1])
        else:
            place, value = _within(place, data)
            fault = _value_fault(kind, place, value)
        found.setdefault(place, fault)
    return found


def misspelt(faulty: Iterable[Location], data: Mapping[str, Any]) -> Iterator[Location]:
    """The keys that a file lacks because it misspells them: nothing is to be said of those beyond the misspelling."""
    for *table, key in faulty:
        holder = _within(tuple(table), data)[1]
        if isinstance(holder, Mapping) and key in holder:
            close = difflib.get_close_matches(str(key), known_keys(tuple(table)), n=1, cutoff=0.8)
            if close and close[0] not in holder:
                yield (*table, close[0])


def _to_add(location: Location) -> str:
    return f"add {header(location) or location[-1]}"


def _value_fault(kind: str, location: Location, value: object) -> Fault:
    found, may_be = f"found {shown(value)}", allowed(location)
    if kind in _LENGTHS and isinstance(value, list):
        entries = "1 entry" if len(value) == 1 else f"{len(value)} entries"
        found = f"found {entries}, {shown(value)}"
    if kind == "finite_number":
        may_be = may_be.replace("number", "finite number", 1)
    return Fault(dotted(location), found, may_be, _remedy(kind, location, value))


def _remedy(kind: str, location: Location, value: object) -> str:
    written = header(location)
    if kind not in _LENGTHS and written:
        return f"write it as {written}"
    if kind in ("literal_error", "union_tag_invalid") and isinstance(value, str):
        node = node_at(location)
        return nearest(value, [word for choice in node.get("anyOf", [node]) for word in choice.get("enum", [])])
    if kind in ("float_type", "int_type") and isinstance(value, str) and _is_number(value):
        return "write it without quotes"
    if kind == "string_type" and isinstance(value, int | float) and not isinstance(value, bool):
        return "write it in quotes"
    if kind == "int_type" and isinstance(value, float) and value == value // 1:
        return "write it without a decimal point"
    if kind in _RANGES and isinstance(value, int | float) and value > 0 and unit(location):
        return f"the unit is {unit(location)}"
    return ""


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _within(location: Location, data: object) -> tuple[Location, object]:
    """The part of a location that exists in the file, and its value: what follows names a branch of a union."""
    kept: list[int | str] = []
    value: Any = data
    for step in location:
        in_list = isinstance(value, list) and isinstance(step, int) and step < len(value)
        if not in_list and not (isinstance(value, Mapping) and step in value):
            break
        value = value[step]
        kept.append(step)
    return tuple(kept), value
