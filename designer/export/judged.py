"""What the rounding of an export costs at the points of its design: cancellation gain, and level and time at the bright points."""

from __future__ import annotations

import numpy as np

from designer import measures
from designer.arrays import Complex, Real
from designer.realization import response
from designer.result import Result
from designer.targets.channel_target import channel_target, driver_index
from designer.targets.target import ChannelTarget
from designer.virtualizer.virtualisation import VIRTUAL


def at_the_points(result: Result, taps: dict[str, Real]) -> dict[str, dict[str, float]]:
    """For each channel what changed in its band.

    The mean cancellation gain and the most that is lost of it at any frequency, in dB; the largest change of the mean
    level at the bright points, in dB; the change of time there: the slope of the phase of Σ conj(p) p', p as designed and
    p' as played, over frequency, fitted through 0 with weights |Σ conj(p) p'|, in microseconds. A channel of the stereo
    chain is judged at the bright ear of the design that it follows, and not by a gain: it cancels no ear.

    Parameters
    ----------
    result : the design, with the filters as realised
    taps : channel -> (L, T) what is played

    """
    designs = {**result.channels, **{VIRTUAL[name]: one for name, one in result.channels.items() if name in VIRTUAL}}
    scene, rate = result.fine_scene, result.problem.sample_rate_hz
    found = {}
    for name, played in taps.items():
        if name not in designs or name not in result.taps:
            continue
        channel = designs[name]
        target = channel_target(channel.table, scene, channel.plain)
        inside = target.at(target.in_band)
        own = driver_index(channel.table, scene.drivers)
        before, after = (response(each, inside.frequency_hz, rate)[:, own] for each in (result.taps[name], played))
        found[name] = {
            **(_gains(inside, before, after) if name in result.channels else {}),
            **_bright(inside, before, after),
        }
    return found


def _gains(target: ChannelTarget, before: Complex, after: Complex) -> dict[str, float]:
    designed, exported = (
        measures.db(measures.cancellation_gain(target.reach, target.cancel, w)) for w in (before, after)
    )
    return {
        "designed_mean_db": round(float(np.mean(designed)), 3),
        "exported_mean_db": round(float(np.mean(exported)), 3),
        "largest_loss_db": round(max(0.0, float(np.max(designed - exported))), 4),
    }


def _bright(target: ChannelTarget, before: Complex, after: Complex) -> dict[str, float]:
    f = target.frequency_hz
    level = measures.db(measures.mean_power(target.reach, after)) - measures.db(
        measures.mean_power(target.reach, before)
    )
    cross = np.sum(np.conj(measures.pressure(target.reach, before)) * measures.pressure(target.reach, after), axis=1)
    weight = np.abs(cross)
    late_s = -float(np.sum(weight * f * np.angle(cross)) / max(np.sum(weight * f**2), 1e-300)) / (2 * np.pi)
    return {
        "level_change_db": round(float(np.abs(level).max(initial=0.0)), 4),
        "time_change_us": round(abs(late_s) * 1e6, 3),
    }
