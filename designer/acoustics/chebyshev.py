"""Smooth functions from few evaluations, at Chebyshev points of one variable (a distance, a frequency) or of two (places).

**One variable.** h_n(kr) = e^{-jkr}/r times a polynomial of degree n in 1/r, and over a narrow range of distances of far fewer terms
than n: at the Chebyshev points of the second kind x_q of x = 1/r, q = 0, ..., N,

    t(r) r e^{jkr} ≈ Σ_q ℓ_q(1/r) t(1/x_q) e^{jk/x_q}/x_q,     ℓ_q Lagrange's polynomials                              (1)

The points of N are among those of 2N, so that nothing is computed twice while N grows, until what would follow the last two
coefficients of the Chebyshev series, if these went on falling as they did, is as small as what may be missed.

**Two variables**, scaled to [-1, 1], with c from the values at the product of Chebyshev points x_i = cos(π(i+½)/N):

    f(x, y) ≈ Σ_ij c_ij T_i(x) T_j(y)                                                                                  (2)

The error falls geometrically in N for a function that is analytic around the rectangle. The polynomials are real and f is complex over
F frequencies, so that many points are one real matrix product. The number of points grows until values that were not used agree.

Sources: L. N. Trefethen, Approximation Theory and Approximation Practice (2013), ch. 8; J.-P. Berrut and L. N. Trefethen, Barycentric
Lagrange interpolation (SIAM Review 46, 2004); the last coefficients: J. Aurentz and L. N. Trefethen, Chopping a Chebyshev series (ACM
Transactions on Mathematical Software 43, 2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.polynomial import chebyshev

from designer.arrays import Complex, Real

DEGREES = (4, 8, 16, 32)
MAX_NODE_SHARE = 0.75
"""Share of the cost of each point alone: few points that cost more are not tried."""
MAX_ERROR = 1e-8
"""Share of the largest term at the same frequency."""
MIN_HEIGHTS = 8
"""Heights of places from which few serve all."""
DEGREES_OF_PLACES, MAX_ERROR_OF_PLACES = (6, 12, 24), 1e-9
"""As these, of two lengths; a head whose sources' strengths cancel hears 1e4 times the error."""
EXTRA_FREQUENCIES = 20
MAX_ERROR_BETWEEN = 5e-5
"""Between frequencies, of the largest at any: 0.004 dB is seen."""
QUIET_SHARE, MAX_ERROR_OF_QUIET = 0.1, 0.0075
"""Share of the points that are quietest, and of the loudest of these what may be missed: 60 dB below the others that is the less."""
SIZES = ((6, 3), (10, 4), (16, 5), (24, 6), (36, 8), (54, 10), (80, 14))
PROBES = 40
TOLERANCE = 1e-5
"""Largest error of a surface, over the largest magnitude at a frequency."""


def few_distances(
    terms: Callable[[Real], Complex],
    distance_m: Real,
    *,
    most: float | None = None,
    degrees: Sequence[int] = DEGREES,
    missed: float = MAX_ERROR,
) -> tuple[Complex, Real] | None:
    """Terms at a few distances, and the shares (U, Q) with which they add to those at the distances asked for.

    Parameters
    ----------
    terms : callable, distances (Q,) -> (N, F, Q, ...), each term times r e^{jkr}; N may differ from call to call
    distance_m : (U,) float array
    most : float or None, distances that cost as much as each alone; by default as many as differ in `distance_m`
    degrees, missed : sequence of int, float, as in `few_points`

    Returns
    -------
    (N, F, Q, ...) and (U, Q); None where they would cost about as much as each distance alone

    """
    most = np.unique(distance_m).size if most is None else most
    return few_points(lambda nearness: terms(1 / nearness), 1 / distance_m, most=most, degrees=degrees, missed=missed)


