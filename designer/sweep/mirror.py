"""`--mirror`: what is done to a driver is done to its mirror image in the plane y = 0, so that a symmetric device stays so.

The image of a driver at [x, y, z] is the one at [x, -y, z], within TOLERANCE_M. Its y and its azimuth are negated, anything
else is the same.
"""

from __future__ import annotations

import math
from typing import Any

from designer.errors import UsageError
from designer.problem.messages import Location, shown
from designer.problem.schema import Problem

TOLERANCE_M = 1e-3
NEGATED = {"position_m": 1, "facing_deg": 0}
"""Of which entry the image has the negative."""


def image_location(problem: Problem, location: Location) -> Location | None:
    """The same key of the driver's image; None for what belongs to no driver, and for a driver that is its own image.

    Raises
    ------
    UsageError : there is no image, or a driver in the middle is to leave it

    """
    if len(location) < 3 or location[0] != "drivers" or not isinstance(location[1], int):
        return None
    driver = problem.drivers[location[1]]
    x, y, z = driver.position_m
    if abs(y) <= TOLERANCE_M / 2:
        if negates(location):
            raise UsageError(
                f'--mirror: the driver "{driver.name}" is in the middle and its own image; allowed: what leaves it there;'
                " vary it in a sweep without --mirror"
            )
        return None
    for j, other in enumerate(problem.drivers):
        if j != location[1] and math.dist(other.position_m, (x, -y, z)) <= TOLERANCE_M:
            return (location[0], j, *location[2:])
    raise UsageError(
        f'--mirror: the driver "{driver.name}" at {shown([x, y, z])} has no image; allowed: a driver at'
        f" {shown([x, 0.0 - y, z])}, within {TOLERANCE_M * 1000:g} mm; add it, or leave out --mirror"
    )


def negates(location: Location) -> bool:
    """Whether a key of a driver is the image's with another sign, or holds an entry that is."""
    key, *entry = location[2:]
    return key in NEGATED and (not entry or entry[0] == NEGATED[str(key)])


def mirrored(location: Location, value: Any) -> Any:
    """The image's value; what is no number or no list of them is left as it is, and the schema refuses it."""
    if not negates(location):
        return value
    if isinstance(value, list):
        at = NEGATED[str(location[2])]
        return [_negative(one) if n == at else one for n, one in enumerate(value)]
    return _negative(value)


def _negative(value: Any) -> Any:
    return 0 - value if isinstance(value, int | float) and not isinstance(value, bool) else value
