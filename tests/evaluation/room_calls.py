"""Calls of the room's functions, for the test that none of them changes what it is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from programs import need_module

from designer.acoustics.free_field import Disc, FreeField
from designer.acoustics.heads import Points
from designer.acoustics.measured_head import MeasuredHead
from designer.acoustics.scene import Scene
from designer.acoustics.sphere_interpolation import SphereInterpolation
from designer.arrays import Real
from designer.evaluation import (
    direction_table,
    driver_patterns,
    head_patterns,
    image_sources,
    image_sum,
    room,
    room_measures,
    room_responses,
    wave_phases,
)
from designer.problem import room_places
from designer.problem.schema import Room
from designer.targets.channel_target import Plain

Call = tuple[Callable[..., Any], tuple[Any, ...]]


def with_images(function: Callable[..., Any]) -> Callable[..., Any]:
    """The function where pyroomacoustics is installed; elsewhere the test skips."""

    def called(*arguments: Any) -> Any:
        need_module("pyroomacoustics", "pyroomacoustics")
        return function(*arguments)

    return called


def calls(taps: Real, plain: Plain, there: Scene, head: MeasuredHead) -> dict[str, Call]:
    """Function -> itself and its arguments, of a scene with one ear channel and of a head measured on a circle."""
    f = np.linspace(0.0, 8000.0, 17)
    k = 2 * np.pi * f / 343.0
    unit = np.random.default_rng(3).standard_normal((6, 3))
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    free = FreeField([Disc(np.array([0.0, 0.1, 0.0]), (20.0, 0.0), 0.03), Disc(np.array([0.0, -0.1, 0.0]))])
    source = driver_patterns.encode(free, k, float(k[-1]))
    disc, point = source.patterns
    ears = head_patterns.encode_ears(Points("points", 0.09), f, 343.0)
    measured = head_patterns.encode_ears(head, f, 343.0)
    images = image_sources.Images(np.array([5.0, 4.0, 2.5]), np.array([[1, 0, 0], [0, -1, 2]]), 20.0)
    receiver = image_sum.Receiver(
        ears, np.array([2.0, 1.5, 1.0]), np.diag([-1.0, -1.0, 1.0]), np.array([0.0, 1.0, 0.0])
    )
    walls = image_sum.Walls.of(np.linspace(-0.1, -0.2, f.size), f, None)
    table = Room(absorption=0.9)
    inside = there.problem.model_copy(update={"room": table})
    ring = SphereInterpolation(unit.copy())
    tabled = direction_table.DirectionTable(6.0, np.ones((len(direction_table.nodes(6.0)), 4), np.complex64), -50.0)
    series = driver_patterns.Series.of(np.ones((8, 3)) + 0j, np.zeros(8))
    pulses = np.zeros((4, 2, 400))
    pulses[:, :, 50] = 1.0
    found = room_responses.RoomResponses(there.problem.sample_rate_hz, pulses, 0.5 * pulses, 0.6, 0.003, 1, 60.0, -60.0)
    design = there.problem.designs[0].name
    return {
        "acoustics.sphere_interpolation.SphereInterpolation.covers": (lambda r, d: r.covers(d), (ring, unit)),
        "acoustics.sphere_interpolation.SphereInterpolation.onto": (lambda r, d: r.onto(d), (ring, unit)),
        "evaluation.direction_table.DirectionTable.at": (lambda t, d: t.at(d), (tabled, unit)),
        "evaluation.direction_table.cubic_weights": (lambda d: direction_table.cubic_weights(d, 6.0).data, (unit,)),
        "evaluation.direction_table.tabulated": (
            lambda a, b: direction_table.tabulated(lambda x, d: (x[:, None] * d[:, 0])[..., None] + 1j, a, b),
            (f, 8000.0),
        ),
        "evaluation.driver_patterns.Axial.at": (lambda p, d: p.at(d), (disc, unit)),
        "evaluation.driver_patterns.Everywhere.at": (lambda p, d: p.at(d), (point, unit)),
        "evaluation.driver_patterns.Series.times": (lambda s, t: s.times(t), (series, np.ones((3, 5)))),
        "evaluation.driver_patterns.encode": (driver_patterns.encode, (free, k, 100.0)),
        "evaluation.driver_patterns.single_legendre": (driver_patterns.single_legendre, (unit[:, 0], 5)),
        "evaluation.head_patterns.AxialEars.at": (lambda e, d: e.at(d), (ears, unit)),
        "evaluation.head_patterns.MeasuredEars.at": (lambda e, d: e.at(d), (measured, unit)),
        "evaluation.head_patterns.encode_ears": (head_patterns.encode_ears, (Points("points", 0.09), f, 343.0)),
        "evaluation.image_sources.Images.of": (lambda i, p: i.of(p), (images, np.array([1.0, 2.0, 1.0]))),
        "evaluation.image_sources.images_within": (
            with_images(image_sources.images_within), (inside, table, np.array([2.0, 1.5, 1.0]), 8.0)
        ),
        "evaluation.image_sources.log_reflection": (image_sources.log_reflection, (inside, table, f)),
        "evaluation.image_sum.gathered": (
            image_sum.gathered, (f, images, source, source.places_m + 1.0, np.eye(3), receiver, walls, 343.0)
        ),
        "evaluation.image_sum.waves_from": (
            image_sum.waves_from, (images, np.array([1.0, 2.0, 1.0]), np.eye(3), receiver)
        ),
        "evaluation.room.in_room": (
            room.in_room, (inside, found, {design: taps}, {design: plain}, 16)
        ),
        "evaluation.room_measures.octave_gains": (room_measures.octave_gains, (f, f[2:4])),
        "evaluation.room_measures.room_measures": (
            lambda d, h: room_measures.room_measures(d, h, 16_000.0, distance_m=1.0, first_s=0.003),
            (pulses[:, 0], pulses[:, 1]),
        ),
        "evaluation.room_responses.room_responses": (with_images(room_responses.room_responses), (there, table)),
        "evaluation.wave_phases.wave_phases": (wave_phases.wave_phases, (f, np.array([0.001, 0.01]), np.ones(2))),
        "problem.room_places.in_room_m": (room_places.in_room_m, (table, unit)),
    }  # fmt: skip
