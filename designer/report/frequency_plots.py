"""Curves over frequency: cancellation gain against its target, filters by driver, effort and gains, and the impulse responses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from designer.arrays import Real
from designer.measures import amplitude_db, db, pressure, ratio
from designer.realization import response
from designer.report.canvas import ALARM, COLOURS, INK, SOFT, STYLES, driver_line, figure, frequency_axis, mark_band
from designer.report.words_on_plots import shortened
from designer.result import Result
from designer.targets.wishes import SLACK_TOLERANCE_DB

FRONT_DEG = 45.0


def shown_band_hz(result: Result) -> tuple[float, float]:
    """What the frequency axes show: 50 Hz, or lower where a band asks for it, to 20 kHz or Nyquist."""
    f = result.drawn_scene.frequency_hz
    return float(f[0]), float(f[-1])


def draw_cancellation(result: Result, name: str) -> Figure:
    """Cancellation gain, its target, the worst point, each head of a list alone, and what is left when the head moves."""
    channel, table = result.channels[name], result.drawn.metrics[result.drawn.metrics.channel == name]
    f = table.frequency_hz.to_numpy()
    gain, worst = table.cancellation_gain_db.to_numpy(), table.worst_cancellation_gain_db.to_numpy()
    beam = channel.table.is_beam
    drawn = figure(7.2, 3.4)
    axes = drawn.subplots()
    frequency_axis(axes, *shown_band_hz(result))
    mark_band(axes, channel.table.band_hz)
    handles: list[Line2D | Patch] = []
    moved = result.moved_heads.get(name)
    if moved is not None:
        low, high = np.percentile(moved.gain_db, [5, 95], axis=0)
        axes.fill_between(moved.frequency_hz, low, high, color=COLOURS[5], alpha=0.35, linewidth=0)
        handles.append(Patch(color=COLOURS[5], alpha=0.35, label="head moved, 5–95 %"))
    handles += axes.plot(f, worst, color=COLOURS[1], linewidth=1.1, linestyle=(0, (4, 1.5)),
                         label="worst azimuth" if beam else "worst of the cloud")  # fmt: skip
    heads = result.drawn_heads.get(name, {})
    for number, (head, curve) in enumerate(heads.items()):
        style = {"color": COLOURS[(2, 3, 4, 7)[number % 4]], "linestyle": STYLES[(number + number // 4) % 4]}
        handles += axes.plot(f, curve, linewidth=1.2, label=shortened(Path(head).name), **style)
    label = "realised, all heads" if heads else "realised"
    handles += axes.plot(f, gain, color=COLOURS[0], linewidth=2, label=label)
    target = table.target_db.to_numpy()
    if np.isfinite(target).any():
        handles += axes.plot(f, target, color=INK, linewidth=1.3, linestyle=(0, (1, 1)), label="target")
        short = table.slack_db.fillna(0.0).to_numpy() > SLACK_TOLERANCE_DB
        if short.any():
            axes.fill_between(f, gain, target, where=short & (target > gain), facecolor="none", edgecolor=ALARM, hatch="////",
                              linewidth=0)  # fmt: skip
            handles.append(Patch(facecolor="none", edgecolor=ALARM, hatch="////", label="missed"))
    shown = (f >= axes.get_xlim()[0]) & (f <= axes.get_xlim()[1])
    inside = np.isfinite(table.slack_db.to_numpy())
    top = max(float(gain[inside].max()), float(np.nanmax(target, initial=0.0))) + 4
    if moved is not None:
        top = max(top, min(top + 8, float(high.max()) + 1))
    axes.set_ylim(min(0.0, float(worst[shown].min()) - 1) if worst[shown].min() > -12 else -12, min(max(top, 12), 60))
    axes.set_ylabel("Cancellation gain in dB")
    what = "on axis over the nulls' arcs" if beam else f"{channel.table.ear} ear over the other"
    axes.set_title(f"Cancellation gain: {what}")
    drawn.legend(handles=handles, loc="outside lower center", ncols=4 if heads else 5)
    return drawn


def draw_filters(result: Result, name: str) -> Figure:
    """Magnitude of each driver's realised filter."""
    channel = result.channels[name]
    f = result.drawn_scene.frequency_hz
    w = response(result.taps[name], f, result.problem.sample_rate_hz)
    drawn = figure(7.2, 3.2)
    axes = drawn.subplots()
    frequency_axis(axes, *shown_band_hz(result))
    mark_band(axes, channel.table.band_hz)
    peak = -200.0
    for l, driver in enumerate(result.problem.drivers):
        if not result.taps[name][l].any():
            continue
        level = amplitude_db(w[:, l])
        peak = max(peak, float(level.max()))
        axes.plot(f, level, label=shortened(driver.name), linewidth=1.6, **driver_line(l))
    limits = {d.max_gain_db for d in result.problem.drivers if d.max_gain_db is not None}
    for limit in limits:
        axes.axhline(limit, color=INK, linewidth=1, linestyle=(0, (1, 1)))
        axes.annotate(
            f"limit {limit:g} dB", (axes.get_xlim()[0], limit), xytext=(4, 3), textcoords="offset points", fontsize=8
        )
    top = max([peak, *(limit for limit in limits if limit < peak + 15)]) + 4
    axes.set_ylim(top - 44, top)
    axes.set_ylabel("Gain in dB")
    axes.set_title("Filters by driver, 0 dB feeds the channel as it is")
    drawn.legend(loc="outside lower center", ncols=min(8, len(result.drivers)))
    return drawn


