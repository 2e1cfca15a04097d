"""Keys that are valid and whose work does not exist yet: each is a fault that says so, and what to do instead."""

from __future__ import annotations

from collections.abc import Iterator

from designer.errors import Fault
from designer.problem.messages import shown
from designer.problem.schema import Problem


def not_built(problem: Problem) -> Iterator[Iterator[Fault]]:
    """Keys that are valid and whose work does not exist yet."""
    yield _table_not_built("room", problem)


def _unbuilt(path: str, value: object, remedy: str) -> Fault:
    return Fault(path, f"found {shown(value)}, which is valid but not built yet", "", remedy)


def _table_not_built(key: str, problem: Problem) -> Iterator[Fault]:
    if getattr(problem, key) is not None:
        yield _unbuilt(key, {}, f"leave [{key}] out")
