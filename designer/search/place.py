"""The job of `designer place`: layouts searched over numbers of drivers, widths and limits of effort; those of the front designed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from designer import job
from designer.arrays import Real
from designer.errors import Fault, ProblemError
from designer.metrics import BY_NAME
from designer.placement.candidates import Candidates, candidates_of, no_layout
from designer.placement.exchange import Space, even, exhaustive, greedy, search
from designer.placement.free_coordinates import refined
from designer.placement.layouts import Judge, Layout, realised_value
from designer.placement.relaxation import relaxed
from designer.placement.system import OBJECTIVES, System, system_of
from designer.problem import Problem
from designer.problem.messages import nearest, shown
from designer.problem.read import changed
from designer.problem.schema import Driver
from designer.realization import response as filter_response
from designer.report import placement_page
from designer.report.placement_page import PlacedLayout
from designer.search.relocated import relocate, remarked
from designer.versions import WRITER, versions
from designer.writing import PLACEMENT, check_folder, lay, reserve, write_folder

Method = Literal["exchange", "group-lasso", "exhaustive"]
MAX_EXHAUSTIVE = 100_000
"""Layouts that are all valued where that is wanted: some minutes."""
REALISED = ("mean_cancellation_gain_db", "moved_head_5th_percentile_db", "largest_effort_db")
"""Numbers of the realised filters that stand beside a layout, of the channel that is worst off."""


@dataclass(frozen=True)
class Placed:
    """Layouts that were found, those of the front first designed.

    Attributes
    ----------
    problem : Problem, of the file
    candidates : Candidates
    layouts : tuple of PlacedLayout, every one that was searched, by falling value
    front : tuple of PlacedLayout, those that no other beats in the value and all that it is traded against
    problems : mapping of str to Problem, of the front by name
    notes : tuple of str

    """

    problem: Problem
    candidates: Candidates
    layouts: tuple[PlacedLayout, ...]
    front: tuple[PlacedLayout, ...]
    problems: Mapping[str, Problem]
    notes: tuple[str, ...] = ()
    command: str = ""
    objective: str = field(default="")

    @property
    def sentence(self) -> str:
        """The answer in a sentence: the best layout, even steps beside it, and what the front's smallest loses."""
        best = self.front[0]
        beside = "" if best.even_db is None else f", {best.value_db - best.even_db:.1f} dB above even steps"
        words = f"best: {best.words}: {best.value_db:.1f} dB{beside} ({self.objective});"
        words += f" {best.evaluations} of {best.of_layouts:,} layouts valued"
        last = self.front[-1]
        return words + (f"; {last.words} lose {best.value_db - last.value_db:.1f} dB" if last is not best else "")

    def files(self, folder: Path) -> dict[str, bytes]:
        """Content of the folder: a path in it -> its content."""
        record = {
            "writer": WRITER,
            "command": self.command,
            "objective": self.objective,
            "sentence": self.sentence,
            "layouts": [layout.record() for layout in self.layouts],
            "versions": versions(),
        }
        pictures = {layout.name: _problem_text(self, layout, folder) for layout in self.front}
        page = placement_page.render(
            self.candidates, self.layouts, self.front, self.sentence, self.objective, self.notes, self.command
        )
        texts = {
            "placement.html": page,
            "placement.json": json.dumps(record, indent=2) + "\n",
            "placement.csv": placement_page.table(self.layouts, self.front),
            **{f"{name}.toml": text for name, text in pictures.items()},
        }
        return {name: text.encode("utf-8") for name, text in texts.items()}

    def save(self, folder: str | Path, *, force: bool = False) -> Path:
        """Write the folder, whole or not at all.

        Raises
        ------
        UsageError : the folder holds files that are no layouts of this tool
        OutputError : it cannot be written; what was there is as it was

        """
        write_folder(Path(folder), PLACEMENT, lay(self.files(Path(folder))), force=force)
        return Path(folder)


def check_free(folder: Path, *, force: bool = False) -> None:
    """Find out before anything is searched whether the folder could be written. Raises UsageError, OutputError."""
    check_folder(folder, PLACEMENT, force=force)
    reserve(folder)


