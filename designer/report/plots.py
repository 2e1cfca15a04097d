"""The kinds of plot that figures are made of: curves over frequency, level over frequency and angle, polar plots, maps of places."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import BoundaryNorm, Colormap, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from designer.arrays import Real
from designer.problem import geometry
from designer.problem.schema import DesignTable
from designer.report.canvas import (
    ALARM,
    COLOURS,
    DASHED,
    DOTTED,
    FAINT,
    INK,
    figure,
    frequency_axis,
    mark_band,
)

SPAN_COLOUR = COLOURS[5]
DOUBLE = (("white", 2.2), (INK, 1.1))
"""A line that shows on any colour: of the paper under one of the ink."""
POLAR_HZ = (250, 500, 1000, 2000, 4000, 8000)
POLAR_FLOOR_DB = -30.0
HIGHEST_DB = {"beamformer": 3, "ctc": 12, "null-steering": 12}
AZIMUTH_WORDS = "Azimuth in degrees\n← listener's right  |  listener's left →"


@dataclass(frozen=True)
class Curve:
    """One line: its points, its name in the legend, and matplotlib's keywords."""

    x: Real
    y: Real
    label: str = ""
    look: dict[str, Any] = field(default_factory=dict)


def curve(x: Real, y: Real, label: str = "", color: str = COLOURS[0], linewidth: float = 1.6, **look: Any) -> Curve:
    """A curve with its look."""
    return Curve(x, y, label, {"color": color, "linewidth": linewidth, **look})


def target_curve(x: Real, y: Real, label: str = "target") -> Curve:
    """A curve of what is asked for, dotted everywhere."""
    return curve(x, y, label, INK, 1.3, linestyle=DOTTED)


def draw_curves(axes: Axes, curves: Iterable[Curve], *, title: str = "", unit: str = "") -> list[Artist]:
    """Draw curves in their order; those that the legend names."""
    handles: list[Artist] = []
    for line in curves:
        lines = axes.plot(line.x, line.y, label=line.label or None, **line.look)
        handles += lines if line.label else []
    if title:
        axes.set_title(title)
    axes.set_ylabel(unit)
    return handles


def over_frequency(axes: Axes, curves: Iterable[Curve], shown_hz: tuple[float, float], band_hz: Sequence[float] = (), *,
                   title: str = "", unit: str = "", label: bool = True, narrow: bool = False) -> list[Artist]:  # fmt: skip
    """Curves on a frequency axis, shaded outside the band; those that the legend names."""
    frequency_axis(axes, *shown_hz, label=label, narrow=narrow)
    if len(band_hz):
        mark_band(axes, list(band_hz))
    return draw_curves(axes, curves, title=title, unit=unit)


def span(axes: Axes, x: Real, low: Real, high: Real, label: str, color: str = SPAN_COLOUR) -> Artist:
    """The area between two curves, and its patch for the legend."""
    axes.fill_between(x, low, high, color=color, alpha=0.35, linewidth=0)
    return Patch(color=color, alpha=0.35, label=label)


def missed(axes: Axes, x: Real, low: Real, high: Real, where: Any) -> Artist:
    """Shortfall between two curves, hatched from each point to its neighbours, and its patch for the legend."""
    where = np.asarray(where)
    near = where | np.append(where[1:], False) | np.append(False, where[:-1])  # a lone point has no area
    low = np.minimum(low, high)
    look: dict[str, Any] = {"facecolor": "none", "edgecolor": ALARM, "hatch": "////"}
    axes.fill_between(x, low, high, where=near, linewidth=0, **look)
    return Patch(label="missed", **look)


def limit_line(axes: Axes, limit: float, words: str, *, above: bool = True) -> None:
    """A bound across the axes, named at its left end."""
    axes.axhline(limit, color=INK, linewidth=1.1, linestyle=DOTTED)
    at = (axes.get_xlim()[0], limit)
    axes.annotate(words, at, xytext=(4, 3 if above else -9), textcoords="offset points", fontsize=8)


def below(fig: Figure, handles: Sequence[Artist], columns: int) -> None:
    """The legend below the figure, where it covers nothing."""
    fig.legend(handles=handles, loc="outside lower center", ncols=columns)


@dataclass(frozen=True)
class Scale:
    """Colours in steps between edges (E,), and the ticks of their bar."""

    edges: Real
    colours: Colormap
    ticks: Real | None = None

    @property
    def norm(self) -> BoundaryNorm:
        """Which colour a value has."""
        return BoundaryNorm(self.edges.tolist(), self.colours.N)

    def bar(self, fig: Figure, axes: Any, label: str, *, pad: float = 0.015, **look: Any) -> Colorbar:
        """The scale beside axes."""
        ticks = None if self.ticks is None else self.ticks.tolist()
        bar = fig.colorbar(ScalarMappable(self.norm, self.colours), ax=axes, ticks=ticks, pad=pad, **look)
        bar.set_label(label)
        bar.outline.set_visible(False)
        return bar


def steps(edges: Real, name: str = "viridis", ticks: Real | None = None) -> Scale:
    """A scale of a colour map's colours in steps."""
    colours = ListedColormap(colormaps[name](np.linspace(0.0, 1.0, edges.size - 1))).with_extremes(bad=FAINT)
    return Scale(edges, colours, ticks)


