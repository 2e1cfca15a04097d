"""A measured driver as it was read: level over frequency at several angles, phase on axis, and level over frequency and angle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from designer.acoustics.directivity_interpolation import IN_PLANE
from designer.acoustics.minimum_phase import minimum_phase
from designer.arrays import Complex, Real
from designer.problem.geometry import direction
from designer.report.canvas import COLOURS, INK, SHADE, SOFT, STYLES, figure, frequency_axis
from designer.report.words_on_plots import shortened

if TYPE_CHECKING:
    from designer.acoustics.directivity import MeasuredDirectivity

WANTED_DEG = (0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0, 135.0, 180.0)
SHOWN_DB = 40.0
LOWEST_DB, HIGHEST_DB, STEP_DB = -30, 6, 3
MOST_FREQUENCIES = 240


@dataclass(frozen=True)
class Plane:
    """A plane through the driver's axis, and the angles in it that are shown (A,), rising."""

    words: str
    vertical: bool
    angles_deg: Real


PLANES = (("horizontal", False), ("vertical", True))
HORIZONTAL = Plane("horizontal", False, np.zeros(1))


def plane_angles_deg(response: MeasuredDirectivity, *, vertical: bool) -> Real:
    """Angles of a plane that are shown (A,), rising: those measured in it, or every 10 degrees where a whole sphere was."""
    if response.summary.coverage == "sphere":
        return np.arange(-180.0, 181.0, 10.0)
    n = response.directions
    inside = np.abs(n[:, 1 if vertical else 2]) < IN_PLANE
    angle = np.degrees(np.arctan2(n[inside, 2 if vertical else 1], n[inside, 0]))
    return np.unique(np.round(angle, 6) + 0.0)


def at_angles(response: MeasuredDirectivity, frequency_hz: Real, angle_deg: Real, plane: Plane) -> Complex:
    """Pressure (F, A) at angles of a plane."""
    towards = direction(np.zeros(angle_deg.size), angle_deg) if plane.vertical else direction(angle_deg)
    return response.transfer(frequency_hz, np.round(towards, 15), above="hold")


def draw_measured_driver(name: str, response: MeasuredDirectivity) -> Figure:
    """The whole figure of one driver; frequencies are those that were measured."""
    f = response.frequency_hz
    if f.size > MOST_FREQUENCIES:
        f = np.geomspace(f[0], f[-1], MOST_FREQUENCIES)
    measured = {"horizontal plane": PLANES[:1], "vertical plane": PLANES[1:], "axis": PLANES[:1]}
    named = measured.get(response.summary.coverage, PLANES)
    planes = [Plane(words, v, plane_angles_deg(response, vertical=v)) for words, v in named]
    maps = [plane for plane in planes if plane.angles_deg.size > 3]
    rows = 3 if len(maps) > 1 else 2
    drawn = figure(7.2, 0.6 + 2.3 * rows)
    grid = drawn.add_gridspec(rows, 3, width_ratios=[1.0, 1.0, 0.24])
    top = drawn.add_subplot(grid[0, :2])
    beside = drawn.add_subplot(grid[0, 2])
    beside.axis("off")
    lines = _levels(top, response, f, planes)
    beside.legend(handles=lines, loc="center left", fontsize=8, handlelength=2.2, borderaxespad=0)
    _phase(
        drawn.add_subplot(grid[rows - 1, 0] if len(maps) == 1 else grid[rows - 1, :2]), response, f, wide=len(maps) != 1
    )
    for number, plane in enumerate(maps):
        _map(drawn.add_subplot(grid[1, number if rows == 3 else 1]), response, f, plane)
    if maps:
        bar = drawn.colorbar(ScalarMappable(*_scale()), cax=drawn.add_subplot(grid[1, 2]),
                             ticks=np.arange(LOWEST_DB, HIGHEST_DB + 1, 6))  # fmt: skip
        bar.ax.set_box_aspect(12)
        bar.ax.set_anchor("W")
        bar.set_label("dB re on axis")
        bar.outline.set_visible(False)
    s = response.summary
    files = "1 file" if len(s.files) == 1 else f"{len(s.files)} files"
    drawn.suptitle(
        f'Driver "{shortened(name, 16)}": {s.kind}, {files}, {counted(s.directions, "direction")} ({s.coverage})',
        x=0.01, ha="left", fontsize=10.5, fontweight="bold",
    )  # fmt: skip
    return drawn


def counted(number: int, what: str) -> str:
    """A number and its noun."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def _angle(angle_deg: float) -> str:
    return f"{angle_deg:g}°".replace("-", "−")


def _shown_deg(angles_deg: Real, *, few: bool, axis: bool) -> list[float]:
    """About eight of a plane's angles: to both sides if it is alone and has both, else to one; with the axis or without."""
    one_sided = few or angles_deg[0] > -1e-6 or angles_deg[-1] < 1e-6
    sides = (1.0, -1.0) if not one_sided else (1.0,) if angles_deg[-1] > 1e-6 else (-1.0,)
    wishes: Sequence[float] = WANTED_DEG if one_sided and not few else WANTED_DEG[::2]
    there = np.unique(np.abs(angles_deg))
    if there.size <= len(wishes):
        wishes = there.tolist()
    away = [np.abs((angles_deg - side * wish + 180) % 360 - 180) for wish in wishes for side in sides]
    near = {float(angles_deg[np.argmin(distance)]) for distance in away}
    shown = {180.0 if angle == -180 else angle for angle in near if axis or abs(angle) > 1e-6}
    return sorted(shown, key=lambda angle: (abs(angle), -angle))


