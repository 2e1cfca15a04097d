"""Panels of a figure, drawn by matplotlib as their dictionaries say: curves, maps, polar plots and drawings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from matplotlib import colormaps, rc_context
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import BoundaryNorm, ListedColormap, to_rgba
from matplotlib.patches import Circle, Polygon, Rectangle, Wedge
from matplotlib.ticker import FixedFormatter, FixedLocator, MaxNLocator, NullLocator
from matplotlib.transforms import Transform

from designer.arrays import Real
from designer.report.canvas import GUIDE, MARKERS, handle_look, inches, paint, width_in
from designer.report.canvas import drawable as text_of
from designer.report.figure_data import Axis, Curves, Drawing, Levels, Limit, Line, Map, Note, Polar
from designer.report.schemes import FAINT, INK, SHADE, SOFT

NARROW_IN = 3.5
TICK_IN = 0.3
"""Least distance of ticks, about."""
TICKS_HZ = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
NARROW_TICKS_HZ = (20, 100, 500, 2000, 10_000, 50_000)
DOUBLE = (("white", 2.2), (INK, 1.1))
"""A line that shows on any colour: of the paper under one of the ink."""
SPAN_OPACITY = 0.35
SHORTFALL: dict[str, Any] = {"facecolor": "none", "edgecolor": paint("alarm"), "hatch": "////"}
COLUMNS_OF_PICTURE = 720
LINE_IN = 0.155
"""From a line of an axis' words to the next."""
TICK_ROOM_IN = 0.15
"""A tick's mark and the gaps beside its text."""
POLAR_LABELS_DEG = range(-135, 181, 45)


def ticks_of(axis: Axis, length_in: float, *, across: bool = False) -> list[tuple[float, str]]:
    """Places and words of an axis of this length, as many as fit side by side (`across`) or one above the other."""
    if "ticks" in axis:
        return axis["ticks"]
    low, high = sorted(axis["range"])
    if axis.get("quantity") == "frequency" and axis.get("scale") == "log":
        places = NARROW_TICKS_HZ if length_in < NARROW_IN and high > 20 * low else TICKS_HZ
        return [(hz, f"{hz / 1000:g}k" if hz >= 1000 else f"{hz:g}") for hz in places if low <= hz <= high]
    ticks: list[tuple[float, str]] = []
    for bins in range(max(4, min(9, int(length_in / TICK_IN))), 1, -1):
        ticks = _round_ticks(low, high, bins)
        if not across or 1.4 * sum(width_in(text, 8.5) for _, text in ticks) < length_in:
            break
    return ticks


def _round_ticks(low: float, high: float, most: int) -> list[tuple[float, str]]:
    places_of = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    inside = [tick for tick in places_of if low - 1e-9 <= tick <= high + 1e-9]
    step = float(np.diff(places_of).min(initial=np.inf))
    digits = max(0, next((n for n in range(9) if abs(round(step, n) - step) < 1e-3 * step), 9))
    return [(float(tick), f"{tick + 0.0:.{digits}f}".replace("-", "\N{MINUS SIGN}")) for tick in inside]


def colours_of(levels: Levels) -> tuple[ListedColormap, BoundaryNorm]:
    """Colour map and norm of levels in steps."""
    count = len(levels["edges"]) - 1
    colours = ListedColormap(colormaps[levels["palette"]](np.linspace(0.0, 1.0, count)))
    return colours, BoundaryNorm(np.asarray(levels["edges"]).tolist(), count)


def _inside(values: Real, levels: Levels) -> Real:
    edges = np.asarray(levels["edges"])
    small = 1e-6 * (edges[-1] - edges[0])
    return np.clip(values, edges[0] + small, edges[-1] - small)


