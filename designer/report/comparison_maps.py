"""Small multiples over azimuth: one map a design, one polar plot a design, all with the same axes and the same scale."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from designer.arrays import Real
from designer.comparison.entry import SharedChannel
from designer.measures import lowest_hz
from designer.problem.schema import DesignTable
from designer.report.azimuth_plots import HIGHEST_DB, LOWEST_DB, POLAR_HZ, STEP_DB, arcs_on_map, wrapped_map
from designer.report.canvas import COLOURS, FAINT, INK, SOFT, STYLES, figure, frequency_axis
from designer.report.comparison_curves import shown_hz
from designer.report.words_on_plots import shortened

Levels = Mapping[int, tuple[Real, Real, Real, str]]
"""Place among the channel's entries -> frequencies (F,), azimuths (A,), level (F, A), and what it is relative to."""
POLAR_FLOOR_DB, RING_DB = -24.0, 12.0
MOST_CURVES = 3
WIDTH_IN = 7.2


def columns_for(count: int) -> int:
    """How many stand side by side: fewer, and larger, where there are few."""
    return min(count, 2 if count in (2, 4) else 3 if count <= 9 else 4)


def _grid(count: int, panel_height_in: float) -> tuple[Figure, list[Axes]]:
    columns = columns_for(count)
    rows = -(-count // columns)
    drawn = figure(WIDTH_IN, 0.75 + panel_height_in * rows)
    panels = drawn.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    for axes in panels.ravel()[count:]:
        axes.set_axis_off()
    return drawn, list(panels.ravel()[:count])


def draw_maps(channel: SharedChannel, levels: Levels) -> Figure:
    """Level over frequency and azimuth, one map a design."""
    columns = columns_for(len(levels))
    drawn, panels = _grid(len(levels), 2.6 if columns <= 2 else 1.75)
    highest_db = max(HIGHEST_DB[one.table.kind] for one in channel.channels)
    edges_db = np.arange(LOWEST_DB, highest_db + STEP_DB + 1, STEP_DB) - STEP_DB / 2  # steps centred on their labels
    from matplotlib import colormaps

    colours = ListedColormap(colormaps["viridis"](np.linspace(0.0, 1.0, edges_db.size - 1)))
    norm = BoundaryNorm(edges_db, colours.N)
    low_hz, high_hz = shown_hz(channel)
    for place, (axes, (i, (f, azimuth, level, _))) in enumerate(zip(panels, levels.items(), strict=True)):
        last_row = place + columns >= len(levels)
        frequency_axis(axes, low_hz, high_hz, label=last_row, narrow=columns > 1)
        axes.tick_params(labelbottom=last_row)
        wrapped, values = wrapped_map(azimuth, level)
        axes.pcolormesh(f, wrapped, np.clip(values, LOWEST_DB, highest_db), cmap=colours, norm=norm, shading="nearest",
                        rasterized=True)  # fmt: skip
        _wishes(axes, channel.channels[i].table)
        axes.set_ylim(180, -180)
        axes.set_yticks(np.arange(-180, 181, 90))
        axes.grid(False)
        axes.set_title(shortened(channel.entries[i].label, 72 // columns), fontsize=8.5)
    bar = drawn.colorbar(
        ScalarMappable(norm, colours), ax=panels, ticks=np.arange(LOWEST_DB, highest_db + 1, 6), pad=0.015
    )
    bar.set_label(f"dB re {next(iter(levels.values()))[3]}")
    bar.ax.tick_params(length=0)
    drawn.supylabel("Azimuth in degrees\n← listener's right  |  listener's left →", fontsize=8.5)
    return drawn


def _wishes(axes: Axes, table: DesignTable) -> None:
    """The band, and what was asked for over azimuth, as on a design's own map."""
    arcs_on_map(axes, table)
    for edge in table.band_hz:
        axes.axvline(edge, color="white", linewidth=1.2)
        axes.axvline(edge, color=INK, linewidth=0.8, linestyle=(0, (2, 2)))


def polar_frequencies_hz(channel: SharedChannel) -> list[int]:
    """At most three octaves of the band, its lowest and highest among them; the nearest to it where it holds none."""
    low, high = channel.band_hz
    inside = [hz for hz in POLAR_HZ if low <= hz <= high] or [
        min(POLAR_HZ, key=partial(_octaves_apart, np.sqrt(lowest_hz(channel.band_hz) * high)))
    ]
    places = np.linspace(0, len(inside) - 1, min(MOST_CURVES, len(inside))).round().astype(int)
    return [inside[place] for place in places]


def _octaves_apart(hz: float, other_hz: float) -> float:
    return float(abs(np.log2(hz / other_hz)))


def draw_polars(channel: SharedChannel, levels: Levels) -> Figure:
    """Polar plots, the front down as in the layout, so that the listener's left is on the left."""
    wanted = polar_frequencies_hz(channel)
    rows = {i: [int(np.argmin(np.abs(np.log(f / hz)))) for hz in wanted] for i, (f, _, _, _) in levels.items()}
    highest_db = max(float(levels[i][2][those].max()) for i, those in rows.items())
    outer_db = max(0.0, 6.0 * float(np.ceil(highest_db / 6)))
    columns = columns_for(len(levels))
    drawn, panels = _grid(len(levels), WIDTH_IN / columns)
    for axes, (i, (_, azimuth, level, _)) in zip(panels, levels.items(), strict=True):
        _rings(axes, outer_db, labels=columns <= 3)
        angle = np.radians(np.concatenate([azimuth, azimuth[:1]]))
        for n, row in enumerate(rows[i]):
            radius = np.maximum(np.concatenate([level[row], level[row][:1]]), POLAR_FLOOR_DB) - POLAR_FLOOR_DB
            # The device's left, +90 degrees, is the listener's right.
            axes.plot(radius * np.sin(angle), -radius * np.cos(angle), color=COLOURS[n], linestyle=STYLES[n],
                      linewidth=1.5)  # fmt: skip
        axes.set_title(shortened(channel.entries[i].label, 72 // columns), fontsize=8.5)
    labels = [f"{hz / 1000:g} kHz" if hz >= 1000 else f"{hz} Hz" for hz in wanted]
    handles = [
        panels[0].plot([], [], color=COLOURS[n], linestyle=STYLES[n], label=label)[0] for n, label in enumerate(labels)
    ]
    drawn.legend(handles=handles, loc="outside lower center", ncols=MOST_CURVES)
    reference = next(iter(levels.values()))[3]
    drawn.suptitle(f"dB re {reference}; rings every {RING_DB:g} dB; front down", fontsize=8.5, x=0.01, ha="left")
    return drawn


def _rings(axes: Axes, outer_db: float, *, labels: bool) -> None:
    """Circles of equal level with 0 dB drawn heavier, and spokes every 45 degrees."""
    outer = outer_db - POLAR_FLOOR_DB
    levels_db = np.unique([0.0, outer_db, *np.arange(POLAR_FLOOR_DB + RING_DB, outer_db, RING_DB)])
    for level_db in levels_db:
        heavy = level_db == 0
        axes.add_patch(Circle((0, 0), level_db - POLAR_FLOOR_DB, fill=False, edgecolor=SOFT if heavy else FAINT,
                              linewidth=0.9 if heavy else 0.6, zorder=0.5))  # fmt: skip
        if labels and level_db % RING_DB == 0:
            axes.text(0.0, level_db - POLAR_FLOOR_DB, f"{level_db:+.0f}" if level_db else "0 dB", fontsize=6.5, color=SOFT,
                      ha="center", va="center", bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})  # fmt: skip
    for azimuth_deg in range(0, 360, 45):
        x, y = np.sin(np.radians(azimuth_deg)), -np.cos(np.radians(azimuth_deg))
        axes.plot([0, outer * x], [0, outer * y], color=FAINT, linewidth=0.6, zorder=0.5)
    for azimuth_deg in (90, -90):
        x = np.sin(np.radians(azimuth_deg))
        axes.text(outer * 1.03 * x, 0, f"{azimuth_deg}°", fontsize=6.5, color=SOFT, ha="left" if x > 0 else "right",
                  va="center")  # fmt: skip
    axes.set_xlim(-1.22 * outer, 1.22 * outer)
    axes.set_ylim(-1.08 * outer, 1.08 * outer)
    axes.set_aspect("equal")
    axes.set_axis_off()
