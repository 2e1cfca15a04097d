"""Drivers in free field, or in a closed box by its baffle step."""

from __future__ import annotations

from collections.abc import Sequence

from designer.acoustics import free_field
from designer.acoustics.baffle_step import ClosedBox
from designer.problem.enclosures.free_field import FreeField
from designer.problem.schema import Driver


def device(enclosure: FreeField, drivers: Sequence[Driver]) -> free_field.FreeField | ClosedBox:
    """Point sources and discs, with a closed box's step where its front is given."""
    discs = free_field.FreeField(free_field.discs_of(drivers))
    return discs if enclosure.box_front_m is None else ClosedBox(discs, *enclosure.box_front_m)
