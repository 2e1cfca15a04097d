"""Enclosures of a problem file: their layout's faults, the room that it takes, its outline, and how it is described.

Its physics is in the module of the same name in `designer.acoustics.enclosures`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from designer.errors import Fault
from designer.problem.driver import Driver
from designer.problem.meshes.triangles import Triangles
from designer.problem.message_codes import coded
from designer.problem.messages import number, shown
from designer.problem.table import Table, if_known

Array = NDArray[np.floating[Any]]

SURFACE_TOLERANCE_M = 1e-3
"""How far from a surface a driver may be that is to be on it."""
NEAREST_RADII = 1.01
"""How near to the centre of a sphere a point may be: nearer to its surface the sphere's series does not converge."""
MIN_MILLIMETRES_M = 10.0
"""A driver farther from the device's centre than this was written in millimetres, if metres would fit."""
MAX_DEVICE_M = 5.0
"""Size of a device from which on its places were written in another unit."""
MAX_DISC_KA = 250.0
"""Largest circumference of a flat piston in wavelengths: its near field takes about (ka)² nodes."""
MAX_APART_K = 200_000.0
"""Largest distance of two flat pistons, in wavelengths over 2π: what they radiate together takes about as many nodes."""


@dataclass(frozen=True)
class Intrusion:
    """A head that the device leaves no room for: what is wrong, what is expected, and the remedy."""

    problem: str
    expected: str
    remedy: str = "move the listener away"


VIEWS = {"above": (1, 0), "front": (1, 2), "side": (0, 2)}
"""View -> which of the axes x, y, z goes to the right, and which upwards or, from above, downwards."""


@dataclass(frozen=True)
class Outline:
    """Outline of a body: a circle, a polygon for each of its parts, an infinite strip, or a wall (an infinite line) across the front."""

    form: str  # "circle", "polygon", "strip" or "wall"
    radius_m: float = 0.0
    polygons_m: tuple[tuple[tuple[float, float], ...], ...] = ()  # in the view's axes


