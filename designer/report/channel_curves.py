"""A channel's curves over frequency: gain against its target, filters, costs, tone, gain over drawn devices and left-out directions."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from designer import measures
from designer.arrays import Bool, Real
from designer.evaluation.outcomes import hz
from designer.evaluation.programmes import bright_names
from designer.measures import amplitude_db, db, lowest_hz, pressure, ratio
from designer.metrics import CURVES, Realised
from designer.problem.explain import hold_phrase
from designer.problem.frequency_grid import shown_band_hz
from designer.problem.messages import enumeration
from designer.problem.schema import DesignTable, Driver, Problem
from designer.realization import response
from designer.report.figure_data import (
    DASHES,
    Axis,
    Curves,
    Figure,
    Limit,
    Line,
    Shortfall,
    axis,
    curves,
    driver_look,
    figure,
    frequency_axis,
    line,
    shortened,
)
from designer.report.grids import drawn_circle, drawn_heads, drawn_metrics, drawn_reach, drawn_scene
from designer.requirements.channel_target import bright_place_m
from designer.requirements.curves import curve_db, in_band
from designer.requirements.slacks import SLACK_TOLERANCE_DB
from designer.result import Result

FRONT_DEG = 45.0
MOST_IN_A_COLUMN = 5
"""Ratios over frequency that stand above each other; more take two columns."""
LARGEST_DB = 15.0
MOST_HEADROOM_DB = 6.0
"""How much further an axis may go than the curves in their bands: to show where reach ends, or the curves outside."""
GAIN = "Cancellation gain in dB"
SPAN_COLOUR = 5


def over_band(
    result: Result, name: str, y: Axis, lines: Iterable[Line], *, title: str = "", place: Sequence[int] = (0, 0),
    **more: Any,
) -> Curves:  # fmt: skip
    """Curves over what the frequency axes show, with the channel's band."""
    x, band_hz = frequency_axis(shown_band_hz(result.problem)), list(result.channels[name].table.band_hz)
    return curves(x, y, lines, title=title, place=place, band_hz=band_hz, **more)


def ends_in_bands(curves_in_bands: Iterable[tuple[Real, Real, Sequence[float]]]) -> tuple[float, float]:
    """Least and largest of curves, each frequencies (F,), values (F,) and its band, for an axis: whole in the bands.

    Outside of its band a curve may spike where nothing is asked of it: there the axis follows it by MOST_HEADROOM_DB at most. Both NaN
    where no curve has a value in its band.
    """
    inside, outside = list[Real](), list[Real]()
    for f, values, band_hz in curves_in_bands:
        known, is_inside = np.isfinite(values), in_band(f, list(band_hz))
        inside.append(values[known & is_inside])
        outside.append(values[known & ~is_inside])
    all_inside = np.concatenate([np.empty(0), *inside])
    if not all_inside.size:
        return float("nan"), float("nan")
    low, high = float(all_inside.min()), float(all_inside.max())
    beyond = np.clip(np.concatenate([np.empty(0), *outside]), low - MOST_HEADROOM_DB, high + MOST_HEADROOM_DB)
    return float(beyond.min(initial=low)), float(beyond.max(initial=high))


def target_line(x: Real, y: Real, name: str = "target") -> Line:
    """Target, dotted everywhere."""
    return line(x, y, name, color="ink", dash="dot", width=1.3)


def shortfall(x: Real, low: Real, high: Real, where: Bool) -> Shortfall:
    """Lack between two curves, from each place to its neighbours: a lone one has no area."""
    near = where | np.append(where[1:], False) | np.append(False, where[:-1])
    low, high = (np.where(near, edge, np.nan) for edge in (np.minimum(low, high), high))
    return {"name": "missed", "x": x, "low": low, "high": high}


def band_words(result: Result, name: str) -> str:
    """The channel's band."""
    low, high = result.channels[name].table.band_hz
    return f"from {hz(low)} to {hz(high)}"


