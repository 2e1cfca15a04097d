"""Types of a driver's keys that say how its response was measured."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

ResponseDistance = Annotated[
    Annotated[float, Field(gt=0, le=10_000.0)] | None,
    Field(description="where the response was measured, if its file does not say"),
]
TurningPoint = Annotated[
    list[Annotated[float, Field(ge=-10_000.0, le=10_000.0)]],
    Field(min_length=3, max_length=3, description="x, y, z"),
]
ResponseTurnedAbout = Annotated[
    Literal["driver", "device"] | TurningPoint,
    Field(
        description='what was turned in front of the microphone: the "driver" about its own place, the whole "device" about'
        " its origin, or the device about a point x, y, z; angles are then the device's"
    ),
]
ResponseTime = Annotated[
    Literal["auto", "shared", "own"],
    Field(
        description='whether its files share a time reference with the other drivers\': "shared", "own", or what they say'
        " themselves"
    ),
]
