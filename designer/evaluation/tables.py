"""The tables of a design folder: metrics over frequency, and the response on the circle, of the realised filters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from designer import measures
from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.errors import UsageError
from designer.evaluation.programmes import Playback
from designer.metrics import CURVES, OF_SEVERAL, Realised, compute
from designer.problem.schema import DesignTable
from designer.requirements.plain import Plain
from designer.requirements.slacks import SLACK_TOLERANCE_DB

if TYPE_CHECKING:
    import pandas as pd

METRICS = ("channel", "frequency_hz", *(metric.name for metric in CURVES if not metric.needs & OF_SEVERAL), "status")
"""Columns of `metrics.csv`; before the last those of channels that are dark for other listeners, where there is one."""
CHANNEL_STATUS = {
    "met": "in the band, the realised filters meet every requirement and limit to 0.1 dB",
    "short": "in the band, the realised filters miss one of them by more",
    "fade": "between the band and the plain driver",
    "plain": "the plain driver alone",
}


@dataclass(frozen=True)
class Judged:
    """One channel to judge: its table, realised taps (L, T), plain driver, and whether its limits left it less than the plain level."""

    design: DesignTable
    taps: Real
    plain: Plain
    lowered: bool = False


Columns = dict[str, NDArray[np.generic]]
"""A table: name -> (rows,)."""


@dataclass(frozen=True)
class Evaluation:
    """Realised filters in a scene, as the columns of `metrics.csv` and `response.csv`."""

    metrics_columns: Columns
    response_columns: Columns

    def metrics_of(self, channel: str) -> dict[str, Real]:
        """The numbers of one channel among the metrics, by column (F,)."""
        rows, words = self.metrics_columns["channel"] == channel, ("channel", "status")
        return {name: values[rows].astype(float) for name, values in self.metrics_columns.items() if name not in words}

    @cached_property
    def metrics(self) -> pd.DataFrame:
        """The table of `metrics.csv`."""
        import pandas as pd

        return pd.DataFrame(self.metrics_columns)

    @cached_property
    def response(self) -> pd.DataFrame:
        """The table of `response.csv`."""
        import pandas as pd

        return pd.DataFrame(self.response_columns)


def evaluate_taps(channels: Iterable[Judged], scene: Scene, playback: Playback | None = None) -> Evaluation:
    """Judge realised taps in a scene, at the scene's frequencies and head displacements, beside all that play together."""
    metrics, responses = [], []
    for channel in channels:
        realised = Realised(channel.design, channel.taps, channel.plain, scene, channel.lowered, playback=playback)
        metrics.append((channel.design.name, channel_metrics(realised)))
        responses.append((channel.design.name, circle_response(realised)))
    return Evaluation(one_below_another(metrics), one_below_another(responses))


def check_scene(drivers: Sequence[str], sample_rate_hz: float, scene: Scene) -> None:
    """Raise a UsageError for a scene of other drivers, or of another sample rate, than those of the filters."""
    problem = scene.problem
    for words, expected, actual in (
        ("the drivers", ", ".join(drivers), ", ".join(problem.driver_names)),
        ("a sample rate of", f"{sample_rate_hz:g} Hz", f"{problem.sample_rate_hz:g} Hz"),
    ):
        if actual != expected:
            raise UsageError(
                f"scene: got {words} {actual}; expected {words} {expected}, as the design has; take a scene of such a problem"
            )


def one_below_another(tables: Sequence[tuple[str, Columns]]) -> Columns:
    """One table of the channels' own, with their names in front."""
    rows = [len(next(iter(columns.values()))) for _, columns in tables]
    names = np.repeat(np.array([name for name, _ in tables], dtype=object), rows)
    fullest = max((columns for _, columns in tables), key=len)
    absent = [np.full(count, np.nan) for count in rows]
    parts = {key: [c.get(key, nan) for (_, c), nan in zip(tables, absent, strict=True)] for key in fullest}
    return {"channel": names, **{key: np.concatenate(values) for key, values in parts.items()}}


def channel_metrics(realised: Realised) -> Columns:
    """The columns of `metrics.csv` for one channel, behind its name."""
    curves, target = compute(CURVES, realised), realised.target
    inside = np.where(np.nan_to_num(curves["slack_db"]) > SLACK_TOLERANCE_DB, "short", "met")
    status = np.where(target.in_band, inside, np.where(target.share > 0, "fade", "plain"))
    return {
        "frequency_hz": realised.scene.frequency_hz,
        **curves,
        "status": status,
    }


def circle_response(realised: Realised) -> Columns:
    """The columns of `response.csv` for one channel, behind its name: pressure on the circle, bulk delay included, wrapped phase."""
    scene = realised.scene
    p = measures.pressure(scene.circle(), realised.full)
    azimuths = scene.azimuth_deg.size
    return {
        "frequency_hz": np.repeat(scene.frequency_hz, azimuths),
        "azimuth_deg": np.tile(scene.azimuth_deg, scene.frequency_hz.size),
        "magnitude_db": measures.amplitude_db(p).ravel(),
        "phase_rad": np.angle(p).ravel(),
    }
