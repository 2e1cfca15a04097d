"""Faults of geometry: drivers on their enclosure, the head and its file, ears and heads outside the device, the circle; and [room]."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from designer.errors import Fault
from designer.problem import room_places
from designer.problem.enclosures.enclosure import (
    MIN_MILLIMETRES_M,
    SURFACE_TOLERANCE_M,
    in_metres,
)
from designer.problem.listener_checks import each_listener, intrusions, listener_checks
from designer.problem.message_codes import coded
from designer.problem.messages import number, shown
from designer.problem.schema import Driver, Problem, Room
from designer.problem.table import (
    MAX_DISTANCE_M,
    entries,
    if_known,
)

MAX_SAME_PLACE_M = 1e-4
MAX_RT60_S = 20.0
"""No room of air has a longer one but at low frequencies."""
MIN_ABSORPTION, MAX_ABSORPTION = 0.01, 0.99
"""Absorption of bare concrete at low frequencies, and of an anechoic chamber's wedges."""
MIN_CLEARANCE_M = 0.01
"""How far from a wall a driver is, at the least."""
MIN_CLEARANCE_RADII = 1.01
"""Distance from the head, in its radii."""


def place_checks(problem: Problem, folder: Path, files: Mapping[str, str]) -> Iterator[Iterator[Fault]]:
    """Every check of geometry, each to be run as far as its keys are known."""
    yield _two_at_one_place(problem)
    for i, driver in enumerate(entries(problem, "drivers")):
        yield _place(f"drivers[{i}]", driver, problem)
        yield _piston(f"drivers[{i}]", driver, problem)
    yield _layout(problem)
    yield from listener_checks(problem, folder, files)
    yield _circle(problem)


@coded("drivers-together")
def _two_at_one_place(problem: Problem) -> Iterator[Fault]:
    """Drivers closer than 0.1 mm; on a sphere or cylinder, once they are put on its surface."""
    places = {i: d.position_m for i, d in enumerate(entries(problem, "drivers")) if if_known(d, "position_m")}
    body = if_known(problem, "enclosure")
    put: dict[int, np.ndarray] = {}
    for j, position_m in places.items():
        place = np.array(position_m, dtype=float)
        if body is not None:
            place = body.on_surface(place)
        if put:
            earlier = np.array(list(put))
            near = np.linalg.norm(np.array(list(put.values())) - place, axis=1) < MAX_SAME_PLACE_M
            if near.any():
                actual = f"got {shown(position_m)}, where drivers[{earlier[near][0]}] is"
                yield Fault(
                    f"drivers[{j}].position_m", actual, "places that differ by 0.1 mm or more", "move one of the two"
                )
        put[j] = place


def _place(path: str, driver: Driver, problem: Problem) -> Iterator[Fault]:
    yield from problem.body.place_faults(path, driver)


def _piston(path: str, driver: Driver, problem: Problem) -> Iterator[Fault]:
    yield from problem.body.group_faults(path, driver)
    yield from problem.body.piston_faults(path, driver)


def _layout(problem: Problem) -> Iterator[Fault]:
    yield from problem.body.layout_faults(problem.drivers)


@coded("circle-radius")
def _circle(problem: Problem) -> Iterator[Fault]:
    places_m = [driver.position_m for driver in problem.drivers]
    furthest = max(range(len(places_m)), key=lambda i: float(np.linalg.norm(places_m[i])))
    furthest_m = places_m[furthest]
    extent_m = problem.body.extent_m(np.array(places_m, dtype=float))
    least_m = extent_m + SURFACE_TOLERANCE_M
    given_m = problem.grid.azimuth_distance_m
    expected = f"more than {number(least_m)}, so that the circle of masks and maps lies outside the device"
    if given_m is not None:
        path, actual = "grid.azimuth_distance_m", f"got {shown(given_m)}"
        if MAX_DISTANCE_M < given_m < np.inf:
            yield Fault(path, actual, f"at most {number(MAX_DISTANCE_M)}, or inf", "inf is the far field")
        if given_m <= least_m:
            yield Fault(path, f"{actual}, a circle inside the device", expected, "the unit is metres")
        return
    listener = problem.listener
    distance_m = float(np.linalg.norm(listener.position_m))
    is_refused = any(intrusions(problem, np.zeros((1, 3))))
    if distance_m <= least_m and not is_refused:
        actual = f"got {shown(listener.position_m)}, and a circle at that distance is inside the device"
        expected = expected.replace("more than", "a distance of more than").replace(", so", " m, so")
        remedy = "move the listener away, or set grid.azimuth_distance_m"
        if MIN_MILLIMETRES_M < extent_m < 1000 * distance_m and not problem.body.half_size_m.any():
            beyond = f"{number(extent_m)} m from the centre, beyond the listener at {number(distance_m)} m"
            actual = f"got {shown(furthest_m)}, which is {beyond}"
            yield Fault(
                f"drivers[{furthest}].position_m", actual, "a device nearer than the listener", in_metres(furthest_m)
            )
            return
        yield Fault("listener.position_m", actual, expected, remedy)


