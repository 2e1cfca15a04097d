"""Drivers on a body by their surface coordinates, so that they follow its size.

The keys `drivers.NAME.azimuth_deg` (0 is ahead, +90 the device's +y) and `drivers.NAME.height_m` (z) of `--vary` stand beside those of the
problem file, and become a `position_m` once the point's other keys are set:

    sphere      x + jy = √(R² - z²) e^{jφ}
    cylinder    x + jy = R e^{jφ}
    box, mesh   where the ray e^{jφ} from the middle, at the height z, leaves the body

A coordinate that is not varied stays as it is. With `--on-surface` every driver follows.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from pydantic import TypeAdapter, ValidationError

from designer.errors import Fault, ProblemError
from designer.problem.enclosures import AnyEnclosure
from designer.problem.enclosures.round_body import RoundBody
from designer.problem.key_places import Change, changed_data, locations
from designer.problem.messages import Location, dotted, shown
from designer.problem.schema import Problem

AZIMUTH, HEIGHT, FOLLOWS = "azimuth_deg", "height_m", "on_surface"
"""The last step of a place: a coordinate that is varied, and a driver that is put on the surface where its coordinates are."""


def is_on_surface(place: Location) -> bool:
    """Whether a place is a surface coordinate of a driver."""
    return len(place) == 3 and place[0] == "drivers" and place[2] in (AZIMUTH, HEIGHT, FOLLOWS)


def surface_locations(problem: Problem, key: str, option: str) -> tuple[Location, ...]:
    """Every place that a key names, if it is a surface coordinate of drivers; else none.

    Raises
    ------
    UsageError : naming the option: no such driver

    """
    drivers, _, coordinate = key.rpartition(".")
    if coordinate not in (AZIMUTH, HEIGHT) or not drivers.startswith("drivers"):
        return ()
    return tuple((*place, coordinate) for place in locations(problem, drivers, option))


def following(places: Sequence[Location]) -> tuple[Change, ...]:
    """Changes that put the drivers of some places on the surface."""
    return tuple(((*place[:2], FOLLOWS), True) for place in dict.fromkeys(place[:2] for place in places))


def overlap(first: Location, second: Location) -> bool:
    """Whether two places set the same: one is within the other, or a surface coordinate moves what the other sets."""
    surface = [is_on_surface(place) for place in (first, second)]
    if any(surface) and not all(surface):
        first, second = ((*place[:2], "position_m") if is_on_surface(place) else place for place in (first, second))
    short = min(len(first), len(second))
    return first[:short] == second[:short]


def varied_data(problem: Problem, changes: Sequence[Change]) -> dict[str, Any]:
    """The tables of a problem file with some values changed, surface coordinates among them.

    Raises
    ------
    ProblemError : a coordinate that the surface does not have

    """
    data = changed_data(problem, [change for change in changes if not is_on_surface(change[0])])
    coordinates: dict[int, dict[str, Any]] = {}
    for place, value in changes:
        if is_on_surface(place):
            coordinates.setdefault(int(place[1]), {})[str(place[2])] = value
    if coordinates:
        try:
            body = TypeAdapter(AnyEnclosure).validate_python(data.get("enclosure") or {"model": "free-field"})
            body.locate(problem.folder, {})
        except ValidationError:
            return data  # its own faults are told where the whole is read
        faults = [fault for number, known in coordinates.items() if (fault := _put(data, number, known, body))]
        if faults:
            raise ProblemError(problem.source, faults)
    return data


def _put(data: dict[str, Any], number: int, coordinates: dict[str, Any], body: Any) -> Fault | None:
    """Move a driver to its place on the surface; a fault where there is none."""
    driver = data["drivers"][number]
    x, y, z = driver["position_m"]
    place: Location = ("drivers", number, AZIMUTH)
    if not body.has_surface:
        return Fault(
            dotted(place),
            "got a surface coordinate",
            "a sphere, a cylinder, a box or a mesh as [enclosure]",
            "vary position_m in its place",
            "surface-coordinate",
        )
    axis_x, axis_y = body.axis_m
    values = {AZIMUTH: math.degrees(math.atan2(y - axis_y, x - axis_x)), HEIGHT: z, **coordinates}
    for key in (AZIMUTH, HEIGHT):
        if type(values[key]) not in (int, float):
            return Fault(dotted((*place[:2], key)), f"got {shown(values[key])}", "a number", code="wrong-type")
    position_m = body.at_surface_m(values[AZIMUTH], values[HEIGHT])
    if position_m is None:
        expected = "a height at which the body has a surface"
        if isinstance(body, RoundBody):
            expected = f"at most {body.radius_m:g}, enclosure.radius_m, up or down"
        return Fault(dotted((*place[:2], HEIGHT)), f"got {shown(values[HEIGHT])}", expected, code="surface-coordinate")
    driver["position_m"] = np.round(position_m, 12).tolist()
    return None
