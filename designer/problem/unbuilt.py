"""Keys that are valid and whose work does not exist yet: each is a fault that says so, and what to do instead."""

from __future__ import annotations

from collections.abc import Iterator

from designer.errors import Fault
from designer.problem.half_known import entries
from designer.problem.messages import shown
from designer.problem.schema import METHODS_BUILT, DesignTable, Problem

BUILT = {
    "method": METHODS_BUILT,
}


def not_built(problem: Problem) -> Iterator[Iterator[Fault]]:
    """Keys that are valid and whose work does not exist yet."""
    for i, design in enumerate(entries(problem, "designs")):
        yield _method_not_built(f"designs[{i}].method", design)
    for key in ("virtualizer", "room"):
        yield _table_not_built(key, problem)
    yield _export_not_built(problem)


def _unbuilt(path: str, value: object, remedy: str) -> Fault:
    words = BUILT.get(path, BUILT["method"] if path.endswith(".method") else ())
    may_be = ", ".join(shown(word) for word in words)
    return Fault(path, f"found {shown(value)}, which is valid but not built yet", may_be, remedy)


def _method_not_built(path: str, design: DesignTable) -> Iterator[Fault]:
    if design.method not in METHODS_BUILT:
        yield _unbuilt(path, design.method, "use one that is built")


def _table_not_built(key: str, problem: Problem) -> Iterator[Fault]:
    if getattr(problem, key) is not None:
        yield _unbuilt(key, {}, f"leave [{key}] out")


def _export_not_built(problem: Problem) -> Iterator[Fault]:
    if problem.export.targets:
        remedy = "leave the list empty: coefficients.csv and filters.wav are always written"
        yield _unbuilt("export.targets", problem.export.targets, remedy)
