"""Keys as users write them, `drivers.right.position_m[1]`: where in a problem they lead, and its tables with other values there.

Steps are joined by dots. A table of a list is named, or counted in brackets as messages do (`drivers[2]`), and `*` is all of
them; an entry of a list is counted from 0, and `[*]` is all entries. A name with a dot in it stands in quotes.
"""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import Sequence
from typing import Any

from designer.errors import UsageError
from designer.problem.key_faults import REPLACED, known_keys, node_at
from designer.problem.messages import Location, dotted, nearest
from designer.problem.schema import Problem

STEP = re.compile(r'(?:^|\.)(?:"([^"]+)"|([^.\[\]"]+))|\[(\d+|\*)\]')
ALL = "*"
Change = tuple[Location, Any]
"""A place in a problem file, and what it is to hold; None leaves a key out."""


def locations(problem: Problem, key: str, option: str) -> tuple[Location, ...]:
    """Every place in the problem that a key names.

    Raises
    ------
    UsageError : naming the option: the key names nothing, with the nearest that there is

    """
    if not key:
        raise UsageError(f"{option}: got no key; expected one, as designs.left.max_effort_db")
    if not re.fullmatch(f"(?:{STEP.pattern})+", key):
        raise UsageError(
            f'{option}: got the key "{key}"; expected steps with dots between, as drivers.left.position_m[1]'
        )
    if problem.listeners is not None and key.startswith("listener."):
        below = f"listeners.{problem.listeners[0].name}{key.removeprefix('listener')}"
        raise UsageError(f"{option}: got a key of [listener]; expected one of [[listeners]], as {below}")
    reached: list[tuple[Location, Any]] = [((), problem.model_dump())]
    for step in STEP.finditer(key):
        reached = [below for place, value in reached for below in _below(place, value, step, option)]
    return tuple(place for place, _ in reached)


def _below(place: Location, value: Any, step: re.Match[str], option: str) -> list[tuple[Location, Any]]:
    """The places that one step leads to from one place; an absent table has keys all the same."""
    text, counted = next(filter(None, step.groups())), step[3] is not None

    def refused(got: str, names: Sequence[str] = (), expected: str = "") -> UsageError:
        replaced = REPLACED.get(text)
        near = (
            replaced if replaced in names else nearest(text, names).removeprefix('nearest known: "').removesuffix('"')
        )
        before, after = step.string[: step.start()], step.string[step.end() :]
        offer = f"; nearest known: {before}{before and '.'}{near}{after}" if near else ""
        where = f"{dotted(place)}: " if place else ""
        return UsageError(f"{option}: {where}{got}; expected {expected or ', '.join(names)}{offer}")

    if isinstance(value, list):
        names = [table["name"] for table in value if isinstance(table, dict) and "name" in table]
        if text == ALL:
            entries = list(range(len(value)))
        elif counted and int(text) < len(value):
            entries = [int(text)]
        elif counted:
            raise refused(f"got [{text}]", expected=f"[0] to [{len(value) - 1}], or [*]")
        elif text in names:
            entries = [names.index(text)]
        else:
            known = [*names, ALL] if names else ["[0]", "[*]"]
            raise refused(f'got "{text}", which is no name in it', names or known, ", ".join(known))
        return [((*place, i), value[i]) for i in entries]
    try:
        keys = known_keys(place)
    except KeyError:  # no table can stand there
        keys = []
    if not keys and isinstance(value, dict):  # values by names
        keys = list(value)
    if not keys and value is None:
        raise refused("the file does not set it", expected="a key below it once the file holds it")
    if counted or not keys:
        step_text = f"[{text}]" if counted else f'"{text}"'
        raise refused(
            f"got {step_text} on a value that is not a list" if place else f"got {step_text}", expected="its key alone"
        )
    if text not in keys:
        raise refused(f'got "{text}", which is no key', keys)
    return [((*place, text), None if value is None else value.get(text))]


def fitted(place: Location, value: Any) -> Any:
    """A whole number as the file's schema would hold it: with a point where the key takes any number."""
    is_whole = type(value) is int and abs(value) <= sys.float_info.max
    return float(value) if is_whole and "number" in _types(place) else value


def takes_whole_numbers(place: Location) -> bool:
    """Whether the key takes whole numbers and no others."""
    return "integer" in _types(place) and "number" not in _types(place)


def takes_any_number(place: Location) -> bool:
    """Whether the key takes numbers between whole ones."""
    return "number" in _types(place)


def _types(place: Location) -> set[str]:
    node = node_at(place)
    return {choice.get("type", "") for choice in node.get("anyOf", [node])}


def changed_data(problem: Problem, changes: Sequence[Change], tables: dict[str, Any] | None = None) -> dict[str, Any]:
    """The tables of a problem file with some values changed; what the file leaves to its default is copied where a part changes.

    Parameters
    ----------
    tables : dict of str to object, or None, the file's tables where they are not those that the problem was read from

    Raises
    ------
    TypeError, KeyError, IndexError : those tables have no such place

    """
    data = problem.model_dump(exclude_unset=True) if tables is None else copy.deepcopy(tables)
    for (*way, last), value in changes:
        table: Any = data
        filled: Any = problem
        for step in way:
            if isinstance(step, int):
                filled = filled[step] if isinstance(filled, list) and step < len(filled) else None
            else:
                filled = getattr(filled, str(step), None)
            # A table may stand as true: all its defaults.
            if (
                isinstance(table, dict)
                and isinstance(step, str)
                and (table.get(step) is None or table.get(step) is True)
            ):
                table[step] = copy.deepcopy(filled) if isinstance(filled, list) else {}
            table = table[step]
        if isinstance(last, int) is not isinstance(table, list):
            raise TypeError(last)
        table[last] = copy.deepcopy(value)
    return data
