"""The table of a comparison: one row a design, channel, metric and frequency, ready for any tool that groups and plots.

Numbers of a channel as a whole have no frequency. Levels over azimuth are relative to the on-axis response for a beam, and to the
plain driver at 0 dB towards the listener for an ear.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.comparison.common_grid import common_frequencies_hz, known_to
from designer.comparison.entry import Entry, SharedChannel
from designer.comparison.head_shift import HeadShift
from designer.comparison.relative_level import relative_level_db
from designer.comparison.scalar_table import ROWS
from designer.result import evaluate

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ("design", "channel", "metric", "frequency_hz", "value")
CURVES = (
    "cancellation_gain_db",
    "target_db",
    "worst_cancellation_gain_db",
    "effort_db",
    "white_noise_gain_db",
    "directivity_index_db",
)
AZIMUTHS_DEG = (-135, -90, -45, 0, 45, 90, 135, 180)


def tidy_table(
    channels: Sequence[SharedChannel], shifts: Mapping[tuple[str, str], HeadShift], points_per_octave: int
) -> pd.DataFrame:
    """The table of `comparison.csv`.

    Parameters
    ----------
    shifts : (entry's label, channel) -> its head shifts

    """
    import pandas as pd

    entries = list({entry.label: entry for channel in channels for entry in channel.entries}.values())
    grid_hz = common_frequencies_hz(entries, points_per_octave)
    scenes = {entry.label: entry.result.fine_scene.at(known_to(entry, grid_hz)) for entry in entries}
    metrics = {entry.label: evaluate(entry.result, scenes[entry.label]).metrics for entry in entries}
    parts = [
        part
        for channel in channels
        for entry in channel.entries
        for part in _of_one(
            entry, channel.name, scenes[entry.label], metrics[entry.label], shifts.get((entry.label, channel.name))
        )
    ]
    table = pd.concat([pd.DataFrame(part, columns=pd.Index(COLUMNS)) for part in parts], ignore_index=True)
    return table[table.value.notna()].reset_index(drop=True)


def _of_one(
    entry: Entry, name: str, there: Scene, metrics: pd.DataFrame, shift: HeadShift | None
) -> Iterator[dict[str, object]]:
    result = entry.result

    def rows(metric: str, frequency_hz: Real | float, value: Real | float) -> dict[str, object]:
        count = np.size(value)
        return {
            "design": [entry.label] * count,
            "channel": [name] * count,
            "metric": [metric] * count,
            "frequency_hz": np.broadcast_to(frequency_hz, count),
            "value": np.atleast_1d(value),
        }

    numbers = entry.numbers(name)
    for key, _, _ in ROWS:
        if key in numbers:
            yield rows(key, np.nan, numbers[key])
    for line, gains in ({} if shift is None else shift.gain_db).items():
        for place_m, gain in zip(shift.shift_m if shift else [], gains, strict=True):
            yield rows(f"mean_gain_head_{line.replace(' ', '_')}_{100 * place_m:+.0f}_cm_db", np.nan, float(gain))
    own = metrics[metrics.channel == name]
    for metric in CURVES:
        if entry.tells(metric):
            yield rows(metric, there.frequency_hz, own[metric].to_numpy())
    if not entry.has_circle:
        return
    azimuth_deg, level, _ = relative_level_db(result, name, there)
    for wanted in AZIMUTHS_DEG:
        for at in np.flatnonzero(np.abs((azimuth_deg - wanted + 180) % 360 - 180) < 1e-6)[:1]:
            yield rows(f"level_at_{wanted:+d}_deg_db", there.frequency_hz, level[:, at])
