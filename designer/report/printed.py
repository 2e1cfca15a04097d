"""A figure's dictionary as a matplotlib figure: its panels placed by hand, by the widths of their texts, and its legend below.

Nothing is drawn to find out how large it is: letters' widths come from the typeface's table. A panel hides the words of an axis that its
neighbour below or on the left has too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.transforms import Affine2D

from designer.report.canvas import MARKERS, Printed, drawable, handle_look, in_style, inches, paint, width_in, wrapped
from designer.report.figure_data import Figure, Panel
from designer.report.printed_panels import (
    DRAWERS,
    SHORTFALL,
    SPAN_OPACITY,
    colours_of,
    draw_polar,
    set_axes,
    ticks_of,
)
from designer.report.schemes import FAINT

WIDTH_IN = 7.2
EDGE_IN = 0.08
LINE_IN = 0.165
"""From a line of text to the next, at 8.5 points."""
TITLE_PT, HEAD_PT, SMALL_TITLE_PT = 9.5, 10.0, 8.5
DISC_ROOM = 1.2
"""Half a polar plot's box over its radius, so that angles have their place."""
BAR_IN, BAR_ROOM_IN = 0.11, 0.62
HANDLE_IN, COLUMN_GAP_IN = 0.42, 0.17
MOST_LEGEND_COLUMNS = 8


@dataclass
class Margins:
    """Room of a panel's words around its axes in inches."""

    left: float = EDGE_IN
    right: float = EDGE_IN
    top: float = EDGE_IN
    bottom: float = EDGE_IN


@dataclass
class Layout:
    """Where each panel of a figure is, in inches from its lower left corner: left, bottom, width, height."""

    height_in: float
    boxes: list[tuple[float, float, float, float]]
    hidden: list[tuple[bool, bool]]
    titles: list[str]
    lefts: list[float]  # room of the y axes' words; 0 for that beside their ticks
    head: str
    names: dict[str, Artist] = field(default_factory=dict)
    legend_columns: int = 1


def draw(figure: Figure) -> Printed:
    """The figure, WIDTH_IN inches wide; as high as it says, and higher by each line of a legend beyond the first."""
    with in_style():
        layout = _layout(figure)
        fig = Printed(figsize=(WIDTH_IN, layout.height_in))
        places = list(zip(figure["panels"], layout.boxes, layout.hidden, layout.titles, layout.lefts, strict=True))
        discs: Axes | None = None
        for panel, (left, bottom, width, height), hidden, title, left_in in places:
            if panel["kind"] == "polar":
                discs = discs or _discs(fig, layout.height_in)
                radius = min(width, height) / (2 * DISC_ROOM)
                middle = left + width / 2, bottom + height / 2
                draw_polar(
                    discs, {**panel, "title": title}, Affine2D().scale(radius).translate(*middle) + discs.transData
                )
                continue
            box = left / WIDTH_IN, bottom / layout.height_in, width / WIDTH_IN, height / layout.height_in
            axes = fig.add_axes(box, label=f"{panel['kind']}-{panel['place'][0]}-{panel['place'][1]}")
            set_axes(axes, panel, (width, height), hidden, left_in)
            DRAWERS[panel["kind"]](axes, panel)
            if title:
                axes.set_title(drawable(title), fontsize=_title_pt(figure), pad=4, y=1.0, color=paint("ink"))
            if panel["kind"] == "curves" and "legend" in panel:
                handles = list(_handles([panel]).values())
                look: Any = {
                    "loc": panel["legend"],
                    "fontsize": 8,
                    "ncols": 2 if len(handles) > 4 else 1,
                    "borderpad": 0.2,
                }
                axes.legend(handles=handles, frameon=True, framealpha=0.85, edgecolor="none", **look)
        _bars(fig, figure, layout)
        if layout.head:
            fig.text(0.1 / WIDTH_IN, 1 - 0.05 / layout.height_in, drawable(layout.head), fontsize=HEAD_PT, va="top",
                     fontweight="bold", color=paint("ink"))  # fmt: skip
        if layout.names:
            fig.legend(handles=list(layout.names.values()), loc="lower center", ncols=layout.legend_columns, borderpad=0.2,
                       borderaxespad=0.2, handlelength=2.8, columnspacing=1.4, labelspacing=0.35)  # fmt: skip
    return fig


def _discs(fig: Printed, height_in: float) -> Axes:
    """Axes of a whole figure, in inches, for all of its polar plots: ten times as fast as axes for each."""
    axes = fig.add_axes((0, 0, 1, 1), label="polar")
    axes.set_axis_off()
    axes.set(xlim=(0, WIDTH_IN), ylim=(0, height_in), autoscale_on=False)
    return axes


def _title_pt(figure: Figure) -> float:
    return TITLE_PT if len(figure["panels"]) == 1 else SMALL_TITLE_PT + 0.5