def room_checks(problem: Problem) -> Iterator[Iterator[Fault]]:
    """Every check of the room, each to be run as far as its keys are known."""
    room = if_known(problem, "room")
    if room is None:
        return
    yield _absorption(room)
    yield _both(room)
    yield _rt60(room, problem)
    yield _device_inside(room, problem)
    for path, view in each_listener(problem):
        yield _listener_inside(path, room, view)
    yield _listener_outside_the_device(room, problem)
    yield _radiates_everywhere(problem)


@coded("bad-absorption")
def _absorption(room: Room) -> Iterator[Fault]:
    absorption = room.absorption
    if absorption is None:
        return
    for i, share in enumerate(absorption if isinstance(absorption, list) else [absorption]):
        if not MIN_ABSORPTION <= share <= MAX_ABSORPTION:
            remedy = "it is the share of the energy that a wall keeps: 0.3 for 30 percent"
            if share <= 0:
                remedy += "; walls that absorb nothing ring for ever"
            path = f"room.absorption[{i}]" if isinstance(absorption, list) else "room.absorption"
            yield Fault(path, f"got {shown(share)}", f"a number from {MIN_ABSORPTION} to {MAX_ABSORPTION}", remedy)


@coded("conflicting-keys")
def _both(room: Room) -> Iterator[Fault]:
    if room.rt60_s is not None and room.absorption is not None:
        actual = f"got {shown(room.rt60_s)} beside room.absorption"
        yield Fault("room.rt60_s", actual, "one of the two, which tells the other by Eyring's formula", "leave one out")


@coded("bad-reverberation-time")
def _rt60(room: Room, problem: Problem) -> Iterator[Fault]:
    if room.absorption is not None:
        return
    shortest_s = room_places.shortest_rt60_s(room, problem.speed_of_sound_m_s)
    asked_s = room_places.DEFAULT_RT60_S if room.rt60_s is None else room.rt60_s
    if shortest_s < asked_s <= MAX_RT60_S:
        return
    actual = f"got {shown(asked_s)}" + (", the default" if room.rt60_s is None else "")
    size = " x ".join(number(side) for side in room.size_m)
    expected = (
        f"above {shortest_s:.3f}, Sabine's time for {size} m with walls that absorb all, and up to {number(MAX_RT60_S)}"
    )
    remedy = "the unit is seconds" if asked_s > MAX_RT60_S else "make the room smaller, or rt60_s longer"
    yield Fault("room.rt60_s", actual, expected, remedy)


def _sides(room: Room, margin_m: float) -> str:
    limits = [f"{number(margin_m)} to {number(round(side - margin_m, 6))}" for side in room.size_m]
    return " and ".join([f"x from {limits[0]}, y from {limits[1]}", f"z from {limits[2]}"])


def _outside_m(room: Room, places_m: np.ndarray, margin_m: float) -> np.ndarray:
    """How far places (N, 3) are beyond the walls less a margin (N,); negative inside."""
    size_m = np.array(room.size_m)
    return np.asarray(np.maximum(margin_m - places_m, places_m - size_m + margin_m).max(axis=1))


