"""A body with a radius around the origin or around the z axis, with the drivers on its surface."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from designer.errors import Fault
from designer.problem.driver import Driver
from designer.problem.enclosures.enclosure import (
    MAX_DEVICE_M,
    NEAREST_RADII,
    SURFACE_TOLERANCE_M,
    Array,
    Enclosure,
    Intrusion,
    in_metres,
    millimetres,
    which_ears,
)
from designer.problem.message_codes import coded
from designer.problem.messages import number, shown
from designer.problem.table import if_known


class RoundBody(Enclosure):
    """Base of sphere and cylinder: the distance from the centre or axis by a place's first coordinates."""

    radius_m: Annotated[float, Field(ge=0.001, le=10.0, title="of the body")] = 0.0875

    has_surface: ClassVar[bool] = True
    round_in: ClassVar[int]
    """How many of a place's coordinates make its distance from the middle."""
    middle: ClassVar[tuple[str, str]]
    """Origin of the distance: in the device's axes, and of the device."""

    def _from_middle_m(self, points_m: Array) -> Array:
        return np.asarray(np.linalg.norm(points_m[..., : self.round_in], axis=-1))

    @property
    def half_size_m(self) -> Array:
        """Its radius along each coordinate in which it is round (3,)."""
        return np.where(np.arange(3) < self.round_in, self.radius_m, 0.0)

    @property
    def nearest_m(self) -> float:
        """How near to its surface its series converges."""
        return (NEAREST_RADII - 1) * self.radius_m

    def clearance_m(self, points_m: Array) -> Array:
        """Distance from its surface (...) of points (..., 3); negative inside."""
        return np.asarray(self._from_middle_m(points_m) - self.radius_m)

    def extent_m(self, places_m: Array) -> float:
        """Radius within which its field cannot be computed: what stands off the surface is a fault of its own."""
        return NEAREST_RADII * self.radius_m

    def on_surface(self, place_m: Array) -> Array:
        """A driver's place (3,), put on the surface where it is within 1 mm of it."""
        place, radius_m = np.array(place_m, dtype=float), if_known(self, "radius_m")
        distance_m = float(self._from_middle_m(place))
        if radius_m is not None and distance_m > 0 and 0 < abs(distance_m - radius_m) <= SURFACE_TOLERANCE_M:
            place[: self.round_in] *= radius_m / distance_m
        return place

    def at_surface_m(self, azimuth_deg: float, height_m: float) -> Array | None:
        """The place (3,) on the surface at an azimuth and a height z; None where it does not go so high."""
        across_m = math.sqrt(max(self.radius_m**2 - (height_m**2 if self.round_in > 2 else 0.0), 0.0))
        if self.round_in > 2 and abs(height_m) > self.radius_m:
            return None
        angle = math.radians(azimuth_deg)
        return np.array([across_m * math.cos(angle), across_m * math.sin(angle), height_m])

    def normal(self, driver: Driver) -> Array:
        """Away from the centre or the axis."""
        away = np.where(np.arange(3) < self.round_in, driver.position_m, 0.0)
        return np.asarray(away / max(float(np.linalg.norm(away)), 1e-12))

    def described(self) -> str:
        """Words for `designer check`."""
        return f"{self.model_name}, radius {number(self.radius_m)} m"

    @coded("driver-off-surface")
    def place_faults(self, path: str, driver: Driver) -> Iterator[Fault]:
        """A driver off the surface."""
        place = driver.position_m
        distance_m = float(self._from_middle_m(np.array(place, dtype=float)))
        depth_m = self.radius_m - distance_m
        if abs(depth_m) > SURFACE_TOLERANCE_M:
            side = "inside" if depth_m > 0 else "outside"
            actual = f"got {shown(place)}, {millimetres(abs(depth_m))} {side} the {self.model_name}"
            expected = f"{number(self.radius_m)} m (enclosure.radius_m) from the {self.middle[0]}, within 1 mm"
            other = f", or set enclosure.radius_m = {number(distance_m)}" if distance_m > 0 else ""
            remedy = (
                in_metres(place, self.radius_m)
                if distance_m > MAX_DEVICE_M
                else f"move the driver to the surface{other}"
            )
            yield Fault(f"{path}.position_m", actual, expected, remedy)

    @coded("piston-misfit")
    def piston_faults(self, path: str, driver: Driver) -> Iterator[Fault]:
        """A piston as large as the body."""
        if driver.radius_m is not None and driver.radius_m >= self.radius_m:
            expected = f"less than {number(self.radius_m)}, enclosure.radius_m"
            yield Fault(f"{path}.radius_m", f"got {shown(driver.radius_m)}", expected, "make the driver smaller")

    def intrusions(self, centre_m: Array, ears_m: Array, head_radius_m: float) -> Iterator[Intrusion]:
        """Ears within the surface, or a head that the body cuts."""
        middle = self.middle[1]
        clear_m = self.clearance_m(ears_m)
        inside = which_ears(clear_m < self.nearest_m)
        together_m = self.radius_m + head_radius_m
        distance_m = float(self._from_middle_m(centre_m))
        if inside:
            expected = f"ears at least {number(NEAREST_RADII * self.radius_m)} m from the device's {middle}"
            how = "inside" if clear_m.min() < 0 else "at the surface of"
            yield Intrusion(f"puts {inside} {how} the device", expected)
        elif head_radius_m and distance_m < together_m:
            expected = f"a head's centre more than {number(together_m)} m from the device's {middle}"
            yield Intrusion(f"puts the head {millimetres(together_m - distance_m)} into the device", expected)
