"""The listener elsewhere: maps of gain and tone over the head's place, the gain as it turns, and the phantom centre.

The page's right is the device's +y, the listener's right, and the device is above, as in the layout.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap
from matplotlib.figure import Figure

from designer.arrays import Real
from designer.evaluation.listening_zone import HALF_WIDTH_M, NEAR_HALF_WIDTH_M, ZONE_DB, Zone, Zones
from designer.report.canvas import COLOURS, INK, figure
from designer.result import Result

GAIN_STEPS_DB = np.arange(-1.5, 31.5, 3.0)
TONE_STEPS_DB = np.arange(0.0, 6.5, 0.5)
LEVEL_STEPS_DB = np.arange(-6.0, 6.5, 1.0)
TIME_STEPS_US = np.arange(-420.0, 421.0, 60.0)


def zones_of(result: Result) -> Zones:
    """The maps, which are there where these figures are drawn."""
    assert result.zones is not None
    return result.zones


def draw_zone(result: Result, name: str) -> Figure:
    """Gain over the place, near by and as far as half a metre, its zone outlined; and the gain as the head turns."""
    found = zones_of(result)
    drawn = figure(7.2, 3.0)
    near, wide, turn = drawn.subplots(1, 3, width_ratios=[1, 1, 0.9])
    colours, norm = _steps(GAIN_STEPS_DB, "viridis")
    for axes, zone, half_m in ((near, found.near, NEAR_HALF_WIDTH_M), (wide, found.square, HALF_WIDTH_M)):
        values = _image(axes, zone, zone.channels[name].gain_db, half_m, colours, norm)
        edge = zone.channels[name].target_db - ZONE_DB
        _outline(axes, values, half_m, edge)
        axes.set_title(f"within {half_m * 100:.0f} cm")
    near.set_ylabel("to the device ←  x in cm", fontsize=8.5)
    bar = drawn.colorbar(
        ScalarMappable(norm, colours), ax=[near, wide], ticks=np.arange(0, 31, 6), pad=0.01, shrink=0.9
    )
    bar.set_label("mean gain in dB", fontsize=8.5)
    bar.outline.set_visible(False)
    channel = found.turned.channels[name]
    turn.plot(found.turn_deg, channel.gain_db, color=COLOURS[0], linewidth=2)
    turn.axhline(channel.target_db - ZONE_DB, color=INK, linewidth=1.1, linestyle=(0, (1, 1)))
    turn.annotate(f"target − {ZONE_DB:g} dB", (found.turn_deg[0], channel.target_db - ZONE_DB), xytext=(3, 3),
                  textcoords="offset points", fontsize=8)  # fmt: skip
    turn.set_ylim(min(0.0, float(channel.gain_db.min()) - 1), max(float(channel.gain_db.max()), channel.target_db) + 3)
    turn.set_xticks([-30, -15, 0, 15, 30])
    turn.set_xlabel("turn in degrees", fontsize=8.5)
    turn.set_title("as the head turns")
    return drawn


def draw_phantom(result: Result, name: str) -> Figure:
    """What comes from the middle, over the place: level between the ears, and time between them."""
    found = zones_of(result).square
    drawn = figure(7.2, 3.2)
    panels = drawn.subplots(1, 2)
    rows = (
        ("Level, left ear over right", found.level_db, LEVEL_STEPS_DB, "dB"),
        ("Time, right ear after left", found.delay_s * 1e6, TIME_STEPS_US, "µs"),
    )
    for axes, (title, values, steps, unit) in zip(panels, rows, strict=True):
        colours, norm = _steps(steps, "RdBu_r")
        _image(axes, found, values, HALF_WIDTH_M, colours, norm)
        axes.set_title(title)
        bar = drawn.colorbar(ScalarMappable(norm, colours), ax=axes, pad=0.02, shrink=0.8)
        bar.set_label(unit, fontsize=8.5)
        bar.outline.set_visible(False)
    panels[0].set_ylabel("to the device ←  x in cm", fontsize=8.5)
    return drawn


def _steps(edges: Real, colours: str) -> tuple[Colormap, BoundaryNorm]:
    listed = ListedColormap(colormaps[colours](np.linspace(0.0, 1.0, edges.size - 1))).with_extremes(bad="#d0d7de")
    return listed, BoundaryNorm(edges, listed.N)


def _image(axes: Axes, zone: Zone, values: Real, half_m: float, colours: Colormap, norm: Any) -> Real:
    """Values (P,) as a picture, x downwards; the square (X, Y)."""
    side = round(np.sqrt(values.size))
    square = values.reshape(side, side)
    half = half_m * 100 * side / (side - 1)  # to the outer edges of the cells
    limits = norm.boundaries
    shown = np.clip(square, limits[0] + 1e-9, limits[-1] - 1e-9)
    axes.imshow(shown, extent=(-half, half, half, -half), cmap=colours, norm=norm, interpolation="nearest")
    axes.plot(0, 0, "+", color="white", markersize=9, markeredgewidth=3)
    axes.plot(0, 0, "+", color=INK, markersize=9, markeredgewidth=1.4)
    axes.grid(False)
    ticks = np.array([-1, 0, 1]) * half_m * 100
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    axes.set_xlabel("← left  y in cm  right →", fontsize=8.5)
    return square


def _outline(axes: Axes, square: Real, half_m: float, edge: float) -> None:
    along = np.linspace(-half_m, half_m, len(square)) * 100
    inside = np.nan_to_num(square, nan=-100.0)
    if inside.min() < edge < inside.max():
        for colour, width in (("white", 2.6), (INK, 1.3)):
            axes.contour(along, along, inside, levels=[edge], colors=[colour], linewidths=width)
