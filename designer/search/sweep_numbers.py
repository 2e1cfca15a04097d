"""The numbers of a sweep's points, and conditions on them, by the names that a user gives them; and which point is best by them.

A number's name may be cut at its front: `effort_db` is `largest_effort_db`, and `cancellation_gain_db` the first in the order of the
comparison's table, `mean_cancellation_gain_db`. Without a channel before it, it is that of the channel that is worst off.

Of the points the best is chosen so:

1. Points that meet all requirements come first, then those whose filters miss what their weights meet, then infeasible ones.
2. Then the number. Differences within the resolution are none: a gain that the target pins differs by the rounding of filters alone.
3. Of points that are equal by it, the least effort, the largest margin to the target and the most gain decide, one after the other, each
   with its own resolution.
"""

from __future__ import annotations

import contextlib
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import Bool, Real
from designer.errors import UsageError
from designer.metrics import BY_NAME, ROOM, shown_on
from designer.problem.messages import nearest
from designer.search.sweep_point import DONE, INFEASIBLE, MISSED

if TYPE_CHECKING:
    import pandas as pd


NUMBERS = tuple((metric.name, metric.label, metric.better) for metric in (*shown_on("sweep"), *ROOM) if metric.better)
COMPARED: dict[str, Callable[[Real, float], Bool]] = {
    "<=": np.less_equal,
    ">=": np.greater_equal,
    "<": np.less,
    ">": np.greater,
}
PLACES = {DONE: 0, MISSED: 1, INFEASIBLE: 2}
"""Status of a point -> how far behind it stands."""
NEXT = ("largest_effort_db", "least_margin_to_target_db", "mean_cancellation_gain_db")
"""Numbers that decide between equal points, in turn."""
ROUNDING = 1e-9


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
    def resolution(self) -> float:
        """Difference up to which two points are equal by it."""
        return BY_NAME[self.name].resolution

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


def nearest_values(conditions: Sequence[Condition], numbers: pd.DataFrame) -> str:
    """How near the points come to each condition alone."""
    parts = []
    for limit_condition in conditions:
        values = limit_condition.metric.of(numbers)
        if np.isfinite(values).any():
            word, nearest_of = ("least", np.nanmin) if limit_condition.comparison[0] == "<" else ("largest", np.nanmax)
            parts.append(f"the {word} {limit_condition.metric} is {nearest_of(values):.4g}")
    return ", ".join(parts)


@dataclass(frozen=True)
class Ranking:
    """The best point.

    Attributes
    ----------
    best : int, its place
    able : bool array, the points that stand as far in front as it does, by what they meet
    reasons : list of str, what decided, for the user

    """

    best: int
    able: Bool
    reasons: list[str]


def ranked(
    status: Sequence[str], numbers: pd.DataFrame, meets: Bool, objective: Metric, resolution: float | None = None
) -> Ranking:
    """The best of the points that meet all conditions.

    Parameters
    ----------
    status : sequence of str, of each point
    numbers : DataFrame, all of their numbers, a column each
    meets : bool array, one True or more
    resolution : float or None, of the objective; None for the number's own

    """
    behind = np.array([PLACES[text] for text in status])
    nearest = int(behind[meets].min())
    able = behind <= nearest
    left, reasons = np.flatnonzero(meets & (behind == nearest)), []
    if set_back := int(np.sum(meets & ~able)):
        kinds = " or ".join(
            kind for kind in PLACES if PLACES[kind] > nearest and kind in np.array(status)[meets & ~able]
        )
        reasons.append(f"{set_back} points are {kinds}, and rank below the others")
    others = [Metric(name, objective.channel, BY_NAME[name].label, BY_NAME[name].better) for name in NEXT]
    chain = [objective, *(metric for metric in others if metric.name != objective.name)]
    goodness = {metric: metric.sign * metric.of(numbers) for metric in chain}
    for metric in chain:
        step = metric.resolution if resolution is None or metric is not objective else resolution
        values = goodness[metric][left]
        if len(left) == 1 or not np.isfinite(values).all():
            continue
        equal = values >= values.max() - step - ROUNDING
        if not equal.all() and metric is not objective:
            reasons.append(f"{metric} decides between {len(left)} equal points")
        if equal.sum() > 1 and metric is objective:
            reasons.append(f"{equal.sum()} points are equal by {metric} within {step:g} {metric.unit}")
        left = left[equal]
    if len(left) > 1:
        reasons.append(f"{len(left)} points are equal in all of these numbers; this is one of them")
    keys = [np.nan_to_num(-goodness[metric][left], nan=np.inf) for metric in reversed(chain)]
    return Ranking(int(left[np.lexsort(keys)[0]]), able, reasons)
