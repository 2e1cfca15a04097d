"""The best point of a sweep's folder: its trade-off as a figure, and its problem file, ready for `designer design`.

A point is on the Pareto front of two numbers where no other that meets as much is at least as good in both and better in one.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import Bool
from designer.comparison.key_differences import shown
from designer.errors import DataError, UsageError
from designer.problem.read import changed
from designer.problem.schema import Problem
from designer.search.relocated import relocate, remarked
from designer.search.sweep_numbers import (
    COMPARED,
    NUMBERS,
    Condition,
    Metric,
    condition,
    metric,
    nearest_values,
    ranked,
)
from designer.search.sweep_plan import base_of
from designer.search.sweep_point import FAILED, INFEASIBLE, MISSED
from designer.search.sweep_store import FIGURE_FILE, PROBLEM_FILE, Row, opened
from designer.search.sweep_surface import varied_data
from designer.writing import SWEEP, check_update, lay, update_folder

if TYPE_CHECKING:
    import pandas as pd

LONGEST_TITLE = 120
"""Characters of the title of the best point's problem."""
AGAINST = ("largest_effort_db", "mean_cancellation_gain_db", "largest_driver_gain_db")
"""Number on the other axis where no condition names one: the first of these that is another."""


def check_choice(number: str, subject_to: Sequence[str], channels: Sequence[str]) -> None:
    """Look at the numbers and conditions that a user asks for, before any point is there; errors as `metric` and `condition`."""
    names = [f"{channel}.{name}" for channel in channels for name, _, _ in NUMBERS]
    metric(number, names, f"--best {number}")
    for text in subject_to:
        condition(text, names)


@dataclass(frozen=True)
class Choice:
    """The best point and what it was chosen from.

    Attributes
    ----------
    rows : list of Row, all points that have both numbers
    numbers : DataFrame, all of their numbers, a column each
    best : int, the place of the best among them
    meets : bool array, whether each meets all conditions, and no less of its requirements than the best
    compared : int, how many meet all conditions
    front : list of int, places of those on the Pareto front, from the best by `objective` on
    reasons : list of str, what decided

    """

    objective: Metric
    against: Metric
    conditions: list[Condition]
    rows: list[Row]
    numbers: pd.DataFrame
    best: int
    meets: Bool
    compared: int
    front: list[int]
    reasons: list[str]

    @property
    def row(self) -> Row:
        """The best point."""
        return self.rows[self.best]

    @property
    def words(self) -> str:
        """Number of points compared, and the conditions."""
        subject = f" with {', '.join(map(str, self.conditions))}" if self.conditions else ""
        return f"best of {self.compared} points{subject}"


def choose(rows: Sequence[Row], number: str, subject_to: Sequence[str] = (), resolution: float | None = None) -> Choice:
    """Pick the best point by a number, as `sweep_numbers` orders them.

    Parameters
    ----------
    resolution : float or None, difference of the number up to which points are equal; None for the number's own

    Raises
    ------
    UsageError : a number that rows do not have, or conditions that no point meets
    DataError : there is no point that was designed

    """
    import pandas as pd

    designed = [row for row in rows if row.outcome.status != FAILED]
    if not designed:
        raise DataError(
            f"got {len(rows)} points, and none that was designed; expected one or more; see their errors in sweep.csv"
        )
    numbers = pd.DataFrame([row.outcome.numbers for row in designed])
    names = list(map(str, numbers))
    best_by = metric(number, names, f"--best {number}")
    conditions = [condition(text, names) for text in subject_to]
    if conditions and str(conditions[0].metric) != str(best_by):
        against = conditions[0].metric
    else:
        name = next(name for name in AGAINST if name != best_by.name)
        against = metric(f"{best_by.channel}.{name}".lstrip("."), names, "--best")
    able = np.isfinite(best_by.of(numbers)) & np.isfinite(against.of(numbers))
    designed, numbers = list(itertools.compress(designed, able)), numbers[able]
    meets = np.ones(len(designed), dtype=bool)
    for limit_condition in conditions:
        meets &= COMPARED[limit_condition.comparison](limit_condition.metric.of(numbers), limit_condition.limit)
    if not meets.any():
        raise UsageError(
            f"--subject-to: no point of {len(designed)} meets {', '.join(map(str, conditions))};"
            f" {nearest_values(conditions, numbers)}"
        )
    first, second = best_by.sign * best_by.of(numbers), against.sign * against.of(numbers)
    ranking = ranked([row.outcome.status for row in designed], numbers, meets, best_by, resolution)
    front: list[int] = []
    for n in (place for place in np.lexsort((-second, -first)).tolist() if ranking.able[place]):
        # From the best by the first number on: better by the second than all before it, or as good as the last.
        last = front[-1] if front else n
        if not front or second[n] > second[last] or (first[n], second[n]) == (first[last], second[last]):
            front.append(n)
    return Choice(
        best_by,
        against,
        conditions,
        designed,
        numbers,
        ranking.best,
        meets & ranking.able,
        int(meets.sum()),
        front,
        ranking.reasons,
    )


