"""Which point of a sweep is best, and what decided.

1. Points that meet all requirements come first, then those whose filters miss what their weights meet, then infeasible ones.
2. Then the number. Differences within the resolution are none: a gain that the target pins differs by the rounding of filters alone.
3. Of points that are equal by it, the least effort, the largest margin to the target and the most gain decide, one after the other, each
   with its own resolution.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import Bool
from designer.metrics import BY_NAME
from designer.search.sweep_numbers import Metric
from designer.search.sweep_point import DONE, INFEASIBLE, MISSED

if TYPE_CHECKING:
    import pandas as pd

PLACES = {DONE: 0, MISSED: 1, INFEASIBLE: 2}
"""Status of a point -> how far behind it stands."""
NEXT = ("largest_effort_db", "least_margin_to_target_db", "mean_cancellation_gain_db")
"""Numbers that decide between equal points, in turn."""
ROUNDING = 1e-9


@dataclass(frozen=True)
class Ranking:
    """The best point.

    Attributes
    ----------
    best : int, its place
    able : bool array, the points that stand as far in front as it does, by what they meet
    reasons : list of str, what decided, for the user

    """

    best: int
    able: Bool
    reasons: list[str]


def ranked(
    status: Sequence[str], numbers: pd.DataFrame, meets: Bool, objective: Metric, resolution: float | None = None
) -> Ranking:
    """The best of the points that meet all conditions.

    Parameters
    ----------
    status : sequence of str, of each point
    numbers : DataFrame, all of their numbers, a column each
    meets : bool array, one True or more
    resolution : float or None, of the objective; None for the number's own

    """
    behind = np.array([PLACES[text] for text in status])
    nearest = int(behind[meets].min())
    able = behind <= nearest
    left, reasons = np.flatnonzero(meets & (behind == nearest)), []
    if set_back := int(np.sum(meets & ~able)):
        kinds = " or ".join(
            kind for kind in PLACES if PLACES[kind] > nearest and kind in np.array(status)[meets & ~able]
        )
        reasons.append(f"{set_back} points are {kinds} and stand behind")
    others = [Metric(name, objective.channel, BY_NAME[name].label, BY_NAME[name].better) for name in NEXT]
    chain = [objective, *(metric for metric in others if metric.name != objective.name)]
    goodness = {metric: metric.sign * metric.of(numbers) for metric in chain}
    for metric in chain:
        step = metric.resolution if resolution is None or metric is not objective else resolution
        values = goodness[metric][left]
        if len(left) == 1 or not np.isfinite(values).all():
            continue
        equal = values >= values.max() - step - ROUNDING
        if not equal.all() and metric is not objective:
            reasons.append(f"{metric} decides between {len(left)} equal points")
        if equal.sum() > 1 and metric is objective:
            reasons.append(f"{equal.sum()} points are equal by {metric} within {step:g} {metric.unit}")
        left = left[equal]
    if len(left) > 1:
        reasons.append(f"{len(left)} points are equal in all of these numbers; this is one of them")
    keys = [np.nan_to_num(-goodness[metric][left], nan=np.inf) for metric in reversed(chain)]
    return Ranking(int(left[np.lexsort(keys)[0]]), able, reasons)
