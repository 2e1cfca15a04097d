"""What is left of the cancellation gain against the length of the filters, and against the length of their words."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from designer.evaluation.realisation_study import ChannelStudy, Point
from designer.realization.forms import PLAIN, SCALED, SPARED
from designer.report.canvas import COLOURS, INK, STYLES, figure
from designer.result import Result

LEAST_DB = -6.0
"""Where the axis of gain begins at the lowest."""


Parts = tuple[tuple[str, str, dict[str, Any]], ...]
PARTS: Parts = (
    ("median", "median_db", {"linewidth": 1.1, "linestyle": STYLES[1]}),
    ("5th percentile", "fifth_percentile_db", {"linewidth": 1.8, "markersize": 4}),
    ("worst", "worst_db", {"linewidth": 1.0, "linestyle": STYLES[2]}),
)


def draw_realisation(result: Result, name: str) -> Figure:
    """Over taps or sections on the left, over the bits of a word on the right; median, 5th percentile and worst of all points."""
    study = result.study[name]
    drawn = figure(7.2, 3.4)
    length = [point for point in study.curves if point.axis != "bits"]
    panels = drawn.subplots(1, 2, sharey=True) if len(length) > 1 else [drawn.subplots()]
    ways = ((SPARED, COLOURS[0], "o"), (SCALED, COLOURS[3], "D"), (PLAIN, COLOURS[1], "s"))
    handles = [Line2D([], [], color=INK, marker="o" if "markersize" in style else "", label=part, **style)
               for part, _, style in PARTS]  # fmt: skip
    if len(length) > 1:
        _curves(panels[0], length, COLOURS[2], "^")
        panels[0].set_xlabel(f"{length[0].axis.capitalize()} a driver")
        panels[0].set_title(f"Against {length[0].axis}, unrounded")
        _ticks(panels[0], length, logarithmic=True)
    words = panels[-1]
    bits = [point for point in study.curves if point.axis == "bits"]
    for way, colour, marker in ways:
        points = [point for point in bits if point.way == way]
        if not points:
            continue
        _curves(words, points, colour, marker, only=PARTS[1:2] if way == SCALED else PARTS)
        handles.append(Line2D([], [], color=colour, marker=marker, markersize=4, linewidth=1.8, label=way))
    unrounded = study.stages["realised"].fifth_percentile_db
    line = words.axhline(unrounded, color=INK, linewidth=0.9, zorder=1, label="unrounded, 5th percentile")
    handles.append(line)
    words.set_xlabel("Bits of a coefficient's word, one before the point")
    words.set_title("Against word length")
    _ticks(words, bits, logarithmic=False)
    panels[0].set_ylabel("Cancellation gain in dB")
    _limits(panels[0], study)
    drawn.legend(handles=handles, loc="outside lower center", ncols=3)
    return drawn


def _curves(axes: Axes, points: list[Point], colour: str, marker: str, only: Parts = PARTS) -> None:
    values = [point.value for point in points]
    for _, number, style in only:
        decibels = [getattr(point.gains, number) for point in points]
        axes.plot(values, decibels, color=colour, marker=marker if "markersize" in style else "", **style)


def _ticks(axes: Axes, points: list[Point], *, logarithmic: bool) -> None:
    if logarithmic:
        axes.set_xscale("log", base=2)
    axes.xaxis.set_major_locator(FixedLocator(sorted({point.value for point in points})))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    axes.xaxis.set_minor_locator(NullLocator())


def _limits(axes: Axes, study: ChannelStudy) -> None:
    every = [*study.stages.values(), *(point.gains for point in study.curves)]
    low = min(gains.worst_db for gains in every)
    axes.set_ylim(max(low - 1, LEAST_DB), max(gains.median_db for gains in every) + 2)
