"""Eleven drivers on a bar: every name of the layout and of the filters' legend is whole, and covers no other."""

from __future__ import annotations

from itertools import combinations

import designer
from designer.problem.library import library
from designer.report.canvas import in_style
from designer.report.channel_curves import draw_filters
from designer.report.layout import draw_layout


def test_names_of_many_drivers_neither_overlap_nor_leave_the_figure() -> None:
    """Bounding boxes of the texts, after layout, on the two-way bar of the library."""
    problem = designer.load(library()["two-way-bar"][0])
    with in_style():
        filters, layout = draw_filters(designer.design(problem), "left"), draw_layout(problem)
        for fig in (filters, layout):
            fig.draw_without_rendering()
    (legend,) = filters.legends
    box = legend.get_window_extent()
    assert filters.bbox.x0 <= box.x0 and box.x1 <= filters.bbox.x1
    names = [text.get_window_extent() for text in layout.axes[1].texts]
    assert len(names) == len(problem.drivers)
    assert not any(one.overlaps(other) for one, other in combinations(names, 2))