def set_axes(
    axes: Axes, panel: Any, size_in: tuple[float, float], hidden: tuple[bool, bool], left_in: float = 0.0
) -> None:
    """Range, scale, ticks and words of both axes; of those that are hidden neither words nor ticks' texts.

    The y axis' words stand at the left of `left_in`, or beside the ticks.
    """
    for letter, is_hidden, length_in in zip("xy", hidden, size_in, strict=True):
        axis, words = getattr(axes, f"{letter}axis"), panel[letter]
        if words.get("scale") == "log":
            axes.set(**{f"{letter}scale": "log"})
        axes.set(**{f"{letter}lim": words["range"]})
        ticks = ticks_of(words, length_in, across=letter == "x")
        texts = ["" if is_hidden else text_of(text) for _, text in ticks]
        axis.set_major_locator(FixedLocator([tick for tick, _ in ticks]))
        axis.set_major_formatter(FixedFormatter(texts))
        axis.set_minor_locator(NullLocator())
        if not is_hidden and words["label"]:
            small = inches(words["label"].split("\n"), 8.5) > length_in
            axis.set_label_text(text_of(words["label"]), fontsize=7.5 if small else 8.5)
            # Where matplotlib would put it after a look at each tick's text.
            away = TICK_ROOM_IN + (inches(texts, 8.5) if letter == "y" else 8.5 / 72)
            if letter == "y" and left_in:
                away = left_in - LINE_IN * (words["label"].count("\n") + 1)
            place = (-away / size_in[0], 0.5) if letter == "y" else (0.5, -away / size_in[1])
            axis.set_label_coords(*place)


def draw_line(axes: Axes, line: Line) -> None:
    """A curve as it is."""
    look = handle_look(line)
    if "spacing" in line:
        look["markevery"] = tuple(line["spacing"])
    if "shape" in line:
        look["drawstyle"] = "steps-post" if line["shape"] == "hv" else "steps-pre"
    if line.get("hidden"):
        return
    axes.plot(line["x"], line["y"], label=f" {line['name']}", zorder=2.5, **look)


def _limit(axes: Axes, limit: Limit) -> None:
    colour = paint(limit.get("color", "ink"))
    dash = limit.get("dash", "dot")
    axes.axhline(limit["y"], color=colour, linewidth=1.1, linestyle=GUIDE if dash == "dash" else (0, (1, 1)))
    if limit["text"]:
        offset = (4, 3 if limit.get("above", True) else -9)
        axes.annotate(text_of(limit["text"]), (0, limit["y"]), xycoords=("axes fraction", "data"), xytext=offset,
                      textcoords="offset points", fontsize=8, color=colour)  # fmt: skip


def _notes(axes: Axes, notes: list[Note]) -> None:
    for note in notes:
        share = note.get("share", False)
        align: dict[str, Any] = {"ha": "center", "va": "center"}
        if share:
            align = {"ha": "right" if note["x"] > 0.5 else "left", "va": "top" if note["y"] > 0.5 else "bottom"}
        paper = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
        axes.text(note["x"], note["y"], text_of(note["text"]), transform=axes.transAxes if share else axes.transData,
                  fontsize=8, color=paint(note.get("color", "ink")), bbox=None if share else paper, zorder=4, **align)  # fmt: skip


def _band(axes: Axes, low: float, high: float, band_hz: list[float]) -> list[list[float]]:
    for edge in band_hz:
        if low < edge < high:
            axes.axvline(edge, color=SOFT, linewidth=0.7, linestyle=GUIDE, zorder=1)
    return [[start, stop] for start, stop in ((low, band_hz[0]), (band_hz[1], high)) if stop > start]


