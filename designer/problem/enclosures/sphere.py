"""A rigid sphere around the origin."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from designer.errors import Fault
from designer.problem.driver import Driver
from designer.problem.enclosures.round_body import RoundBody
from designer.problem.meshes.mirrors import MirroredPart
from designer.problem.meshes.rounded_box import rounded_octant
from designer.problem.meshes.triangles import Triangles

DRAWN_STEPS = 5
"""Steps of a radius' length as which it is drawn."""


class Sphere(RoundBody):
    """Drivers on a rigid sphere: point sources, or caps whose rim has the driver's radius."""

    model: Literal["sphere"] = "sphere"

    round_in: ClassVar[int] = 3
    middle: ClassVar[tuple[str, str]] = ("origin", "centre")
    outlines: ClassVar[tuple[str | None, str | None]] = ("circle", "circle")

    @property
    def surface(self) -> Triangles:
        """Its triangles."""
        return MirroredPart(
            rounded_octant([0.0, 0.0, 0.0], self.radius_m, self.radius_m / DRAWN_STEPS), (0, 1, 2)
        ).whole

    def piston_half_angle_rad(self, radius_m: float) -> float:
        """Half angle of a cap with that rim."""
        return math.asin(min(radius_m / self.radius_m, 1.0))

    def size_faults(self, drivers: Mapping[int, Driver], k: float) -> Iterator[Fault]:
        """None: a cap is a factor of each term of the sphere's series."""
        return iter(())
