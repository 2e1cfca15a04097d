"""A channel's curves over frequency: gain against its target, filters, costs, tone, gain over drawn devices and left-out directions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from designer.arrays import Real
from designer.evaluation.outcomes import hz
from designer.measures import amplitude_db, db, lowest_hz, pressure, ratio
from designer.metrics import CURVES, Realised
from designer.problem.frequency_grid import shown_band_hz
from designer.realization import response
from designer.report.canvas import COLOURS, DOTTED, INK, STYLES, driver_line, shortened
from designer.report.grids import drawn_circle, drawn_heads, drawn_metrics, drawn_scene
from designer.report.plots import Curve, below, curve, limit_line, missed, over_frequency, panels, span, target_curve
from designer.requirements.curves import curve_db
from designer.requirements.slacks import SLACK_TOLERANCE_DB
from designer.result import Result

FRONT_DEG = 45.0
LARGEST_DB = 15.0
LINE = "Cancellation gain in dB"
LOOSE = (0, (4, 1.5))


def over_band(result: Result, name: str, axes: Axes, curves: list[Curve], **look: Any) -> list[Artist]:
    """Curves over what the frequency axes show, shaded outside the channel's band; those that the legend names."""
    return over_frequency(axes, curves, shown_band_hz(result.problem), result.channels[name].table.band_hz, **look)


def band_words(result: Result, name: str) -> str:
    """The channel's band."""
    low, high = result.channels[name].table.band_hz
    return f"from {hz(low)} to {hz(high)}"


