"""Handles of the layout: drivers from above and from the side, the head, the way it turns, and its cloud."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from designer.problem import geometry
from designer.problem.messages import number
from designer.problem.schema import Problem
from designer.studio.grips import Grip, Room, Values, tidy, wrapped_deg
from designer.studio.messages import Handle, HandlePanel
from designer.studio.snapping import moved_driver, twin_of

VIEWS: tuple[tuple[HandlePanel, tuple[int, int]], ...] = (("layout-plan", (1, 0)), ("layout-side", (0, 2)))
"""Drawing of the drivers -> which of their coordinates its x and its y are."""
NOSE = 1.3
"""How far before the middle of the head its nose is, in radii."""
SAME_M = 1e-6
MOST_CLOUD = 40
"""Places of a cloud beyond which they are no handles: a measured grid is not edited by hand."""


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
