"""A channel over time and against length: group delay, impulse and step, its taps, and its gain against taps, sections and word length."""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.arrays import Complex, Real
from designer.evaluation.realisation_study import Point
from designer.metrics import Realised
from designer.problem.explain import judged_places
from designer.realization.forms import PLAIN, SCALED, SPARED
from designer.report.channel_curves import GAIN, over_band
from designer.report.figure_data import Figure, Line, axis, curves, figure, line, shortened
from designer.requirements.channel_target import bright_place_m
from designer.result import Result

SHOWN_MS = 4.0
FADED = 1e-3
LOWEST_AXIS_DB = -6.0
"""Where the axis of gain begins at the lowest."""
PARTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("median", "median_db", {"width": 1.1, "dash": "dash"}),
    ("5th percentile", "fifth_percentile_db", {"width": 1.8}),
    ("worst", "worst_db", {"width": 1.0, "dash": "dot"}),
)
WAYS = ((SPARED, 0, "circle"), (SCALED, 3, "diamond"), (PLAIN, 1, "square"))


def at_reached(result: Result, name: str, frequency_hz: Real) -> Complex:
    """Pressure (F,) at the point whose phase is kept, less the way from the device's centre to it."""
    problem, channel = result.problem, result.channels[name]
    realised = Realised(channel.table, result.taps[name], channel.plain, result.fine_scene.at(frequency_hz))
    p = np.einsum("fl,fl->f", realised.target.centre, realised.w)
    path_m = float(np.linalg.norm(bright_place_m(channel.table, problem)))
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


def time_figure(result: Result, name: str) -> Figure:
    """Group delay over frequency, and impulse and step over time, at the bright point."""
    rate = result.problem.sample_rate_hz
    f, p, impulse = heard(result, name)
    bulk_ms = result.bulk_delay_samples / rate * 1e3
    delay = over_band(
        result, name, axis("Group delay in ms", "ms", max(0.0, bulk_ms - SHOWN_MS), bulk_ms + SHOWN_MS),
        [line((f[1:] + f[:-1]) / 2, group_delay_s(p, f) * 1e3, width=1.5)], title="Group delay; dashed: the bulk delay",
        limits=[{"y": bulk_ms, "text": "", "dash": "dash", "color": "soft"}],
    )  # fmt: skip
    time_ms, step = np.arange(impulse.size) / rate * 1e3, np.cumsum(impulse)
    shown = np.abs(time_ms - bulk_ms) <= SHOWN_MS
    time_ms, step = time_ms[shown], step[shown] / max(float(np.abs(step[shown]).max()), 1e-12)
    lines = [
        line(time_ms, impulse[shown] / np.abs(impulse).max(), "impulse", width=1.4),
        line(time_ms, step, "step", color=1, dash="dash", width=1.3),
    ]
    x = axis("Time in ms, travel through the air left out", "ms", time_ms[0], time_ms[-1])
    low = min(float(shown["y"].min()) for shown in lines) - 0.05
    right = curves(x, axis("", "", low, 1.05), lines, title="Impulse and step, each to 1", place=(0, 1))
    return figure([delay, right], 3.0)


def say_time(result: Result, name: str) -> str:
    """When the impulse arrives."""
    bulk_ms = result.bulk_delay_samples / result.problem.sample_rate_hz * 1e3
    return (
        f"the impulse arrives after {arrival_s(result, name) * 1e3:.2f} ms; the filters' bulk delay is {bulk_ms:.2f} ms"
    )


def shown_taps(taps: Real) -> int:
    """Length of what is drawn of taps (L, T): all of them, or as far as one is above FADED of the largest where that is under half.

    Sections ring on for many times as long as anything of them can be seen.
    """
    loud = np.flatnonzero(np.abs(taps).max(axis=0) > FADED * np.abs(taps).max())
    needed = int(np.ceil(1.25 * (loud[-1] + 1))) if loud.size else taps.shape[1]
    return needed if needed < taps.shape[1] / 2 else int(taps.shape[1])


