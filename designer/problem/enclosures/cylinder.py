"""A rigid cylinder without end around the z axis."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import ClassVar, Literal

from designer.errors import Fault
from designer.problem.driver import Driver
from designer.problem.enclosures.enclosure import Array, Intrusion, apart_faults
from designer.problem.enclosures.round_body import RoundBody

MAX_ELEVATION_DEG = 45.0
"""Elevation of a listener beyond which sound leaves a device by its end, which the cylinder lacks."""


class Cylinder(RoundBody):
    """Drivers on a rigid cylinder: point sources, or bent squares of the area of the driver's disc."""

    model: Literal["cylinder"] = "cylinder"

    round_in: ClassVar[int] = 2
    middle: ClassVar[tuple[str, str]] = ("z axis", "axis")
    outlines: ClassVar[tuple[str | None, str | None]] = ("circle", "strip")

    def described(self) -> str:
        """Words for `designer check`."""
        return f"{super().described()}, without ends"

    def doubts(self, centre_m: Array) -> Iterator[str]:
        """A listener far above or below: a device ends between its drivers and the ears, and the cylinder does not."""
        elevation_deg = math.degrees(math.atan2(abs(centre_m[2]), math.hypot(centre_m[0], centre_m[1])))
        if elevation_deg > MAX_ELEVATION_DEG:
            side = "above" if centre_m[2] > 0 else "below"
            yield (
                f"the listener is {elevation_deg:.0f} degrees {side} the device's origin, and the cylinder has no ends: sound that"
                ' leaves a device by its end is not modelled; use model = "mesh"'
            )

    def intrusions(self, centre_m: Array, ears_m: Array, head_radius_m: float) -> Iterator[Intrusion]:
        """Ears within the surface, or a head that the body cuts, at any height."""
        for intrusion in super().intrusions(centre_m, ears_m, head_radius_m):
            yield replace(intrusion, problem=f"{intrusion.problem}, a cylinder without ends")

    def piston_half_angle_rad(self, radius_m: float) -> float:
        """Half of the angle around the axis that the square takes up."""
        return radius_m / self.radius_m * math.sqrt(math.pi) / 2

    def size_faults(self, drivers: Mapping[int, Driver], k: float) -> Iterator[Fault]:
        """Drivers too far apart: what two radiate together takes nodes by their distance along the axis."""
        return apart_faults(drivers, k)
