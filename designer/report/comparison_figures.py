"""Figures of a comparison's channel: every design's curves on the same axes, small multiples over azimuth, and what each says.

A design is told by colour, dash and marker, each alone enough for six of them, so that print in black and white keeps them apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.comparison.entry import SharedChannel, chosen_entries
from designer.comparison.head_shift import AXES, HeadShift
from designer.comparison.numbers import Row, band_of, relative_level_db, scalar_rows
from designer.evaluation.outcomes import hz
from designer.measures import lowest_hz
from designer.metrics import CURVES
from designer.problem.frequency_grid import shown_band_hz
from designer.report import channel_maps
from designer.report.channel_curves import GAIN, ends_in_bands, target_line
from designer.report.figure_data import (
    DASHES,
    Axis,
    Curves,
    Figure,
    Line,
    Panel,
    axis,
    curves,
    design_look,
    figure,
    frequency_axis,
    line,
    shortened,
)
from designer.report.grids import drawn_circle, drawn_metrics

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
        """Frequencies and a metric of each entry; NaN where a measurement does not tell it, or a channel does not have it."""
        points = []
        for entry in self.channel.entries:
            metrics = drawn_metrics(entry.result, self.channel.name)
            f = metrics["frequency_hz"]
            known = entry.tells(metric) and metric in metrics
            points.append((f, metrics[metric] if known else np.full(f.size, np.nan)))
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


def _designs(
    view: ChannelView, points: Mapping[int, tuple[Real, Real]], x: Axis, y: Axis, grid: Real, lines: Sequence[Line] = (),
    **more: Any,
) -> Curves:  # fmt: skip
    """Each entry's curve, hidden where it is not chosen, and the span of all where some are not; lines of no design above."""
    spans = []
    if not set(points) <= set(view.chosen):
        low, high = band_of(list(points.values()), grid)
        name = f"all {len(points)}, lowest to highest"
        spans.append({"name": name, "x": grid, "low": low, "high": high, "color": "soft"})
    drawn = []
    for i, (at, values) in points.items():
        if np.isfinite(values).any():
            look = {"width": 1.7, "hidden": i not in view.chosen, **design_look(view.channel.numbers[i])}
            drawn.append(line(at, values, shortened(view.labels[i], LONGEST_LABEL), **look))
    return curves(x, y, [*drawn, *lines], spans=spans, **more)


def _over_frequency(view: ChannelView, points: Points, y: Axis, lines: Sequence[Line] = (), **more: Any) -> Curves:
    grid = np.geomspace(*view.shown_hz, 240)
    more["band_hz"] = list(view.channel.band_hz)
    return _designs(view, dict(enumerate(points)), frequency_axis(view.shown_hz), y, grid, lines, **more)


def _gain_axis(view: ChannelView, points: Points, label: str = GAIN) -> Axis:
    low_hz, high_hz = view.channel.band_hz
    inside = np.concatenate([y[(f >= low_hz) & (f <= high_hz)] for f, y in points])
    top = min(max(float(np.nanmax(inside)) + 3, 12.0), HIGHEST_GAIN_DB)
    lowest = float(np.nanmin(np.concatenate([y for _, y in points])))
    return axis(label, "dB", max(min(0.0, lowest - 1), LOWEST_GAIN_DB), top)


def gain_figure(view: ChannelView) -> Figure:
    """Cancellation gain of every design, and the different curves that the chosen ones ask for."""
    points, targets = view.curves("cancellation_gain_db"), view.curves("target_db")
    targets_by_curve: dict[str, tuple[Real, Real]] = {}
    for i in view.chosen:
        table = view.channel.channels[i].table
        if np.isfinite(targets[i][1]).any():
            targets_by_curve.setdefault(f"{table.cancellation_gain_db} {table.band_hz}", targets[i])
    tables = [channel.table for channel in view.channel.channels]
    ears = "ipsilateral over contralateral ear"
    aim = (
        "on axis over the dark arcs"
        if view.channel.is_beam
        else ears
        if tables[0].is_ear
        else "bright over dark points"
    )
    lines = [target_line(*target) for target in targets_by_curve.values()]
    y = _gain_axis(view, [*points, *targets_by_curve.values()])
    return figure([_over_frequency(view, points, y, lines, title=f"Cancellation gain: {aim}")], 3.9, legend_columns=3)


