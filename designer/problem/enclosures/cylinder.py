"""A rigid cylinder without end around the z axis."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from designer.errors import Fault
from designer.problem.driver import Driver
from designer.problem.enclosures.enclosure import apart_faults
from designer.problem.enclosures.round_body import RoundBody


class Cylinder(RoundBody):
    """Drivers on a rigid cylinder: point sources, or bent squares of the area of the driver's disc."""

    model: Literal["cylinder"] = "cylinder"

    round_in: ClassVar[int] = 2
    middle: ClassVar[tuple[str, str]] = ("z axis", "axis")
    outlines: ClassVar[tuple[str | None, str | None]] = ("circle", "strip")

    def piston_half_angle_rad(self, radius_m: float) -> float:
        """Half of the angle around the axis that the square takes up."""
        return radius_m / self.radius_m * math.sqrt(math.pi) / 2

    def size_faults(self, drivers: Mapping[int, Driver], k: float) -> Iterator[Fault]:
        """Drivers too far apart: what two radiate together takes nodes by their distance along the axis."""
        return apart_faults(drivers, k)
