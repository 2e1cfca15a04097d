"""The trade-off of `designer place` as SVG: what layouts are worth over what they cost, the Pareto-optimal ones by name.

Drawn in the page's own colours, as the layouts are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from markupsafe import escape

from designer.arrays import Real
from designer.metrics import BY_NAME, Metric
from designer.report.placed_layout import PlacedLayout

WIDTH, HEIGHT = 520.0, 300.0
LEFT, RIGHT, TOP, BOTTOM = 62.0, 22.0, 34.0, 46.0
MOST_TICKS = 6
MARGIN = 0.08
AXES = {
    "drivers": "Drivers",
    "width_m": "Width between outermost centres in m",
    "max_effort_db": "Limit of effort in dB",
}
LEAST_ROOM = 9.5
"""Distance of a number from points and other numbers, as drawn."""


def trade_offs(
    layouts: Sequence[PlacedLayout], front: Sequence[PlacedLayout], axes: Sequence[str], metric: Metric
) -> list[str]:
    """A figure for each axis along which the layouts differ; none where there is one layout.

    Parameters
    ----------
    layouts : sequence of PlacedLayout, all that were searched
    front : sequence of PlacedLayout, the Pareto-optimal ones, with names
    axes : sequence of str, what the value is traded against, the first of which counts where layouts differ along none
    metric : Metric, of the values

    """
    known = {layout.key: layout for layout in front}
    rows = [known.get(layout.key, layout) for layout in layouts]
    varied = [axis for axis in axes if len({cost for row in rows if np.isfinite(cost := row.cost(axis))}) > 1]
    return [_figure([row for row in rows if np.isfinite(row.cost(axis))], axis, metric) for axis in varied]


def _figure(rows: Sequence[PlacedLayout], axis: str, metric: Metric) -> str:
    x, y = np.array([row.cost(axis) for row in rows]), np.array([row.value for row in rows])
    others = [("even", "square"), ("lasso", "cross")]
    beside = {
        key: np.array([np.nan if (value := getattr(row, key)) is None else value for row in rows]) for key, _ in others
    }
    x_ends, y_ends = _ends(x), _ends(np.concatenate([y, *beside.values()]))

    def at(cost: float, value: float) -> tuple[float, float]:
        across = (cost - x_ends[0]) / (x_ends[1] - x_ends[0])
        up = (value - y_ends[0]) / (y_ends[1] - y_ends[0])
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    parts = _axes(axis, metric, x, x_ends, y_ends, at)
    for key, shape in others:
        for cost, value in zip(x, beside[key], strict=True):
            if np.isfinite(value):
                parts.append(_mark(shape, *at(cost, value)))
    named = [n for n, row in enumerate(rows) if row.name]
    order = sorted(named, key=lambda n: (x[n], -metric.better * y[n]))
    best = [n for i, n in enumerate(order) if all(metric.better * y[n] > metric.better * y[m] for m in order[:i])]
    path = " ".join(f"{'L' if i else 'M'}{u:.1f} {v:.1f}" for i, (u, v) in enumerate(at(x[n], y[n]) for n in best))
    parts.append(f'<path class="front" d="{path}"/>')
    for n, row in enumerate(rows):
        u, v = at(x[n], y[n])
        title = escape(f"{row.name + ': ' if row.name else ''}{row.words}, {metric.text(row.value)}")
        look, radius = ("named", 5) if row.name else ("searched", 3.5)
        parts.append(f'<circle class="{look}" cx="{u:.1f}" cy="{v:.1f}" r="{radius}"><title>{title}</title></circle>')
    parts += _names([(*at(x[n], y[n]), rows[n].name) for n in order])
    parts += _legend(
        bool(np.isfinite(beside["even"]).any()), bool(np.isfinite(beside["lasso"]).any()), len(named) < len(rows)
    )
    label = escape(f"{metric.axis} over {_label(axis).lower()}")
    return f'<svg class="trade-off" viewBox="0 0 {WIDTH:g} {HEIGHT:g}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _label(axis: str) -> str:
    return (
        AXES[axis] if axis in AXES else f"{BY_NAME[axis].label.replace(' of the channel', '')} in {BY_NAME[axis].unit}"
    )


def _axes(
    axis: str,
    metric: Metric,
    x: Real,
    x_ends: tuple[float, float],
    y_ends: tuple[float, float],
    at: Callable[[float, float], tuple[float, float]],
) -> list[str]:
    parts = []
    for tick in _ticks(*y_ends):
        _, v = at(x_ends[0], tick)
        parts.append(f'<path class="grid" d="M{LEFT:g} {v:.1f}H{WIDTH - RIGHT:g}"/>')
        parts.append(f'<text x="{LEFT - 6:g}" y="{v + 4:.1f}" text-anchor="end">{_number(tick)}</text>')
    values = sorted(set(x.tolist()))
    for tick in values if len(values) <= MOST_TICKS else _ticks(*x_ends):
        u, _ = at(tick, y_ends[0])
        parts.append(f'<path class="grid" d="M{u:.1f} {TOP:g}V{HEIGHT - BOTTOM:g}"/>')
        parts.append(f'<text x="{u:.1f}" y="{HEIGHT - BOTTOM + 16:g}" text-anchor="middle">{_number(tick)}</text>')
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2:g}" y="{HEIGHT - 8:g}" text-anchor="middle">{escape(_label(axis))}</text>'
    )
    parts.append(
        f'<text transform="translate(16 {middle:g}) rotate(-90)" text-anchor="middle">{escape(metric.axis)}</text>'
    )
    return parts


def _ends(values: Real) -> tuple[float, float]:
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    margin = MARGIN * (high - low) or 0.5
    return low - margin, high + margin


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers between two, at most MOST_TICKS."""
    step = next(s for s in _round_steps(high - low) if np.floor(high / s) - np.ceil(low / s) < MOST_TICKS)
    return [float(n * step) for n in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def _round_steps(span: float) -> list[float]:
    least = 10.0 ** np.floor(np.log10(span / 10))
    return [least * factor for factor in (1, 2, 5, 10, 20, 50, 100)]


def _number(value: float) -> str:
    return f"{round(value, 9) + 0.0:,g}".replace("-", "\N{MINUS SIGN}")


def _mark(shape: str, u: float, v: float) -> str:
    if shape == "square":
        return f'<rect class="even" x="{u - 3.5:.1f}" y="{v - 3.5:.1f}" width="7" height="7"/>'
    return f'<path class="lasso" d="M{u - 3.5:.1f} {v - 3.5:.1f}l7 7m0 -7l-7 7"/>'


def _names(points: Sequence[tuple[float, float, str]]) -> list[str]:
    """Numbers of problem files beside their points: to the right, or where another is in the way to the left, above or below."""
    parts, taken = [], [(u, v) for u, v, _ in points]
    for u, v, name in points:
        number = name.rpartition("-")[2]
        aside = 7 + 4.5 * len(number)
        places = [(u + aside, v + 4), (u - aside, v + 4), (u, v - 9), (u, v + 17), (u + 26, v + 4), (u - 26, v + 4)]
        room = [min(np.hypot((a - c) / 1.2, b - 4 - d) for c, d in taken) for a, b in places]
        place = next((p for p, r in zip(places, room, strict=True) if r >= LEAST_ROOM), places[int(np.argmax(room))])
        taken.append((place[0], place[1] - 4))
        parts.append(
            f'<text class="name" x="{place[0]:.1f}" y="{place[1]:.1f}" text-anchor="middle">{escape(number)}</text>'
        )
    return parts


def _legend(even: bool, lasso: bool, others: bool) -> list[str]:
    entries = [('<circle class="named" cx="0" cy="0" r="5"/>', "Pareto-optimal", True),
               ('<circle class="searched" cx="0" cy="0" r="3.5"/>', "beaten", others),
               (_mark("square", 0, 0), "even steps", even), (_mark("cross", 0, 0), "group lasso", lasso)]  # fmt: skip
    parts, u = [], LEFT + 6
    for mark, words, shown in entries:
        if shown:
            parts.append(f'<g transform="translate({u:g} 15)">{mark}<text x="10" y="4">{words}</text></g>')
            u += 34 + 6.6 * len(words)
    return parts
