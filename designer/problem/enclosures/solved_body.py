"""A rigid body with drivers on its surface, whose field is solved up to a highest frequency: effort, limits, and room for a head."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from designer.errors import Fault
from designer.problem.enclosures.enclosure import (
    VIEWS,
    Array,
    Enclosure,
    Intrusion,
    Outline,
    millimetres,
    which_ears,
)
from designer.problem.meshes.triangles import Triangles
from designer.problem.message_codes import coded
from designer.problem.messages import number, shown
from designer.problem.table import Frequency

SNAPPED_M = 2e-3
"""Largest distance from the surface of a driver that is moved onto it."""
NEAREST_M = 0.01
"""Least distance from the surface at which the field is computed: nearer, single elements show."""
FREQUENCIES_A_TURN, FREQUENCIES_BEYOND = 4, 4
"""Frequencies solved between two that differ by a turn over the diagonal, and beyond the highest."""
COARSE = 2.0
"""How much longer the elements of a coarse solution are, whose fields follow a hand."""
MAX_MINUTES, MAX_BYTES = 60.0, 8e9


@dataclass(frozen=True)
class Effort:
    """Size of a solution: elements on the surface, their name, frequencies, CPU minutes, and bytes of memory."""

    elements: int
    name: str
    frequencies: int
    minutes: float
    size: float

    @property
    def fits(self) -> bool:
        """Whether it is within MAX_MINUTES and MAX_BYTES."""
        return self.minutes <= MAX_MINUTES and self.size <= MAX_BYTES

    def __str__(self) -> str:
        """In words."""
        if self.minutes >= MAX_MINUTES:
            time = f"{math.ceil(self.minutes / 60)} CPU hours"
        else:
            time = f"{self.minutes:.0f} CPU minutes" if self.minutes >= 2 else f"{math.ceil(60 * self.minutes)} CPU s"
        memory = f"{number(round(self.size / 1e9, 1))} GB" if self.size >= 1e9 else f"{math.ceil(self.size / 1e6)} MB"
        return f"{self.elements} {self.name} at {self.frequencies} frequencies, about {time} and {memory}"


class SolvedBody(Enclosure):
    """Base of box and mesh."""

    highest_hz: Annotated[
        Frequency | None,
        Field(
            ge=100.0,
            title="up to which its field is solved; above it each driver keeps its level and delay in each direction;"
            " by default the highest end of the designs' bands, plus up to half an octave of their fades",
        ),
    ] = None

    is_solved: ClassVar[bool] = True
    has_surface: ClassVar[bool] = True
    outlines: ClassVar[tuple[str | None, str | None]] = ("polygon", "polygon")
    size_key: ClassVar[str]
    """Key of the body's size."""
    too_large: ClassVar[str] = "the unit is metres; millimetres?"
    """Remedy for a body whose solution fits at no frequency."""

    @property
    def nearest_m(self) -> float:
        """Least distance from its surface at which its field can be computed."""
        return NEAREST_M

    @property
    def surface(self) -> Triangles:
        """Its triangles in the device's axes."""
        raise NotImplementedError

    @property
    def axis_m(self) -> tuple[float, float]:
        """Middle of its bounds, x and y."""
        x, y, _ = self.surface.centre_m.tolist()
        return x, y

    def at_surface_m(self, azimuth_deg: float, height_m: float) -> Array | None:
        """The outermost place (3,) on its surface at an azimuth about `axis_m` and a height z; None where it does not go so high."""
        place_m = self.contour_m(np.array([azimuth_deg]), height_m)[0]
        return place_m if np.isfinite(place_m).all() else None

    def contour_m(self, azimuth_deg: Array, height_m: float) -> Array:
        """Outermost places (A, 3) on its surface at azimuths (A,) about `axis_m` and a height z; NaN where there is none."""
        surface, angle = self.surface, np.radians(azimuth_deg)
        begin_m = np.array([*surface.centre_m[:2], height_m])
        directions = np.stack([np.cos(angle), np.sin(angle), np.zeros(angle.size)], axis=1)
        distance_m = np.array([surface.farthest_m(begin_m, direction) for direction in directions])
        return np.asarray(begin_m + distance_m[:, None] * directions)

    def outline(self, view: str) -> Outline:
        """The convex outline of each closed surface from "above", the "front" or the "side", along the axes of VIEWS."""
        from scipy.spatial import ConvexHull

        places_m = [body.vertices_m[:, VIEWS[view]] for body in self.surface.bodies]
        corners_m = [places[ConvexHull(places).vertices].tolist() for places in places_m]
        return Outline("polygon", polygons_m=tuple(tuple((x, y) for x, y in corners) for corners in corners_m))

    def effort(self, highest_k: float, drivers: int) -> Effort:
        """Size of the solution up to a wave number, rad/m."""
        raise NotImplementedError

    def intrusions(self, centre_m: Array, ears_m: Array, head_radius_m: float) -> Iterator[Intrusion]:
        """Ears within the box, or a head that it cuts."""
        clear_m = self.clearance_m(ears_m)
        inside = which_ears(clear_m < self.nearest_m)
        head_m = float(self.clearance_m(centre_m))
        if inside:
            how = "inside" if clear_m.min() < 0 else "at the surface of"
            yield Intrusion(
                f"puts {inside} {how} the device",
                f"ears {millimetres(self.nearest_m)} or more from the {self.model_name}",
            )
        elif head_radius_m and head_m < head_radius_m:
            expected = f"a head's centre more than {number(head_radius_m)} m from the {self.model_name}"
            yield Intrusion(f"puts the head {millimetres(head_radius_m - head_m)} into the device", expected)

    def solved(self, highest_hz: float) -> str:
        """Sentence on the highest frequency of its solution and on what holds above."""
        return (
            f"the {self.model_name} is solved up to {number(round(highest_hz))} Hz; above, each driver keeps in each direction the"
            " level and delay that it has at that frequency"
        )

    def solving(self, highest_hz: float, speed_m_s: float, drivers: int) -> str:
        """Clause on the size of its solution."""
        return f"solving it takes {self.effort(2 * math.pi * highest_hz / speed_m_s, drivers)}, unless the solution is on disk"

    @coded("solution-too-large")
    def solving_faults(self, highest_hz: float, speed_m_s: float, drivers: int) -> Iterator[Fault]:
        """Fault of a solution that needs more than MAX_MINUTES or MAX_BYTES, with the highest frequency that fits."""

        def effort(hz: float) -> Effort:
            return self.effort(2 * math.pi * hz / speed_m_s, drivers)

        if effort(highest_hz).fits:
            return
        low, high = 0, math.ceil(highest_hz / 10)
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if effort(10.0 * middle).fits else (low, middle)
        most_hz = 10 * low
        subject = shown(getattr(self, self.size_key) if self.highest_hz is None else self.highest_hz)
        actual = f"got {subject}; solving the {self.model_name} up to {number(round(highest_hz))} Hz takes {effort(highest_hz)}"
        expected = f"at most {number(MAX_MINUTES)} CPU minutes and {number(MAX_BYTES / 1e9)} GB"
        if most_hz <= 0:
            yield Fault(f"enclosure.{self.size_key}", actual, expected, self.too_large)
            return
        path = f"enclosure.{self.size_key}" if self.highest_hz is None else "enclosure.highest_hz"
        yield Fault(
            path, actual, expected, f"set enclosure.highest_hz = {number(most_hz)}, which takes {effort(most_hz)}"
        )


def frequencies_solved(diagonal_m: float, highest_k: float, a_turn: int = FREQUENCIES_A_TURN) -> int:
    """Number of wave numbers that are solved, in equal steps from 0."""
    step = 2 * math.pi / (a_turn * diagonal_m)
    return math.ceil(highest_k / step - 1e-9) + 1 + FREQUENCIES_BEYOND