class Enclosure(Table):
    """Mount of the drivers."""

    silent_behind: ClassVar[bool] = False
    """Whether nothing sounds behind the plane x = 0."""
    is_solved: ClassVar[bool] = False
    """Whether its field is solved up to a highest frequency, which its device takes as an argument."""
    has_surface: ClassVar[bool] = False
    """Whether drivers are on a surface that goes all around, at azimuths and heights."""
    outlines: ClassVar[tuple[str | None, str | None]] = (None, None)
    """Form of its outline from above, and from the side and the front; None where nothing is to be seen."""

    def locate(self, folder: Path, files: Mapping[str, str]) -> None:
        """Remember the places of its data files, relative to the problem's folder; some have moved. Their faults are faults of the file."""

    @property
    def data_files(self) -> tuple[str, ...]:
        """Names of its data files, as the problem file writes them."""
        return ()

    @property
    def model_name(self) -> str:
        """The word of its `model` in a problem file."""
        tag = self.tag()
        assert tag is not None
        return tag[1]

    @property
    def half_size_m(self) -> Array:
        """How far its body goes from the origin along x, y and z (3,); 0 where it has none, or no end."""
        return np.zeros(3)

    @property
    def corners_m(self) -> Array:
        """Its corners (N, 3), which must be inside a room; none of a round body, for which `half_size_m` suffices."""
        return np.zeros((0, 3))

    @property
    def surface(self) -> Triangles | None:
        """Its triangles in the device's axes, as it is drawn; None where it has no closed surface."""
        return None

    @property
    def nearest_m(self) -> float:
        """How near to its surface its field can be computed."""
        return 0.0

    def clearance_m(self, points_m: Array) -> Array:
        """How far outside of its surface points (..., 3) are (...)."""
        return np.full(points_m.shape[:-1], np.inf)

    def extent_m(self, places_m: Array) -> float:
        """Radius around the origin (a cylinder: the axis) within which it and drivers at places (L, 3) are."""
        return float(np.linalg.norm(places_m, axis=1).max())

    def on_surface(self, place_m: Array) -> Array:
        """A driver's place (3,), put on the surface where it is within 1 mm of it."""
        return place_m

    @property
    def axis_m(self) -> tuple[float, float]:
        """Place x, y of the vertical line about which azimuths on its surface are counted."""
        return 0.0, 0.0

    def at_surface_m(self, azimuth_deg: float, height_m: float) -> Array | None:
        """The place (3,) on its surface at an azimuth about `axis_m` and a height z, the outermost; None where there is none."""
        return None

    def normal(self, driver: Driver) -> Array | None:
        """The direction (3,) in which its surface lets a driver radiate; None where the driver's own facing counts."""
        return None

    def piston_radius_m(self, driver: Driver) -> float | None:
        """Radius of a disc of a driver's area; None of a point source."""
        return driver.radius_m

    def outline(self, view: str) -> Outline | None:
        """Its outline from "above", the "front" or the "side"; a wall is seen from the front as nothing but its plane."""
        form = self.outlines[view != "above"]
        is_seen = form is not None and (form, view) != ("wall", "front")
        return Outline(form, float(self.half_size_m.max())) if form and is_seen else None

    def piston_half_angle_rad(self, radius_m: float) -> float | None:
        """Half of the angle that a piston takes up on a round surface, seen from above."""
        return None

    def described(self) -> str:
        """Words for `designer check`."""
        return self.model_name

    def place_faults(self, path: str, driver: Driver) -> Iterator[Fault]:
        """A driver that is not where drivers of this enclosure are."""
        return iter(())

    def piston_faults(self, path: str, driver: Driver) -> Iterator[Fault]:
        """A piston that this enclosure does not hold."""
        return iter(())

    @coded("mesh-group")
    def group_faults(self, path: str, driver: Driver) -> Iterator[Fault]:
        """A group of faces on a body that has none."""
        if driver.group is not None:
            actual = (
                f"got {shown(driver.group)} with enclosure.model = {shown(self.model_name)}, which has no named faces"
            )
            yield Fault(f"{path}.group", actual, 'enclosure.model = "mesh"', "give the driver a radius_m instead")

    def layout_faults(self, drivers: list[Driver]) -> Iterator[Fault]:
        """Keys of its own that do not fit the drivers."""
        return iter(())

    @coded("too-many-wavelengths")
    def size_faults(self, drivers: Mapping[int, Driver], k: float) -> Iterator[Fault]:
        """Flat pistons that are too large, or too far apart, at the highest wave number."""
        pistons = {i: driver for i, driver in drivers.items() if if_known(driver, "radius_m")}
        for i, driver in pistons.items():
            if k * driver.radius_m > MAX_DISC_KA:  # type: ignore[operator] # only pistons have a radius
                expected = f"at most {number(MAX_DISC_KA / k)} at this sample rate and speed of sound"
                remedy = "the unit is metres; leave it out for a point source"
                yield Fault(f"drivers[{i}].radius_m", f"got {shown(driver.radius_m)}", expected, remedy)
        yield from apart_faults(pistons, k)

    def solving_faults(self, highest_hz: float, speed_m_s: float, drivers: int) -> Iterator[Fault]:
        """Faults of a solution that needs more memory or time than is allowed."""
        return iter(())

    def solved(self, highest_hz: float) -> str:
        """Sentence on the highest frequency of its solution and on what holds above; empty where nothing is solved."""
        return ""

    def solving(self, highest_hz: float, speed_m_s: float, drivers: int) -> str:
        """Clause on the size of its solution."""
        return ""

    def doubts(self, centre_m: Array) -> Iterator[str]:
        """Warnings of a head's place (3,) for which the body is a poor model."""
        yield from ()

    def intrusions(self, centre_m: Array, ears_m: Array, head_radius_m: float) -> Iterator[Intrusion]:
        """A head (its centre (3,), its ears (2, 3); radius 0: two points) that is inside of the device."""
        return iter(())


@coded("too-many-wavelengths")
def apart_faults(drivers: Mapping[int, Driver], k: float) -> Iterator[Fault]:
    """Drivers too far apart at the highest wave number."""
    places = {i: if_known(driver, "position_m") for i, driver in drivers.items()}
    valid = {i: place for i, place in places.items() if place is not None}
    for i, place in valid.items():
        apart_m = math.dist(place, next(iter(valid.values())))
        if k * apart_m > MAX_APART_K:
            actual = f"got {shown(place)}, {number(apart_m)} m from the first of them"
            expected = (
                f"pistons, and drivers on a cylinder, at most {number(MAX_APART_K / k)} m apart at this sample rate and"
            )
            expected += " speed of sound"
            yield Fault(f"drivers[{i}].position_m", actual, expected, "the unit is metres; millimetres?")


def millimetres(length_m: float) -> str:
    """A length for a message, in metres from one metre on."""
    return f"{number(round(length_m * 1000, 1))} mm" if length_m < 1 else f"{number(round(length_m, 2))} m"


def in_metres(place: list[float], size_m: float = 0.0) -> str:
    """A remedy for a place that was written in millimetres, or in centimetres where these are nearer to the size of its body."""
    distance = math.hypot(*place)
    in_centimetres = size_m > 0 and distance**2 < 1e5 * size_m**2  # below the geometric mean of 100 and 1000 sizes
    unit, parts = ("centimetres", 100) if in_centimetres else ("millimetres", 1000)
    return f"{unit}? Write {shown([coordinate / parts for coordinate in place])}"


def which_ears(inside: NDArray[np.bool_]) -> str:
    """Words for the left and right ear (2,) that a condition holds for; empty for none."""
    left, right = inside
    return "both ears" if left and right else "the left ear" if left else "the right ear" if right else ""