def place(
    problem: Problem,
    folder: str | Path | None = None,
    *,
    method: Method = "exchange",
    command: str = "",
    progress: Callable[[str], None] | None = None,
    force: bool = False,
) -> Placed:
    """Find layouts of drivers by a problem's `[placement]`, and design those of the front.

    Parameters
    ----------
    folder : str, Path or None, where page, table and problem files are written; None for nowhere
    method : str, "exchange", "group-lasso" alone, or "exhaustive": all layouts
    command : str, that regenerates the folder
    progress : callable, optional, called with the name of each stage as it begins
    force : bool, replace files of an older placement that were edited since

    Raises
    ------
    ProblemError : no `[placement]`, or one that leaves no layout; drivers of these numbers that a design cannot take
    UsageError, OutputError : the folder holds something else, or cannot be written
    SolverError : a solver ended without a certified answer for a layout of the front

    """
    say = progress or (lambda _: None)
    if folder is not None:
        check_free(Path(folder), force=force)
    candidates = candidates_of(problem)
    table = candidates.table
    _check(candidates)
    say("transfer functions of all candidates")
    drivers = [*candidates.fixed, *_at(candidates, candidates.places_m)]
    fixed = len(candidates.fixed)
    system = system_of(problem, drivers, fixed, fixed + max(table.counts))
    layouts: list[PlacedLayout] = []
    efforts_db: list[float | None] = [*table.max_efforts_db] or [None]
    widths_m: list[float | None] = [*table.widths_m] or [None]
    for effort_db, width_m, count in itertools.product(efforts_db, widths_m, table.counts):
        say(f"layouts of {count} drivers")
        layouts.append(_searched(candidates, _limited(system, effort_db), count, effort_db, width_m, method))
    layouts.sort(key=lambda layout: -layout.value_db)
    costly = "multiply_adds_per_s" in table.front
    front = layouts if costly else pareto(layouts, table.front)
    problems, designed = {}, []
    for number, layout in enumerate(front, 1):
        name = f"placed-{number}"
        say(f"design {name}")
        problems[name] = _problem_of(candidates, layout)
        result = job.design(problems[name])
        designed.append(
            replace(layout, name=name, numbers=_numbers(result), realised_db=_realised_db(layout, result, system))
        )
    front = pareto(designed, table.front) if costly else designed
    objective = f"{table.percentile:g}th percentile of {BY_NAME[table.objective].label.lower()} over devices, heads and frequencies"
    placed = Placed(problem, candidates, tuple(layouts), tuple(front), problems, _notes(candidates), command, objective)
    if folder is not None:
        say("report")
        placed.save(folder, force=force)
    return placed


def pareto(layouts: Sequence[PlacedLayout], axes: Sequence[str]) -> list[PlacedLayout]:
    """Those layouts, in their order, that no other beats: at least as good in the value and all axes, and better in one."""
    costs = np.array([[-layout.value_db, *(layout.cost(axis) for axis in axes)] for layout in layouts])
    beaten = [((costs <= cost + 1e-9).all(axis=1) & (costs < cost - 1e-9).any(axis=1)).any() for cost in costs]
    first = [not any(np.allclose(costs[m], costs[n], atol=1e-9) for m in range(n)) for n in range(len(costs))]
    return [
        layout for layout, is_beaten, is_first in zip(layouts, beaten, first, strict=True) if is_first and not is_beaten
    ]


def _fault(problem: Problem, path: str, actual: str, expected: str, remedy: str) -> ProblemError:
    return ProblemError(problem.source, [Fault(path, actual, expected, remedy, "placement-search")])


def _check(candidates: Candidates) -> None:
    """Faults that need candidates and designs together, before anything is computed."""
    problem, table = candidates.problem, candidates.table
    if table.objective not in OBJECTIVES:
        remedy = nearest(table.objective, OBJECTIVES) or "effort and cost are limits, or on placement.front"
        raise _fault(
            problem, "placement.objective", f"got {shown(table.objective)}", f"one of {', '.join(OBJECTIVES)}", remedy
        )
    if table.objective == "isolation_db" and not all(design.dark for design in problem.designs):
        raise _fault(problem, "placement.objective", 'got "isolation_db", and a design that names no dark listener or place',
                     "dark in all designs", 'write "cancellation_gain_db"')  # fmt: skip
    if table.free and problem.body.is_solved:
        raise _fault(problem, "placement.free", f"got true with enclosure.model = {shown(problem.body.model_name)}, a body that is solved"
                     " anew for any place", "free = false", "take a smaller step_m: its candidates share one solution")  # fmt: skip
    for width_m, count in itertools.product(table.widths_m, table.counts):
        if not _space(candidates, count, width_m).compositions:
            raise _fault(problem, "placement.widths_m", f"got {width_m:g}, within which {count} drivers have no places",
                         f"up to {2 * candidates.half_width_m().max():g}", "take a wider one, or fewer drivers")  # fmt: skip
    for count in table.counts:  # a design may take another number of drivers
        _problem_of(
            candidates,
            _of_places(
                candidates, candidates.places_m[np.linspace(0, len(candidates.places_m) - 1, count).astype(int)]
            ),
        )


