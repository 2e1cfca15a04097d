"""The numbers of a comparison: the table of scalars with the best of each row, levels over azimuth, and the tidy table of everything.

The tidy table has one row a design, channel, metric and frequency. Numbers of a channel as a whole have no frequency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.comparison.entry import Entry, SharedChannel
from designer.comparison.head_shift import HeadShift
from designer.measures import amplitude_db, pressure
from designer.metrics import CURVES, shown_on
from designer.problem.frequency_grid import shown_band_hz
from designer.problem.schema import DesignTable
from designer.realization import response
from designer.requirements.channel_target import bright_place_m
from designer.result import Result, evaluate

if TYPE_CHECKING:
    import pandas as pd

DECIMALS = 1
"""Decimals of the numbers in the table, and so of their differences."""
COLUMNS = ("design", "channel", "metric", "frequency_hz", "value")
AZIMUTHS_DEG = (-135, -90, -45, 0, 45, 90, 135, 180)


@dataclass(frozen=True)
class Row:
    """One number of every entry; None where an entry has none.

    Attributes
    ----------
    differences_db : tuple of float or None, of the rounded number from that of the first entry that has it
    best : tuple of bool, whether an entry is as good as any; nobody is where all are alike
    alike : tuple of bool, whether an entry's difference from the first is within the resolution

    """

    key: str
    words: str
    values_db: tuple[float | None, ...]
    differences_db: tuple[float | None, ...]
    best: tuple[bool, ...]
    alike: tuple[bool, ...]

    @property
    def is_alike(self) -> bool:
        """Whether no entry differs by more than the resolution from any other."""
        return all(self.alike) and not any(self.best)


def scalar_rows(channel: SharedChannel) -> list[Row]:
    """The rows of one channel, without those that no entry has."""
    numbers = [entry.numbers(channel.name) for entry in channel.entries]
    return [
        ranked(
            metric.name,
            metric.label,
            tuple(values.get(metric.name) for values in numbers),
            metric.better,
            metric.resolution,
        )
        for metric in shown_on("comparison")
        if any(metric.name in values for values in numbers)
    ]


def ranked(key: str, words: str, values_db: tuple[float | None, ...], sign: int, resolution: float) -> Row:
    """A row: where more is better `sign` is 1, where less is, -1; values that differ by no more than the resolution are equally good."""
    present = [value for value in values_db if value is not None]
    top, bottom = max(sign * value for value in present), min(sign * value for value in present)
    differences_db = tuple(
        None if value is None else round(round(value, DECIMALS) - round(present[0], DECIMALS), DECIMALS)
        for value in values_db
    )
    return Row(
        key,
        words,
        values_db,
        differences_db,
        tuple(
            top - bottom > resolution and value is not None and sign * value >= top - resolution for value in values_db
        ),
        tuple(difference is None or abs(difference) <= resolution for difference in differences_db),
    )


def band_of(curves: Sequence[tuple[Real, Real]], grid: Real) -> tuple[Real, Real]:
    """Lowest and highest of some curves (x, y) on a grid (G,); NaN where none is known. No curve goes on past its ends."""
    values = np.stack([np.interp(grid, x, y, left=np.nan, right=np.nan) for x, y in curves])
    return np.fmin.reduce(values), np.fmax.reduce(values)


def relative_level_db(result: Result, name: str, scene: Scene) -> tuple[Real, Real, str]:
    """Azimuths (A,), a channel's level on the circle of a scene (F, A), and what it is relative to.

    A beam's reference is its own on-axis response; an ear channel's is plain playback's towards the listener.
    """
    w = response(result.taps[name], scene.frequency_hz, result.problem.sample_rate_hz)
    return relative_level_of(result.channels[name].table, w, lambda: result.plain_weights(name, scene), scene)


def relative_level_of(
    table: DesignTable, w: Complex, plain: Callable[[], Complex], scene: Scene
) -> tuple[Real, Real, str]:
    """Azimuths, levels and their reference, of a channel's weights (F, L); an ear channel asks for those of its plain playback (F, L)."""
    level = amplitude_db(pressure(scene.circle(), w))
    if table.is_beam:
        reference, words = scene.look(table.look_deg or 0.0), "on-axis response"
    else:
        w = plain()
        x, y, _ = bright_place_m(table, scene.problem)
        reference, words = scene.look(float(np.degrees(np.arctan2(y, x)))), "plain playback towards the listener"
    return scene.azimuth_deg, level - amplitude_db(np.einsum("fl,fl->f", reference, w))[:, None], words


