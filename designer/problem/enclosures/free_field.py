"""No enclosure, or a closed box by its baffle step alone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import Field

from designer.errors import Fault
from designer.problem.enclosures.enclosure import SURFACE_TOLERANCE_M, Enclosure
from designer.problem.messages import number, shown
from designer.problem.table import Front

if TYPE_CHECKING:
    from designer.problem.schema import Driver


class FreeField(Enclosure):
    """Drivers in free field: point sources, or discs that radiate to both sides."""

    model: Literal["free-field"] = "free-field"
    box_front_m: Front | None = Field(
        default=None, description="width, height of a closed box's front: its baffle step, an approximation"
    )

    def described(self) -> str:
        """Words for `designer check`."""
        if self.box_front_m is None:
            return self.model_name
        width_m, height_m = self.box_front_m
        front = f"front {number(width_m)} m x {number(height_m)} m"
        return f"{self.model_name}, with the baffle step of a closed box, {front} (an approximation)"

    def layout_faults(self, drivers: list[Driver]) -> Iterator[Fault]:
        """A box's front that does not hold all of the drivers."""
        if self.box_front_m is None:
            return
        places_m = np.array([driver.position_m for driver in drivers], dtype=float)
        for axis, size_m, name in ((1, self.box_front_m[0], "width"), (2, self.box_front_m[1], "height")):
            apart_m = float(np.ptp(places_m[:, axis]))
            if apart_m > size_m + SURFACE_TOLERANCE_M:
                actual = f"got {shown(self.box_front_m)}, a front too small for its drivers"
                expected = (
                    f"a {name} of at least {number(apart_m)}, from the first to the last driver along {'xyz'[axis]}"
                )
                yield Fault("enclosure.box_front_m", actual, expected, "the unit is metres")
