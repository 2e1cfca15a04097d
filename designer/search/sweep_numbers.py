"""The numbers of a sweep's points, and conditions on them, by the names that a user gives them.

A number's name may be cut at its front: `effort_db` is `largest_effort_db`, and `cancellation_gain_db` the first in the order of the
comparison's table, `mean_cancellation_gain_db`. Without a channel before it, it is that of the channel that is worst off.
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

if TYPE_CHECKING:
    import pandas as pd

NUMBERS = tuple((metric.name, metric.label, metric.better) for metric in (*shown_on("sweep"), *ROOM) if metric.better)
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
