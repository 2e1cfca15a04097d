"""The same problem by another method: what `designer compare --methods` lays side by side."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from designer.errors import ProblemError, UsageError
from designer.problem.load import changed
from designer.problem.messages import nearest
from designer.problem.schema import METHODS, Problem
from designer.problem.wish_checks import METHOD_KEYS

OF_ONE_METHOD = {**METHOD_KEYS, "matrix_gains": "matrix"}
"""Keys that go with one method alone; another leaves them out."""


def check_methods(methods: list[str]) -> None:
    """Refuse what is no method, and a method that is named twice.

    Raises
    ------
    UsageError : naming it, and the nearest that there is

    """
    for number, method in enumerate(methods):
        if method not in METHODS:
            close = nearest(method, METHODS)
            raise UsageError(f'--methods: found "{method}"; allowed: {", ".join(METHODS)}{close and f"; {close}"}')
        if method in methods[:number]:
            raise UsageError(f'--methods: found "{method}" twice; allowed: each method once')


def with_method(problem: Problem, method: str) -> tuple[Problem, list[str]]:
    """The problem with every channel designed by one method, and a note for each channel that cannot be.

    What is not compared (the stereo chain, exports) is left out, because it may want a channel that is left out.

    Raises
    ------
    UsageError : no channel's kind can take the method

    """
    data = problem.model_dump(exclude_unset=True)
    data.pop("virtualizer", None)
    data.pop("export", None)
    kept, notes = [], []
    for table in _renamed(data["designs"], method):
        try:
            changed(problem, {**data, "designs": [table]})
        except ProblemError as error:
            faults = "; ".join(str(fault).removeprefix("designs[0].") for fault in error.faults)
            notes.append(f'{method}: the channel "{table["name"]}" cannot take it ({faults}), so it is left out')
        else:
            kept.append(table)
    if not kept:
        raise UsageError(f'--methods: no channel of {problem.source} can be designed by "{method}": {" ".join(notes)}')
    return changed(problem, {**data, "designs": kept}), notes


def _renamed(tables: list[dict[str, Any]], method: str) -> Iterator[dict[str, Any]]:
    for table in tables:
        kept = {key: value for key, value in table.items() if OF_ONE_METHOD.get(key, method) == method}
        yield {**kept, "method": method}
