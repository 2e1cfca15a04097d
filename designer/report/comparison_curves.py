"""Curves of many designs on the same axes: gain over frequency, what it costs, and what is left when the head moves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from designer.arrays import Real
from designer.comparison.chosen import band_of
from designer.comparison.entry import SharedChannel
from designer.comparison.head_shift import AXES, HeadShift
from designer.report.canvas import INK, figure, frequency_axis, mark_band
from designer.report.comparison_style import BAND_COLOUR, draw_curve, legend

Curves = list[tuple[Real, Real]]
PANELS = (  # the metric, and its words
    ("worst_cancellation_gain_db", "Gain at the worst point in dB"),
    ("effort_db", "Effort in dB"),
    ("white_noise_gain_db", "White-noise gain in dB"),
    ("directivity_index_db", "Directivity index in dB"),
)
HIGHEST_GAIN_DB, LOWEST_GAIN_DB, DEEPEST_DB = 60.0, -12.0, 40.0


def curves_of(channel: SharedChannel, metric: str) -> Curves:
    """Frequencies and a metric of each entry; nothing where a measurement does not tell it."""
    found = []
    for entry in channel.entries:
        table = entry.result.drawn.metrics
        own = table[table.channel == channel.name]
        y = own[metric].to_numpy() if entry.tells(metric) else np.full(len(own), np.nan)
        found.append((own.frequency_hz.to_numpy(), y))
    return found


def shown_hz(channel: SharedChannel) -> tuple[float, float]:
    """What the frequency axes of a channel's figures show: enough for every entry."""
    shown = [entry.result.drawn_scene.frequency_hz for entry in channel.entries]
    return float(min(f[0] for f in shown)), float(max(f[-1] for f in shown))


def draw_gain(channel: SharedChannel, chosen: Sequence[int]) -> Figure:
    """Cancellation gain of every design, and the curves that were asked for."""
    curves = curves_of(channel, "cancellation_gain_db")
    drawn = figure(7.2, 3.9)
    axes = drawn.subplots()
    others = _overlay(axes, channel, chosen, curves)
    targets = _targets(channel, chosen)
    for f, target in targets:
        axes.plot(f, target, color=INK, linewidth=1.3, linestyle=(0, (1, 1)))
    if targets:
        others.append(Line2D([], [], color=INK, linewidth=1.3, linestyle=(0, (1, 1)), label="asked"))
    _gain_limits(axes, channel, [*curves, *targets])
    axes.set_ylabel("Cancellation gain in dB")
    axes.set_title(
        "Cancellation gain"
        + (": on axis over what is cancelled" if channel.is_beam else ": reached ear over the other")
    )
    legend(drawn, channel, chosen, others)
    return drawn


def _targets(channel: SharedChannel, chosen: Sequence[int]) -> Curves:
    """The different curves that the chosen entries ask for."""
    found: dict[str, tuple[Real, Real]] = {}
    curves = curves_of(channel, "target_db")
    for i in chosen:
        (f, y), one = curves[i], channel.channels[i]
        if np.isfinite(y).any():
            found.setdefault(f"{one.table.cancellation_gain_db} {one.table.band_hz}", (f, y))
    return list(found.values())


def _gain_limits(axes: Axes, channel: SharedChannel, curves: Curves) -> None:
    low_hz, high_hz = channel.band_hz
    inside = np.concatenate([y[(f >= low_hz) & (f <= high_hz)] for f, y in curves])
    everywhere = np.concatenate([y for _, y in curves])
    top = min(max(float(np.nanmax(inside)) + 3, 12.0), HIGHEST_GAIN_DB)
    axes.set_ylim(max(min(0.0, float(np.nanmin(everywhere)) - 1), LOWEST_GAIN_DB), top)


def _overlay(axes: Axes, channel: SharedChannel, chosen: Sequence[int], curves: Curves, *, label: bool = True,
             narrow: bool = False) -> list[Artist]:  # fmt: skip
    """Every design's curve over frequency, and the band of all where some are not drawn; what the legend has to name besides."""
    low_hz, high_hz = shown_hz(channel)
    frequency_axis(axes, low_hz, high_hz, label=label, narrow=narrow)
    mark_band(axes, list(channel.band_hz))
    others: list[Artist] = []
    if len(chosen) < len(curves):
        grid_hz = np.geomspace(low_hz, high_hz, 240)
        others.append(_band(axes, grid_hz, *band_of(curves, grid_hz), len(curves)))
    for number, (f, y) in zip(channel.numbers, curves, strict=True):
        if np.isfinite(y).any():
            draw_curve(axes, number, f, y)
    return others


def _band(axes: Axes, grid: Real, low: Real, high: Real, count: int) -> Artist:
    axes.fill_between(grid, low, high, color=BAND_COLOUR, alpha=0.35, linewidth=0)
    return Patch(color=BAND_COLOUR, alpha=0.35, label=f"all {count}, lowest to highest")


def _limits(axes: Axes, values: Real) -> None:
    """All of the values, but no deeper than DEEPEST_DB below the highest."""
    if np.isfinite(values).any():
        top = float(np.nanmax(values)) + 1
        axes.set_ylim(max(float(np.nanmin(values)) - 1, top - DEEPEST_DB), top)


def draw_costs(channel: SharedChannel, chosen: Sequence[int]) -> Figure:
    """Four small plots: the gain at the worst point, effort, white-noise gain and directivity index."""
    drawn = figure(7.2, 5.0)
    panels = drawn.subplots(2, 2, sharex=True).ravel()
    others: list[Artist] = []
    for place, (axes, (metric, words)) in enumerate(zip(panels, PANELS, strict=True)):
        curves = curves_of(channel, metric)
        others = _overlay(axes, channel, chosen, curves, label=place >= 2, narrow=True)
        if metric.endswith("cancellation_gain_db"):
            _gain_limits(axes, channel, curves)
        else:
            _limits(axes, np.concatenate([y for _, y in curves]))
        axes.set_title(words, fontsize=9)
    legend(drawn, channel, chosen, others)
    return drawn


def draw_shift(channel: SharedChannel, chosen: Sequence[int], shifts: Mapping[int, HeadShift]) -> Figure:
    """Mean gain over the band against the head's shift, aside and to and fro; shifts by place among the channel's entries."""
    drawn = figure(7.2, 3.4)
    panels = drawn.subplots(1, 2, sharey=True)
    others: list[Artist] = []
    for axes, line in zip(panels, AXES, strict=True):
        curves = [(100 * one.shift_m, one.gain_db[line]) for one in shifts.values()]
        if not set(shifts) <= set(chosen):
            others = [_band(axes, curves[0][0], *band_of(curves, curves[0][0]), len(curves))]
        for i, (x_cm, y) in zip(shifts, curves, strict=True):
            draw_curve(axes, channel.numbers[i], x_cm, y)
        axes.set_xlim(curves[0][0][0], curves[0][0][-1])
        low, high = ("listener's left", "listener's right") if line == "aside" else ("nearer", "farther")
        axes.set_xlabel(f"← {low} | shift in cm | {high} →")
        axes.set_xticks(np.arange(-10, 11, 5))
        axes.set_title(f"Head moved {line}", fontsize=9)
    panels[0].set_ylabel("Mean gain over the band in dB")
    legend(drawn, channel, [i for i in chosen if i in shifts], others)
    return drawn
