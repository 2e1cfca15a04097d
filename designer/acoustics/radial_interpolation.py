"""A radiating series at many distances from few: each term, less its wave e^{-jkr}/r, is a short polynomial in 1/r.

h_n(kr) = e^{-jkr}/r times a polynomial of degree n in 1/r, and over a narrow range of distances of far fewer terms than n: at
the Chebyshev points of the second kind x_q of x = 1/r, q = 0, ..., N,

    t(r) r e^{jkr} ≈ Σ_q ℓ_q(1/r) t(1/x_q) e^{jk/x_q}/x_q,     ℓ_q Lagrange's polynomials                              (1)

The points of N are among those of 2N, so that nothing is computed twice while N grows, until what would follow the last two
coefficients of the Chebyshev series, if these went on falling as they did, is as small as what may be missed.

Sources: J.-P. Berrut and L. N. Trefethen, Barycentric Lagrange interpolation (SIAM Review 46, 2004); the last coefficients: J. Aurentz
and L. N. Trefethen, Chopping a Chebyshev series (ACM Transactions on Mathematical Software 43, 2017).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np

from designer.arrays import Complex, Real

DEGREES = (4, 8, 16, 32)
WORTH = 0.75
"""Of what each distance alone would cost: few distances that cost more are not tried."""
MISSED = 1e-8
"""Of the largest term at the same frequency."""
MORE_FREQUENCIES = 14
MISSED_BETWEEN = 3e-5
"""Between frequencies, of the largest at any: 0.001 dB is seen, because the next coefficients fall faster."""


def few_distances(
    terms: Callable[[Real], Complex], distance_m: Real, *, most: float | None = None
) -> tuple[Complex, Real] | None:
    """Terms at a few distances, and the shares (U, Q) with which they add to those at the distances asked for.

    Parameters
    ----------
    terms : distances (Q,) -> (N, F, Q, ...), each term times r e^{jkr}; N may differ from call to call
    distance_m : (U,)
    most : distances that cost as much as each alone; by default as many as differ in `distance_m`

    Returns
    -------
    (N, F, Q, ...) and (U, Q); None where they would cost about as much as each distance alone

    """
    most = np.unique(distance_m).size if most is None else most
    return few_points(lambda nearness: terms(1 / nearness), 1 / distance_m, most=most)


def at_few_frequencies(relative: Callable[[Real], Complex], k: Real, extent_m: float) -> Complex:
    """What is smooth in frequency (F, ...), from few wave numbers; from all where that is cheaper, or where they do not suffice.

    Parameters
    ----------
    relative : (Q,) wave numbers -> (Q, ...), over the wave that turns its phase fastest
    k : (F,)
    extent_m : radii of what sound goes around

    """
    count = math.ceil(float(np.ptp(k)) * extent_m) + MORE_FREQUENCIES
    few = few_points(lambda some: relative(some)[None, None], k, most=k.size, degrees=(count,), missed=MISSED_BETWEEN)
    if few is None:
        return relative(k)
    flat = np.ascontiguousarray(few[0][0, 0]).reshape(count + 1, -1).view(float)
    return np.asarray((few[1] @ flat).view(complex).reshape(k.size, *few[0].shape[3:]))


def few_points(
    terms: Callable[[Real], Complex],
    at: Real,
    *,
    most: float,
    degrees: Sequence[int] = DEGREES,
    missed: float = MISSED,
) -> tuple[Complex, Real] | None:
    """As `few_distances`, for terms (N, F, Q, ...) that are smooth in any variable, asked for at points (U,).

    Parameters
    ----------
    degrees : to try, each twice the one before it
    missed : of the largest term at the same frequency

    """
    low, high = float(at.min()), float(at.max())
    values: Complex | None = None
    for degree in degrees:
        if degree + 1 > WORTH * most:
            return None
        step = np.arange(degree + 1)
        nodes = (low + high) / 2 + (high - low) / 2 * np.cos(np.pi * step / degree)
        nodes[[0, -1]] = high, low
        fresh = step if values is None else step[1::2]
        values = _interleaved(values, terms(nodes[fresh]))
        last, before = _last_coefficients(values)
        follows = last * np.minimum(1.0, last / np.maximum(before, 1e-300))
        if (follows <= missed * np.abs(values).max(axis=(0, 2))).all():
            return values, _shares(at, nodes, (-1.0) ** step * np.where(step % degree, 1.0, 0.5))
    return None


def _last_coefficients(values: Complex) -> tuple[Real, Real]:
    """The largest of the last two Chebyshev coefficients, and of the two before them (F, ...), by a cosine transform."""
    degree = values.shape[2] - 1
    step = np.arange(degree + 1)
    orders = degree - np.arange(4)
    ends = np.where((step % degree) == 0, 0.5, 1.0)
    cosines = (
        np.cos(np.pi * np.outer(orders, step) / degree) * ends * np.where(orders == degree, 1, 2)[:, None] / degree
    )
    size = np.abs(np.moveaxis(np.tensordot(values, cosines, (2, 1)), -1, 0)).max(axis=1)
    return np.maximum(size[0], size[1]), np.maximum(size[2], size[3])


def _interleaved(known: Complex | None, fresh: Complex) -> Complex:
    """Terms at the points of twice the degree (N, F, 2Q - 1, ...) from those known (N, F, Q, ...) and those between them."""
    if known is None:
        return fresh
    count = known.shape[2] + fresh.shape[2]
    both = np.zeros((max(len(known), len(fresh)), fresh.shape[1], count, *fresh.shape[3:]), dtype=complex)
    both[: len(known), :, ::2], both[: len(fresh), :, 1::2] = known, fresh
    return both


def _shares(at: Real, nodes: Real, weights: Real) -> Real:
    """ℓ_q at points (U,), (U, Q), by the second barycentric formula."""
    apart = at[:, None] - nodes
    met = apart == 0
    share = weights / np.where(met, 1.0, apart)
    share = np.where(met.any(axis=1, keepdims=True), met.astype(float), share)
    return np.asarray(share / share.sum(axis=1, keepdims=True))
