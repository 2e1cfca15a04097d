"""What every table of a problem file is made of: the table itself, types of keys with their units and ranges, and bounds.

A bound stands for a typing error, or for more than numbers or memory can hold, where nothing else bounds a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field

MAX_DRIVERS = 256
MAX_TAPS = 65_536
MAX_FREQUENCIES = 65_537
MIN_AZIMUTH_STEP_DEG = 0.1
MAX_DISPLACEMENTS = 1_000
MAX_DRAWS = 100_000
MAX_SECTIONS = 64
MAX_DISTANCE_M = 10_000.0
MAX_ORDER = 60
MAX_ROOM_M = 100.0
MIN_HEAD_RADIUS_M = 0.001
MAX_HEAD_RADIUS_M = 0.5
MAX_HZ = 1_000_000.0
MAX_GATE_MS = 10_000.0
MAX_SPREAD_DB = 20.0
MAX_SPREAD_DEG = 180.0
MAX_WEIGHT = 1e6
"""Of pre-ringing or a tail, beside what is heard: 60 dB of power."""
MAX_DESIGNS = 64
MAX_HEADS = 64
MAX_POINTS = 1_000
"""Of a curve, mask lines, nulls, or regions."""
MAX_EXACT = 16
"""Frequencies whose responses are exact."""
MAX_OCTAVES = 8
"""Of absorption."""
MAX_SEED = 2**63 - 1

Frequency = Annotated[float, Field(ge=0, le=MAX_HZ)]
Weight = Annotated[float, Field(ge=0, le=MAX_WEIGHT)]
SpreadDecibel = Annotated[float, Field(ge=0, le=MAX_SPREAD_DB)]
SpreadDegree = Annotated[float, Field(ge=0, le=MAX_SPREAD_DEG)]
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
            """A key that the loader left out of a table because it is at fault (see `half_known.py`)."""
            if key in type(self).model_fields:
                raise FaultyKeyError(key)
            return super().__getattr__(key)

    @classmethod
    def tag(cls) -> tuple[str, str] | None:
        """The key whose one value tells a table of several kinds from the others, and that value."""
        for key, field in cls.model_fields.items():
            if get_origin(field.annotation) is Literal and len(get_args(field.annotation)) == 1:
                return key, str(get_args(field.annotation)[0])
        return None


def if_known(table: Table, key: str) -> Any:
    """A key's value, None where it is at fault."""
    try:
        return getattr(table, key)
    except FaultyKeyError:
        return None
