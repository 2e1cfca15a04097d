"""A smooth complex function of two variables, over frequency, from few evaluations: a product of Chebyshev polynomials.

With x, y scaled to [-1, 1] and c from the values at the product of Chebyshev points x_i = cos(π(i+½)/N),

    f(x, y) ≈ Σ_ij c_ij T_i(x) T_j(y).

The error falls geometrically in N for a function that is analytic around the rectangle (Trefethen, Approximation
Theory and Approximation Practice, ch. 8). The polynomials are real and f is complex over F frequencies, so that many
points are one real matrix product. The number of points grows until values that were not used agree.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial import chebyshev

from designer.arrays import Complex, Real

SIZES = ((6, 3), (10, 4), (16, 5), (24, 6), (36, 8), (54, 10), (80, 14))
PROBES = 40
TOLERANCE = 1e-5
"""Of the largest magnitude at a frequency."""


@dataclass(frozen=True)
class ChebyshevSurface:
    """The approximation.

    Attributes
    ----------
    low, high : (2,) the rectangle
    coefficients : (I, J, F) c_ij
    error : largest error at the probes, over the largest magnitude at the same frequency

    """

    low: Real
    high: Real
    coefficients: Complex
    error: float

    def __call__(self, x: Real, y: Real) -> Complex:
        """Values (..., F) at points of any shape (...)."""
        count_x, count_y, frequencies = self.coefficients.shape
        across = chebyshev.chebvander(self._scaled(x.ravel(), 0), count_x - 1)
        along = chebyshev.chebvander(self._scaled(y.ravel(), 1), count_y - 1)
        products = (across[:, :, None] * along[:, None, :]).reshape(x.size, count_x * count_y)
        pairs = np.ascontiguousarray(self.coefficients.reshape(-1, frequencies)).view(float)
        return np.asarray((products @ pairs).view(complex).reshape(*x.shape, frequencies))

    def _scaled(self, values: Real, axis: int) -> Real:
        low, high = self.low[axis], self.high[axis]
        return np.asarray(np.clip((2 * values - low - high) / (high - low), -1.0, 1.0))


def fitted(
    function: Callable[[Real, Real], Complex],
    x: Real,
    y: Real,
    tolerance: float = TOLERANCE,
    sizes: tuple[tuple[int, int], ...] = SIZES,
    probes: int = PROBES,
) -> ChebyshevSurface | None:
    """The surface over the rectangle that holds some points; None where the largest number of points does not suffice.

    Parameters
    ----------
    function : (N,), (N,) -> (N, F)
    x, y : points of any shape that the surface will be asked for
    tolerance : of the largest magnitude at a frequency
    sizes : numbers of points to try, fewest first
    probes : values that the surface is held against

    """
    low, high = np.array([x.min(), y.min()]), np.array([x.max(), y.max()])
    high = np.maximum(high, low + 1e-9 * np.maximum(1.0, np.abs(low)))
    # Probes on an additive recurrence, which no product of Chebyshev points meets.
    unit = (0.5 + np.outer(np.arange(1, probes + 1), [0.7548776662466927, 0.5698402909980532])) % 1.0
    tried = low + unit * (high - low)
    wanted = function(tried[:, 0], tried[:, 1])
    scale = np.maximum(np.abs(wanted).max(axis=0), 1e-300)
    for size in sizes:
        points = [np.cos(np.pi * (np.arange(count) + 0.5) / count) for count in size]
        at = [low[n] + (points[n] + 1) / 2 * (high[n] - low[n]) for n in (0, 1)]
        values = function(np.repeat(at[0], size[1]), np.tile(at[1], size[0])).reshape(*size, -1)
        # c_i = (2 - δ_i0)/N Σ_n f(x_n) T_i(x_n): the points are orthogonal for the polynomials.
        across, along = (
            chebyshev.chebvander(p, count - 1).T * (np.where(np.arange(count) == 0, 1.0, 2.0) / count)[:, None]
            for p, count in zip(points, size, strict=True)
        )
        coefficients = np.einsum("ia,jb,abf->ijf", across, along, values, optimize=True)
        surface = ChebyshevSurface(low, high, _trimmed(coefficients, tolerance / 4 * scale), 0.0)
        error = float((np.abs(surface(tried[:, 0], tried[:, 1]) - wanted) / scale).max())
        if error <= tolerance:
            return replace(surface, error=error)
    return None


def _trimmed(coefficients: Complex, least: Real) -> Complex:
    """Without the last rows and columns whose magnitudes together stay below `least` (F,)."""
    size = np.abs(coefficients) / least
    rows = np.cumsum(size.sum(axis=1)[::-1], axis=0)[::-1].max(axis=1) > 1  # what is left out from here on
    columns = np.cumsum(size.sum(axis=0)[::-1], axis=0)[::-1].max(axis=1) > 1
    return coefficients[: max(1, int(rows.sum())), : max(1, int(columns.sum()))]
