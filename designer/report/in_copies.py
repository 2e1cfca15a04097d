"""Figures drawn at once, each in a copy of this process: matplotlib takes most of a report's time, and holds the interpreter's lock."""

from __future__ import annotations

import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
from typing import ClassVar

from designer.report.canvas import in_style
from designer.workers import pool

MOST_PROCESSES = 4
LEAST_A_PROCESS = 4
"""Figures that a copy has to draw to pay for itself."""

Draw = Callable[[], str]


def draw_in_copies(tasks: Mapping[str, Draw]) -> dict[str, str]:
    """Each task's SVG in the house style, by the task's name and in their order.

    What the tasks share has to be computed before: a copy has it in its memory, and what it computes itself is lost with it.
    """
    processes = _processes(len(tasks))
    if processes == 1:
        return {name: _drawn(task) for name, task in tasks.items()}
    _Given.tasks = tasks
    try:
        with pool(processes, multiprocessing.get_context("fork")) as copies:
            return dict(zip(tasks, copies.map(_drawn_in_copy, tasks), strict=True))
    finally:
        _Given.tasks = {}


class _Given:
    """What a copied process draws from: it has the tasks in its memory already."""

    tasks: ClassVar[Mapping[str, Draw]] = {}


def _drawn_in_copy(name: str) -> str:
    return _drawn(_Given.tasks[name])


def _drawn(task: Draw) -> str:
    with in_style():
        return task()


def _processes(tasks: int) -> int:
    """How many processes draw: one where a copy cannot be made, or would not pay."""
    copies = sys.platform == "linux" and not multiprocessing.current_process().daemon
    cores = len(os.sched_getaffinity(0)) if copies else 1
    return max(1, min(cores, MOST_PROCESSES, tasks // LEAST_A_PROCESS))