def draw_curves(axes: Axes, panel: Curves) -> None:
    """Shades, spans, limits, marks, lines and notes, in this order from below."""
    low, high = sorted(panel["x"]["range"])
    shaded = [*panel.get("shaded", []), *(_band(axes, low, high, panel["band_hz"]) if "band_hz" in panel else [])]
    for start, stop in shaded:
        axes.axvspan(max(start, low), min(stop, high), color=SHADE, zorder=0, linewidth=0)
    for span in panel.get("spans", []):
        look = {"color": paint(span["color"]), "alpha": span.get("opacity", SPAN_OPACITY), "linewidth": 0}
        axes.fill_between(span["x"], span["low"], span["high"], **look)
    for shortfall in panel.get("shortfalls", []):
        axes.fill_between(shortfall["x"], shortfall["low"], shortfall["high"], linewidth=0, **SHORTFALL)
    for limit in panel.get("limits", []):
        _limit(axes, limit)
    for mark in panel.get("marks", []):
        axes.axvline(mark["x"], color=SOFT, linewidth=0.8, linestyle=GUIDE, zorder=1)
        if mark["text"]:
            left = mark["x"] > low + 0.7 * (high - low)  # of its line, so that it stays inside
            look = {"xytext": (-4 if left else 4, -8), "ha": "right" if left else "left"}
            axes.annotate(text_of(mark["text"]), (mark["x"], 1), xycoords=("data", "axes fraction"), va="center",
                          textcoords="offset points", fontsize=8, color=SOFT, **look)  # fmt: skip
    for line in panel["lines"]:
        draw_line(axes, line)
    _notes(axes, panel.get("notes", []))


def _edges(middles: Real, *, log: bool) -> Real:
    middles = np.log(middles) if log else np.asarray(middles, dtype=float)
    steps = np.diff(middles) / 2
    edges = np.concatenate([[middles[0] - steps[0]], middles[1:] - steps, [middles[-1] + steps[-1]]])
    return np.exp(edges) if log else edges


def _picture(axes: Axes, panel: Map) -> None:
    """Cells as one picture, whose columns have the colour of the cell in their middle, on an axis of any scale."""
    log, size = panel["x"].get("scale") == "log", 2 * len(panel["ys"])
    columns = _cells(np.asarray(panel["xs"]), panel["x"]["range"], COLUMNS_OF_PICTURE, log=log)
    rows = _cells(np.asarray(panel["ys"]), panel["y"]["range"], size, log=False)
    painted = np.zeros((len(panel["ys"]), len(panel["xs"]), 4), dtype=np.uint8)
    missing = panel["gaps"]["where"] if "gaps" in panel else np.zeros(painted.shape[:2], dtype=bool)
    if "z" in panel:
        colours, norm = colours_of(panel["levels"])
        z = np.asarray(panel["z"])
        missing = missing | ~np.isfinite(z)
        painted = colours(norm(_inside(np.nan_to_num(z), panel["levels"])), bytes=True)
    painted[missing] = np.round(255 * np.array(to_rgba(FAINT)))
    shown = painted[np.maximum(rows, 0)][:, np.maximum(columns, 0)]
    shown[rows < 0] = 0
    shown[:, columns < 0] = 0
    place: dict[str, Any] = {"extent": (0, 1, 0, 1), "transform": axes.transAxes, "aspect": "auto", "origin": "lower"}
    axes.imshow(shown, interpolation="none", **place)


def _cells(middles: Real, ends: list[float], count: int, *, log: bool) -> Any:
    """Which cell is at each of so many places along an axis; -1 outside of all."""
    shares, (first, last) = (np.arange(count) + 0.5) / count, ends
    at = first * (last / first) ** shares if log else first + (last - first) * shares
    cell = np.searchsorted(_edges(middles, log=log), at) - 1
    return np.where(cell < middles.size, cell, -1)


