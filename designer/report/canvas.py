"""The look that all printed figures share: colours, dashes, letters and their widths; and files that are the same every time."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from functools import cache
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib import colormaps
from matplotlib.figure import Figure

from designer.report.figure_data import Colour, Dash, Marker
from designer.report.schemes import COLOURS, FAINT, INK, NAMED, SOFT

Printed = Figure
"""A drawn figure."""
DASHES: dict[Dash, Any] = {
    "solid": "-",
    "dash": (0, (5, 1.5)),
    "dot": (0, (1.5, 1)),
    "dashdot": (0, (6, 1.5, 1.5, 1.5)),
}
MARKERS: dict[Marker, str] = {
    "circle": "o", "square": "s", "triangle-up": "^", "diamond": "D", "triangle-down": "v", "x": "X", "cross": "P",
    "triangle-left": "<", "triangle-right": ">", "star": "*", "plus": "+",
}  # fmt: skip
GUIDE = (0, (2, 2))
STYLE: Any = {
    "font.family": "DejaVu Sans",  # what matplotlib brings and measures with; a page names others to fall back on
    "font.size": 9,
    **{"axes.titlesize": 10, "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.labelcolor": INK},
    **{"axes.edgecolor": SOFT, "axes.linewidth": 0.8, "axes.spines.top": False, "axes.spines.right": False},
    **{"axes.grid": True, "axes.axisbelow": True, "grid.color": FAINT, "grid.linewidth": 0.6},
    **{"xtick.color": SOFT, "ytick.color": SOFT, "legend.frameon": False, "legend.fontsize": 8.5},
    **{"svg.fonttype": "none", "svg.hashsalt": "designer", "hatch.linewidth": 0.6, "figure.dpi": 100},
    **{"text.parse_math": False, "pdf.fonttype": 42, "xtick.labelsize": 8.5, "ytick.labelsize": 8.5},
}
MISSING = "\N{WHITE SQUARE}"
DPI = 160
"""Dots per inch of PNG files."""


def in_style() -> Any:
    """The context in which every figure is drawn."""
    return mpl.rc_context(STYLE)


def paint(colour: Colour) -> Any:
    """A colour as matplotlib knows it."""
    if isinstance(colour, int):
        return COLOURS[colour % len(COLOURS)]
    scale, _, share = colour.partition(":")
    return colormaps[scale](float(share)) if share else NAMED[colour]


@cache
def _letters(bold: bool) -> Any:
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.ft2font import FT2Font

    font = FT2Font(findfont(FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")))
    font.set_size(100, 72)
    return font


@cache
def _drawable() -> frozenset[int]:
    return frozenset(_letters(bold=False).get_charmap())


@cache
def _advance(character: str, *, bold: bool) -> float:
    letter = ord(character if ord(character) in _drawable() else MISSING)
    return float(_letters(bold).load_char(letter).linearHoriAdvance) / 65536 / 100


def width_in(text: str, size: float, *, bold: bool = False) -> float:
    """Width of a line of text in inches, its letters side by side."""
    return sum(_advance(character, bold=bold) for character in text) * size / 72


def wrapped(text: str, size: float, room_in: float, *, bold: bool = False) -> str:
    """A text in lines that fit; a word that alone does not is left as it is."""
    lines = [""]
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}".lstrip()
        if lines[-1] and width_in(longer, size, bold=bold) > room_in:
            lines.append(word)
        else:
            lines[-1] = longer
    return "\n".join(lines)


def drawable(text: str) -> str:
    """A text with a square for each character that the typeface lacks, as emoji and most of Chinese."""
    characters = _drawable()
    return "".join(c if ord(c) in characters or c == "\n" else MISSING for c in text)


def as_bytes(fig: Figure, form: str = "svg", dpi: float = DPI) -> bytes:
    """A drawn figure as a file's content, without a date, so that the same design gives the same bytes."""
    dates = {"svg": {"Date": None, "Creator": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}
    buffer = io.BytesIO()
    with in_style():
        fig.savefig(buffer, format=form, metadata=dates[form], facecolor="white", dpi=dpi)
    return buffer.getvalue()


def svg(fig: Figure) -> str:
    """A drawn figure as SVG text."""
    text = as_bytes(fig).decode()
    text = re.sub(r"'?DejaVu Sans'?(?=[,;\"])", "'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif", text)
    return text[text.index("<svg") :]


def as_file(text: str, message: str) -> str:
    """An SVG as a file of its own, which says in words what it shows."""
    return re.sub(r"(<svg[^>]*>)", lambda match: f"{match[1]}\n <title>{escape(message)}</title>", text, count=1)


def handle_look(look: Any) -> dict[str, Any]:
    """Matplotlib's keywords of a line."""
    words: dict[str, Any] = {
        "color": paint(look["color"]),
        "linestyle": DASHES[look["dash"]] if look["width"] else "none",
        "linewidth": look["width"],
        "alpha": look.get("opacity"),
    }
    if "marker" in look:
        words |= {"marker": MARKERS[look["marker"]], "markersize": look.get("size", 4.2), "markeredgewidth": 0.0}
        if look.get("hollow"):
            words |= {"markerfacecolor": "none", "markeredgewidth": 1.0}
    return words


def inches(texts: Sequence[str], size: float) -> float:
    """Width of the longest of texts."""
    return max((width_in(text, size) for text in texts), default=0.0)
