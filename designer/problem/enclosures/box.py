"""A rigid box with drivers on its faces, whose field is solved up to a highest frequency: of sharp edges on a grid of rectangles, of
rounded edges as a mesh.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from designer.errors import Fault
from designer.problem.driver import Driver
from designer.problem.enclosures.enclosure import (
    MAX_DEVICE_M,
    SURFACE_TOLERANCE_M,
    Array,
    in_metres,
    millimetres,
)
from designer.problem.enclosures.mesh import FREQUENCIES_A_TURN, longest_m, triangles_effort
from designer.problem.enclosures.solved_body import SNAPPED_M, Effort, SolvedBody, frequencies_solved
from designer.problem.meshes.mirrors import MirroredPart
from designer.problem.meshes.rounded_box import rounded_count, rounded_octant
from designer.problem.meshes.triangles import Triangles
from designer.problem.message_codes import coded
from designer.problem.messages import number, shown
from designer.problem.table import FaultyKeyError, Point, if_known

FEWEST_A_WAVE, MOST_A_WAVE = 6, 10
"""Rectangles along the shortest wave that is solved. With six, a monopole's field is right within 0.5 dB and 3 degrees, and at that wave a
driver on a narrow end, behind a small box, is up to 1.9 dB off where it is 20 dB below the loudest (with ten 0.6 dB).
"""
MAX_FINE = 900
"""Rectangles of an octant up to which more than the fewest are used: such a frequency takes less than half a CPU second."""
STEPS_OF_THINNEST, FEWEST_STEPS = 3, 8
"""No rectangle is longer than this share of the thinnest side, and no side has fewer: rectangles of like sides converge evenly."""
THIN_STEP_M = 0.005
"""Length down to which the thinnest side shortens the rectangles: a plate of 5 mm is then within 0.6 dB of one with thirds."""
CUBE_S, SQUARE_S, LEAST_S = 2.4e-10, 2e-7, 0.015
"""CPU seconds of one frequency: for each cube and square of the octant's number of rectangles, and the constant part."""
DRIVER_S, DRIVERS_RECTANGLE_S = 1e-3, 4e-6
"""CPU seconds of one frequency for a driver, and for each rectangle of the octant and driver."""
DRAWN_STEPS = 4
"""Steps of a radius' length as which rounded edges are drawn."""
MIN_EDGE_RADIUS_M = 0.002
"""Radius of edges below which they are as good as sharp, a ninth of a wave at 20 kHz, and triangles as small take minutes."""
SIDE_OF_LONGEST = 1.25
"""Ratio of a mesh's longest edge and the sides of equal triangles beside their right angle."""
FACE_NAMES = {
    (0, 1): "front",
    (0, -1): "back",
    (1, 1): "side at +y",
    (1, -1): "side at -y",
    (2, 1): "top",
    (2, -1): "bottom",
}

Side = Annotated[float, Field(ge=0.005, le=10.0)]