def draw_cancellation(result: Result, name: str) -> Figure:
    """Cancellation gain, its target, the worst point, each head of a list alone, and what is left when the head moves."""
    channel, table = result.channels[name].table, drawn_metrics(result, name)
    f, gain, worst, target, slack = (
        table[key].to_numpy()
        for key in ("frequency_hz", "cancellation_gain_db", "worst_cancellation_gain_db", "target_db", "slack_db")
    )
    beam = channel.is_beam
    fig, (axes,) = panels(3.4)
    handles: list[Artist] = []
    top = max(float(gain[np.isfinite(slack)].max()), float(np.nanmax(target, initial=0.0))) + 4
    shifted = result.moved_heads.get(name)
    if shifted is not None:
        low, high = np.percentile(shifted.gain_db, [5, 95], axis=0)
        handles.append(span(axes, shifted.frequency_hz, low, high, "head moved, 5–95 %"))
        top = max(top, min(top + 8, float(high.max()) + 1))
    heads = drawn_heads(result).get(name, {})
    curves = []
    for n, (head, values) in enumerate(heads.items()):
        colour, style = COLOURS[(2, 3, 4, 7)[n % 4]], STYLES[(n + n // 4) % 4]
        curves.append(curve(f, values, shortened(Path(head).name), colour, 1.2, linestyle=style))
    curves.append(curve(f, gain, "realised, all heads" if heads else "realised", linewidth=2))
    # Above the mean, which it may run along.
    curves.append(curve(f, worst, "worst azimuth" if beam else "worst of the cloud", COLOURS[1], 1.1, linestyle=LOOSE))
    if np.isfinite(target).any():
        curves.append(target_curve(f, target))
    subject = "on axis over the nulls' arcs" if beam else f"{channel.ear} ear over the contralateral one"
    handles += over_band(result, name, axes, curves, title=f"Cancellation gain: {subject}", unit=LINE)
    short = (np.nan_to_num(slack) > SLACK_TOLERANCE_DB) & (np.nan_to_num(target, nan=-np.inf) > gain)
    if short.any():
        handles.append(missed(axes, f, gain, target, short))
    axes.set_ylim(max(min(0.0, float(worst.min()) - 1), -12), min(max(top, 12), 60))
    below(fig, handles, 4 if heads else 5)
    return fig


def say_cancellation(result: Result, name: str) -> str:
    """Mean, least, and with the head moved."""
    n = result.scalars[name].values
    shifted = (
        f"; with the head moved, half of the gains are above {n['moved_head_median_db']:.1f} dB, 95 % above"
        f" {n['moved_head_5th_percentile_db']:.1f} dB and 99 % above {n['moved_head_1st_percentile_db']:.1f} dB"
        if "moved_head_median_db" in n
        else ""
    )
    return (
        f"{band_words(result, name)} the realised gain is {n['mean_cancellation_gain_db']:.1f} dB in the mean and"
        f" {n['least_cancellation_gain_db']:.1f} dB at least{shifted}"
    )


def draw_filters(result: Result, name: str) -> Figure:
    """Magnitude of each driver's realised filter."""
    f, taps, drivers = drawn_scene(result).frequency_hz, result.taps[name], result.problem.drivers
    level = amplitude_db(response(taps, f, result.problem.sample_rate_hz))
    fig, (axes,) = panels(3.2)
    used = [l for l in range(len(drivers)) if taps[l].any()]
    curves = [curve(f, level[:, l], shortened(drivers[l].name), **driver_line(l)) for l in used]
    title = "Filters by driver, 0 dB feeds the channel as it is"
    handles = over_band(result, name, axes, curves, title=title, unit="Gain in dB")
    peak = max((float(line.y.max()) for line in curves), default=-200.0)
    limits = {driver.max_gain_db for driver in drivers if driver.max_gain_db is not None}
    for limit in limits:
        limit_line(axes, limit, f"limit {limit:g} dB")
    top = max([peak, *(limit for limit in limits if limit < peak + 15)]) + 4
    axes.set_ylim(top - 44, top)
    longest = max((len(shortened(driver.name)) for driver in drivers), default=0)
    fitting = int(fig.get_figwidth() / (0.6 + 0.07 * longest))  # inches of a legend's line and gaps, and of a letter
    below(fig, handles, min(8, fitting, len(drivers)))
    return fig


def say_filters(result: Result, name: str) -> str:
    """The largest gain of a driver."""
    return f"the loudest filter has a gain of {result.scalars[name].values['largest_driver_gain_db']:.1f} dB"


def draw_costs(result: Result, name: str) -> Figure:
    """Cost of the gain, and the power to the front over that to the sides, each with its limit."""
    table, values = result.channels[name].table, drawn_metrics(result, name)
    f = values.frequency_hz.to_numpy()
    rows = [
        (
            metric.axis,
            values[metric.name].to_numpy(),
            getattr(table, metric.limit) if metric.limit else None,
            metric.better,
        )
        for metric in CURVES
        if metric.better and "page" in metric.on and "cancellation_gain" not in metric.name
    ]
    front = f"Power within {FRONT_DEG:g}° of the aim over that to its sides, in dB"
    rows.append((front, front_over_side_db(result, name), None, 0))
    fig, panes = panels(1.45 * len(rows), len(rows), sharex=True)
    for axes, (title, y, limit, better) in zip(panes, rows, strict=True):
        over_band(result, name, axes, [curve(f, y)], label=axes is panes[-1])
        axes.set_title(title, fontsize=9)
        low, high = float(y.min()), float(y.max())
        if limit is not None:
            low, high = min(low, limit), max(high, limit)
            limit_line(axes, limit, f"at {'least' if better > 0 else 'most'} {limit:g} dB", above=better > 0)
        axes.set_ylim(max(low, high - 40) - 2, high + 2)
    return fig


def say_costs(result: Result, name: str) -> str:
    """Effort and white-noise gain."""
    n = result.scalars[name].values
    return (
        f"{band_words(result, name)} the effort is at most {n['largest_effort_db']:.1f} dB and the white-noise gain at least"
        f" {n['least_white_noise_gain_db']:.1f} dB"
    )


def front_over_side_db(result: Result, name: str) -> Real:
    """Mean power within FRONT_DEG of the look direction, or of the listener, over that from there to 180° - FRONT_DEG, (F,)."""
    scene, table = drawn_circle(result), result.channels[name].table
    x, y, _ = result.problem.listener.position_m
    aim = table.look_deg or 0.0 if table.is_beam else float(np.degrees(np.arctan2(y, x)))
    away = np.abs((scene.azimuth_deg - aim + 180) % 360 - 180)
    w = response(result.taps[name], scene.frequency_hz, result.problem.sample_rate_hz)
    power = np.abs(pressure(scene.circle(), w)) ** 2
    side = (away > FRONT_DEG) & (away < 180 - FRONT_DEG)
    return db(ratio(power[:, away <= FRONT_DEG].mean(axis=1), power[:, side].mean(axis=1)))


def tone_db(result: Result, name: str) -> tuple[Real, Real, Real]:
    """Frequencies of the figures (F,), level at the bright points over the plain driver's (F,), and the same in third octaves."""
    channel, scene = result.channels[name], drawn_scene(result)
    level = Realised(channel.table, result.taps[name], channel.plain, scene).tone_db
    return scene.frequency_hz, level, third_octaves_db(scene.frequency_hz, level)


def third_octaves_db(frequency_hz: Real, level_db: Real) -> Real:
    """Mean power within a third of an octave around each frequency, on frequencies in equal ratios."""
    octaves = np.log2(frequency_hz)
    near = np.abs(octaves[:, None] - octaves) <= 1 / 6
    return db((near @ 10 ** (level_db / 10)) / near.sum(axis=1))


def draw_tone(result: Result, name: str) -> Figure:
    """Level at the bright points, of the channel over its plain driver's: as it is, and smoothed to third octaves."""
    f, level, smooth = tone_db(result, name)
    table = result.channels[name].table
    fig, (axes,) = panels(2.8)
    title = f"Magnitude deviation {'in the look direction' if table.kind == 'beamformer' else 'at the ipsilateral ear'}"
    curves = [curve(f, level, "realised", COLOURS[5], 1.1), curve(f, smooth, "1/3 octave", linewidth=2)]
    handles = over_band(result, name, axes, curves, title=title, unit="dB re plain driver")
    axes.axhline(0, color=INK, linewidth=1, linestyle=DOTTED)
    most = float(np.clip(np.abs(smooth).max() + 1, 3.0, LARGEST_DB))
    axes.set_ylim(-most, most)
    below(fig, handles, 2)
    return fig


def say_tone(result: Result, name: str) -> str:
    """Where the smoothed tone is furthest off."""
    f, _, smooth = tone_db(result, name)
    heard = (f >= 100) & (f <= 16_000) & result.channels[name].plain.crossover.plays(f)
    at = int(np.argmax(np.where(heard, np.abs(smooth), 0.0)))
    return (
        f"smoothed to third octaves, the level differs from plain playback by {abs(smooth[at]):.1f} dB at most, at"
        f" {hz(float(f[at]))}"
    )


def draw_tolerance(result: Result, name: str) -> Figure:
    """The 5th to 95th percentile over the draws, their median, and the device without any error."""
    tolerance, table = result.tolerances[name], result.problem.tolerance
    f, (low, middle, high) = tolerance.frequency_hz, tolerance.percentiles_db
    fig, (axes,) = panels(3.2)
    handles = [span(axes, f, low, high, f"{table.draws:,} draws, 5–95 %")]
    title = (
        f"Tolerances: {table.gain_db:g} dB, {table.phase_deg:g}°, {table.position_m * 1e3:g} mm,"
        f" {table.temperature_c:g} °C, head {table.head_radius_m * 1e3:g} mm"
    )
    curves = [curve(f, middle, "their median", linewidth=1.8)]
    curves.append(curve(f, tolerance.nominal_db, "without errors", INK, 1.2, linestyle=STYLES[1]))
    handles += over_band(result, name, axes, curves, title=title, unit=LINE)
    axes.set_ylim(min(0.0, float(low.min()) - 1), min(60.0, max(12.0, float(high.max()) + 3)))
    below(fig, handles, 3)
    return fig


def say_tolerance(result: Result, name: str) -> str:
    """Percentiles of the mean gain."""
    n = result.robustness(name)
    return (
        f"the mean gain is {n['tolerance_median_db']:.1f} dB in the median and"
        f" {n['tolerance_5th_percentile_db']:.1f} and {n['tolerance_1st_percentile_db']:.1f} dB at the 5th and the 1st percentile,"
        f" {n['tolerance_nominal_db']:.1f} dB without errors"
    )


def draw_left_out(result: Result, name: str) -> Figure:
    """Cancellation gain of filters designed on every second direction: at that half, and at the directions left out."""
    table, heads = result.channels[name].table, result.left_out[name]
    fig, (axes,) = panels(3.1)
    curves, top = [], 12.0
    for n, (head, gains) in enumerate(heads.items()):
        of = f", {shortened(Path(head).name)}" if len(heads) > 1 else ""
        f = np.maximum(gains.frequency_hz, 1e-3)
        curves += [
            curve(f, gains.predicted_db, f"predicted{of}", COLOURS[2 * n % 8], 2),
            curve(f, gains.measured_db, f"measured at the directions left out{of}", COLOURS[(2 * n + 1) % 8], 1.3,
                  linestyle=LOOSE),
        ]  # fmt: skip
        top = max(
            top, *(float(level_db[gains.in_band].max()) + 4 for level_db in (gains.predicted_db, gains.measured_db))
        )
    if table.cancellation_gain_db is not None:
        f = np.geomspace(lowest_hz(table.band_hz), table.band_hz[1], 100)
        curves.append(target_curve(f, curve_db(table.cancellation_gain_db, f)))
    title = (
        f"Designed on half of the head's directions, judged on the other half: within {_apart_db(result, name):.1f} dB"
    )
    handles = over_band(result, name, axes, curves, title=title, unit=LINE)
    axes.set_ylim(-6, min(top, 60))
    below(fig, handles, 3)
    return fig


def _apart_db(result: Result, name: str) -> float:
    return max(gains.largest_difference_db for gains in result.left_out[name].values())


def say_left_out(result: Result, name: str) -> str:
    """How far prediction and measurement are apart."""
    return f"prediction and measurement are at most {_apart_db(result, name):.1f} dB apart in the band"
