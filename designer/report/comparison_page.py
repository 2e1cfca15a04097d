"""The comparison page: one self-contained HTML file.

The numbers that decide stand on top, then the layouts, one table over all channels, and each channel's figures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from designer.comparison.channel_group import ChannelGroup, channel_groups
from designer.comparison.decision import decisions, drawn_difference, reference
from designer.comparison.entry import ALL_UP_TO, Entry, SharedChannel, chosen_entries
from designer.comparison.key_differences import key_differences
from designer.comparison.numbers import Row
from designer.metrics import RESOLUTIONS
from designer.problem.messages import listed
from designer.report import script
from designer.report.comparison_figures import extremes
from designer.report.figure_data import design_look
from designer.report.figures import COMPARED_LAYOUTS, Picture
from designer.report.mirrors import mirrors
from designer.report.page import Shown
from designer.report.page_data import block

LONGEST_VALUE = 120
FEW_KEYS = 12
"""Keys that stand open on top of the page."""
WIDE = ("maps",)
"""Kinds of figures that take the page's width, and are folded."""
MOST_COLUMNS = 8
"""Designs whose tables fit a sheet of A4 as they are; those of more are set smaller, in columns of one width."""
ABSENT = {"text": "–", "alike": True}
FEW_CHANNELS = 3
"""Channels, no mirror images of others, whose figures are shown at once: those of more make the page longer than it is read."""
FEW_COLUMNS = 4
"""Designs whose table is whole on a telephone."""
FACTS = (("Requirements", "outcome"), ("Method", "methods"), ("Filters", "taps"), ("Latency", "latency"))
"""Words of a row about the designs -> key of a design."""
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
    twins = [{name: twin.name for name, twin in mirrors(entry.result).items()} for entry in entries]
    groups = channel_groups(channels, twins)
    stand_for = {channel.name: group for group in groups for channel in group.channels}
    sections: list[dict[str, Any]] = []
    for channel in channels:
        drawn = {name: at for name, at in pictures.items() if getattr(at.subject[0], "channel", None) is channel}
        small, wide = (
            [
                Shown(name, picture.says())
                for name, picture in drawn.items()
                if (picture.declared.kind in WIDE) == is_wide
            ]
            for is_wide in (False, True)
        )
        first = stand_for[channel.name].first
        twin = "" if first is channel else first.name
        folded = sum(not section["twin"] for section in sections) >= FEW_CHANNELS
        sections.append(
            {"name": channel.name, "aim": channel.aim, "twin": twin, "small": small, "wide": wide, "folded": folded}
        )
    keys = [
        (key, [value if len(value) <= LONGEST_VALUE else f"{value[: LONGEST_VALUE - 1]}…" for value in values])
        for key, values in key_differences([entry.problem for entry in entries])
    ]
    designs = [_design(number, entry, number in chosen_numbers) for number, entry in enumerate(entries)]
    return script.page(
        "comparison.html",
        facts.title,
        facts=facts,
        data=block(facts.title, {name: picture.build() for name, picture in pictures.items()}),
        many=len(entries) > ALL_UP_TO,
        sentences=[sentence(group) for group in groups] if len(entries) > ALL_UP_TO else [],
        decisions=[] if len(entries) > ALL_UP_TO else decisions(entries, groups),
        designs=designs,
        facts_rows=[(words, [design[key] for design in designs]) for words, key in FACTS],
        layouts=[
            Shown(name, picture.says()) for name, picture in pictures.items() if picture.declared is COMPARED_LAYOUTS
        ],
        groups=[_group(group, entries) for group in groups],
        channels=sections,
        keys=keys,
        few_keys=FEW_KEYS,
        alike_db=RESOLUTIONS["dB"],
        few_columns=FEW_COLUMNS,
        most_columns=MOST_COLUMNS,
    )


def _group(group: ChannelGroup, entries: Sequence[Entry]) -> dict[str, Any]:
    """The part of the table that a group of channels has: a cell for each design, also for one without the channel."""
    shared = group.first
    drawn: list[dict[str, Any]] = []
    base = reference(shared.entries)
    for number, entry in enumerate(shared.entries):
        difference = None if number == base else drawn_difference(shared.entries[base], entry, shared.name)
        is_alike = difference is None or abs(difference.median_db) <= RESOLUTIONS["dB"]
        drawn.append({"text": "–" if difference is None else str(difference), "alike": is_alike})
    is_mirrored = ", mirror images" if len(group.channels) > 1 else f", {shared.aim}"
    return {
        "heading": f"{group.name}{is_mirrored}, {'' if shared.has_one_band else 'each over its own band: '}{shared.bands}",
        "rows": [(row, _columns(row, shared, len(entries))) for row in group.rows],
        "drawn": _spread(drawn, shared, len(entries), ABSENT) if any(cell != ABSENT for cell in drawn) else [],
        "drawn_words": f"Drawn devices: mean gain less that of {shared.entries[base].label}, median",
    }


def _columns(row: Row, shared: SharedChannel, count: int) -> list[dict[str, Any]]:
    """The cells of a row of numbers; the first that has a number is what the others differ from."""
    keys = ("value", "difference", "best", "alike")
    first = next((place for place, value in enumerate(row.values_db) if value is not None), 0)
    cells = [
        dict(zip(keys, values, strict=True))
        for values in zip(row.values_db, row.differences_db, row.best, row.alike, strict=True)
    ]
    cells[first]["difference"] = None
    return _spread(cells, shared, count, {"value": None, "best": False, "alike": True})


def _spread(cells: Sequence[Any], shared: SharedChannel, count: int, absent: Any) -> list[Any]:
    """Cells of the designs that share a channel, in the columns of all designs."""
    columns = [absent] * count
    for number, cell in zip(shared.numbers, cells, strict=True):
        columns[number] = cell
    return columns


def sentence(group: ChannelGroup) -> str:
    """Which design is best and worst at what the channel is for: the head moved for an ear, the mean for a beam."""
    channel = group.first
    labels = [entry.label for entry in channel.entries]
    for key, words in HEADLINES:
        values = next((row.values_db for row in group.rows if row.key == key), ())
        ranking = extremes(labels, values, "highest", "lowest") if values else ""
        if ranking:
            return f"{group.name}: {words} {ranking}."
    return f"{group.name}: nothing to rank."


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
    worst = [most for name in short if (most := _most_missed(entry, name))]
    lossy = [] if entry.is_played else [name for name in result.channels if name not in short and result.misses(name)]
    if result.imported_from:
        return f"missed by these filters: {listed(lossy)}" if lossy else "met by these filters"
    outcomes = [f"infeasible as asked: {listed(short)}{f' ({max(worst)[1]})' if worst else ''}"] if short else []
    outcomes += [f"met on paper, and missed by these filters: {listed(lossy)}"] if lossy else []
    others = [] if len(short) + len(lossy) == len(result.channels) else ["met by the others" if outcomes else "met"]
    return "; ".join([*outcomes, *others]) + (" (by the weights: the filters are not known)" if entry.is_played else "")


def _most_missed(entry: Entry, name: str) -> tuple[float, str] | None:
    """By how much a channel misses the requirement that it misses most, and where in the band."""
    if entry.is_played:
        return None
    missed = [outcome for outcome in entry.result.scalars[name].outcomes if not outcome.is_met]
    most = max(missed, key=lambda outcome: outcome.missed_db, default=None)
    return None if most is None else (most.missed_db, f"{most.requirement} missed {most.by()}")
