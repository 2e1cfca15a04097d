"""Parts of every table of a problem file: the table itself, types of keys with their units and ranges, and bounds;
and a table without its faulty keys.

A bound stands for a typing error, or for more than numbers or memory can hold, where nothing else bounds a key.
"""

from __future__ import annotations

import types
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, TypeVar, Union, cast, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field

from designer.problem.messages import Location

MAX_TAPS = 65_536
MAX_FREQUENCIES = 65_537
MAX_SECTIONS = 64
AUTO = {"taps": 4096, "sections": 16}
"""The most that form = "auto" tries where the file names none."""
MAX_DISTANCE_M = 10_000.0
MAX_ORDER = 60
MAX_WAYS = 16
MIN_HEAD_RADIUS_M = 0.001
MAX_HEAD_RADIUS_M = 0.5
MAX_POINTS = 1_000
"""Largest number of points of a curve, mask lines, nulls, or regions."""

Frequency = Annotated[float, Field(ge=0, le=1_000_000.0)]
Weight = Annotated[float, Field(ge=0, le=1e6)]
"""Weight of pre-ringing or a tail, beside the audible error: at most 60 dB of power."""
SpreadDecibel = Annotated[float, Field(ge=0, le=20.0)]
SpreadDegree = Annotated[float, Field(ge=0, le=180.0)]
Name = Annotated[str, Field(min_length=1)]
Coordinate = Annotated[float, Field(ge=-MAX_DISTANCE_M, le=MAX_DISTANCE_M)]
Point = Annotated[list[Coordinate], Field(min_length=3, max_length=3, description="x, y, z")]
Angle = Annotated[float, Field(ge=-360.0, le=360.0)]
Facing = Annotated[list[Angle], Field(min_length=2, max_length=2, description="azimuth, elevation")]
Band = Annotated[list[Frequency], Field(min_length=2, max_length=2, description="lowest, highest")]
CurvePoint = Annotated[list[float], Field(min_length=2, max_length=2, description="frequency_hz, gain_db")]
Curve = Annotated[list[CurvePoint], Field(min_length=1, max_length=MAX_POINTS)]
Arc = Annotated[list[Angle], Field(min_length=2, max_length=2, description="from, to, counter-clockwise")]
Decibel = Annotated[float, Field(ge=-200.0, le=200.0)]


class FaultyKeyError(Exception):
    """A check asked for a key that is at fault already, and cannot go on."""


class Table(BaseModel):
    """A TOML table: unknown keys are refused, values are not coerced, NaN and infinity are refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    if not TYPE_CHECKING:  # a type checker would believe that every name is a key

        def __getattr__(self, key: str) -> Any:
            """A key that the loader left out of a table because it is at fault (see `half_known`).

            A table whose kind is at fault is of the class that the kinds share: it lacks what any of these has.
            """
            if key in type(self)._keys_of_kinds():
                raise FaultyKeyError(key)
            return super().__getattr__(key)

    tag_key: ClassVar[str] = ""
    """The key that tells a table of several kinds from the others; by default the one that has one value."""

    @classmethod
    def _keys_of_kinds(cls) -> set[str]:
        return {*cls.model_fields, *cls.__class_vars__}.union(*(kind._keys_of_kinds() for kind in cls.__subclasses__()))

    @classmethod
    def tags(cls) -> list[tuple[str, str]]:
        """The key whose value tells a table of several kinds from the others, with each value that this kind may have."""
        for key, field in cls.model_fields.items():
            words = get_args(field.annotation) if get_origin(field.annotation) is Literal else ()
            if key == cls.tag_key or len(words) == 1:
                return [(key, str(word)) for word in words]
        return []

    @classmethod
    def tag(cls) -> tuple[str, str] | None:
        """The first of these."""
        return next(iter(cls.tags()), None)


T = TypeVar("T", bound=Table)
_Item = TypeVar("_Item")


def if_known(table: Table, key: str) -> Any:
    """A key's value, None where it is at fault."""
    try:
        return getattr(table, key)
    except FaultyKeyError:
        return None


def half_known(kind: type[T], data: Mapping[str, Any], faulty: Iterable[Location]) -> T:
    """A table as it stands in the file (numbers as they are written), without the keys at the faulty locations.

    All faults of a file are listed at once: reading a faulty key ends the check that asked for it, and no other.
    """
    exact = set(faulty)
    touched = {location[:length] for location in exact for length in range(1, len(location) + 1)}
    return _table(kind, data, (), exact, touched)


def _table(kind: type[T], value: object, location: Location, exact: set[Location], touched: set[Location]) -> T:
    values = value if isinstance(value, Mapping) else {}
    valid: dict[str, Any] = {}
    faulty = set()
    for key, field in kind.model_fields.items():
        place = (*location, key)
        if not isinstance(value, Mapping) or place in exact:
            faulty.add(key)
        elif key in values:
            kinds = _tables_of(field.annotation)
            if kinds and isinstance(values[key], list):
                valid[key] = [
                    _one_of(kinds, v, (*place, n), exact, touched)
                    or _table(_shared(kinds), v, (*place, n), exact, touched)
                    for n, v in enumerate(values[key])
                ]
            elif kinds:
                table_of_it = _one_of(kinds, values[key], place, exact, touched)
                if table_of_it is None:
                    faulty.add(key)
                else:
                    valid[key] = table_of_it
            elif place in touched:
                faulty.add(key)
            else:
                valid[key] = values[key]
    table = cast(T, kind.model_construct(**valid))
    for key in faulty & vars(table).keys():
        object.__delattr__(table, key)  # neither a value nor a default: reading it raises
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


def entries(table: Table, key: str) -> list[Any]:
    """The tables of a list of tables; none where the list itself is at fault."""
    items: list[Any] = if_known(table, key) or []
    return items


def as_far_as_known(items: Iterator[_Item]) -> list[_Item]:
    """Faults that a check yields, or checks, before it needs a key that is at fault."""
    values = []
    try:
        for item in items:
            values.append(item)
    except FaultyKeyError:
        pass
    return values