def few_places(
    terms: Callable[[Real, Real], Complex], distance_m: Real, height_m: Real, *, smooth: bool = True
) -> tuple[Complex, Real, Real] | None:
    """As `few_distances`, at places that differ in two lengths: (1) in the distance, and a polynomial in the height if many differ.

    Parameters
    ----------
    terms : callable, distances (Q,) and heights (Q,) -> (N, F, Q, ...), each term times its wave
    distance_m, height_m : (U,) float array
    smooth : bool, whether the terms are, in the height; else each height has terms

    Returns
    -------
    (N, F, Z, Q, ...) at few heights and distances, and the shares of the heights (U, Z) and of the distances (U, Q); None where
    they would cost about as much as each place alone

    """
    levels_m, level_of = np.unique(height_m, return_inverse=True)
    most = len(np.unique(np.column_stack([distance_m, height_m]), axis=0))

    def grid(distances_m: Real, heights_m: Real) -> Complex:
        places = terms(np.tile(distances_m, heights_m.size), np.repeat(heights_m, distances_m.size))
        return np.asarray(places.reshape(*places.shape[:2], heights_m.size, distances_m.size, *places.shape[3:]))

    if not smooth or levels_m.size < MIN_HEIGHTS:
        across = few_distances(
            lambda distances_m: np.moveaxis(grid(distances_m, levels_m), 2, 3), distance_m, most=most / levels_m.size
        )
        return across and (np.moveaxis(across[0], 3, 2), np.eye(levels_m.size)[level_of.ravel()], across[1])

    # Distances that serve at the ends of the heights serve between them, unless a source is there: the values are judged at the end.
    def at_ends(nearness: Real) -> Complex:
        return np.moveaxis(grid(1 / nearness, levels_m[[0, -1]]), 2, 3)

    def along(heights_m: Real) -> Complex:
        return grid(distances_m, heights_m)

    nearness, least = 1 / distance_m, DEGREES_OF_PLACES[0] + 1
    ends = few_points(at_ends, nearness, most=most / least, degrees=DEGREES_OF_PLACES, missed=MAX_ERROR_OF_PLACES)
    if ends is None:
        return None
    count = ends[1].shape[1]
    distances_m = 1 / _nodes(float(nearness.min()), float(nearness.max()), count - 1)
    few = few_points(along, height_m, most=most / count, degrees=DEGREES_OF_PLACES, missed=MAX_ERROR_OF_PLACES)
    if few is None:
        return None
    values = np.moveaxis(few[0], 3, 2)  # (N, F, Q, Z, ...)
    missed = MAX_ERROR_OF_PLACES * np.abs(values).max(axis=(0, 2))
    return (*few, ends[1]) if (_follows(values) <= missed).all() else None


def at_few_frequencies(
    relative: Callable[[Real], Complex],
    k: Real,
    spread_m: float,
    *,
    late_m: float = 0.0,
    extra: int = EXTRA_FREQUENCIES,
    missed: float = MAX_ERROR_BETWEEN,
) -> Complex:
    """A quantity that is smooth in frequency (F, ...), from few wave numbers; from all where that is cheaper, or where they do not suffice.

    Parameters
    ----------
    relative : (Q,) wave numbers -> (Q, ...), over the wave that turns its phase fastest
    k : (F,) float array
    spread_m : float, how much earlier and later than `late_m` behind that wave sound arrives
    late_m : float
    extra : int, frequencies beyond one a radian of that
    missed : float, between frequencies, of the largest at any

    """
    count = _count(k, spread_m, extra)

    def centred(wave_numbers: Real) -> Complex:
        values = relative(wave_numbers)
        turned = values.reshape(wave_numbers.size, -1) * np.exp(1j * late_m * wave_numbers)[:, None]
        return np.asarray(turned.reshape(1, 1, *values.shape))

    few = few_points(centred, k, most=k.size, degrees=(count, 2 * count), missed=missed)
    if few is None:
        return relative(k)
    flat = np.ascontiguousarray(few[0][0, 0]).reshape(few[0].shape[2], -1).view(float)
    return np.asarray(
        ((few[1] @ flat).view(complex) * np.exp(-1j * late_m * k)[:, None]).reshape(k.size, *few[0].shape[3:])
    )


def few_save(k: Real, spread_m: float, extra: int = EXTRA_FREQUENCIES) -> bool:
    """Whether `at_few_frequencies` tries fewer wave numbers than these (F,)."""
    return _count(k, spread_m, extra) + 1 <= MAX_NODE_SHARE * k.size


def _count(k: Real, spread_m: float, extra: int) -> int:
    return math.ceil(float(np.ptp(k)) * spread_m / 2) + extra


def few_points(
    terms: Callable[[Real], Complex],
    points: Real,
    *,
    most: float,
    degrees: Sequence[int] = DEGREES,
    missed: float = MAX_ERROR,
) -> tuple[Complex, Real] | None:
    """As `few_distances`, for terms (N, F, Q, ...) that are smooth in any variable, asked for at points (U,).

    Parameters
    ----------
    degrees : sequence of int, to try, of at least 3, each twice the one before it
    missed : float, of the largest term at the same frequency; less where quiet points would lose MAX_ERROR_OF_QUIET

    """
    low, high = float(points.min()), float(points.max())
    values: Complex | None = None
    for degree in degrees:
        if degree + 1 > MAX_NODE_SHARE * most:
            return None
        step = np.arange(degree + 1)
        nodes = _nodes(low, high, degree)
        fresh = step if values is None else step[1::2]
        values = _interleaved(values, terms(nodes[fresh]))
        size = np.abs(values).max(axis=0)  # (F, Q, ...)
        rank = int(QUIET_SHARE * degree)
        quiet = np.partition(size, rank, axis=1)[:, rank]
        if (_follows(values) <= np.minimum(missed * size.max(axis=1), MAX_ERROR_OF_QUIET * quiet)).all():
            return values, _shares(points, nodes, (-1.0) ** step * np.where(step % degree, 1.0, 0.5))
    return None


def _nodes(low: float, high: float, degree: int) -> Real:
    """Chebyshev points of the second kind (degree + 1,), from the highest."""
    nodes = (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * np.arange(degree + 1) / degree)
    nodes[[0, -1]] = high, low
    return nodes


