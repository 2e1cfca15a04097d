"""A channel over azimuth and over the listener's place: level maps, polar plots, the zone of its gain, and the phantom centre."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import numpy as np

from designer.arrays import Bool, Real
from designer.comparison.numbers import relative_level_db
from designer.evaluation.listening_zone import NEAR_HALF_WIDTH_M, ZONE_DB, Zones
from designer.evaluation.outcomes import hz
from designer.measures import db, lowest_hz
from designer.problem import geometry
from designer.problem.frequency_grid import shown_band_hz
from designer.problem.schema import DesignTable
from designer.report.figure_data import (
    Box,
    Figure,
    Levels,
    Line,
    Map,
    Polar,
    axis,
    curves,
    figure,
    frequency_axis,
    level_map,
    line,
    steps,
)
from designer.report.grids import drawn_circle
from designer.requirements.curves import in_band
from designer.requirements.slacks import SLACK_TOLERANCE_DB
from designer.result import Result

LOWEST_DB, STEP_DB = -30.0, 3.0
"""Lowest level of a map, and between its colours."""
SILENT_DB = -99.0
"""Level below which a direction counts as silent, as behind a baffle; a caption looks for the least above it."""
POLAR_HZ = (250, 500, 1000, 2000, 4000, 8000)
POLAR_FLOOR_DB = -30.0
HIGHEST_DB = {"beamformer": 3, "ctc": 12, "null-steering": 12, "zone": 12}
AZIMUTH_WORDS = "Azimuth in degrees\n← listener's right  |  listener's left →"


def relative_db(result: Result, name: str, *, to_window: bool = False) -> tuple[Real, Real, Real, str]:
    """Frequencies (F,), azimuths (A,), the level (F, A), and what it is relative to.

    A beam's reference is its own on-axis response, or the mean power over its listening window. An ear channel's is
    plain playback's towards the listener.
    """
    scene = drawn_circle(result)
    azimuth, level, words = relative_level_db(result, name, scene)
    window = result.channels[name].table.window_deg
    if to_window and window is not None:
        inside = geometry.in_arc(azimuth, (window[0], window[1]))
        # What the level was relative to before falls out of the difference.
        level = level - db(np.mean(10 ** (level[:, inside] / 10), axis=1))[:, None]
        words = "mean over the window"
    return scene.frequency_hz, azimuth, level, words


def azimuth_map(
    f: Real, azimuth_deg: Real, level_db: Real, levels: Levels, table: DesignTable, shown_hz: Sequence[float], *,
    ticks_deg: float = 45.0, label: str = AZIMUTH_WORDS, **more: Any,
) -> Map:  # fmt: skip
    """A channel's level (F, A) on the circle, with its band, and the mask's boxes or, without a mask, the nulls' arcs."""
    boxes: list[Box] = []
    arcs = [(bound.azimuth_deg, bound.band_hz or table.band_hz) for bound in table.mask or []]
    if not arcs and table.nulls_deg:
        arcs = [(list(arc), table.band_hz) for arc in geometry.null_arcs_deg(table.nulls_deg, table.null_width_deg)]
    for (start, stop), (low, high) in arcs:
        boxes.append({"x": [max(low, float(shown_hz[0])), high], "y": [start, start + (stop - start) % 360]})
    if np.isclose(azimuth_deg[-1] + azimuth_deg[1] - azimuth_deg[0], azimuth_deg[0] + 360):  # ends where it begins
        azimuth_deg = np.concatenate([azimuth_deg, azimuth_deg[:1] + 360])
        level_db = np.concatenate([level_db, level_db[:, :1]], axis=1)
    y = axis(label, "°", 180, -180, np.arange(-180, 181, ticks_deg))
    y["quantity"] = "azimuth"
    parts = {"boxes": boxes, "band_hz": list(table.band_hz), **more}
    return level_map(frequency_axis(shown_hz), y, f, azimuth_deg, level_db.T, levels, **parts)


def map_figure(result: Result, name: str) -> Figure:
    """Level over frequency and azimuth in steps of 3 dB, with what was asked drawn on it."""
    f, azimuth, level, reference = relative_db(result, name)
    table = result.channels[name].table
    broken = _violations(f, azimuth, level, table)
    boxed = "; boxes: the mask" if table.mask else "; boxes: the nulls' arcs" if table.nulls_deg else ""
    title = f"Level on the circle{boxed}{'; crossed: above it' if broken.any() else ''}; dashed: the band"
    levels = level_steps(HIGHEST_DB[table.kind], f"dB re {reference}")
    panel = azimuth_map(f, azimuth, level, levels, table, shown_band_hz(result.problem), title=title)
    if broken.any():
        panel["crossed"] = np.concatenate([broken, broken[:, :1]], axis=1).T[: len(panel["ys"])]
    return figure([panel], 3.7)


