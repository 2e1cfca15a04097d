"""Cost of one number in another over the points of a sweep: every point, the Pareto front, and the one that was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from designer.arrays import Bool, Real
from designer.report.canvas import COLOURS, INK, SHADE, SOFT, figure, in_style, shortened, svg

MARKERS = ("o", "s", "^", "D", "v", "P")


@dataclass(frozen=True)
class TradeOff:
    """Values of N points to draw.

    Attributes
    ----------
    x, y : (N,) float array, the number that is traded and the one that is wanted
    x_is_paid : bool, whether less of x is better: the front then steps up at each of its points, and not before it
    x_label, y_label : str, their words with units
    group, group_labels : sequence of int, (N,) which of the labels a point belongs to, at most as many as MARKERS
    meets : (N,) bool array, whether a point meets all conditions; the others are hollow
    front : sequence of int, places of the points on the Pareto front
    best : int, the place of the chosen point
    best_label : str, what it is
    limit : tuple of float and int or None, where a condition on x ends, and whether what is beyond it is out (1) or what is before it
        (-1); None without one

    """

    x: Real
    y: Real
    x_is_paid: bool
    x_label: str
    y_label: str
    group: Sequence[int]
    group_labels: Sequence[str]
    meets: Bool
    front: Sequence[int]
    best: int
    best_label: str
    limit: tuple[float, int] | None = None


def trade_off_svg(trade: TradeOff) -> str:
    """The figure as SVG."""
    with in_style():
        fig = figure(7.2, 4.4)
        axes = fig.subplots()
        front = np.asarray(trade.front, dtype=int)
        front = front[np.argsort(trade.x[front], kind="stable")]
        steps = "steps-post" if trade.x_is_paid else "steps-pre"
        axes.plot(trade.x[front], trade.y[front], color=SOFT, linewidth=1.2, drawstyle=steps, zorder=2)
        handles: list[Artist] = []
        for n, label in enumerate(trade.group_labels):
            marker, colour = MARKERS[n % len(MARKERS)], COLOURS[n % len(COLOURS)]
            look: dict[str, Any] = {"marker": marker, "s": 26, "linewidths": 1.0, "edgecolors": colour, "zorder": 3}
            for meets, face in ((trade.meets, colour), (~trade.meets, "none")):
                in_group = (np.asarray(trade.group) == n) & meets
                axes.scatter(trade.x[in_group], trade.y[in_group], facecolors=face, **look)
            handles.append(_dot(shortened(label) if len(trade.group_labels) > 1 else "point", marker, colour))
        x, y = trade.x[trade.best], trade.y[trade.best]
        axes.scatter([x], [y], marker="o", s=170, facecolors="none", edgecolors=INK, linewidths=1.6, zorder=4)
        axes.margins(0.06)
        handles.append(Line2D([], [], color=SOFT, linewidth=1.2, label="Pareto front"))
        handles.append(_dot("chosen", "o", INK, "none", markersize=11, markeredgewidth=1.6))
        if not trade.meets.all():
            handles.append(_dot("hollow: breaks a condition", "o", SOFT, "none"))
        if trade.limit is not None:
            at, beyond = trade.limit
            low, high = axes.get_xlim()
            low, high = min(low, at - 0.03 * (high - low)), max(high, at + 0.03 * (high - low))
            axes.axvline(at, color=SOFT, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
            axes.axvspan(at if beyond > 0 else low, high if beyond > 0 else at, color=SHADE, zorder=0, linewidth=0)
            axes.set_xlim(low, high)
            handles.append(Patch(color=SHADE, label="not allowed"))
        axes.set_xlabel(trade.x_label)
        axes.set_ylabel(trade.y_label)
        axes.set_title(f"Chosen: {shortened(trade.best_label, 90)}")
        fig.legend(handles=handles, loc="outside lower center", ncols=3)
        return svg(fig)


def _dot(label: str, marker: str, colour: str, face: str = "", **look: Any) -> Line2D:
    look = {"markersize": 5, "markerfacecolor": face or colour, **look}
    return Line2D([], [], marker=marker, color=colour, linestyle="none", label=label, **look)
