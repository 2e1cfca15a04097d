"""The numbers by which points are told apart: `cancellation_gain_db`, `left.largest_effort_db`, and which way is better.

A number's name may be cut at its front: `effort_db` is `largest_effort_db`, and `cancellation_gain_db` the first in the order of the
comparison's table, `mean_cancellation_gain_db`. Without a channel before it, it is that of the channel that is worst off.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from designer.errors import UsageError
from designer.metrics import BY_NAME, shown_on
from designer.problem.messages import nearest
from designer.sweep.store import Row

NUMBERS = tuple((metric.name, metric.label, metric.better) for metric in shown_on("sweep"))
COMPARED = {"<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt}


@dataclass(frozen=True)
class Metric:
    """One number of a point.

    Attributes
    ----------
    name : as rows have it, without the channel
    channel : whose it is; empty for that of the channel that is worst off
    words : for figures
    sign : 1 where more is better, -1 where less is

    """

    name: str
    channel: str
    words: str
    sign: int

    def of(self, row: Row) -> float | None:
        """The number of a point; None where it has none."""
        numbers = row.outcome.numbers
        if self.channel:
            return numbers.get(f"{self.channel}.{self.name}")
        values = [value for key, value in numbers.items() if key.endswith(f".{self.name}")]
        return self.sign * min(self.sign * value for value in values) if values else None

    @property
    def unit(self) -> str:
        """Of the number."""
        return BY_NAME[self.name].unit

    def __str__(self) -> str:
        """As a user would write it whole."""
        return f"{self.channel}.{self.name}" if self.channel else self.name


def metric(text: str, known: Sequence[str], said: str) -> Metric:
    """What a user means by a number's name.

    Parameters
    ----------
    known : "channel.number" of all that rows have
    said : the option as it was given, for messages

    Raises
    ------
    UsageError : there is none, with the nearest that there is

    """
    channels = dict.fromkeys(name.rpartition(".")[0] for name in known)
    channel, _, name = text.strip().rpartition(".")
    there = {key.rpartition(".")[2] for key in known if not channel or key.rpartition(".")[0] == channel}
    if channel and channel not in channels:
        raise UsageError(f'{said}: found the channel "{channel}"; allowed: {", ".join(channels)}')
    for whole, words, sign in NUMBERS:
        if whole in there and (whole == name or whole.endswith(f"_{name}")):
            return Metric(whole, channel, words, sign)
    offered = [whole for whole, _, _ in NUMBERS if whole in there]
    short = [*offered, *("_".join(whole.split("_")[n:]) for whole in offered for n in (1, 2))]
    near = nearest(name, short)
    raise UsageError(f'{said}: found "{text}"; allowed: {", ".join(offered)}{near and f"; {near}"}')


@dataclass(frozen=True)
class Condition:
    """What a point must meet: a number, how it is compared, and with what."""

    metric: Metric
    comparison: str
    limit: float

    def holds(self, row: Row) -> bool:
        """Whether a point meets it; one without the number does not."""
        value = self.metric.of(row)
        compared: Callable[[float, float], bool] = COMPARED[self.comparison]
        return value is not None and compared(value, self.limit)

    def __str__(self) -> str:
        """As a user would write it whole."""
        return f"{self.metric}{self.comparison}{self.limit:g}"


def condition(text: str, known: Sequence[str]) -> Condition:
    """What a user means by `effort_db<12`.

    Raises
    ------
    UsageError : it is no comparison of a number that there is

    """
    said = f"--subject-to {text}"
    match = re.fullmatch(r"\s*([^<>=]+?)\s*(<=|>=|<|>)\s*([^<>=]+?)\s*", text)
    try:
        limit = float(match[3]) if match else float("nan")
    except ValueError:
        limit = float("nan")
    if match is None or limit != limit:
        raise UsageError(
            f"{said}: found no comparison; allowed: a number's name, < <= > or >=, and a limit, as effort_db<12"
        )
    return Condition(metric(match[1], known, said), match[2], limit)


def check_asked(wanted: str, subject_to: Sequence[str], channels: Sequence[str]) -> None:
    """Look at the numbers and conditions that a user asks for, before any point is there.

    Raises
    ------
    UsageError : a number that no point can have, or a condition that is none

    """
    known = [f"{channel}.{name}" for channel in channels for name, _, _ in NUMBERS]
    metric(wanted, known, f"--best {wanted}")
    for text in subject_to:
        condition(text, known)