def level_steps(highest_db: float, label: str) -> Levels:
    """Steps of level centred on their ticks."""
    edges = np.arange(LOWEST_DB, highest_db + STEP_DB + 1, STEP_DB) - STEP_DB / 2
    return steps(edges, np.arange(LOWEST_DB, highest_db + 1, 2 * STEP_DB), label, "dB")


def _violations(frequency_hz: Real, azimuth_deg: Real, level: Real, design: DesignTable) -> Bool:
    """Where the level (F, A) is above a mask line by more than counts as slack."""
    broken = np.zeros(level.shape, dtype=bool)
    for bound in design.mask or []:
        at = in_band(frequency_hz, bound.band_hz or design.band_hz)[:, None]
        at = at & geometry.in_arc(azimuth_deg, (bound.azimuth_deg[0], bound.azimuth_deg[1]))
        broken |= at & (level > bound.max_db + SLACK_TOLERANCE_DB)
    return broken


def say_map(result: Result, name: str) -> str:
    """The least level in the band."""
    f, azimuth, level, reference = relative_db(result, name)
    inside = in_band(f, result.channels[name].table.band_hz)
    sounding = inside[:, None] & (level > SILENT_DB)
    at = np.unravel_index(np.argmin(np.where(sounding, level, np.inf)), level.shape)
    return (
        f"in the band the least level is {max(level[at], SILENT_DB):z.0f} dB re {reference}, at {hz(float(f[at[0]]))} and"
        f" {azimuth[at[1]]:.0f} degrees"
    )


def polar_window_figure(result: Result, name: str) -> Figure:
    """The polar plots relative to the listening window's mean."""
    return polar_figure(result, name, to_window=True)


def polar_figure(result: Result, name: str, *, to_window: bool = False) -> Figure:
    """Polar plots at octaves on one scale."""
    f, azimuth, level, reference = relative_db(result, name, to_window=to_window)
    table = result.channels[name].table
    octaves_hz = [octave_hz for octave_hz in POLAR_HZ if octave_hz <= result.problem.sample_rate_hz / 2]
    rows = rows_near(f, octaves_hz)
    outer_db = max(6.0, 6.0 * np.ceil(level[rows].max() / 6))
    panels: list[Polar] = []
    for place, (octave_hz, row) in enumerate(zip(octaves_hz, rows, strict=True)):
        inside = table.band_hz[0] <= octave_hz <= table.band_hz[1]
        title = hertz(octave_hz) if inside else f"{hertz(octave_hz)}, outside the band"
        shown = [line(azimuth, level[row], color=0 if inside else "soft")]
        panel = polar(shown, outer_db, title=title, place=divmod(place, 3), soft=not inside)
        if table.is_beam and inside:
            arcs = geometry.null_arcs_deg(table.nulls_deg or [], table.null_width_deg)
            panel["sectors"] = [{"start_deg": start, "stop_deg": stop, "color": 4} for start, stop in arcs]
        panels.append(panel)
    return figure(panels, 5.2, title=f"Polar response in dB re {reference}; front down, listener's left on the left")


def polar(
    lines: Sequence[Line], outer_db: float, *, title: str, place: Sequence[int], rings_db: Real | None = None,
    **more: Any,
) -> Polar:  # fmt: skip
    """A polar plot from POLAR_FLOOR_DB to outer_db."""
    rings_db = np.arange(POLAR_FLOOR_DB + 6, outer_db + 1, 12) if rings_db is None else rings_db
    panel: Any = {"kind": "polar", "title": title, "place": [*place, 1, 1], "lines": list(lines), "unit": "dB"}
    return cast(Polar, {**panel, "range_db": [POLAR_FLOOR_DB, float(outer_db)], "rings_db": rings_db, **more})


def hertz(frequency_hz: float) -> str:
    """A round frequency: 250 Hz, 2 kHz."""
    return f"{frequency_hz / 1000:g} kHz" if frequency_hz >= 1000 else f"{frequency_hz:g} Hz"


def rows_near(frequency_hz: Real, targets_hz: Sequence[float]) -> list[int]:
    """The row nearest to each frequency, by ratio."""
    return [int(np.argmin(np.abs(np.log(frequency_hz / hz)))) for hz in targets_hz]


def say_polar_to_window(result: Result, name: str) -> str:
    """Caption of the polar plots relative to the listening window's mean."""
    return say_polar(result, name, to_window=True)


def say_polar(result: Result, name: str, *, to_window: bool = False) -> str:
    """Levels at the sides and in front, at the octave drawn that is nearest to the middle of the band."""
    f, azimuth, level, reference = relative_db(result, name, to_window=to_window)
    band_hz = result.channels[name].table.band_hz
    middle_hz = np.sqrt(lowest_hz(band_hz) * band_hz[1])
    octaves_hz = [octave_hz for octave_hz in POLAR_HZ if octave_hz <= result.problem.sample_rate_hz / 2]
    octave_hz = min(octaves_hz, key=lambda octave_hz: abs(np.log(octave_hz / middle_hz)))
    (row,) = rows_near(f, [octave_hz])
    sides = [f"{round(level[row, np.argmin(np.abs(azimuth - a))]) + 0:d} dB at {a} degrees" for a in (-90, 0, 90)]
    return f"at {hz(octave_hz)}: {', '.join(sides)}, re {reference}"


