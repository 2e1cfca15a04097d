"""Live curves as figures: what a judged design's panels show, of ideal weights on the coarse grid, dashed and named so."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from designer.arrays import Real
from designer.measures import amplitude_db
from designer.metrics import BY_NAME
from designer.problem import geometry
from designer.problem.frequency_grid import shown_band_hz
from designer.problem.schema import DesignTable, Problem
from designer.report.channel_curves import GAIN, LARGEST_DB, gain_limits, target_line
from designer.report.channel_maps import HIGHEST_DB, azimuth_map, level_steps, polar
from designer.report.figure_data import (
    Axis,
    Curves,
    Figure,
    Limit,
    Line,
    Sector,
    Span,
    axis,
    curves,
    driver_look,
    figure,
    frequency_axis,
    line,
    shortened,
)
from designer.studio.live import LiveChannel
from designer.studio.messages import Number, PanelName

IDEAL = "ideal weights"
MOST_GAIN_DB = 60.0
SHADED_DB = 100.0
"""Upper end of the shading of gains beyond reach: above every axis of gain."""
RANGE_DB = 44.0
"""Height of the axis of drivers' gains, as of a judged design's."""


def live_figures(channel: LiveChannel) -> dict[PanelName, Figure]:
    """The panels that ideal weights have: all but the impulse responses."""
    return {
        "gain": _gain(channel),
        "effort": _effort(channel),
        "map": _map(channel),
        "polar": polar_figure(channel.problem, channel.table),
        "ear": _ear(channel),
    }


def _over_band(
    channel: LiveChannel, y: Axis, lines: Iterable[Line], title: str, *, row: int = 0, spans: Iterable[Span] = (),
    limits: Iterable[Limit] = (),
) -> Curves:  # fmt: skip
    x, band_hz = frequency_axis(shown_band_hz(channel.problem)), list(channel.table.band_hz)
    return curves(x, y, lines, title=title, place=(row, 0), band_hz=band_hz, spans=list(spans), limits=list(limits))


def _gain(channel: LiveChannel) -> Figure:
    """Gain at the mean and at the worst point, the target, and the ceiling of what the limits allow."""
    f, gain, worst = (
        channel.frequency_hz,
        channel.metric("cancellation_gain_db"),
        channel.metric("worst_cancellation_gain_db"),
    )
    inside = channel.design.in_band
    target = channel.metric("target_db")
    top = float(np.clip(max(gain[inside].max(), np.nanmax(target, initial=0.0)) + 4, 12, MOST_GAIN_DB))
    bottom = max(min(0.0, float(worst.min()) - 1), -12.0)
    lines = [
        line(f, gain, IDEAL, dash="dash", width=2, metric="cancellation_gain_db"),
        line(f, worst, "worst point", color=1, dash="dash", width=1.1, metric="worst_cancellation_gain_db"),
    ]
    if channel.has_curve:
        lines.append(target_line(f[inside], target[inside]))
    spans: list[Span] = []
    if channel.ceiling_db is not None:
        low = np.clip(channel.ceiling_db, bottom, SHADED_DB)  # up to the top of whichever axis it is drawn on
        spans = [
            {
                "name": "beyond reach",
                "x": f[inside],
                "low": low,
                "high": np.full(low.size, SHADED_DB),
                "color": "soft",
                "opacity": 0.2,
            }
        ]
    return figure([_over_band(channel, axis(GAIN, "dB", bottom, top), lines, "Cancellation gain", spans=spans)], 3.4)


def _effort(channel: LiveChannel) -> Figure:
    """Effort with its limit, and each driver's gain with the limits of these."""
    f, effort, limit = channel.frequency_hz, channel.metric("effort_db"), channel.table.max_effort_db
    low, high = (
        float(end([effort, np.full_like(effort, effort[0] if limit is None else limit)])) for end in (np.min, np.max)
    )
    bounds: list[Limit] = [] if limit is None else [{"y": limit, "text": f"at most {limit:g} dB", "above": False}]
    y = axis("dB", "dB", max(low, high - 40) - 2, high + 2)
    first = _over_band(
        channel, y, [line(f, effort, IDEAL, dash="dash", width=2)], BY_NAME["effort_db"].label, limits=bounds
    )
    level = amplitude_db(channel.design.weights)
    drivers = channel.problem.drivers
    used = [l for l in range(len(drivers)) if channel.design.weights[:, l].any()]
    peak = float(level[:, used].max())
    top, shown = gain_limits(drivers, peak)
    gains = [line(f, level[:, l], shortened(drivers[l].name), **driver_look(l) | {"dash": "dash"}) for l in used]
    y = axis("Gain in dB", "dB", top - RANGE_DB, top)
    return figure([first, _over_band(channel, y, gains, "Gain of each driver", row=1, limits=shown)], 4.0)


def _map(channel: LiveChannel) -> Figure:
    azimuth_deg, level_db, reference = channel.level_db()
    levels = level_steps(HIGHEST_DB[channel.table.kind], f"dB re {reference}")
    shown_hz = shown_band_hz(channel.problem)
    panel = azimuth_map(
        channel.frequency_hz, azimuth_deg, level_db, levels, channel.table, shown_hz, title="Level on the circle"
    )
    return figure([panel], 3.7)


def _ear(channel: LiveChannel) -> Figure:
    """Level at the bright points, over plain playback's."""
    level: Real = channel.ideal.tone_db
    most = float(np.clip(np.abs(level).max() + 1, 3.0, LARGEST_DB))
    shown = line(channel.frequency_hz, level, IDEAL, dash="dash", width=2)
    y = axis("dB re plain playback", "dB", -most, most)
    return figure(
        [_over_band(channel, y, [shown], ear_title(channel.table.is_beam), limits=[{"y": 0.0, "text": ""}])], 2.8
    )


def ear_title(is_beam: bool) -> str:
    """Title of the panel of magnitude."""
    return "Magnitude in the look direction" if is_beam else "Magnitude at the ear"


def layout_of(shown: Figure) -> Figure:
    """The layout's drawings one below the other: the scene and the device from above, the device from the side."""
    panels = shown["panels"][:3]
    for row, panel in enumerate(panels):
        panel["place"] = [row, 0, 1, 1]
    return figure(panels, 7.2)


def words_of(values: dict[str, float]) -> list[Number]:
    """Numbers with their labels and units."""
    numbers: list[Number] = []
    for name, value in values.items():
        metric = BY_NAME[name]
        words: Number = {
            "name": name,
            "label": metric.label,
            "value": float(value),
            "text": metric.text(value),
            "definition": metric.definition,
        }
        numbers.append(words)
    return numbers


NULL_COLOUR, WINDOW_COLOUR = 4, 2
OUTER_DB = 6.0


def polar_figure(problem: Problem, table: DesignTable) -> Figure:
    """One polar plot without lines, as wide as the map's levels go."""
    sectors: list[Sector] = [
        {"start_deg": start, "stop_deg": stop, "color": NULL_COLOUR}
        for start, stop in geometry.null_arcs_deg(table.nulls_deg or [], table.null_width_deg)
    ]  # fmt: skip
    if table.window_deg is not None:
        sectors.append({"start_deg": table.window_deg[0], "stop_deg": table.window_deg[1], "color": WINDOW_COLOUR})
    outer_db = max(OUTER_DB, float(HIGHEST_DB[table.kind]))
    return figure([polar([], outer_db, title="", place=(0, 0), sectors=sectors)], 3.4)
