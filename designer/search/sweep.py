"""`designer.sweep`: the points of a plan computed in memory, or into a folder that grows, as one table."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from designer import job
from designer.acoustics.enclosures.factored import FACTORIZATIONS, JUDGED_BYTES
from designer.arguments import checked_arguments
from designer.problem.schema import Problem
from designer.search import sweep_point
from designer.search.sweep_plan import Plan, Values, variations
from designer.search.sweep_point import Outcome, Task
from designer.search.sweep_store import Engine, Row, opened
from designer.search.sweep_store import sweep as fill
from designer.workers import cores

if TYPE_CHECKING:
    import pandas as pd


@checked_arguments(zip="zipped", random="draws")
def sweep(
    problem: Problem | job.Design | str | Path,
    vary: Mapping[str, Values] | Sequence[str],
    folder: str | Path | None = None,
    *,
    zipped: bool = False,
    draws: int = 0,
    seed: int = 0,
    mirror: bool = False,
    on_surface: bool = False,
    robust: bool = False,
    processes: int | None = None,
    scheduler: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    retry_failed: bool = False,
    force: bool = False,
) -> pd.DataFrame:
    """Design one problem in many variants: a table with a row a point.

    Parameters
    ----------
    problem : Problem, Design, str or Path, a problem, its file, a design or its folder
    vary : mapping of str to sequence of object, key -> its values; the key as `Problem.replace` takes it, and a text of values as
        `--vary` has it ("64:256:64"), or named variants, name -> key -> value; or sequence of str, such
        options ("realization.taps=64:256:64")
    folder : str, Path or None, where rows are kept as they come, so that the same call goes on where it was stopped; None for nowhere
    zipped : bool, the first values of all keys together, then the second, ...; otherwise every combination
    draws : int, points drawn at random, for values such as "0.04:0.16", from `seed`
    mirror : bool, move a driver's mirror image (y negated) with it
    on_surface : bool, put every driver on the surface of the body, at its azimuth and height
    robust : bool, judge over tolerances, the listening zone and the room too, which takes longer
    processes : int or None, of this machine; None computes in this one; a script that begins others needs `if __name__ == "__main__":`
    scheduler : str or None, "tcp://HOST:PORT" of a Dask cluster, in the place of processes
    progress : callable or None, called with how many points are done, and of how many
    retry_failed : bool, compute failed points of the folder again
    force : bool, replace tables of the folder that were edited since they were written

    Returns
    -------
    DataFrame : the columns of `sweep.csv`: the keys, "channel.number" of each number, status ("done", "missed" by the filters,
        "infeasible", "failed"), error, seconds

    Raises
    ------
    UsageError : a key that names nothing, values that are none, or a folder that holds something else
    ProblemError : a value that its key cannot hold
    OutputError : the folder cannot be written; what is computed is kept

    Examples
    --------
    >>> import designer
    >>> table = designer.sweep("problems/laptop-pair.toml", {"realization.taps": [64, 512]})
    >>> table[["realization.taps", "status"]].values.tolist()
    [[64, 'missed'], [512, 'done']]

    """
    base = job.problem_of(problem)
    varied = variations(base, vary, mirror=mirror, on_surface=on_surface)
    plan = Plan(base, varied, zipped, draws, seed, robust)
    in_this_process = processes is None and scheduler is None
    with nullcontext(_in_this_process) if in_this_process else engine(processes, scheduler) as compute:
        if folder is None:
            rows = []
            for count, (task, outcome) in enumerate(compute(plan.tasks()), start=1):
                rows.append(Row(task.point, task.number, task.varied, task.changes, outcome))
                if progress:
                    progress(count, len(plan))
            return table(sorted(rows, key=lambda row: row.number), plan.facts["keys"])
        fill(
            plan,
            Path(folder),
            compute,
            progress=lambda n, m, size: progress(n + m, size) if progress else None,
            retry_failed=retry_failed,
            force=force,
        )
    with opened(Path(folder)) as store:
        return table(list(store.rows()), plan.facts["keys"])


def table(rows: Sequence[Row], keys: Sequence[str]) -> pd.DataFrame:
    """Points as a table, with the columns of `sweep.csv`."""
    import pandas as pd

    numbers = dict.fromkeys(name for row in rows for name in row.outcome.numbers)
    records: list[dict[str, Any]] = [
        {
            **row.varied,
            **row.outcome.numbers,
            "status": row.outcome.status,
            "error": row.outcome.error,
            "seconds": row.outcome.seconds,
        }
        for row in rows
    ]
    return pd.DataFrame(records, columns=[*keys, *numbers, "status", "error", "seconds"])


@contextmanager
def engine(processes: int | None, scheduler: str | None) -> Iterator[Engine]:
    """Who computes: processes of this machine, one a processor by default, or a cluster that answers."""
    if scheduler is None:
        yield lambda tasks: sweep_point.in_processes(tasks, processes or cores())
    else:
        from designer.search.sweep_cluster import connected, on_cluster

        with connected(scheduler) as client:
            yield lambda tasks: on_cluster(tasks, client)


def _in_this_process(tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
    """Each point with its outcome, computed in this process."""
    with FACTORIZATIONS.keeping(JUDGED_BYTES):
        for task in tasks:
            yield task, sweep_point.measure(task)