def _follows(values: Complex) -> Real:
    """Estimate of the next Chebyshev coefficient (F, ...), if it falls as the last two did, by a cosine transform."""
    degree = values.shape[2] - 1
    step = np.arange(degree + 1)
    orders = degree - np.arange(4)
    cosines = np.cos(np.pi * np.outer(orders, step) / degree) * np.where(step % degree, 1.0, 0.5)
    cosines *= np.where(orders % degree, 2.0, 1.0)[:, None] / degree
    moved = np.ascontiguousarray(np.moveaxis(values, 2, 0))
    size = np.abs((cosines @ moved.reshape(degree + 1, -1).view(float)).view(complex))
    last, before = size.reshape(2, 2, *moved.shape[1:]).max(axis=(1, 2))
    return np.asarray(last * np.minimum(1.0, last / np.maximum(before, 1e-300)))


def _interleaved(even: Complex | None, fresh: Complex) -> Complex:
    """Terms at the points of twice the degree (N, F, 2Q - 1, ...) from those known (N, F, Q, ...) and those between them."""
    if even is None:
        return fresh
    count = even.shape[2] + fresh.shape[2]
    both = np.zeros((max(len(even), len(fresh)), fresh.shape[1], count, *fresh.shape[3:]), dtype=complex)
    both[: len(even), :, ::2], both[: len(fresh), :, 1::2] = even, fresh
    return both


def _shares(points: Real, nodes: Real, weights: Real) -> Real:
    """ℓ_q at points (U,), (U, Q), by the second barycentric formula."""
    apart = points[:, None] - nodes
    met = apart == 0
    share = weights / np.where(met, 1.0, apart)
    share = np.where(met.any(axis=1, keepdims=True), met.astype(float), share)
    return np.asarray(share / share.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class ChebyshevSurface:
    """The approximation (2).

    Attributes
    ----------
    low, high : (2,) float array, the rectangle
    coefficients : (I, J, F) complex array, c_ij
    error : float, largest error at the probes, over the largest magnitude at the same frequency

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
    alike: int = 1,
) -> ChebyshevSurface | None:
    """The surface over the rectangle that holds some points; None where the largest number of points does not suffice.

    Parameters
    ----------
    function : (N,), (N,) -> (N, F)
    x, y : float array, points of any shape that the surface will be asked for
    tolerance : float, of the largest magnitude at a frequency
    sizes : tuple of tuple of int, numbers of points to try, fewest first
    probes : int, values that the surface is held against
    alike : int, equal consecutive parts of the F (the ears) whose errors are judged by the largest magnitude of any

    """
    low, high = np.array([x.min(), y.min()]), np.array([x.max(), y.max()])
    high = np.maximum(high, low + 1e-9 * np.maximum(1.0, np.abs(low)))
    # Of the points asked for, by an additive recurrence: the rectangle's corners may be where nobody asks.
    indices = (x.size * ((0.5 + 0.7548776662466927 * np.arange(1, probes + 1)) % 1.0)).astype(int)
    tried = np.column_stack([x.ravel()[indices], y.ravel()[indices]])
    truth = function(tried[:, 0], tried[:, 1])
    scale = np.tile(np.abs(truth).max(axis=0).reshape(alike, -1).max(axis=0).clip(1e-300), alike)
    for size in sizes:
        points = [np.cos(np.pi * (np.arange(count) + 0.5) / count) for count in size]
        grid = [low[n] + (points[n] + 1) / 2 * (high[n] - low[n]) for n in (0, 1)]
        values = function(np.repeat(grid[0], size[1]), np.tile(grid[1], size[0])).reshape(*size, -1)
        # c_i = (2 - δ_i0)/N Σ_n f(x_n) T_i(x_n): the points are orthogonal for the polynomials.
        across, along = (
            chebyshev.chebvander(p, count - 1).T * (np.where(np.arange(count) == 0, 1.0, 2.0) / count)[:, None]
            for p, count in zip(points, size, strict=True)
        )
        coefficients = np.einsum("ia,jb,abf->ijf", across, along, values, optimize=True)
        surface = ChebyshevSurface(low, high, _trimmed(coefficients, tolerance / 4 * scale), 0.0)
        error = float((np.abs(surface(tried[:, 0], tried[:, 1]) - truth) / scale).max())
        if error <= tolerance:
            return replace(surface, error=error)
    return None


def _trimmed(coefficients: Complex, least: Real) -> Complex:
    """Without the last rows and columns whose magnitudes together stay below `least` (F,)."""
    size = np.abs(coefficients) / least
    rows = np.cumsum(size.sum(axis=1)[::-1], axis=0)[::-1].max(axis=1) > 1  # what is left out from here on
    columns = np.cumsum(size.sum(axis=0)[::-1], axis=0)[::-1].max(axis=1) > 1
    return coefficients[: max(1, int(rows.sum())), : max(1, int(columns.sum()))]
