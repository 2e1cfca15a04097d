"""What a sweep costs beside its points, and what a second process brings; ratios within one run."""

from __future__ import annotations

import os
import statistics
import time
import tracemalloc
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from search.stub import square

import designer
from designer.problem.library import library
from designer.search.sweep_plan import Plan, variations
from designer.search.sweep_point import Outcome, Task, in_processes, measure
from designer.search.sweep_store import sweep
from designer.workers import cores

PAIR = library()["laptop-pair"][0]
FIFTH = 5.0


def plan(count: int) -> Plan:
    problem = designer.load(PAIR)
    given = [f"designs.*.max_effort_db=0.001:{count / 1000}:0.001"]
    return Plan(problem, variations(problem, given))


def memory_and_seconds(count: int, folder: Path) -> tuple[list[int], float]:
    """Traced memory at each tenth of a sweep of stubs, store and table included, and the seconds of another without the tracing."""

    def engine(tasks: Iterable[Task]) -> Iterator[tuple[Task, Outcome]]:
        for n, one in enumerate(in_processes(tasks, 1, square), start=1):
            yield one
            if tracemalloc.is_tracing() and n % (count // 10) == 0:
                held.append(tracemalloc.get_traced_memory()[0])

    held: list[int] = []
    begin = time.perf_counter()
    assert sweep(plan(count), folder / "untraced", engine)[0] == {"done": count}
    seconds = time.perf_counter() - begin
    tracemalloc.start()
    sweep(plan(count), folder / "traced", engine)
    tracemalloc.stop()
    return held, seconds


def design_seconds() -> float:
    """Of the library's smallest design, the best of three after a first."""
    task = next(iter(plan(2).tasks()))
    return min(measure(task).seconds for _ in range(4))


@pytest.mark.parametrize("count", [pytest.param(10_000, marks=pytest.mark.long), 500])
def test_what_a_point_costs_beside_its_design(count: int, tmp_path: Path) -> None:
    """Plan, process, row and table together cost less than a fifth of the library's smallest design a point, and memory is flat: from
    the first tenth to the last it grows by less than 50 kB, whatever the number of points.
    """
    held, seconds = memory_and_seconds(count, tmp_path)
    assert seconds / count < design_seconds() / FIFTH
    assert held[-1] - held[0] < 50_000


@pytest.mark.long
def test_two_processes() -> None:
    """Two processes are at least 1.5 times as fast as one: the median of five pairs of runs, timed once every process is warm."""
    if cores() < 2 or os.getloadavg()[0] > cores() / 2:
        pytest.skip(f"needs two idle processors; has {cores()} at a load of {os.getloadavg()[0]:.1f}")
    ratios = []
    for _ in range(5):
        one, two = (seconds_of(count) for count in (1, 2))
        ratios.append(one / two)
    assert statistics.median(ratios) >= 1.5, (ratios, os.getloadavg())


def seconds_of(processes: int) -> float:
    """From the eighth point of a sweep, when every process is warm, to its last."""
    begin = 0.0
    for n, _ in enumerate(in_processes(plan(40).tasks(), processes)):
        if n == 7:
            begin = time.perf_counter()
    return time.perf_counter() - begin
