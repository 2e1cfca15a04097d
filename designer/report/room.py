"""The room: its plan, what it does to a channel beside its plain driver and plain stereo, and the page's section."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from designer.evaluation.room import STEREO, InRoom, Played
from designer.metrics import ROOM
from designer.problem import geometry, room_places
from designer.problem.messages import number
from designer.problem.schema import Problem, Room
from designer.report.canvas import COLOURS, FAINT, INK, SOFT, STYLES, headed
from designer.report.plots import below, curve, over_frequency, panels
from designer.result import Result

DRAWN = tuple(metric for metric in ROOM if "figure" in metric.on)
LOOKS: tuple[dict[str, Any], ...] = (
    {"color": COLOURS[0], "marker": "o", "linewidth": 1.8},
    {"color": COLOURS[1], "marker": "s", "linewidth": 1.2, "linestyle": STYLES[1]},
    {"color": INK, "marker": "D", "linewidth": 1.2, "linestyle": STYLES[2]},
)


def _in_room(result: Result) -> InRoom:
    assert result.room is not None
    return result.room


def _words(playback: Played, name: str) -> str:
    return playback.name if playback.name in (STEREO, name) else "its plain driver"


def draw_room(result: Result, name: str) -> Figure:
    """Measures by octave: the channel, its plain driver, and plain stereo's middle."""
    in_room = _in_room(result)
    middle_hz, band_hz = in_room.played[0].measures.middle_hz, result.channels[name].table.band_hz
    shown_hz = float(middle_hz[0]) / 1.41, float(middle_hz[-1]) * 1.41
    fig, panes = panels(5.0, 2, 2)
    for axes, metric in zip(panes, DRAWN, strict=True):
        curves = [
            curve(middle_hz, getattr(playback.measures, metric.name), _words(playback, name), markersize=4, **look)
            for playback, look in zip(in_room.compared(name), LOOKS, strict=False)
        ]
        handles = over_frequency(axes, curves, shown_hz, band_hz, unit=metric.axis, narrow=True)
        if metric.name == "interaural_coherence":
            axes.set_ylim(0.0, 1.05)
        elif metric.unit != "dB":
            axes.set_ylim(0.0, 1.1 * max(0.1, *(float(playback.y.max()) for playback in curves)))
    headed(fig, f"{name} in the room")
    below(fig, handles, 3)
    return fig


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
    listener = room_places.room_listener(problem, problem.room)
    return problem.room, listener, room_places.in_room_m(problem.room, np.array(listener.position_m))


def draw_plan(problem: Problem) -> Figure:
    """The room from above and from the side: the device with its front, the listener with the nose."""
    room, listener, head_m = _plan(problem)
    length_m, width_m, height_m = room.size_m
    fig, panes = panels(min(6.0, 1.2 + 3.1 * max(width_m, height_m) / length_m), 1, 2)
    axes = room_places.device_axes(room)
    drivers_m = room_places.in_room_m(room, np.array([driver.position_m for driver in problem.drivers]))
    device_m, radius_m = np.array(room.device_m), max(room_places.head_radius_m(problem), 0.06)
    arrows = ((device_m, axes[0], COLOURS[0]), (head_m, geometry.head_axes(listener)[0] @ axes, COLOURS[1]))
    views = ((1, width_m, "y in m", "The room from above"), (2, height_m, "z in m", "from the side"))
    for picture, (second, far_m, words, title) in zip(panes, views, strict=True):
        plane = [0, second]
        picture.add_patch(Rectangle((0, 0), length_m, far_m, fill=False, edgecolor=SOFT, linewidth=2))
        picture.plot(*np.stack([device_m, head_m])[:, plane].T, color=FAINT, linewidth=1)
        handles = picture.plot(*drivers_m[:, plane].T, "o", color=COLOURS[0], markersize=3.5, label="drivers")
        head = Circle(tuple(head_m[plane]), radius_m, color=COLOURS[1], label="listener")
        picture.add_patch(head)
        for start_m, towards, colour in arrows:
            tip, look = start_m + 0.4 * towards, {"arrowstyle": "->", "color": colour, "linewidth": 1.4}
            picture.annotate("", tuple(tip[plane]), tuple(start_m[plane]), arrowprops=look)
        picture.set_xlim(-0.1, length_m + 0.1)
        picture.set_ylim(-0.1, far_m + 0.1)
        picture.set_aspect("equal")
        picture.set_xlabel("x in m")
        picture.set_ylabel(words)
        picture.set_title(title)
    below(fig, [*handles, head], 2)
    return fig


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
            f" {responses.decayed_db:.0f} dB. Directions are encoded to {responses.truncation_error_db:.0f} dB."
        ),
        "changes": [in_room.in_words(name, channel.table.band_hz) for name, channel in result.channels.items()],
        "columns": [metric.label for metric in ROOM],
        "channels": channels,
    }
