"""The best point of a sweep's folder: its trade-off as a figure, and its problem file, ready for `designer design`.

A number's name may be cut at its front: `effort_db` is `largest_effort_db`, and `cancellation_gain_db` the first in the order of the
comparison's table, `mean_cancellation_gain_db`. Without a channel before it, it is that of the channel that is worst off.

A point is on the Pareto front of two numbers where no other is at least as good in both and better in one.
"""

from __future__ import annotations

import contextlib
import itertools
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import Bool, Real
from designer.comparison.key_differences import shown
from designer.errors import DataError, UsageError
from designer.metrics import BY_NAME, shown_on
from designer.problem.key_places import changed_data
from designer.problem.messages import nearest
from designer.problem.read import changed
from designer.problem.schema import Problem
from designer.search.relocated import relocate, remarked
from designer.search.sweep_plan import base_of
from designer.search.sweep_point import FAILED, INFEASIBLE
from designer.search.sweep_store import FIGURE_FILE, PROBLEM_FILE, Row, opened
from designer.writing import SWEEP, check_update, lay, update_folder

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = tuple((metric.name, metric.label, metric.better) for metric in shown_on("sweep"))
AGAINST = ("largest_effort_db", "mean_cancellation_gain_db", "largest_driver_gain_db")
"""Number on the other axis where no condition names one: the first of these that is another."""
COMPARED: dict[str, Callable[[Real, float], Bool]] = {
    "<=": np.less_equal,
    ">=": np.greater_equal,
    "<": np.less,
    ">": np.greater,
}


@dataclass(frozen=True)
class Metric:
    """One number of a point.

    Attributes
    ----------
    name : str, as rows have it, without the channel
    channel : str, whose it is; empty for that of the channel that is worst off
    words : str, for figures
    sign : int, 1 where more is better, -1 where less is

    """

    name: str
    channel: str
    words: str
    sign: int

    def of(self, numbers: pd.DataFrame) -> Real:
        """(points,) of the table of all numbers; NaN where a point has none."""
        keys = [
            key for key in map(str, numbers) if key == str(self) or (not self.channel and key.endswith(f".{self.name}"))
        ]
        return np.asarray(self.sign * (self.sign * numbers[keys]).min(axis=1), dtype=float)

    @property
    def unit(self) -> str:
        """As figures have it."""
        return BY_NAME[self.name].unit

    @property
    def label(self) -> str:
        """Label of an axis."""
        return f"{self.words}{f', {self.channel}' if self.channel else ''} in {self.unit}"

    def __str__(self) -> str:
        """As a user would write it whole."""
        return f"{self.channel}.{self.name}" if self.channel else self.name


def metric(text: str, names_of_rows: Sequence[str], option: str) -> Metric:
    """Number that a user means by a name, of the "channel.number" that are known.

    Raises
    ------
    UsageError : naming the option: there is none, with the nearest that there is

    """
    channels = dict.fromkeys(name.rpartition(".")[0] for name in names_of_rows)
    channel, _, name = text.strip().rpartition(".")
    if channel and channel not in channels:
        raise UsageError(f'{option}: got the channel "{channel}"; expected {", ".join(channels)}')
    offered_names = {
        key.rpartition(".")[2] for key in names_of_rows if not channel or key.rpartition(".")[0] == channel
    }
    offered = [row for row in NUMBERS if row[0] in offered_names]
    for full_name, words, sign in offered:
        if full_name == name or full_name.endswith(f"_{name}"):
            return Metric(full_name, channel, words, sign)
    names = [full_name for full_name, _, _ in offered]
    near = nearest(name, [*names, *("_".join(full_name.split("_")[n:]) for full_name in names for n in (1, 2))])
    raise UsageError(f'{option}: got "{text}"; expected {", ".join(names)}{near and f"; {near}"}')


@dataclass(frozen=True)
class Condition:
    """Condition on a point: a number, how it is compared, and with what."""

    metric: Metric
    comparison: str
    limit: float

    def __str__(self) -> str:
        """As a user would write it whole."""
        return f"{self.metric}{self.comparison}{self.limit:g}"


