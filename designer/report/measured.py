"""Figures of measured data: a driver's levels, phase and maps; a head's directions, times and levels; a device at the ears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from designer.acoustics.measured.head import MeasuredHead
from designer.acoustics.measured.interaural_time import geometric_time_s
from designer.acoustics.measured.interpolation import IN_PLANE
from designer.acoustics.measured.time_reference import minimum_phase
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.errors import DataError
from designer.measures import amplitude_db
from designer.problem.geometry import direction
from designer.report import canvas
from designer.report.plots import Curve, below, curve, draw_curves, level_map, level_scale, over_frequency, panels

if TYPE_CHECKING:
    from designer.acoustics.measured.directivity import MeasuredDirectivity

WANTED_DEG = (0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0, 135.0, 180.0)
SHOWN_DB = 40.0
MOST_FREQUENCIES = 240
LEVEL_DEG = (0.0, 45.0, 90.0, -45.0, -90.0, 180.0)
GAP = "#e1e4e8"
RING_DEG = 12.5
"""Measured directions this near to the horizontal are shown over azimuth."""
MOST_NAMED = 12


@dataclass(frozen=True)
class Plane:
    """A plane through a driver's axis, the driver's response in it, and the angles that are shown (A,), rising."""

    response: MeasuredDirectivity
    vertical: bool

    @property
    def words(self) -> str:
        """The plane's name."""
        return "vertical" if self.vertical else "horizontal"

    @property
    def angles_deg(self) -> Real:
        """Angles measured in it, or every 10 degrees where a whole sphere was."""
        if self.response.summary.coverage == "sphere":
            return np.arange(-180.0, 181.0, 10.0)
        n = self.response.directions
        inside = np.abs(n[:, 1 if self.vertical else 2]) < IN_PLANE
        angle = np.degrees(np.arctan2(n[inside, 2 if self.vertical else 1], n[inside, 0]))
        return np.unique(np.round(angle, 6) + 0.0)

    def pressure(self, frequency_hz: Real, angle_deg: Sequence[float] | Real) -> Complex:
        """Pressure (F, A) at angles."""
        angle = np.asarray(angle_deg, dtype=float)
        towards = direction(np.zeros(angle.size), angle) if self.vertical else direction(angle)
        return self.response.transfer(frequency_hz, np.round(towards, 15), above="hold")


def draw_measured_driver(name: str, response: MeasuredDirectivity) -> Figure:
    """Levels at angles, phase on axis and a map for each plane; frequencies are those that were measured."""
    f = response.frequency_hz
    if f.size > MOST_FREQUENCIES:
        f = np.geomspace(f[0], f[-1], MOST_FREQUENCIES)
    shown_hz = min(20.0, float(response.frequency_hz[0])), max(20_000.0, float(response.frequency_hz[-1]))
    measured = {"horizontal plane": (False,), "vertical plane": (True,), "axis": (False,)}
    planes = [Plane(response, vertical) for vertical in measured.get(response.summary.coverage, (False, True))]
    maps = [plane for plane in planes if plane.angles_deg.size > 3]
    rows = 3 if len(maps) > 1 else 2
    fig = canvas.figure(7.2, 0.6 + 2.3 * rows)
    grid = fig.add_gridspec(rows, 3, width_ratios=[1.0, 1.0, 0.24])
    beside = fig.add_subplot(grid[0, 2])
    beside.axis("off")
    handles = _driver_levels(fig.add_subplot(grid[0, :2]), response, f, planes, shown_hz)
    beside.legend(handles=handles, loc="center left", fontsize=8, handlelength=2.2, borderaxespad=0)
    phase = fig.add_subplot(grid[rows - 1, 0] if len(maps) == 1 else grid[rows - 1, :2])
    _driver_phase(phase, response, f, shown_hz, wide=len(maps) != 1)
    scale = level_scale(6)
    for n, plane in enumerate(maps):
        angles, axes = plane.angles_deg, fig.add_subplot(grid[1, n if rows == 3 else 1])
        level = 20 * np.log10(np.maximum(np.abs(plane.pressure(f, angles)), 1e-12))
        level -= 20 * np.log10(np.maximum(np.abs(plane.pressure(f, [0.0])), 1e-12))
        towards = "" if angles[0] >= 0 else "\nup positive" if plane.vertical else "\nleft positive"
        level_map(axes, f, angles, level, scale, close=False)
        title = f"{plane.words.capitalize()} plane"
        over_frequency(axes, [], shown_hz, title=title, unit=f"Angle in degrees{towards}", narrow=True)
        axes.set_yticks(np.arange(np.ceil(angles[0] / 45) * 45, angles[-1] + 1, 45 if np.ptp(angles) > 100 else 15))
    if maps:
        bar = scale.bar(fig, None, "dB re on axis", cax=fig.add_subplot(grid[1, 2]))
        bar.ax.set_box_aspect(12)
        bar.ax.set_anchor("W")
    s = response.summary
    counts = ((len(s.files), "file"), (s.directions, "direction"))
    files, directions = (f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in counts)
    canvas.headed(fig, f'Driver "{canvas.shortened(name, 16)}": {s.kind}, {files}, {directions} ({s.coverage})', 10.5)
    return fig


