"""L-BFGS: the least value of a smooth function of many variables from its gradients, for functions that cost little.

    y <- y - t H g,     H built from the last m pairs s = Δy, v = Δg by the two loops, t by bisection until the weak Wolfe conditions hold:

    f(y + t d) <= f(y) + 10⁻⁴ t g·d,     g(y + t d)·d >= 0.9 g·d

The second makes s·v > 0, so that H stays positive definite. An iteration takes 5 m products of vectors, in five products with
matrices; scipy's, which knows bounds, takes eight times a cheap function's own time.

Source: J. Nocedal and S. Wright, Numerical Optimization (2006), algorithm 7.4; the bisection A. Lewis and M. Overton, Nonsmooth
optimization via quasi-Newton methods (2013), algorithm 4.6.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy.linalg.lapack import dtrtrs

from designer.arrays import Real

MEMORY = 20
DECREASE, SLOPE = 1e-4, 0.9
TRIALS = 25
PATIENCE = 10
"""Iterations whose decrease, taken together, ends the search where it is too small."""


def least(function: Callable[[Real], tuple[float, Real]], y: Real, *, iterations: int, change: float) -> Real:
    """The y (n,) of the least value, begun at a y, after so many iterations or where PATIENCE of them change the value by less."""
    value, g = function(y)
    pairs = _Pairs(y.size)
    values = [value]
    for _ in range(iterations):
        d = -pairs.scaled(g)
        descent = float(g @ d)
        low, high, step = 0.0, np.inf, 1.0 if len(pairs.s) else 1 / max(1.0, float(np.linalg.norm(g)))
        for _ in range(TRIALS):
            after, slope = function(y + step * d)
            if not after <= value + DECREASE * step * descent:
                high = step
            elif slope @ d < SLOPE * descent:
                low = step
            else:
                break
            step = (low + high) / 2 if high < np.inf else 2 * low
        else:  # rounding hides any further decrease
            return y
        s, v = step * d, slope - g
        if s @ v <= 0:  # at the least value, to rounding
            return y + s
        pairs.add(s, v)
        y, value, g = y + s, after, slope
        values.append(value)
        if len(values) > PATIENCE and values[-1 - PATIENCE] - value < change:
            break
    return y


class _Pairs:
    """The last pairs s (m, n) and v (m, n), and of their products s_i·v_j those with i <= j, which are the upper triangle R (m, m)."""

    def __init__(self, size: int) -> None:
        self._rows = np.empty((2, 2 * MEMORY, size))
        self._end = 0
        self.products: Real = np.zeros((0, 0))
        self.s, self.v = self._rows[:, :0]

    def add(self, s: Real, v: Real) -> None:
        """One more pair, in place of the oldest where there are MEMORY of them."""
        older = min(len(self.s), MEMORY - 1)
        if self._end == self._rows.shape[1]:
            self._rows[:, :older] = self._rows[:, self._end - older :]
            self._end = older
        self._rows[:, self._end] = s, v
        self._end += 1
        self.s, self.v = self._rows[:, self._end - older - 1 : self._end]
        products = np.zeros((older + 1, older + 1))
        products[:-1, :-1] = self.products[len(self.products) - older :, len(self.products) - older :]
        products[:, -1] = _times(self.s, v)
        self.products = products

    def scaled(self, g: Real) -> Real:
        """H g.

        The first loop's shares a are the answer of R a = S g, the second's b that of Rᵀ b = D a - c V (g - Vᵀ a), D the diagonal of R and
        c I the H that the loops begin with; so all products with vectors are four.
        """
        if not len(self.s):
            return g
        a = dtrtrs(self.products, _times(self.s, g))[0]
        q = g - _summed(a, self.v)
        c = self.products[-1, -1] / float(self.v[-1] @ self.v[-1])
        b = dtrtrs(self.products, np.diagonal(self.products) * a - c * _times(self.v, q), trans=1)[0]
        return np.asarray(c * q + _summed(b, self.s))


def _times(rows: Real, x: Real) -> Real:
    """Each row's product with a vector, which no threads share."""
    return np.asarray(np.einsum("mn,n->m", rows, x))


def _summed(shares: Real, rows: Real) -> Real:
    return np.asarray(np.einsum("m,mn->n", shares, rows))
