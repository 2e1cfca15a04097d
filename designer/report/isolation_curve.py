"""A channel's isolation from each other listener and place over frequency, on top of its page, with the curves that were asked for."""

from __future__ import annotations

from typing import Any

import numpy as np

from designer import measures
from designer.metrics import Realised
from designer.problem.messages import enumeration
from designer.report.channel_curves import SPAN_COLOUR, band_words, over_band, shortfall, target_line
from designer.report.figure_data import (
    DASHES,
    Figure,
    Line,
    axis,
    figure,
    line,
    shortened,
)
from designer.report.grids import drawn_scene
from designer.requirements.curves import curve_db, in_band
from designer.requirements.dark_points import LABEL, dark_curve
from designer.requirements.slacks import SLACK_TOLERANCE_DB
from designer.result import Result

HEADROOM_DB, MOST_DB, LEAST_DB = 4.0, 60.0, -6.0
COLOURS = (0, 2, 3, 4, 7)


def has_isolation(result: Result, name: str) -> bool:
    """Whether a channel is dark for others, and its gain is not that over them already: a zone's gain over its only dark name is."""
    table = result.channels[name].table
    return bool(table.dark) and (table.is_ear or len(table.dark or ()) > 1 or table.cancellation_gain_db is None)


def isolation_figure(result: Result, name: str) -> Figure:
    """Power at the bright points over that at each dark listener and place, its curve, heads moved, and third octaves in the room."""
    channel, scene = result.channels[name], drawn_scene(result)
    table, f = channel.table, scene.frequency_hz
    realised, inside = Realised(table, result.taps[name], channel.plain, scene), in_band(f, table.band_hz)
    judged = Realised(table, result.taps[name], channel.plain, result.fine_scene)
    target, dark, judged_hz = realised.target, list(table.dark or ()), judged.band[0].frequency_hz
    bright = measures.mean_power(target.bright, realised.w)
    lines, spans, missed, in_the_band = list[Line](), list[Any](), list[Any](), list[float]()
    for n, (other, group) in enumerate(zip(dark, target.dark_groups, strict=True)):
        isolation_db = measures.db(measures.ratio(bright, measures.mean_power(group.points, realised.w)))
        words = "realised" if len(dark) == 1 else f"over {shortened(other, 24)}"
        look: dict[str, Any] = {"color": COLOURS[n % len(COLOURS)], "dash": DASHES[n // len(COLOURS) % len(DASHES)]}
        lines.append(line(f, isolation_db, words, width=2, **look))
        in_the_band += [float(isolation_db[inside].min()), float(isolation_db[inside].max())]
        points = dark_curve(table, other)
        if points is not None:
            asked_db = np.where(inside, curve_db(points, f), np.nan)
            words = "target" if len(dark) == 1 else f"target over {shortened(other, 24)}"
            lines.append(target_line(f, asked_db, words) | {"color": "ink" if len(dark) == 1 else look["color"]})
            in_the_band.append(float(np.nanmax(asked_db)))
            lacking_db = np.interp(f, judged_hz, judged.missed_db[LABEL.format(other)])
            short = inside & (lacking_db > SLACK_TOLERANCE_DB)
            if short.any():  # as the verdict has it, at its frequencies
                missed.append(shortfall(f, np.minimum(isolation_db, asked_db - lacking_db), asked_db, short))
    moved = result.moved_heads.get(name)
    if moved is not None and moved.isolation_db is not None and len(dark) == 1:
        low, high = np.percentile(moved.isolation_db, [5, 95], axis=0)
        spans.append(
            {"name": "heads moved, 5–95 %", "x": moved.frequency_hz, "low": low, "high": high, "color": SPAN_COLOUR}
        )
        in_the_band.append(min(float(high.max()), max(in_the_band) + HEADROOM_DB))
    room = result.room_isolation.get(name)
    if room is not None:
        look = {"color": 1, "marker": "circle", "width": 1.2}
        lines.append(line(room.middle_hz, room.isolation_db, "in the room, third octaves", **look))
        in_the_band.append(float(room.isolation_db.min()))
    y = axis(
        "Isolation in dB",
        "dB",
        max(min(0.0, min(in_the_band) - 1), LEAST_DB),
        min(max(in_the_band) + HEADROOM_DB, MOST_DB),
    )
    whose = (
        f"{table.ear} ear of {table.listener or result.problem.listeners[0].name}"
        if table.is_ear and result.problem.listeners
        else name
    )
    title = f"Isolation: {whose} over {enumeration(dark)}"
    return figure([over_band(result, name, y, lines, title=title, spans=spans, shortfalls=missed)], 3.4)


def say_isolation(result: Result, name: str) -> str:
    """Mean and least in the band, in the room where there is one, and that it ends with the band."""
    n, dark = result.scalars[name].values, result.channels[name].table.dark or ()
    room = result.room_isolation.get(name)
    in_room = (
        "in free field; [room] judges it with a room's reflections, which reach all listeners"
        if room is None
        else f"in free field, and {room.mean_db:z.1f} dB in the mean in the room, whose reflections reach all listeners"
    )
    return (
        f"{band_words(result, name)} {n['mean_isolation_db']:z.1f} dB over {enumeration(list(dark))} in the mean and"
        f" {n['least_isolation_db']:z.1f} dB at least {in_room}. It ends with the band: elsewhere plain playback reaches all listeners"
    )
