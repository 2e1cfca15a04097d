"""The polar plot at the cursor: its scale, its nulls' arcs and its window; the page draws the map's level in it."""

from __future__ import annotations

from designer.problem import geometry
from designer.problem.schema import DesignTable, Problem
from designer.report.channel_maps import HIGHEST_DB, polar
from designer.report.figure_data import Figure, Sector, figure

NULL_COLOUR, WINDOW_COLOUR = 4, 2
OUTER_DB = 6.0


def polar_figure(problem: Problem, table: DesignTable) -> Figure:
    """One polar plot without lines, as wide as the map's levels go."""
    sectors: list[Sector] = [
        {"start_deg": start, "stop_deg": stop, "color": NULL_COLOUR}
        for start, stop in geometry.null_arcs_deg(table.nulls_deg or [], table.null_width_deg)
    ]  # fmt: skip
    if table.window_deg is not None:
        sectors.append({"start_deg": table.window_deg[0], "stop_deg": table.window_deg[1], "color": WINDOW_COLOUR})
    outer_db = max(OUTER_DB, float(HIGHEST_DB[table.kind]))
    return figure([polar([], outer_db, title="", place=(0, 0), sectors=sectors)], 3.4)
