"""Figures of measured data: a driver's levels, phase and maps; a head's directions, times and levels; a device at the ears."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from designer.acoustics.measured.head import MeasuredHead
from designer.acoustics.measured.interaural_time import geometric_time_s
from designer.acoustics.measured.interpolation import IN_PLANE
from designer.acoustics.measured.time_reference import minimum_phase
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.errors import DataError
from designer.measures import amplitude_db
from designer.problem.geometry import direction
from designer.report.channel_maps import level_steps
from designer.report.figure_data import (
    DASHES,
    Axis,
    Colour,
    Curves,
    Figure,
    Line,
    Map,
    Note,
    Panel,
    axis,
    curves,
    driver_look,
    figure,
    frequency_axis,
    level_map,
    line,
    shortened,
    steps,
)

if TYPE_CHECKING:
    from designer.acoustics.measured.directivity import MeasuredDirectivity

WANTED_DEG = (0.0, 15.0, 30.0, 45.0, 60.0, 75.0, 90.0, 135.0, 180.0)
SHOWN_DB = 40.0
MOST_FREQUENCIES = 240
LEVEL_DEG = (0.0, 45.0, 90.0, -45.0, -90.0, 180.0)
RING_DEG = 12.5
"""Measured directions this near to the horizontal are shown over azimuth."""


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


def driver_figure(name: str, response: MeasuredDirectivity) -> Figure:
    """Levels at angles, phase on axis and a map for each plane; frequencies are those that were measured."""
    f = response.frequency_hz
    if f.size > MOST_FREQUENCIES:
        f = np.geomspace(f[0], f[-1], MOST_FREQUENCIES)
    x = frequency_axis((min(20.0, float(response.frequency_hz[0])), max(20_000.0, float(response.frequency_hz[-1]))))
    measured = {"horizontal plane": (False,), "vertical plane": (True,), "axis": (False,)}
    planes = [Plane(response, vertical) for vertical in measured.get(response.summary.coverage, (False, True))]
    maps = [plane for plane in planes if plane.angles_deg.size > 3]
    rows = 3 if len(maps) > 1 else 2
    panels: list[Panel] = [_driver_levels(response, f, planes, x)]
    panels.append(_driver_phase(response, f, x, (rows - 1, 0, 1, 1 if len(maps) == 1 else 2)))
    panels += [_driver_map(plane, f, x, (1, n if rows == 3 else 1, 1, 1)) for n, plane in enumerate(maps)]
    s = response.summary
    counts = ((len(s.files), "file"), (s.directions, "direction"))
    files, directions = (f"{n} {noun}{'' if n == 1 else 's'}" for n, noun in counts)
    title = f'Driver "{shortened(name, 16)}": {s.kind}, {files}, {directions} ({s.coverage})'
    return figure(panels, 0.9 + 2.3 * rows, title=title)


def _driver_map(plane: Plane, f: Real, x: Axis, place: tuple[int, ...]) -> Map:
    """Level over frequency and angle, relative to the axis."""
    angles = plane.angles_deg
    level = amplitude_db(plane.pressure(f, angles)) - amplitude_db(plane.pressure(f, [0.0]))
    towards = "" if angles[0] >= 0 else "\nup positive" if plane.vertical else "\nleft positive"
    ticks = np.arange(np.ceil(angles[0] / 45) * 45, angles[-1] + 1, 45 if np.ptp(angles) > 100 else 15)
    y = axis(f"Angle in degrees{towards}", "°", angles[0], angles[-1], ticks)
    title = f"{plane.words.capitalize()} plane"
    return level_map(x, y, f, angles, level.T, level_steps(6, "dB re on axis"), title=title, place=place)


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


def _driver_levels(response: MeasuredDirectivity, f: Real, planes: list[Plane], x: Axis) -> Curves:
    """Level at the angles nearest to WANTED_DEG, to both sides where these differ; a colour an angle, a line style a side."""
    lines, on_axis = list[Line](), list[Line]()
    largest = max(float(np.abs(plane.angles_deg).max()) for plane in planes) or 1.0
    for plane in planes:
        for angle in _shown_deg(plane.angles_deg, few=len(planes) > 1, axis=not (lines or on_axis)):
            level = amplitude_db(plane.pressure(f, [angle])[:, 0])
            if abs(angle) < 1e-6:
                on_axis.append(line(f, level, "on axis", color="ink", width=2.0))
                continue
            colour = f"viridis:{0.92 * (abs(angle) / largest) ** 0.8:.3f}"
            label = _degrees(angle) if len(planes) == 1 else f"{plane.words[:3]} {_degrees(angle)}"
            dash = DASHES[(2 if plane.vertical else 0) + (angle < 0)]
            lines.append(line(f, level, label, color=colour, width=1.2, dash=dash))
    lines = [*on_axis, *lines]
    title = f"Level over angle{', to the left and up' if len(planes) > 1 else ''}, with the gain that a design uses"
    first, last = float(response.frequency_hz[0]), float(response.frequency_hz[-1])
    highest = max(float(shown["y"].max()) for shown in lines)
    lowest = min(float(shown["y"].min()) for shown in lines)
    y = axis("Level in dB\nre ideal source at 1 m", "dB", max(lowest - 2, highest - SHOWN_DB), highest + 3)
    low_hz, high_hz = x["range"]
    shaded = [[start, stop] for start, stop in ((low_hz, first), (last, high_hz)) if stop > start * 1.001]
    notes: list[Note] = []
    if first > low_hz * 1.6:
        notes.append({"x": 0.01, "y": 0.04, "text": "not measured:\nthe model", "color": "soft", "share": True})
    return curves(x, y, lines, title=title, shaded=shaded, notes=notes, place=(0, 0, 1, 2))


def _driver_phase(response: MeasuredDirectivity, f: Real, x: Axis, place: tuple[int, ...]) -> Curves:
    """Phase on axis when the common delay is off, beside the minimum phase of the level."""
    on_axis = Plane(response, vertical=False).pressure(f, [0.0])[:, 0]
    phase = np.degrees(np.unwrap(np.angle(on_axis)))
    expected = np.degrees(minimum_phase(f, np.abs(on_axis)[:, None])[:, 0])
    middle = int(np.argmin(np.abs(np.log(f / np.sqrt(f[0] * f[-1])))))
    phase -= 360 * np.round((phase[middle] - expected[middle]) / 360)
    lines = [
        line(f, phase, "measured", width=1.8),
        line(f, expected, "minimum phase of the level", color=1, width=1.3, dash="dash"),
    ]
    title = f"Phase on axis, {response.summary.delay_removed_s * 1e3:.3f} ms taken off"
    low, high = min(phase.min(), expected.min(), -90.0), max(phase.max(), expected.max(), 90.0)
    step = 90 if high - low < 800 else 180 if high - low < 1600 else 720
    y = axis("Phase in degrees", "°", low - 25, high + 0.35 * (high - low), np.arange(-36_000, 36_001, step))
    y["ticks"] = [tick for tick in y["ticks"] if y["range"][0] <= tick[0] <= y["range"][1]]
    return curves(x, y, lines, title=title, legend="upper right", place=place)


def head_figure(head: MeasuredHead, arrivals: Real) -> Figure:
    """Directions, times and levels of one head; `arrivals` (S, 3), in the head's axes, are where the device's sound comes from."""
    recording = head.recording
    where = f" at {recording.distance_m:g} m" if np.isfinite(recording.distance_m) else ""
    band = f"{head.band_hz[0]:.0f} Hz to {head.band_hz[1] / 1000:.1f} kHz"
    words = f"{len(recording.directions)} directions{where}, {band}"
    title = f"Head {shortened(PurePath(head.name).name)}: {words}"
    return figure(
        [_head_directions(head, arrivals), _head_times(head), _head_levels(head)], 5.8, title=title, heights=[1.1, 1.0]
    )


def _angles_deg(directions: Real) -> tuple[Real, Real]:
    azimuth = np.arctan2(directions[:, 1], directions[:, 0])
    return np.degrees(azimuth), np.degrees(np.arcsin(np.clip(directions[:, 2], -1.0, 1.0)))


def _azimuth_axis(step_deg: float, words: str) -> Axis:
    """Azimuth with the head's left on the left."""
    return axis(words, "°", 185, -185, np.arange(180, -181, -step_deg))


