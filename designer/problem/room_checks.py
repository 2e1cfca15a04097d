"""Faults of [room]: its walls' absorption or its reverberation time, and whether device and listener stand inside it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from designer.errors import Fault
from designer.problem import room_places
from designer.problem.messages import number, shown
from designer.problem.schema import Problem, Room
from designer.problem.table import if_known

LONGEST_RT60_S = 20.0
"""No room of air has a longer one but at low frequencies."""
LEAST_ABSORPTION, MOST_ABSORPTION = 0.01, 0.99
"""Of bare concrete at low frequencies, and of an anechoic chamber's wedges."""
CLEAR_M = 0.01
"""How far from a wall a driver is, at the least."""
CLEARANCE = 1.01
"""Of the head, in its radii."""
SAME_PLACE_M = 1e-4


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
    given = room.absorption
    if given is None:
        return
    for i, share in enumerate(given if isinstance(given, list) else [given]):
        if not LEAST_ABSORPTION <= share <= MOST_ABSORPTION:
            remedy = "it is the share of the energy that a wall keeps: 0.3 for 30 percent"
            if share <= 0:
                remedy += "; walls that absorb nothing ring for ever"
            path = f"room.absorption[{i}]" if isinstance(given, list) else "room.absorption"
            yield Fault(path, f"found {shown(share)}", f"a number from {LEAST_ABSORPTION} to {MOST_ABSORPTION}", remedy)


def _both(room: Room) -> Iterator[Fault]:
    if room.rt60_s is not None and room.absorption is not None:
        found = f"found {shown(room.rt60_s)} beside room.absorption"
        yield Fault("room.rt60_s", found, "one of the two, which tells the other by Eyring's formula", "leave one out")


def _rt60(room: Room, problem: Problem) -> Iterator[Fault]:
    if room.absorption is not None:
        return
    shortest_s = room_places.shortest_rt60_s(room, problem.speed_of_sound_m_s)
    asked_s = room_places.DEFAULT_RT60_S if room.rt60_s is None else room.rt60_s
    if shortest_s < asked_s <= LONGEST_RT60_S:
        return
    found = f"found {shown(asked_s)}" + (", the default" if room.rt60_s is None else "")
    size = " x ".join(number(side) for side in room.size_m)
    may_be = f"above {shortest_s:.3f}, Sabine's time for {size} m with walls that absorb all, and up to {number(LONGEST_RT60_S)}"
    remedy = "the unit is seconds" if asked_s > LONGEST_RT60_S else "a smaller room, or a longer time"
    yield Fault("room.rt60_s", found, may_be, remedy)


def _sides(room: Room, margin_m: float) -> str:
    limits = [f"{number(margin_m)} to {number(round(side - margin_m, 6))}" for side in room.size_m]
    return " and ".join([f"x from {limits[0]}, y from {limits[1]}", f"z from {limits[2]}"])


def _outside_m(room: Room, places_m: np.ndarray, margin_m: float) -> np.ndarray:
    """How far places (N, 3) are beyond the walls less a margin (N,); negative inside."""
    size_m = np.array(room.size_m)
    return np.asarray(np.maximum(margin_m - places_m, places_m - size_m + margin_m).max(axis=1))


def _device_inside(room: Room, problem: Problem) -> Iterator[Fault]:
    """The whole device: its origin and its drivers off the walls, and a round enclosure's surface inside them."""
    device_m = np.array(room.device_m, dtype=float)
    found = f"found {shown(room.device_m)}"
    if _outside_m(room, device_m[None], 0.0)[0] > 0:
        yield Fault("room.device_m", f"{found}, outside the room", _sides(room, 0.0), "move the device into the room")
        return
    half_m = problem.body.half_size_m
    out_m = np.maximum(half_m - device_m, device_m - np.array(room.size_m) + half_m).max()
    if out_m > 0:
        what = f"{found}, where a wall cuts the {problem.body.model_name} by {out_m * 1000:.0f} mm"
        expected = f"{number(float(half_m.max()))} m or more from every wall"
        yield Fault("room.device_m", what, expected, "move the device off it")
        return
    places_m = room_places.in_room_m(room, np.array([driver.position_m for driver in problem.drivers]))
    out = _outside_m(room, places_m, CLEAR_M)
    worst = int(np.argmax(out))
    if out[worst] > 0:
        place = ", ".join(number(round(float(x), 3)) for x in places_m[worst])
        name = shown(problem.drivers[worst].name)
        what = f"{found}, which puts driver {name} to [{place}], in a wall or behind it"
        remedy = f"move the device into the room, or turn it (room.heading_deg = {number(room.heading_deg)})"
        yield Fault("room.device_m", what, f"drivers {number(CLEAR_M)} m or more from every wall", remedy)


def _listener_inside(room: Room, problem: Problem) -> Iterator[Fault]:
    radius_m = room_places.head_radius_m(problem)
    centre_m = room_places.in_room_m(room, np.array(room_places.room_listener(problem, room).position_m))
    if _outside_m(room, centre_m[None], CLEARANCE * radius_m)[0] <= 0:
        return
    may_be = f"the head's centre at {_sides(room, round(CLEARANCE * radius_m, 3))}"
    if room.listener_m is not None:
        yield Fault("room.listener_m", f"found {shown(room.listener_m)}", may_be, "move the listener into the room")
        return
    place = ", ".join(number(round(float(x), 3)) for x in centre_m)
    remedy = "move or turn the device, or say where the listener of the room is: room.listener_m"
    yield Fault("room.device_m", f"found {shown(room.device_m)}, which puts [listener] to [{place}]", may_be, remedy)


def _listener_outside_the_device(room: Room, problem: Problem) -> Iterator[Fault]:
    """Another listener's head touches neither a driver nor the enclosure."""
    if room.listener_m is None:
        return
    listener = room_places.room_listener(problem, room)
    head_m = CLEARANCE * room_places.head_radius_m(problem)
    centre_m = np.array(listener.position_m)
    apart_m = min(math.dist(driver.position_m, listener.position_m) for driver in problem.drivers)
    apart_m = min(apart_m, float(problem.body.clearance_m(centre_m)))
    above = float(np.hypot(centre_m[0], centre_m[1])) < SAME_PLACE_M  # there is no direction to face
    if apart_m <= head_m or above:
        found = f"found {shown(room.listener_m)}, " + (
            "straight above or below the device" if above else f"{number(round(apart_m, 3))} m from the device"
        )
        may_be = f"more than {number(round(head_m, 3))} m, the head's radius, and to one side"
        yield Fault("room.listener_m", found, may_be, "move the two apart")


def _radiates_everywhere(problem: Problem) -> Iterator[Fault]:
    """A room asks for the sound in every direction."""
    if problem.body.silent_behind:
        model = problem.body.model_name
        found = f'found a table with enclosure.model = "{model}", a wall without end that no room holds'
        yield Fault("room", found, "a device that radiates all around", "another enclosure.model, or leave [room] out")
    if problem.scene is not None and problem.scene.transfer is not None:
        found = "found a table with scene.transfer, a device that was measured at its receivers alone"
        yield Fault("room", found, "a device that is known in every direction", "leave [room] out")
