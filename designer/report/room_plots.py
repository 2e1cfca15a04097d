"""The room: its plan with device and listener, and what it does to a channel, beside the plain driver and plain stereo."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

from designer.evaluation.room import STEREO, Played
from designer.problem import geometry, room_places
from designer.problem.schema import Problem
from designer.report.canvas import COLOURS, FAINT, INK, SOFT, STYLES, figure, frequency_axis, mark_band
from designer.result import Result

PANELS = (  # the measure, its axis, whether it runs from 0 to 1
    ("critical_distance_m", "Critical distance in m", False),
    ("clarity_db", "Clarity C50 in dB", False),
    ("interaural_coherence", "Interaural coherence", True),
    ("early_lateral_fraction", "Early lateral fraction", False),
)


def draw_room(result: Result, name: str) -> Figure:
    """Four measures by octave: the channel, its plain driver, and plain stereo's middle."""
    found = result.room
    assert found is not None
    drawn = figure(7.2, 5.0)
    panels = drawn.subplots(2, 2)
    for axes, (measure, label, share) in zip(panels.ravel(), PANELS, strict=True):
        middle_hz = found.played[0].measures.middle_hz
        frequency_axis(axes, float(middle_hz[0]) / 1.41, float(middle_hz[-1]) * 1.41, narrow=True)
        mark_band(axes, result.channels[name].table.band_hz)
        highest = 0.0
        for one, look in zip(found.compared(name), _looks(), strict=False):
            values = getattr(one.measures, measure)
            highest = max(highest, float(values.max()))
            axes.plot(one.measures.middle_hz, values, label=_words(one, name), markersize=4, **look)
        if share:
            axes.set_ylim(0.0, 1.05)
        elif measure != "clarity_db":
            axes.set_ylim(0.0, 1.1 * max(highest, 0.1))
        axes.set_ylabel(label)
    drawn.suptitle(f"{name} in the room", x=0.01, ha="left", fontsize=10, fontweight="bold")
    handles, labels = panels[0, 0].get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=3)
    return drawn


def _looks() -> list[dict[str, object]]:
    return [
        {"color": COLOURS[0], "marker": "o", "linewidth": 1.8},
        {"color": COLOURS[1], "marker": "s", "linewidth": 1.2, "linestyle": STYLES[1]},
        {"color": INK, "marker": "D", "linewidth": 1.2, "linestyle": STYLES[2]},
    ]


def _words(one: Played, name: str) -> str:
    return one.name if one.name == STEREO else name if one.name == name else "its plain driver"


def draw_plan(problem: Problem) -> Figure:
    """The room from above and from the side: the device with its front, the listener with the nose."""
    room = problem.room
    assert room is not None
    length_m, width_m, height_m = room.size_m
    drawn = figure(7.2, min(6.0, 1.2 + 3.1 * max(width_m, height_m) / length_m))
    above, aside = drawn.subplots(1, 2)
    listener = room_places.room_listener(problem, room)
    axes = room_places.device_axes(room)
    head_m = room_places.in_room_m(room, np.array(listener.position_m))
    drivers_m = room_places.in_room_m(room, np.array([driver.position_m for driver in problem.drivers]))
    nose = geometry.head_axes(listener)[0] @ axes
    device_m = np.array(room.device_m)
    for picture, second, far_m, words in ((above, 1, width_m, "y in m"), (aside, 2, height_m, "z in m")):
        picture.add_patch(Rectangle((0, 0), length_m, far_m, fill=False, edgecolor=SOFT, linewidth=2))
        picture.plot([device_m[0], head_m[0]], [device_m[second], head_m[second]], color=FAINT, linewidth=1)
        picture.plot(drivers_m[:, 0], drivers_m[:, second], "o", color=COLOURS[0], markersize=3.5, label="drivers")
        _arrow(picture, device_m[[0, second]], axes[0][[0, second]], COLOURS[0])
        radius_m = max(room_places.head_radius_m(problem), 0.06)
        picture.add_patch(Circle((head_m[0], head_m[second]), radius_m, color=COLOURS[1], label="listener"))
        _arrow(picture, head_m[[0, second]], nose[[0, second]], COLOURS[1])
        picture.set_xlim(-0.1, length_m + 0.1)
        picture.set_ylim(-0.1, far_m + 0.1)
        picture.set_aspect("equal")
        picture.set_xlabel("x in m")
        picture.set_ylabel(words)
    above.set_title("The room from above")
    aside.set_title("from the side")
    handles, labels = above.get_legend_handles_labels()
    drawn.legend(handles, labels, loc="outside lower center", ncols=2)
    return drawn


def plan_words(problem: Problem) -> str:
    """Where device and listener stand, in numbers."""
    room = problem.room
    assert room is not None
    head_m = room_places.in_room_m(room, np.array(room_places.room_listener(problem, room).position_m))
    device, head = (", ".join(f"{x:.2f}" for x in place) for place in (room.device_m, head_m))
    return (
        f"the device is at [{device}] m and faces {room.heading_deg:g} degrees, the middle of the head is at [{head}] m"
    )


def _arrow(picture: Axes, start_m: np.ndarray, towards: np.ndarray, colour: str) -> None:
    (x, y), (dx, dy) = start_m.tolist(), (0.4 * towards).tolist()
    picture.annotate("", (x + dx, y + dy), (x, y), arrowprops={"arrowstyle": "->", "color": colour, "linewidth": 1.4})
