"""The room: its plan, what it does to a channel beside its plain driver and plain stereo, and the page's section."""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.acoustics.several_listeners import sides_listener
from designer.evaluation.room import STEREO, InRoom, Played
from designer.metrics import ROOM
from designer.problem import geometry, room_places
from designer.problem.messages import number
from designer.problem.schema import Problem, Room
from designer.report.figure_data import Figure, axis, curves, figure, frequency_axis, line
from designer.report.layout import drawing
from designer.result import Result

DRAWN = tuple(metric for metric in ROOM if "figure" in metric.on)
LOOKS: tuple[dict[str, Any], ...] = (
    {"color": 0, "marker": "circle", "width": 1.8},
    {"color": 1, "marker": "square", "width": 1.2, "dash": "dash"},
    {"color": "ink", "marker": "diamond", "width": 1.2, "dash": "dot"},
)


def _in_room(result: Result) -> InRoom:
    assert result.room is not None
    return result.room


def _words(playback: Played, name: str) -> str:
    return playback.name if playback.name in (STEREO, name) else "its plain driver"


def room_figure(result: Result, name: str) -> Figure:
    """Measures by octave: the channel, its plain driver, and plain stereo's middle."""
    in_room = _in_room(result)
    middle_hz, band_hz = in_room.played[0].measures.middle_hz, list(result.channels[name].table.band_hz)
    x, panels = frequency_axis((float(middle_hz[0]) / 1.41, float(middle_hz[-1]) * 1.41)), []
    for place, metric in enumerate(DRAWN):
        lines = [
            line(middle_hz, getattr(playback.measures, metric.name), _words(playback, name), **look)
            for playback, look in zip(in_room.compared(name), LOOKS, strict=False)
        ]
        low, high = 0.0, 1.05
        if metric.name != "interaural_coherence":
            highest = max(float(shown["y"].max()) for shown in lines)
            lowest = min(float(shown["y"].min()) for shown in lines)
            low, high = (lowest - 1, highest + 1) if metric.unit == "dB" else (0.0, 1.1 * max(0.1, highest))
        y = axis(metric.axis, metric.unit, low, high)
        panels.append(curves(x, y, lines, place=divmod(place, 2), band_hz=band_hz))
    return figure(panels, 5.0, title=f"{name} in the room")


def say_room(result: Result, name: str) -> str:
    """Critical distance and coherence, with the channel and with its plain driver."""
    band_hz = result.channels[name].table.band_hz
    filtered, plain = (playback.measures.mean(band_hz) for playback in _in_room(result).compared(name)[:2])
    return (
        f"over the octaves of the band the critical distance is {filtered['critical_distance_m']:.2f} m and the interaural coherence"
        f" {filtered['interaural_coherence']:.2f}, with the plain driver {plain['critical_distance_m']:.2f} m and"
        f" {plain['interaural_coherence']:.2f}"
    )


def _plan(problem: Problem) -> tuple[Room, Any, Any]:
    """The room, the listener as placed in it, and the middle of the head in the room's axes."""
    assert problem.room is not None
    listener = room_places.room_listener(problem.heard_by(sides_listener(problem)), problem.room)
    return problem.room, listener, room_places.in_room_m(problem.room, np.array(listener.position_m))


def plan_figure(problem: Problem) -> Figure:
    """The room from above and from the side: the device with its front, the listener with the nose."""
    room, listener, head_m = _plan(problem)
    length_m, width_m, height_m = room.size_m
    axes = room_places.device_axes(room)
    drivers_m = room_places.in_room_m(room, np.array([driver.position_m for driver in problem.drivers]))
    device_m, radius_m = np.array(room.device_m), max(room_places.head_radius_m(problem), 0.06)
    arrows = ((device_m, axes[0], 0), (head_m, geometry.head_axes(listener)[0] @ axes, 1))
    views = ((1, width_m, "y in m", "The room from above"), (2, height_m, "z in m", "from the side"))
    panels = []
    for column, (second, far_m, words, title) in enumerate(views):
        plane = [0, second]
        sight, drivers, head = np.stack([device_m, head_m])[:, plane], drivers_m[:, plane], head_m[plane]
        corners = {"x": np.array([0, length_m, length_m, 0]), "y": np.array([0, 0, far_m, far_m])}
        shapes: list[Any] = [
            {"form": "polygon", **corners, "color": "soft", "width": 2.0},
            {"form": "line", "x": sight[:, 0], "y": sight[:, 1], "color": "faint"},
            {"form": "points", "x": drivers[:, 0], "y": drivers[:, 1], "color": 0, "size": 3.5, "name": "drivers"},
            {"form": "circle", "x": float(head[0]), "y": float(head[1]), "radius": radius_m, "color": 1, "fill": 1,
             "name": "listener"},
        ]  # fmt: skip
        for start_m, towards, colour in arrows:
            ends = np.stack([start_m, start_m + 0.4 * towards])[:, plane]
            shapes.append({"form": "arrow", "x": ends[:, 0], "y": ends[:, 1], "color": colour, "width": 1.4})
        x, y = axis("x in m", "m", -0.1, length_m + 0.1), axis(words, "m", -0.1, far_m + 0.1)
        panels.append(drawing(title, (0, column, 1, 1), x, y, shapes))
    return figure(panels, min(6.0, 1.2 + 3.1 * max(width_m, height_m) / length_m))


def plan_words(problem: Problem) -> str:
    """Where device and listener stand, in numbers."""
    room, _, head_m = _plan(problem)
    device, head = (", ".join(f"{x:.2f}" for x in place) for place in (room.device_m, head_m))
    return (
        f"the device is at [{device}] m and faces {room.heading_deg:g} degrees, the middle of the head is at [{head}] m"
    )


def room_section(result: Result) -> dict[str, Any] | None:
    """Context of the page's template; None without [room]."""
    in_room, room = result.room, result.problem.room
    if in_room is None or room is None:
        return None
    responses = in_room.responses
    times_s = room_places.eyring_rt60_s(room, result.problem.speed_of_sound_m_s)
    eyring = f"{min(times_s):.2f}" + (f" to {max(times_s):.2f}" if len(times_s) > 1 else "")
    channels = []
    for name, channel in result.channels.items():
        means = [
            (_words(playback, name), playback.measures.mean(channel.table.band_hz))
            for playback in in_room.compared(name)
        ]
        channels.append(
            (name, [(words, [metric.text(means_of[metric.name]) for metric in ROOM]) for words, means_of in means])
        )
    return {
        "words": (
            f"{' x '.join(number(side) for side in room.size_m)} m, reverberation time {eyring} s after Eyring, the listener at"
            f" {responses.distance_m:.2f} m: {responses.images:,} image sources, until the energy has fallen by"
            f" {responses.decayed_db:z.0f} dB. Directions are encoded to {responses.truncation_error_db:z.0f} dB."
        ),
        "changes": [in_room.in_words(name, channel.table.band_hz) for name, channel in result.channels.items()],
        "columns": [metric.label for metric in ROOM],
        "channels": channels,
    }
