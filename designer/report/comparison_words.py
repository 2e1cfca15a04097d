"""What each figure of a comparison says, in a sentence computed from what it shows: its caption and its text alternative."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from designer.arrays import Real
from designer.comparison.chosen import band_of
from designer.comparison.entry import SharedChannel
from designer.comparison.head_shift import HeadShift
from designer.comparison.scalar_table import Row
from designer.evaluation.words import hz
from designer.measures import lowest_hz
from designer.report.comparison_curves import Curves
from designer.report.comparison_maps import Levels

ASIDE_M = 0.05
SIDE_DEG, REAR_DEG = 90.0, 180.0
SILENT_DB = -100.0
"""What lies behind a baffle is below this."""


def extremes(
    labels: Sequence[str], values_db: Sequence[float | None], most: str = "largest", least: str = "smallest"
) -> str:
    """Who has the most and who the least, as "largest for A, 3.2 dB, and smallest for B, 1.0 dB"; nothing of fewer than two."""
    known = [
        (value, label)
        for value, label in zip(values_db, labels, strict=True)
        if value is not None and np.isfinite(value)
    ]
    if len(known) < 2:
        return ""
    (low, low_label), (high, high_label) = min(known), max(known)
    if high - low < 0.05:
        return f"alike for all, {high:.1f} dB"
    return f"{most} for {high_label}, {high:.1f} dB, and {least} for {low_label}, {low:.1f} dB"


def _row(rows: Sequence[Row], key: str) -> Sequence[float | None]:
    return next((row.values_db for row in rows if row.key == key), ())


def _labels(channel: SharedChannel) -> list[str]:
    return [entry.label for entry in channel.entries]


def gain_words(channel: SharedChannel, rows: Sequence[Row], curves: Curves) -> str:
    """The mean over the band, and where the designs differ most."""
    said = extremes(_labels(channel), _row(rows, "mean_cancellation_gain_db"), "highest", "lowest")
    grid_hz = np.geomspace(lowest_hz(channel.band_hz), channel.band_hz[1], 200)
    low, high = band_of(curves, grid_hz)
    at = int(np.nanargmax(high - low))
    return (
        f"Cancellation gain of {channel.name} over frequency: the mean over the band is {said}. The designs differ most at"
        f" {hz(float(grid_hz[at]))}, by {high[at] - low[at]:.1f} dB."
    )


def costs_words(channel: SharedChannel, rows: Sequence[Row]) -> str:
    """The worst point and the effort."""
    worst = extremes(_labels(channel), _row(rows, "least_worst_cancellation_gain_db"), "highest", "lowest")
    effort = extremes(_labels(channel), _row(rows, "largest_effort_db"))
    return (
        f"What {channel.name} costs, and its worst point, over frequency: the least gain at any one point is {worst}; the largest"
        f" effort is {effort}."
    )


def shift_words(channel: SharedChannel, shifts: Mapping[int, HeadShift]) -> str:
    """What is left with the head a few centimetres aside, on the worse of the two sides."""
    labels = [channel.entries[i].label for i in shifts]
    there = next(iter(shifts.values())).shift_m
    at = np.isclose(np.abs(there), ASIDE_M)
    left = [_least(one.gain_db["aside"][at]) for one in shifts.values()]
    said = extremes(labels, left, "highest", "lowest")
    rest = f": with the head {100 * ASIDE_M:g} cm aside, on the worse side, it is {said}" if said else ""
    return f"Mean gain of {channel.name} over its band as the head moves{rest}."


def _least(values: Real) -> float | None:
    return float(np.nanmin(values)) if np.isfinite(values).any() else None


def _mean_level_db(channel: SharedChannel, levels: Levels, around_deg: float) -> list[float]:
    """Mean over the band of the level at +/- an azimuth, for each entry of the levels."""
    low, high = channel.band_hz
    means = []
    for f, azimuth, level, _ in levels.values():
        inside = (f >= low) & (f <= high)
        sides = [int(np.argmin(np.abs((azimuth - one + 180) % 360 - 180))) for one in (around_deg, -around_deg)]
        means.append(float(level[inside][:, sides].mean()))
    return means


def map_words(channel: SharedChannel, levels: Levels) -> str:
    """How loud it is at the sides."""
    labels = [channel.entries[i].label for i in levels]
    said = extremes(labels, _mean_level_db(channel, levels, SIDE_DEG), "loudest", "quietest")
    reference = next(iter(levels.values()))[3]
    return (
        f"Level of {channel.name} over frequency and azimuth, one map a design on one scale: at the sides (±90°) the mean over the"
        f" band, relative to the {reference}, is {said}. Boxes are the mask or the nulls' arcs, dashed lines the band."
    )


def polar_words(channel: SharedChannel, levels: Levels) -> str:
    """How loud it is behind."""
    labels = [channel.entries[i].label for i in levels]
    behind = _mean_level_db(channel, levels, REAR_DEG)
    said = "silent for all" if max(behind) < SILENT_DB else f"{extremes(labels, behind, 'loudest', 'quietest')}"
    return f"Polar plots of {channel.name}, one a design: behind (180°) the mean over the band is {said}."
