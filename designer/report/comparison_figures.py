"""Figures of a comparison's channel: every design's curves on the same axes, small multiples over azimuth, and what each says.

A design is told by colour, dash and marker, each alone enough for six of them, so that print in black and white keeps them apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from designer.arrays import Real
from designer.comparison.entry import SharedChannel, chosen_entries
from designer.comparison.head_shift import AXES, HeadShift
from designer.comparison.numbers import Row, band_of, relative_level_db, scalar_rows
from designer.evaluation.outcomes import hz
from designer.measures import lowest_hz
from designer.metrics import CURVES
from designer.problem.frequency_grid import shown_band_hz
from designer.report import plots
from designer.report.canvas import COLOURS, SOFT, STYLES, headed, shortened, svg
from designer.report.grids import drawn_circle, drawn_metrics

MARKERS = ("o", "s", "^", "D", "v", "X", "P", "<", ">", "*")
BAND_COLOUR = "#8b949e"
LONGEST_LABEL = 34
HIGHEST_GAIN_DB, LOWEST_GAIN_DB, DEEPEST_DB = 60.0, -12.0, 40.0
MOST_POLARS = 3
ASIDE_M = 0.05
SIDE_DEG, REAR_DEG = 90.0, 180.0
SILENT_DB = -100.0
"""Level behind a baffle is below this."""

Points = list[tuple[Real, Real]]


@dataclass(frozen=True)
class ChannelView:
    """One channel of a comparison as its figures need it.

    Attributes
    ----------
    chosen : list of int, places of the entries that are drawn as curves of their own
    shifts : mapping of int to HeadShift, place among the channel's entries -> its head shifts

    """

    channel: SharedChannel
    chosen: list[int]
    shifts: Mapping[int, HeadShift]

    @property
    def labels(self) -> list[str]:
        """The entries' names."""
        return [entry.label for entry in self.channel.entries]

    @property
    def shown_hz(self) -> tuple[float, float]:
        """Range of the frequency axes: enough for every entry."""
        lows, highs = zip(*(shown_band_hz(entry.result.problem) for entry in self.channel.entries), strict=True)
        return min(lows), max(highs)

    @cached_property
    def rows(self) -> dict[str, Row]:
        """The table of scalars."""
        return {row.key: row for row in scalar_rows(self.channel)}

    @cached_property
    def levels(self) -> dict[int, tuple[Real, Real, Real, str]]:
        """Place of each entry whose circle is its own -> frequencies (F,), azimuths (A,), level (F, A), and what it is relative to."""
        circles = {i: drawn_circle(entry.result) for i, entry in enumerate(self.channel.entries) if entry.has_circle}
        name, entries = self.channel.name, self.channel.entries
        return {i: (at.frequency_hz, *relative_level_db(entries[i].result, name, at)) for i, at in circles.items()}

    def curves(self, metric: str) -> Points:
        """Frequencies and a metric of each entry; NaN where a measurement does not tell it."""
        points = []
        for entry in self.channel.entries:
            metrics = drawn_metrics(entry.result, self.channel.name)
            y = metrics[metric].to_numpy() if entry.tells(metric) else np.full(len(metrics), np.nan)
            points.append((metrics.frequency_hz.to_numpy(), y))
        return points

    def extremes(self, key: str, most: str = "largest", least: str = "smallest") -> str:
        """Who has the most and who the least of a number."""
        return extremes(self.labels, self.rows[key].values_db if key in self.rows else (), most, least)


def channel_view(
    channel: SharedChannel, shifts: Mapping[tuple[str, str], HeadShift], show: Sequence[str]
) -> ChannelView:
    """The view of one channel; shifts by entry's label and channel."""
    keys = {i: (entry.label, channel.name) for i, entry in enumerate(channel.entries)}
    own_shifts = {i: shifts[key] for i, key in keys.items() if key in shifts}
    return ChannelView(channel, chosen_entries(channel, show), own_shifts)


