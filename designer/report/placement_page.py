"""The page of `designer place`: layouts drawn to one scale beside their numbers, and a table of all that were searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from markupsafe import Markup, escape

from designer.metrics import BY_NAME
from designer.placement.candidates import Candidates
from designer.placement.objective import Objective
from designer.problem.enclosures.enclosure import VIEWS, Outline
from designer.report import script
from designer.report.placed_layout import PlacedLayout
from designer.report.placement_figure import trade_offs
from designer.versions import versions
from designer.writing.csv_text import csv_text

MARGIN, LEAST_HEIGHT, DOT = 0.06, 0.14, 0.009
"""Space around a drawing, its least height, and a point source's radius, as shares of the width of all drawings."""
VIEW_WORDS = {
    "front": "from the front: the listener's left is left",
    "above": "from above: the front is down, the listener's left is left",
}
BEHIND_M = 1e-3
"""How far behind the middle of a body a driver is not seen from the front."""
LABELS = {"multiply_adds_per_s": "Multiply-adds of all channels"}
"""Labels of sums over channels."""
SCALE_BARS_M = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def table(layouts: Sequence[PlacedLayout], front: Sequence[PlacedLayout]) -> str:
    """All layouts as CSV."""
    return csv_text(columns(layouts, front))


def with_filters(layouts: Sequence[PlacedLayout], front: Sequence[PlacedLayout]) -> list[PlacedLayout]:
    """All layouts, the Pareto-optimal ones with their names and the numbers of their filters."""
    by_drivers = {layout.key: layout for layout in front}
    return [by_drivers.get(layout.key, layout) for layout in layouts]


def columns(layouts: Sequence[PlacedLayout], front: Sequence[PlacedLayout]) -> dict[str, Any]:
    """Name -> values of all layouts, the Pareto-optimal ones with the name of their problem file and the numbers of their filters."""
    rows = with_filters(layouts, front)
    numbers = list(dict.fromkeys(name for layout in front for name in layout.numbers))
    values: dict[str, Any] = {
        "name": np.array([row.name for row in rows]),
        "drivers": np.array([len(row.drivers) for row in rows]),
        "width_m": np.array([row.width_m for row in rows]),
        "value": np.array([row.value for row in rows]),
        "realised": np.array([row.realised for row in rows]),
    }
    for key in ("max_effort_db", "even", "lasso"):
        values[key] = np.array(
            [np.nan if getattr(row, key) is None else getattr(row, key) for row in rows], dtype=float
        )
    values |= {key: np.array([getattr(row, key) for row in rows]) for key in ("evaluations", "of_layouts", "steps")}
    values |= {name: np.array([row.numbers.get(name, np.nan) for row in rows]) for name in numbers}
    return values


def render(
    candidates: Candidates,
    layouts: Sequence[PlacedLayout],
    front: Sequence[PlacedLayout],
    sentence: str,
    objective: Objective,
    notes: Sequence[str],
    command: str,
) -> str:
    """The page as HTML."""
    on_surface = candidates.table.on == "surface"
    views = ("above", "front") if on_surface else ("above",) if candidates.table.lies else ("front",)
    width_m = 2 * (1 + MARGIN) * max(_half_m(candidates, layout) for layout in front)
    bar_m = max(length for length in SCALE_BARS_M if length <= 0.3 * width_m or length == SCALE_BARS_M[0])
    return script.page(
        "placement.html",
        f"Placement: {candidates.problem.title}",
        sentence=sentence,
        objective=objective,
        metric=objective.metric,
        figures=[Markup(svg) for svg in trade_offs(layouts, front, candidates.table.front, objective.metric)],
        notes=notes,
        cards=[
            {
                "layout": layout,
                "drawings": [
                    {"svg": Markup(drawing(candidates, layout, view, width_m, bar_m)), "view": VIEW_WORDS[view]}
                    for view in views
                ],
                "places": places_words(candidates, layout),
                "numbers": [
                    (LABELS.get(name, BY_NAME[name].label), BY_NAME[name].text(value))
                    for name, value in layout.numbers.items()
                ],
            }
            for layout in front
        ],
        rows=with_filters(layouts, front),
        behind=any(objective.metric.better * (layout.realised - layout.value) > 0 for layout in front),
        bar=f"{bar_m * 1000:g} mm",
        versions=versions(),
        command=command,
    )


