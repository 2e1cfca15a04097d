"""What every table of a problem file is made of: the table itself, types of keys with their units and ranges, and bounds.

A bound stands for a typing error, or for more than numbers or memory can hold, where nothing else bounds a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field

MAX_TAPS = 65_536
MAX_FREQUENCIES = 65_537
MAX_SECTIONS = 64
MAX_DISTANCE_M = 10_000.0
MAX_ORDER = 60
MIN_HEAD_RADIUS_M = 0.001
MAX_HEAD_RADIUS_M = 0.5
MAX_POINTS = 1_000
"""Of a curve, mask lines, nulls, or regions."""

Frequency = Annotated[float, Field(ge=0, le=1_000_000.0)]
Weight = Annotated[float, Field(ge=0, le=1e6)]
"""Of pre-ringing or a tail, beside what is heard: at most 60 dB of power."""
SpreadDecibel = Annotated[float, Field(ge=0, le=20.0)]
SpreadDegree = Annotated[float, Field(ge=0, le=180.0)]
Name = Annotated[str, Field(min_length=1)]
Coordinate = Annotated[float, Field(ge=-MAX_DISTANCE_M, le=MAX_DISTANCE_M)]
Point = Annotated[list[Coordinate], Field(min_length=3, max_length=3, description="x, y, z")]
Angle = Annotated[float, Field(ge=-360.0, le=360.0)]
Facing = Annotated[list[Angle], Field(min_length=2, max_length=2, description="azimuth, elevation")]
Front = Annotated[
    list[Annotated[float, Field(ge=0.01, le=10.0)]], Field(min_length=2, max_length=2, description="width, height")
]
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
            """A key that the loader left out of a table because it is at fault (see `half_known.py`).

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


def if_known(table: Table, key: str) -> Any:
    """A key's value, None where it is at fault."""
    try:
        return getattr(table, key)
    except FaultyKeyError:
        return None