def common_frequencies_hz(entries: Sequence[Entry], points_per_octave: int) -> Real:
    """1000 · 2^(n / points) for whole n, from what any entry's figures show at the lowest to the highest."""
    lows, highs = zip(*(shown_band_hz(entry.result.problem) for entry in entries), strict=True)
    low, high = min(lows), max(highs)
    # The slack keeps an end that is on the grid but for rounding.
    first = np.ceil(points_per_octave * np.log2(low / 1000) - 1e-9)
    last = np.floor(points_per_octave * np.log2(high / 1000) + 1e-9)
    return np.asarray(1000.0 * 2.0 ** (np.arange(first, last + 1) / points_per_octave))


def tidy_table(
    channels: Sequence[SharedChannel], shifts: Mapping[tuple[str, str], HeadShift], points_per_octave: int
) -> pd.DataFrame:
    """The table of `comparison.csv`; `shifts` are those of (entry's label, channel)."""
    import pandas as pd

    entries = list({entry.label: entry for channel in channels for entry in channel.entries}.values())
    grid_hz = common_frequencies_hz(entries, points_per_octave)
    scenes = {}
    for entry in entries:
        nyquist_hz = entry.result.problem.sample_rate_hz / 2
        scenes[entry.label] = entry.result.fine_scene.at(grid_hz[grid_hz <= nyquist_hz * (1 + 1e-9)])
    metrics = {entry.label: evaluate(entry.result, scenes[entry.label]).metrics for entry in entries}
    parts = []
    for channel in channels:
        for entry in channel.entries:
            entry_metrics = metrics[entry.label]
            shift = shifts.get((entry.label, channel.name))
            rows = _values(
                entry, channel.name, scenes[entry.label], entry_metrics[entry_metrics.channel == channel.name], shift
            )
            for metric, frequency_hz, value in rows:
                columns = (entry.label, channel.name, metric, frequency_hz, np.atleast_1d(value))
                parts.append(pd.DataFrame(dict(zip(COLUMNS, columns, strict=True))))
    table = pd.concat(parts, ignore_index=True)
    return table[table.value.notna()].reset_index(drop=True)


def _values(
    entry: Entry, name: str, scene: Scene, metrics: pd.DataFrame, shift: HeadShift | None
) -> Iterator[tuple[str, Real | float, Real | float]]:
    """Metric, frequencies and values of one entry's channel."""
    numbers = entry.numbers(name)
    yield from (
        (metric.name, np.nan, numbers[metric.name]) for metric in shown_on("comparison") if metric.name in numbers
    )
    if shift is not None:
        for line, gains in shift.gain_db.items():
            for place_m, gain in zip(shift.shift_m, gains, strict=True):
                yield f"mean_gain_head_{line.replace(' ', '_')}_{100 * place_m:+.0f}_cm_db", np.nan, float(gain)
    for metric in CURVES:
        if "comparison" in metric.on and entry.tells(metric.name) and metric.name in metrics:
            yield metric.name, scene.frequency_hz, metrics[metric.name].to_numpy()
    if entry.has_circle:
        azimuth_deg, level, _ = relative_level_db(entry.result, name, scene)
        for target_deg in AZIMUTHS_DEG:
            for at in np.flatnonzero(np.abs((azimuth_deg - target_deg + 180) % 360 - 180) < 1e-6)[:1]:
                yield f"level_at_{target_deg:+d}_deg_db", scene.frequency_hz, level[:, at]
