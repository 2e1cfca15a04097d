"""Designs of the states that were worked with last, kept in the process that works: sounds and what is handed over share them."""

from __future__ import annotations

import json
from collections import OrderedDict

from designer import job
from designer.folders.write import data_files
from designer.problem.schema import Problem

KEPT = 6
"""The current state, four snapshots, and one before."""
_KEPT: OrderedDict[tuple[str, ...], job.Design] = OrderedDict()


def kept_design(problem: Problem) -> job.Design:
    """The design of a problem, as `designer design` makes it; errors as there.

    Raises
    ------
    SolverError : a solver ended without a certified answer for every channel
    DataError, UsageError, ProblemError : as `designer.design`

    """
    changes = json.dumps(problem.changes, default=str)
    data = [f"{file} {file.stat().st_mtime_ns}" for file in data_files(problem)]
    key = (problem.text, problem.source, str(problem.folder), changes, *data)
    if key not in _KEPT:
        _KEPT[key] = job.design(problem, keep_going=True)
    _KEPT.move_to_end(key)
    while len(_KEPT) > KEPT:
        _KEPT.popitem(last=False)
    return _KEPT[key]
