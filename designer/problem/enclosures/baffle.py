"""A rigid plane without end at x = 0."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar, Literal

import numpy as np

from designer.errors import Fault
from designer.problem.driver import Driver
from designer.problem.enclosures.enclosure import (
    SURFACE_TOLERANCE_M,
    Array,
    Enclosure,
    Intrusion,
    millimetres,
    which_ears,
)
from designer.problem.message_codes import coded
from designer.problem.messages import shown


class Baffle(Enclosure):
    """Drivers in a wall: point sources, or round pistons in its plane; behind it is silence."""

    model: Literal["baffle"] = "baffle"

    silent_behind: ClassVar[bool] = True
    outlines: ClassVar[tuple[str | None, str | None]] = ("wall", "wall")

    def clearance_m(self, points_m: Array) -> Array:
        """How far before the plane points (..., 3) are (...)."""
        return np.asarray(points_m[..., 0])

    def normal(self, driver: Driver) -> Array:
        """Along x."""
        return np.array([1.0, 0.0, 0.0])

    @coded("driver-off-surface")
    def place_faults(self, path: str, driver: Driver) -> Iterator[Fault]:
        """A driver off the plane."""
        x = driver.position_m[0]
        if abs(x) > SURFACE_TOLERANCE_M:
            side = "before" if x > 0 else "behind"
            actual = f"got {shown(driver.position_m)}, {millimetres(abs(x))} {side} the baffle"
            expected = "x = 0, the plane of the baffle, within 1 mm"
            yield Fault(f"{path}.position_m", actual, expected, "move the driver to x = 0")

    @coded("piston-misfit")
    def piston_faults(self, path: str, driver: Driver) -> Iterator[Fault]:
        """A piston lies in the plane: tilted, half of it would radiate from behind a rigid wall."""
        if driver.radius_m is None or driver.response is not None:
            return
        azimuth, elevation = np.radians(driver.facing_deg)
        ahead = float(np.cos(azimuth) * np.cos(elevation))
        depth_m = driver.radius_m * float(np.sqrt(max(1 - ahead**2, 0.0)))
        if ahead > 0 and depth_m <= SURFACE_TOLERANCE_M:
            return
        how = (
            f"a piston tilted {millimetres(depth_m)} through the baffle"
            if ahead > -1 + 1e-9
            else "a piston that faces into the baffle"
        )
        expected = f"[0, 0], the direction in which the baffle faces, its edge within {millimetres(SURFACE_TOLERANCE_M)} of the plane"
        remedy = 'let the driver face the front, leave radius_m out for a point source, or set enclosure.model = "free-field"'
        yield Fault(f"{path}.facing_deg", f"got {shown(driver.facing_deg)}, {how}", expected, remedy)

    def intrusions(self, centre_m: Array, ears_m: Array, head_radius_m: float) -> Iterator[Intrusion]:
        """Ears on or behind the plane."""
        behind = which_ears(self.clearance_m(ears_m) <= 0)
        if behind:
            yield Intrusion(f"puts {behind} on or behind the baffle", "ears at x > 0", "move the listener to the front")
