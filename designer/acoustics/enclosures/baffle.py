"""Drivers in a rigid plane: `free_field` with a baffle."""

from __future__ import annotations

from collections.abc import Sequence

from designer.acoustics import free_field
from designer.problem.enclosures.baffle import Baffle
from designer.problem.schema import Driver


def device(enclosure: Baffle, drivers: Sequence[Driver]) -> free_field.FreeField:
    """Point sources and pistons before the baffle; silence behind it."""
    return free_field.FreeField(free_field.discs_of(drivers), baffle=True)
