"""A channel over azimuth and over the listener's place: level maps, polar plots, the zone of its gain, and the phantom centre."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from designer.arrays import Bool, Real
from designer.comparison.numbers import relative_level_db
from designer.evaluation.listening_zone import HALF_WIDTH_M, NEAR_HALF_WIDTH_M, ZONE_DB, Zones
from designer.evaluation.outcomes import hz
from designer.measures import db, lowest_hz
from designer.problem import geometry
from designer.problem.frequency_grid import shown_band_hz
from designer.problem.schema import DesignTable
from designer.report import plots
from designer.report.canvas import COLOURS, INK, SOFT, figure, frequency_axis, headed
from designer.report.grids import drawn_circle
from designer.requirements.curves import in_band
from designer.requirements.slacks import SLACK_TOLERANCE_DB
from designer.result import Result

SILENT_DB = -99.0
"""Level below which a direction counts as silent, as behind a baffle; a caption looks for the least above it."""
PLACE_WORDS = "to the device ←  x in cm"


def relative_db(result: Result, name: str, *, to_window: bool = False) -> tuple[Real, Real, Real, str]:
    """Frequencies (F,), azimuths (A,), the level (F, A), and what it is relative to.

    A beam's reference is its own on-axis response, or the mean power over its listening window. An ear channel's is what
    the plain driver, fed with 0 dB, sends towards the listener.
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


def draw_map(result: Result, name: str) -> Figure:
    """Level over frequency and azimuth in steps of 3 dB, with what was asked drawn on it."""
    f, azimuth, level, reference = relative_db(result, name)
    table = result.channels[name].table
    scale = plots.level_scale(plots.HIGHEST_DB[table.kind])
    fig, (axes,) = plots.panels(3.7)
    frequency_axis(axes, *shown_band_hz(result.problem))
    plots.azimuth_map(axes, f, azimuth, level, scale, table, 45)
    broken = _violations(f, azimuth, level, table)
    if broken.any():
        for colour, width in (("white", 1.8), (INK, 0.7)):  # seen on any level
            with rc_context({"hatch.color": colour, "hatch.linewidth": width}):
                axes.contourf(f, azimuth, broken.T.astype(float), levels=[0.5, 1.5], colors="none", hatches=["xxx"])
    scale.bar(fig, axes, f"dB re {reference}")
    axes.set_ylabel(plots.AZIMUTH_WORDS, fontsize=8.5)
    boxed = "; boxes: the mask" if table.mask else "; boxes: the nulls' arcs" if table.nulls_deg else ""
    axes.set_title(f"Level on the circle{boxed}{'; crossed: above it' if broken.any() else ''}; dashed: the band")
    return fig


def _violations(frequency_hz: Real, azimuth_deg: Real, level: Real, design: DesignTable) -> Bool:
    """Where the level (F, A) is above a mask line by more than counts as slack."""
    broken = np.zeros(level.shape, dtype=bool)
    for line in design.mask or []:
        at = in_band(frequency_hz, line.band_hz or design.band_hz)[:, None]
        at = at & geometry.in_arc(azimuth_deg, (line.azimuth_deg[0], line.azimuth_deg[1]))
        broken |= at & (level > line.max_db + SLACK_TOLERANCE_DB)
    return broken


def say_map(result: Result, name: str) -> str:
    """The least level in the band."""
    f, azimuth, level, reference = relative_db(result, name)
    inside = in_band(f, result.channels[name].table.band_hz)
    sounding = inside[:, None] & (level > SILENT_DB)
    at = np.unravel_index(np.argmin(np.where(sounding, level, np.inf)), level.shape)
    return (
        f"in the band the least level is {max(level[at], SILENT_DB):.0f} dB re {reference}, at {hz(float(f[at[0]]))} and"
        f" {azimuth[at[1]]:.0f} degrees"
    )


def draw_polars_to_window(result: Result, name: str) -> Figure:
    """The polar plots relative to the listening window's mean."""
    return draw_polars(result, name, to_window=True)


def draw_polars(result: Result, name: str, *, to_window: bool = False) -> Figure:
    """Polar plots at octaves on one scale."""
    f, azimuth, level, reference = relative_db(result, name, to_window=to_window)
    table = result.channels[name].table
    octaves_hz = [octave_hz for octave_hz in plots.POLAR_HZ if octave_hz <= result.problem.sample_rate_hz / 2]
    rows = plots.rows_near(f, octaves_hz)
    outer_db = max(6.0, 6.0 * np.ceil(level[rows].max() / 6))
    fig = figure(7.2, 5.2)
    for place, (octave_hz, row) in enumerate(zip(octaves_hz, rows, strict=True)):
        axes = fig.add_subplot(2, 3, place + 1, projection="polar")
        inside = table.band_hz[0] <= octave_hz <= table.band_hz[1]
        plots.polar(axes, azimuth, [plots.curve(azimuth, level[row], color=COLOURS[0] if inside else SOFT)], outer_db)
        if table.is_beam and inside:
            for arc in geometry.null_arcs_deg(table.nulls_deg or [], table.null_width_deg):
                axes.axvspan(np.radians(arc[0]), np.radians(arc[1]), color=COLOURS[4], alpha=0.25, linewidth=0)
        title = plots.hertz(octave_hz) if inside else f"{plots.hertz(octave_hz)}, outside the band"
        axes.set_title(title, fontsize=9, loc="center", color=INK if inside else SOFT)
    headed(fig, f"Polar response in dB re {reference}; front down, listener's left on the left", 9)
    return fig


