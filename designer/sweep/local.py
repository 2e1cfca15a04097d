"""Points in processes of this machine, linear algebra on one thread in each.

A process that dies takes no other point with it: what was under way is computed again, one point at a time, and the point whose
process dies while it is alone has failed.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager

from designer.sweep.point import FAILED, Outcome, Task, measure
from designer.workers import pool

Work = Callable[[Task], Outcome]
ONE_THREAD = dict.fromkeys(
    ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"
)
AHEAD = 3
"""Points handed out a process: enough that none waits, and few enough that memory does not grow with the sweep."""


def processors() -> int:
    """How many processes this program may keep busy."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def in_processes(tasks: Iterable[Task], processes: int, work: Work = measure) -> Iterator[tuple[Task, Outcome]]:
    """Each point with its outcome, as it comes.

    Parameters
    ----------
    work : what is done with a point, importable by its name

    """
    waiting = iter(tasks)
    suspects: deque[Task] = deque()
    while True:
        under_way: dict[Future[Outcome], Task] = {}
        with _pool(processes) as workers:
            try:
                while True:
                    # After a death those that were under way go one at a time, so that the next death names its point.
                    room = 1 if suspects else AHEAD * processes
                    while len(under_way) < room and (task := _next(suspects, waiting)) is not None:
                        under_way[_submitted(workers, work, task, suspects)] = task
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


def _next(suspects: deque[Task], waiting: Iterator[Task]) -> Task | None:
    return suspects.popleft() if suspects else next(waiting, None)


def _submitted(workers: ProcessPoolExecutor, work: Work, task: Task, suspects: deque[Task]) -> Future[Outcome]:
    try:
        return workers.submit(work, task)
    except BrokenProcessPool:  # it died while it had nothing to do, or with another point
        suspects.append(task)
        raise


@contextmanager
def _pool(processes: int) -> Iterator[ProcessPoolExecutor]:
    """Processes that are begun anew, not forked: what they inherit is how many threads their linear algebra has."""
    before = {name: os.environ.get(name) for name in ONE_THREAD}
    os.environ.update(ONE_THREAD)
    try:
        with pool(processes, multiprocessing.get_context("spawn")) as made:
            yield made
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value
