"""One convex formulation a file: the maths, its closed form or its cones, its cvxpy statement, its certificate.

`FORMULATIONS` is the registry: the problem file's `method` to the function that solves it.
"""

from __future__ import annotations

from collections.abc import Callable

from designer.formulations import constrained, delay_and_sum, matrix_mixing, power_ratio, pressure_matching
from designer.formulations.solution import Certificate, Solution
from designer.targets.channel_target import ChannelTarget

FORMULATIONS: dict[str, Callable[[ChannelTarget], Solution]] = {
    "power-ratio": power_ratio.solve,
    "least-squares": pressure_matching.solve,
    "constrained": constrained.solve,
    "delay-and-sum": delay_and_sum.solve,
    "matrix": matrix_mixing.solve,
}

__all__ = ["FORMULATIONS", "Certificate", "Solution"]
