"""A problem without its faulty keys, so that the rest can still be checked and all faults of a file are listed at once.

Reading a faulty key raises `FaultyKeyError`, which ends the check that asked for it, and no other.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from designer.errors import Fault
from designer.problem.messages import Location
from designer.problem.schema import FaultyKeyError, Problem, Table

T = TypeVar("T", bound=Table)


def half_known(data: Mapping[str, Any], faulty: Iterable[Location]) -> Problem:
    """The problem as it stands in the file (numbers as they are written), without the keys at the faulty locations."""
    exact = set(faulty)
    touched = {location[:length] for location in exact for length in range(1, len(location) + 1)}
    return _table(Problem, data, (), exact, touched)


def _table(kind: type[T], value: object, location: Location, exact: set[Location], touched: set[Location]) -> T:
    values = value if isinstance(value, Mapping) else {}
    known: dict[str, Any] = {}
    faulty = set()
    for key, field in kind.model_fields.items():
        here = (*location, key)
        if not isinstance(value, Mapping) or here in exact:
            faulty.add(key)
        elif key in values:
            inner = _table_of(field.annotation)
            if inner is not None and isinstance(values[key], list):
                known[key] = [_table(inner, v, (*here, i), exact, touched) for i, v in enumerate(values[key])]
            elif inner is not None:
                known[key] = _table(inner, values[key], here, exact, touched)
            elif here in touched:
                faulty.add(key)
            else:
                known[key] = values[key]
    table = cast(T, kind.model_construct(**known))
    for key in faulty:
        table.__dict__.pop(key, None)  # neither a value nor a default: reading it raises
    return table


def _table_of(annotation: Any) -> type[Table] | None:
    """The table inside `Table`, `list[Table]`, `Table | None` or `Annotated[...]`; None where there is none."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return annotation if issubclass(annotation, Table) else None
    if get_origin(annotation) in (Union, types.UnionType, list, Annotated):
        return next((table for inner in get_args(annotation) if (table := _table_of(inner)) is not None), None)
    return None


def entries(problem: Problem, key: str) -> list[Any]:
    """The tables of a list of tables; none where the list itself is at fault."""
    known: list[Any] = if_known(problem, key) or []
    return known


def if_known(table: Table, key: str) -> Any:
    """A key's value, None where it is at fault."""
    try:
        return getattr(table, key)
    except FaultyKeyError:
        return None


def as_far_as_known(faults: Iterator[Fault]) -> list[Fault]:
    """What a check finds before it needs a key that is at fault."""
    found = []
    try:
        for fault in faults:
            found.append(fault)
    except FaultyKeyError:
        pass
    return found
