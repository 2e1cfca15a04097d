"""The layouts of compared designs beside each other, on one scale: from above, or from the front where drivers are over each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from designer.arrays import Real
from designer.comparison.entry import Entry
from designer.problem.enclosures.enclosure import VIEWS
from designer.problem.messages import enumeration
from designer.problem.schema import Problem
from designer.report.figure_data import Figure, axis, figure, shortened
from designer.report.layout import device_shapes, drawing

MOST_ACROSS = 4
"""Layouts in a row."""
SHOWN_PER_SIZE = 1.25
"""Half of an axis over the furthest that any device or driver goes."""
WIDTH_IN = 7.2


@dataclass(frozen=True)
class LayoutsView:
    """The designs whose layouts are drawn."""

    entries: tuple[Entry, ...]

    @property
    def problems(self) -> list[Problem]:
        """Problem of each."""
        return [entry.problem for entry in self.entries]

    @cached_property
    def differ(self) -> bool:
        """Whether drivers' places or enclosures differ."""
        layouts = {
            repr([(driver.position_m, driver.radius_m) for driver in problem.drivers] + [problem.body.model_dump()])
            for problem in self.problems
        }
        return len(layouts) > 1

    @cached_property
    def view(self) -> str:
        """From where: in the plane across which all drivers together spread most beside y."""
        places = np.array([driver.position_m for problem in self.problems for driver in problem.drivers])
        depth_m, height_m = np.ptp(places[:, 0]), np.ptp(places[:, 2])
        return "front" if height_m > depth_m else "above"


def half_sizes_m(problems: Sequence[Problem], view: str) -> Real:
    """How far from the origin drivers and bodies go, across and up the page (2,)."""
    first, second = VIEWS[view]
    places = np.abs([driver.position_m for problem in problems for driver in problem.drivers]).max(axis=0)
    bodies = np.max([problem.body.half_size_m for problem in problems], axis=0)
    half = np.maximum(np.maximum(places, bodies)[[first, second]], 0.02)
    return np.asarray(SHOWN_PER_SIZE * np.maximum(half, 0.3 * half.max()))


def layouts_figure(view: LayoutsView) -> Figure:
    """One drawing a design, all of one scale."""
    half_x, half_y = half_sizes_m(view.problems, view.view)
    columns = min(len(view.entries), MOST_ACROSS)
    x = axis("y in m", "m", -half_x, half_x)
    up = (
        axis("x in m (front is down)", "m", half_y, -half_y)
        if view.view == "above"
        else axis("z in m", "m", -half_y, half_y)
    )
    panels = [
        drawing(shortened(entry.label, 72 // columns), (*divmod(place, columns), 1, 1), x, up, device_shapes(entry.problem, view.view))
        for place, entry in enumerate(view.entries)
    ]  # fmt: skip
    rows = -(-len(panels) // columns)
    height = 0.75 + min(WIDTH_IN / columns - 0.6, 2.4) * half_y / max(half_x, half_y)
    return figure(panels, 0.3 + rows * height)


def say_layouts(view: LayoutsView) -> str:
    """How wide each is."""
    widths = []
    for entry in view.entries:
        places = np.array([driver.position_m for driver in entry.problem.drivers])
        apart_m = float(np.linalg.norm(places[:, None] - places[None], axis=2).max())
        count = len(places)
        widths.append(f"{entry.label} {count} driver{'' if count == 1 else 's'} within {apart_m:.3f} m")
    where = "from above" if view.view == "above" else "from the front"
    return f"The layouts on one scale, {where}, the listener's left on the left: {enumeration(widths)}."