def places_words(candidates: Candidates, layout: PlacedLayout) -> str:
    """Coordinates that differ, in millimetres: y on a bar, else all three."""
    places = [np.array(driver.position_m) * 1000 for driver in layout.drivers[layout.fixed :]]
    if candidates.table.on == "bar":
        return "y in mm: " + ", ".join(f"{place[1]:.1f}".removesuffix(".0").replace("-", "−") for place in places)
    texts = (" ".join(f"{x:.1f}".removesuffix(".0").replace("-", "−") for x in place) for place in places)
    return "x y z in mm: " + "; ".join(texts)


def _half_m(candidates: Candidates, layout: PlacedLayout) -> float:
    """Half of the width that a drawing needs: the candidates', the drivers' and a round body's."""
    reach_m = [abs(place[1]) + (driver.radius_m or 0.0) for driver in layout.drivers if (place := driver.position_m)]
    return float(max(np.abs(candidates.places_m[:, 1]).max(), candidates.problem.body.half_size_m.max(), *reach_m))


def drawing(candidates: Candidates, layout: PlacedLayout, view: str, width_m: float, bar_m: float) -> str:
    """One view as SVG, in millimetres: the body, keep-outs, candidates, drivers at their size, and a scale bar."""
    first, second = VIEWS[view]
    down = 1.0 if view == "above" else -1.0  # from above the front is at the bottom, from the front z goes up
    mm = 1000.0
    width, dot = width_m * mm, DOT * width_m * mm

    def at(place: Any) -> tuple[float, float]:
        return place[first] * mm, down * place[second] * mm

    placed = [(*at(driver.position_m), (driver.radius_m or 0.0) * mm) for driver in layout.drivers]
    reach = [abs(v) + max(r, dot) for _, v, r in placed] + [abs(at(place)[1]) for place in candidates.places_m]
    outline = candidates.problem.body.outline(view)
    body, body_half = _body(outline, mm, down)
    half = max(*reach, body_half, LEAST_HEIGHT * width / 2) + MARGIN * width / 2
    parts = [body]
    hides = view == "front" and candidates.table.on == "surface"
    for ball in candidates.table.keep_outs:
        if hides and ball.centre_m[0] < 0:
            continue  # behind the body
        u, v = at(ball.centre_m)
        parts.append(f'<circle class="keep-out" cx="{u:.1f}" cy="{v:.1f}" r="{ball.radius_m * mm:.1f}"/>')
    for place in candidates.places_m:
        u, v = at(place)
        parts.append(f'<circle class="candidate" cx="{u:.1f}" cy="{v:.1f}" r="{dot / 3:.1f}"/>')
    for n, (u, v, radius) in enumerate(placed):
        look = "fixed" if n < layout.fixed else "placed"
        if hides and layout.drivers[n].position_m[0] < candidates.problem.body.axis_m[0] - BEHIND_M:
            look += " behind"
        name = escape(layout.drivers[n].name)
        parts.append(
            f'<circle class="{look}" cx="{u:.1f}" cy="{v:.1f}" r="{max(radius, dot):.1f}"><title>{name}</title></circle>'
        )
    left, low = -width / 2 + MARGIN * width / 4, half - MARGIN * width / 8
    parts.append(f'<path class="bar" d="M{left:.1f} {low:.1f}h{bar_m * mm:.1f}"/>')
    label = f"{layout.words}, {VIEW_WORDS[view]}"
    box = f"{-width / 2:.1f} {-half:.1f} {width:.1f} {2 * half:.1f}"
    return f'<svg viewBox="{box}" role="img" aria-label="{escape(label)}">{"".join(parts)}</svg>'


def _body(outline: Outline | None, mm: float, down: float) -> tuple[str, float]:
    """Outline of the body, and how high it is above and below the middle."""
    if outline is None:
        return "", 0.0
    if outline.form == "circle":
        radius = outline.radius_m * mm
        return f'<circle class="body" cx="0" cy="0" r="{radius:.1f}"/>', radius
    if outline.form == "polygon":
        corners = [np.array(polygon) * mm * [1.0, down] for polygon in outline.polygons_m]
        texts = (" ".join(f"{u:.1f},{v:.1f}" for u, v in polygon) for polygon in corners)
        shapes = "".join(f'<polygon class="body" points="{text}"/>' for text in texts)
        return shapes, float(max(np.abs(polygon[:, 1]).max() for polygon in corners))
    return "", 0.0