class Box(SolvedBody):
    """Drivers on the faces of a rigid box: point sources, or rigid pistons that face along the face's normal."""

    model: Literal["box"] = "box"
    size_m: Annotated[
        list[Side],
        Field(min_length=3, max_length=3, description="depth, width, height", title="of the box, along x, y and z"),
    ]
    centre_m: Point = Field(default=[0.0, 0.0, 0.0], title="of the box, from the device's origin")
    edge_radius_m: Annotated[float, Field(ge=0, le=5.0)] = Field(
        default=0.0, title="of all edges, which are rounded; drivers are on the flat parts of the faces"
    )
    size_key: ClassVar[str] = "size_m"

    @property
    def half_size_m(self) -> Array:
        """Its largest extents from the origin along x, y and z (3,)."""
        return np.asarray(np.abs(np.array(self.centre_m)) + np.array(self.size_m) / 2)

    @property
    def flat_m(self) -> Array:
        """Half of the faces' flat parts along x, y and z (3,)."""
        flat_m = np.array(self.size_m) / 2 - self.edge_radius_m
        if not self.edge_radius_m or (self.edge_radius_m >= MIN_EDGE_RADIUS_M and (flat_m > -1e-9).all()):
            return np.asarray(np.maximum(flat_m, 0.0))
        raise FaultyKeyError("edge_radius_m")

    @coded("edge-radius")
    def layout_faults(self, drivers: list[Driver]) -> Iterator[Fault]:
        """A radius of the edges that no box of its size has."""
        most_m = min(self.size_m) / 2
        if self.edge_radius_m and not MIN_EDGE_RADIUS_M <= self.edge_radius_m <= most_m + 1e-9:
            expected = (
                f"0, or {number(MIN_EDGE_RADIUS_M)} to {number(most_m)}, half of the smallest side of enclosure.size_m"
            )
            small = self.edge_radius_m < most_m
            remedy = (
                "leave it out: so small a radius radiates as a sharp edge does"
                if small
                else "make it smaller, or the box larger"
            )
            yield Fault("enclosure.edge_radius_m", f"got {shown(self.edge_radius_m)}", expected, remedy)

    @property
    def half_diagonal_m(self) -> float:
        """Radius of the sphere around its centre that holds it."""
        return float(np.linalg.norm(self.flat_m)) + self.edge_radius_m

    def octant(self, longest_m: float) -> Triangles:
        """An eighth of the box with rounded edges around the origin, with no triangle's side longer than a length."""
        return rounded_octant(self.flat_m.tolist(), self.edge_radius_m, longest_m)

    @property
    def surface(self) -> Triangles:
        """Its triangles, as it is drawn."""
        side_m = self.edge_radius_m / DRAWN_STEPS or math.inf
        whole = MirroredPart(
            rounded_octant(self.flat_m.tolist(), self.edge_radius_m, math.inf, side_m), (0, 1, 2)
        ).whole
        return Triangles(whole.vertices_m + np.array(self.centre_m), whole.faces)

    @property
    def corners_m(self) -> Array:
        """Its vertices (V, 3)."""
        return self.surface.vertices_m

    def clearance_m(self, points_m: Array) -> Array:
        """Distance from its surface (...) of points (..., 3); negative inside."""
        beyond_m = np.abs(points_m - np.array(self.centre_m)) - self.flat_m
        outside_m = np.linalg.norm(np.maximum(beyond_m, 0.0), axis=-1)
        return np.asarray(np.where(outside_m > 0, outside_m, beyond_m.max(axis=-1)) - self.edge_radius_m)

    def extent_m(self, places_m: Array) -> float:
        """Radius of the sphere around the origin that holds it."""
        return float(np.linalg.norm(self.half_size_m))

    def face_of(self, driver: Driver) -> tuple[int, int]:
        """Face of a driver: the axis that it is perpendicular to, and its side (1, -1); at an edge the face that its axis leaves."""
        way_m = np.array(driver.position_m, dtype=float) - np.array(self.centre_m)
        off_m = self._off_m(way_m)
        near = np.flatnonzero(off_m <= max(SNAPPED_M, float(off_m.min()) + 1e-9))
        sides = np.where(way_m < 0, -1, 1)
        azimuth, elevation = np.radians(if_known(driver, "facing_deg") or [0.0, 0.0])
        along = (
            np.array([np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)])
            * sides
        )
        axis = int(max(near, key=lambda a: (along[a], -off_m[a])))
        return axis, int(sides[axis])

    def _off_m(self, way_m: Array) -> Array:
        """Distance of a place from the flat part of the nearer face of each pair (3,)."""
        half = np.array(self.size_m) / 2
        beside = np.maximum(np.abs(way_m) - self.flat_m, 0.0)
        others = np.array([np.linalg.norm(np.delete(beside, axis)) for axis in range(3)])
        return np.asarray(np.hypot(np.abs(np.abs(way_m) - half), others))

    def on_face(self, driver: Driver) -> Array:
        """A driver's place (3,), in the plane of its face."""
        place = np.array(driver.position_m, dtype=float)
        axis, side = self.face_of(driver)
        place[axis] = self.centre_m[axis] + side * self.size_m[axis] / 2
        return place

    def on_surface(self, place_m: Array) -> Array:
        """Place of a driver (3,), moved onto the nearest face if it is within 2 mm of it."""
        place, size_m = np.array(place_m, dtype=float), if_known(self, "size_m")
        if any(if_known(self, key) is None for key in ("size_m", "centre_m", "flat_m")):
            return place
        way_m = place - np.array(self.centre_m)
        off_m = self._off_m(way_m)
        axis = int(off_m.argmin())
        if off_m[axis] <= SNAPPED_M:
            place[axis] = self.centre_m[axis] + math.copysign(size_m[axis] / 2, way_m[axis])
        return place

    def normal(self, driver: Driver) -> Array:
        """Outward normal of its face (3,)."""
        axis, side = self.face_of(driver)
        return np.where(np.arange(3) == axis, float(side), 0.0)

    def described(self) -> str:
        """Line of `designer check`."""
        sides = " x ".join(number(side) for side in self.size_m)
        edges = f", its edges rounded by {millimetres(self.edge_radius_m)}" if self.edge_radius_m else ""
        centre = f", centred at {shown(self.centre_m)}" if any(self.centre_m) else ""
        return f"{self.model_name}, {sides} m deep, wide and high{edges}{centre}"

    @coded("driver-off-surface")
    def place_faults(self, path: str, driver: Driver) -> Iterator[Fault]:
        """A driver off the surface."""
        place = driver.position_m
        axis, side = self.face_of(driver)
        way_m = np.array(place, dtype=float) - np.array(self.centre_m)
        off_m = float(self._off_m(way_m)[axis])
        if off_m > SNAPPED_M:
            clear_m = float(self.clearance_m(np.array(place, dtype=float)))
            where = f"{'inside' if clear_m < 0 else 'outside'} the {self.model_name}"
            if self.edge_radius_m and abs(clear_m) <= SNAPPED_M:
                where = f"from the flat part of its {FACE_NAMES[axis, side]}"
            actual = f"got {shown(place)}, {millimetres(off_m)} {where}"
            nearest = (np.array(self.centre_m) + np.clip(way_m, -self.flat_m, self.flat_m)).tolist()
            nearest[axis] = self.centre_m[axis] + side * self.size_m[axis] / 2
            faces = (
                f"the flat part of one of its faces (enclosure.size_m less {millimetres(self.edge_radius_m)} of enclosure.edge_radius_m at"
                " each edge)"
                if self.edge_radius_m
                else "one of its faces (enclosure.size_m)"
            )
            expected = f"a place on {faces}, within {millimetres(SNAPPED_M)}"
            remedy = (
                f"the nearest place is {shown([round(x, 6) + 0.0 for x in nearest])}, on its {FACE_NAMES[axis, side]}"
            )
            far = math.dist(place, (0, 0, 0)) > MAX_DEVICE_M
            yield Fault(
                f"{path}.position_m", actual, expected, in_metres(place, max(self.size_m) / 2) if far else remedy
            )

    @coded("piston-misfit")
    def piston_faults(self, path: str, driver: Driver) -> Iterator[Fault]:
        """A piston beyond its face's edges, or a point source on one."""
        if any(self.place_faults(path, driver)):
            return
        axis, side = self.face_of(driver)
        way_m = np.abs(np.array(driver.position_m, dtype=float) - np.array(self.centre_m))
        free_m = min(float(self.flat_m[a] - way_m[a]) for a in range(3) if a != axis)
        name = f"{'flat part of the ' if self.edge_radius_m else ''}{FACE_NAMES[axis, side]}"
        if driver.radius_m is None:
            if free_m < SURFACE_TOLERANCE_M:
                actual = f"got {shown(driver.position_m)}, a point source on an edge of the {name}"
                expected = f"places {millimetres(SURFACE_TOLERANCE_M)} or more from the face's edges"
                yield Fault(f"{path}.position_m", actual, expected, "move the driver inwards")
        elif driver.radius_m > free_m + 1e-9:
            expected = f"at most {number(max(round(free_m, 6), 0.0))}, the distance from its centre to the nearest edge of the {name}"
            yield Fault(
                f"{path}.radius_m",
                f"got {shown(driver.radius_m)}",
                expected,
                "make the driver smaller, or move it inwards",
            )

    def effort(self, highest_k: float, drivers: int) -> Effort:
        """Size of the solution up to a wave number, rad/m."""
        if self.edge_radius_m:
            part = rounded_count(self.flat_m.tolist(), self.edge_radius_m, side_m(highest_k))
            frequencies = frequencies_solved(2 * self.half_diagonal_m, highest_k, FREQUENCIES_A_TURN)
            return triangles_effort(part, 8, frequencies, drivers)
        counts = steps(self.size_m, highest_k)
        octant = octant_of(counts)
        frequencies = frequencies_solved(math.hypot(*self.size_m), highest_k)
        seconds = CUBE_S * octant**3 + SQUARE_S * octant**2 + LEAST_S
        seconds += drivers * (DRIVER_S + DRIVERS_RECTANGLE_S * octant)
        size = 3e8 + 8.0 * (3 * octant**2 + 3 * 16 * frequencies * octant * drivers) + 16.0 * 30 * math.prod(counts)
        return Effort(8 * octant, "rectangles", frequencies, frequencies * seconds / 60, size)


