"""A radiating series at many distances from few: each term, less its wave e^{-jkr}/r, is a short polynomial in 1/r.

h_n(kr) = e^{-jkr}/r times a polynomial of degree n in 1/r, and over a narrow range of distances of far fewer terms than n: at
Chebyshev points x_q of x = 1/r,

    t(r) r e^{jkr} ≈ Σ_q ℓ_q(1/r) t(1/x_q) e^{jk/x_q}/x_q,     ℓ_q Lagrange's polynomials                              (1)

The number of points grows until (1) holds at both ends of the range, where it is worst.

Source: J.-P. Berrut and L. N. Trefethen, Barycentric Lagrange interpolation (SIAM Review 46, 2004).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from designer.arrays import Complex, Real

COUNTS = (4, 7, 11)
MISSED = 1e-8
"""Of the largest term at the same frequency."""


def few_distances(terms: Callable[[Real], Complex], distance_m: Real) -> tuple[Complex, Real] | None:
    """Terms at a few distances, and the shares (U, Q) with which they add to those at the distances asked for.

    Parameters
    ----------
    terms : distances (Q,) -> (N, F, Q, ...), each term times r e^{jkr}
    distance_m : (U,)

    Returns
    -------
    (N, F, Q, ...) and (U, Q); None where as many distances as were asked for would be needed

    """
    nearness = 1 / distance_m
    low, high = float(nearness.min()), float(nearness.max())
    for count in COUNTS:
        if count + 2 >= np.unique(distance_m).size:
            return None
        angle = np.pi * (np.arange(count) + 0.5) / count
        nodes = (low + high) / 2 + (high - low) / 2 * np.cos(angle)
        found = terms(1 / np.concatenate([nodes, [low, high]]))
        values, ends = found[:, :, :count], found[:, :, count:]
        weights = (-1.0) ** np.arange(count) * np.sin(angle)
        predicted = np.einsum("nfq...,uq->nfu...", values, _shares(np.array([low, high]), nodes, weights))
        largest = np.abs(ends).max(axis=0)
        if (np.abs(predicted - ends).max(axis=0) <= MISSED * largest).all():
            return values, _shares(nearness, nodes, weights)
    return None


def _shares(at: Real, nodes: Real, weights: Real) -> Real:
    """ℓ_q at points (U,), (U, Q), by the second barycentric formula."""
    apart = at[:, None] - nodes
    met = apart == 0
    share = weights / np.where(met, 1.0, apart)
    share = np.where(met.any(axis=1, keepdims=True), met.astype(float), share)
    return np.asarray(share / share.sum(axis=1, keepdims=True))