def write_best(
    folder: Path, number: str, subject_to: Sequence[str] = (), *, resolution: float | None = None, force: bool = False
) -> list[str]:
    """Choose the best point of a folder, draw what it trades, write its problem file, and say so in lines for the user.

    Parameters
    ----------
    resolution : float or None, as `choose` has it
    force : bool, replace a problem file or a figure that was edited since it was written

    Raises
    ------
    DataError : the folder holds no sweep, or nothing that was designed
    UsageError : a number or a condition that is none, conditions that no point meets, or files that were edited
    OutputError, ProblemError : the folder cannot be written, or the problem file's data is gone; what was there is as it was

    """
    with opened(folder) as store:
        check_update(folder, SWEEP, (PROBLEM_FILE, FIGURE_FILE), force=force)
        facts, rows, others = store.facts, list(store.rows()), store.others
    chosen = choose(rows, number, subject_to, resolution)
    base = base_of(facts)
    files = {PROBLEM_FILE: _problem_text(base, chosen, folder), FIGURE_FILE: _figure(chosen)}
    update_folder(folder, SWEEP, lay({name: text.encode() for name, text in files.items()}), force=force)
    metrics = dict.fromkeys((chosen.objective, chosen.against, *(metric.metric for metric in chosen.conditions)))
    values = [(metric, metric.of(chosen.numbers)[chosen.best]) for metric in metrics]
    numbers = [f"{metric} {'unknown' if np.isnan(value) else f'{value:.2f}'} {metric.unit}" for metric, value in values]
    lines = [f"{chosen.words}: {_named(chosen.row)}", ", ".join(numbers), *chosen.reasons]
    if others:
        lines.append(f"{others} points of other plans are in the folder and take no part")
    if chosen.row.outcome.status == INFEASIBLE:
        margin = Metric("least_margin_to_target_db", "", "", 1).of(chosen.numbers)[chosen.best]
        short = f": down to {-margin:z.1f} dB below a target curve" if margin < 0 else ""
        lines.append(f"it is infeasible as asked{short}; `designer design` says what is missing")
    if chosen.row.outcome.status == MISSED:
        lines.append("its filters miss what its weights meet; `designer design` says by how much")
    return [*lines, *(f"wrote {folder / name}" for name in files)]


def _named(row: Row) -> str:
    return ", ".join(f"{key} = {shown(value)}" for key, value in row.varied.items())


def _problem_text(base: Problem, chosen: Choice, folder: Path) -> str:
    """The winner's problem file; the data files that it names are found from the folder."""
    data = varied_data(base, chosen.row.changes)
    data["title"] = f"{base.title}, {_named(chosen.row)}"[:LONGEST_TITLE]
    problem = changed(base, data)
    relocate(problem, data, folder)
    remarks = [
        f"Written by `designer sweep --best {chosen.objective}`: the {chosen.words},",
        f"from {base.source} with {_named(chosen.row)}.",
    ]
    return remarked(remarks, data)


def _figure(chosen: Choice) -> str:
    """The trade-off as SVG: the points grouped by the last key of few values, and the first condition as the limit."""
    from designer.report.canvas import svg
    from designer.report.printed import draw
    from designer.report.trade_off_plot import MARKERS, TradeOff, trade_off_figure

    group, labels = [0] * len(chosen.rows), ["points"]
    for key in chosen.row.varied:
        values = [shown(row.varied.get(key)) for row in chosen.rows]
        if 2 <= len(set(values)) <= len(MARKERS):
            names = list(dict.fromkeys(values))
            group, labels = [names.index(value) for value in values], [f"{key} = {name}" for name in names]
    same = [condition for condition in chosen.conditions if condition.metric == chosen.against]
    trade = trade_off_figure(
        TradeOff(
            chosen.against.of(chosen.numbers),
            chosen.objective.of(chosen.numbers),
            x_is_paid=chosen.against.sign < 0,
            x_label=chosen.against.label,
            y_label=chosen.objective.label,
            group=group,
            group_labels=labels,
            meets=chosen.meets,
            front=chosen.front,
            best=chosen.best,
            best_label=_named(chosen.row),
            limit=(same[0].limit, 1 if same[0].comparison[0] == "<" else -1) if same else None,
        )
    )
    return svg(draw(trade))
