"""One point of a sweep, computed: a problem file with some values changed, designed and judged, and no folder written.

What goes to another process or another machine is the problem's text and the changes; what comes back is a few numbers.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from designer.errors import DesignerError, ProblemError

if TYPE_CHECKING:
    from designer.problem import Problem

DONE, INFEASIBLE, FAILED = "done", "infeasible", "failed"
"""How a point ended: all wishes hold; the best compromise was designed; an error."""


@dataclass(frozen=True)
class Base:
    """The problem file that all points start from, as text: a process reads it once."""

    text: str
    folder: str
    source: str

    def problem(self) -> Problem:
        """The problem, read and checked."""
        return _read(self)


@lru_cache(maxsize=2)
def _read(base: Base) -> Problem:
    from designer.problem import loads

    return loads(base.text, folder=base.folder, source=base.source)


@dataclass(frozen=True)
class Task:
    """What a point is.

    Attributes
    ----------
    point : names it by its content: the problem file's, the data's, and what is changed
    varied : the user's key -> the value that it has here
    changes : places of the problem file and their values, mirror images included
    robust : whether the draws over tolerances and the listening zone are wanted too

    """

    point: str
    number: int
    varied: Mapping[str, Any]
    changes: tuple[tuple[tuple[int | str, ...], Any], ...]
    base: Base
    robust: bool = False


@dataclass(frozen=True)
class Outcome:
    """What came of a point.

    Attributes
    ----------
    numbers : "channel.number" -> value, as `summary.json` has them; of a failed point those of the channels that have a design
    error : of a failed point, on one line

    """

    status: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0


def measure(task: Task) -> Outcome:
    """Design a point and judge it. Whatever goes wrong with the point is its outcome, and nobody else's."""
    from designer import job
    from designer.problem.load import changed
    from designer.sweep.variation import changed_data

    begin = time.perf_counter()
    try:
        base = task.base.problem()
        made = job.design(changed(base, changed_data(base, task.changes)), keep_going=True)
        numbers = {
            f"{name}.{key}": value
            for name, scalars in made.scalars.items()
            for key, value in {**scalars.values, **(made.robustness(name) if task.robust else {})}.items()
            if math.isfinite(value)
        }
        stopped = " | ".join(f"{name}: {' '.join(why.split())}" for name, why in made.failures.items())
        outcome = Outcome(FAILED if stopped else INFEASIBLE if made.status else DONE, numbers, stopped)
    except Exception as error:
        outcome = Outcome(FAILED, error=_on_one_line(error))
    return Outcome(outcome.status, outcome.numbers, outcome.error, time.perf_counter() - begin)


def _on_one_line(error: Exception) -> str:
    if isinstance(error, ProblemError):
        return " | ".join(str(fault) for fault in error.faults)
    words = " ".join(str(error).split())
    return words if isinstance(error, DesignerError) else f"{type(error).__name__}: {words}"
