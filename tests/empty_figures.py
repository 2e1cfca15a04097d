"""Figures of nothing: drawing the real ones takes nine tenths of the time of a saved design."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from designer.report import figures
from designer.report.canvas import in_style
from designer.report.figures import draw_all, draw_comparison
from designer.result import Result
from designer.search import compare

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
    """Designs and comparisons that are saved from here on have empty figures, or none."""
    patch.setattr(figures, "draw_all", empty_figures)
    patch.setattr(compare, "draw_comparison", lambda *_: [])


def put_real(patch: pytest.MonkeyPatch) -> None:
    """They are drawn again."""
    patch.setattr(figures, "draw_all", draw_all)
    patch.setattr(compare, "draw_comparison", draw_comparison)
