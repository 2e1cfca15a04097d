"""Places of drivers under a hand: on the enclosure's surface, in mirrored pairs, rounded as a person would write them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.problem.enclosures.enclosure import SURFACE_TOLERANCE_M, Enclosure
from designer.problem.schema import Driver, Problem

MAX_APART_M = 1e-3
"""How far mirrored drivers may be from each other's mirror image."""
MAX_TURNED_DEG = 1.0
"""How far a driver's facing may be from its surface's normal, or from its twin's mirror image, to follow it."""
TURNS = 60
"""Projections, in turn, onto the surface and onto what the view keeps."""
DIGITS = 4
"""Digits of a place in metres: the surface is met within 1 mm."""
MAGNET = 0.03
"""A driver in the middle stays there within this share of the layout's size."""


def mirrored(position_m: Sequence[float]) -> list[float]:
    """The place on the other side of the device."""
    x, y, z = position_m
    return [x, -y + 0.0, z]


def twin_of(problem: Problem, l: int) -> int | None:
    """The driver that another one is the mirror image of; None where there is none."""
    driver = problem.drivers[l]
    if abs(driver.position_m[1]) < MAX_APART_M:
        return None
    azimuth, elevation = driver.facing_deg
    for other, candidate in enumerate(problem.drivers):
        apart_m = np.linalg.norm(np.subtract(candidate.position_m, mirrored(driver.position_m)))
        turned = abs((candidate.facing_deg[0] + azimuth + 180) % 360 - 180), abs(candidate.facing_deg[1] - elevation)
        if (
            other != l
            and apart_m < MAX_APART_M
            and max(turned) < MAX_TURNED_DEG
            and candidate.radius_m == driver.radius_m
        ):
            return other
    return None


def is_symmetric(problem: Problem) -> bool:
    """Whether each driver is in the middle or has a twin."""
    return all(
        abs(driver.position_m[1]) < MAX_APART_M or twin_of(problem, l) is not None
        for l, driver in enumerate(problem.drivers)
    )


def on_enclosure(body: Enclosure, driver: Driver, place_m: Real, fixed: Sequence[int]) -> Real:
    """The place (3,) on the surface near to one, its coordinates `fixed` unchanged as far as the surface has such a place.

    Projections onto the surface, along its normal, and onto the kept coordinates, in turn. A body without a surface leaves it where it is.
    """
    start = np.asarray(driver.position_m, dtype=float)
    if not np.isfinite(body.clearance_m(start)) or abs(body.clearance_m(start)) > SURFACE_TOLERANCE_M:
        return np.asarray(place_m, dtype=float)  # no surface, or a driver that was not on it
    place = np.array(place_m, dtype=float)
    for _ in range(TURNS):
        place[list(fixed)] = start[list(fixed)]
        normal = body.normal(driver.model_copy(update={"position_m": place.tolist()}))
        if normal is None or not normal.any():
            return start
        clearance_m = float(body.clearance_m(place))
        place = place - clearance_m * normal
        if abs(clearance_m) < 1e-9:
            break
    return place


def facing_of(direction: Real) -> list[float]:
    """Azimuth and elevation of a direction (3,) in tenths of a degree."""
    x, y, z = direction
    angles = np.degrees(np.arctan2(y, x)), np.degrees(np.arctan2(z, np.hypot(x, y)))
    return [round(float(angle), 1) + 0.0 for angle in angles]


def moved_driver(problem: Problem, l: int, place_m: Real, fixed: Sequence[int]) -> dict[str, Any]:
    """Keys of the file with a driver at a place (3,), and its twin at the mirrored one.

    Parameters
    ----------
    fixed : sequence of int, the coordinates that the view does not move

    """
    driver, twin = problem.drivers[l], twin_of(problem, l)
    size_m = max(float(np.abs([d.position_m for d in problem.drivers]).max()), 0.02)
    in_middle = abs(driver.position_m[1]) < MAX_APART_M
    place_m = np.array(place_m, dtype=float)
    if in_middle and 1 not in fixed and abs(place_m[1]) < MAGNET * size_m and is_symmetric(problem):
        place_m[1] = 0.0
    place = on_enclosure(problem.body, driver, place_m, fixed)
    position_m = [round(float(coordinate), DIGITS) + 0.0 for coordinate in place]
    values: dict[str, Any] = {f"drivers[{l}].position_m": position_m}
    facing = _facing_there(problem.body, driver, position_m)
    if facing is not None:
        values[f"drivers[{l}].facing_deg"] = facing
    if twin is not None:
        values[f"drivers[{twin}].position_m"] = mirrored(position_m)
        if facing is not None:
            values[f"drivers[{twin}].facing_deg"] = [-facing[0] + 0.0, facing[1]]
    return values


def _facing_there(body: Enclosure, driver: Driver, position_m: list[float]) -> list[float] | None:
    """The facing that follows the surface, of a driver that faces as its surface does; None where it stays as it is."""
    before, after = body.normal(driver), body.normal(driver.model_copy(update={"position_m": position_m}))
    if before is None or after is None or "facing_deg" not in driver.model_fields_set:
        return None
    turned = np.abs((np.subtract(facing_of(before), driver.facing_deg) + 180) % 360 - 180)
    facing = facing_of(after)
    return facing if turned.max() < MAX_TURNED_DEG and facing != driver.facing_deg else None
