"""The room's places and its absorption, said once: device and listener in the room's axes, Eyring's formula.

The room's axes run from one lower corner: x along its length, y along its width, z up. The device stands at `device_m`, upright, and
its front faces `heading_deg`, counter-clockwise from the room's x axis seen from above. So a place p of the device's axes is in the room

    device_m + p_x forward + p_y left + p_z up,

with the device's own left; the listener faces the device, and the listener's left is the device's -y here as everywhere.

**Absorption.** Eyring's reverberation time of a room of volume V and surface S, all of whose walls absorb the share α of the energy, is

    T = 24 ln 10 / c · V / (-S ln(1 - α)),    so    α = 1 - exp(-24 ln 10 / c · V / (S T)).                        (1)

24 ln 10 / c is the 0.161 s/m of the textbooks at 343 m/s. For little absorption -ln(1 - α) → α, which is Sabine's. His
formula with α = 1 gives the shortest time that a room is said to have: walls cannot take more than all that meets them.

Source: C. F. Eyring, Reverberation time in "dead" rooms (JASA 1, 1930); H. Kuttruff, Room Acoustics, 5th ed., section 5.1.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.problem import geometry
from designer.problem.schema import Listener, Problem, Room

Array = NDArray[np.floating[Any]]

DEFAULT_RT60_S = 0.4
FIRST_OCTAVE_HZ = 125.0


def device_axes(room: Room) -> Array:
    """Unit vectors of the device in the room as rows (3, 3): forward, the device's own left, up."""
    heading = math.radians(room.heading_deg)
    forward = np.array([math.cos(heading), math.sin(heading), 0.0])
    return np.stack([forward, np.array([-forward[1], forward[0], 0.0]), np.array([0.0, 0.0, 1.0])])


def in_room_m(room: Room, places_m: Array) -> Array:
    """Places (..., 3) in the device's axes as places in the room."""
    return np.asarray(np.asarray(room.device_m, dtype=float) + np.asarray(places_m, dtype=float) @ device_axes(room))


def room_listener(problem: Problem, room: Room) -> Listener:
    """Who listens in the room, in the device's axes: [listener], moved to `listener_m` and turned to `listener_heading_deg`."""
    listener = problem.listener
    changes: dict[str, Any] = {}
    position_m = np.asarray(listener.position_m, dtype=float)
    if room.listener_m is not None:
        position_m = device_axes(room) @ (np.asarray(room.listener_m) - np.asarray(room.device_m))
        changes["position_m"] = position_m.tolist()
    if room.listener_heading_deg is not None:
        to_device_deg = math.degrees(math.atan2(-position_m[1], -position_m[0]))
        turn_deg = room.listener_heading_deg - room.heading_deg - to_device_deg
        changes["turn_deg"] = (turn_deg + 180.0) % 360.0 - 180.0
    return listener.model_copy(update=changes)


def head_radius_m(problem: Problem) -> float:
    """Radius of the head that listens in the room: the first one of the problem."""
    return geometry.head_radius_m(problem.heads[0], problem.listener.head_radius_m)


def volume_m3(room: Room) -> float:
    """Volume."""
    return math.prod(room.size_m)


def surface_m2(room: Room) -> float:
    """Area of the six walls."""
    length, width, height = room.size_m
    return 2 * (length * width + width * height + height * length)


def shortest_rt60_s(room: Room, speed_of_sound_m_s: float) -> float:
    """Sabine's time with walls that absorb all."""
    return 24 * math.log(10) / speed_of_sound_m_s * volume_m3(room) / surface_m2(room)


def absorption(room: Room, speed_of_sound_m_s: float) -> list[float]:
    """The walls' α, one number or one an octave from 125 Hz up: given, or by equation (1) from the reverberation time."""
    if room.absorption is not None:
        return room.absorption if isinstance(room.absorption, list) else [room.absorption]
    rt60_s = DEFAULT_RT60_S if room.rt60_s is None else room.rt60_s
    return [1 - math.exp(-shortest_rt60_s(room, speed_of_sound_m_s) / rt60_s)]


def eyring_rt60_s(room: Room, speed_of_sound_m_s: float) -> list[float]:
    """Eyring's time for each number of `absorption`."""
    shortest_s = shortest_rt60_s(room, speed_of_sound_m_s)
    return [-shortest_s / math.log(1 - share) for share in absorption(room, speed_of_sound_m_s)]
