"""A channel over time and against length: group delay, impulse and step, its taps, and its gain against taps, sections and word length."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from designer.arrays import Complex, Real
from designer.evaluation.realisation_study import Point
from designer.metrics import Realised
from designer.realization.forms import PLAIN, SCALED, SPARED
from designer.report.canvas import COLOURS, DASHED, INK, SOFT, STYLES, numbered_axis, shortened
from designer.report.channel_curves import over_band
from designer.report.plots import below, curve, draw_curves, panels
from designer.result import Result

SHOWN_MS = 4.0
LOWEST_AXIS_DB = -6.0
"""Where the axis of gain begins at the lowest."""
PARTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("median", "median_db", {"linewidth": 1.1, "linestyle": STYLES[1]}),
    ("5th percentile", "fifth_percentile_db", {"linewidth": 1.8, "markersize": 4}),
    ("worst", "worst_db", {"linewidth": 1.0, "linestyle": STYLES[2]}),
)
WAYS = ((SPARED, COLOURS[0], "o"), (SCALED, COLOURS[3], "D"), (PLAIN, COLOURS[1], "s"))


def at_reached(result: Result, name: str, frequency_hz: Real) -> Complex:
    """Pressure (F,) at the point whose phase is kept, less the way from the device's centre to it."""
    problem, channel = result.problem, result.channels[name]
    realised = Realised(channel.table, result.taps[name], channel.plain, result.fine_scene.at(frequency_hz))
    p = np.einsum("fl,fl->f", realised.target.centre, realised.w)
    path_m = float(np.linalg.norm(problem.listener.position_m))
    if channel.table.is_beam:
        path_m = problem.azimuth_distance_m if np.isfinite(problem.azimuth_distance_m) else 0.0
    return np.asarray(p * np.exp(2j * np.pi * frequency_hz * path_m / problem.speed_of_sound_m_s))


def group_delay_s(pressure: Complex, frequency_hz: Real) -> Real:
    """-dφ/dω between neighbouring frequencies (F - 1,), from the phase of their ratio: no unwrapping."""
    turn = np.angle(pressure[1:] * pressure[:-1].conj())
    return np.asarray(-turn / (2 * np.pi * np.diff(frequency_hz)))


def heard(result: Result, name: str) -> tuple[Real, Complex, Real]:
    """Frequencies (F,), pressure (F,) at the bright point less the way through the air, and its impulse response (2F - 2,)."""
    count = 1 << int(np.ceil(np.log2(max(result.taps[name].shape[1], 512))))
    f = np.linspace(0.0, result.problem.sample_rate_hz / 2, count + 1)
    p = at_reached(result, name, f)
    return f, p, np.fft.irfft(p, 2 * count)


def arrival_s(result: Result, name: str) -> float:
    """When the impulse is largest, less the way through the air."""
    return float(np.abs(heard(result, name)[2]).argmax() / result.problem.sample_rate_hz)


def draw_time(result: Result, name: str) -> Figure:
    """Group delay over frequency, and impulse and step over time, at the bright point."""
    rate = result.problem.sample_rate_hz
    f, p, impulse = heard(result, name)
    bulk_ms = result.bulk_delay_samples / rate * 1e3
    fig, (left, right) = panels(3.2, 1, 2)
    delay = curve((f[1:] + f[:-1]) / 2, group_delay_s(p, f) * 1e3, linewidth=1.5)
    over_band(
        result, name, left, [delay], title="Group delay; dashed: the bulk delay", unit="Group delay in ms", narrow=True
    )
    left.axhline(bulk_ms, color=SOFT, linewidth=0.9, linestyle=DASHED)
    left.set_ylim(max(0.0, bulk_ms - SHOWN_MS), bulk_ms + SHOWN_MS)
    time_ms, step = np.arange(impulse.size) / rate * 1e3, np.cumsum(impulse)
    shown = np.abs(time_ms - bulk_ms) <= SHOWN_MS
    step = step[shown] / max(float(np.abs(step[shown]).max()), 1e-12)
    curves = [
        curve(time_ms[shown], impulse[shown] / np.abs(impulse).max(), "impulse", linewidth=1.4),
        curve(time_ms[shown], step, "step", COLOURS[1], 1.3, linestyle=STYLES[1]),
    ]
    handles = draw_curves(right, curves, title="Impulse and step, each to 1")
    right.set_xlabel("Time in ms, less the way through the air")
    below(fig, handles, 2)
    return fig


def say_time(result: Result, name: str) -> str:
    """When the impulse arrives."""
    bulk_ms = result.bulk_delay_samples / result.problem.sample_rate_hz * 1e3
    return (
        f"the impulse arrives after {arrival_s(result, name) * 1e3:.2f} ms; the filters' bulk delay is {bulk_ms:.2f} ms"
    )