def _notes(candidates: Candidates) -> tuple[str, ...]:
    body, problem = candidates.problem.body, candidates.problem
    if not body.is_solved:
        return ()
    places = len(candidates.places_m)
    size = body.solving(problem.solved_to_hz, problem.speed_of_sound_m_s, places)
    return (
        f"the body is solved for each of {places} candidate places, at one temperature: {size}; a larger step_m has fewer",
    )


def _at(candidates: Candidates, places_m: Real) -> list[Driver]:
    return [
        candidates.like.model_copy(
            update={"name": f"place {n}", "position_m": [float(x) for x in candidates.problem.body.on_surface(place)]}
        )
        for n, place in enumerate(places_m)
    ]


def _limited(system: System, effort_db: float | None) -> System:
    """The system with another limit of effort in all channels."""
    if effort_db is None:
        return system
    return replace(
        system, channels=tuple(replace(channel, max_effort=10 ** (effort_db / 10)) for channel in system.channels)
    )


def _space(candidates: Candidates, count: int, width_m: float | None) -> Space:
    """Layouts of so many drivers within a width."""
    usable = candidates.half_width_m() <= (np.inf if width_m is None else width_m / 2 + 1e-9)
    return Space(candidates, count, np.asarray(usable))


def _searched(
    candidates: Candidates, system: System, count: int, effort_db: float | None, width_m: float | None, method: Method
) -> PlacedLayout:
    """The best layout of so many drivers within a width and a limit of effort. Raises ProblemError: there is none."""
    space = _space(candidates, count, width_m)
    judge = Judge(system, candidates.units)
    begun = next((start for n in space.compositions if (start := greedy(judge, space, n)) is not None), None)
    convex = Judge(system, candidates.units)
    by_lasso = relaxed(convex, space, begun) if begun is not None and method != "exhaustive" else None
    layout: Layout | None
    if method == "exhaustive":
        if space.most_layouts > MAX_EXHAUSTIVE:
            raise _fault(candidates.problem, "placement.step_m", f"got about {space.most_layouts:,} layouts of {count} drivers with"
                         " --method exhaustive", f"at most {MAX_EXHAUSTIVE:,}", "take a larger step_m, or --method exchange")  # fmt: skip
        layout = exhaustive(judge, space)
    else:
        layout = by_lasso if method == "group-lasso" else search(judge, space, [] if by_lasso is None else [by_lasso])
    if layout is None:
        raise no_layout(candidates, count)
    value, evaluations = judge(layout), judge.evaluations
    steps = even(space)
    even_db = Judge(system, candidates.units)(steps) if steps is not None else None
    columns = [place for unit in layout for place in candidates.units[unit]]
    places_m = candidates.places_m[columns]
    if candidates.table.free:
        freed = refined(judge, candidates, layout)
        places_m, value, evaluations = freed.places_m, freed.value_db, evaluations + freed.steps
    lasso_db = None if by_lasso is None else convex(by_lasso)
    return replace(
        _of_places(candidates, places_m), value_db=value, max_effort_db=effort_db, even_db=even_db, lasso_db=lasso_db,
        evaluations=evaluations, of_layouts=space.number_of_layouts,
    )  # fmt: skip


def _of_places(candidates: Candidates, places_m: Real) -> PlacedLayout:
    return PlacedLayout(tuple(candidates.placed(places_m)), len(candidates.fixed))


def _problem_of(candidates: Candidates, layout: PlacedLayout) -> Problem:
    """The problem with the layout's drivers. Raises ProblemError: a design cannot take so many."""
    return changed(candidates.problem, _data(candidates, layout))


def _data(candidates: Candidates, layout: PlacedLayout) -> dict[str, Any]:
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


def _realised_db(layout: PlacedLayout, result: job.Design, reference: System) -> float:
    """The value of a layout's realised filters, at the places and over the devices that the search judged by."""
    problem = result.problem.model_copy(update={"placement": reference.table})
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


def _problem_text(placed: Placed, layout: PlacedLayout, folder: Path) -> str:
    data = _data(placed.candidates, layout)
    relocate(placed.problems[layout.name], data, folder)
    remarks = [
        f"Written by `designer place`: {layout.words}, {layout.value_db:.2f} dB,",
        f"{placed.objective}; from {placed.problem.source}.",
    ]
    return remarked(remarks, data)
