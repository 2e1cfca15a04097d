"""The tables of a design folder: metrics over frequency, and the response on the circle, of the realised filters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from designer import measures
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.problem.schema import DesignTable
from designer.realization import response as filter_response
from designer.targets.channel_target import Plain, channel_target
from designer.targets.target import ChannelTarget
from designer.targets.wishes import SLACK_TOLERANCE_DB, excesses_db, slacks_db

if TYPE_CHECKING:
    import pandas as pd


METRICS = (
    "channel",
    "frequency_hz",
    "cancellation_gain_db",
    "target_db",
    "worst_cancellation_gain_db",
    "effort_db",
    "white_noise_gain_db",
    "directivity_index_db",
    "slack_db",
    "status",
)
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
        w = filter_response(channel.taps, scene.frequency_hz, scene.problem.sample_rate_hz)
        metrics.append(pd.DataFrame(channel_metrics(channel, scene, w)))
        responses.append(pd.DataFrame(circle_response(channel.design.name, scene, w)))
    return Evaluation(pd.concat(metrics, ignore_index=True), pd.concat(responses, ignore_index=True))


def channel_metrics(channel: Judged, scene: Scene, w: Complex) -> dict[str, object]:
    """The columns of `metrics.csv` for one channel; w (F, all drivers) are the realised filters' responses."""
    design = channel.design
    target = channel_target(design, scene, channel.plain)
    full, w = w, _own(design, scene, w)
    slack = _slack_db(channel, target, w, scene.drivers)
    wished = np.full(w.shape[0], np.nan) if target.gamma is None else measures.db(target.gamma)
    db = measures.db
    columns: tuple[object, ...] = (
        design.name,
        scene.frequency_hz,
        db(measures.cancellation_gain(target.reach, target.cancel, w)),
        np.where(target.in_band, wished, np.nan),
        db(measures.worst_cancellation_gain(target.reach, target.cancel, w)),
        db(measures.effort(target.reach, w)),
        db(measures.white_noise_gain(target.look, w, target.look_distance_m)),
        db(_directivity(design, target, scene, full)),
        slack,
        _status(target, slack),
    )
    return dict(zip(METRICS, columns, strict=True))


def _slack_db(channel: Judged, target: ChannelTarget, w: Complex, drivers: tuple[str, ...]) -> Real:
    """How far the requirement or limit that w misses most is missed (F,); NaN outside the band."""
    inside, w_inside = target.at(target.in_band), w[target.in_band]
    names = drivers if channel.design.drivers is None else tuple(channel.design.drivers)
    every = [*slacks_db(inside, w_inside).values(), *excesses_db(inside, w_inside, names).values()]
    if channel.lowered:
        reached = np.sqrt(measures.mean_power(inside.reach, w_inside))
        every.append(measures.amplitude_db(inside.plain_level) - measures.amplitude_db(reached))
    slack = np.full(target.frequency_hz.size, np.nan)
    slack[target.in_band] = np.max([*every, np.zeros(len(w_inside))], axis=0)
    return slack


def _own(design: DesignTable, scene: Scene, w: Complex) -> Complex:
    names = scene.drivers if design.drivers is None else tuple(design.drivers)
    return w[:, [scene.drivers.index(name) for name in names]]


def _directivity(design: DesignTable, target: ChannelTarget, scene: Scene, full: Complex) -> Real:
    look = np.zeros_like(full)
    names = scene.drivers if design.drivers is None else tuple(design.drivers)
    look[:, [scene.drivers.index(name) for name in names]] = target.look
    power = scene.radiated_power_to(target.look_distance_m)
    return measures.directivity_index(look, power, full, target.look_distance_m)


def _status(target: ChannelTarget, slack_db: Real) -> NDArray[np.str_]:
    inside = np.where(np.nan_to_num(slack_db) > SLACK_TOLERANCE_DB, "short", "met")
    return np.where(target.in_band, inside, np.where(target.share > 0, "fade", "plain"))


def circle_response(name: str, scene: Scene, w: Complex) -> dict[str, object]:
    """The columns of `response.csv` for one channel: pressure on the circle, bulk delay included, wrapped phase."""
    p = measures.pressure(scene.circle(), w)
    azimuths = scene.azimuth_deg.size
    return {
        "channel": name,
        "frequency_hz": np.repeat(scene.frequency_hz, azimuths),
        "azimuth_deg": np.tile(scene.azimuth_deg, scene.frequency_hz.size),
        "magnitude_db": measures.amplitude_db(p).ravel(),
        "phase_rad": np.angle(p).ravel(),
    }
