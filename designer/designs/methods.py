"""Which formulation a design gets: as the file says, or chosen by what is asked."""

from __future__ import annotations

import numpy as np

from designer.formulations import FORMULATIONS, Solution, matrix_mixing, power_ratio
from designer.problem.schema import DesignTable
from designer.targets.channel_target import ChannelTarget
from designer.targets.wishes import excesses_db

BASELINES = ("delay-and-sum", "matrix")
"""Methods that look at no limit, and are the same inside the band and in its fades."""
LIMIT_TOLERANCE_DB = 1e-3


def first_method(design: DesignTable) -> str:
    """The method named; "auto" is constrained where a mask or a window is asked for, or nulls without a depth, else power ratio."""
    if design.method != "auto":
        return design.method
    nulls_without_depth = design.nulls_deg is not None and design.cancellation_gain_db is None
    over_azimuth = design.mask is not None or design.window_deg is not None or nulls_without_depth
    return "constrained" if over_azimuth else "power-ratio"


def breaks_a_limit(target: ChannelTarget, weights: np.ndarray, drivers: tuple[str, ...]) -> bool:
    """Whether weights at their final level break a limit that the power ratio does not know: then "auto" goes to the cones."""
    known = "max_effort_db"  # the power ratio keeps this one itself
    excesses = excesses_db(target, weights, drivers)
    return any((excess > LIMIT_TOLERANCE_DB).any() for limit, excess in excesses.items() if limit != known)


def solve(method: str, design: DesignTable, target: ChannelTarget) -> Solution:
    """The formulation's weights at every frequency of the target."""
    if method == "matrix":
        return matrix_mixing.solve(target, design.matrix_gains)
    if method == "power-ratio" and design.method == "auto":
        return power_ratio.solve_without_driver_limits(target)
    return FORMULATIONS[method](target)
