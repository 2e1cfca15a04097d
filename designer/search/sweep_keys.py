"""The keys of `--vary`: where in a problem file a key such as `drivers.right.position_m[1]` stands, and its mirror image.

Steps are joined by dots. A table of a list is named, or counted in brackets as messages do (`drivers[2]`), and `*` is all of
them; an entry of a list is counted from 0, and `[*]` is all entries. A name with a dot in it stands in quotes.

The image of a driver at [x, y, z] in the plane y = 0 is the one at [x, -y, z], within TOLERANCE_M. Its y and its azimuth are
negated, anything else is the same.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any

from designer.errors import UsageError
from designer.problem.key_faults import known_keys, node_at
from designer.problem.messages import Location, dotted, nearest, shown
from designer.problem.schema import Problem

STEP = re.compile(r'(?:^|\.)(?:"([^"]+)"|([^.\[\]"]+))|\[(\d+|\*)\]')
ALL = "*"
TOLERANCE_M = 1e-3
NEGATED = {"position_m": 1, "facing_deg": 0}
"""Entry of which the image has the negative."""


def locations(problem: Problem, key: str, option: str) -> tuple[Location, ...]:
    """Every place in the problem that a key names.

    Raises
    ------
    UsageError : naming the option: the key names nothing, with the nearest that there is

    """
    if not key:
        raise UsageError(f"{option}: got no key; expected KEY=VALUES, as designs.left.max_effort_db=6,12")
    if not re.fullmatch(f"(?:{STEP.pattern})+", key):
        raise UsageError(
            f'{option}: got the key "{key}"; expected steps with dots between, as drivers.left.position_m[1]'
        )
    reached: list[tuple[Location, Any]] = [((), problem.model_dump())]
    for step in STEP.finditer(key):
        reached = [below for place, value in reached for below in _below(place, value, step, option)]
    return tuple(place for place, _ in reached)


def _below(place: Location, value: Any, step: re.Match[str], option: str) -> list[tuple[Location, Any]]:
    """The places that one step leads to from one place; an absent table has keys all the same."""
    text, counted = next(filter(None, step.groups())), step[3] is not None

    def refused(got: str, names: Sequence[str] = (), expected: str = "") -> UsageError:
        near = "" if counted else nearest(text, names).removeprefix('nearest known: "').removesuffix('"')
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
    if not keys and value is None:
        raise refused("the file does not set it", expected="a key below it once the file holds it")
    if counted or not keys:
        step_text = f"[{text}]" if counted else f'"{text}"'
        raise refused(
            f"got {step_text} below what is no list" if place else f"got {step_text}", expected="its key alone"
        )
    if text not in keys:
        raise refused(f'got "{text}", which is no key', keys)
    return [((*place, text), None if value is None else value.get(text))]


def fitted(place: Location, value: Any) -> Any:
    """A whole number as the file's schema would hold it: with a point where the key takes any number."""
    return float(value) if type(value) is int and "number" in _types(place) else value


def takes_whole_numbers(place: Location) -> bool:
    """Whether the key takes whole numbers and no others."""
    return "integer" in _types(place) and "number" not in _types(place)


def _types(place: Location) -> set[str]:
    node = node_at(place)
    return {choice.get("type", "") for choice in node.get("anyOf", [node])}


def image_location(problem: Problem, place: Location) -> Location | None:
    """Key of the driver's image; None for what belongs to no driver, and for a driver that is its own image.

    Raises
    ------
    UsageError : there is no image, or a driver in the middle is to leave it

    """
    if len(place) < 3 or place[0] != "drivers" or not isinstance(place[1], int):
        return None
    driver = problem.drivers[place[1]]
    x, y, z = driver.position_m
    if abs(y) <= TOLERANCE_M / 2:
        if negates(place):
            raise UsageError(
                f'--mirror: the driver "{driver.name}" is in the middle and its own image; expected what leaves it there;'
                " vary it in a sweep without --mirror"
            )
        return None
    for j, candidate in enumerate(problem.drivers):
        if j != place[1] and math.dist(candidate.position_m, (x, -y, z)) <= TOLERANCE_M:
            return (place[0], j, *place[2:])
    raise UsageError(
        f'--mirror: the driver "{driver.name}" at {shown([x, y, z])} has no image; expected a driver at'
        f" {shown([x, 0.0 - y, z])}, within {TOLERANCE_M * 1000:g} mm; add it, or leave out --mirror"
    )


def negates(place: Location) -> bool:
    """Whether a key of a driver is the image's with another sign, or holds an entry that is."""
    key, *entry = place[2:]
    return key in NEGATED and (not entry or entry[0] == NEGATED[str(key)])


def mirrored(place: Location, value: Any) -> Any:
    """The image's value; what is no number or no list of them is left as it is, and the schema refuses it."""
    if not negates(place):
        return value
    if isinstance(value, list):
        return [_negative(entry) if n == NEGATED[str(place[2])] else entry for n, entry in enumerate(value)]
    return _negative(value)


def _negative(value: Any) -> Any:
    return 0 - value if isinstance(value, int | float) and not isinstance(value, bool) else value
