"""The table of `designer place`: where drivers may be, how many, and what a layout is judged by."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from designer.problem.table import Arc, Facing, Name, Point, Table

MAX_PLACED = 32
Length = Annotated[float, Field(gt=0, le=10.0)]
Count = Annotated[int, Field(ge=1, le=MAX_PLACED)]
EffortLimit = Annotated[float, Field(ge=0, le=60.0)]


class KeepOut(Table):
    """A ball that no placed driver's centre is in: a screw, a port, a display."""

    centre_m: Annotated[Point, Field(title="its centre")]
    radius_m: Annotated[Length, Field(title="its radius")]


class Placement(Table):
    """Candidate places of drivers, how many are to be placed, and the number that decides."""

    on: Literal["bar", "plane", "surface"] = Field(
        default="bar",
        description="a line from left to right, a plane (height_m across the front, or depth_m on the top), or the surface of a"
        ' "sphere", "cylinder", "box" or "mesh"',
    )
    drivers: Annotated[
        Count | Annotated[list[Count], Field(min_length=1, max_length=MAX_PLACED)],
        Field(description=f"1 to {MAX_PLACED} drivers; several numbers are all tried"),
    ]
    width_m: Length | None = Field(default=None, description="of a bar or plane, between the outermost centres")
    height_m: Annotated[float, Field(ge=0, le=10.0)] = Field(
        default=0.0, title="of a plane, or of the part of a surface that is no sphere, between the outermost centres"
    )
    depth_m: Annotated[float, Field(ge=0, le=10.0)] = Field(
        default=0.0, title="of a plane that lies on the top, between the outermost centres"
    )
    centre_m: Point = Field(default=[0.0, 0.0, 0.0], title="of the bar, plane or part of a cylinder")
    azimuth_deg: Arc = Field(default=[-180.0, 180.0], title="of a surface")
    elevation_deg: Facing = Field(default=[0.0, 0.0], description="lowest, highest", title="of a sphere's surface")
    step_m: Annotated[float, Field(ge=0.001, le=1.0)] = Field(
        default=0.02,
        title="between candidate places, at most: equal steps from the middle to both ends of a width, height, depth or arc",
    )
    spacing_m: Annotated[float, Field(ge=0, le=5.0)] = Field(
        default=0.0, title="least distance of two centres, beside that of pistons that must not overlap"
    )
    keep_outs: Annotated[list[KeepOut], Field(max_length=100)] = Field(default=[], title="where no driver is placed")
    mirror: bool = Field(default=True, title="layouts that are their own mirror image in y alone")
    like: Name | None = Field(
        default=None, title="the driver whose other keys the placed ones have; default: the first that is not fixed"
    )
    fixed: list[Name] = Field(default=[], title="drivers that stay where they are")
    free: bool = Field(default=False, title="coordinates free within the bounds, begun at the best candidates")
    objective: Name = Field(
        default="cancellation_gain_db",
        description="a curve (effort_db, white_noise_gain_db, directivity_index_db, isolation_db), a number of the comparison"
        " (mean_cancellation_gain_db), or a number of the filters (moved_head_5th_percentile_db), for which the best layouts are designed",
        title="the number that decides, of the channel that is worst off",
    )
    percentile: Annotated[float, Field(gt=0, lt=100)] = Field(
        default=5.0, title="of that number over drawn devices, moved heads and frequencies, from the worse side"
    )
    max_efforts_db: Annotated[list[EffortLimit], Field(max_length=16)] = Field(
        default=[], title="limits of effort that are all tried; default: the designs' own"
    )
    widths_m: Annotated[list[Length], Field(max_length=16)] = Field(
        default=[], title="widths between the outermost centres that are all tried; default: as wide as the bounds"
    )
    front: Annotated[
        list[Literal["drivers", "width_m", "max_effort_db", "multiply_adds_per_s"]], Field(min_length=1, max_length=4)
    ] = Field(
        default=["drivers"],
        title="what the number is traded against: the layouts that are Pareto-optimal in these are written",
    )

    @property
    def lies(self) -> bool:
        """Whether its plane is horizontal."""
        return self.on == "plane" and self.depth_m > 0

    @property
    def axes(self) -> tuple[int, int]:
        """The coordinates that differ on a bar or plane: y, and x or z."""
        return (1, 0) if self.lies else (1, 2)

    @property
    def counts(self) -> tuple[int, ...]:
        """Numbers of placed drivers that are tried, rising."""
        return (self.drivers,) if isinstance(self.drivers, int) else tuple(sorted(set(self.drivers)))
