"""Answer of every formulation: weights and their certificate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np

from designer.arrays import Bool, Complex, Index, Real


@dataclass(frozen=True)
class Certificate:
    """Proof of an answer, which needs no solver: all (F,), named as in `Solution`."""

    violation: Real
    value: Real
    bound: Real
    gap: Real
    by_reference: Bool


@dataclass(frozen=True)
class Solution:
    """Weights at any level and phase, with a certificate that anyone can check without the solver.

    weights : (F, L)
    violation : (F,) how far the constraints are broken, relative to each
    gap : (F,) between the value reached and a bound that no weights can pass, relative
    level : (F,) the share of the wanted level at the bright points that the hard limits allow, 1 nearly always
    value, bound : (F,) the formulation's own objective, and the bound that no weights can pass; NaN where nothing is optimised
    by_reference : (F,) solved by the cvxpy statement, because the fast path stopped early
    """

    weights: Complex
    violation: Real
    gap: Real
    level: Real
    value: Real
    bound: Real
    by_reference: Bool

    @property
    def certificate(self) -> Certificate:
        """The certificate alone."""
        return Certificate(self.violation, self.value, self.bound, self.gap, self.by_reference)

    @classmethod
    def of(
        cls,
        weights: Complex,
        violation: Real | float = 0.0,
        gap: Real | float = 0.0,
        value: Real | float = np.nan,
        bound: Real | float = np.nan,
    ) -> Solution:
        """A solution at full level by the fast path."""
        ones = np.ones(len(weights))
        return cls(
            weights, violation * ones, gap * ones, ones, value * ones, bound * ones, np.zeros(len(weights), dtype=bool)
        )

    def with_part(self, index: Index, part: Solution) -> Solution:
        """The solution with another one's weights and certificate at some of the frequencies."""
        values = {field.name: getattr(self, field.name).copy() for field in fields(self)}
        for name, array in values.items():
            array[index] = getattr(part, name)
        return Solution(**values)

    @classmethod
    def joined(cls, parts: Sequence[Solution]) -> Solution:
        """The solutions of consecutive frequencies as one."""
        return cls(*(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)))