def _levels(axes: Axes, response: MeasuredDirectivity, f: Real, planes: list[Plane]) -> list[Line2D]:
    """Level at the angles nearest to WANTED_DEG, to both sides where these differ; a colour an angle, a line style a side."""
    lines: list[Line2D] = []
    lowest, highest = np.inf, -np.inf
    largest = max(float(np.abs(plane.angles_deg).max()) for plane in planes) or 1.0
    for plane in planes:
        for angle in _shown_deg(plane.angles_deg, few=len(planes) > 1, axis=not lines):
            level = 20 * np.log10(np.abs(at_angles(response, f, np.array([angle]), plane)[:, 0]) + 1e-12)
            axis = abs(angle) < 1e-6
            style = STYLES[(2 if plane.vertical else 0) + (angle < 0)]
            colour = INK if axis else colormaps["viridis"](0.92 * (abs(angle) / largest) ** 0.8)
            lines += axes.plot(
                f, level, color=colour, zorder=3 if axis else 2, linewidth=2.0 if axis else 1.2, linestyle="-" if axis else style,
                label="on axis" if axis else _angle(angle) if len(planes) == 1 else f"{plane.words[:3]} {_angle(angle)}",
            )  # fmt: skip
            highest, lowest = max(highest, float(level.max())), min(lowest, float(level.min()))
    axes.set_ylim(max(lowest - 2, highest - SHOWN_DB), highest + 3)
    frequency_axis(axes, *_edges_hz(response))
    _mark_measured(axes, response)
    axes.set_ylabel("Level in dB\nre ideal source at 1 m")
    axes.set_title(
        f"Level over angle{', to the left and up' if len(planes) > 1 else ''}, with the gain that a design uses"
    )
    return lines


def _phase(axes: Axes, response: MeasuredDirectivity, f: Real, *, wide: bool) -> None:
    """What is left on axis when the common delay is off, beside the minimum phase of the level."""
    on_axis = at_angles(response, f, np.zeros(1), HORIZONTAL)[:, 0]
    phase = np.degrees(np.unwrap(np.angle(on_axis)))
    expected = np.degrees(minimum_phase(f, np.abs(on_axis)[:, None])[:, 0])
    middle = int(np.argmin(np.abs(np.log(f / np.sqrt(f[0] * f[-1])))))
    phase -= 360 * np.round((phase[middle] - expected[middle]) / 360)
    axes.plot(f, phase, color=COLOURS[0], linewidth=1.8, label="measured")
    axes.plot(f, expected, color=COLOURS[1], linewidth=1.3, linestyle=STYLES[1], label="minimum phase of the level")
    frequency_axis(axes, *_edges_hz(response), narrow=not wide)
    low, high = min(phase.min(), expected.min(), -90.0), max(phase.max(), expected.max(), 90.0)
    step = 90 if high - low < 800 else 180 if high - low < 1600 else 720
    axes.set_yticks(np.arange(np.floor(low / step) * step, high + step, step))
    axes.set_ylim(low - 25, high + 0.35 * (high - low))
    axes.set_ylabel("Phase in degrees")
    axes.set_title(f"Phase on axis, {response.summary.delay_removed_s * 1e3:.3f} ms taken off")
    axes.legend(loc="upper right")


def _scale() -> tuple[BoundaryNorm, ListedColormap]:
    edges_db = np.arange(LOWEST_DB, HIGHEST_DB + STEP_DB + 1, STEP_DB) - STEP_DB / 2  # steps centred on their labels
    colours = ListedColormap(colormaps["viridis"](np.linspace(0.0, 1.0, edges_db.size - 1)))
    return BoundaryNorm(edges_db, colours.N), colours


def _map(axes: Axes, response: MeasuredDirectivity, f: Real, plane: Plane) -> None:
    angles = plane.angles_deg
    pressure = np.abs(at_angles(response, f, angles, plane))
    on_axis = np.abs(at_angles(response, f, np.zeros(1), plane))
    level = 20 * np.log10(np.maximum(pressure, 1e-12) / np.maximum(on_axis, 1e-12))
    norm, colours = _scale()
    axes.pcolormesh(f, angles, np.clip(level.T, LOWEST_DB, HIGHEST_DB), cmap=colours, norm=norm, shading="nearest",
                    rasterized=True)  # fmt: skip
    frequency_axis(axes, *_edges_hz(response), narrow=True)
    axes.grid(False)
    axes.set_yticks(np.arange(np.ceil(angles[0] / 45) * 45, angles[-1] + 1, 45 if np.ptp(angles) > 100 else 15))
    towards = "" if angles[0] >= 0 else "\nup positive" if plane.vertical else "\nleft positive"
    axes.set_ylabel(f"Angle in degrees{towards}")
    axes.set_title(f"{plane.words.capitalize()} plane")


def _edges_hz(response: MeasuredDirectivity) -> tuple[float, float]:
    """What the frequency axes show: 20 Hz to 20 kHz, or what was measured where that is more."""
    return min(20.0, float(response.frequency_hz[0])), max(20_000.0, float(response.frequency_hz[-1]))


def _mark_measured(axes: Axes, response: MeasuredDirectivity) -> None:
    low, high = axes.get_xlim()
    first, last = float(response.frequency_hz[0]), float(response.frequency_hz[-1])
    for start, stop in ((low, first), (last, high)):
        if stop > start * 1.001:
            axes.axvspan(start, stop, color=SHADE, zorder=0, linewidth=0)
    if first > low * 1.6:
        axes.text(np.sqrt(low * first), 0.04, "not measured:\nthe model", transform=axes.get_xaxis_transform(),
                  ha="center", va="bottom", fontsize=7.5, color=SOFT)  # fmt: skip
