"""The look that all figures share, SVG that is the same every time, and drawing in copies of the process."""

from __future__ import annotations

import io
import multiprocessing
import os
import re
import sys
from collections.abc import Callable, Mapping
from functools import cache
from html import escape
from typing import Any, ClassVar

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

from designer.workers import pool

# Okabe and Ito's palette, its orange and its sky blue darker so that a curve is at 3 to 1 on white; a line style goes with each.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B97F00", "#3796CF", "#000000", "#8C6D31")
STYLES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1)), (0, (6, 1.5, 1.5, 1.5)))
DOTTED, DASHED = (0, (1, 1)), (0, (2, 2))
INK, SOFT, FAINT, ALARM, SHADE = "#1b1f24", "#57606a", "#d0d7de", "#b3261e", "#eef1f4"

STYLE: Any = {
    "font.family": "DejaVu Sans",  # what matplotlib brings and measures with; the page names others to fall back on
    "font.size": 9,
    **{"axes.titlesize": 10, "axes.titleweight": "bold", "axes.titlelocation": "left", "axes.labelcolor": INK},
    **{"axes.edgecolor": SOFT, "axes.linewidth": 0.8, "axes.spines.top": False, "axes.spines.right": False},
    **{"axes.grid": True, "axes.axisbelow": True, "grid.color": FAINT, "grid.linewidth": 0.6},
    **{"xtick.color": SOFT, "ytick.color": SOFT, "legend.frameon": False, "legend.fontsize": 8.5},
    **{"svg.fonttype": "none", "svg.hashsalt": "designer", "hatch.linewidth": 0.6, "figure.dpi": 100},
}
NARROW_TICKS_HZ = (20, 100, 500, 2000, 10_000, 50_000)
TICKS_HZ = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)
LONGEST = 40
MISSING = "\N{WHITE SQUARE}"
MOST_PROCESSES = 4
LEAST_A_PROCESS = 4
"""Figures that a copy has to draw to pay for itself."""

Draw = Callable[[], str]


def figure(width_in: float = 7.2, height_in: float = 3.2) -> Figure:
    """An empty figure in the house style."""
    return Figure(figsize=(width_in, height_in), layout="constrained")


def driver_line(number: int) -> dict[str, Any]:
    """Colour and line style of a driver: no two alike among the first 32."""
    style = STYLES[(number + number // len(COLOURS)) % len(STYLES)]
    return {"color": COLOURS[number % len(COLOURS)], "linestyle": style}


def headed(fig: Figure, text: str, size: float = 10, *, bold: bool = True) -> None:
    """A heading over all of a figure's axes."""
    fig.suptitle(text, x=0.01, ha="left", fontsize=size, fontweight="bold" if bold else "normal")


def frequency_axis(axes: Axes, low_hz: float, high_hz: float, *, label: bool = True, narrow: bool = False) -> None:
    """A logarithmic frequency axis with the ticks that audio people read; fewer of them where the axis is narrow."""
    axes.set_xscale("log")
    axes.set_xlim(low_hz, high_hz)
    ticks = [t for t in (NARROW_TICKS_HZ if narrow else TICKS_HZ) if low_hz <= t <= high_hz]
    numbered_axis(axes, ticks, lambda f, _: f"{f / 1000:g}k" if f >= 1000 else f"{f:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    if label:
        axes.set_xlabel("Frequency in Hz")


def numbered_axis(axes: Axes, ticks: list[Any], words: Callable[..., str] = lambda value, _: f"{value:.0f}") -> None:
    """Ticks at these places of the axis and nowhere else."""
    axes.xaxis.set_major_locator(FixedLocator(ticks))
    axes.xaxis.set_major_formatter(FuncFormatter(words))
    axes.xaxis.set_minor_locator(NullLocator())


def mark_band(axes: Axes, band_hz: list[float]) -> None:
    """The design's band: shaded outside, so that what was designed stands out."""
    low, high = axes.get_xlim()
    for start, stop in ((low, band_hz[0]), (band_hz[1], high)):
        if stop > start:
            axes.axvspan(start, stop, color=SHADE, zorder=0, linewidth=0)
    for edge in band_hz:
        if low < edge < high:
            axes.axvline(edge, color=SOFT, linewidth=0.7, linestyle=DASHED, zorder=1)


def svg(fig: Figure) -> str:
    """The figure as SVG text, without a date, so that the same design gives the same bytes."""
    buffer = io.StringIO()
    fig.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, facecolor="white", dpi=160)
    text = buffer.getvalue()
    text = re.sub(r"'?DejaVu Sans'?(?=[,;\"])", "'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif", text)
    return text[text.index("<svg") :]


def in_style() -> Any:
    """The context in which every figure is drawn."""
    return mpl.rc_context(STYLE)


def as_file(text: str, message: str) -> str:
    """A figure as a file of its own, which says in words what it shows."""
    return re.sub(r"(<svg[^>]*>)", lambda match: f"{match[1]}\n <title>{escape(message)}</title>", text, count=1)


@cache
def _drawable() -> frozenset[int]:
    from matplotlib.font_manager import FontProperties, findfont
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(findfont(FontProperties(family="DejaVu Sans"))).get_charmap())


def drawable(text: str) -> str:
    """A text with a square for each character that the typeface lacks (emoji, most of Chinese), and with dollar signs as they are."""
    characters = _drawable()
    return "".join(c if ord(c) in characters else MISSING for c in text).replace("$", r"\$")


def shortened(text: str, longest: int = LONGEST) -> str:
    """A drawable text of at most so many characters; an underscore at its front would keep it out of a legend."""
    front = " " if text.startswith("_") else ""
    return front + drawable(text if len(text) <= longest else f"{text[: longest - 1]}…")


def draw_in_copies(tasks: Mapping[str, Draw]) -> dict[str, str]:
    """Each task's SVG in the house style, by the task's name and in their order.

    Matplotlib takes most of a report's time and holds the interpreter's lock, so each copy of the process draws a part. What the
    tasks share has to be computed before: a copy has it in its memory, and what it computes itself is lost with it.
    """
    processes = _processes(len(tasks))
    if processes == 1:
        return {name: _in_style(task) for name, task in tasks.items()}
    _Shared.tasks = tasks
    try:
        with pool(processes, multiprocessing.get_context("fork")) as copies:
            return dict(zip(tasks, copies.map(_draw_in_copy, tasks), strict=True))
    finally:
        _Shared.tasks = {}


class _Shared:
    """Tasks that a copied process has in its memory already."""

    tasks: ClassVar[Mapping[str, Draw]] = {}


def _draw_in_copy(name: str) -> str:
    return _in_style(_Shared.tasks[name])


def _in_style(task: Draw) -> str:
    with in_style():
        return task()


def _processes(tasks: int) -> int:
    """How many processes draw: one where a copy cannot be made, or would not pay."""
    copies = sys.platform == "linux" and not multiprocessing.current_process().daemon
    cores = len(os.sched_getaffinity(0)) if copies else 1
    return max(1, min(cores, MOST_PROCESSES, tasks // LEAST_A_PROCESS))
