"""From pydantic's errors to faults that an engineer can mend: dotted path, found, allowed, remedy."""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from designer.errors import Fault
from designer.problem.schema import Problem

Location = tuple[int | str, ...]

_LIMITS = {  # pydantic's error type -> (its context key, wording)
    "greater_than": ("gt", "more than {}"),
    "greater_than_equal": ("ge", "at least {}"),
    "less_than": ("lt", "less than {}"),
    "less_than_equal": ("le", "at most {}"),
    "too_short": ("min_length", "at least {} entries"),
    "too_long": ("max_length", "at most {} entries"),
}
_TYPES = {
    "float_type": "a number",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "string_type": "text",
    "bool_type": "true or false",
    "list_type": "a list",
    "model_type": "a table",
    "model_attributes_type": "a table",
    "dict_type": "a table",
    "finite_number": "a finite number",
    "string_too_short": "text that is not empty",
}


def dotted(location: Iterable[int | str]) -> str:
    """`("designs", 0, "band_hz")` as `designs[0].band_hz`."""
    path = ""
    for step in location:
        path += f"[{step}]" if isinstance(step, int) else f"{'.' if path else ''}{step}"
    return path


def number(value: float) -> str:
    """A number as a person writes it: at most six digits, no needless zeros."""
    return f"{value:g}"


def shown(value: object) -> str:
    """A value as it stands in the file, cut where it is long."""
    if isinstance(value, bool):
        text = "true" if value else "false"
    elif isinstance(value, str):
        text = f'"{value}"'
    elif isinstance(value, Mapping):
        text = "a table"
    else:
        text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


def nearest(word: str, known: Sequence[str]) -> str:
    """The known word nearest to `word`, as a remedy; empty where none is near."""
    match = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"nearest known: {match[0]}" if match else ""


def faults_of(error: ValidationError, data: Mapping[str, Any]) -> list[tuple[Location, Fault]]:
    """Every error of a validation with its location in the file; the branches of a union count once."""
    found: dict[Location, Fault] = {}
    for item in error.errors(include_url=False):
        kind = item["type"]
        location = item["loc"] if kind in ("missing", "extra_forbidden") else _within(item["loc"], data)
        fault = _fault(kind, location, item.get("input"), item.get("ctx", {}), item["msg"])
        earlier = found.get(location)
        if earlier is None:
            found[location] = fault
        elif earlier.allowed and fault.allowed and fault.allowed not in earlier.allowed:
            found[location] = Fault(earlier.path, earlier.found, f"{earlier.allowed} or {fault.allowed}")
    return list(found.items())


def _fault(kind: str, location: Location, value: object, context: Mapping[str, Any], message: str) -> Fault:
    path = dotted(location)
    if kind == "extra_forbidden":
        keys = _known_keys(location[:-1])
        near = difflib.get_close_matches(str(location[-1]), keys, n=1, cutoff=0.5)
        if near:
            return Fault(path, "unknown key", "", f"nearest known key: {near[0]}")
        return Fault(path, "unknown key", ", ".join(keys))
    if kind == "missing":
        return Fault(path, "required key is missing", "", f"add {location[-1]}")
    if kind == "literal_error":
        allowed = str(context["expected"]).replace("'", '"')
        words = [word.strip(' "') for word in allowed.replace(" or ", ", ").split(",")]
        return Fault(path, f"found {shown(value)}", allowed, nearest(value, words) if isinstance(value, str) else "")
    if kind in _TYPES:
        return Fault(path, f"found {shown(value)}", _TYPES[kind])
    if kind in _LIMITS:
        key, wording = _LIMITS[kind]
        limit = context[key]
        found = f"found {len(value)} entries" if isinstance(value, list) else f"found {shown(value)}"
        return Fault(path, found, wording.format(number(limit) if isinstance(limit, float) else limit))
    return Fault(path, f"found {shown(value)}", "", message)


def _within(location: Location, data: object) -> Location:
    """The part of a location that exists in the file: what follows names a branch of a union."""
    kept: list[int | str] = []
    for step in location:
        if (isinstance(data, Mapping) and step in data) or (
            isinstance(data, list) and isinstance(step, int) and step < len(data)
        ):
            data = data[step]
        else:
            break
        kept.append(step)
    return tuple(kept)


def _known_keys(location: Location) -> list[str]:
    """Keys that the table at a location may hold."""
    model: type[BaseModel] = Problem
    for step in location:
        if isinstance(step, str):
            model = _table_of(model.model_fields[step].annotation)
    return list(model.model_fields)


def _table_of(annotation: Any) -> type[BaseModel]:
    """The table inside `list[Table]`, `Table | None` or `Annotated[...]`."""
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, BaseModel):
        return annotation
    if get_origin(annotation) in (Union, types.UnionType, list, Annotated):
        for inner in get_args(annotation):
            try:
                return _table_of(inner)
            except LookupError:
                continue
    raise LookupError(f"no table in {annotation!r}")
