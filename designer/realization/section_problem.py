"""What a channel's sections are fitted to: weights to follow, and how an error of them is heard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import Complex
from designer.realization.cascade import Cascade


@dataclass(frozen=True)
class SectionProblem:
    """The sum to minimise over all drivers' sections: Σ_k e_k^H C_k e_k, e_l = H_l(z_k) - wanted_l.

    Attributes
    ----------
    wanted : (K, L); the cascades' delays count against it
    symbol : C (K, L, L), Hermitian
    turn : z^-1 (K,)
    radius : no pole is farther from 0

    """

    wanted: Complex
    symbol: Complex
    turn: Complex
    radius: float

    def errors(self, filters: Sequence[Cascade]) -> Complex:
        """Errors e (K, L) of L cascades."""
        return np.stack([f.response(self.turn) for f in filters], axis=1) - self.wanted

    def sum(self, errors: Complex) -> float:
        """Σ e^H C e of errors (K, L)."""
        return float(np.einsum("kl,klm,km->", errors.conj(), self.symbol, errors, optimize=True).real)

    def cost(self, filters: Sequence[Cascade]) -> float:
        """The sum of L cascades."""
        return self.sum(self.errors(filters))

    def quadratic(self, errors: Complex) -> tuple[Complex, Complex]:
        """The matrices C (K, L, L) of the sum near errors (K, L), and half its slopes C e (K, L)."""
        return self.symbol, np.asarray(np.einsum("klm,km->kl", self.symbol, errors))
