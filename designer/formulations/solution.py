"""What every formulation returns: weights and their certificate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Complex, Real


@dataclass(frozen=True)
class Solution:
    """Weights at any level and phase, with a certificate that anyone can check without the solver.

    weights : (F, L)
    violation : (F,) how far the constraints are broken, relative to each
    gap : (F,) between the value reached and a bound that no weights can pass, relative
    level : (F,) the share of the wanted level at the points to reach that the hard limits allow, 1 nearly always
    """

    weights: Complex
    violation: Real
    gap: Real
    level: Real

    @classmethod
    def of(cls, weights: Complex, violation: Real | float = 0.0, gap: Real | float = 0.0) -> Solution:
        """A solution at full level."""
        ones = np.ones(len(weights))
        return cls(weights, violation * ones, gap * ones, ones)
