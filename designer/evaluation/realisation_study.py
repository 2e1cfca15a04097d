"""Cost of the form of the filters: memory, work, latency and headroom, and the cancellation gain that is left.

The gain is over the band's frequencies, those half way between the design's included, and over the displacements of the
ear cloud, or the azimuths of a beam's arcs: its median, 5th percentile and worst. What the design did not see is judged
beside it: a quarter of the way between its frequencies, with the head shifted by 1 and 3 cm off its cloud.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from designer import measures
from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.designs import ChannelDesign
from designer.evaluation.moved_head import shifted_heads_m, unseen_points
from designer.realization import Realized
from designer.realization import response as filter_response
from designer.realization.cost import coefficients
from designer.realization.dense_targets import weights_between
from designer.realization.forms import variants
from designer.realization.words import LowEnds, output_bound
from designer.requirements.channel_target import channel_target, driver_index


@dataclass(frozen=True)
class Gains:
    """Cancellation gain in dB over a band and all its points."""

    median_db: float
    fifth_percentile_db: float
    worst_db: float


@dataclass(frozen=True)
class Point:
    """One point of a curve: what is varied, how many of it, the way, and what is left."""

    axis: str
    value: int
    way: str
    gains: Gains


@dataclass(frozen=True)
class ChannelStudy:
    """One channel: what its filters take, and what is left of the gain as they become what a firmware runs."""

    words: int  # coefficients that are stored
    multiply_adds: int  # products a sample
    output_bound_db: float  # how far full-scale input can drive the loudest driver's output above full scale
    stages: dict[str, Gains]  # "ideal", "realised", and "quantised" where there is a word
    curves: tuple[Point, ...]  # empty where they were not asked for
    moved: dict[str, Gains] = field(
        default_factory=dict
    )  # with the head shifted, between the frequencies; none for a beam

    def as_json(self) -> dict[str, Any]:
        """The content of `summary.json`."""
        return asdict(self)


def study(
    channels: Sequence[ChannelDesign], realized: Realized, scene: Scene, *, curves: bool = False
) -> dict[str, ChannelStudy]:
    """Channel -> what its form costs.

    Parameters
    ----------
    scene : Scene, on the design's frequencies and those half way between
    curves : bool, over taps or sections and over words, too: each of their points fits or rounds the filters anew

    """
    return {
        channel.design.name: _channel_study(n, channel, realized, scene, curves) for n, channel in enumerate(channels)
    }


def _channel_study(n: int, channel: ChannelDesign, realized: Realized, scene: Scene, with_curves: bool) -> ChannelStudy:
    drivers = driver_index(channel.design, scene.drivers)
    target = channel_target(channel.design, scene, channel.plain)
    inside = target.at(target.in_band)
    f, rate = inside.frequency_hz, scene.problem.sample_rate_hz

    def gains_of_taps(taps: Real) -> Gains:
        return gains(inside.point_ratios(filter_response(taps[drivers], f, rate)))

    filters = {"realised": (realized.unrounded or realized.taps)[n]}
    if realized.unrounded:
        filters["quantised"] = realized.taps[n]
    stages = {"ideal": gains(inside.point_ratios(channel.weights[:, drivers][target.in_band]))}
    stages |= {stage: gains_of_taps(taps) for stage, taps in filters.items()}
    shifted = _shifted_gains(channel, filters, scene) if channel.design.is_ear else {}
    alternatives = variants(realized, n, LowEnds.of(channel, scene)) if with_curves and realized.fits else ()
    curves = tuple(Point(v.axis, v.value, v.way, gains_of_taps(v.taps)) for v in alternatives)
    count = coefficients(scene.problem.realization, realized.taps[n][drivers])
    bound = float(measures.amplitude_db(output_bound(realized.taps[n]).max(keepdims=True))[0])
    return ChannelStudy(count, count, bound, stages, curves, shifted)


def _shifted_gains(channel: ChannelDesign, filters: Mapping[str, Real], scene: Scene) -> dict[str, Gains]:
    """The stages where the design did not look; the ideal weights are taken between the frequencies that were solved."""
    coarse = scene.at(scene.frequency_hz[::2])
    cloud_m = np.asarray(scene.problem.listener.ear_cloud_m, dtype=float)
    unseen = unseen_points(channel.design, coarse, shifted_heads_m(cloud_m))
    f, rate = unseen.frequency_hz, scene.problem.sample_rate_hz
    drivers = driver_index(channel.design, scene.drivers)
    ideal = np.zeros((f.size, len(scene.drivers)), dtype=complex)
    ideal[:, drivers] = weights_between(channel, drivers, f)
    weights = {"ideal": ideal}
    weights |= {stage: filter_response(taps, f, rate) for stage, taps in filters.items()}
    return {stage: gains(measures.point_ratios(unseen.bright, unseen.dark, w)) for stage, w in weights.items()}


def gains(ratios: Real) -> Gains:
    """Gains of the power ratios (F, M) at each displacement, dark azimuth or dark point."""
    gains_db = measures.db(ratios)
    return Gains(float(np.median(gains_db)), float(np.percentile(gains_db, 5)), float(gains_db.min()))
