"""Cost of one number in another over the points of a sweep: every point, the Pareto front, and the one that was chosen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.arrays import Bool, Real
from designer.report.figure_data import Axis, Figure, Marker, axis, curves, figure, line, shortened

MARKERS: tuple[Marker, ...] = ("circle", "square", "triangle-up", "diamond", "triangle-down", "cross")


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


def trade_off_figure(trade: TradeOff) -> Figure:
    """Each point, the front as steps, and the chosen one."""
    front = np.asarray(trade.front, dtype=int)
    front = front[np.argsort(trade.x[front], kind="stable")]
    x_axis, y_axis = (_ends(values, label) for values, label in ((trade.x, trade.x_label), (trade.y, trade.y_label)))
    shape = "hv" if trade.x_is_paid else "vh"
    steps = line(trade.x[front], trade.y[front], "Pareto-optimal", color="soft", width=1.2, shape=shape)
    lines, shaded = [], list[list[float]]()
    for n, label in enumerate(trade.group_labels):
        look: dict[str, Any] = {"color": n, "marker": MARKERS[n % len(MARKERS)], "width": 0.0, "size": 5.0}
        name, in_group = shortened(label) if len(trade.group_labels) > 1 else "point", np.asarray(trade.group) == n
        for meets, hollow in ((trade.meets, False), (~trade.meets, True)):
            at = in_group & meets
            lines.append(line(trade.x[at], trade.y[at], "" if hollow else name, hollow=hollow, **look))
    lines.append(steps)
    chosen: dict[str, Any] = {"color": "ink", "marker": "circle", "width": 0.0, "size": 12.0, "hollow": True}
    lines.append(line(trade.x[[trade.best]], trade.y[[trade.best]], "chosen", **chosen))
    if not trade.meets.all():
        broken: dict[str, Any] = {"color": "soft", "marker": "circle", "width": 0.0, "size": 5.0, "hollow": True}
        lines.append(line(np.empty(0), np.empty(0), "hollow: breaks a condition or a requirement", **broken))
    marks = []
    if trade.limit is not None:
        at, beyond = trade.limit
        low, high = x_axis["range"]
        low, high = min(low, at - 0.03 * (high - low)), max(high, at + 0.03 * (high - low))
        x_axis["range"] = [low, high]
        shaded = [[at, high] if beyond > 0 else [low, at]]
        marks.append({"x": at, "text": "not allowed: shaded"})
    title = f"Chosen: {shortened(trade.best_label, 90)}"
    return figure([curves(x_axis, y_axis, lines, title=title, shaded=shaded, marks=marks)], 4.4, legend_columns=3)


def _ends(values: Real, label: str) -> Axis:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = 0.06 * (high - low) or 0.5
    return axis(label, label.rpartition(" in ")[2] if " in " in label else "", low - margin, high + margin)
