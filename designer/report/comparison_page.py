"""The comparison page: one self-contained HTML file; who is best at what on top, then each channel's numbers and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from designer.comparison.entry import ALL_UP_TO, Entry, SharedChannel, chosen_entries
from designer.comparison.key_differences import key_differences
from designer.comparison.numbers import Row, scalar_rows
from designer.report.canvas import svg
from designer.report.comparison_figures import extremes
from designer.report.figure_data import design_look
from designer.report.figures import Picture
from designer.report.schemes import THEMED, css, in_page, template

LONGEST_VALUE = 120
FEW_KEYS = 40
MOST_COLUMNS = 8
"""Designs whose tables fit a sheet of A4 as they are; those of more are set smaller, in columns of one width."""
HEADLINES = (
    ("moved_head_5th_percentile_db", "with the head moved, the 5th percentile of the gain is"),
    ("mean_cancellation_gain_db", "the mean gain over the band is"),
)


@dataclass(frozen=True)
class Facts:
    """Content of the page besides numbers and figures."""

    title: str
    notes: Sequence[str]
    versions: dict[str, str]
    command: str


def render(
    entries: Sequence[Entry],
    channels: Sequence[SharedChannel],
    pictures: Mapping[str, Picture],
    facts: Facts,
    show: Sequence[str],
) -> str:
    """The page as HTML."""
    chosen_numbers = {channel.numbers[i] for channel in channels for i in chosen_entries(channel, show)}
    rows = {channel.name: scalar_rows(channel) for channel in channels}
    shown = {name: Markup(in_page(svg(picture.draw()), name)) for name, picture in pictures.items()}  # not input
    sections = []
    for channel in channels:
        channel_pictures = [
            (name, shown[name], picture.says())
            for name, picture in pictures.items()
            if picture.subject[0].channel is channel
        ]
        columns = list(zip(channel.numbers, (entry.label for entry in channel.entries), strict=True))
        band = "{:g} to {:g} Hz".format(*channel.band_hz)
        words = {"name": channel.name, "aim": channel.aim, "band": band}
        sections.append({**words, "columns": columns, "rows": rows[channel.name], "pictures": channel_pictures})
    return template("comparison.html").render(
        facts=facts,
        schemes=Markup(css()),
        many=len(entries) > ALL_UP_TO,
        sentences=[sentence(channel, rows[channel.name]) for channel in channels],
        designs=[_design(number, entry, number in chosen_numbers) for number, entry in enumerate(entries)],
        channels=sections,
        keys=[
            (key, [value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…" for value in values])
            for key, values in key_differences([entry.problem for entry in entries])
        ],
        few_keys=FEW_KEYS,
        most_columns=MOST_COLUMNS,
    )


def sentence(channel: SharedChannel, rows: Sequence[Row]) -> str:
    """Which design is best and worst at what the channel is for: the head moved for an ear, the mean for a beam."""
    labels = [entry.label for entry in channel.entries]
    for key, words in HEADLINES:
        values = next((row.values_db for row in rows if row.key == key), ())
        ranking = extremes(labels, values, "highest", "lowest") if values else ""
        if ranking:
            return f"{channel.name}: {words} {ranking}."
    return f"{channel.name}: nothing to rank."


def _design(number: int, entry: Entry, checked: bool) -> dict[str, Any]:
    result = entry.result
    short = [name for name, channel in result.channels.items() if not channel.feasible]
    taps, latency = f"{result.problem.realization.form}, {next(iter(result.taps.values())).shape[1]} taps", "–"
    if not entry.is_played:
        latency = f"{result.bulk_delay_samples / result.problem.sample_rate_hz * 1e3:.2f} ms"
    return {
        "number": number,
        "label": entry.label,
        "title": entry.problem.title,
        "source": entry.source,
        "measured": entry.measured,
        "methods": ", ".join(f"{name} {channel.method}" for name, channel in result.channels.items()),
        "outcome": f"missed by the weights: {', '.join(short)}" if short else "met by the weights",
        "taps": "as in the device" if entry.is_played else taps,
        "latency": latency,
        "checked": checked,
        "swatch": swatch(number),
    }


def swatch(number: int) -> Markup:
    """A short piece of a design's curve, with its colour, dash and marker, for the page's own list."""
    from matplotlib.markers import MarkerStyle

    from designer.report.canvas import DASHES, MARKERS, paint

    look = design_look(number)
    colour = f"var(--{THEMED[paint(look['color']).lower()]})"
    dashes = "" if look["dash"] == "solid" else " ".join(f"{1.8 * d:g}" for d in DASHES[look["dash"]][1])
    dash = f' stroke-dasharray="{dashes}"' if dashes else ""
    marker = MarkerStyle(MARKERS[look["marker"]])
    corners = np.asarray(marker.get_path().transformed(marker.get_transform()).to_polygons()[0], dtype=float)
    points = " ".join(f"{17 + 7 * x:.2f},{6 - 7 * y:.2f}" for x, y in corners.tolist())
    return Markup(
        '<svg class="swatch" width="34" height="12" viewBox="0 0 34 12" aria-hidden="true">'
        f'<line x1="1" y1="6" x2="33" y2="6" stroke="{escape(colour)}" stroke-width="2"{dash}/>'
        f'<polygon points="{points}" fill="{escape(colour)}"/></svg>'
    )
