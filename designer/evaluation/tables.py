"""The tables of a design folder: metrics over frequency, and the response on the circle, of the realised filters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designer import measures
from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.metrics import CURVES, Realised, compute
from designer.problem.schema import DesignTable
from designer.requirements.plain import Plain
from designer.requirements.slacks import SLACK_TOLERANCE_DB

if TYPE_CHECKING:
    import pandas as pd

METRICS = ("channel", "frequency_hz", *(metric.name for metric in CURVES), "status")
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


@dataclass(frozen=True)
class Evaluation:
    """Tables of realised filters in a scene; the columns are those of `metrics.csv` and `response.csv`."""

    metrics: pd.DataFrame
    response: pd.DataFrame


def evaluate_taps(channels: Iterable[Judged], scene: Scene) -> Evaluation:
    """Judge realised taps in a scene, at the scene's frequencies and head displacements."""
    import pandas as pd

    metrics, responses = [], []
    for channel in channels:
        realised = Realised(channel.design, channel.taps, channel.plain, scene, channel.lowered)
        metrics.append(pd.DataFrame(channel_metrics(realised)))
        responses.append(pd.DataFrame(circle_response(realised)))
    return Evaluation(pd.concat(metrics, ignore_index=True), pd.concat(responses, ignore_index=True))


def channel_metrics(realised: Realised) -> dict[str, object]:
    """The columns of `metrics.csv` for one channel."""
    curves, target = compute(CURVES, realised), realised.target
    inside = np.where(np.nan_to_num(curves["slack_db"]) > SLACK_TOLERANCE_DB, "short", "met")
    status = np.where(target.in_band, inside, np.where(target.share > 0, "fade", "plain"))
    return {
        "channel": realised.design.name,
        "frequency_hz": realised.scene.frequency_hz,
        **curves,
        "status": status,
    }


def circle_response(realised: Realised) -> dict[str, object]:
    """The columns of `response.csv` for one channel: pressure on the circle, bulk delay included, wrapped phase."""
    scene = realised.scene
    p = measures.pressure(scene.circle(), realised.full)
    azimuths = scene.azimuth_deg.size
    return {
        "channel": realised.design.name,
        "frequency_hz": np.repeat(scene.frequency_hz, azimuths),
        "azimuth_deg": np.tile(scene.azimuth_deg, scene.frequency_hz.size),
        "magnitude_db": measures.amplitude_db(p).ravel(),
        "phase_rad": np.angle(p).ravel(),
    }
