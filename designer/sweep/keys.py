"""The keys of `--vary`: where in a problem file a key such as `drivers.right.position_m[1]` stands.

Steps are joined by dots. A table of a list is named, or counted in brackets as messages do (`drivers[2]`), and `*` is all of
them; an entry of a list is counted from 0, and `[*]` is all entries. A name with a dot in it stands in quotes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from designer.errors import UsageError
from designer.problem.allowed import known_keys, node_at
from designer.problem.messages import Location, dotted, nearest
from designer.problem.schema import Problem

STEP = re.compile(r'(?:^|\.)(?:"([^"]+)"|([^.\[\]"]+))|\[(\d+|\*)\]')
ALL = "*"


def locations(problem: Problem, key: str, said: str) -> tuple[Location, ...]:
    """Every place in the problem that a key names.

    Parameters
    ----------
    said : the option as it was given, for messages

    Raises
    ------
    UsageError : the key names nothing, with the nearest that there is

    """
    filled = problem.model_dump()
    reached: list[tuple[Location, Any]] = [((), filled)]
    for step in _steps(key, said):
        reached = [
            below
            for location, value in reached
            for below in _below(location, value, step, _Refusal(said, key, step, location))
        ]
    return tuple(location for location, _ in reached)


@dataclass(frozen=True)
class _Step:
    """A step's text, whether it stands in brackets, and from where to where it stands in the key."""

    text: str
    counted: bool
    start: int
    stop: int


@dataclass(frozen=True)
class _Refusal:
    """Makes the message for a step that leads nowhere."""

    said: str
    key: str
    step: _Step
    location: Location

    def __call__(self, found: str, known: Sequence[str], allowed: str = "") -> UsageError:
        """What was found and what is allowed, and the whole key with the nearest known step in the place of this one."""
        near = "" if self.step.counted else _nearest(self.step.text, known)
        before, after = self.key[: self.step.start], self.key[self.step.stop :]
        offer = f"; nearest known: {before}{before and '.'}{near}{after}" if near else ""
        where = f"{dotted(self.location)}: " if self.location else ""
        return UsageError(f"{self.said}: {where}{found}; allowed: {allowed or ', '.join(known)}{offer}")


def _steps(key: str, said: str) -> list[_Step]:
    steps, at = [], 0
    while at < len(key):
        match = STEP.match(key, at)
        if match is None:
            raise UsageError(
                f'{said}: found the key "{key}"; allowed: steps with dots between, as drivers.left.position_m[1]'
            )
        text = next(group for group in match.groups() if group is not None)
        steps.append(_Step(text, match[3] is not None, at, match.end()))
        at = match.end()
    if not steps:
        raise UsageError(f"{said}: found no key; allowed: KEY=VALUES, as designs.left.max_effort_db=6,12")
    return steps


def _below(location: Location, value: Any, step: _Step, refused: _Refusal) -> list[tuple[Location, Any]]:
    """The places that one step leads to from one place; an absent table has keys all the same."""
    if isinstance(value, list):
        return [((*location, i), value[i]) for i in _indices(value, step, refused)]
    keys = _keys(location)
    if not keys and value is None:
        raise refused("the file does not set it", (), "a key below it once the file holds it")
    if step.counted or not keys:
        what = f"[{step.text}]" if step.counted else f'"{step.text}"'
        raise refused(f"found {what} below what is no list" if location else f"found {what}", (), "its key alone")
    if step.text not in keys:
        raise refused(f'found "{step.text}", which is no key', keys)
    return [((*location, step.text), None if value is None else value[step.text])]


def _keys(location: Location) -> list[str]:
    """The keys of the table at a place; none where no table can stand."""
    try:
        return known_keys(location)
    except KeyError:
        return []


def _indices(value: list[Any], step: _Step, refused: _Refusal) -> list[int]:
    """Which entries of a list a step names."""
    text = step.text
    if text == ALL:
        return list(range(len(value)))
    names = [one["name"] for one in value if isinstance(one, dict) and "name" in one]
    if not step.counted:
        if text not in names:
            known = names or ["[0]", "[*]"]
            raise refused(
                f'found "{text}", which is no name in it', known, ", ".join([*known, ALL] if names else known)
            )
        return [names.index(text)]
    if int(text) >= len(value):
        raise refused(f"found [{text}]", (), f"[0] to [{len(value) - 1}], or [*]")
    return [int(text)]


def _nearest(text: str, known: Sequence[str]) -> str:
    return nearest(text, known).removeprefix('nearest known: "').removesuffix('"')


def fitted(location: Location, value: Any) -> Any:
    """A whole number as the file's schema would hold it: with a point where the key takes any number."""
    if isinstance(value, int) and not isinstance(value, bool) and "number" in _types(location):
        return float(value)
    return value


def takes_whole_numbers(location: Location) -> bool:
    """Whether the key takes whole numbers and no others."""
    return "integer" in _types(location) and "number" not in _types(location)


def _types(location: Location) -> set[str]:
    node = node_at(location)
    return {choice.get("type", "") for choice in node.get("anyOf", [node])}
