"""A problem without its faulty keys, so that the rest can still be checked and all faults of a file are listed at once.

Reading a faulty key raises `FaultyKeyError`, which ends the check that asked for it, and no other.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Annotated, Any, TypeVar, Union, cast, get_args, get_origin

from designer.errors import Fault
from designer.problem.messages import Location
from designer.problem.schema import Problem
from designer.problem.table import FaultyKeyError, Table, if_known

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
            kinds = _tables_of(field.annotation)
            if kinds and isinstance(values[key], list):
                known[key] = [
                    _one_of(kinds, v, (*here, n), exact, touched)
                    or _table(_shared(kinds), v, (*here, n), exact, touched)
                    for n, v in enumerate(values[key])
                ]
            elif kinds:
                table_of_it = _one_of(kinds, values[key], here, exact, touched)
                if table_of_it is None:
                    faulty.add(key)
                else:
                    known[key] = table_of_it
            elif here in touched:
                faulty.add(key)
            else:
                known[key] = values[key]
    table = cast(T, kind.model_construct(**known))
    for key in faulty:
        table.__dict__.pop(key, None)  # neither a value nor a default: reading it raises
    return table


def _one_of(
    kinds: list[type[Table]], value: object, location: Location, exact: set[Location], touched: set[Location]
) -> Table | None:
    """The table of the kind that its tag names; where there is none, of the default kind; None where the tag names none."""
    kind: type[Table] | None = kinds[0]
    if len(kinds) > 1 and isinstance(value, Mapping):
        tags = {tag: kind for kind in kinds for tag in kind.tags()}
        key = next(iter(tags))[0]
        if key in value or (*location, key) in exact:
            word = value.get(key)
            kind = tags.get((key, word)) if isinstance(word, str) else None
    return None if kind is None else _table(kind, value, location, exact, touched)


def _shared(kinds: list[type[Table]]) -> type[Table]:
    """The class that all kinds are of."""
    return next(base for base in kinds[0].__mro__ if all(issubclass(kind, base) for kind in kinds))


def _tables_of(annotation: Any) -> list[type[Table]]:
    """The tables inside `Table`, `list[Table]`, `Table | None` or `Annotated[...]`."""
    if isinstance(annotation, type) and get_origin(annotation) is None:
        return [annotation] if issubclass(annotation, Table) else []
    if get_origin(annotation) in (Union, types.UnionType, list, Annotated):
        return [table for inner in get_args(annotation) for table in _tables_of(inner)]
    return []


def entries(problem: Problem, key: str) -> list[Any]:
    """The tables of a list of tables; none where the list itself is at fault."""
    known: list[Any] = if_known(problem, key) or []
    return known


def as_far_as_known(faults: Iterator[Fault]) -> list[Fault]:
    """What a check finds before it needs a key that is at fault."""
    found = []
    try:
        for fault in faults:
            found.append(fault)
    except FaultyKeyError:
        pass
    return found
