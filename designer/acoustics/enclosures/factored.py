"""Factorized equations of a body, which a process keeps in memory if it opts in.

The matrix of a body's equations depends on the surface and the wave number alone, and the drivers are its right-hand side. So a driver that
moves costs a right-hand side, if the matrix of each wave number is kept. A command solves a body once, and keeps none.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import lu_factor, lu_solve

from designer.arrays import Complex

JUDGED_BYTES, SWEPT_BYTES = 400e6, 2e9
"""Bytes that a process keeps that solves one layout of a body after the other, and the most of all processes of a sweep."""


@dataclass(frozen=True)
class Factored:
    """The equation left p = -right q with its left side as L and U.

    Attributes
    ----------
    factors : (E, E) complex array, L and U
    pivots : (E,) int array
    right : (E, E) complex array

    """

    factors: Complex
    pivots: NDArray[np.int32]
    right: Complex

    @classmethod
    def of(cls, left: Complex, right: Complex) -> Factored:
        """Factorize; `left` is overwritten."""
        return cls(*lu_factor(left, overwrite_a=True, check_finite=False), right)

    def answer(self, q: Complex) -> Complex:
        """The p (E, L) of q (E, L)."""
        return np.asarray(lu_solve((self.factors, self.pivots), -(self.right @ q), check_finite=False))

    def solved(self) -> Solved:
        """The matrix that takes q to p."""
        return Solved(np.asarray(lu_solve((self.factors, self.pivots), -self.right, check_finite=False)))

    @property
    def nbytes(self) -> int:
        """Size."""
        return self.factors.nbytes + self.pivots.nbytes + self.right.nbytes


@dataclass(frozen=True)
class Solved:
    """The matrix (E, E) that takes q to p: half the size, and sooner applied, but rounded otherwise than an equation that is solved."""

    matrix: Complex

    def answer(self, q: Complex) -> Complex:
        """The p (E, L) of q (E, L)."""
        return np.asarray(self.matrix @ q)

    @property
    def nbytes(self) -> int:
        """Size."""
        return self.matrix.nbytes


class Factorizations:
    """Factorized equations of the body that was asked for last, up to a number of bytes: the first of them, since all come in turn.

    Attributes
    ----------
    most_bytes : float, 0 for none
    as_solved : bool, keep what takes q to p instead, for fields that follow a hand

    """

    def __init__(self) -> None:
        self.most_bytes = 0.0
        self.as_solved = False
        self._body: Hashable = None
        self._equations: dict[Hashable, Factored | Solved] = {}
        self._bytes = 0

    @contextmanager
    def keeping(self, most_bytes: float, *, as_solved: bool = False) -> Iterator[None]:
        """While this lasts, keep some."""
        before = self.most_bytes, self.as_solved
        self.most_bytes, self.as_solved = most_bytes, as_solved
        try:
            yield
        finally:
            self.most_bytes, self.as_solved = before
            self._body, self._equations, self._bytes = None, {}, 0

    def of(self, body: Hashable, key: Hashable, make: Callable[[], Factored]) -> Factored | Solved:
        """The equation that `key` names of a body, kept or made."""
        if not self.most_bytes:
            return make()
        if body != self._body:
            self._body, self._equations, self._bytes = body, {}, 0
        equation = self._equations.get(key)
        if equation is None:
            factored = make()
            equation = factored.solved() if self.as_solved else factored
            if self._bytes + equation.nbytes <= self.most_bytes:
                self._equations[key] = equation
                self._bytes += equation.nbytes
        return equation


FACTORIZATIONS = Factorizations()
