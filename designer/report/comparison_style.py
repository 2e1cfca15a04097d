"""What the figures of a comparison share: one look a design, in every figure of it, and SVG that a page can switch and recolour.

A design is told by colour, dash and marker, each alone enough for six of them, so that print in black and white keeps them apart.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from designer.comparison.entry import SharedChannel
from designer.report.canvas import COLOURS, STYLES, svg
from designer.report.words_on_plots import shortened

MARKERS = ("o", "s", "^", "D", "v", "X", "P", "<", ">", "*")
BAND_COLOUR = "#8b949e"
LONGEST_LABEL = 34


def curve_style(number: int) -> dict[str, Any]:
    """Colour, dash and marker of the design at a place among all: no two of the first 20 alike in colour and marker both."""
    return {
        "color": COLOURS[number % len(COLOURS)],
        "linestyle": STYLES[(number + number // len(COLOURS)) % len(STYLES)],
        "marker": MARKERS[number % len(MARKERS)],
        "markersize": 4.2,
        "markeredgewidth": 0.0,
        "markevery": (0.02 + 0.024 * (number % 6), 0.15),
    }


def gid(number: int) -> str:
    """What the parts of a figure that belong to a design are called, so that a page can switch them."""
    return f"design-{number}"


def draw_curve(axes: Axes, number: int, x: Any, y: Any, width: float = 1.7) -> None:
    """One design's curve."""
    axes.plot(x, y, linewidth=width, gid=gid(number), **curve_style(number))


def legend(drawn: Figure, channel: SharedChannel, chosen: Sequence[int], others: Sequence[Artist] = ()) -> None:
    """The chosen designs' names below the figure, and what else is drawn."""
    handles: list[Artist] = [
        Line2D([], [], label=shortened(channel.entries[i].label, LONGEST_LABEL), linewidth=1.7,
               **{**curve_style(channel.numbers[i]), "markevery": None})
        for i in chosen
    ]  # fmt: skip
    handles += others
    made = drawn.legend(handles=handles, loc="outside lower center", ncols=3, handlelength=3.2)
    for i, handle, text in zip(chosen, made.legend_handles, made.get_texts(), strict=False):
        if handle is not None:
            handle.set_gid(gid(channel.numbers[i]))
        text.set_gid(gid(channel.numbers[i]))


def switchable(drawn: Figure, channel: SharedChannel, chosen: Sequence[int]) -> str:
    """A figure as SVG whose curves carry their design as a class; those that are not chosen are there, and not displayed."""
    shown = {channel.numbers[i] for i in chosen}

    def tagged(match: re.Match[str]) -> str:
        hidden = "" if int(match[1]) in shown else ' display="none"'
        return f'<g class="design-{match[1]}"{hidden}>'

    return _shorter(re.sub(r'<g id="design-(\d+)">', tagged, svg(drawn)))


def _shorter(text: str) -> str:
    """Coordinates to a hundredth of a point; what is inside of texts and of pictures is left as it is."""

    def rounded(match: re.Match[str]) -> str:
        return f"{float(match[0]):.2f}".rstrip("0").rstrip(".")

    def attribute(match: re.Match[str]) -> str:
        return match[1] + re.sub(r"-?\d+\.\d{3,}", rounded, match[2]) + '"'

    return re.sub(r'(\s(?:d|x|y|width|height|transform)=")([^"]*)"', attribute, text)