def _degrees(angle_deg: float) -> str:
    return f"{angle_deg:g}°".replace("-", "−")


def _shown_deg(angles_deg: Real, *, few: bool, axis: bool) -> list[float]:
    """About eight of a plane's angles: to both sides if it is alone and has both, else to one; with the axis or without."""
    is_one_sided = few or angles_deg[0] > -1e-6 or angles_deg[-1] < 1e-6
    sides = (1.0, -1.0) if not is_one_sided else (1.0,) if angles_deg[-1] > 1e-6 else (-1.0,)
    requirements: Sequence[float] = WANTED_DEG if is_one_sided and not few else WANTED_DEG[::2]
    measured_deg = np.unique(np.abs(angles_deg))
    if measured_deg.size <= len(requirements):
        requirements = measured_deg.tolist()
    away = [
        np.abs((angles_deg - side * requirement + 180) % 360 - 180) for requirement in requirements for side in sides
    ]
    near = {float(angles_deg[np.argmin(distance)]) for distance in away}
    shown = {180.0 if angle == -180 else angle for angle in near if axis or abs(angle) > 1e-6}
    return sorted(shown, key=lambda angle: (abs(angle), -angle))


def _driver_levels(
    axes: Axes, response: MeasuredDirectivity, f: Real, planes: list[Plane], shown_hz: tuple[float, float]
) -> list[Artist]:
    """Level at the angles nearest to WANTED_DEG, to both sides where these differ; a colour an angle, a line style a side."""
    curves: list[Curve] = []
    largest = max(float(np.abs(plane.angles_deg).max()) for plane in planes) or 1.0
    for plane in planes:
        for angle in _shown_deg(plane.angles_deg, few=len(planes) > 1, axis=not curves):
            level = 20 * np.log10(np.abs(plane.pressure(f, [angle])[:, 0]) + 1e-12)
            if abs(angle) < 1e-6:
                curves.append(curve(f, level, "on axis", canvas.INK, 2.0, zorder=3))
                continue
            colour = colormaps["viridis"](0.92 * (abs(angle) / largest) ** 0.8)
            label = _degrees(angle) if len(planes) == 1 else f"{plane.words[:3]} {_degrees(angle)}"
            style = canvas.STYLES[(2 if plane.vertical else 0) + (angle < 0)]
            curves.append(curve(f, level, label, colour, 1.2, zorder=2, linestyle=style))
    title = f"Level over angle{', to the left and up' if len(planes) > 1 else ''}, with the gain that a design uses"
    unit = "Level in dB\nre ideal source at 1 m"
    first, last = float(response.frequency_hz[0]), float(response.frequency_hz[-1])
    handles = over_frequency(axes, curves, shown_hz, title=title, unit=unit)
    highest, lowest = max(float(line.y.max()) for line in curves), min(float(line.y.min()) for line in curves)
    axes.set_ylim(max(lowest - 2, highest - SHOWN_DB), highest + 3)
    for start, stop in ((shown_hz[0], first), (last, shown_hz[1])):
        if stop > start * 1.001:
            axes.axvspan(start, stop, color=canvas.SHADE, zorder=0, linewidth=0)
    if first > shown_hz[0] * 1.6:
        axes.text(np.sqrt(shown_hz[0] * first), 0.04, "not measured:\nthe model", transform=axes.get_xaxis_transform(),
                  ha="center", va="bottom", fontsize=7.5, color=canvas.SOFT)  # fmt: skip
    return handles


