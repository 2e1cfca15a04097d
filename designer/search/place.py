"""The job of `designer place`: layouts searched over numbers of drivers, widths and limits of effort; the Pareto-optimal ones designed."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from designer import job
from designer.acoustics.enclosures.factored import FACTORIZATIONS, JUDGED_BYTES
from designer.arguments import checked_arguments
from designer.arrays import Real
from designer.errors import EXIT_DONE, EXIT_SOLVER, ProblemError
from designer.placement.candidates import Candidates, candidates_of, key_fault, no_layout
from designer.placement.exchange import Space, even, exhaustive, greedy, nearest, neighbours, relaxed, search
from designer.placement.free_coordinates import refined
from designer.placement.layouts import Judge, Layout
from designer.placement.objective import Objective, objective_of
from designer.placement.system import System, system_of
from designer.problem import Problem
from designer.problem.schema import Driver
from designer.report import placement_page
from designer.report.placed_layout import PlacedLayout
from designer.search.layout_designs import DesignedLayouts, decided, front_of, layout_of, problem_of, tables_of
from designer.search.relocated import relocate, remarked
from designer.versions import WRITER, versions
from designer.writing import PLACEMENT, check_folder, lay, reserve, write_folder

if TYPE_CHECKING:
    import pandas as pd

Method = Literal["exchange", "group-lasso", "exhaustive"]
DECIDED = 6
"""Layouts of those that the search values most that are designed first where a number of filters decides; even steps and lasso too."""
MAX_EXHAUSTIVE = 100_000
"""Layouts that are all valued where that is wanted: some minutes."""


@dataclass(frozen=True)
class Placed:
    """Layouts that were found; those that are Pareto-optimal are designed.

    Attributes
    ----------
    problem : Problem, of the file
    candidates : Candidates
    objective : Objective, the number that decided
    layouts : tuple of PlacedLayout, every one that was searched, the best first
    front : tuple of PlacedLayout, the Pareto-optimal ones: no other beats them in the value and in all that it is traded against
    problems : mapping of str to Problem, of the Pareto-optimal layouts by name
    notes : tuple of str
    failed : tuple of PlacedLayout, those at which the solver stopped, each with its `failure`; none of them is in `front`

    """

    problem: Problem
    candidates: Candidates
    objective: Objective
    layouts: tuple[PlacedLayout, ...]
    front: tuple[PlacedLayout, ...]
    problems: Mapping[str, Problem]
    notes: tuple[str, ...] = ()
    command: str = ""
    failed: tuple[PlacedLayout, ...] = ()

    @property
    def status(self) -> int:
        """The exit code: 5 where the solver stopped at a layout."""
        return EXIT_SOLVER if self.failed else EXIT_DONE

    @property
    def sentence(self) -> str:
        """The best layout, its filters first, then the search's value; and the last of the Pareto-optimal ones."""
        best, metric, last = self.front[0], self.objective.metric, self.front[-1]
        beside = ""
        if best.even is not None:
            side = "better" if metric.better * (best.value - best.even) >= 0 else "worse"
            beside = f", {metric.text(abs(best.value - best.even))} {side} than even steps"
        ranked = "best" if self.objective.is_of_filters else "best by ideal weights"
        words = f"{ranked}: {best.words}: {self._shipped(best)}{beside};"
        words += f" {best.evaluations} of {best.of_layouts:,} layouts valued"
        words += f", {best.steps} steps along slopes" if best.steps else ""
        if last is best:
            return words
        lost = metric.text(metric.better * (best.value - last.value))
        if self.objective.is_of_filters:
            return f"{words}; {last.words} lose {lost}"
        return f"{words}; {last.words}: {metric.text(last.realised)} by their filters, {lost} worse by ideal weights"

    def _shipped(self, layout: PlacedLayout) -> str:
        """Value of a layout's filters, and that of the search's ideal weights where it is another."""
        metric, label = self.objective.metric, self.objective.label
        if self.objective.is_of_filters:
            return f"{metric.text(layout.realised)} ({label})"
        return f"{metric.text(layout.realised)} by its filters ({label}), {metric.text(layout.value)} by ideal weights"

    def failures(self) -> list[str]:
        """Sentences on the layouts at which the solver stopped: their places and why."""
        return [
            f"{layout.words} ({placement_page.places_words(self.candidates, layout)}) is left out, because the solver stopped:"
            f" {layout.failure}"
            for layout in self.failed
        ]

    def __repr__(self) -> str:
        """One line: the sentence."""
        return f"<Placed: {self.sentence}>"

    @cached_property
    def table(self) -> pd.DataFrame:
        """The table of `placement.csv`: a row a layout, the best first."""
        import pandas as pd

        return pd.DataFrame(placement_page.columns(self.layouts, self.front))

    def files(self, folder: Path) -> dict[str, bytes]:
        """Content of the folder: a path in it -> its content."""
        record = {
            "writer": WRITER,
            "command": self.command,
            "objective": self.objective.metric.name,
            "percentile": self.objective.percentile,
            "sentence": self.sentence,
            "layouts": [layout.record() for layout in placement_page.with_filters(self.layouts, self.front)],
            "failures": self.failures(),
            "versions": versions(),
        }
        pictures = {layout.name: _problem_text(self, layout, folder) for layout in self.front}
        page = placement_page.render(
            self.candidates,
            self.layouts,
            self.front,
            self.sentence,
            self.objective,
            [*self.notes, *self.failures()],
            self.command,
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


@checked_arguments()
def place(
    problem: Problem | str | Path,
    folder: str | Path | None = None,
    *,
    method: Method = "exchange",
    command: str = "",
    progress: Callable[[str], None] | None = None,
    force: bool = False,
) -> Placed:
    """Find layouts of drivers by a problem's `[placement]`, and design those that are Pareto-optimal.

    Parameters
    ----------
    problem : Problem, str or Path, a problem or its file
    folder : str, Path or None, where page, table and problem files are written; None for nowhere
    method : str, "exchange", "group-lasso" alone, or "exhaustive": all layouts
    command : str, that regenerates the folder
    progress : callable, optional, called with the name of each stage as it begins
    force : bool, replace files of an older placement that were edited since

    Raises
    ------
    ProblemError : no `[placement]`, or one that leaves no layout; drivers of these numbers that a design cannot take
    UsageError, OutputError : the folder holds something else, or cannot be written
    SolverError : a solver ended without a certified answer for every Pareto-optimal layout; where it did for some, these are `failed`

    Returns
    -------
    Placed : `front`, `layouts` and `problems`, each layout with `drivers`, places in metres, and `value`, in the objective's unit;
        `table`, a DataFrame; `sentence`

    Examples
    --------
    >>> import designer
    >>> speaker = designer.load("problems/smart-speaker.toml")
    >>> placed = designer.place(speaker.replace("placement", {"on": "surface", "drivers": 3, "step_m": 0.05}))
    >>> placed.table[["name", "drivers", "evaluations"]].values.tolist()
    [['placed-1', 3, 8]]
    >>> [round(y, 3) for _, y, _ in (driver.position_m for driver in placed.front[0].drivers)]
    [-0.087, 0.0, 0.087]

    """
    problem = job.problem_of(problem)
    say = progress or (lambda _: None)
    if folder is not None:
        check_folder(Path(folder), PLACEMENT, force=force)
        reserve(Path(folder))
    candidates = candidates_of(problem)
    objective = objective_of(problem)
    table = candidates.table
    _check(candidates)
    with FACTORIZATIONS.keeping(JUDGED_BYTES):
        say("transfer functions of all candidates")
        drivers = [*candidates.fixed, *_at(candidates, candidates.places_m)]
        fixed = len(candidates.fixed)
        system = system_of(problem, drivers, fixed, fixed + max(table.counts))
        designed = DesignedLayouts(candidates, system, say)
        layouts: list[PlacedLayout] = []
        efforts_db: list[float | None] = [*table.max_efforts_db] or [None]
        widths_m: list[float | None] = [*table.widths_m] or [None]
        for effort_db, width_m, count in itertools.product(efforts_db, widths_m, table.counts):
            say(f"layouts of {count} drivers")
            searched, around = _searched(candidates, _limited(system, effort_db), count, effort_db, width_m, method)
            layouts.append(decided(searched, designed, objective, around) if objective.is_of_filters else searched[0])
        front = front_of(layouts, designed)
    layouts = [designed.failed.get(layout.key, layout) for layout in layouts]
    front = [replace(layout, name=f"placed-{number}") for number, layout in enumerate(front, 1)]
    problems = {layout.name: designed.problems[layout.key] for layout in front}
    placed = Placed(problem, candidates, objective, tuple(layouts), tuple(front), problems, _notes(candidates), command,
                    tuple(designed.failed.values()))  # fmt: skip
    if folder is not None:
        say("report")
        placed.save(folder, force=force)
    return placed


def _check(candidates: Candidates) -> None:
    """Faults that need candidates and designs together, before anything is computed."""
    problem, table = candidates.problem, candidates.table
    for width_m, count in itertools.product(table.widths_m, table.counts):
        if not _space(candidates, count, width_m).compositions:
            raise key_fault(problem, "placement.widths_m", f"got {width_m:g}, within which {count} drivers have no places",
                         f"a width of up to {2 * candidates.half_width_m().max():g} m", "take a wider one, or fewer drivers")  # fmt: skip
    for count in table.counts:
        places_m = candidates.places_m[np.linspace(0, len(candidates.places_m) - 1, count).astype(int)]
        try:
            problem_of(candidates, layout_of(candidates, places_m))
        except ProblemError as error:  # a design takes another number of drivers
            if any(fault.code != "driver-count" for fault in error.faults):
                raise
            fixed, refused = len(candidates.fixed), error.faults[0]
            beside = f" beside {fixed} fixed" if fixed else ""
            table_of = {f"designs[{n}].drivers": design for n, design in enumerate(problem.designs)}
            design, kind = refused.path.removesuffix(".drivers"), table_of[refused.path].kind
            raise key_fault(problem, "placement.drivers", f"got {count}{beside}, all of which {design} plays through",
                         refused.expected, _count_remedy(design, kind, count, fixed)) from None  # fmt: skip


def _count_remedy(design: str, kind: str, count: int, fixed: int) -> str:
    """Remedy for a number of drivers that a kind of design does not take: the number that it takes, and the kind that takes this one."""
    beside, least = " beside the fixed" if fixed else "", (2 if kind == "ctc" else 3) - fixed
    if kind != "ctc":
        pair = f', or write {design}.kind = "ctc" for a pair' if count + fixed == 2 else ""
        return f"place {least} or more{beside}{pair}"
    if count + fixed < 2:
        return f"place {least}{beside}"
    steering = f'write {design}.kind = "null-steering", which takes three drivers or more'
    return f"{steering}, or place {least}{beside}" if least > 0 else steering


def _notes(candidates: Candidates) -> tuple[str, ...]:
    body, problem = candidates.problem.body, candidates.problem
    if not body.is_solved:
        return ()
    places = len(candidates.places_m)
    size = body.solving(problem.solved_to_hz, problem.speed_of_sound_m_s, places)
    free = "; free coordinates solve it for more places at every step" if candidates.table.free else ""
    return (
        f"the body is solved for each of {places} candidate places, at one temperature: {size}{free}; a larger step_m makes fewer",
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
) -> tuple[list[PlacedLayout], Callable[[PlacedLayout], Iterator[PlacedLayout]]]:
    """Layouts of so many drivers within a width and a limit of effort, the best first; others where filters are to decide.

    Beside them what gives the layouts that differ in one unit from a layout, that of best rank and the nearest one in turn.

    Raises
    ------
    ProblemError : there is none

    """
    space = _space(candidates, count, width_m)
    judge, convex = Judge(system, candidates.units), Judge(system, candidates.units)
    begun = next((start for n in space.compositions if (start := greedy(judge, space, n)) is not None), None)
    by_lasso = relaxed(convex, space, begun) if begun is not None and method != "exhaustive" else None
    layout: Layout | None
    if method == "exhaustive":
        if space.most_layouts > MAX_EXHAUSTIVE:
            raise key_fault(candidates.problem, "placement.step_m", f"got about {space.most_layouts:,} layouts of {count} drivers with"
                         " --method exhaustive", f"at most {MAX_EXHAUSTIVE:,}", "take a larger step_m, or --method exchange")  # fmt: skip
        layout = exhaustive(judge, space)
    else:
        layout = by_lasso if method == "group-lasso" else search(judge, space, [] if by_lasso is None else [by_lasso])
    if layout is None:
        raise no_layout(candidates, count)
    sign = system.objective.sign
    value, evaluations, slope_steps = judge(layout), judge.evaluations, 0
    steps = even(space)
    beside = Judge(system, candidates.units)
    places_m = _places_m(candidates, layout)
    if candidates.table.free:
        freed = refined(judge, candidates, layout)
        places_m, value, slope_steps = freed.places_m, freed.value_db, freed.steps
    best = replace(
        layout_of(candidates, places_m),
        value=sign * value,
        max_effort_db=effort_db,
        even=None if steps is None else sign * beside(steps),
        lasso=None if by_lasso is None else sign * convex(by_lasso),
        evaluations=evaluations,
        of_layouts=space.number_of_layouts,
        steps=slope_steps,
    )
    units: dict[Any, Layout] = {} if candidates.table.free else {best.key: layout}

    def placed(units_of: Layout, kind: str = "") -> PlacedLayout:
        other = replace(
            layout_of(candidates, _places_m(candidates, units_of)),
            kind=kind,
            **{key: getattr(best, key) for key in ("max_effort_db", "evaluations", "of_layouts", "steps")},
        )
        units[other.key] = units_of
        return other

    def around(centre: PlacedLayout) -> Iterator[PlacedLayout]:
        if method == "group-lasso" or centre.key not in units:
            return
        start = units[centre.key]
        in_turn = zip(neighbours(judge, space, start), nearest(space, start), strict=True)
        yield from map(placed, dict.fromkeys(itertools.chain.from_iterable(in_turn)))

    if not system.objective.is_of_filters or method == "group-lasso":
        return [best], around
    others = sorted(judge.values, key=lambda other: -judge.values[other])
    more_valued = [other for other in others if candidates.table.free or other != layout][: DECIDED - 1]
    ranked: list[tuple[str, Layout | None]] = [*(("", other) for other in more_valued)]
    ranked += [("even", steps), ("lasso", by_lasso)]
    return [best, *(placed(other, kind) for kind, other in ranked if other is not None)], around


def _places_m(candidates: Candidates, layout: Layout) -> Real:
    return candidates.places_m[[place for unit in layout for place in candidates.units[unit]]]


def _problem_text(placed: Placed, layout: PlacedLayout, folder: Path) -> str:
    data = tables_of(placed.candidates, layout)
    relocate(placed.problems[layout.name], data, folder)
    remarks = [
        f"Written by `designer place`: {layout.words}, {placed._shipped(layout)};",
        f"from {placed.problem.source}.",
    ]
    return remarked(remarks, data)
