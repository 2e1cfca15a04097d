"""Handles of the layout: drivers from above and from the side, the head, the way it turns, and its cloud.

A driver under a hand stays on the enclosure's surface, in mirrored pairs, its place rounded as a person would write it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.problem import geometry
from designer.problem.enclosures.enclosure import SURFACE_TOLERANCE_M, Enclosure
from designer.problem.messages import number
from designer.problem.schema import Driver, Problem
from designer.studio.grips import Grip, Room, Values, tidy, wrapped_deg
from designer.studio.messages import Handle, HandlePanel

VIEWS: tuple[tuple[HandlePanel, tuple[int, int]], ...] = (("layout-plan", (1, 0)), ("layout-side", (0, 2)))
"""Drawing of the drivers -> which of their coordinates its x and its y are."""
NOSE = 1.3
"""How far before the middle of the head its nose is, in radii."""
SAME_M = 1e-6
MOST_CLOUD = 40
"""Places of a cloud beyond which they are no handles: a measured grid is not edited by hand."""
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


def layout_grips(problem: Problem) -> Iterator[Grip]:
    """Handles of drivers, head and cloud."""
    for l in range(len(problem.drivers)):
        yield from _driver_grips(problem, l)
    yield from _head_grips(problem)
    if 1 < len(problem.listener.ear_cloud_m) <= MOST_CLOUD:
        yield from _cloud_grips(problem)


def layout_rooms(problem: Problem) -> Iterator[Room]:
    """A place more of the cloud."""
    x0, y0, _ = problem.listener.position_m
    cloud = [list(place) for place in problem.listener.ear_cloud_m]

    def add(x: float, y: float) -> Values:
        return {"listener.ear_cloud_m": [*cloud, [tidy(y - x0, 3), tidy(x - y0, 3), 0.0]]}

    if len(cloud) < MOST_CLOUD:
        yield Room(
            {"id": "cloud", "kind": "cloud", "panel": "layout-scene", "channel": "", "label": "place of the head"}, add
        )


def _driver_grips(problem: Problem, l: int) -> Iterator[Grip]:
    driver, twin = problem.drivers[l], twin_of(problem, l)
    with_twin = f', mirrored by "{problem.drivers[twin].name}"' if twin is not None else ""
    place = ", ".join(number(tidy(coordinate, 4)) for coordinate in driver.position_m)
    for panel, (across, up) in VIEWS:

        def drag(x: float, y: float, across: int = across, up: int = up) -> Values:
            place_m = np.array(driver.position_m, dtype=float)
            place_m[[across, up]] = x, y
            return moved_driver(problem, l, place_m, [axis for axis in range(3) if axis not in (across, up)])

        handle: Handle = {
            "id": f"driver:{l}:{panel}", "kind": "driver", "panel": panel, "channel": "", "x": driver.position_m[across],
            "y": driver.position_m[up], "axis": "both", "label": f'driver "{driver.name}" at [{place}] m{with_twin}',
            "keys": [f"drivers[{n}].position_m" for n in (l, twin) if n is not None],
        }  # fmt: skip
        yield Grip(handle, drag)


def _head_grips(problem: Problem) -> Iterator[Grip]:
    listener = problem.listener
    x, y, z = listener.position_m

    def move(right: float, front: float) -> Values:
        return {"listener.position_m": [tidy(front, 3), tidy(right, 3), z]}

    head: Handle = {
        "id": "head", "kind": "head", "panel": "layout-scene", "channel": "", "x": y, "y": x, "axis": "both",
        "label": f"the head at [{number(x)}, {number(y)}, {number(z)}] m", "keys": ["listener.position_m"],
    }  # fmt: skip
    yield Grip(head, move)

    def turn(right: float, front: float) -> Values:
        heading = np.degrees(np.arctan2(right - y, front - x) - np.arctan2(-y, -x))
        return {"listener.turn_deg": wrapped_deg(round(float(heading)))}

    nose = np.array(listener.position_m) + NOSE * listener.head_radius_m * geometry.head_axes(listener)[0]
    turned: Handle = {
        "id": "head:turn", "kind": "head", "panel": "layout-scene", "channel": "", "x": float(nose[1]), "y": float(nose[0]),
        "axis": "both", "label": f"the head turned by {number(listener.turn_deg)} degrees", "keys": ["listener.turn_deg"],
    }  # fmt: skip
    yield Grip(turned, turn)


def _cloud_grips(problem: Problem) -> Iterator[Grip]:
    """Each displaced place of the head; those that mirror it across the middle move with it."""
    x0, y0, _ = problem.listener.position_m
    cloud = [[float(coordinate) for coordinate in place] for place in problem.listener.ear_cloud_m]
    for n, (x, y, z) in enumerate(cloud):
        if not any((x, y, z)):
            continue

        def drag(right: float, front: float, n: int = n) -> Values:
            return {"listener.ear_cloud_m": _moved_cloud(cloud, n, (front - x0, right - y0))}

        def remove(n: int = n) -> Values:
            return {"listener.ear_cloud_m": [place for place in cloud if place is not cloud[n]]}

        handle: Handle = {
            "id": f"cloud:{n}", "kind": "cloud", "panel": "layout-scene", "channel": "", "x": y0 + y, "y": x0 + x, "axis": "both",
            "label": f"the head displaced by [{number(x)}, {number(y)}, {number(z)}] m", "keys": [f"listener.ear_cloud_m[{n}]"],
            "group": "cloud", "removable": True,
        }  # fmt: skip
        yield Grip(handle, drag, remove)


def _moved_cloud(cloud: Sequence[Sequence[float]], n: int, to: Sequence[float]) -> list[list[Any]]:
    """The cloud with one place moved to (x, y), and each of its mirror images along x, along y and along both to the mirror images of
    that; a place on an axis stays on it.
    """
    (x, y, _), moved = cloud[n], [list(place) for place in cloud]
    new = [tidy(to[axis], 3) if abs((x, y)[axis]) > SAME_M else 0.0 for axis in range(2)]
    for place in moved:
        signs = [
            next((sign for sign in (1.0, -1.0) if abs(place[axis] - sign * (x, y)[axis]) < SAME_M), 0.0) for axis in range(2)
        ]  # fmt: skip
        if all(signs) and abs(place[2] - cloud[n][2]) < SAME_M:
            place[:2] = [sign * coordinate + 0.0 for sign, coordinate in zip(signs, new, strict=True)]
    return moved


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
