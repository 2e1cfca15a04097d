"""Figures of nothing: drawing the real ones takes nine tenths of the time of a saved design."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from designer.report import figures
from designer.report.canvas import in_style
from designer.report.figures import draw_all, draw_comparison, file_stems
from designer.result import Result
from designer.search import compare

ALWAYS = ("cancellation", "filters")


def empty_figures(result: Result) -> dict[str, str]:
    stems = file_stems(list(result.channels)).values()
    names = ["layout", *(f"{stem}-{kind}" for stem in stems for kind in ALWAYS)]
    return dict.fromkeys(names, '<svg xmlns="http://www.w3.org/2000/svg"></svg>')


def put_empty(patch: pytest.MonkeyPatch) -> None:
    """Designs and comparisons that are saved from here on have empty figures, or none."""
    patch.setattr(figures, "draw_all", empty_figures)
    patch.setattr(compare, "draw_comparison", lambda *_: [])


def put_real(patch: pytest.MonkeyPatch) -> None:
    """They are drawn again."""
    patch.setattr(figures, "draw_all", draw_all)
    patch.setattr(compare, "draw_comparison", draw_comparison)


def figures_of(*kinds: str) -> Callable[[Result], dict[str, str]]:
    """In place of `draw_all`: the real figures of a few kinds alone."""

    def draw(result: Result) -> dict[str, str]:
        with in_style():
            found = figures.pictures(result).items()
            return {name: picture.draw() for name, picture in found if picture.declared.kind in kinds}

    return draw
