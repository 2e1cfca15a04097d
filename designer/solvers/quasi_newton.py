"""L-BFGS: the least value of a smooth function of many variables from its gradients, for functions that cost little.

    y <- y - t H g,     H built from the last m pairs s = Δy, v = Δg by the two loops, t by bisection until the weak Wolfe conditions hold:

    f(y + t d) <= f(y) + 10⁻⁴ t g·d,     g(y + t d)·d >= 0.9 g·d

The second makes s·v > 0, so that H stays positive definite. An iteration takes 4 m products of vectors; scipy's, which knows bounds, takes
eight times a cheap function's own time.

Source: J. Nocedal and S. Wright, Numerical Optimization (2006), algorithm 7.4; the bisection A. Lewis and M. Overton, Nonsmooth
optimization via quasi-Newton methods (2013), algorithm 4.6.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

import numpy as np

from designer.arrays import Real

MEMORY = 20
DECREASE, SLOPE = 1e-4, 0.9
TRIALS = 25
PATIENCE = 10
"""Iterations whose decrease, taken together, ends the search where it is too small."""


def least(function: Callable[[Real], tuple[float, Real]], y: Real, *, iterations: int, change: float) -> Real:
    """The y (n,) of the least value, begun at a y, after so many iterations or where PATIENCE of them change the value by less."""
    value, g = function(y)
    pairs: deque[tuple[Real, Real, float]] = deque(maxlen=MEMORY)
    values = [value]
    for _ in range(iterations):
        d = -_scaled(pairs, g)
        descent = float(g @ d)
        low, high, step = 0.0, np.inf, 1.0 if pairs else 1 / max(1.0, float(np.linalg.norm(g)))
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
        product = float(s @ v)
        if product <= 0:  # at the least value, to rounding
            return y + s
        pairs.append((s, v, product))
        y, value, g = y + s, after, slope
        values.append(value)
        if len(values) > PATIENCE and values[-1 - PATIENCE] - value < change:
            break
    return y


def _scaled(pairs: deque[tuple[Real, Real, float]], g: Real) -> Real:
    """H g by the two loops."""
    q, shares = g.copy(), []
    for s, v, product in reversed(pairs):
        shares.append(float(s @ q) / product)
        q -= shares[-1] * v
    if pairs:
        s, v, product = pairs[-1]
        q *= product / float(v @ v)
    for (s, v, product), share in zip(pairs, reversed(shares), strict=True):
        q += (share - float(v @ q) / product) * s
    return q