def _handles(panels: Sequence[Panel]) -> dict[str, Artist]:
    """Name -> what stands before it in a legend."""
    handles: dict[str, Artist] = {}

    def add(name: str, artist: Artist) -> None:
        if name and name not in handles:
            words = drawable(name)
            artist.set_label(" " + words if words.startswith("_") else words)  # else left out of the legend
            handles[name] = artist

    for panel in panels:
        for line in panel.get("lines", []):  # type: ignore[attr-defined]
            if not line.get("hidden"):
                add(line["name"], Line2D([], [], **handle_look(line)))
        for span in panel.get("spans", []):  # type: ignore[attr-defined]
            add(span["name"], Patch(color=paint(span["color"]), alpha=span.get("opacity", SPAN_OPACITY), linewidth=0))
        for shortfall in panel.get("shortfalls", []):  # type: ignore[attr-defined]
            add(shortfall["name"], Patch(**SHORTFALL, linewidth=0))
        for mark in panel.get("marks", []) if panel["kind"] == "map" else []:
            look = {"marker": MARKERS[mark["marker"]], "color": paint(mark["color"])}
            add(mark["name"], Line2D([], [], linestyle="none", markersize=6, **look))
        if panel["kind"] == "map" and "gaps" in panel:
            add(panel["gaps"]["name"], Patch(color=FAINT))
        for shape in panel["shapes"] if panel["kind"] == "drawing" else []:
            look = {"marker": "o", "markersize": 5, "color": paint(shape.get("fill", shape.get("color", "ink")))}
            add(shape.get("name", ""), Line2D([], [], linestyle="none", **look))
    return handles


def _bar_groups(figure: Figure) -> list[list[int]]:
    """Places of the maps that share a bar, group by group."""
    groups: list[list[int]] = []
    for number, panel in enumerate(figure["panels"]):
        if panel["kind"] != "map":
            continue
        for group in groups:
            other = figure["panels"][group[0]]["levels"]  # type: ignore[typeddict-item]
            levels = panel["levels"]
            if levels["label"] == other["label"] and np.array_equal(levels["edges"], other["edges"]):
                group.append(number)
                break
        else:
            groups.append([number])
    return groups


def _hidden(figure: Figure) -> list[tuple[bool, bool]]:
    """Whether each panel's x and y axis leave their words to a neighbour's."""
    cells: dict[tuple[int, int], Panel] = {}
    for panel in figure["panels"]:
        row, column, rows, columns = panel["place"]
        cells |= {(r, c): panel for r in range(row, row + rows) for c in range(column, column + columns)}
    hidden = []
    for panel in figure["panels"]:
        row, column, rows, _ = panel["place"]
        pairs = (("x", cells.get((row + rows, column))), ("y", cells.get((row, column - 1))))
        hidden.append(
            tuple(
                other is not None
                and panel["kind"] != "polar"
                and other["kind"] != "polar"
                and panel[letter] == other[letter]  # type: ignore[literal-required]
                for letter, other in pairs
            )
        )
    return hidden  # type: ignore[return-value]


def _margins(panel: Panel, hidden: tuple[bool, bool], title: str, title_pt: float) -> Margins:
    margins = Margins(top=EDGE_IN + (title.count("\n") + 1) * title_pt * 1.25 / 72 if title else EDGE_IN)
    if panel["kind"] == "polar":
        return Margins(0.12, 0.12, margins.top, EDGE_IN)
    x_hidden, y_hidden = hidden
    if not x_hidden:
        lines = panel["x"]["label"].count("\n") + 1 if panel["x"]["label"] else 0
        margins.bottom = 0.23 + 0.16 * lines
    margins.right = 0.14
    if not y_hidden:
        texts = [text for length_in in (0.8, 2.0, 3.0) for _, text in ticks_of(panel["y"], length_in)]
        lines = panel["y"]["label"].count("\n") + 1 if panel["y"]["label"] else 0
        margins.left = 0.14 + inches(texts, 8.5) + 0.15 * lines
    return margins


