"""Whether a difference of two designs holds over the product line: the mean gain of both over the same draws, draw by draw.

Draw n has the same temperature and the same head in both designs, and of drivers of the same number the same errors. So the difference of
a pair has less spread than either gain. Where designs have different numbers of drivers their drivers' errors are drawn apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Real
from designer.comparison.entry import Entry


@dataclass(frozen=True)
class DrawnDifference:
    """Difference of two designs over drawn devices.

    Attributes
    ----------
    median_db : float, of the second's mean gain over the band less the first's
    share : float, of the draws in which the difference has the median's sign
    draws : int

    """

    median_db: float
    share: float
    draws: int

    @property
    def holds(self) -> str:
        """In how many of the draws the difference has the median's sign."""
        percent = "all" if self.share == 1 else f"{min(100 * self.share, 99.0):.0f} %"
        return f"{'less' if self.median_db < 0 else 'more'} in {percent} of them"

    def __str__(self) -> str:
        """As tables have it: the median, and where it is more than nothing the share of draws."""
        return f"{self.median_db:+z.1f}" + (f", {self.holds}" if abs(self.median_db) >= 0.05 else "")


def drawn_difference(first: Entry, second: Entry, name: str) -> DrawnDifference | None:
    """The difference in a channel; None where either has no draws, as a measured device, or another number of them."""
    if not first.tells("tolerance_median_db") or not second.tells("tolerance_median_db"):
        return None
    over = [entry.result.tolerances.get(name) for entry in (first, second)]
    if over[0] is None or over[1] is None or len(over[0].gain_db) != len(over[1].gain_db):
        return None
    tables = [entry.result.problem.tolerance for entry in (first, second)]
    if tables[0].seed != tables[1].seed:
        return None
    difference_db = paired_db(over[0].gain_db, over[1].gain_db)
    median_db = float(np.median(difference_db))
    share = float(np.mean(difference_db * np.sign(median_db) > 0))
    return DrawnDifference(median_db, share, len(difference_db))


def paired_db(first_db: Real, second_db: Real) -> Real:
    """Second less first of the mean gain over the band (N,), draw by draw, of gains (N, F) on frequencies of their own."""
    return np.asarray(second_db.mean(axis=1) - first_db.mean(axis=1))