def draw_map(axes: Axes, panel: Map) -> None:
    """Cells, dots, what is hatched, the contour, boxes, the band and marks."""
    axes.grid(visible=False)
    xs, ys = np.asarray(panel["xs"]), np.asarray(panel["ys"])
    if "z" in panel or "gaps" in panel:
        _picture(axes, panel)
    if "crossed" in panel and np.any(panel["crossed"]):
        for colour, width in (("white", 1.8), (INK, 0.7)):  # seen on any level
            with rc_context({"hatch.color": colour, "hatch.linewidth": width}):
                crossed = np.asarray(panel["crossed"], dtype=float)
                axes.contourf(xs, ys, crossed, levels=[0.5, 1.5], colors="none", hatches=["xxx"])
    if "contour" in panel and "z" in panel:
        z = np.asarray(panel["z"])
        inside = np.nan_to_num(z, nan=float(np.nanmin(z)) if np.isfinite(z).any() else 0.0)
        if inside.min() < panel["contour"] < inside.max():
            for colour, width in (("white", 2.6), (INK, 1.3)):
                axes.contour(xs, ys, inside, levels=[panel["contour"]], colors=[colour], linewidths=width)
    for edge in panel.get("band_hz", []):
        if not min(panel["x"]["range"]) < edge < max(panel["x"]["range"]):
            continue
        for (colour, width), style in zip(DOUBLE, ("-", GUIDE), strict=True):
            axes.axvline(edge, color=colour, linewidth=0.7 * width, linestyle=style)
    for box in panel.get("boxes", []):
        (left, right), (low, high) = box["x"], box["y"]
        for colour, width in DOUBLE:
            axes.add_patch(
                Rectangle((left, low), right - left, high - low, fill=False, edgecolor=colour, linewidth=width)
            )
    if "dots" in panel:
        dots, (colours, norm) = panel["dots"], colours_of(panel["levels"])
        values = _inside(np.asarray(dots["z"]), panel["levels"])
        look: dict[str, Any] = {"s": 13, "edgecolors": SOFT, "linewidths": 0.3, "zorder": 3}
        axes.scatter(dots["x"], dots["y"], c=values, cmap=colours, norm=norm, **look)
    for mark in panel.get("marks", []):
        for colour, width in (("white", 3.0), (paint(mark["color"]), 1.4)):
            thin: dict[str, Any] = {
                "markeredgecolor": colour,
                "markeredgewidth": width,
                "markersize": 8,
                "markerfacecolor": "none",
            }
            axes.plot(mark["x"], mark["y"], linestyle="none", marker=_thin(MARKERS[mark["marker"]]), zorder=4, **thin)
    # An image resets the axes' range to its own.
    axes.set(xlim=panel["x"]["range"], ylim=panel["y"]["range"])


def _thin(marker: str) -> str:
    return {"X": "x", "P": "+"}.get(marker, marker)


def on_disc(azimuth_deg: Any, radius: Any) -> tuple[Real, Real]:
    """Places at azimuths, front down, the listener's left (-90 degrees) on the left."""
    angle = np.radians(azimuth_deg)
    return np.asarray(radius * np.sin(angle)), np.asarray(-radius * np.cos(angle))


