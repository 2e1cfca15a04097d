"""Keys by which one problem file differs from another, as `--set` takes them: each table by its name, where that is its own."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Callable
from typing import Any

from designer.problem.schema import Problem

PLAIN_NAME = re.compile(r"[A-Za-z_][\w-]*")
"""A table's name that can stand in a key."""


def changes_between(before: Problem, after: Problem) -> dict[str, Any]:
    """Keys of the first problem that make the second of it, as `--set` takes them: key -> value, None where it is left out."""
    changes: dict[str, Any] = {}
    _compare(tomllib.loads(before.text), tomllib.loads(after.text), "", lambda key, value: changes.update({key: value}))
    return changes


def _compare(before: dict[str, Any], after: dict[str, Any], at: str, differs: Callable[[str, Any], None]) -> None:
    for key in [*after, *(key for key in before if key not in after)]:
        old, new, place = before.get(key), after.get(key), f"{at}{key}"
        if old == new and isinstance(old, bool) == isinstance(new, bool):
            continue
        if isinstance(old, dict) and isinstance(new, dict):
            _compare(old, new, f"{place}.", differs)
        elif _tables(old) and _tables(new) and len(old) == len(new):  # type: ignore[arg-type] # both are lists
            for n, (first, second) in enumerate(zip(old, new, strict=True)):  # type: ignore[arg-type] # as above
                _compare(first, second, f"{place}{_step_to(old, n)}.", differs)  # type: ignore[arg-type] # as above
        else:
            differs(place, copy.deepcopy(new))


def _tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(entry, dict) for entry in value)


def _step_to(tables: list[dict[str, Any]], n: int) -> str:
    """A table of a list by its name, where this is its alone; else by its place."""
    names = [table.get("name") for table in tables]
    name = names[n]
    return f".{name}" if isinstance(name, str) and PLAIN_NAME.fullmatch(name) and names.count(name) == 1 else f"[{n}]"
