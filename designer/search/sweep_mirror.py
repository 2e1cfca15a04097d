"""Mirror images of the keys of `--vary`.

The image of a driver at [x, y, z] in the plane y = 0 is the one at [x, -y, z], within TOLERANCE_M. Its y and its azimuth are
negated, anything else is the same.
"""

from __future__ import annotations

import math
from typing import Any

from designer.errors import UsageError
from designer.problem.messages import Location, shown
from designer.problem.schema import Problem

TOLERANCE_M = 1e-3
NEGATED = {"position_m": 1, "facing_deg": 0, "azimuth_deg": 0}
"""Entry of which the image has the negative."""


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