def draw_costs(result: Result, name: str) -> Figure:
    """Effort, white-noise gain, directivity index and the power to the front over that to the sides, each with its limit."""
    channel, table = result.channels[name], result.drawn.metrics[result.drawn.metrics.channel == name]
    f = table.frequency_hz.to_numpy()
    drawn = figure(7.2, 5.8)
    panels = drawn.subplots(4, 1, sharex=True)
    rows = (
        ("effort_db", "Effort in dB", channel.table.max_effort_db, "at most"),
        ("white_noise_gain_db", "White-noise gain in dB", channel.table.min_white_noise_gain_db, "at least"),
        ("directivity_index_db", "Directivity index in dB", None, ""),
        ("front_over_side_db", f"Power within {FRONT_DEG:g}° of the aim over that to its sides, in dB", None, ""),
    )
    table = table.assign(front_over_side_db=front_over_side_db(result, name))
    for axes, (column, label, limit, word) in zip(panels, rows, strict=True):
        frequency_axis(axes, *shown_band_hz(result), label=axes is panels[-1])
        mark_band(axes, channel.table.band_hz)
        shown = (f >= axes.get_xlim()[0]) & (f <= axes.get_xlim()[1])
        values = table[column].to_numpy()
        axes.plot(f, values, color=COLOURS[0], linewidth=1.6)
        low, high = float(values[shown].min()), float(values[shown].max())
        if limit is not None:
            axes.axhline(limit, color=INK, linewidth=1.1, linestyle=(0, (1, 1)))
            low, high = min(low, limit), max(high, limit)
            axes.annotate(f"{word} {limit:g} dB", (axes.get_xlim()[0], limit), xytext=(4, 3 if word == "at least" else -9),
                          textcoords="offset points", fontsize=8)  # fmt: skip
        axes.set_ylim(max(low, high - 40) - 2, high + 2)
        axes.set_title(label, fontsize=9)
    return drawn


def front_over_side_db(result: Result, name: str) -> Real:
    """Mean power within FRONT_DEG of the look direction, or of the listener, over that from there to 180° - FRONT_DEG, (F,)."""
    scene, channel = result.drawn_circle, result.channels[name].table
    x, y, _ = result.problem.listener.position_m
    aim = channel.look_deg or 0.0 if channel.is_beam else float(np.degrees(np.arctan2(y, x)))
    away = np.abs((scene.azimuth_deg - aim + 180) % 360 - 180)
    w = response(result.taps[name], scene.frequency_hz, result.problem.sample_rate_hz)
    power = np.abs(pressure(scene.circle(), w)) ** 2
    side = (away > FRONT_DEG) & (away < 180 - FRONT_DEG)
    return db(ratio(power[:, away <= FRONT_DEG].mean(axis=1), power[:, side].mean(axis=1)))


def draw_impulses(result: Result, name: str) -> Figure:
    """The realised taps of each driver, one above the other on one scale."""
    taps = result.taps[name]
    rate = result.problem.sample_rate_hz
    used = [l for l in range(len(taps)) if taps[l].any()]
    drawn = figure(7.2, 1.3 + 0.42 * max(len(used), 3))
    axes = drawn.subplots()
    time_ms = np.arange(taps.shape[1]) / rate * 1e3
    scale = float(np.abs(taps).max())
    for row, l in enumerate(used):
        axes.plot(time_ms, taps[l] / scale * 0.9 - row, linewidth=1.1, color=COLOURS[l % len(COLOURS)])
    axes.axvline(result.bulk_delay_samples / rate * 1e3, color=SOFT, linewidth=0.8, linestyle=(0, (2, 2)))
    axes.annotate(f"bulk delay {result.bulk_delay_samples} samples", (result.bulk_delay_samples / rate * 1e3, 1.05),
                  xytext=(4, 0), textcoords="offset points", fontsize=8, color=SOFT, va="center")  # fmt: skip
    axes.set_yticks([-row for row in range(len(used))], [shortened(result.drivers[l], 24) for l in used])
    axes.set_ylim(-len(used) + 0.1, 1.2)
    axes.set_xlim(0, time_ms[-1])
    axes.set_xlabel("Time in ms")
    axes.set_title(f"Impulse responses, full scale is {scale:.2f}")
    return drawn
