"""Points of a sweep computed: a problem file with some values changed, designed and judged, and no folder written.

What goes to another process or another machine is the problem and the changes; what comes back is a few numbers. In processes
of this machine linear algebra has one thread each. A process that dies takes no other point with it: what was under way is computed
again, one point at a time, and the point whose process dies while it is alone has failed.
"""

from __future__ import annotations

import math
import multiprocessing
import os
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from designer.errors import EXIT_INFEASIBLE, EXIT_MISSED, DesignerError, ProblemError
from designer.problem.key_places import Change
from designer.workers import ONE_THREAD, cores, pool

if TYPE_CHECKING:
    from designer.problem import Problem
    from designer.result import Result

DONE, MISSED, INFEASIBLE, FAILED = "done", "missed", "infeasible", "failed"
"""How a point ended: all requirements hold; its filters miss what its weights meet; the best compromise was designed; an error."""
AHEAD = 3
"""Points handed out a process: enough that none waits, and few enough that memory does not grow with the sweep."""


@dataclass(frozen=True)
class Task:
    """A point of the sweep.

    Attributes
    ----------
    point : str, names it by its content: the problem file's, the data's, and what is changed
    number : int, its place in the plan
    varied : mapping of str to object, the user's key -> the value that it has here
    changes : tuple of Change, places of the problem file and their values, mirror images included
    problem : Problem, that all points start from
    robust : bool, whether the draws over tolerances and the listening zone are wanted too

    """

    point: str
    number: int
    varied: Mapping[str, Any]
    changes: tuple[Change, ...]
    problem: Problem
    robust: bool = False


@dataclass(frozen=True)
class Outcome:
    """Outcome of a point.

    Attributes
    ----------
    numbers : mapping of str to float, "channel.number" -> value, as `summary.json` has them; of a failed point those of the channels
        that have a design
    error : str, of a failed point, on one line

    """

    status: str
    numbers: Mapping[str, float] = field(default_factory=dict)
    error: str = ""
    seconds: float = 0.0


Work = Callable[[Task], Outcome]
"""Task of a point, importable by its name."""


def measure(task: Task) -> Outcome:
    """Design a point and judge it. Whatever goes wrong with the point is its outcome, and nobody else's."""
    from designer import job
    from designer.problem.read import changed
    from designer.search.sweep_surface import varied_data

    begin = time.perf_counter()
    try:
        result = job.design(changed(task.problem, varied_data(task.problem, task.changes)), keep_going=True)
        numbers = {
            f"{name}.{key}": value
            for name, scalars in result.scalars.items()
            for key, value in {**scalars.values, **(_robust_numbers(result, name) if task.robust else {})}.items()
            if math.isfinite(value)
        }
        stopped = " | ".join(f"{name}: {' '.join(why.split())}" for name, why in result.failures.items())
        status = {EXIT_INFEASIBLE: INFEASIBLE, EXIT_MISSED: MISSED}.get(result.status, DONE)
        outcome = Outcome(FAILED if stopped else status, numbers, stopped)
    except ProblemError as error:
        outcome = Outcome(FAILED, error=" | ".join(map(str, error.faults)))
    except Exception as error:
        kind = "" if isinstance(error, DesignerError) else f"{type(error).__name__}: "
        outcome = Outcome(FAILED, error=kind + " ".join(str(error).split()))
    return replace(outcome, seconds=time.perf_counter() - begin)


def _robust_numbers(result: Result, name: str) -> dict[str, float]:
    """A channel's numbers over drawn devices, its listening zone, and in the room the means over its band."""
    from designer.metrics import ROOM

    numbers = result.robustness(name)
    if result.room is not None:
        in_band = result.room.compared(name)[0].measures.mean(result.channels[name].table.band_hz)
        numbers |= {metric.name: in_band[metric.name] for metric in ROOM}
    return numbers


def measure_in_turn(task: Task) -> Outcome:
    """Measure a point in a process of a sweep, which keeps what another point of the same body needs."""
    from designer.acoustics.enclosures.factored import FACTORIZATIONS, JUDGED_BYTES, SWEPT_BYTES

    FACTORIZATIONS.most_bytes = min(JUDGED_BYTES, SWEPT_BYTES / cores())
    return measure(task)


def in_processes(tasks: Iterable[Task], processes: int, work: Work = measure_in_turn) -> Iterator[tuple[Task, Outcome]]:
    """Each point with its outcome, as it comes, computed in processes of this machine."""
    waiting, suspects = iter(tasks), deque[Task]()
    while True:
        under_way: dict[Future[Outcome], Task] = {}
        with _pool(processes) as workers:
            try:
                while True:
                    # After a death those that were under way go one at a time, so that the next death names its point.
                    room = 1 if suspects else AHEAD * processes
                    while len(under_way) < room and (task := suspects.popleft() if suspects else next(waiting, None)):
                        try:
                            under_way[workers.submit(work, task)] = task
                        except BrokenProcessPool:  # it died while it had nothing to do, or with another point
                            suspects.append(task)
                            raise
                    if not under_way:
                        return
                    for done in wait(under_way, return_when=FIRST_COMPLETED).done:
                        outcome = done.result()
                        yield under_way.pop(done), outcome
            except BrokenProcessPool:
                pass
        if len(under_way) == 1:
            yield next(iter(under_way.values())), Outcome(FAILED, error="its process died (out of memory, or killed)")
        else:
            suspects.extend(under_way.values())


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that are begun anew, not forked: what they inherit is how many threads their linear algebra has."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        with pool(processes, multiprocessing.get_context("spawn")) as workers:
            yield workers
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