def _legend_columns(names: list[str], most: int) -> int:
    """Columns of a legend whose names, column by column, fit the figure's width."""
    widths = np.array([width_in(name, 8.5) for name in names])
    for columns in range(min(most, len(names)), 1, -1):
        parts = np.array_split(widths, columns)
        if sum(float(part.max()) + HANDLE_IN + COLUMN_GAP_IN for part in parts) <= WIDTH_IN - 0.25:
            rows = -(-len(names) // columns)
            return -(-len(names) // rows)  # no fuller than that takes
    return 1


def _layout(figure: Figure) -> Layout:
    panels, rows, columns = figure["panels"], figure["rows"], figure["columns"]
    names = _handles([panel for panel in panels if "legend" not in panel])
    legend_columns = _legend_columns(list(names), figure.get("legend_columns", MOST_LEGEND_COLUMNS))
    legend_rows = -(-len(names) // legend_columns)
    legend_in = legend_rows * LINE_IN + 0.1 if names else 0.04
    height_in = figure["height"] + max(legend_rows - 1, 0) * LINE_IN
    hidden = _hidden(figure)
    title_pt = _title_pt(figure)
    ratios = [np.array(figure.get(key, [1.0] * n), dtype=float) for key, n in (("widths", columns), ("heights", rows))]
    head = wrapped(figure["title"], HEAD_PT, WIDTH_IN - 0.2, bold=True) if figure["title"] else ""
    head_in = (head.count("\n") + 1) * HEAD_PT * 1.3 / 72 + 0.04 if head else 0.0
    room_in = 0.98 * WIDTH_IN * ratios[0] / ratios[0].sum()
    titles = []
    for panel in panels:
        _, column, _, span = panel["place"]
        room = float(room_in[column : column + span].sum()) - (0.1 if panel["kind"] == "polar" else 0.5)
        titles.append(wrapped(panel["title"], title_pt, room, bold=True))
    margins = [_margins(p, h, t, title_pt) for p, h, t in zip(panels, hidden, titles, strict=True)]
    for group in _bar_groups(figure):
        end = max(panels[n]["place"][1] + panels[n]["place"][3] for n in group)
        for n in group:
            if panels[n]["place"][1] + panels[n]["place"][3] == end:
                margins[n].right += BAR_ROOM_IN
    before, after, above, under = (np.zeros(n) for n in (columns, columns, rows, rows))
    for panel, margin in zip(panels, margins, strict=True):
        row, column, row_span, column_span = panel["place"]
        before[column] = max(before[column], margin.left)
        after[column + column_span - 1] = max(after[column + column_span - 1], margin.right)
        above[row] = max(above[row], margin.top)
        under[row + row_span - 1] = max(under[row + row_span - 1], margin.bottom)
    free_x = WIDTH_IN - 2 * EDGE_IN - before.sum() - after.sum()
    free_y = height_in - legend_in - head_in - above.sum() - under.sum()
    widths, heights = free_x * ratios[0] / ratios[0].sum(), free_y * ratios[1] / ratios[1].sum()
    lefts = EDGE_IN + np.cumsum(before) + np.concatenate([[0.0], np.cumsum(widths + after)[:-1]])
    tops = height_in - head_in - np.cumsum(above) - np.concatenate([[0.0], np.cumsum(heights + under)[:-1]])
    boxes = []
    for panel in panels:
        row, column, row_span, column_span = panel["place"]
        last_row, last_column = row + row_span - 1, column + column_span - 1
        left, right = lefts[column], lefts[last_column] + widths[last_column]
        top, bottom = tops[row], tops[last_row] - heights[last_row]
        boxes.append(_shaped(panel, (float(left), float(bottom), float(right - left), float(top - bottom))))
    aligned = [float(before[p["place"][1]]) if p["kind"] == "curves" else 0.0 for p in panels]
    return Layout(height_in, boxes, hidden, titles, aligned, head, names, legend_columns)


def _shaped(panel: Panel, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """The largest box inside, at its top, in which both axes have one scale, where they are to."""
    left, bottom, width, height = box
    if panel["kind"] == "drawing" or panel["kind"] == "polar" or (panel["kind"] == "map" and panel.get("equal")):
        spans = (1.0, 1.0)
        if panel["kind"] != "polar":
            spans = abs(np.ptp(panel["x"]["range"])), abs(np.ptp(panel["y"]["range"]))
        scale = min(width / spans[0], height / spans[1])
        new_width, new_height = spans[0] * scale, spans[1] * scale
        return left + (width - new_width) / 2, bottom + height - new_height, new_width, new_height
    return box


def _bars(fig: Printed, figure: Figure, layout: Layout) -> None:
    for group in _bar_groups(figure):
        levels: Any = figure["panels"][group[0]]["levels"]  # type: ignore[typeddict-item]
        boxes = np.array([layout.boxes[n] for n in group])
        right = float((boxes[:, 0] + boxes[:, 2]).max())
        low, high = float(boxes[:, 1].min()), float((boxes[:, 1] + boxes[:, 3]).max())
        middle, length = (low + high) / 2, min(high - low, 3.2)
        place = (right + 0.1) / WIDTH_IN, (middle - length / 2) / layout.height_in
        axes = fig.add_axes((*place, BAR_IN / WIDTH_IN, length / layout.height_in), label="bar")
        colours, norm = colours_of(levels)
        bar = fig.colorbar(ScalarMappable(norm, colours), cax=axes, ticks=np.asarray(levels["ticks"]).tolist())
        bar.set_label(drawable(levels["label"]), fontsize=8, labelpad=2)
        bar.ax.tick_params(labelsize=8, length=2, pad=2)
        bar.outline.set_visible(False)