def condition(text: str, names: Sequence[str]) -> Condition:
    """Condition of the form `effort_db<12`.

    Raises
    ------
    UsageError : it is no comparison of a number that there is

    """
    option = f"--subject-to {text}"
    match = re.fullmatch(r"\s*([^<>=]+?)\s*(<=|>=|<|>)\s*([^<>=]+?)\s*", text)
    with contextlib.suppress(ValueError):
        if match and not math.isnan(limit := float(match[3])):
            return Condition(metric(match[1], names, option), match[2], limit)
    raise UsageError(
        f"{option}: got no comparison; expected a number's name, < <= > or >=, and a limit, as effort_db<12"
    )


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
    meets : bool array, whether each meets all conditions
    front : list of int, places of those on the Pareto front, from the best by `objective` on

    """

    objective: Metric
    against: Metric
    conditions: list[Condition]
    rows: list[Row]
    numbers: pd.DataFrame
    best: int
    meets: Bool
    front: list[int]

    @property
    def row(self) -> Row:
        """The best point."""
        return self.rows[self.best]

    @property
    def words(self) -> str:
        """Number of points compared, and the conditions."""
        subject = f" with {', '.join(map(str, self.conditions))}" if self.conditions else ""
        return f"best of {self.meets.sum()} points{subject}"


def choose(rows: Sequence[Row], number: str, subject_to: Sequence[str] = ()) -> Choice:
    """Pick the best point by a number; of equally good ones the first.

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
            f" {_nearest_values(conditions, numbers)}"
        )
    first, second = best_by.sign * best_by.of(numbers), against.sign * against.of(numbers)
    best = int(np.argmax(np.where(meets, first, -np.inf)))
    front: list[int] = []
    for n in np.lexsort((-second, -first)).tolist():
        # From the best by the first number on: better by the second than all before it, or as good as the last.
        last = front[-1] if front else n
        if not front or second[n] > second[last] or (first[n], second[n]) == (first[last], second[last]):
            front.append(n)
    return Choice(best_by, against, conditions, designed, numbers, best, meets, front)


def _nearest_values(conditions: Sequence[Condition], numbers: pd.DataFrame) -> str:
    """How near the points come to each condition alone."""
    parts = []
    for limit_condition in conditions:
        values = limit_condition.metric.of(numbers)
        if np.isfinite(values).any():
            word, nearest_of = ("least", np.nanmin) if limit_condition.comparison[0] == "<" else ("largest", np.nanmax)
            parts.append(f"the {word} {limit_condition.metric} is {nearest_of(values):.4g}")
    return ", ".join(parts)


def write_best(folder: Path, number: str, subject_to: Sequence[str] = (), *, force: bool = False) -> list[str]:
    """Choose the best point of a folder, draw what it trades, write its problem file, and say so in lines for the user.

    Parameters
    ----------
    force : bool, replace a problem file or a figure that was edited since it was written

    Raises
    ------
    DataError : the folder holds no sweep, or nothing that was designed
    UsageError : a number or a condition that is none, conditions that no point meets, or files that were edited
    OutputError, ProblemError : the folder cannot be written, or the problem file's data is gone; what was there is as it was

    """
    with opened(folder) as store:
        check_update(folder, SWEEP, (PROBLEM_FILE, FIGURE_FILE), force=force)
        facts, rows = store.facts, list(store.rows())
    chosen = choose(rows, number, subject_to)
    base = base_of(facts)
    files = {PROBLEM_FILE: _problem_text(base, chosen, folder), FIGURE_FILE: _figure(chosen)}
    update_folder(folder, SWEEP, lay({name: text.encode() for name, text in files.items()}), force=force)
    metrics = dict.fromkeys((chosen.objective, chosen.against, *(metric.metric for metric in chosen.conditions)))
    values = [(metric, metric.of(chosen.numbers)[chosen.best]) for metric in metrics]
    numbers = [f"{metric} {'unknown' if np.isnan(value) else f'{value:.2f}'} {metric.unit}" for metric, value in values]
    lines = [f"{chosen.words}: {_named(chosen.row)}", ", ".join(numbers)]
    if chosen.row.outcome.status == INFEASIBLE:
        margin = Metric("least_margin_to_target_db", "", "", 1).of(chosen.numbers)[chosen.best]
        short = f": down to {-margin:z.1f} dB below a target curve" if margin < 0 else ""
        lines.append(f"it is infeasible as asked{short}; `designer design` says what is missing")
    return [*lines, *(f"wrote {folder / name}" for name in files)]


def _named(row: Row) -> str:
    return ", ".join(f"{key} = {shown(value)}" for key, value in row.varied.items())


def _problem_text(base: Problem, chosen: Choice, folder: Path) -> str:
    """The winner's problem file; the data files that it names are found from the folder."""
    data = changed_data(base, chosen.row.changes)
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