def _head_directions(head: MeasuredHead, arrivals: Real) -> Map:
    """A dot a direction, and grey where an interpolation is refused."""
    azimuth, elevation = np.arange(-180.0, 180.1, 5.0), np.arange(-90.0, 90.1, 5.0)
    grid = np.stack(np.meshgrid(azimuth, elevation), axis=-1).reshape(-1, 2)
    covered = np.array([_covers(head, towards) for towards in direction(grid[:, 0], grid[:, 1])])
    time_ms = head.interaural_time_s * 1e3
    most = max(0.1, np.ceil(10 * float(np.abs(time_ms).max())) / 10)
    label = "Time between the ears in ms\n(left first: positive)"
    levels = steps(np.linspace(-most, most, 41), np.linspace(-most, most, 5), label, "ms", "PuOr")
    measured_azimuth, measured_elevation = _angles_deg(head.recording.directions)
    marks: list[Any] = []
    if len(arrivals):
        at_azimuth, at_elevation = _angles_deg(arrivals)
        look = {"name": "the device's sound", "marker": "x", "color": "alarm"}
        marks.append({"x": at_azimuth, "y": at_elevation, **look})
    x = _azimuth_axis(45, "← head's left  |  azimuth in degrees  |  head's right →")
    y = axis("Elevation in degrees", "°", -95, 95, np.arange(-90, 91, 30))
    missing = ~covered.reshape(elevation.size, azimuth.size)
    return level_map(
        x, y, azimuth, elevation, None, levels,
        title="Directions, and the time between the ears", place=(0, 0, 1, 2), marks=marks,
        gaps={"name": "nothing measured", "where": missing},
        dots={"x": measured_azimuth, "y": measured_elevation, "z": time_ms},
    )  # fmt: skip


