"""Designs of the states that were worked with last, in the memory of the process that works: sounds and what is handed over share them."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Hashable

from designer import job
from designer.problem.schema import Problem
from designer.studio.worker import read_files

CAPACITY = 6
"""The current state, four snapshots, and one before."""
_STORE: OrderedDict[Hashable, job.Design] = OrderedDict()


def stored_design(problem: Problem) -> job.Design:
    """The design of a problem, as `designer design` makes it; errors as there.

    Raises
    ------
    SolverError : a solver ended without a certified answer for every channel
    DataError, UsageError, ProblemError : as `designer.design`

    """
    changes = json.dumps(problem.changes, default=str)
    key = (problem.text, problem.source, problem.folder, changes, read_files(problem))
    if key not in _STORE:
        _STORE[key] = job.design(problem, keep_going=True)
    _STORE.move_to_end(key)
    while len(_STORE) > CAPACITY:
        _STORE.popitem(last=False)
    return _STORE[key]
