"""What a method of the problem file is: what solves it, how it reads in cvxpy, and which wishes and limits it looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from designer.formulations.solution import Solution
from designer.targets.channel_target import ChannelTarget

CURVE, MASK, WINDOW = "cancellation_gain_db", "mask", "window"
EFFORT, DRIVER_GAIN, WHITE_NOISE_GAIN = "max_effort_db", "max_gain_db", "min_white_noise_gain_db"


@dataclass(frozen=True)
class Formulation:
    """One method. Its mathematics is the docstring of the module that `solve` is of.

    solve : weights and their certificate at every frequency of a target
    statement : one frequency as a cvxpy problem
    looks_at : keys of the file; what is not among them is judged, but not designed for
    """

    solve: Callable[[ChannelTarget], Solution]
    statement: Callable[..., Any]
    looks_at: frozenset[str] = frozenset()

    def __call__(self, target: ChannelTarget) -> Solution:
        """The same as `solve`."""
        return self.solve(target)
