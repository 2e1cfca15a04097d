"""Result against taps: what a channel keeps as its filters grow shorter, fitted jointly and as a cut inverse transform.

It is the number that memory is bought with. Everything is judged where the design did not look: with the head moved
within 3 cm, and between the design's frequencies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from designer import measures
from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.designs.channel import ChannelDesign
from designer.evaluation.moved_head import moved_head
from designer.metrics import TONE_BAND_HZ
from designer.realization import realize
from designer.realization import response as filter_response
from designer.realization.dense_targets import between
from designer.realization.response import cut_inverse_transform
from designer.targets.channel_target import channel_target, driver_index

TONE_FREQUENCIES = 400


def _cut(channel: ChannelDesign, scene: Scene, taps: int) -> Real:
    """Of the weights on as many frequencies in equal steps: a design's own hold the ends of its bands too."""
    f = channel.frequency_hz
    even_hz = np.linspace(0.0, scene.problem.sample_rate_hz / 2, f.size)
    return cut_inverse_transform(between(f, channel.weights, even_hz), taps)


WAYS: Mapping[str, Callable[[ChannelDesign, Scene, int], Real]] = {
    "joint fit": lambda channel, scene, taps: realize([channel], scene, taps)[0][0],
    "cut inverse transform": _cut,
}


@dataclass(frozen=True)
class Kept:
    """What taps made in one way keep of an ear channel."""

    way: str
    taps: int
    median_db: float
    fifth_percentile_db: float
    tone_in_band_db: float
    """Largest deviation of the mean level at the reached ear from the plain driver's, in the band."""
    tone_db: float
    """The same from 100 Hz to 16 kHz."""


def taps_curve(channel: ChannelDesign, scene: Scene, taps: Iterable[int]) -> list[Kept]:
    """What each way keeps of an ear channel with each number of taps.

    Parameters
    ----------
    channel : its design on the scene's frequencies
    scene : from 0 to Nyquist
    taps : lengths to try

    """
    rate = scene.problem.sample_rate_hz
    heard = scene.at(np.geomspace(TONE_BAND_HZ[0], min(TONE_BAND_HZ[1], rate / 2), TONE_FREQUENCIES))
    target = channel_target(channel.design, heard, channel.plain)
    own = driver_index(channel.design, scene.drivers)
    found = []
    for way, made in WAYS.items():
        for length in taps:
            filters = made(channel, scene, length)
            moved = moved_head(channel.design, filters, scene)
            w = filter_response(filters, heard.frequency_hz, rate)[:, own]
            tone = np.abs(measures.db(measures.mean_power(target.reach, w)) - measures.amplitude_db(target.plain_level))
            found.append(
                Kept(
                    way,
                    length,
                    moved.median_db,
                    moved.fifth_percentile_db,
                    float(tone[target.in_band].max(initial=0.0)),
                    float(tone.max()),
                )
            )
    return found
