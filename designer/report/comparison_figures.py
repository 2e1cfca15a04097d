"""Every figure of a comparison, by the name of its file, with the sentence that it shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from designer.comparison.chosen import chosen_entries
from designer.comparison.entry import SharedChannel
from designer.comparison.head_shift import HeadShift
from designer.comparison.relative_level import relative_level_db
from designer.comparison.scalar_table import scalar_rows
from designer.report import comparison_words as words
from designer.report.canvas import in_style, svg
from designer.report.comparison_curves import curves_of, draw_costs, draw_gain, draw_shift
from designer.report.comparison_maps import Levels, draw_maps, draw_polars
from designer.report.comparison_style import switchable
from designer.report.figures import file_stems


@dataclass(frozen=True)
class Picture:
    """One figure: its file's name without suffix, the SVG, what it says, and its channel."""

    name: str
    text: str
    message: str
    channel: str


def levels_of(channel: SharedChannel) -> Levels:
    """What the maps show, of the entries whose circle is their own."""
    found = {}
    for i, entry in enumerate(channel.entries):
        if entry.has_circle:
            scene = entry.result.drawn_circle
            found[i] = (scene.frequency_hz, *relative_level_db(entry.result, channel.name, scene))
    return found


def draw_comparison(
    channels: Sequence[SharedChannel], shifts: Mapping[tuple[str, str], HeadShift], show: Sequence[str] = ()
) -> list[Picture]:
    """Each channel's figures, in the page's order.

    Parameters
    ----------
    shifts : (entry's label, channel) -> its head shifts
    show : labels of the designs to draw as curves of their own where there are many

    """
    stems = file_stems([channel.name for channel in channels])
    pictures: list[Picture] = []
    with in_style():
        for channel in channels:
            chosen = chosen_entries(channel, show)

            def add(
                kind: str,
                drawn: Figure,
                message: str,
                channel: SharedChannel = channel,
                chosen: list[int] | None = chosen,
            ) -> None:
                text = svg(drawn) if chosen is None else switchable(drawn, channel, chosen)
                pictures.append(Picture(f"{stems[channel.name]}-{kind}", text, message, channel.name))

            rows = scalar_rows(channel)
            curves = curves_of(channel, "cancellation_gain_db")
            add("gain", draw_gain(channel, chosen), words.gain_words(channel, rows, curves))
            own = {
                i: shifts[entry.label, channel.name]
                for i, entry in enumerate(channel.entries)
                if (entry.label, channel.name) in shifts
            }
            if own:
                add("head-shift", draw_shift(channel, chosen, own), words.shift_words(channel, own))
            levels = levels_of(channel)
            if levels:
                add("maps", draw_maps(channel, levels), words.map_words(channel, levels), chosen=None)
                add("polars", draw_polars(channel, levels), words.polar_words(channel, levels), chosen=None)
            add("costs", draw_costs(channel, chosen), words.costs_words(channel, rows))
    return pictures
