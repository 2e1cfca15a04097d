"""A handle with what a drag of it sets; numbers rounded as a person would write them; channels that mirror each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from designer.problem.schema import DesignTable, Problem
from designer.studio.messages import Addition, Handle

SAME_DEG = 2e-3
"""Largest difference of azimuths that count as equal."""
Values = dict[str, Any]
"""Key of the problem file, tables counted -> value, None where the key is left out."""


@dataclass(frozen=True)
class Grip:
    """A handle, what a place (x, y) of it sets, and what its removal sets."""

    handle: Handle
    drag: Callable[[float, float], Values]
    remove: Callable[[], Values] | None = None


@dataclass(frozen=True)
class Room:
    """A place for something new: what a click at (x, y) sets."""

    addition: Addition
    add: Callable[[float, float], Values]


def tidy(value: float, digits: int = 1) -> float:
    """A number with so many digits behind the point, without a negative zero."""
    return round(float(value), digits) + 0.0


def tidy_hz(frequency_hz: float) -> float:
    """A frequency with three digits."""
    return float(f"{frequency_hz:.3g}")


def wrapped_deg(angle_deg: float) -> float:
    """An angle in [-180, 180)."""
    return tidy((angle_deg + 180) % 360 - 180)


def within(value: float, low: float, high: float) -> float:
    """The value, or the end of the range that it is beyond."""
    return float(min(max(value, low), high))


def twins(problem: Problem, i: int, key: str) -> list[int]:
    """Designs that a drag of design i's key moves: it, and the channel of the other ear where its key has the same value."""
    table = problem.designs[i]
    same = [
        j
        for j, other in enumerate(problem.designs)
        if j != i
        and {table.ear, other.ear} == {"left", "right"}
        and other.kind == table.kind
        and getattr(other, key) == getattr(table, key)
    ]
    return [i, *same]


def for_twins(problem: Problem, i: int, key: str, value: Any, below: str = "") -> Values:
    """The key set in a design and in those that it moves with; `below` is the way from the key to what has the value."""
    return {f"designs[{j}].{key}{below}": value for j in twins(problem, i, key)}


def beams(problem: Problem) -> Iterator[tuple[int, DesignTable]]:
    """The beams with their places among the designs."""
    return ((i, table) for i, table in enumerate(problem.designs) if table.is_beam)


def about_look(table: DesignTable, azimuth_deg: float) -> float:
    """The azimuth on the other side of a beam's look direction."""
    return wrapped_deg(2 * (table.look_deg or 0.0) - azimuth_deg)


def same_angle(first_deg: float, second_deg: float) -> bool:
    """Whether two azimuths are one."""
    return abs((first_deg - second_deg + 180) % 360 - 180) < SAME_DEG
