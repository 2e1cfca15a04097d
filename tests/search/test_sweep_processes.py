"""Processes of this machine: every point once, one thread of linear algebra, and a death takes one point with it."""

from __future__ import annotations

import gc
import os
import tracemalloc
from collections.abc import Iterator

import pytest

from designer.search.sweep_point import AHEAD, DONE, FAILED, Task, in_processes
from search.stub import square, square_or_die, task, threads


def test_each_point_once() -> None:
    """All of 100 points come back with their own number, however they were shared out; none is taken long before it is needed."""
    taken = 0

    def tasks() -> Iterator[Task]:
        nonlocal taken
        for n in range(100):
            taken += 1
            yield task(n)

    actual: dict[int, float] = {}
    for value, outcome in in_processes(tasks(), 2, square):
        assert taken <= len(actual) + 2 * AHEAD + 2
        actual[value.number] = outcome.numbers["left.mean_cancellation_gain_db"]
    assert actual == {n: n**2 for n in range(100)}


def test_a_process_that_dies_takes_one_point_with_it() -> None:
    """The point that ends its process has failed; those that were under way with it are computed, and so is the rest."""
    actual = {value.number: outcome for value, outcome in in_processes(map(task, range(20)), 1, square_or_die)}
    assert set(actual) == set(range(20))
    assert {n for n, outcome in actual.items() if outcome.status == FAILED} == {7}
    assert actual[7].error == "its process died (out of memory, or killed)"


def test_linear_algebra_has_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """The processes are told so, and this one's own environment is what it was."""
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    before = dict(os.environ)
    ((_, outcome),) = in_processes([task(0)], 1, threads)
    assert outcome.numbers == {"left.threads": 1.0}
    assert dict(os.environ) == before


def test_memory_a_point() -> None:
    """Of 800 points of a stub the second half leaves less than 100 bytes a point in the memory; its time is in tests/bench."""
    tracemalloc.start()
    held = []
    for n, (_, outcome) in enumerate(in_processes(map(task, range(800)), 1, square)):
        assert outcome.status == DONE
        if n in (399, 799):
            gc.collect()  # cycles wait for it, and how many do is chance
            held.append(tracemalloc.get_traced_memory()[0])
    tracemalloc.stop()
    assert held[1] - held[0] < 400 * 100
