"""Delay-and-sum, a baseline: every driver at equal gain, in phase at the point to reach.

    w_l = conj(h_l) / |h_l| / L

In free field that is a delay a driver. It maximises |h w|² over all weights of equal magnitude; where the |h_l| are
equal too (the far field) it reaches the largest white-noise gain there is, 10 log10 L: that is its truth.
"""

from __future__ import annotations

import numpy as np

from designer.formulations.solution import Solution
from designer.targets.channel_target import ChannelTarget


def solve(target: ChannelTarget) -> Solution:
    """Weights in phase at the point whose phase is kept; no wish is looked at."""
    h = target.centre
    return Solution.of(np.asarray(h.conj() / np.maximum(np.abs(h), 1e-300) / h.shape[1]))
