"""One of the file's `[[drivers]]`: where it is, how large, its band, and the measured response that stands for it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from designer.problem.table import MAX_POINTS, Band, Decibel, Facing, Name, Point, Table


class Driver(Table):
    """One loudspeaker driver; a point source without `radius_m`."""

    name: Annotated[Name, Field(title="what designs call it")]
    position_m: Annotated[Point, Field(title="place of its centre")]
    facing_deg: Facing = Field(default=[0.0, 0.0], title="direction of its axis")
    radius_m: Annotated[float, Field(gt=0, le=1.0)] | None = Field(
        default=None, title="of its piston; without it a point source"
    )
    group: Name | None = Field(
        default=None, title="name of the group of faces in the mesh's file that move as its cone; in place of radius_m"
    )
    band_hz: Band | None = Field(default=None, title="usable range: outside it the driver is to stay quiet")
    max_gain_db: Decibel | None = Field(
        default=None, title="largest gain of its filter; 0 dB feeds the channel as it is"
    )
    response: Name | None = Field(
        default=None, title="measured response in place of the model: SOFA, an .frd set, or WAVs of impulse responses"
    )
    gate_ms: Annotated[float, Field(gt=0, le=10_000.0)] | None = Field(default=None, title="window of its response")
    response_distance_m: Annotated[float, Field(gt=0, le=10_000.0)] | None = Field(
        default=None, description="where the response was measured, if its file does not say"
    )
    response_clockwise: bool = Field(
        default=False, description="horizontal angles of the response count clockwise seen from above"
    )
    response_turned_about: Literal["driver", "device"] | Point = Field(
        default="driver",
        description='what was turned in front of the microphone: the "driver" about its own place, the whole "device" about'
        " its origin, or the device about a point x, y, z; angles are then the device's",
    )
    response_time: Literal["auto", "shared", "own"] = Field(
        default="auto",
        description='whether its files share a time reference with the other drivers\': "shared", "own", or what they say'
        " themselves",
    )
    response_angles: Name | Annotated[list[Facing], Field(max_length=MAX_POINTS)] | None = Field(
        default=None, description='where its names hold angles, as "woofer_{azimuth}_*", or [azimuth, elevation] a file'
    )
    response_channel: Annotated[int, Field(ge=1)] | None = Field(default=None, description="of its sound files, from 1")
