"""Differences of the problem files: one row a key whose value is not the same in all, as a reader of the files would name it.

Values are compared with their defaults filled in, so a key that one file leaves out and another sets to its default is no difference.
A list of tables is told by the tables' names, not by their order.
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from designer.problem.messages import enumeration
from designer.problem.schema import Problem
from designer.problem.toml_text import is_tables

ABSENT = "–"
SCENE_KEY = re.compile(
    r"speed_of_sound_m_s$|(enclosure|scene|listener|tolerance)\.|drivers\[.*\]\.(position_m|facing_deg|radius_m|gate_ms|response)"
)
"""Keys that the fields depend on which a design is judged in."""
FEW_KEYS = 3
"""Keys that a note names one by one."""


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


def scene_note(problems: Sequence[Problem]) -> Iterator[str]:
    """That each design is judged in its own scene, where these differ, and how to judge them in one."""
    keys = [key for key, _ in key_differences(problems) if SCENE_KEY.match(key)]
    if not keys:
        return
    named = [*keys[:FEW_KEYS], f"{len(keys) - FEW_KEYS} more"] if len(keys) > FEW_KEYS + 1 else keys
    remedy = "drivers or sample rates differ too, so that no scene takes the filters of both"
    if len({(problem.driver_names, problem.sample_rate_hz) for problem in problems}) == 1:
        remedy = (
            "to judge both designs in one scene, import the filters of one into the problem of the other (designer import-coefficients OUT"
            " --problem OTHER.toml -o JUDGED), and compare JUDGED with the other"
        )
    enclosures = "enclosure" if any(key.startswith("enclosure.") for key in keys) else "scene"
    yield f"each design is judged in its own {enclosures}, as {enumeration(named)} differ{'s' if len(keys) == 1 else ''}; {remedy}"


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
        elif is_tables(old) and is_tables(new) and len(old) == len(new):  # type: ignore[arg-type] # both are lists
            for n, (first, second) in enumerate(zip(old, new, strict=True)):  # type: ignore[arg-type] # as above
                _compare(first, second, f"{place}{_step_to(old, n)}.", differs)  # type: ignore[arg-type] # as above
        else:
            differs(place, copy.deepcopy(new))


def _step_to(tables: list[dict[str, Any]], n: int) -> str:
    """A table of a list by its name, where this is its alone; else by its place."""
    names = [table.get("name") for table in tables]
    name = names[n]
    return f".{name}" if isinstance(name, str) and PLAIN_NAME.fullmatch(name) and names.count(name) == 1 else f"[{n}]"