def draw_polar(axes: Axes, panel: Polar, to: Transform) -> None:
    """Rings with their dB, directions, sectors, and the levels; on a disc of radius 1 that `to` puts into axes of several."""
    inner, outer = panel["range_db"]
    span = outer - inner
    for sector in panel.get("sectors", []):
        wedge = (sector["start_deg"] - 90, sector["stop_deg"] - 90)
        axes.add_patch(Wedge((0, 0), 1, *wedge, color=paint(sector["color"]), alpha=0.25, linewidth=0, transform=to))
    around = np.linspace(0, 360, 91)
    radii = [(float(ring) - inner) / span for ring in panel["rings_db"]]
    rings = [np.stack(on_disc(around, radius), axis=1) for radius in radii if 0 < radius <= 1]
    spokes = [np.stack([np.zeros(2), on_disc(angle, 1)]) for angle in POLAR_LABELS_DEG]
    axes.add_collection(
        LineCollection([*rings, *spokes], colors=FAINT, linewidths=0.6, zorder=1, transform=to), autolim=False
    )
    axes.add_patch(Circle((0, 0), 1, fill=False, edgecolor=SOFT, linewidth=0.8, zorder=1, transform=to))
    for line in panel["lines"]:
        azimuth, level = np.append(line["x"], line["x"][0]), np.append(line["y"], line["y"][0])
        x, y = on_disc(azimuth, (np.clip(level, inner, outer) - inner) / span)
        axes.plot(x, y, zorder=3, transform=to, **handle_look(line))
    sides = panel.get("sides", False)
    for angle in POLAR_LABELS_DEG:
        if not sides or abs(angle) == 90:
            x, y = on_disc(angle, 1.06)
            ends = ["right" if x < -0.1 else "left" if x > 0.1 else "center", "top" if y < -0.1 else "bottom"]
            axes.text(float(x), float(y), f"{angle}°".replace("-", "\N{MINUS SIGN}"), fontsize=7, color=SOFT, ha=ends[0],
                      va=ends[1] if abs(y) > 0.1 else "center", transform=to)  # fmt: skip
    for ring, radius in zip(panel["rings_db"], radii, strict=True):
        if 0 <= radius <= 1:
            x, y = on_disc(158, radius)
            text = f"{ring:g}".replace("-", "\N{MINUS SIGN}")
            axes.text(float(x), float(y), text, fontsize=6.5, color=SOFT, zorder=2.5, transform=to)
    title = text_of(panel["title"])
    axes.text(0, 1.26, title, fontsize=9, fontweight="bold", ha="center", va="bottom", transform=to,
              color=SOFT if panel.get("soft") else INK)  # fmt: skip


def draw_drawing(axes: Axes, panel: Drawing) -> None:
    """Shapes in their order."""
    for shape in panel["shapes"]:
        form, colour = shape["form"], paint(shape.get("color", "ink"))
        fill = paint(shape["fill"]) if "fill" in shape else "none"
        surface: dict[str, Any] = {"facecolor": fill, "edgecolor": colour, "linewidth": shape.get("width", 1.0)}
        if form == "circle":
            axes.add_patch(Circle((shape["x"], shape["y"]), shape["radius"], **surface))
        elif form == "strip":
            axes.axvspan(*shape["x"], **surface)
        elif form == "polygon":
            corners = np.stack([shape["x"], shape["y"]], axis=1)
            axes.add_patch(Polygon(corners, closed=True, **surface))
        elif form == "line":
            width = shape.get("width", 1.0)
            axes.plot(shape["x"], shape["y"], color=colour, linewidth=width, solid_capstyle="butt", zorder=1.5)
        elif form == "points":
            axes.plot(shape["x"], shape["y"], "o", color=colour, markersize=shape.get("size", 4.0), zorder=3,
                      markeredgewidth=0)  # fmt: skip
        elif form == "arrow":
            (tail_x, tip_x), (tail_y, tip_y) = shape["x"], shape["y"]
            look = {"arrowstyle": "->", "color": colour, "linewidth": shape.get("width", 1.0)}
            axes.annotate("", (tip_x, tip_y), (tail_x, tail_y), arrowprops=look)
        else:
            _text(axes, shape, colour)
    axes.set(xlim=panel["x"]["range"], ylim=panel["y"]["range"])


def _text(axes: Axes, shape: Any, colour: Any) -> None:
    right, up = shape.get("away", [0, 0])
    upright = shape.get("upright", False)
    vertical = ("bottom" if up > 0 else "top") if upright else "center"
    axes.annotate(text_of(shape["text"]), (shape["x"], shape["y"]), xytext=(right, up), textcoords="offset points",
                  ha=shape.get("align", "center"), va=vertical, rotation=90 if upright else 0, color=colour,
                  fontsize=shape.get("size", 8.5), fontweight="bold" if shape.get("bold") else "normal")  # fmt: skip


DRAWERS: dict[str, Callable[[Axes, Any], None]] = {
    "curves": draw_curves,
    "map": draw_map,
    "drawing": draw_drawing,
}
