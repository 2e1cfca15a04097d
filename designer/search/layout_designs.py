"""Layouts designed: their problem files, the numbers of their filters, and which is best where such a number decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from designer import job
from designer.arrays import Real
from designer.errors import Fault, ProblemError, SolverError
from designer.metrics import BY_NAME, ON_DEMAND
from designer.placement.candidates import Candidates
from designer.placement.layouts import realised_value
from designer.placement.objective import Objective
from designer.placement.system import System, system_of
from designer.problem import Problem
from designer.problem.messages import shown
from designer.problem.read import changed
from designer.realization import response as filter_response
from designer.report.placed_layout import PlacedLayout

REALISED = ("mean_cancellation_gain_db", "moved_head_5th_percentile_db", "largest_effort_db")
"""Numbers of the realised filters that stand beside a layout, of the channel that is worst off."""
DESIGNED_SHARE, LEAST_DESIGNS, MOST_DESIGNS = 0.05, 16, 48
"""Share of all layouts that are designed where a number of filters decides, and its bounds."""
DESIGNED_AT_ONCE = 2
"""Layouts of a round: the one that ranks highest, and the nearest one."""


def layout_of(candidates: Candidates, places_m: Real) -> PlacedLayout:
    """Layout of drivers at places (n, 3)."""
    return PlacedLayout(tuple(candidates.placed(places_m)), len(candidates.fixed))


class DesignedLayouts:
    """Layouts with the numbers of their filters, each designed once."""

    def __init__(self, candidates: Candidates, system: System, say: Callable[[str], None]) -> None:
        self.candidates, self.system, self.say = candidates, system, say
        self.problems: dict[Any, Problem] = {}
        self.failed: dict[Any, PlacedLayout] = {}
        self._numbers: dict[Any, tuple[dict[str, float], float]] = {}

    def __call__(self, layout: PlacedLayout) -> PlacedLayout:
        """The layout with these, or with the reason why a solver stopped at it."""
        objective = self.system.objective
        if layout.key in self.failed:
            return replace(layout, failure=self.failed[layout.key].failure)
        if layout.key not in self._numbers:
            self.say(f"design {layout.words}")
            problem = self.problems[layout.key] = problem_of(self.candidates, layout)
            try:
                result = job.design(problem)
            except SolverError as error:
                self.failed[layout.key] = replace(layout, failure=str(error))
                return self.failed[layout.key]
            if objective.is_of_filters:
                realised = _of_filters(result, objective)
            else:
                realised = objective.sign * _realised(problem, layout, result, self.system)
            self._numbers[layout.key] = _numbers(result), realised
        numbers, realised = self._numbers[layout.key]
        return replace(layout, numbers=numbers, realised=realised)


def _of_filters(result: job.Design, objective: Objective) -> float:
    """The objective of a design's filters, of the channel that is worst off; NaN where no channel has it."""
    name, better = objective.metric.name, objective.metric.better
    is_dear = bool(objective.metric.needs & ON_DEMAND)
    values = [
        numbers[name]
        for channel, scalars in result.scalars.items()
        if name in (numbers := result.robustness(channel) if is_dear else scalars.values)
    ]
    return better * min(better * value for value in values) if values else np.nan


def decided(
    searched: Sequence[PlacedLayout],
    designed: DesignedLayouts,
    objective: Objective,
    around: Callable[[PlacedLayout], Iterable[PlacedLayout]],
) -> PlacedLayout:
    """The best by its filters: of some layouts, the first of which the search prefers, and of those that exchanges reach from their best.

    Where the solver stops at all of some, the first of them, with its failure.

    Parameters
    ----------
    around : callable, layouts that differ in one unit from a layout, the most promising first; none of one with free coordinates

    Raises
    ------
    ProblemError : no channel has that number

    """

    def valued(layout: PlacedLayout) -> PlacedLayout:
        layout = designed(layout)
        return replace(layout, value=layout.realised)

    def worth(layout: PlacedLayout) -> float:
        return -np.inf if np.isnan(layout.value) else objective.metric.better * layout.value

    layouts = [valued(layout) for layout in searched]
    known = {kind: [layout.value for layout in layouts if layout.kind == kind] for kind in ("even", "lasso")}
    if all(layout.failure for layout in layouts):
        return replace(layouts[0], kind="")
    if all(np.isnan(layout.value) for layout in layouts):
        fault = Fault("placement.objective", f"got {shown(objective.metric.name)}, which no channel has", "a number of its channels",
                      "`designer design` lists them in summary.json", "placement-search")  # fmt: skip
        raise ProblemError(designed.candidates.problem.source, [fault])
    by_key: dict[Any, PlacedLayout] = {}
    for layout in layouts:
        by_key.setdefault(layout.key, layout)
    lists: dict[Any, list[PlacedLayout]] = {}
    most = int(np.clip(DESIGNED_SHARE * searched[0].of_layouts, LEAST_DESIGNS, MOST_DESIGNS))
    while len(by_key) < most:
        for centre in sorted(by_key.values(), key=worth, reverse=True):
            if centre.key not in lists:
                lists[centre.key] = list(around(centre))
            if tried := [layout for layout in lists[centre.key] if layout.key not in by_key]:
                break
        else:
            break
        by_key |= {layout.key: valued(layout) for layout in tried[: min(DESIGNED_AT_ONCE, most - len(by_key))]}
    first = {kind: of[0] if of and np.isfinite(of[0]) else None for kind, of in known.items()}
    return replace(max(by_key.values(), key=worth), kind="", even=first["even"], lasso=first["lasso"])