def draw_impulses(result: Result, name: str) -> Figure:
    """The realised taps of each driver, one above the other on one scale."""
    taps, rate = result.taps[name], result.problem.sample_rate_hz
    used = [l for l in range(len(taps)) if taps[l].any()]
    time_ms, scale = np.arange(taps.shape[1]) / rate * 1e3, float(np.abs(taps).max())
    bulk_ms = result.bulk_delay_samples / rate * 1e3
    fig, (axes,) = panels(1.3 + 0.42 * max(len(used), 3))
    colours = [COLOURS[l % len(COLOURS)] for l in used]
    curves = [curve(time_ms, taps[l] / scale * 0.9 - row, "", colours[row], 1.1) for row, l in enumerate(used)]
    draw_curves(axes, curves, title=f"Impulse responses, full scale is {scale:.2f}")
    axes.axvline(bulk_ms, color=SOFT, linewidth=0.8, linestyle=DASHED)
    axes.annotate(f"bulk delay {result.bulk_delay_samples} samples", (bulk_ms, 1.05), xytext=(4, 0),
                  textcoords="offset points", fontsize=8, color=SOFT, va="center")  # fmt: skip
    axes.set_yticks([-row for row in range(len(used))], [shortened(result.drivers[l], 24) for l in used])
    axes.set_ylim(-len(used) + 0.1, 1.2)
    axes.set_xlim(0, time_ms[-1])
    axes.set_xlabel("Time in ms")
    return fig


def say_impulses(result: Result, name: str) -> str:
    """The largest tap and its place."""
    taps = result.taps[name]
    l, n = np.unravel_index(np.argmax(np.abs(taps)), taps.shape)
    return f"the largest tap is {taps[l, n]:.2f}, at sample {n} of driver {result.drivers[l]}"


def draw_realisation(result: Result, name: str) -> Figure:
    """Over taps or sections on the left, over the bits of a word on the right; median, 5th percentile and worst of all points."""
    study = result.study[name]
    length = [point for point in study.curves if point.axis != "bits"]
    bits = [point for point in study.curves if point.axis == "bits"]
    both = len(length) > 1
    fig, panes = panels(3.4, 1, 2 if both else 1, sharey=True)
    handles: list[Artist] = [
        Line2D([], [], color=INK, marker="o" if "markersize" in look else "", label=part, **look)
        for part, _, look in PARTS
    ]
    if both:
        _curves(panes[0], length, COLOURS[2], "^")
        panes[0].set_xscale("log", base=2)
        numbered_axis(panes[0], sorted({point.value for point in length}))
        panes[0].set_xlabel(f"{length[0].axis.capitalize()} a driver")
        panes[0].set_title(f"Against {length[0].axis}, unrounded")
    words = panes[-1]
    for way, colour, marker in WAYS:
        points = [point for point in bits if point.way == way]
        if points:
            _curves(words, points, colour, marker, PARTS[1:2] if way == SCALED else PARTS)
            handles.append(Line2D([], [], color=colour, marker=marker, markersize=4, linewidth=1.8, label=way))
    unrounded = study.stages["realised"].fifth_percentile_db
    handles.append(words.axhline(unrounded, color=INK, linewidth=0.9, zorder=1, label="unrounded, 5th percentile"))
    numbered_axis(words, sorted({point.value for point in bits}))
    words.set_xlabel("Bits of a coefficient's word, one before the point")
    words.set_title("Against word length")
    all_gains = [*study.stages.values(), *(point.gains for point in study.curves)]
    low, high = min(gains.worst_db for gains in all_gains), max(gains.median_db for gains in all_gains)
    panes[0].set_ylim(max(low - 1, LOWEST_AXIS_DB), high + 2)
    panes[0].set_ylabel("Cancellation gain in dB")
    below(fig, handles, 3)
    return fig


def _curves(axes: Axes, points: list[Point], colour: str, marker: str, parts: Any = PARTS) -> None:
    for _, number, look in parts:
        y = [getattr(point.gains, number) for point in points]
        symbol = marker if "markersize" in look else ""
        axes.plot([point.value for point in points], y, color=colour, marker=symbol, **look)


def say_realisation(result: Result, name: str) -> str:
    """Gain after realisation at the 5th percentile."""
    stages = result.study[name].stages
    last = list(stages)[-1]
    return (
        f"the 5th percentile is {stages['ideal'].fifth_percentile_db:.1f} dB with the ideal weights and"
        f" {stages[last].fifth_percentile_db:.1f} dB with the {last} filters"
    )
