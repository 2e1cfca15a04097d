"""What the reached point hears: tone against the plain driver, group delay, impulse and step."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from designer.arrays import Complex, Real
from designer.measures import amplitude_db, db, mean_power
from designer.realization import response
from designer.report.canvas import COLOURS, INK, SOFT, figure, frequency_axis, mark_band
from designer.report.frequency_plots import shown_band_hz
from designer.result import Result
from designer.targets.channel_target import channel_target

THIRD = 1 / 3
SHOWN_MS = 4.0
LARGEST_DB = 15.0


def draw_tone(result: Result, name: str) -> Figure:
    """Level at the points to reach, of the channel over its plain driver's: as it is, and smoothed to third octaves."""
    f, level = tone_db(result, name)
    smooth = third_octaves_db(f, level)
    drawn = figure(7.2, 2.8)
    axes = drawn.subplots()
    frequency_axis(axes, *shown_band_hz(result))
    mark_band(axes, result.channels[name].table.band_hz)
    axes.plot(f, level, color=COLOURS[5], linewidth=1.1, label="realised")
    axes.plot(f, smooth, color=COLOURS[0], linewidth=2, label="1/3 octave")
    axes.axhline(0, color=INK, linewidth=1, linestyle=(0, (1, 1)))
    reach = float(np.clip(np.abs(smooth).max() + 1, 3.0, LARGEST_DB))
    axes.set_ylim(-reach, reach)
    axes.set_ylabel("dB re plain driver")
    beam = result.channels[name].table.is_beam
    axes.set_title(f"Tone {'in the look direction' if beam else 'at the reached ear'}")
    drawn.legend(loc="outside lower center", ncols=2)
    return drawn


def tone_db(result: Result, name: str) -> tuple[Real, Real]:
    """Frequencies of the figures (F,), and the level at the points to reach over the plain driver's (F,)."""
    scene, channel = result.drawn_scene, result.channels[name]
    target = channel_target(channel.table, scene, channel.plain)
    w = response(result.taps[name], scene.frequency_hz, result.problem.sample_rate_hz)
    own = [result.drivers.index(driver) for driver in channel.table.drivers or result.drivers]
    return scene.frequency_hz, db(mean_power(target.reach, w[:, own])) - amplitude_db(target.plain_level)


def third_octaves_db(frequency_hz: Real, level_db: Real) -> Real:
    """Mean power within a third of an octave around each frequency, on frequencies in equal ratios."""
    octaves = np.log2(frequency_hz)
    near = np.abs(octaves[:, None] - octaves) <= THIRD / 2
    return db((near @ 10 ** (level_db / 10)) / near.sum(axis=1))


def at_reached(result: Result, name: str, frequency_hz: Real) -> Complex:
    """Pressure (F,) at the point whose phase is kept, less the way from the device's centre to it."""
    problem, channel = result.problem, result.channels[name]
    scene = result.fine_scene.at(frequency_hz)
    target = channel_target(channel.table, scene, channel.plain)
    w = response(result.taps[name], frequency_hz, problem.sample_rate_hz)
    own = [result.drivers.index(driver) for driver in channel.table.drivers or result.drivers]
    p = np.einsum("fl,fl->f", target.centre, w[:, own])
    far = channel.table.is_beam and np.isinf(problem.azimuth_distance_m)
    beam = channel.table.is_beam
    path_m = 0.0 if far else problem.azimuth_distance_m if beam else float(np.linalg.norm(problem.listener.position_m))
    return np.asarray(p * np.exp(2j * np.pi * frequency_hz * path_m / problem.speed_of_sound_m_s))


def group_delay_s(pressure: Complex, frequency_hz: Real) -> Real:
    """-dφ/dω between neighbouring frequencies (F - 1,), from the phase of their ratio: no unwrapping."""
    turn = np.angle(pressure[1:] * pressure[:-1].conj())
    return np.asarray(-turn / (2 * np.pi * np.diff(frequency_hz)))


def heard(result: Result, name: str) -> tuple[Real, Complex, Real]:
    """Frequencies (F,), pressure (F,) at the reached point less the way through the air, and its impulse response (2F - 2,)."""
    taps = result.taps[name].shape[1]
    count = 1 << int(np.ceil(np.log2(max(taps, 512))))
    f = np.linspace(0.0, result.problem.sample_rate_hz / 2, count + 1)
    p = at_reached(result, name, f)
    return f, p, np.fft.irfft(p, 2 * count)


def arrival_s(result: Result, name: str) -> float:
    """When the impulse is largest, less the way through the air."""
    return float(np.abs(heard(result, name)[2]).argmax() / result.problem.sample_rate_hz)


def draw_time(result: Result, name: str) -> Figure:
    """Group delay over frequency, and impulse and step over time, at the reached point."""
    rate = result.problem.sample_rate_hz
    f, p, impulse = heard(result, name)
    bulk_s = result.bulk_delay_samples / rate
    delay_ms = group_delay_s(p, f) * 1e3
    low_hz, high_hz = shown_band_hz(result)
    drawn = figure(7.2, 3.2)
    left, right = drawn.subplots(1, 2)
    frequency_axis(left, low_hz, high_hz, narrow=True)
    mark_band(left, result.channels[name].table.band_hz)
    left.plot((f[1:] + f[:-1]) / 2, delay_ms, color=COLOURS[0], linewidth=1.5)
    left.axhline(bulk_s * 1e3, color=SOFT, linewidth=0.9, linestyle=(0, (2, 2)))
    left.set_ylim(max(0.0, bulk_s * 1e3 - SHOWN_MS), bulk_s * 1e3 + SHOWN_MS)
    left.set_ylabel("ms")
    left.set_title("Group delay; dashed: the bulk delay")
    time_ms = np.arange(impulse.size) / rate * 1e3
    shown = np.abs(time_ms - bulk_s * 1e3) <= SHOWN_MS
    peak = float(np.abs(impulse).max())
    step = np.cumsum(impulse)
    right.plot(time_ms[shown], impulse[shown] / peak, color=COLOURS[0], linewidth=1.4, label="impulse")
    right.plot(time_ms[shown], step[shown] / max(float(np.abs(step[shown]).max()), 1e-12), color=COLOURS[1],
               linewidth=1.3, linestyle=(0, (5, 1.5)), label="step")  # fmt: skip
    right.set_xlabel("Time in ms, less the way through the air")
    right.set_title("Impulse and step, each to 1")
    drawn.legend(loc="outside lower center", ncols=2)  # below: a step may end anywhere
    return drawn
