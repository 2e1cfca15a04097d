"""One `--vary`: a key, its values, and every place of the problem file that they go to."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from designer.errors import ProblemError, UsageError
from designer.problem.key_faults import key_faults
from designer.problem.messages import Location, dotted
from designer.problem.schema import Problem
from designer.sweep.keys import fitted, locations, takes_whole_numbers
from designer.sweep.mirror import image_location, mirrored, negates
from designer.sweep.values import Between, parsed_values

Change = tuple[Location, Any]
"""A place in a problem file, and what it is to hold."""


@dataclass(frozen=True)
class Variation:
    """What one key is given.

    Attributes
    ----------
    key : as the user wrote it
    places : where its values go
    images : where their mirror images go
    values : in order; or an interval to draw from

    """

    key: str
    places: tuple[Location, ...]
    images: tuple[Location, ...]
    values: tuple[Any, ...] | Between

    def changes(self, value: Any) -> list[Change]:
        """What one of the values means for the problem file."""
        return [(place, value) for place in self.places] + [(place, mirrored(place, value)) for place in self.images]


def variations(problem: Problem, given: Sequence[str], *, mirror: bool = False) -> tuple[Variation, ...]:
    """What is given as KEY=VALUES, each value checked alone as a problem file's would be.

    Raises
    ------
    UsageError : a key that names nothing, values that are none, or two that set the same place
    ProblemError : a value that its key cannot hold

    """
    made = []
    for text in given:
        said = f"--vary {text}"
        key, equals, values = text.partition("=")
        if not equals:
            raise UsageError(f"{said}: found no values; allowed: KEY=VALUES, as designs.left.max_effort_db=6,12")
        places = locations(problem, key.strip(), said)
        images = [image_location(problem, place) for place in places] if mirror else []
        for place, image in zip(places, images, strict=False):
            if image in places and image != place and negates(place):
                raise UsageError(
                    f"{said}: found a driver and its mirror image with one value; allowed: with --mirror one driver of a pair, whose"
                    " image takes the other sign"
                )
        parsed = parsed_values(values, said)
        if isinstance(parsed, Between):
            whole = parsed.whole and takes_whole_numbers(places[0])
            parsed = Between(parsed.low, parsed.high, whole)
        else:
            parsed = tuple(fitted(places[0], value) for value in parsed)
        beside = tuple(dict.fromkeys(image for image in images if image is not None and image not in places))
        made.append(Variation(key.strip(), places, beside, parsed))
    if not made:
        raise UsageError("found no --vary; allowed: one or more, as --vary designs.left.max_effort_db=6,12")
    if mirror and not any(place[0] == "drivers" for one in made for place in one.places):
        raise UsageError("--mirror: found no --vary of a driver's key; allowed: as drivers.left.position_m[1]")
    _check_apart(made)
    for one in made:
        _check_values(problem, one)
    return tuple(made)


def _check_apart(made: Sequence[Variation]) -> None:
    """Refuse two keys of which one sets what the other does."""
    taken: dict[Location, str] = {}
    for one in made:
        for place in (*one.places, *one.images):
            for other, key in taken.items():
                short = min(len(place), len(other))
                if place[:short] == other[:short]:
                    raise UsageError(
                        f"--vary {key} and --vary {one.key} both set {dotted(place)}; allowed: one of them"
                    )
        taken |= dict.fromkeys((*one.places, *one.images), one.key)


def _check_values(problem: Problem, one: Variation) -> None:
    """What a value shows alone is refused before anything is designed; what two keys show together is a point's error."""
    values = one.values
    if isinstance(values, Between):
        ends = (values.low, values.high)
        values = tuple(map(int, ends)) if values.whole else ends
    for value in _telling(values):
        data = changed_data(problem, one.changes(value))
        try:
            Problem.model_validate(data)
        except ValidationError as error:
            faults = list(key_faults(error, data).values())
            raise ProblemError(f"{problem.source} with --vary {one.key}", faults) from None


def _telling(values: Sequence[Any]) -> list[Any]:
    """The values whose check stands for all: of numbers the least and the largest, because what a key allows is an interval."""
    numbers = {kind: [value for value in values if type(value) is kind] for kind in (int, float)}
    ends = [end for own in numbers.values() if own for end in dict.fromkeys((min(own), max(own)))]
    return ends + [value for value in values if type(value) not in numbers]


def changed_data(problem: Problem, changes: Sequence[Change]) -> dict[str, Any]:
    """The tables of a problem file with some values changed; what the file leaves to its default is copied where a part changes."""
    data = problem.model_dump(exclude_unset=True)
    for (*way, last), value in changes:
        here: Any = data
        filled: Any = problem
        for step in way:
            filled = filled[step] if isinstance(step, int) else getattr(filled, str(step), None)
            if isinstance(here, dict) and here.get(step) is None:
                here[step] = copy.deepcopy(filled) if isinstance(filled, list) else {}
            here = here[step]
        here[last] = copy.deepcopy(value)
    return data