def has_zone(result: Result, name: str) -> bool:
    """Whether the channel's gain was mapped over places."""
    return result.zones is not None and name in result.zones.square.channels


def has_phantom(result: Result, name: str) -> bool:
    """Whether the channel is the one beside which the phantom centre is shown."""
    if result.zones is None or not result.zones.square.middle:
        return False
    return name == ("centre" if result.zones.square.middle == "centre" else next(iter(result.zones.square.channels)))


def _zones(result: Result) -> Zones:
    assert result.zones is not None
    return result.zones


def place_map(values: Real, half_m: float, levels: Levels, *, title: str, place: Sequence[int], **more: Any) -> Map:
    """Values (P,) over a square of places in cm, the device above as in the layout."""
    side = round(np.sqrt(values.size))
    half = half_m * 100 * side / (side - 1)  # to the outer edges of the cells
    along, ticks = np.linspace(-half_m, half_m, side) * 100, np.array([-1, 0, 1]) * half_m * 100
    middle = {"x": np.zeros(1), "y": np.zeros(1), "name": "", "marker": "plus", "color": "ink"}
    x = axis("← left  y in cm  right →", "cm", -half, half, ticks)
    y = axis("x in cm  → to the device" if place[1] == 0 else "", "cm", half, -half, ticks)
    square = values.reshape(side, side)
    return level_map(x, y, along, along, square, levels, title=title, place=place, equal=True, marks=[middle], **more)


def zone_figure(result: Result, name: str) -> Figure:
    """Gain over the place, near by and over the whole square with its zone outlined, and gain over the turn of the head."""
    zones = _zones(result)
    levels = steps(np.arange(-1.5, 31.5, 3.0), np.arange(0.0, 31.0, 6.0), "mean gain over log f in dB", "dB")
    panels: list[Any] = []
    for zone, half_m in ((zones.near, NEAR_HALF_WIDTH_M), (zones.square, zones.half_width_m)):
        shown, title = zone.channels[name], f"within {half_m * 100:.0f} cm"
        edge = shown.target_db - ZONE_DB
        place = (0, len(panels))
        panels.append(place_map(shown.gain_db, half_m, levels, title=title, place=place, contour=edge))
    turned = zones.turned.channels[name]
    low, high = float(turned.gain_db.min()), max(float(turned.gain_db.max()), turned.target_db)
    bound = {"y": turned.target_db - ZONE_DB, "text": f"target − {ZONE_DB:g} dB"}
    x = axis("turn in degrees", "°", float(zones.turn_deg[0]), float(zones.turn_deg[-1]), [-30, -15, 0, 15, 30])
    y = axis("mean gain over log f in dB", "dB", min(0.0, low - 1), high + 3)
    lines = [line(zones.turn_deg, turned.gain_db, width=2)]
    panels.append(curves(x, y, lines, title="as the head turns", place=(0, 2), limits=[bound]))
    return figure(panels, 2.6, widths=[1.0, 1.0, 0.9])


def say_zone(result: Result, name: str) -> str:
    """The area of the zone."""
    zones = _zones(result)
    channel = zones.square.channels[name]
    share = channel.area_m2 / (2 * zones.half_width_m) ** 2
    return (
        f"the mean gain over log f, octaves alike, is at most 3 dB below the target's, {channel.target_db:z.1f} dB (the line),"
        f" over {channel.area_m2:.2f} square metres,"
        f" {share * 100:.0f} % of the square of +/-{zones.half_width_m * 100:.0f} cm"
    )


def phantom_figure(result: Result, name: str) -> Figure:
    """Sound from the middle, over the place: level between the ears, and time between them."""
    zones = _zones(result)
    zone = zones.square
    rows = (
        ("Level, left ear over right", zone.level_db, np.arange(-6.0, 6.5, 1.0), "dB"),
        ("Time, right ear after left", zone.delay_s * 1e6, np.arange(-420.0, 421.0, 60.0), "µs"),
    )
    panels = [
        place_map(
            values, zones.half_width_m, steps(edges, edges[::2], unit, unit, "RdBu_r"), title=title, place=(0, column)
        )
        for column, (title, values, edges, unit) in enumerate(rows)
    ]
    return figure(panels, 3.1)


def say_phantom(result: Result, name: str) -> str:
    """Effect of 10 cm aside."""
    zone = _zones(result).square
    aside = int(np.argmin(np.abs(zone.displacements_m - [0.0, 0.1, 0.0]).sum(axis=1)))
    return (
        f"with the head 10 cm to its right, the sound from the middle ({zone.middle}) has a level of {zone.level_db[aside]:+z.1f} dB,"
        f" left ear over right, and reaches the right ear {zone.delay_s[aside] * 1e6:+.0f} microseconds after the left one"
    )
