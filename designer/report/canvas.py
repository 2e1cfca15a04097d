"""The look that all figures share: size, type, colours that survive greyscale and colour blindness, and SVG that is the same every time."""

from __future__ import annotations

import io
import re
from html import escape
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter, NullLocator

# Okabe and Ito's palette, its orange and its sky blue darker so that a curve is at 3 to 1 on white; a line style goes with each.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B97F00", "#3796CF", "#000000", "#8C6D31")
STYLES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1)), (0, (6, 1.5, 1.5, 1.5)))
INK, SOFT, FAINT, ALARM, SHADE = "#1b1f24", "#57606a", "#d0d7de", "#b3261e", "#eef1f4"

STYLE: Any = {
    "font.family": "DejaVu Sans",  # what matplotlib brings and measures with; the page names others to fall back on
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelcolor": INK,
    "axes.edgecolor": SOFT,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.6,
    "xtick.color": SOFT,
    "ytick.color": SOFT,
    "legend.frameon": False,
    "legend.fontsize": 8.5,
    "svg.fonttype": "none",
    "svg.hashsalt": "designer",
    "hatch.linewidth": 0.6,
    "figure.dpi": 100,
}
NARROW_TICKS_HZ = (20, 100, 500, 2000, 10_000, 50_000)
TICKS_HZ = (20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000)


def figure(width_in: float = 7.2, height_in: float = 3.2) -> Figure:
    """An empty figure in the house style."""
    return Figure(figsize=(width_in, height_in), layout="constrained")


def driver_line(number: int) -> dict[str, Any]:
    """Colour and line style of a driver: no two alike among the first 32."""
    return {
        "color": COLOURS[number % len(COLOURS)],
        "linestyle": STYLES[(number + number // len(COLOURS)) % len(STYLES)],
    }


def frequency_axis(axes: Axes, low_hz: float, high_hz: float, *, label: bool = True, narrow: bool = False) -> None:
    """A logarithmic frequency axis with the ticks that audio people read; fewer of them where the axis is narrow."""
    axes.set_xscale("log")
    axes.set_xlim(low_hz, high_hz)
    axes.xaxis.set_major_locator(
        FixedLocator([t for t in (NARROW_TICKS_HZ if narrow else TICKS_HZ) if low_hz <= t <= high_hz])
    )
    axes.xaxis.set_major_formatter(FuncFormatter(lambda f, _: f"{f / 1000:g}k" if f >= 1000 else f"{f:g}"))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_minor_formatter(NullFormatter())
    if label:
        axes.set_xlabel("Frequency in Hz")


def mark_band(axes: Axes, band_hz: list[float]) -> None:
    """The design's band: shaded outside, so that what was designed stands out."""
    low, high = axes.get_xlim()
    for start, stop in ((low, band_hz[0]), (band_hz[1], high)):
        if stop > start:
            axes.axvspan(start, stop, color=SHADE, zorder=0, linewidth=0)
    for edge in band_hz:
        if low < edge < high:
            axes.axvline(edge, color=SOFT, linewidth=0.7, linestyle=(0, (2, 2)), zorder=1)


def svg(drawn: Figure) -> str:
    """The figure as SVG text, without a date, so that the same design gives the same bytes."""
    buffer = io.StringIO()
    drawn.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None}, facecolor="white", dpi=160)
    text = buffer.getvalue()
    text = re.sub(r"'?DejaVu Sans'?(?=[,;\"])", "'DejaVu Sans', Verdana, Helvetica, Arial, sans-serif", text)
    return text[text.index("<svg") :]


def in_style() -> Any:
    """The context in which every figure is drawn."""
    return mpl.rc_context(STYLE)


def with_unique_ids(text: str, prefix: str) -> str:
    """An SVG whose ids begin with a prefix, so that many can stand in one page."""
    text = re.sub(r'\bid="', f'id="{prefix}-', text)
    text = re.sub(r"url\(#", f"url(#{prefix}-", text)
    return re.sub(r'href="#', f'href="#{prefix}-', text)


def as_file(text: str, message: str) -> str:
    """A figure as a file of its own, which says in words what it shows."""
    return re.sub(r"(<svg[^>]*>)", lambda match: f"{match[1]}\n <title>{escape(message)}</title>", text, count=1)
