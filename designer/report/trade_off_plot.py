"""What one number costs in another over the points of a sweep: every point, the Pareto front, and the one that was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from designer.arrays import Bool, Real
from designer.report.canvas import COLOURS, INK, SOFT, figure, in_style, svg
from designer.report.words_on_plots import shortened

MARKERS = ("o", "s", "^", "D", "v", "P")


@dataclass(frozen=True)
class TradeOff:
    """What is drawn of N points.

    Attributes
    ----------
    x, y : (N,) the number that is traded and the one that is wanted
    x_is_paid : whether less of x is better: the front then steps up at each of its points, and not before it
    x_label, y_label : their words with units
    group, group_labels : (N,) which of the labels a point belongs to, at most as many as MARKERS
    meets : (N,) whether a point meets all conditions; the others are hollow
    front : places of the points on the Pareto front
    best : the place of the chosen point
    best_label : what it is
    limit : where a condition on x ends, and whether what is beyond it is out (1) or what is before it (-1); None without one

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


def trade_off_svg(drawn: TradeOff) -> str:
    """The figure as SVG."""
    with in_style():
        made = figure(7.2, 4.4)
        axes = made.subplots()
        group = np.asarray(drawn.group)
        order = np.asarray(drawn.front, dtype=int)[np.argsort(drawn.x[list(drawn.front)], kind="stable")]
        steps = "steps-post" if drawn.x_is_paid else "steps-pre"
        axes.plot(drawn.x[order], drawn.y[order], color=SOFT, linewidth=1.2, drawstyle=steps, zorder=2)
        for n in range(len(drawn.group_labels)):
            look: dict[str, Any] = {
                "marker": MARKERS[n % len(MARKERS)],
                "s": 26,
                "linewidths": 1.0,
                "edgecolors": COLOURS[n % len(COLOURS)],
            }
            full, hollow = (group == n) & drawn.meets, (group == n) & ~drawn.meets
            axes.scatter(drawn.x[full], drawn.y[full], color=COLOURS[n % len(COLOURS)], zorder=3, **look)
            axes.scatter(drawn.x[hollow], drawn.y[hollow], facecolors="none", zorder=3, **look)
        x, y = drawn.x[drawn.best], drawn.y[drawn.best]
        axes.scatter([x], [y], marker="o", s=170, facecolors="none", edgecolors=INK, linewidths=1.6, zorder=4)
        axes.margins(0.06)
        if drawn.limit is not None:
            at, beyond = drawn.limit
            low, high = axes.get_xlim()
            low, high = min(low, at - 0.03 * (high - low)), max(high, at + 0.03 * (high - low))
            axes.axvline(at, color=SOFT, linewidth=0.9, linestyle=(0, (3, 2)), zorder=1)
            axes.axvspan(at if beyond > 0 else low, high if beyond > 0 else at, color="#eef1f4", zorder=0, linewidth=0)
            axes.set_xlim(low, high)
        axes.set_xlabel(drawn.x_label)
        axes.set_ylabel(drawn.y_label)
        axes.set_title(f"Chosen: {shortened(drawn.best_label, 90)}")
        made.legend(handles=_legend(drawn), loc="outside lower center", ncols=3)
        return svg(made)


def _legend(drawn: TradeOff) -> list[Artist]:
    alone = len(drawn.group_labels) == 1
    handles: list[Artist] = [
        _dot(label if not alone else "point", MARKERS[n % len(MARKERS)], COLOURS[n % len(COLOURS)], full=True)
        for n, label in enumerate(shortened(label) for label in drawn.group_labels)
    ]
    handles.append(Line2D([], [], color=SOFT, linewidth=1.2, label="Pareto front"))
    handles.append(Line2D([], [], marker="o", markersize=11, markerfacecolor="none", markeredgecolor=INK, markeredgewidth=1.6,
                          linestyle="none", label="chosen"))  # fmt: skip
    if not drawn.meets.all():
        handles.append(_dot("hollow: breaks a condition", "o", SOFT, full=False))
    if drawn.limit is not None:
        handles.append(Patch(color="#eef1f4", label="not allowed"))
    return handles


def _dot(label: str, marker: str, colour: str, *, full: bool) -> Line2D:
    return Line2D([], [], marker=marker, markersize=5, color=colour, linestyle="none", label=label,
                  markerfacecolor=colour if full else "none")  # fmt: skip