def _driver_phase(
    axes: Axes, response: MeasuredDirectivity, f: Real, shown_hz: tuple[float, float], *, wide: bool
) -> None:
    """Phase on axis when the common delay is off, beside the minimum phase of the level."""
    on_axis = Plane(response, vertical=False).pressure(f, [0.0])[:, 0]
    phase = np.degrees(np.unwrap(np.angle(on_axis)))
    expected = np.degrees(minimum_phase(f, np.abs(on_axis)[:, None])[:, 0])
    middle = int(np.argmin(np.abs(np.log(f / np.sqrt(f[0] * f[-1])))))
    phase -= 360 * np.round((phase[middle] - expected[middle]) / 360)
    curves = [
        curve(f, phase, "measured", linewidth=1.8),
        curve(f, expected, "minimum phase of the level", canvas.COLOURS[1], 1.3, linestyle=canvas.STYLES[1]),
    ]
    title = f"Phase on axis, {response.summary.delay_removed_s * 1e3:.3f} ms taken off"
    over_frequency(axes, curves, shown_hz, title=title, unit="Phase in degrees", narrow=not wide)
    low, high = min(phase.min(), expected.min(), -90.0), max(phase.max(), expected.max(), 90.0)
    step = 90 if high - low < 800 else 180 if high - low < 1600 else 720
    axes.set_yticks(np.arange(np.floor(low / step) * step, high + step, step))
    axes.set_ylim(low - 25, high + 0.35 * (high - low))
    axes.legend(loc="upper right")


def draw_measured_head(head: MeasuredHead, arrivals: Real) -> Figure:
    """Directions, times and levels of one head; `arrivals` (S, 3), in the head's axes, are where the device's sound comes from."""
    fig = canvas.figure(7.2, 5.6)
    grid = fig.add_gridspec(2, 2, height_ratios=[1.1, 1.0])
    _head_directions(fig.add_subplot(grid[0, :]), head, arrivals)
    _head_times(fig.add_subplot(grid[1, 0]), head)
    _head_levels(fig.add_subplot(grid[1, 1]), head)
    recording = head.recording
    where = f" at {recording.distance_m:g} m" if np.isfinite(recording.distance_m) else ""
    band = f"{head.band_hz[0]:.0f} Hz to {head.band_hz[1] / 1000:.1f} kHz"
    words = f"{len(recording.directions)} directions{where}, {band}"
    canvas.headed(fig, f"Head {canvas.shortened(PurePath(head.name).name)}: {words}", 10.5)
    return fig


def _angles_deg(directions: Real) -> tuple[Real, Real]:
    azimuth = np.arctan2(directions[:, 1], directions[:, 0])
    return np.degrees(azimuth), np.degrees(np.arcsin(np.clip(directions[:, 2], -1.0, 1.0)))


def _azimuth_axis(axes: Axes, step_deg: float, words: str) -> None:
    """Azimuth with the head's left on the left."""
    axes.set_xlim(185, -185)
    axes.set_xticks(np.arange(180, -181, -step_deg))
    axes.set_xlabel(words)


def _head_directions(axes: Axes, head: MeasuredHead, arrivals: Real) -> None:
    """A dot a direction, and grey where an interpolation is refused."""
    azimuth, elevation = np.arange(-180.0, 180.1, 5.0), np.arange(-90.0, 90.1, 5.0)
    grid = np.stack(np.meshgrid(azimuth, elevation), axis=-1).reshape(-1, 2)
    covered = np.array([_covers(head, towards) for towards in direction(grid[:, 0], grid[:, 1])])
    missing = np.where(covered, np.nan, 0.0).reshape(elevation.size, azimuth.size)
    grey = ListedColormap([GAP])
    axes.pcolormesh(azimuth, elevation, missing, cmap=grey, shading="nearest", rasterized=True, zorder=1)
    time_ms = head.interaural_time_s * 1e3
    most = max(0.1, float(np.abs(time_ms).max()))
    dots = axes.scatter(*_angles_deg(head.recording.directions), c=time_ms, cmap="PuOr", vmin=-most, vmax=most, s=13,
                        edgecolors=canvas.SOFT, linewidths=0.3, zorder=3)  # fmt: skip
    if len(arrivals):
        look: dict[str, Any] = {"color": canvas.ALARM, "markersize": 6, "markeredgewidth": 1.6, "zorder": 4}
        axes.plot(*_angles_deg(arrivals), "x", label="the device's sound", **look)
    axes.plot([], [], "s", color=GAP, markersize=8, label="nothing measured")
    bar = axes.figure.colorbar(dots, ax=axes, pad=0.012)
    bar.set_label("Time between the ears in ms\n(left first: positive)", fontsize=8)
    bar.outline.set_visible(False)
    _azimuth_axis(axes, 45, "← head's left  |  azimuth in degrees  |  head's right →")
    axes.set_ylim(-95, 95)
    axes.set_yticks(np.arange(-90, 91, 30))
    axes.set_ylabel("Elevation in degrees")
    axes.set_title("Directions, and the time between the ears")
    axes.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor=canvas.FAINT, ncols=2)


