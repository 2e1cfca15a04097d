"""Which point of a sweep is best by one number, of those that meet all conditions, and what it trades for it.

A point is on the Pareto front of two numbers where no other is at least as good in both and better in one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from designer.errors import DataError, UsageError
from designer.sweep.metric import Condition, Metric, condition, metric
from designer.sweep.point import FAILED
from designer.sweep.store import Row

AGAINST = ("largest_effort_db", "mean_cancellation_gain_db", "largest_driver_gain_db")
"""What a number is laid against where no condition says: the first of these that is another."""


@dataclass(frozen=True)
class Choice:
    """The best point and what it was chosen from.

    Attributes
    ----------
    rows : all that have both numbers
    best : the place of the best among them
    meets : whether each meets all conditions
    front : places of those on the Pareto front, from the best by `wanted` on

    """

    wanted: Metric
    against: Metric
    conditions: tuple[Condition, ...]
    rows: tuple[Row, ...]
    best: int
    meets: tuple[bool, ...]
    front: tuple[int, ...]

    @property
    def row(self) -> Row:
        """The best point."""
        return self.rows[self.best]


def choose(rows: Sequence[Row], wanted: str, subject_to: Sequence[str] = ()) -> Choice:
    """Pick the best point by a number; of equally good ones the first.

    Raises
    ------
    UsageError : a number that rows do not have, or conditions that no point meets
    DataError : there is no point that was designed

    """
    designed = [row for row in rows if row.outcome.status != FAILED]
    if not designed:
        raise DataError(
            f"found {len(rows)} points, and none that was designed; allowed: one or more; see their errors in sweep.csv"
        )
    known = list(dict.fromkeys(name for row in designed for name in row.outcome.numbers))
    best_by = metric(wanted, known, f"--best {wanted}")
    conditions = tuple(condition(text, known) for text in subject_to)
    against = conditions[0].metric if conditions else _against(best_by, known)
    if str(against) == str(best_by):
        against = _against(best_by, known)
    able = tuple(row for row in designed if best_by.of(row) is not None and against.of(row) is not None)
    meets = tuple(all(one.holds(row) for one in conditions) for row in able)
    if not any(meets):
        raise UsageError(
            f"--subject-to: no point of {len(able)} meets {', '.join(map(str, conditions))}; {_reached(conditions, able)}"
        )
    values = [best_by.sign * _value(best_by, row) for row in able]
    best = max((n for n in range(len(able)) if meets[n]), key=lambda n: values[n])
    return Choice(best_by, against, conditions, able, best, meets, _front(best_by, against, able))


def _against(wanted: Metric, known: Sequence[str]) -> Metric:
    name = next(name for name in AGAINST if name != wanted.name)
    return metric(f"{wanted.channel}.{name}" if wanted.channel else name, known, "--best")


def _value(one: Metric, row: Row) -> float:
    value = one.of(row)
    assert value is not None  # rows without it were left out
    return value


def _reached(conditions: Sequence[Condition], rows: Sequence[Row]) -> str:
    """How near the points come to each condition alone."""
    parts = []
    for one in conditions:
        values = [value for row in rows if (value := one.metric.of(row)) is not None]
        if values:
            least = one.comparison.startswith("<")
            word, value = ("least", min(values)) if least else ("largest", max(values))
            parts.append(f"the {word} {one.metric} is {value:.4g}")
    return ", ".join(parts)


def _front(wanted: Metric, against: Metric, rows: Sequence[Row]) -> tuple[int, ...]:
    """Sorted from the best by the first number, a point is on the front where it is better by the second than all before it."""
    pairs = [(wanted.sign * _value(wanted, row), against.sign * _value(against, row)) for row in rows]
    front: list[int] = []
    for n in sorted(range(len(rows)), key=lambda n: pairs[n], reverse=True):
        if not front or pairs[n][1] > pairs[front[-1]][1] or pairs[n] == pairs[front[-1]]:
            front.append(n)
    return tuple(front)
