"""Levels over azimuth that can be compared: what a channel plays on the circle, relative to what belongs in front of it."""

from __future__ import annotations

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.measures import amplitude_db, pressure
from designer.realization import response
from designer.result import Result
from designer.targets.channel_target import driver_index


def relative_level_db(result: Result, name: str, scene: Scene) -> tuple[Real, Real, str]:
    """Azimuths (A,), a channel's level on the circle of a scene (F, A), and what it is relative to.

    A beam's reference is its own on-axis response; an ear channel's is what the plain driver, fed with 0 dB, sends
    towards the listener.
    """
    channel = result.channels[name]
    w = response(result.taps[name], scene.frequency_hz, result.problem.sample_rate_hz)
    level = amplitude_db(pressure(scene.circle(), w))
    if channel.table.is_beam:
        reference, words = scene.look(channel.table.look_deg or 0.0), "on-axis response"
    else:
        w = np.zeros((scene.frequency_hz.size, len(result.drivers)), dtype=complex)
        own = driver_index(channel.table, result.drivers)
        w[:, own] = channel.plain.weights(scene.frequency_hz, own.size)
        x, y, _ = result.problem.listener.position_m
        reference, words = scene.look(float(np.degrees(np.arctan2(y, x)))), "plain driver at 0 dB"
    relative = level - amplitude_db(np.einsum("fl,fl->f", reference, w))[:, None]
    return scene.azimuth_deg, relative, words
