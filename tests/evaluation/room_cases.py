"""Small problems in rooms, for the tests of the room."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from toml_text import pair, toml, trio

import designer
from designer.acoustics.scene import air_of
from designer.acoustics.scene_of_problem import scene
from designer.arrays import Complex, Real
from designer.evaluation.driver_patterns import Encoded, encode
from designer.evaluation.head_patterns import encode_ears
from designer.evaluation.image_sources import Images, Receiver, Walls, gathered, images_within, log_reflection
from designer.evaluation.room_responses import RoomResponses, room_responses
from designer.problem import geometry, room_places
from designer.problem.schema import Problem, Room


def loaded(table: dict[str, Any], **room: Any) -> Problem:
    """A problem in a room."""
    return designer.loads(toml(table | {"room": room}))


def sphere_in_a_room(**room: Any) -> Problem:
    """Three caps on a sphere, heard by a rigid-sphere head."""
    table = trio()
    table["designs"] = table["designs"][:2]
    return loaded(table, **room)


def point_in_a_room(*places_m: list[float], listener_at: list[float] | None = None, **room: Any) -> Problem:
    """Points in free field, heard by two points."""
    table = pair()
    table["drivers"] = [
        {"name": f"d{i}", "position_m": place} for i, place in enumerate(places_m or ([0.0, 0.0, 0.0],))
    ]
    design = {"kind": "beamformer", "name": "centre", "look_deg": 0.0, "band_hz": [500.0, 4000.0], "nulls_deg": [180.0]}
    table["designs"] = [design]
    table["listener"] = {"position_m": listener_at or [1.5, 0.0, 0.0], "head": "points"}
    return loaded(table, **room)


def room_of(problem: Problem) -> Room:
    assert problem.room is not None
    return problem.room


def responses(problem: Problem) -> RoomResponses:
    return room_responses(scene(problem), room_of(problem))


def images_up_to(problem: Problem, reflections: int) -> Images:
    """Every image of so many reflections at the most."""
    centre_m = receiver(problem, np.array([0.0, 1000.0])).centre_m
    room = room_of(problem)
    all_of = images_within(room, centre_m, (reflections + 1) * float(np.linalg.norm(room.size_m)))
    return Images(all_of.size_m, all_of.rooms[all_of.orders <= reflections], all_of.extent_m)


def receiver(problem: Problem, frequency_hz: Real) -> Receiver:
    """The head of the problem, its lateral axis through the ears."""
    room = room_of(problem)
    listener = room_places.room_listener(problem, room)
    axes = geometry.head_axes(listener) @ room_places.device_axes(room)
    ears = encode_ears(scene(problem).heads[0], frequency_hz, problem.speed_of_sound_m_s)
    return Receiver(ears, room_places.in_room_m(room, np.array(listener.position_m)), axes, axes[1])


def encoded(problem: Problem, frequency_hz: Real) -> Encoded:
    k = 2 * np.pi * frequency_hz / problem.speed_of_sound_m_s
    return encode(scene(problem).device, k, float(k[-1]))


def summed(problem: Problem, frequency_hz: Real, images: Images) -> Complex:
    """The images' sum (F, L, 4)."""
    room = room_of(problem)
    source = encoded(problem, frequency_hz)
    return gathered(
        frequency_hz,
        images,
        source,
        room_places.in_room_m(room, source.places_m),
        room_places.device_axes(room),
        receiver(problem, frequency_hz),
        Walls.of(log_reflection(problem, room, frequency_hz), frequency_hz, air_of(problem)),
        problem.speed_of_sound_m_s,
    )


def error_db(found: Complex | Real, wanted: Complex | Real) -> float:
    """Of the whole, relative to what is wanted."""
    wrong = float(np.sum(np.abs(found - wanted) ** 2) / np.sum(np.abs(wanted) ** 2))
    return 10 * math.log10(max(wrong, 1e-30))
