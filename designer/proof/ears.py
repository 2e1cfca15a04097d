"""A target at the listener: each channel's responses at its bright and dark points, as designed and as played.

A response that was played is the design's own and what the sweeps show beside it: in this way what lies above their band, and a
recorder cuts, is no loss.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer import measures
from designer.arrays import Real
from designer.export.filter_set import FilterSet
from designer.export.judged import MAX_LEVEL_CHANGE_DB, MAX_TIME_CHANGE_US
from designer.proof.responses import Deconvolution
from designer.proof.shapes import Shapes
from designer.realization import response
from designer.requirements.channel_target import channel_target, driver_index
from designer.result import Result


@dataclass(frozen=True)
class GainCurves:
    """Cancellation gain (F,) of a channel in its band, as designed and as it came out."""

    frequency_hz: Real
    designed_db: Real
    played_db: Real


def played_responses(feeds: Real, filters: FilterSet, deconvolution: Deconvolution) -> dict[str, Real]:
    """Channel -> responses (drivers, T) that feeds (N, drivers) show; the common gain and delay, and the channel's, taken out."""
    shapes, length = Shapes(filters, deconvolution), deconvolution.stimulus.length
    out: dict[str, Real] = {name: np.zeros((len(filters.drivers), 2 * length)) for name in filters.channels}
    for driver in range(len(filters.drivers)):
        designed = shapes.responses(driver)
        shown = np.fft.irfft(deconvolution.predicted(designed), deconvolution.size, axis=1)[:, : deconvolution.window]
        beside = deconvolution.responses(feeds[:, driver]) - shown
        for channel, name in enumerate(filters.channels):
            part = beside[channel, deconvolution.before : deconvolution.before + 2 * length]
            wait = filters.delays.get(name, 0)  # which the stereo chain asks for, and is no change
            out[name][driver, : 2 * length - wait] = (designed[channel] + part)[wait:]
    return out


def ear_failures(ears: dict[str, dict[str, float]]) -> tuple[str, ...]:
    """Changes at the bright points that are beyond the floors, in words."""
    words = []
    for channel, numbers in ears.items():
        for key, most, unit in (
            ("level_change_db", MAX_LEVEL_CHANGE_DB, "dB"),
            ("time_change_us", MAX_TIME_CHANGE_US, "us"),
        ):
            if numbers.get(key, 0.0) > most:
                quantity = key.split("_")[0]
                words.append(
                    f"{channel} changes in {quantity} by {numbers[key]:.2f} {unit} at the bright points (at most {most:g})"
                )
    return tuple(words)


def gain_curves(result: Result, played: dict[str, Real]) -> dict[str, GainCurves]:
    """Channel -> its gain in the band, of those that cancel."""
    scene, rate, curves = result.fine_scene, result.problem.sample_rate_hz, {}
    for name, channel in result.channels.items():
        if name not in played:
            continue
        target = channel_target(channel.table, scene, channel.plain)
        inside, columns = target.at(target.in_band), driver_index(channel.table, scene.drivers)
        designed_db, played_db = (
            measures.db(
                measures.cancellation_gain(
                    inside.bright, inside.dark, response(taps, inside.frequency_hz, rate)[:, columns]
                )
            )
            for taps in (result.taps[name], played[name])
        )
        curves[name] = GainCurves(inside.frequency_hz, designed_db, played_db)
    return curves