def say_polar_to_window(result: Result, name: str) -> str:
    """Caption of the polar plots relative to the listening window's mean."""
    return say_polar(result, name, to_window=True)


def say_polar(result: Result, name: str, *, to_window: bool = False) -> str:
    """Levels at the sides and in front, at the octave drawn that is nearest to the middle of the band."""
    f, azimuth, level, reference = relative_db(result, name, to_window=to_window)
    band_hz = result.channels[name].table.band_hz
    middle_hz = np.sqrt(lowest_hz(band_hz) * band_hz[1])
    octaves_hz = [octave_hz for octave_hz in plots.POLAR_HZ if octave_hz <= result.problem.sample_rate_hz / 2]
    octave_hz = min(octaves_hz, key=lambda octave_hz: abs(np.log(octave_hz / middle_hz)))
    (row,) = plots.rows_near(f, [octave_hz])
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


def draw_zone(result: Result, name: str) -> Figure:
    """Gain over the place, near by and as far as half a metre, its zone outlined; and the gain as the head turns."""
    zones = _zones(result)
    fig, (near, wide, turn) = plots.panels(3.0, 1, 3, width_ratios=[1, 1, 0.9])
    scale = plots.steps(np.arange(-1.5, 31.5, 3.0), ticks=np.arange(0.0, 31.0, 6.0))
    for axes, zone, half_m in ((near, zones.near, NEAR_HALF_WIDTH_M), (wide, zones.square, HALF_WIDTH_M)):
        values = plots.place_map(axes, zone.channels[name].gain_db, half_m, scale, f"within {half_m * 100:.0f} cm")
        along = np.linspace(-half_m, half_m, len(values)) * 100
        inside, edge = np.nan_to_num(values, nan=-100.0), zone.channels[name].target_db - ZONE_DB
        if inside.min() < edge < inside.max():
            for colour, width in (("white", 2.6), (INK, 1.3)):
                axes.contour(along, along, inside, levels=[edge], colors=[colour], linewidths=width)
    near.set_ylabel(PLACE_WORDS, fontsize=8.5)
    scale.bar(fig, [near, wide], "mean gain in dB", pad=0.01, shrink=0.9)
    channel = zones.turned.channels[name]
    turn.plot(zones.turn_deg, channel.gain_db, color=COLOURS[0], linewidth=2)
    plots.limit_line(turn, channel.target_db - ZONE_DB, f"target − {ZONE_DB:g} dB")
    turn.set_ylim(min(0.0, float(channel.gain_db.min()) - 1), max(float(channel.gain_db.max()), channel.target_db) + 3)
    turn.set_xticks([-30, -15, 0, 15, 30])
    turn.set_xlabel("turn in degrees", fontsize=8.5)
    turn.set_title("as the head turns")
    return fig


def say_zone(result: Result, name: str) -> str:
    """The area of the zone."""
    channel = _zones(result).square.channels[name]
    share = channel.area_m2 / (2 * HALF_WIDTH_M) ** 2
    return (
        f"the mean gain is at most 3 dB below the target of {channel.target_db:.1f} dB (the line) over {channel.area_m2:.2f} square metres,"
        f" {share * 100:.0f} % of the places within half a metre"
    )


def draw_phantom(result: Result, name: str) -> Figure:
    """Sound from the middle, over the place: level between the ears, and time between them."""
    zone = _zones(result).square
    fig, panes = plots.panels(3.2, 1, 2)
    rows = (
        ("Level, left ear over right", zone.level_db, np.arange(-6.0, 6.5, 1.0), "dB"),
        ("Time, right ear after left", zone.delay_s * 1e6, np.arange(-420.0, 421.0, 60.0), "µs"),
    )
    for axes, (title, values, edges, unit) in zip(panes, rows, strict=True):
        scale = plots.steps(edges, "RdBu_r")
        plots.place_map(axes, values, HALF_WIDTH_M, scale, title)
        scale.bar(fig, axes, unit, pad=0.02, shrink=0.8)
    panes[0].set_ylabel(PLACE_WORDS, fontsize=8.5)
    return fig


def say_phantom(result: Result, name: str) -> str:
    """Effect of 10 cm aside."""
    zone = _zones(result).square
    aside = int(np.argmin(np.abs(zone.displacements_m - [0.0, 0.1, 0.0]).sum(axis=1)))
    return (
        f"with the head 10 cm to its right, the sound from the middle ({zone.middle}) has a level of {zone.level_db[aside]:+.1f} dB,"
        f" left ear over right, and reaches the right ear {zone.delay_s[aside] * 1e6:+.0f} microseconds after the left one"
    )