def _covers(head: MeasuredHead, towards: Real) -> bool:
    try:
        head.interpolation.weights(towards[None])
    except ValueError:  # a gap
        return False
    return True


def _head_times(head: MeasuredHead) -> Curves:
    azimuth, elevation = _angles_deg(head.recording.directions)
    level = elevation[np.argmin(np.abs(elevation))]
    ring = np.abs(elevation - level) < 0.5
    if ring.sum() < 3:
        ring = np.abs(elevation) < RING_DEG
    around = np.linspace(-180.0, 180.0, 181)
    sphere_ms = geometric_time_s(direction(around, np.full(around.size, level))[:, 1]) * 1e3
    measured_ms = head.interaural_time_s[ring] * 1e3
    lines = [
        line(around, sphere_ms, "sphere of 8.75 cm", color=1, width=1.3, dash="dash"),
        line(azimuth[ring], measured_ms, "measured", width=0.0, marker="circle", size=2.5),
    ]
    low, high = (pick([pick(sphere_ms), pick(measured_ms)]) for pick in (np.min, np.max))
    margin = 0.05 * (high - low)
    y = axis("Left ear first by, in ms", "ms", low - margin, high + 0.4 * (high - low))
    title, x = f"Time between the ears, elevation {level:.0f}°", _azimuth_axis(90, "Azimuth in degrees, left positive")
    return curves(x, y, lines, title=title, place=(1, 0), legend="upper center")


def _head_levels(head: MeasuredHead) -> Curves:
    """Left ear's level over the free field at the head's centre, at azimuths of the horizontal plane that are measured."""
    f, lines = np.geomspace(max(100.0, head.band_hz[0]), head.band_hz[1], 240), []
    for n, azimuth in enumerate(LEVEL_DEG):
        try:
            heard = head.transfer(f, direction(np.array([azimuth])))[:, 0, 0]
        except DataError:  # nothing is measured there
            continue
        colour: Colour = "ink" if azimuth == 0 else n
        width = 1.8 if azimuth == 0 else 1.2
        lines.append(line(f, amplitude_db(heard), _degrees(azimuth), color=colour, width=width, dash=DASHES[n % 4]))
    levels = np.concatenate([shown["y"] for shown in lines]) if lines else np.zeros(1)
    y = axis("Level in dB re free field", "dB", max(float(levels.min()) - 1, -35.0) - 14, float(levels.max()) + 1)
    x, title = frequency_axis((100.0, max(20_000.0, head.band_hz[1]))), "Level at the left ear, by azimuth"
    return curves(x, y, lines, title=title, place=(1, 1), legend="lower left")  # below the curves


def device_figure(scene: Scene, path: str) -> Figure:
    """Level at the left and the right ear, by driver, and when each driver's sound arrives."""
    f = scene.frequency_hz[scene.frequency_hz > 0]
    ears = scene.at(f).ears()[:, :2]
    level = amplitude_db(ears)
    later_ms = np.unwrap(np.angle(ears[:, 0] / ears[:, 1]), axis=0) / (2 * np.pi * f[:, None]) * 1e3
    low_hz, top = max(20.0, float(f[0])), float(level.max()) + 3
    x = frequency_axis((low_hz, max(float(f[-1]), low_hz * 2)))
    bottom, margin = max(float(level.min()) - 2, top - 50), 0.05 * float(np.ptp(later_ms)) + 1e-3
    rows: list[tuple[Real, str, Axis, list[Any]]] = [
        (level[:, ear], f"Level at the listener's {side} ear", axis("dB", "dB", bottom, top), [])
        for ear, side in enumerate(("left", "right"))
    ]
    time = axis("ms", "ms", float(later_ms.min()) - margin, float(later_ms.max()) + margin)
    rows.append((later_ms, "Left ear before the right, by phase", time, [{"y": 0.0, "text": ""}]))
    panels = []
    for row, (values, title, y, limits) in enumerate(rows):
        lines = [
            line(f, values[:, l], shortened(name), width=1.3, **driver_look(l)) for l, name in enumerate(scene.drivers)
        ]
        panels.append(curves(x, y, lines, title=title, place=(row, 0), limits=limits))
    return figure(panels, 5.4, title=f"Device {shortened(path)}", heights=[1.0, 1.0, 0.9])