def gain_figure(result: Result, name: str) -> Figure:
    """Cancellation gain, its target, the worst point, each head of a list alone, what is left when the head moves, and the reach."""
    channel, table = result.channels[name].table, drawn_metrics(result, name)
    f, gain, worst, target, slack = (
        table[key]
        for key in ("frequency_hz", "cancellation_gain_db", "worst_cancellation_gain_db", "target_db", "slack_db")
    )
    beam, has_target = channel.is_beam, bool(np.isfinite(target).any())
    top = max(float(gain[np.isfinite(slack)].max()), float(np.nanmax(target, initial=0.0))) + 4
    spans = []
    shifted = result.moved_heads.get(name)
    if shifted is not None:
        low, high = np.percentile(shifted.gain_db, [5, 95], axis=0)
        shown = {"x": shifted.frequency_hz, "low": low, "high": high, "color": SPAN_COLOUR}
        spans.append({"name": "head moved, 5–95 %", **shown})
        top = max(top, min(top + 8, float(high.max()) + 1))
    top = min(max(top, 12), 60)
    heads = drawn_heads(result).get(name, {})
    lines = []
    for n, (head, values) in enumerate(heads.items()):
        look: dict[str, Any] = {"color": (2, 3, 4, 7)[n % 4], "dash": DASHES[(n + n // 4) % 4], "width": 1.2}
        lines.append(line(f, values, shortened(Path(head).name), **look))
    lines.append(line(f, gain, "realised, all heads" if heads else "realised", width=2, metric="cancellation_gain_db"))
    # Above the mean, which it may run along.
    lines.append(line(f, worst, "worst azimuth" if beam else "worst of the cloud", color=1, dash="dash", width=1.1,
                      metric="worst_cancellation_gain_db"))  # fmt: skip
    if has_target:
        lines.append(target_line(f, target) | {"metric": "target_db"})
    reach = drawn_reach(result, name)
    bottom = max(min(0.0, float(worst.min()) - 1), -12)
    if reach is not None:
        reach_hz, reach_db = reach
        top = max(top, min(float(reach_db.min()) + 3, top + MOST_HEADROOM_DB, 60))
        if reach_db.min() < top:
            ceiling = {"low": np.clip(reach_db, bottom, top), "high": np.full(reach_hz.size, float(top))}
            spans.insert(0, {"name": "beyond reach", "x": reach_hz, **ceiling, "color": "soft", "opacity": 0.2})
    subject = "on axis over the nulls' arcs" if beam else gain_subject(channel, result.problem)
    y = axis(GAIN, "dB", bottom, top)
    title = f"Cancellation gain: {subject}"
    missed = missed_curve(result, name, f, gain)
    return figure([over_band(result, name, y, lines, title=title, spans=spans, shortfalls=missed)], 3.4)


def gain_subject(table: DesignTable, problem: Problem) -> str:
    """Bright over dark points of an ear, of a listener by name where there are several, or of a zone."""
    if table.is_ear:
        names = bright_names(table, problem)
        return f"{table.ear} ear{f' of {names[0]}' if names else ''} over the contralateral one"
    return f"{enumeration(table.bright or [])} over {enumeration(table.dark or [])}"


def missed_curve(result: Result, name: str, drawn_hz: Real, gain_db: Real) -> list[Shortfall]:
    """Where the curve is missed as it is asked for, at one frequency of the verdict too, between two that are drawn; none where it is met.

    From the target down to the gain, or by as much as `hold` misses where the mean gain is above the target.
    """
    channel = result.channels[name]
    realised = Realised(channel.table, result.taps[name], channel.plain, result.fine_scene)
    missed_db, f = realised.missed_db.get("cancellation_gain_db"), realised.band[0].frequency_hz
    if missed_db is None or channel.table.cancellation_gain_db is None or not (missed_db > SLACK_TOLERANCE_DB).any():
        return []
    short = np.concatenate([[False], missed_db > SLACK_TOLERANCE_DB, [False]])
    ends = short[1:-1] & ~(short[2:] & short[:-2])
    known_hz, first = np.unique(np.concatenate([drawn_hz, f[ends]]), return_index=True)
    ends_db = measures.db(
        measures.cancellation_gain(realised.band[0].bright, realised.band[0].own_dark, realised.band[1])
    )[ends]
    x = known_hz[in_band(known_hz, channel.table.band_hz)]
    gain_db = np.interp(x, known_hz, np.concatenate([gain_db, ends_db])[first])
    target_db, lacking_db = curve_db(channel.table.cancellation_gain_db, x), np.interp(x, f, missed_db)
    return [shortfall(x, np.minimum(gain_db, target_db - lacking_db), target_db, lacking_db > SLACK_TOLERANCE_DB)]


def say_gain(result: Result, name: str) -> str:
    """Mean, least, and with the head moved."""
    n = result.scalars[name].values
    shifted = (
        f"; with the head moved, half of the gains are above {n['moved_head_median_db']:z.1f} dB, 95 % above"
        f" {n['moved_head_5th_percentile_db']:z.1f} dB and 99 % above {n['moved_head_1st_percentile_db']:z.1f} dB"
        if "moved_head_median_db" in n
        else ""
    )
    hold = hold_phrase(result.channels[name].table, result.problem.head_places)
    passed = (
        f". Beyond reach is the gain {hold}, and a head that moved may pass it"
        if shifted and drawn_reach(result, name)
        else ""
    )
    places = "azimuths of the arcs" if result.channels[name].table.is_beam else "places of the head"
    return (
        f"{band_words(result, name)} the realised gain is {n['mean_cancellation_gain_db']:z.1f} dB in the mean and"
        f" {n['least_cancellation_gain_db']:z.1f} dB at least over the {places} together, and"
        f" {n['least_worst_cancellation_gain_db']:z.1f} dB at least at any one{shifted}{passed}"
    )


def response_figure(result: Result, name: str) -> Figure:
    """Magnitude of each driver's realised filter."""
    f, taps, drivers = drawn_scene(result).frequency_hz, result.taps[name], result.problem.drivers
    level = amplitude_db(response(taps, f, result.problem.sample_rate_hz))
    used = [l for l in range(len(drivers)) if taps[l].any()]
    peak = max((float(level[:, l].max()) for l in used), default=-200.0)
    top, bounds = gain_limits(drivers, peak)
    lines = [line(f, level[:, l], shortened(drivers[l].name), **driver_look(l)) for l in used]
    title = "Filters by driver; 0 dB: the channel unchanged"
    return figure(
        [over_band(result, name, axis("Gain in dB", "dB", top - 44, top), lines, title=title, limits=bounds)], 3.2
    )


def gain_limits(drivers: Sequence[Driver], peak_db: float) -> tuple[float, list[Limit]]:
    """Upper end of the axis of drivers' gains, and the limits of these below it."""
    limits = {driver.max_gain_db for driver in drivers if driver.max_gain_db is not None}
    top_db = max([peak_db, *(limit for limit in limits if limit < peak_db + 15)]) + 4
    return top_db, [{"y": limit, "text": f"limit {limit:g} dB"} for limit in sorted(limits) if limit < top_db]


def say_response(result: Result, name: str) -> str:
    """The largest gain of a driver."""
    return f"the loudest filter has a gain of {result.scalars[name].values['largest_driver_gain_db']:z.1f} dB"


def costs_figure(result: Result, name: str) -> Figure:
    """Cost of the gain, and the power to the front over that to the sides, each with its limit."""
    table, values = result.channels[name].table, drawn_metrics(result, name)
    f, band_hz = values["frequency_hz"], table.band_hz
    rows = [
        (
            metric.label,
            values[metric.name],
            getattr(table, metric.limit) if metric.limit else None,
            metric.better,
            metric.name,
        )
        for metric in CURVES
        if metric.better and "page" in metric.on and "cancellation_gain" not in metric.name and metric.name in values
    ]
    front = f"Power within {FRONT_DEG:g}° of the aim over that to its sides"
    rows.append((front, front_over_side_db(result, name), None, 0, ""))
    panels, high_rows = [], len(rows) if len(rows) <= MOST_IN_A_COLUMN else -(-len(rows) // 2)
    for row, (title, y, limit, better, metric) in enumerate(rows):
        low, high = ends_in_bands([(f, y, band_hz)])
        limits = []
        if limit is not None:
            low, high = min(low, limit), max(high, limit)
            text = f"at {'least' if better > 0 else 'most'} {limit:g} dB"
            limits.append({"y": limit, "text": text, "above": better > 0})
        y_axis = axis("dB", "dB", max(low, high - 40) - 2, high + 2)
        column: dict[str, Any] = {"metric": metric} if metric else {}
        shown = line(f, y, **column)
        place = (row % high_rows, row // high_rows)
        panels.append(over_band(result, name, y_axis, [shown], title=title, place=place, limits=limits))
    return figure(panels, 1.25 * high_rows + 0.4)


def say_costs(result: Result, name: str) -> str:
    """Effort, white-noise gain and isolation, where other listeners are dark."""
    n = result.scalars[name].values
    isolation = f", the isolation at least {n['least_isolation_db']:z.1f} dB" if "least_isolation_db" in n else ""
    return (
        f"{band_words(result, name)} the effort is at most {n['largest_effort_db']:z.1f} dB and the white-noise gain at least"
        f" {n['least_white_noise_gain_db']:z.1f} dB{isolation}"
    )


def front_over_side_db(result: Result, name: str) -> Real:
    """Mean power within FRONT_DEG of the look direction, or of the listener, over that from there to 180° - FRONT_DEG, (F,)."""
    scene, table = drawn_circle(result), result.channels[name].table
    x, y, _ = bright_place_m(table, result.problem)
    aim = table.look_deg or 0.0 if table.is_beam else float(np.degrees(np.arctan2(y, x)))
    away = np.abs((scene.azimuth_deg - aim + 180) % 360 - 180)
    w = response(result.taps[name], scene.frequency_hz, result.problem.sample_rate_hz)
    power = np.abs(pressure(scene.circle(), w)) ** 2
    side = (away > FRONT_DEG) & (away < 180 - FRONT_DEG)
    return db(ratio(power[:, away <= FRONT_DEG].mean(axis=1), power[:, side].mean(axis=1)))


def tone_db(result: Result, name: str) -> tuple[Real, Real, Real]:
    """Frequencies of the figures (F,), level at the bright points over plain playback's (F,), and the same in third octaves."""
    channel, scene = result.channels[name], drawn_scene(result)
    level = Realised(channel.table, result.taps[name], channel.plain, scene).tone_db
    return scene.frequency_hz, level, third_octaves_db(scene.frequency_hz, level)


def third_octaves_db(frequency_hz: Real, level_db: Real) -> Real:
    """Mean power within a third of an octave around each frequency, on frequencies in equal ratios."""
    octaves = np.log2(frequency_hz)
    near = np.abs(octaves[:, None] - octaves) <= 1 / 6
    return db((near @ 10 ** (level_db / 10)) / near.sum(axis=1))


def tone_figure(result: Result, name: str) -> Figure:
    """Level at the bright points, of the channel over plain playback's: as it is, and smoothed to third octaves."""
    f, level, smooth = tone_db(result, name)
    table = result.channels[name].table
    where = (
        "in the look direction"
        if table.is_beam
        else "at the ipsilateral ear"
        if table.is_ear
        else "at the bright points"
    )
    title = f"Magnitude deviation {where}"
    most = float(np.clip(np.abs(smooth).max() + 1, 3.0, LARGEST_DB))
    lines = [
        line(f, level, "realised", color=1, width=1.1),
        line(f, smooth, "1/3 octave", color="ink", dash="dash", width=2),
    ]
    y = axis("dB re plain playback", "dB", -most, most)
    return figure([over_band(result, name, y, lines, title=title, limits=[{"y": 0.0, "text": ""}])], 2.8)


def say_tone(result: Result, name: str) -> str:
    """Where the smoothed tone is furthest off."""
    f, _, smooth = tone_db(result, name)
    heard = (f >= 100) & (f <= 16_000) & result.channels[name].plain.crossover.plays(f)
    at = int(np.argmax(np.where(heard, np.abs(smooth), 0.0)))
    return (
        f"smoothed to third octaves, the level differs from plain playback by {abs(smooth[at]):z.1f} dB at most, at"
        f" {hz(float(f[at]))}"
    )


def tolerance_figure(result: Result, name: str) -> Figure:
    """The 5th to 95th percentile over the draws, their median, and the device without any error."""
    tolerance, table = result.tolerances[name], result.problem.tolerance
    f, (low, middle, high) = tolerance.frequency_hz, tolerance.percentiles_db
    title = (
        f"Tolerances: {table.gain_db:g} dB, {table.phase_deg:g}°, {table.position_m * 1e3:g} mm,"
        f" {table.temperature_c:g} °C, head {table.head_radius_m * 1e3:g} mm"
    )
    lines = [
        line(f, middle, "median", width=1.8),
        line(f, tolerance.nominal_db, "without errors", color="ink", dash="dash", width=1.2),
    ]
    y = axis(GAIN, "dB", min(0.0, float(low.min()) - 1), min(60.0, max(12.0, float(high.max()) + 3)))
    spans = [{"name": f"{table.draws:,} draws, 5–95 %", "x": f, "low": low, "high": high, "color": SPAN_COLOUR}]
    return figure([over_band(result, name, y, lines, title=title, spans=spans)], 3.2)


def say_tolerance(result: Result, name: str) -> str:
    """Percentiles of the mean gain."""
    n = result.robustness(name)
    return (
        f"with the head in its place the mean gain is {n['tolerance_median_db']:z.1f} dB in the median and"
        f" {n['tolerance_5th_percentile_db']:.1f} and {n['tolerance_1st_percentile_db']:z.1f} dB at the 5th and the 1st percentile,"
        f" {n['tolerance_nominal_db']:z.1f} dB without errors"
    )


def left_out_figure(result: Result, name: str) -> Figure:
    """Cancellation gain of filters designed on every second direction: at that half, and at the directions left out."""
    table, heads = result.channels[name].table, result.left_out[name]
    lines, top = [], 12.0
    for n, (head, gains) in enumerate(heads.items()):
        of = f", {shortened(Path(head).name)}" if len(heads) > 1 else ""
        f = np.maximum(gains.frequency_hz, 1e-3)
        lines.append(line(f, gains.predicted_db, f"predicted{of}", color=2 * n, width=2))
        words = f"measured at the directions left out{of}"
        lines.append(line(f, gains.measured_db, words, color=2 * n + 1, dash="dash", width=1.3))
        tops = (float(level_db[gains.in_band].max()) + 4 for level_db in (gains.predicted_db, gains.measured_db))
        top = max(top, *tops)
    if table.cancellation_gain_db is not None:
        f = np.geomspace(lowest_hz(table.band_hz), table.band_hz[1], 100)
        lines.append(target_line(f, curve_db(table.cancellation_gain_db, f)))
    title = (
        f"Designed on half of the head's directions, judged on the other half: within {_apart_db(result, name):z.1f} dB"
    )
    return figure([over_band(result, name, axis(GAIN, "dB", -6, min(top, 60)), lines, title=title)], 3.1)


def _apart_db(result: Result, name: str) -> float:
    return max(gains.largest_difference_db for gains in result.left_out[name].values())


def say_left_out(result: Result, name: str) -> str:
    """How far prediction and measurement are apart."""
    return f"prediction and measurement are at most {_apart_db(result, name):z.1f} dB apart in the band"