def _covers(head: MeasuredHead, towards: Real) -> bool:
    try:
        head.interpolation.weights(towards[None])
    except ValueError:  # a gap
        return False
    return True


def _head_times(axes: Axes, head: MeasuredHead) -> None:
    azimuth, elevation = _angles_deg(head.recording.directions)
    level = elevation[np.argmin(np.abs(elevation))]
    ring = np.abs(elevation - level) < 0.5
    if ring.sum() < 3:
        ring = np.abs(elevation) < RING_DEG
    around = np.linspace(-180.0, 180.0, 181)
    lateral = direction(around, np.full(around.size, level))[:, 1]
    dots: dict[str, Any] = {"marker": ".", "linestyle": "none", "markersize": 4.5}
    curves = [
        curve(
            around,
            geometric_time_s(lateral) * 1e3,
            "sphere of 8.75 cm",
            canvas.COLOURS[1],
            1.3,
            linestyle=canvas.STYLES[1],
        ),
        curve(azimuth[ring], head.interaural_time_s[ring] * 1e3, "measured", **dots),
    ]
    draw_curves(axes, curves, title=f"Time between the ears, elevation {level:.0f}°", unit="Left ear first by, in ms")
    _azimuth_axis(axes, 90, "Azimuth in degrees, left positive")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.3 * (high - low))
    axes.legend(loc="upper center", ncols=2, columnspacing=1.0, handletextpad=0.4)


def _head_levels(axes: Axes, head: MeasuredHead) -> None:
    """Left ear's level over the free field at the head's centre, at azimuths of the horizontal plane that are measured."""
    f, curves = np.geomspace(max(100.0, head.band_hz[0]), head.band_hz[1], 240), []
    for n, azimuth in enumerate(LEVEL_DEG):
        try:
            heard = head.transfer(f, direction(np.array([azimuth])))[:, 0, 0]
        except DataError:  # nothing is measured there
            continue
        colour, width = (canvas.INK, 1.8) if azimuth == 0 else (canvas.COLOURS[n], 1.2)
        level = 20 * np.log10(np.abs(heard) + 1e-9)
        curves.append(curve(f, level, _degrees(azimuth), colour, width, linestyle=canvas.STYLES[n % 4]))
    title = "Level at the left ear, by azimuth"
    over_frequency(
        axes,
        curves,
        (100.0, max(20_000.0, head.band_hz[1])),
        title=title,
        unit="Level in dB re free field",
        narrow=True,
    )
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -35.0) - 14, high)  # room for the legend
    axes.legend(loc="lower left", ncols=3, columnspacing=1.0, handlelength=2.0)


def draw_measured_device(scene: Scene, path: str) -> Figure:
    """Level at the left and the right ear, by driver, and when each driver's sound arrives."""
    f = scene.frequency_hz[scene.frequency_hz > 0]
    ears = scene.at(f).ears()[:, :2]
    level = amplitude_db(ears)
    later_ms = np.unwrap(np.angle(ears[:, 0] / ears[:, 1]), axis=0) / (2 * np.pi * f[:, None]) * 1e3
    fig, panes = panels(5.4, 3, 1, sharex=True, height_ratios=[1, 1, 0.9])
    low_hz, top = max(20.0, float(f[0])), float(level.max()) + 3
    rows = [(level[:, ear], f"Level at the listener's {side} ear", "dB") for ear, side in enumerate(("left", "right"))]
    rows.append((later_ms, "Left ear before the right, by phase", "ms"))
    handles: list[Artist] = []
    for axes, (values, title, unit) in zip(panes, rows, strict=True):
        curves = [
            curve(f, values[:, l], canvas.shortened(name), linewidth=1.3, **canvas.driver_line(l))
            for l, name in enumerate(scene.drivers)
        ]
        shown_hz = low_hz, max(float(f[-1]), low_hz * 2)
        handles = over_frequency(axes, curves, shown_hz, title=title, unit=unit, label=axes is panes[-1])
        if unit == "dB":
            axes.set_ylim(max(float(level.min()) - 2, top - 50), top)
    panes[2].axhline(0, color=canvas.INK, linewidth=0.7)
    below(fig, handles[:MOST_NAMED], 6)
    canvas.headed(fig, f"Device {canvas.shortened(path)}", 10.5)
    return fig
