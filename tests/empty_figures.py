"""Figures of nothing, and no listening zones and tolerances: these take nine tenths of the time of a saved design."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from designer import result as results
from designer.evaluation.listening_zone import zones
from designer.evaluation.tolerance import tolerance
from designer.report import comparison_page, figures, page
from designer.report.canvas import in_style
from designer.report.figures import draw_all, draw_comparison
from designer.report.schemes import template
from designer.result import Result
from designer.search import compare

Places = dict[tuple[Any, str], Any]
"""Module and name -> what stands there."""
ANALYSES: Places = {(results, "tolerance"): tolerance, (results, "zones"): zones}
FIGURES: Places = {(figures, "draw_all"): draw_all, (compare, "draw_comparison"): draw_comparison}
NOTHING = '<svg xmlns="http://www.w3.org/2000/svg"></svg>'


def empty_figures(result: Result) -> dict[str, str]:
    """In place of `draw_all`: every figure that there is to draw, with nothing in it."""
    return dict.fromkeys(figures.pictures(result), NOTHING)


def figures_of(*kinds: str) -> Callable[[Result], dict[str, str]]:
    """In place of `draw_all`: the figures of a few kinds are drawn, the others are empty."""

    def draw(result: Result) -> dict[str, str]:
        with in_style():
            found = figures.pictures(result).items()
            return {name: one.draw() if one.declared.kind in kinds else NOTHING for name, one in found}

    return draw


def put_empty(patch: pytest.MonkeyPatch) -> None:
    """Designs and comparisons that are saved from here on have empty figures, or none, and neither zones nor tolerances."""
    put(patch, {(figures, "draw_all"): empty_figures, (compare, "draw_comparison"): lambda *_: []})
    put(patch, {(results, "tolerance"): lambda *_: {}, (results, "zones"): lambda *_: None})
    for module in (page, comparison_page):  # a page's template is read and compiled once
        patch.setattr(module, "template", cache(template))


def put(patch: pytest.MonkeyPatch, places: Places) -> None:
    """Put `ANALYSES`, `FIGURES` or what is to stand in their places there."""
    for (module, name), value in places.items():
        patch.setattr(module, name, value)