def say_gain(view: ChannelView) -> str:
    """The mean over the band, and where the designs differ most."""
    band_hz = view.channel.band_hz
    grid_hz = np.geomspace(lowest_hz(band_hz), band_hz[1], 200)
    low, high = band_of(view.curves("cancellation_gain_db"), grid_hz)
    at = int(np.nanargmax(high - low))
    return (
        f"Cancellation gain of {view.channel.name} over frequency: the mean over the band is"
        f" {view.extremes('mean_cancellation_gain_db', 'highest', 'lowest')}. The designs differ most at"
        f" {hz(float(grid_hz[at]))}, by {high[at] - low[at]:z.1f} dB."
    )


def costs_figure(view: ChannelView) -> Figure:
    """A small plot for each number over frequency beside the gain: at the worst point, effort, white-noise gain, directivity."""
    panels = []
    columns = set().union(*(drawn_metrics(entry.result, view.channel.name) for entry in view.channel.entries))
    shown = [m for m in CURVES[1:] if m.better and "comparison" in m.on and m.name in columns]
    for place, metric in enumerate(shown):
        points = view.curves(metric.name)
        bands_hz = [channel.table.band_hz for channel in view.channel.channels]
        low, high = ends_in_bands((f, y, band_hz) for (f, y), band_hz in zip(points, bands_hz, strict=True))
        y = axis(metric.unit, metric.unit, -1.0, 1.0)
        if metric.name.endswith("cancellation_gain_db"):
            y = _gain_axis(view, points, metric.unit)
        elif np.isfinite(low):
            y["range"] = [max(low - 1, high + 1 - DEEPEST_DB), high + 1]
        panels.append(_over_frequency(view, points, y, title=metric.label, place=divmod(place, 2)))
    return figure(panels, 0.4 + 2.1 * -(-len(panels) // 2), legend_columns=3)


def say_costs(view: ChannelView) -> str:
    """The worst point and the effort."""
    worst = view.extremes("least_worst_cancellation_gain_db", "highest", "lowest")
    return (
        f"What {view.channel.name} costs, and its worst point, over frequency: the least gain at any one point is {worst}; the"
        f" largest effort is {view.extremes('largest_effort_db')}."
    )


def shift_figure(view: ChannelView) -> Figure:
    """Mean gain over log f in the band against the head's shift, aside and to and fro."""
    gains = np.concatenate([shift.gain_db[way] for shift in view.shifts.values() for way in AXES])
    y, panels = (
        axis("Mean gain over log f in dB", "dB", float(np.nanmin(gains)) - 1, float(np.nanmax(gains)) + 1),
        [],
    )
    for column, way in enumerate(AXES):
        points = {i: (100 * shift.shift_m, shift.gain_db[way]) for i, shift in view.shifts.items()}
        x_cm = next(iter(points.values()))[0]
        low, high = ("listener's left", "listener's right") if way == "aside" else ("nearer", "farther")
        x = axis(f"← {low} | shift in cm | {high} →", "cm", x_cm[0], x_cm[-1], np.arange(-10, 11, 5))
        panels.append(_designs(view, points, x, y, x_cm, title=f"Head moved {way}", place=(0, column)))
    return figure(panels, 3.4, legend_columns=3)


def say_shift(view: ChannelView) -> str:
    """Gain with the head a few centimetres aside, on the worse of the two sides."""
    at = np.isclose(np.abs(next(iter(view.shifts.values())).shift_m), ASIDE_M)
    aside = [shift.gain_db["aside"][at] for shift in view.shifts.values()]
    worst_db = [float(np.nanmin(values)) if np.isfinite(values).any() else None for values in aside]
    ranking = extremes([view.labels[i] for i in view.shifts], worst_db, "highest", "lowest")
    sentence_end = f": with the head {100 * ASIDE_M:g} cm aside, on the worse side, it is {ranking}" if ranking else ""
    return f"Mean gain of {view.channel.name} over log f in its band as the head moves{sentence_end}."


def _columns(count: int) -> int:
    """How many stand side by side: fewer, and larger, where there are few."""
    return min(count, 2 if count in (2, 4) else 3 if count <= 9 else 4)


def maps_figure(view: ChannelView) -> Figure:
    """Level over frequency and azimuth, one map a design."""
    columns, panels = _columns(len(view.levels)), []
    highest_db = max(channel_maps.HIGHEST_DB[channel.table.kind] for channel in view.channel.channels)
    levels = channel_maps.level_steps(highest_db, f"dB re {next(iter(view.levels.values()))[3]}")
    for place, (i, (f, azimuth, level, _)) in enumerate(view.levels.items()):
        words: dict[str, Any] = {
            "title": shortened(view.labels[i], 72 // columns),
            "place": divmod(place, columns),
            "label": "Azimuth in degrees",
        }
        table = view.channel.channels[i].table
        panel = channel_maps.azimuth_map(f, azimuth, level, levels, table, view.shown_hz, ticks_deg=90, **words)
        panel["design"] = view.channel.numbers[i]
        panels.append(panel)
    return figure(panels, 0.6 + (2.5 if columns <= 2 else 2.3) * -(-len(panels) // columns))


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
        f" the band, re {reference}, is {_mean_level_words(view, SIDE_DEG)[0]}. Boxes are the mask or the nulls' arcs,"
        " dashed lines the band."
    )


def polar_frequencies_hz(channel: SharedChannel) -> list[int]:
    """At most three octaves of the band, its lowest and highest among them; the nearest to it where it holds none."""
    low, high = channel.band_hz
    middle_hz = np.sqrt(lowest_hz(channel.band_hz) * high)
    nearest = min(channel_maps.POLAR_HZ, key=lambda octave_hz: abs(np.log2(middle_hz / octave_hz)))
    inside = [octave_hz for octave_hz in channel_maps.POLAR_HZ if low <= octave_hz <= high] or [nearest]
    places = np.linspace(0, len(inside) - 1, min(MOST_POLARS, len(inside))).round().astype(int)
    return [inside[place] for place in places]


def polars_figure(view: ChannelView) -> Figure:
    """Polar plots on one scale, one a design."""
    octaves_hz, columns = polar_frequencies_hz(view.channel), _columns(len(view.levels))
    rows = {i: channel_maps.rows_near(f, octaves_hz) for i, (f, _, _, _) in view.levels.items()}
    loudest = max(float(view.levels[i][2][channel_rows].max()) for i, channel_rows in rows.items())
    outer_db = max(0.0, 6.0 * np.ceil(loudest / 6))
    panels: list[Panel] = []
    for place, (i, (_, azimuth, level, _)) in enumerate(view.levels.items()):
        lines = [
            line(azimuth, level[row], channel_maps.hertz(octave_hz), color=n, dash=DASHES[n], width=1.5)
            for n, (octave_hz, row) in enumerate(zip(octaves_hz, rows[i], strict=True))
        ]
        look: dict[str, Any] = {"rings_db": np.arange(-24.0, outer_db + 1, 12.0), "sides": columns > 2}
        title = shortened(view.labels[i], 72 // columns)
        panels.append(channel_maps.polar(lines, outer_db, title=title, place=divmod(place, columns), **look))
    title = f"dB re {next(iter(view.levels.values()))[3]}; rings every 12 dB; front down"
    return figure(panels, 0.62 + (7.2 / columns - 0.2) * -(-len(panels) // columns), title=title)


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
        return f"alike for all, {high:z.1f} dB"
    return f"{most} for {high_label}, {high:z.1f} dB, and {least} for {low_label}, {low:z.1f} dB"
