"""The comparison page: one self-contained HTML file; who is best at what on top, then each channel's numbers and figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from designer.comparison.entry import ALL_UP_TO, Entry, SharedChannel, chosen_entries
from designer.comparison.key_differences import key_differences
from designer.comparison.numbers import ALIKE_DB, Row, scalar_rows
from designer.problem.messages import listed
from designer.report import script
from designer.report.comparison_figures import extremes
from designer.report.figure_data import design_look
from designer.report.figures import Picture
from designer.report.page import Shown
from designer.report.page_data import block
from designer.report.schemes import css, template

LONGEST_VALUE = 120
FEW_KEYS = 12
"""Keys that stand open on top of the page."""
WIDE = ("maps",)
"""Kinds of figures that take the page's width."""
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
    """The page as HTML.

    Raises
    ------
    DataError : the package `plotly` is not installed

    """
    chosen_numbers = {channel.numbers[i] for channel in channels for i in chosen_entries(channel, show)}
    rows = {channel.name: scalar_rows(channel) for channel in channels}
    sections = []
    for channel in channels:
        channel_figures = [
            (Shown(name, picture.says()), "wide" if picture.declared.kind in WIDE else "")
            for name, picture in pictures.items()
            if picture.subject[0].channel is channel
        ]
        columns = list(zip(channel.numbers, (entry.label for entry in channel.entries), strict=True))
        band = "{:g} to {:g} Hz".format(*channel.band_hz)
        words = {"name": channel.name, "aim": channel.aim, "band": band}
        sections.append({**words, "columns": columns, "rows": rows[channel.name], "figures": channel_figures})
    return template("comparison.html").render(
        facts=facts,
        schemes=Markup(css()),
        style=Markup(script.style()),
        own=Markup(script.own_script()),
        library=Markup(script.library()),
        data=Markup(block(facts.title, {name: picture.build() for name, picture in pictures.items()})),
        many=len(entries) > ALL_UP_TO,
        sentences=[sentence(channel, rows[channel.name]) for channel in channels],
        designs=[_design(number, entry, number in chosen_numbers) for number, entry in enumerate(entries)],
        channels=sections,
        keys=[
            (key, [value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…" for value in values])
            for key, values in key_differences([entry.problem for entry in entries])
        ],
        few_keys=FEW_KEYS,
        alike_db=ALIKE_DB,
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
    taps, latency = f"{result.problem.realization.form}, {next(iter(result.taps.values())).shape[1]} taps", "–"
    if not entry.is_played:
        latency = f"{result.bulk_delay_samples / result.problem.sample_rate_hz * 1e3:.2f} ms"
    return {
        "number": number,
        "label": entry.label,
        "title": entry.problem.title,
        "source": entry.source,
        "measured": entry.measured,
        "methods": ", ".join(f"{listed([name])} {channel.method}" for name, channel in result.channels.items()),
        "outcome": outcome_words(entry),
        "short": any(not channel.feasible for channel in result.channels.values()),
        "missed": not entry.is_played and any(map(result.misses, result.channels)),
        "taps": "as in the device" if entry.is_played else taps,
        "latency": latency,
        "checked": checked,
        "look": design_look(number),
    }


def outcome_words(entry: Entry) -> str:
    """Which channels are infeasible as asked, and which of the others these filters miss; of imported filters there are no weights.

    A channel that was measured as it plays is judged by its weights alone: its filters are not known here.
    """
    result = entry.result
    short = [name for name, channel in result.channels.items() if not channel.feasible]
    lossy = [] if entry.is_played else [name for name in result.channels if name not in short and result.misses(name)]
    if result.imported_from:
        return f"missed by these filters: {listed(lossy)}" if lossy else "met by these filters"
    outcomes = [f"infeasible as asked: {listed(short)}"] if short else []
    outcomes += [f"met on paper, and missed by these filters: {listed(lossy)}"] if lossy else []
    others = [] if len(short) + len(lossy) == len(result.channels) else ["met by the others" if outcomes else "met"]
    return "; ".join([*outcomes, *others]) + (" (by the weights: the filters are not known)" if entry.is_played else "")
