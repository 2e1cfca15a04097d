"""Differences of the problem files: one row a key whose value is not the same in all, as a reader of the files would name it.

Values are compared with their defaults filled in, so a key that one file leaves out and another sets to its default is no difference.
A list of tables is told by the tables' names, not by their order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from designer.problem.schema import Problem

ABSENT = "–"


def key_differences(problems: Sequence[Problem]) -> list[tuple[str, list[str]]]:
    """Dotted key, and its value in each problem as TOML would hold it; absent ones are a dash."""
    filled = [flattened(problem.model_dump(exclude_none=True)) for problem in problems]
    file_keys = [flattened(problem.model_dump(exclude_unset=True)) for problem in problems]
    rows = []
    for key in dict.fromkeys(key for values in filled for key in values):
        cells = [values.get(key, ABSENT) for values in filled]
        if len(set(cells)) > 1:
            rows_of_cells = zip(cells, file_keys, strict=True)
            rows.append(
                (
                    key,
                    [
                        cell if cell == ABSENT or key in in_file else f"{cell} (default)"
                        for cell, in_file in rows_of_cells
                    ],
                )
            )
    return rows


def flattened(table: Mapping[str, Any], at: str = "") -> dict[str, str]:
    """Dotted key -> value; the tables of a list stand under their names, or under their numbers where they have none."""
    values: dict[str, str] = {}
    for key, value in table.items():
        place = f"{at}{key}"
        if isinstance(value, Mapping):
            values |= flattened(value, f"{place}.")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            for number, inner in enumerate(value):
                unnamed = {key: value for key, value in inner.items() if key != "name"}
                values |= flattened(unnamed, f"{place}[{inner.get('name', number)}].")
        else:
            values[place] = shown(value)
    return values


def shown(value: object) -> str:
    """A value as TOML would hold it; numbers without what floating point adds to them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"{value:.12g}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(shown(entry) for entry in value)}]"
    return f'"{value}"'