def curve_style(number: int) -> dict[str, Any]:
    """Colour, dash and marker of the design at a place among all: no two of the first 20 alike in colour and marker both."""
    return {
        "color": COLOURS[number % len(COLOURS)],
        "linestyle": STYLES[(number + number // len(COLOURS)) % len(STYLES)],
        "marker": MARKERS[number % len(MARKERS)],
        "markersize": 4.2,
        "markeredgewidth": 0.0,
        "markevery": (0.02 + 0.024 * (number % 6), 0.15),
    }


def switchable(fig: Figure, view: ChannelView) -> str:
    """A figure as SVG whose curves carry their design as a class; those that are not chosen are there, and not displayed."""
    shown = {view.channel.numbers[i] for i in view.chosen}

    def tagged(match: re.Match[str]) -> str:
        hidden = "" if int(match[1]) in shown else ' display="none"'
        return f'<g class="design-{match[1]}"{hidden}>'

    def rounded(match: re.Match[str]) -> str:
        return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")

    def attribute(match: re.Match[str]) -> str:
        return match[1] + re.sub(r"-?\d+\.\d{3,}", rounded, match[2]) + '"'

    text = re.sub(r'<g id="design-(\d+)">', tagged, svg(fig))
    # Coordinates to a hundredth of a point; what is inside of texts and of pictures is left as it is.
    return re.sub(r'(\s(?:d|x|y|width|height|transform)=")([^"]*)"', attribute, text)


def _draw_designs(axes: Axes, view: ChannelView, curves: Mapping[int, tuple[Real, Real]], grid: Real) -> list[Artist]:
    """Each entry's curve, and the span of all where some are not drawn; what the legend has to name besides."""
    extra_handles: list[Artist] = []
    if not set(curves) <= set(view.chosen):
        words = f"all {len(curves)}, lowest to highest"
        extra_handles.append(plots.span(axes, grid, *band_of(list(curves.values()), grid), words, BAND_COLOUR))
    for i, (x, y) in curves.items():
        if np.isfinite(y).any():
            number = view.channel.numbers[i]
            plots.draw_curves(axes, [plots.curve(x, y, linewidth=1.7, gid=f"design-{number}", **curve_style(number))])
    return extra_handles


def _over_frequency(axes: Axes, view: ChannelView, curves: Points, **look: Any) -> list[Artist]:
    plots.over_frequency(axes, [], view.shown_hz, view.channel.band_hz, **look)
    return _draw_designs(axes, view, dict(enumerate(curves)), np.geomspace(*view.shown_hz, 240))


def _legend(fig: Figure, view: ChannelView, chosen: Sequence[int], extra_handles: Sequence[Artist]) -> None:
    """The chosen designs' names below the figure, and what else is drawn."""
    numbers = [view.channel.numbers[i] for i in chosen]
    looks = [{**curve_style(number), "markevery": None, "linewidth": 1.7} for number in numbers]
    handles: list[Artist] = [
        Line2D([], [], label=shortened(view.labels[i], LONGEST_LABEL), **look)
        for i, look in zip(chosen, looks, strict=True)
    ]
    legend = fig.legend(handles=[*handles, *extra_handles], loc="outside lower center", ncols=3, handlelength=3.2)
    for number, handle, text in zip(numbers, legend.legend_handles, legend.get_texts(), strict=False):
        for part in (handle, text):
            if part is not None:
                part.set_gid(f"design-{number}")


def _gain_limits(axes: Axes, view: ChannelView, curves: Points) -> None:
    low_hz, high_hz = view.channel.band_hz
    inside = np.concatenate([y[(f >= low_hz) & (f <= high_hz)] for f, y in curves])
    top = min(max(float(np.nanmax(inside)) + 3, 12.0), HIGHEST_GAIN_DB)
    lowest = float(np.nanmin(np.concatenate([y for _, y in curves])))
    axes.set_ylim(max(min(0.0, lowest - 1), LOWEST_GAIN_DB), top)


def draw_gain(view: ChannelView) -> Figure:
    """Cancellation gain of every design, and the different curves that the chosen ones ask for."""
    curves, targets = view.curves("cancellation_gain_db"), view.curves("target_db")
    targets_by_curve: dict[str, tuple[Real, Real]] = {}
    for i in view.chosen:
        table = view.channel.channels[i].table
        if np.isfinite(targets[i][1]).any():
            targets_by_curve.setdefault(f"{table.cancellation_gain_db} {table.band_hz}", targets[i])
    fig, (axes,) = plots.panels(3.9)
    aim = "on axis over the dark arcs" if view.channel.is_beam else "ipsilateral over contralateral ear"
    extra_handles = _over_frequency(axes, view, curves)
    target_lines = [plots.target_curve(*points, label="asked") for points in targets_by_curve.values()]
    extra_handles += plots.draw_curves(
        axes, target_lines, title=f"Cancellation gain: {aim}", unit="Cancellation gain in dB"
    )[:1]
    _gain_limits(axes, view, [*curves, *targets_by_curve.values()])
    _legend(fig, view, view.chosen, extra_handles)
    return fig


def say_gain(view: ChannelView) -> str:
    """The mean over the band, and where the designs differ most."""
    band_hz = view.channel.band_hz
    grid_hz = np.geomspace(lowest_hz(band_hz), band_hz[1], 200)
    low, high = band_of(view.curves("cancellation_gain_db"), grid_hz)
    at = int(np.nanargmax(high - low))
    return (
        f"Cancellation gain of {view.channel.name} over frequency: the mean over the band is"
        f" {view.extremes('mean_cancellation_gain_db', 'highest', 'lowest')}. The designs differ most at"
        f" {hz(float(grid_hz[at]))}, by {high[at] - low[at]:.1f} dB."
    )


def draw_costs(view: ChannelView) -> Figure:
    """A small plot for each number over frequency beside the gain: at the worst point, effort, white-noise gain, directivity."""
    metrics = [metric for metric in CURVES[1:] if metric.better and "comparison" in metric.on]
    rows = -(-len(metrics) // 2)
    fig, panes = plots.panels(2.5 * rows, rows, 2, sharex=True)
    extra_handles: list[Artist] = []
    for place, (axes, metric) in enumerate(zip(panes, metrics, strict=False)):
        curves = view.curves(metric.name)
        extra_handles = _over_frequency(axes, view, curves, label=place >= len(metrics) - 2, narrow=True)
        values = np.concatenate([y for _, y in curves])
        if metric.name.endswith("cancellation_gain_db"):
            _gain_limits(axes, view, curves)
        elif np.isfinite(values).any():
            top = float(np.nanmax(values)) + 1
            axes.set_ylim(max(float(np.nanmin(values)) - 1, top - DEEPEST_DB), top)
        axes.set_title(metric.axis, fontsize=9)
    _legend(fig, view, view.chosen, extra_handles)
    return fig


def say_costs(view: ChannelView) -> str:
    """The worst point and the effort."""
    worst = view.extremes("least_worst_cancellation_gain_db", "highest", "lowest")
    return (
        f"What {view.channel.name} costs, and its worst point, over frequency: the least gain at any one point is {worst}; the"
        f" largest effort is {view.extremes('largest_effort_db')}."
    )


def draw_shift(view: ChannelView) -> Figure:
    """Mean gain over the band against the head's shift, aside and to and fro."""
    fig, panes = plots.panels(3.4, 1, 2, sharey=True)
    extra_handles: list[Artist] = []
    for axes, line in zip(panes, AXES, strict=True):
        curves = {i: (100 * shift.shift_m, shift.gain_db[line]) for i, shift in view.shifts.items()}
        x_cm = next(iter(curves.values()))[0]
        extra_handles = _draw_designs(axes, view, curves, x_cm)
        axes.set_xlim(x_cm[0], x_cm[-1])
        low, high = ("listener's left", "listener's right") if line == "aside" else ("nearer", "farther")
        axes.set_xlabel(f"← {low} | shift in cm | {high} →")
        axes.set_xticks(np.arange(-10, 11, 5))
        axes.set_title(f"Head moved {line}", fontsize=9)
    panes[0].set_ylabel("Mean gain over the band in dB")
    _legend(fig, view, [i for i in view.chosen if i in view.shifts], extra_handles)
    return fig


def say_shift(view: ChannelView) -> str:
    """Gain with the head a few centimetres aside, on the worse of the two sides."""
    at = np.isclose(np.abs(next(iter(view.shifts.values())).shift_m), ASIDE_M)
    aside = [shift.gain_db["aside"][at] for shift in view.shifts.values()]
    worst_db = [float(np.nanmin(values)) if np.isfinite(values).any() else None for values in aside]
    ranking = extremes([view.labels[i] for i in view.shifts], worst_db, "highest", "lowest")
    sentence_end = f": with the head {100 * ASIDE_M:g} cm aside, on the worse side, it is {ranking}" if ranking else ""
    return f"Mean gain of {view.channel.name} over its band as the head moves{sentence_end}."


def _columns(count: int) -> int:
    """How many stand side by side: fewer, and larger, where there are few."""
    return min(count, 2 if count in (2, 4) else 3 if count <= 9 else 4)


def _multiples(view: ChannelView, height_in: Any, **look: Any) -> tuple[Figure, list[Axes], int]:
    """A figure of small multiples, each with its design's name, and their columns."""
    count, columns = len(view.levels), _columns(len(view.levels))
    rows = -(-count // columns)
    fig, panes = plots.panels(0.75 + height_in(columns) * rows, rows, columns, **look)
    for axes in panes[count:]:
        axes.set_axis_off()
    for axes, i in zip(panes, view.levels, strict=False):
        axes.set_title(shortened(view.labels[i], 72 // columns), fontsize=8.5, loc="left")
    return fig, panes[:count], columns


def draw_maps(view: ChannelView) -> Figure:
    """Level over frequency and azimuth, one map a design."""
    fig, panes, columns = _multiples(view, lambda n: 2.6 if n <= 2 else 1.75, sharex=True, sharey=True)
    scale = plots.level_scale(max(plots.HIGHEST_DB[channel.table.kind] for channel in view.channel.channels))
    for place, (axes, (i, (f, azimuth, level, _))) in enumerate(zip(panes, view.levels.items(), strict=True)):
        last_row = place + columns >= len(panes)
        plots.over_frequency(axes, [], view.shown_hz, label=last_row, narrow=columns > 1)
        axes.tick_params(labelbottom=last_row)
        plots.azimuth_map(axes, f, azimuth, level, scale, view.channel.channels[i].table, 90)
    bar = scale.bar(fig, panes, f"dB re {next(iter(view.levels.values()))[3]}")
    bar.ax.tick_params(length=0)
    fig.supylabel(plots.AZIMUTH_WORDS, fontsize=8.5)
    return fig


def _mean_level_words(view: ChannelView, around_deg: float) -> tuple[str, float]:
    """Who is loudest and quietest at +/- an azimuth in the mean over the band, and how loud the loudest is."""
    low, high = view.channel.band_hz
    means = []
    for f, azimuth, level, _ in view.levels.values():
        sides = [
            int(np.argmin(np.abs((azimuth - side_deg + 180) % 360 - 180))) for side_deg in (around_deg, -around_deg)
        ]
        means.append(float(level[(f >= low) & (f <= high)][:, sides].mean()))
    return extremes([view.labels[i] for i in view.levels], means, "loudest", "quietest"), max(means)


def say_maps(view: ChannelView) -> str:
    """How loud it is at the sides."""
    reference = next(iter(view.levels.values()))[3]
    return (
        f"Level of {view.channel.name} over frequency and azimuth, one map a design on one scale: at the sides (±90°) the mean over"
        f" the band, relative to the {reference}, is {_mean_level_words(view, SIDE_DEG)[0]}. Boxes are the mask or the nulls' arcs,"
        " dashed lines the band."
    )


def polar_frequencies_hz(channel: SharedChannel) -> list[int]:
    """At most three octaves of the band, its lowest and highest among them; the nearest to it where it holds none."""
    low, high = channel.band_hz
    middle_hz = np.sqrt(lowest_hz(channel.band_hz) * high)
    nearest = min(plots.POLAR_HZ, key=lambda octave_hz: abs(np.log2(middle_hz / octave_hz)))
    inside = [octave_hz for octave_hz in plots.POLAR_HZ if low <= octave_hz <= high] or [nearest]
    places = np.linspace(0, len(inside) - 1, min(MOST_POLARS, len(inside))).round().astype(int)
    return [inside[place] for place in places]


def draw_polars(view: ChannelView) -> Figure:
    """Polar plots on one scale, one a design."""
    octaves_hz = polar_frequencies_hz(view.channel)
    fig, panes, columns = _multiples(view, lambda n: 7.2 / n, subplot_kw={"projection": "polar"})
    rows = {i: plots.rows_near(f, octaves_hz) for i, (f, _, _, _) in view.levels.items()}
    outer_db = max(
        0.0, 6.0 * np.ceil(max(float(view.levels[i][2][channel_rows].max()) for i, channel_rows in rows.items()) / 6)
    )
    for axes, (i, (_, azimuth, level, _)) in zip(panes, view.levels.items(), strict=True):
        looks = [{"color": COLOURS[n], "linestyle": STYLES[n], "linewidth": 1.5} for n in range(len(octaves_hz))]
        curves = [plots.curve(azimuth, level[row], **look) for row, look in zip(rows[i], looks, strict=True)]
        around = plots.curve(azimuth, np.zeros(azimuth.size), color=SOFT, linewidth=0.9, zorder=1)
        plots.polar(
            axes, azimuth, [around, *curves], outer_db, rings_db=np.arange(-12.0, outer_db, 12.0), labels=columns <= 2
        )
    plots.below(
        fig,
        [
            Line2D([], [], label=plots.hertz(octave_hz), **look)
            for octave_hz, look in zip(octaves_hz, looks, strict=True)
        ],
        MOST_POLARS,
    )
    headed(fig, f"dB re {next(iter(view.levels.values()))[3]}; rings every 12 dB; front down", 8.5, bold=False)
    return fig


def say_polars(view: ChannelView) -> str:
    """How loud it is behind."""
    ranking, loudest_db = _mean_level_words(view, REAR_DEG)
    behind = "silent for all" if loudest_db < SILENT_DB else ranking
    return f"Polar plots of {view.channel.name}, one a design: behind (180°) the mean over the band is {behind}."


def extremes(
    labels: Sequence[str], values_db: Sequence[float | None], most: str = "largest", least: str = "smallest"
) -> str:
    """Who has the most and who the least, as "largest for A, 3.2 dB, and smallest for B, 1.0 dB"; nothing of fewer than two."""
    pairs = zip(values_db, labels, strict=False)
    present = [(value, label) for value, label in pairs if value is not None and np.isfinite(value)]
    if len(present) < 2:
        return ""
    (low, low_label), (high, high_label) = min(present), max(present)
    if high - low < 0.05:
        return f"alike for all, {high:.1f} dB"
    return f"{most} for {high_label}, {high:.1f} dB, and {least} for {low_label}, {low:.1f} dB"