def front_of(layouts: list[PlacedLayout], designed: DesignedLayouts) -> list[PlacedLayout]:
    """The Pareto-optimal ones of those layouts that have filters, after the layouts are put in the order of their values.

    Raises
    ------
    SolverError : there is none

    """
    table, objective = designed.candidates.table, designed.system.objective
    layouts.sort(key=lambda layout: (bool(np.isnan(layout.value)), -objective.metric.better * layout.value))
    left, front = [layout for layout in layouts if layout.key not in designed.failed], list[PlacedLayout]()
    while left and not front:
        costly = "multiply_adds_per_s" in table.front
        front = [designed(layout) for layout in (left if costly else pareto(left, table.front, objective))]
        if any(layout.failure for layout in front):  # without them others are Pareto-optimal
            left, front = [layout for layout in left if layout.key not in designed.failed], []
        elif costly:
            front = pareto(front, table.front, objective)
    if not front:
        raise SolverError("; ".join(f"{layout.words}: {layout.failure}" for layout in designed.failed.values()))
    return front


def pareto(layouts: Sequence[PlacedLayout], axes: Sequence[str], objective: Objective) -> list[PlacedLayout]:
    """Those layouts, in their order, that no other beats: at least as good in the value and all axes, and better in one."""
    better = objective.metric.better
    costs = np.array([[-better * layout.value, *(layout.cost(axis) for axis in axes)] for layout in layouts])
    beaten = [((costs <= cost + 1e-9).all(axis=1) & (costs < cost - 1e-9).any(axis=1)).any() for cost in costs]
    first = [not any(np.allclose(costs[m], costs[n], atol=1e-9) for m in range(n)) for n in range(len(costs))]
    return [
        layout for layout, is_beaten, is_first in zip(layouts, beaten, first, strict=True) if is_first and not is_beaten
    ]


def problem_of(candidates: Candidates, layout: PlacedLayout) -> Problem:
    """The problem with the layout's drivers. Raises ProblemError: a design cannot take so many."""
    return changed(candidates.problem, tables_of(candidates, layout))


def tables_of(candidates: Candidates, layout: PlacedLayout) -> dict[str, Any]:
    """Tables of the problem file with the layout's drivers; every design uses all drivers, and plain playback is chosen anew."""
    problem = candidates.problem
    data = problem.model_dump(exclude_unset=True)
    names = {driver.name for driver in candidates.fixed}
    data.pop("placement")
    data["title"] = f"{problem.title}: {layout.words}"
    data["drivers"] = [driver.model_dump(exclude_unset=True) for driver in layout.drivers]
    for design in data["designs"]:
        design.pop("drivers", None)
        if not set(design.get("plain") or names) <= names:
            for key in ("plain", "crossover_hz", "crossover_order"):
                design.pop(key, None)
        if layout.max_effort_db is not None:
            design["max_effort_db"] = layout.max_effort_db
    return data


def _realised(problem: Problem, layout: PlacedLayout, result: job.Design, reference: System) -> float:
    """The value of a layout's realised filters, at the places and over the devices that the search judged by."""
    system = system_of(problem, layout.drivers, layout.fixed, len(layout.drivers), reference)
    rate_hz = problem.sample_rate_hz
    responses = [
        filter_response(result.taps[channel.name], channel.frequency_hz, rate_hz) for channel in system.channels
    ]
    return realised_value(system, responses)


def _numbers(result: job.Design) -> dict[str, float]:
    """Numbers of the realised filters, of the channel that is worst off; cost of all channels together."""
    numbers = {}
    for name in REALISED:
        values = [scalars.values[name] for scalars in result.scalars.values() if name in scalars.values]
        if values:
            numbers[name] = min(values) if BY_NAME[name].better > 0 else max(values)
    costs = [
        scalars.values["multiply_adds_per_s"]
        for scalars in result.scalars.values()
        if "multiply_adds_per_s" in scalars.values
    ]
    return numbers | ({"multiply_adds_per_s": sum(costs)} if costs else {})