def level_scale(highest_db: float, lowest_db: float = -30.0, step_db: float = 3.0) -> Scale:
    """Steps of level centred on their labels."""
    edges = np.arange(lowest_db, highest_db + step_db + 1, step_db) - step_db / 2
    return steps(edges, ticks=np.arange(lowest_db, highest_db + 1, 6))


def level_map(axes: Axes, f: Real, angle_deg: Real, level_db: Real, scale: Scale, *, close: bool = True) -> None:
    """Level (F, A) over frequency and angle; angles that go all around end where they begin."""
    if close and np.isclose(angle_deg[-1] + angle_deg[1] - angle_deg[0], angle_deg[0] + 360):
        angle_deg = np.concatenate([angle_deg, angle_deg[:1] + 360])
        level_db = np.concatenate([level_db, level_db[:, :1]], axis=1)
    half = (scale.edges[1] - scale.edges[0]) / 2
    shown = np.clip(level_db.T, scale.edges[0] + half, scale.edges[-1] - half)
    axes.pcolormesh(f, angle_deg, shown, cmap=scale.colours, norm=scale.norm, shading="nearest", rasterized=True)
    axes.grid(visible=False)


def azimuth_map(
    axes: Axes, f: Real, azimuth_deg: Real, level_db: Real, scale: Scale, table: DesignTable, ticks_deg: float
) -> None:
    """A channel's level map on the circle, with its band, and the mask's boxes or, without a mask, the nulls' arcs."""
    level_map(axes, f, azimuth_deg, level_db, scale)
    axes.set_ylim(180, -180)
    axes.set_yticks(np.arange(-180, 181, ticks_deg))
    for edge in table.band_hz:
        for (colour, width), style in zip(DOUBLE, ("-", DASHED), strict=True):
            axes.axvline(edge, color=colour, linewidth=0.7 * width, linestyle=style)
    arcs = [(line.azimuth_deg, line.band_hz or table.band_hz) for line in table.mask or []]
    if not arcs and table.nulls_deg:
        arcs = [(list(arc), table.band_hz) for arc in geometry.null_arcs_deg(table.nulls_deg, table.null_width_deg)]
    for (start, stop), (low, high) in arcs:
        for colour, width in DOUBLE:
            size = (high - low, (stop - start) % 360)
            axes.add_patch(Rectangle((low, start), *size, fill=False, edgecolor=colour, linewidth=width))


def hertz(frequency_hz: float) -> str:
    """A round frequency: 250 Hz, 2 kHz."""
    return f"{frequency_hz / 1000:g} kHz" if frequency_hz >= 1000 else f"{frequency_hz:g} Hz"


def polar(axes: Any, azimuth_deg: Real, curves: Iterable[Curve], outer_db: float, *, rings_db: Real | None = None,
          labels: bool = True) -> None:  # fmt: skip
    """Levels over azimuth, x of the curves unused: the front down as in the layout, so that the listener's left is on the left."""
    angle = np.radians(np.append(azimuth_deg, azimuth_deg[0]))
    for line in curves:
        axes.plot(angle, np.maximum(np.append(line.y, line.y[0]), POLAR_FLOOR_DB), **line.look)
    axes.set_theta_zero_location("S")
    axes.set_rlim(POLAR_FLOOR_DB, outer_db)
    axes.set_rticks(np.arange(POLAR_FLOOR_DB, outer_db + 1, 12) if rings_db is None else rings_db)
    axes.set_rlabel_position(158)
    marks = np.arange(0, 360, 45)
    words = [f"{a if a <= 180 else a - 360}°" if labels or a % 180 == 90 else "" for a in marks]
    axes.set_thetagrids(marks, words, fontsize=7)
    axes.tick_params(axis="y", labelsize=6.5)
    axes.tick_params(axis="x", pad=-2)


def rows_near(frequency_hz: Real, targets_hz: Iterable[float]) -> list[int]:
    """The row nearest to each frequency, by ratio."""
    return [int(np.argmin(np.abs(np.log(frequency_hz / hz)))) for hz in targets_hz]


def place_map(axes: Axes, values: Real, half_m: float, scale: Scale, title: str) -> Real:
    """Values (P,) over a square of places in cm, the device above as in the layout; the square (X, Y)."""
    side = round(np.sqrt(values.size))
    square = values.reshape(side, side)
    half = half_m * 100 * side / (side - 1)  # to the outer edges of the cells
    shown = np.clip(square, scale.edges[0] + 1e-9, scale.edges[-1] - 1e-9)
    extent = (-half, half, half, -half)
    axes.imshow(shown, extent=extent, cmap=scale.colours, norm=scale.norm, interpolation="nearest")
    for colour, width in (("white", 3.0), (INK, 1.4)):
        axes.plot(0, 0, "+", color=colour, markersize=9, markeredgewidth=width)
    axes.grid(visible=False)
    ticks = np.array([-1, 0, 1]) * half_m * 100
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    axes.set_xlabel("← left  y in cm  right →", fontsize=8.5)
    axes.set_title(title)
    return square


def panels(height_in: float, rows: int = 1, columns: int = 1, **look: Any) -> tuple[Figure, list[Axes]]:
    """A figure and its axes, row by row."""
    fig = figure(7.2, height_in)
    return fig, list(fig.subplots(rows, columns, squeeze=False, **look).ravel())