@coded("device-outside-room")
def _device_inside(room: Room, problem: Problem) -> Iterator[Fault]:
    """The whole device: its origin and its drivers off the walls, and the enclosure inside them."""
    device_m = np.array(room.device_m, dtype=float)
    actual = f"got {shown(room.device_m)}"
    if _outside_m(room, device_m[None], 0.0)[0] > 0:
        yield Fault("room.device_m", f"{actual}, outside the room", _sides(room, 0.0), "move the device into the room")
        return
    half_m, corners_m = problem.body.half_size_m, problem.body.corners_m
    out_m = np.maximum(half_m - device_m, device_m - np.array(room.size_m) + half_m).max()
    expected = f"{number(float(half_m.max()))} m or more from every wall"
    if len(corners_m):
        out_m = _outside_m(room, room_places.in_room_m(room, corners_m), 0.0).max() - MAX_SAME_PLACE_M
        expected = f"the whole {problem.body.model_name} within the room"
    if out_m > 0:
        description = f"{actual}, where a wall cuts the {problem.body.model_name} by {out_m * 1000:.0f} mm"
        yield Fault("room.device_m", description, expected, "move the device off it")
        return
    places_m = room_places.in_room_m(room, np.array([driver.position_m for driver in problem.drivers]))
    out = _outside_m(room, places_m, MIN_CLEARANCE_M)
    worst = int(np.argmax(out))
    if out[worst] > 0:
        place = ", ".join(number(round(float(x), 3)) for x in places_m[worst])
        name = shown(problem.drivers[worst].name)
        description = f"{actual}, which puts driver {name} at [{place}], in a wall or behind it"
        remedy = f"move the device into the room, or turn it (room.heading_deg = {number(room.heading_deg)})"
        yield Fault(
            "room.device_m", description, f"drivers {number(MIN_CLEARANCE_M)} m or more from every wall", remedy
        )


@coded("listener-outside-room")
def _listener_inside(path: str, room: Room, problem: Problem) -> Iterator[Fault]:
    radius_m = room_places.head_radius_m(problem)
    centre_m = room_places.in_room_m(room, np.array(room_places.room_listener(problem, room).position_m))
    if _outside_m(room, centre_m[None], MIN_CLEARANCE_RADII * radius_m)[0] <= 0:
        return
    expected = f"the head's centre at {_sides(room, round(MIN_CLEARANCE_RADII * radius_m, 3))}"
    if room.listener_m is not None:
        yield Fault("room.listener_m", f"got {shown(room.listener_m)}", expected, "move the listener into the room")
        return
    place = ", ".join(number(round(float(x), 3)) for x in centre_m)
    remedy = "move or turn the device, or state the listener's place in the room: room.listener_m"
    yield Fault(
        "room.device_m",
        f"got {shown(room.device_m)}, which puts {path if '[' in path else '[listener]'} at [{place}]",
        expected,
        remedy,
    )


@coded("head-in-device")
def _listener_outside_the_device(room: Room, problem: Problem) -> Iterator[Fault]:
    """Another listener's head touches neither a driver nor the enclosure."""
    if room.listener_m is None:
        return
    listener = room_places.room_listener(problem, room)
    head_m = MIN_CLEARANCE_RADII * room_places.head_radius_m(problem)
    centre_m = np.array(listener.position_m)
    apart_m = min(math.dist(driver.position_m, listener.position_m) for driver in problem.drivers)
    apart_m = min(apart_m, float(problem.body.clearance_m(centre_m)))
    above = float(np.hypot(centre_m[0], centre_m[1])) < MAX_SAME_PLACE_M  # there is no direction to face
    if apart_m <= head_m or above:
        actual = f"got {shown(room.listener_m)}, " + (
            "straight above or below the device" if above else f"{number(round(apart_m, 3))} m from the device"
        )
        expected = f"more than {number(round(head_m, 3))} m, the head's radius, and to one side"
        yield Fault("room.listener_m", actual, expected, "move the two apart")


@coded("room-misfit")
def _radiates_everywhere(problem: Problem) -> Iterator[Fault]:
    """A room asks for the sound in every direction."""
    if problem.body.silent_behind:
        model = problem.body.model_name
        actual = f'got a table with enclosure.model = "{model}", a wall without end that no room holds'
        yield Fault(
            "room", actual, "a device that radiates all around", "use another enclosure.model, or leave [room] out"
        )
    if problem.measured_device is not None:
        actual = "got a table with scene.transfer, a device that was measured at its receivers alone"
        yield Fault("room", actual, "a device that is known in every direction", "leave [room] out")