def impulses_figure(result: Result, name: str) -> Figure:
    """The realised taps of each driver, one above the other on one scale."""
    taps, rate = result.taps[name], result.problem.sample_rate_hz
    used = [l for l in range(len(taps)) if taps[l].any()]
    time_ms, scale = np.arange(taps.shape[1]) / rate * 1e3, float(np.abs(taps).max())
    lines = [line(time_ms, taps[l] / scale * 0.9 - row, color=l, width=1.1) for row, l in enumerate(used)]
    y = axis("", "", -len(used) + 0.1, 1.2)
    y["ticks"] = [(-float(row), shortened(result.drivers[l], 24)) for row, l in enumerate(used)]
    bulk = {"x": result.bulk_delay_samples / rate * 1e3, "text": f"bulk delay {result.bulk_delay_samples} samples"}
    x, title = (
        axis("Time in ms", "ms", 0, time_ms[shown_taps(taps) - 1]),
        f"Impulse responses, full scale is {scale:.2f}",
    )
    return figure(
        [curves(x, y, lines, title=title, marks=[bulk])],
        1.1 + max(1.26, min(0.42 * len(used), max(6.0, 0.2 * len(used)))),
    )


def say_impulses(result: Result, name: str) -> str:
    """The largest tap and its place."""
    taps = result.taps[name]
    l, n = np.unravel_index(np.argmax(np.abs(taps)), taps.shape)
    return f"the largest tap is {taps[l, n]:.2f}, at sample {n} of driver {result.drivers[l]}"


def realisation_figure(result: Result, name: str) -> Figure:
    """Over taps or sections on the left, over the bits of a word on the right; median, 5th percentile and worst of all points."""
    study = result.study[name]
    length = [point for point in study.curves if point.axis != "bits"]
    bits = [point for point in study.curves if point.axis == "bits"]
    all_gains = [*study.stages.values(), *(point.gains for point in study.curves)]
    low, high = min(gains.worst_db for gains in all_gains), max(gains.median_db for gains in all_gains)
    y, panels = axis(GAIN, "dB", max(low - 1, LOWEST_AXIS_DB), high + 2), []
    if len(length) > 1:
        values = sorted({point.value for point in length})
        x = axis(f"{length[0].axis.capitalize()} a driver", "", values[0] / 1.1, values[-1] * 1.1, values)
        x["scale"] = "log"
        title = f"Against {length[0].axis}, unrounded"
        panels.append(curves(x, y, _gains(length, 2, "triangle-up"), title=title, place=(0, 0)))
    lines = [line(np.empty(0), np.empty(0), part, color="ink", **look) for part, _, look in PARTS]
    for way, colour, marker in WAYS:
        points = [point for point in bits if point.way == way]
        if points:
            shown = _gains(points, colour, marker, PARTS[1:2] if way == SCALED else PARTS)
            shown[0 if way == SCALED else 1]["name"] = way
            lines += shown
    unrounded, values = study.stages["realised"].fifth_percentile_db, sorted({point.value for point in bits})
    x = axis("Bits of a word, one before the binary point", "", values[0] - 0.5, values[-1] + 0.5, values)
    ends = np.array(x["range"])
    lines.append(line(ends, np.full(2, unrounded), "unrounded, 5th percentile", color="ink", width=0.9))
    panels.append(curves(x, y, lines, title="Against word length", place=(0, len(panels))))
    return figure(panels, 3.4, legend_columns=3)


def _gains(points: list[Point], colour: int, marker: str, parts: Any = PARTS) -> list[Line]:
    x, lines = np.array([float(point.value) for point in points]), []
    for _, number, look in parts:
        symbol: dict[str, Any] = {"marker": marker} if number == "fifth_percentile_db" else {}
        y = np.array([getattr(point.gains, number) for point in points])
        lines.append(line(x, y, color=colour, **look, **symbol))
    return lines


def say_realisation(result: Result, name: str) -> str:
    """Gain after realisation at the 5th percentile."""
    stages = result.study[name].stages
    last = list(stages)[-1]
    places = judged_places(result.channels[name].table)
    return (
        f"the 5th percentile over the band's frequencies and the {places} is"
        f" {stages['ideal'].fifth_percentile_db:z.1f} dB with the ideal weights and"
        f" {stages[last].fifth_percentile_db:z.1f} dB with the {last} filters"
    )
