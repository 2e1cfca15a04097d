"""A layout of `designer place` and its numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from designer.problem.schema import Driver


@dataclass(frozen=True)
class PlacedLayout:
    """One layout and its numbers.

    Attributes
    ----------
    drivers : tuple of Driver, fixed ones first
    fixed : int, how many stay where they were
    name : str, of its problem file; empty where it was not designed
    kind : str, "even" steps or group "lasso", where it was designed for comparison
    value : float, of the search, or of its filters where these decide
    max_effort_db : float or None, limit of effort that it was searched for; None for the designs' own
    even, lasso : float or None, values of as many drivers in even steps and of group lasso alone; None where there are none
    evaluations, of_layouts : int, how many layouts were valued, and how many there are
    steps : int, how often slopes were computed where coordinates are free
    realised : float, the same value of the realised filters
    numbers : mapping of str to float, of the realised filters
    failure : str, why it has no filters, of one at which the solver stopped

    """

    drivers: tuple[Driver, ...]
    fixed: int
    name: str = ""
    kind: str = ""
    value: float = np.nan
    max_effort_db: float | None = None
    even: float | None = None
    lasso: float | None = None
    evaluations: int = 0
    of_layouts: int = 0
    steps: int = 0
    realised: float = np.nan
    numbers: Mapping[str, float] = field(default_factory=dict)
    failure: str = ""

    @property
    def width_m(self) -> float:
        """Distance of the outermost placed centres along y."""
        return float(np.ptp([driver.position_m[1] for driver in self.drivers[self.fixed :]]))

    @property
    def key(self) -> tuple[Any, ...]:
        """Places and limit, by which layouts are told apart."""
        return (self.max_effort_db, *(tuple(driver.position_m) for driver in self.drivers))

    @property
    def words(self) -> str:
        """How many drivers, how wide, at which effort."""
        count = len(self.drivers) - self.fixed
        effort = "" if self.max_effort_db is None else f", effort up to {self.max_effort_db:g} dB"
        return f"{count} {'driver' if count == 1 else 'drivers'}, {self.width_m:.2f} m wide{effort}"

    def cost(self, axis: str) -> float:
        """Cost along an axis that the value is traded against; less is better."""
        if axis == "drivers":
            return float(len(self.drivers))
        if axis == "width_m":
            return self.width_m
        if axis == "max_effort_db":
            return 0.0 if self.max_effort_db is None else self.max_effort_db
        return self.numbers.get(axis, np.inf)

    def record(self) -> dict[str, Any]:
        """Content for a JSON file."""
        places = {driver.name: driver.position_m for driver in self.drivers}
        known = {key: None if value != value else value for key, value in asdict(self).items() if key != "kind"}  # NaN
        return {**known, "drivers": places, "width_m": self.width_m, "numbers": dict(self.numbers)}
