"""Figures of nothing, and no zones, tolerances or promises, which take nine tenths of a saved design's time; pages without a library."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from designer import job
from designer import result as results
from designer.evaluation.listening_zone import zones
from designer.evaluation.short_look import promises_db
from designer.evaluation.tolerance import tolerance
from designer.report import figures, page, script
from designer.report.figure_data import Figure
from designer.report.figures import Picture, comparison_pictures, pictures
from designer.report.mirrors import mirrors
from designer.report.script import library, template
from designer.result import Result
from designer.search import compare

Places = dict[tuple[Any, str], Any]
"""Module and name -> what stands there."""
ANALYSES: Places = {
    (results, "tolerance"): tolerance,
    (results, "zones"): zones,
    (job, "promises_db"): promises_db,
}
FIGURES: Places = {
    (figures, "pictures"): pictures,
    (compare, "comparison_pictures"): comparison_pictures,
    (page, "mirrors"): mirrors,
    (script, "library"): library,
}
NOTHING = b'<svg xmlns="http://www.w3.org/2000/svg"></svg>'


@dataclass(frozen=True)
class Blank(Picture):
    """A figure with nothing in it."""

    def build(self) -> Figure:
        return {"title": "", "rows": 1, "columns": 1, "height": 1.0, "panels": []}

    def says(self) -> str:
        return "Nothing."

    def file(self, form: str = "svg", dpi: float = 160.0) -> bytes:
        return NOTHING


def figures_of(*kinds: str) -> Callable[[Result], Mapping[str, Picture]]:
    """In place of `pictures`: the figures of a few kinds are drawn, the others are blank."""

    def some(result: Result, of: Collection[str] | None = None) -> Mapping[str, Picture]:
        return {name: as_kind(picture, kinds) for name, picture in pictures(result, of).items()}

    return some


def as_kind(picture: Picture, kinds: Collection[str]) -> Picture:
    if picture.declared.kind in kinds:
        return picture
    return Blank(picture.declared, picture.subject, picture.place)


def put_empty(patch: pytest.MonkeyPatch) -> None:
    """Designs and comparisons that are saved from here on have empty figures, or none, and no zones, tolerances or promises."""
    put(patch, {(figures, "pictures"): figures_of(), (compare, "comparison_pictures"): lambda *_: {}})
    put(patch, {(page, "mirrors"): lambda _: {}, (script, "library"): lambda: ""})
    put(patch, {(results, "tolerance"): lambda *_: {}, (results, "zones"): lambda *_: None})
    put(patch, {(job, "promises_db"): lambda *_: {}})
    patch.setattr(script, "template", cache(template))  # read and compiled once


def put(patch: pytest.MonkeyPatch, places: Places) -> None:
    """Put `ANALYSES`, `FIGURES` or what is to stand in their places there."""
    for (module, name), value in places.items():
        patch.setattr(module, name, value)
