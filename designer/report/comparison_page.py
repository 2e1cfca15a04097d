"""The comparison page: one self-contained HTML file; who is best at what on top, then each channel's numbers and figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from designer.comparison.chosen import ALL_UP_TO, chosen_entries
from designer.comparison.entry import Entry, SharedChannel
from designer.comparison.key_differences import key_differences
from designer.comparison.scalar_table import Row, scalar_rows
from designer.report.comparison_figures import Picture
from designer.report.comparison_style import curve_style
from designer.report.comparison_words import extremes
from designer.report.schemes import THEMED, css, in_page

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
    """What the page says besides numbers and figures."""

    title: str
    notes: Sequence[str]
    versions: dict[str, str]
    command: str


def render(
    entries: Sequence[Entry],
    channels: Sequence[SharedChannel],
    pictures: Sequence[Picture],
    facts: Facts,
    show: Sequence[str],
) -> str:
    """The page as HTML."""
    environment = Environment(
        loader=PackageLoader("designer.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["decibels"] = decibels
    drawn = {i for channel in channels for i in (channel.numbers[c] for c in chosen_entries(channel, show))}
    rows = {channel.name: scalar_rows(channel) for channel in channels}
    return environment.get_template(
        "comparison.html"
    ).render(
        facts=facts,
        schemes=Markup(css()),
        many=len(entries) > ALL_UP_TO,
        sentences=[sentence(channel, rows[channel.name]) for channel in channels],
        designs=[_design(number, entry, channels, number in drawn) for number, entry in enumerate(entries)],
        channels=[
            {
                "name": channel.name,
                "aim": channel.aim,
                "band": "{:g} to {:g} Hz".format(*channel.band_hz),
                "columns": [
                    (number, entry.label) for number, entry in zip(channel.numbers, channel.entries, strict=True)
                ],
                "rows": rows[channel.name],
                "pictures": [
                    (one.name, Markup(in_page(one.text, one.name)), one.message)  # our own figures, not input
                    for one in pictures
                    if one.channel == channel.name
                ],
            }
            for channel in channels
        ],
        keys=[
            (key, [value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…" for value in values])
            for key, values in key_differences([entry.problem for entry in entries])
        ],
        few_keys=FEW_KEYS,
        most_columns=MOST_COLUMNS,
    )


def decibels(value: float, form: str = ".1f") -> str:
    """One decimal; nothing is called minus nothing."""
    return format(round(value, 1) + 0.0, form)


def sentence(channel: SharedChannel, rows: Sequence[Row]) -> str:
    """Which design is best and worst at what the channel is for: the head moved for an ear, the mean for a beam."""
    labels = [entry.label for entry in channel.entries]
    for key, words in HEADLINES:
        values = next((row.values_db for row in rows if row.key == key), ())
        said = extremes(labels, values, "highest", "lowest") if values else ""
        if said:
            return f"{channel.name}: {words} {said}."
    return f"{channel.name}: nothing to rank."


def _design(number: int, entry: Entry, channels: Sequence[SharedChannel], checked: bool) -> dict[str, Any]:
    result = entry.result
    short = [name for name, channel in result.channels.items() if not channel.feasible]
    return {
        "number": number,
        "label": entry.label,
        "title": entry.problem.title,
        "source": entry.source,
        "measured": entry.measured,
        "methods": ", ".join(f"{name} {channel.method}" for name, channel in result.channels.items()),
        "outcome": f"short: {', '.join(short)}" if short else "all reached",
        "taps": "as in the device"
        if entry.is_played
        else f"{result.problem.realization.form}, {next(iter(result.taps.values())).shape[1]} taps",
        "latency": "–"
        if entry.is_played
        else f"{result.bulk_delay_samples / result.problem.sample_rate_hz * 1e3:.2f} ms",
        "checked": checked,
        "swatch": swatch(number),
    }


def swatch(number: int) -> Markup:
    """A short piece of a design's curve, with its colour, dash and marker, for the page's own list."""
    style = curve_style(number)
    colour = f"var(--{THEMED[style['color'].lower()]})"
    dash = (
        ""
        if style["linestyle"] == "-"
        else ' stroke-dasharray="{}"'.format(" ".join(f"{1.8 * d:g}" for d in style["linestyle"][1]))
    )
    return Markup(
        '<svg class="swatch" width="34" height="12" viewBox="0 0 34 12" aria-hidden="true">'
        f'<line x1="1" y1="6" x2="33" y2="6" stroke="{escape(colour)}" stroke-width="2"{dash}/>{_marker(number, colour)}</svg>'
    )


def _marker(number: int, colour: str) -> str:
    """The figures' own marker in the middle of the swatch."""
    from matplotlib.markers import MarkerStyle

    made = MarkerStyle(curve_style(number)["marker"])
    outline = made.get_path().transformed(made.get_transform())
    corners = np.asarray(outline.to_polygons()[0], dtype=float)
    points = " ".join(f"{17 + 7 * x:.2f},{6 - 7 * y:.2f}" for x, y in corners.tolist())
    return f'<polygon points="{points}" fill="{escape(colour)}"/>'
