"""Faults of geometry: drivers on their enclosure, the head and its file, ears and heads outside the device, the circle; and [room]."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from designer.errors import Fault
from designer.problem import geometry, room_places
from designer.problem.enclosures.enclosure import (
    MIN_MILLIMETRES_M,
    NEAREST_RADII,
    SURFACE_TOLERANCE_M,
    Intrusion,
    in_metres,
    millimetres,
)
from designer.problem.messages import nearest, number, shown
from designer.problem.schema import EAR_CLOUD_M, ONE_PLACE_M, Driver, Listener, Problem, Room
from designer.problem.table import (
    MAX_DISTANCE_M,
    MAX_HEAD_RADIUS_M,
    MIN_HEAD_RADIUS_M,
    FaultyKeyError,
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
    yield _head(problem, folder, files)
    yield _straight_above(problem)
    yield _outside_the_device(problem)
    for i, driver in enumerate(entries(problem, "drivers")):
        yield _outside_the_head(f"drivers[{i}].position_m", driver, problem)
    yield _circle(problem)


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
    yield from problem.body.piston_faults(path, driver)


def _layout(problem: Problem) -> Iterator[Fault]:
    yield from problem.body.layout_faults(problem.drivers)


def _head(problem: Problem, folder: Path, files: Mapping[str, str]) -> Iterator[Fault]:
    heads = problem.listener.head
    names = [heads] if isinstance(heads, str) else heads
    for i, head in enumerate(names):
        path = "listener.head" if isinstance(heads, str) else f"listener.head[{i}]"
        if head in names[:i]:
            duplicate = f"got {shown(head)}, which is listener.head[{names.index(head)}] already"
            yield Fault(path, duplicate, "heads that differ", "leave one of the two out: every head counts alike")
            continue
        expected = '"sphere", "sphere:RADIUS_M", "points", or the path of a SOFA file'
        actual = f"got {shown(head)}"
        if head in ("sphere", "points"):
            continue
        if head.startswith("sphere:"):
            if _radius_m(head, 0.0) is None:
                radii = f"{number(MIN_HEAD_RADIUS_M)} to {number(MAX_HEAD_RADIUS_M)}"
                yield Fault(
                    path, actual, f'"sphere:RADIUS_M" with a radius from {radii}', 'write it as "sphere:0.0875"'
                )
        elif not head.lower().endswith(".sofa"):
            yield Fault(path, actual, expected, nearest(head, ["sphere", "points"]))
        elif not _is_file(folder / files.get(head, head)):
            remedy = "a relative path starts from the folder of the problem file"
            yield Fault(path, f"{actual}, and no such file exists", expected, remedy)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long, a folder that may not be read
        return False


def _radius_m(head: str, default_m: float) -> float | None:
    """Radius of a head, None where its word has none that is allowed."""
    try:
        radius_m = geometry.head_radius_m(head, default_m)
    except ValueError:
        return None
    if head.startswith("sphere:") and not MIN_HEAD_RADIUS_M <= radius_m <= MAX_HEAD_RADIUS_M:
        return None
    return radius_m


def _known_heads(listener: Listener) -> list[tuple[str, float]]:
    """The heads and their radii, the largest last.

    Raises
    ------
    FaultyKeyError : where the word of one is at fault

    """
    names = [listener.head] if isinstance(listener.head, str) else listener.head
    heads = [(name, _radius_m(name, listener.head_radius_m)) for name in names]
    spheres = [(name, radius_m) for name, radius_m in heads if radius_m is not None]
    if len(spheres) < len(heads):
        raise FaultyKeyError("head")
    return sorted(spheres, key=lambda head: (head[0] != "points", head[1]))


def _straight_above(problem: Problem) -> Iterator[Fault]:
    place = problem.listener.position_m
    if abs(place[0]) + abs(place[1]) < 1e-6:
        expected = "a place that is not straight above or below the device's centre, so that the listener can face it"
        yield Fault("listener.position_m", f"got {shown(place)}", expected, "move the listener to the front: x above 0")


def _outside_the_device(problem: Problem) -> Iterator[Fault]:
    """The listener's own place first; the ear cloud's displacements only where that is sound."""
    listener = problem.listener
    at_fault = False
    for intrusion in _intrusions(problem, np.zeros((1, 3))):
        at_fault = True
        actual = f"got {shown(listener.position_m)}, which {intrusion.problem}"
        yield Fault("listener.position_m", actual, intrusion.expected, intrusion.remedy)
    if at_fault:
        return
    if "ear_cloud_m" not in listener.model_fields_set:  # the default gives way
        return
    for d, move in enumerate(listener.ear_cloud_m):
        for intrusion in _intrusions(problem, np.array([move], dtype=float)):
            actual = f"got {shown(move)}, which {intrusion.problem}"
            yield Fault(f"listener.ear_cloud_m[{d}]", actual, intrusion.expected, intrusion.remedy)


def with_possible_cloud(problem: Problem) -> Problem:
    """The problem, its ears at one place where the file names no cloud and the default one cannot be.

    That is where a whole device was measured, which knows the places of its receivers alone, and too near to the device.
    """
    if "ear_cloud_m" in problem.listener.model_fields_set:
        return problem
    if problem.measured_device is not None:
        return at_one_place(problem, "the measured device knows the places of its receivers alone")
    explicit = problem.model_copy(update={"listener": problem.listener.model_copy(update={"ear_cloud_m": EAR_CLOUD_M})})
    checks = [_outside_the_device(explicit)]
    checks += [_outside_the_head("", driver, explicit) for driver in explicit.drivers]
    blocked = any(True for faults in checks for _ in faults)
    return at_one_place(problem, "the device is too near for it") if blocked else problem


def at_one_place(problem: Problem, reason: str) -> Problem:
    """The problem with the default cloud replaced by one place, and why; the key stays unset."""
    listener = problem.listener.model_copy(update={"ear_cloud_m": ONE_PLACE_M})
    listener.model_fields_set.discard("ear_cloud_m")
    listener._one_place_because = reason
    copy = problem.model_copy(update={"listener": listener})
    copy._is_of_text = problem._is_of_text  # the text leaves the cloud to its default
    return copy


def _intrusions(problem: Problem, move_m: np.ndarray) -> Iterator[Intrusion]:
    """Intrusions of one place of the heads: the largest head meets the device first."""
    listener = problem.listener
    head, radius_m = _known_heads(listener)[-1]
    (centre,), (ears,) = geometry.head_centres_m(listener, move_m), geometry.ears_m(listener, radius_m, move_m)
    yield from problem.body.intrusions(centre, ears, 0.0 if head == "points" else radius_m)


def _outside_the_head(path: str, driver: Driver, problem: Problem) -> Iterator[Fault]:
    """A driver on a sphere or cylinder is inside the head only where the head is inside the device, which is said already."""
    listener = problem.listener
    place = np.array(driver.position_m, dtype=float)
    heads = _known_heads(listener)
    head, radius_m = heads[-1]
    actual, remedy = f"got {shown(driver.position_m)}", "move the driver or the listener"
    cloud_m = listener.ear_cloud_m if "ear_cloud_m" in listener.model_fields_set else []
    moves = np.array([[0.0, 0.0, 0.0], *cloud_m])
    if heads[0][0] == "points":
        ears = geometry.ears_m(listener, heads[0][1], moves).reshape(-1, 3)
        if np.linalg.norm(ears - place, axis=1).min() < SURFACE_TOLERANCE_M:
            yield Fault(path, f"{actual}, where an ear is", "places at least 1 mm from the ears", remedy)
            return
    if head != "points" and not problem.body.half_size_m.any():
        away_m = np.linalg.norm(geometry.head_centres_m(listener, moves) - place, axis=1)
        worst = int(np.argmin(away_m))
        depth_m = radius_m - float(away_m[worst])
        if away_m[worst] < NEAREST_RADII * radius_m:
            position = f"{millimetres(depth_m)} inside" if depth_m > 0 else "at the surface of"
            displacement = f" displaced by listener.ear_cloud_m[{worst - 1}]" if worst else ""
            expected = f"places at least {number(NEAREST_RADII * radius_m)} m from the head's centre"
            yield Fault(path, f"{actual}, {position} the listener's head{displacement}", expected, remedy)


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
    is_refused = any(_intrusions(problem, np.zeros((1, 3))))
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
    yield _listener_inside(room, problem)
    yield _listener_outside_the_device(room, problem)
    yield _radiates_everywhere(problem)


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


def _both(room: Room) -> Iterator[Fault]:
    if room.rt60_s is not None and room.absorption is not None:
        actual = f"got {shown(room.rt60_s)} beside room.absorption"
        yield Fault("room.rt60_s", actual, "one of the two, which tells the other by Eyring's formula", "leave one out")


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


def _listener_inside(room: Room, problem: Problem) -> Iterator[Fault]:
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
    yield Fault("room.device_m", f"got {shown(room.device_m)}, which puts [listener] at [{place}]", expected, remedy)


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
