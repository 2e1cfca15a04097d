"""Every figure of a comparison, by the name of its file, with the sentence that it shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from designer.comparison.chosen import chosen_entries
from designer.comparison.entry import SharedChannel
from designer.comparison.head_shift import HeadShift
from designer.comparison.relative_level import relative_level_db
from designer.comparison.scalar_table import scalar_rows
from designer.report import comparison_words as words
from designer.report.canvas import svg
from designer.report.comparison_curves import curves_of, draw_costs, draw_gain, draw_shift
from designer.report.comparison_maps import Levels, draw_maps, draw_polars
from designer.report.comparison_style import switchable
from designer.report.figures import file_stems
from designer.report.in_copies import Draw, draw_in_copies


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
    messages: dict[str, tuple[str, str]] = {}
    tasks: dict[str, Draw] = {}
    for channel in channels:
        for kind, (draw, message) in _figures(channel, shifts, chosen_entries(channel, show)).items():
            name = f"{stems[channel.name]}-{kind}"
            tasks[name], messages[name] = draw, (message, channel.name)
    return [Picture(name, text, *messages[name]) for name, text in draw_in_copies(tasks).items()]


def _figures(
    channel: SharedChannel, shifts: Mapping[tuple[str, str], HeadShift], chosen: list[int]
) -> dict[str, tuple[Draw, str]]:
    """A channel's figures: kind -> what draws it, and what it says."""

    def curves(draw: Callable[..., Figure], *given: object) -> Draw:
        return lambda: switchable(draw(channel, chosen, *given), channel, chosen)

    rows = scalar_rows(channel)
    gain = words.gain_words(channel, rows, curves_of(channel, "cancellation_gain_db"))
    made = {"gain": (curves(draw_gain), gain)}
    own = {
        i: shifts[entry.label, channel.name]
        for i, entry in enumerate(channel.entries)
        if (entry.label, channel.name) in shifts
    }
    if own:
        made["head-shift"] = curves(draw_shift, own), words.shift_words(channel, own)
    levels = levels_of(channel)
    if levels:
        made["maps"] = (lambda: svg(draw_maps(channel, levels))), words.map_words(channel, levels)
        made["polars"] = (lambda: svg(draw_polars(channel, levels))), words.polar_words(channel, levels)
    made["costs"] = curves(draw_costs), words.costs_words(channel, rows)
    return made