def side_m(highest_k: float) -> float:
    """Longest side of a triangle of rounded edges, beside its right angle, for waves up to a wave number, rad/m."""
    return longest_m(highest_k) / SIDE_OF_LONGEST


def steps(size_m: list[float], highest_k: float, coarseness: float = 1.0) -> tuple[int, int, int]:
    """Rectangles along x, y and z, even: as many a wave, up to MOST_A_WAVE, as an octant of MAX_FINE has; of a coarse solution the fewest,
    and these `coarseness` times as long.
    """
    for a_wave in range(MOST_A_WAVE, FEWEST_A_WAVE, -1) if coarseness == 1 else ():
        counts = steps_a_wave(size_m, highest_k, a_wave)
        if octant_of(counts) <= MAX_FINE:
            return counts
    return steps_a_wave(size_m, highest_k, FEWEST_A_WAVE, coarseness)


def steps_a_wave(size_m: list[float], highest_k: float, a_wave: float, coarseness: float = 1.0) -> tuple[int, int, int]:
    """Rectangles along x, y and z, even, with a number of them along the shortest wave."""
    thin_m = max(min(size_m) / STEPS_OF_THINNEST, THIN_STEP_M)
    longest_m = coarseness * min(2 * math.pi / max(highest_k, 1e-9) / a_wave, thin_m)
    x, y, z = (max(FEWEST_STEPS, 2 * math.ceil(side / longest_m / 2 - 1e-9)) for side in size_m)
    return x, y, z


def octant_of(counts: tuple[int, int, int]) -> int:
    """Rectangles of an octant."""
    x, y, z = counts
    return (x * y + y * z + z * x) // 4
