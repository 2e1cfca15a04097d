"""Diagonal loading, its amount found by root finding: the largest ratio of two powers whose efficiency is still enough.

    maximise    v^H A v / v^H Q v
    subject to  v^H A v >= e ||v||²

The top generalised eigenvectors of (A, Q + δI) trade ratio against efficiency; both are monotone in δ, and the
smallest δ that is efficient enough is the answer. Every v that is allowed has ||v||² <= v^H A v / e, so with θ the
largest generalised eigenvalue of (A, Q + δI), whatever δ >= 0 is,

    1/θ <= (v^H Q v + δ ||v||²) / v^H A v <= v^H Q v / v^H A v + δ/e,

a bound that needs no solver, with equality at the answer. All frequencies at once, as stacked LAPACK calls.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Complex, Index, Real
from designer.measures import quadratic

HEAVIEST = 1e9
MAX_STEPS = 100
TOLERANCE = 1e-11
NOT_JUDGED = 1e-9
"""Powers of less than -90 dB, relative to the mean diagonals: there a relative gap would be one of rounding."""


@dataclass(frozen=True)
class Loaded:
    """Vectors of unit norm, what was loaded on Q's diagonal, and how far the ratio is from its bound."""

    v: Complex  # (F, L)
    load: Real  # (F,) δ, relative to Q's mean diagonal; inf where e is out of reach
    value: Real  # (F,) v^H Q v / v^H A v, Q with what it is loaded by from the start
    bound: Real  # (F,) what no allowed v is below
    gap: Real  # (F,) value less bound, relative


def _mean_diagonal(M: Complex) -> Real:
    return np.asarray(np.maximum(np.trace(M, axis1=1, axis2=2).real / M.shape[-1], 1e-300))


def _scaled(M: Complex) -> Complex:
    """A matrix over its mean diagonal."""
    return np.asarray(M / _mean_diagonal(M)[:, None, None])


def loaded_point(h: Complex, Q: Complex, min_efficiency: Real, *, least_load: float) -> Loaded:
    """Loaded vectors of one point, A = h^H h: v ∝ (Q + δI)⁻¹ h^H.

    With Q = UΛU^H and g = U^H h^H all that is left is a scalar equation in δ: the efficiency

        (Σ |g_i|²/(λ_i + δ))² / Σ |g_i|²/(λ_i + δ)²

    rises with δ, from 0 to ||h||². Bisected in log δ, to rounding.

    Parameters
    ----------
    h : (F, L) complex array
    Q : (F, L, L) complex array, Hermitian, positive semidefinite
    min_efficiency : (F,) float array, e, 0 where there is no limit
    least_load : float, part of Q from the start, relative to its mean diagonal, so that a singular Q has a largest ratio too

    """
    size = np.maximum(np.linalg.norm(h, axis=1), 1e-300)[:, None]
    values, vectors = np.linalg.eigh(_scaled(Q))
    values = np.maximum(values, 0.0) + least_load
    g = np.einsum("fji,fj->fi", vectors.conj(), (h / size).conj())
    heard = np.abs(g) ** 2
    least = np.minimum(min_efficiency / size[:, 0] ** 2, 1.0)

    def enough(load: Real) -> Real:
        inverse = 1 / (values + load[:, None])
        return np.asarray(np.sum(heard * inverse, axis=1) ** 2 >= least * np.sum(heard * inverse**2, axis=1))

    low, high = np.full(len(h), np.log(1e-16)), np.full(len(h), np.log(1e12))
    for _ in range(60):
        middle = (low + high) / 2
        fits = enough(np.exp(middle))
        low, high = np.where(fits, low, middle), np.where(fits, middle, high)
    load = np.where(enough(np.zeros(len(h))), 0.0, np.where(least < 1, np.exp(high), np.inf))
    a = g / (values + np.where(np.isfinite(load), load, 0.0)[:, None])
    a = np.where(np.isfinite(load)[:, None], a, g)  # e is out of reach: in phase
    a = np.where(np.sum(heard, axis=1)[:, None] > 0, a, 1.0)  # nothing is heard: any weights are as good
    a = _unit(a)
    # Judged among Q's eigenvectors, where a condition number of 1e13 costs no digits.
    theta = np.sum(heard / (values + np.where(np.isfinite(load), load, 0.0)[:, None]), axis=1)
    theta = np.where(np.isfinite(load), theta, np.sum(heard, axis=1))
    A = g[:, :, None] * g.conj()[:, None, :]
    v = np.einsum("fij,fj->fi", vectors, a)
    unit = _mean_diagonal(Q) / size[:, 0] ** 2
    return _certified(v, A, values[:, :, None] * np.eye(h.shape[1]), a, theta, load, least, unit)


def loaded_matrix(A: Complex, Q: Complex, min_efficiency: Real, *, least_load: float) -> Loaded:
    """Loaded vectors of any A (F, L, L): an eigenproblem a step, for the frequencies where the largest ratio is too dear.

    Where no δ is efficient enough the most efficient vectors are returned.
    """
    scale = _mean_diagonal(A)
    unit = _mean_diagonal(Q) / scale
    A, Q = A / scale[:, None, None], _scaled(Q) + least_load * np.eye(A.shape[-1])
    least = min_efficiency / scale
    load = np.zeros(len(A))
    theta, vectors = _pencil(A, Q, load)
    v, theta = _unit(vectors[:, :, -1]), theta[:, -1]
    short = np.flatnonzero(quadratic(A, v) < least)
    if short.size:
        load[short], v[short], theta[short] = _search(A[short], Q[short], least[short])
    return _certified(v, A, Q, v, theta, load, least, unit)


def _search(A: Complex, Q: Complex, least: Real) -> tuple[Real, Complex, Real]:
    """Loads that are just enough, with their vectors and eigenvalues θ.

    Newton in x = log δ on f = log efficiency - log e, inside a bracket. With v_j^H (Q + δI) v_j = 1, θ_1 the largest,

        df/dx = 2δ θ_1 Σ_j |v_j^H v_1|² / (θ_1 - θ_j) / ||v_1||².
    """
    count = len(A)
    low, high = np.full(count, np.log(1e-16)), np.full(count, np.log(HEAVIEST))
    values, vectors = np.linalg.eigh(A)  # what no load is enough for gets the most efficient vectors
    v, theta, load = vectors[:, :, -1], values[:, -1], np.full(count, np.inf)
    active: Index = np.flatnonzero(theta > least)
    x = np.full(active.size, np.log(1e-2))
    for _ in range(MAX_STEPS):
        if not active.size:
            break
        values, vectors = _pencil(A[active], Q[active], np.exp(x))
        top = vectors[:, :, -1]
        norm = np.sum(np.abs(top) ** 2, axis=1)
        f = np.log(values[:, -1] / norm) - np.log(least[active])
        fits = f >= 0
        at = active[fits]
        v[at], theta[at], load[at] = _unit(top[fits]), values[fits, -1], np.exp(x[fits])
        high[active], low[active] = np.where(fits, x, high[active]), np.where(fits, low[active], x)
        cross = np.abs(np.einsum("fij,fi->fj", vectors[:, :, :-1].conj(), top)) ** 2
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            slope = 2 * np.exp(x) * values[:, -1] / norm * np.sum(cross / (values[:, -1:] - values[:, :-1]), axis=1)
            step = x - (f - TOLERANCE / 2) / slope  # aims at the side that is allowed
        inside = np.isfinite(step) & (step > low[active]) & (step < high[active])
        x = np.where(inside, step, (low[active] + high[active]) / 2)
        done = (fits & (f < TOLERANCE)) | (high[active] - low[active] < 1e-14 * np.abs(high[active]))
        active, x = active[~done], x[~done]
    return load, v, theta


def _pencil(A: Complex, Q: Complex, load: Real) -> tuple[Real, Complex]:
    """Generalised eigenvalues (F, L), rising, and vectors of (A, Q + δI), each of unit power v^H (Q + δI) v."""
    factor = np.linalg.cholesky(Q + load[:, None, None] * np.eye(A.shape[-1]))
    inner = np.linalg.solve(factor, np.linalg.solve(factor, A).conj().swapaxes(1, 2))
    values, u = np.linalg.eigh((inner + inner.conj().swapaxes(1, 2)) / 2)
    return values, np.asarray(np.linalg.solve(factor.conj().swapaxes(1, 2), u))


def _unit(v: Complex) -> Complex:
    return np.asarray(v / np.linalg.norm(v, axis=1, keepdims=True))


def _certified(
    weights: Complex, A: Complex, Q: Complex, v: Complex, theta: Real, load: Real, least: Real, unit: Real
) -> Loaded:
    """Value, bound 1/θ - δ/e and gap of v, which are the weights on some axes; written so that a large δ does not cancel.

    v^H (Q + δI) v / v^H A v - 1/θ is what v lacks of being the top eigenvector, δ (1/e - 1/η) what its efficiency η has
    over e: their sum is value less bound. Where e is out of reach (δ infinite) v is to be the most efficient vector, and θ
    is the largest efficiency. `unit` turns the ratio of scaled matrices into that of the matrices as they were given.
    """
    efficiency = np.maximum(quadratic(A, v), 1e-300)
    power = quadratic(Q, v)
    finite = np.isfinite(load)
    d = np.where(finite, load, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        spare = np.where(d > 0, d * (1 / least - 1 / efficiency), 0.0)
    lacking = (power + d) / efficiency - 1 / np.maximum(theta, 1e-300)
    value = power / efficiency
    gap = np.where(finite, (spare + lacking) / np.maximum(value, NOT_JUDGED), theta / efficiency - 1)
    bound = value - gap * np.maximum(value, NOT_JUDGED)
    return Loaded(np.asarray(weights), load, value * unit, bound * unit, gap)


OUT_OF_BAND_SHARE = 1e-3
"""κ."""


def with_drivers_bands(Q: Complex, cost: Real) -> Complex:
    """Q' = Q + κ (tr Q / L) (P - 1) (F, L, L), from Q and the diagonal of P (F, L): drivers outside their bands as if they radiated.

    P is 1 in a driver's band. An octave outside it P = 250, and the driver costs a quarter of what a driver radiates in the mean.
    """
    mean = np.trace(Q, axis1=1, axis2=2).real[:, None] / Q.shape[-1]
    return np.asarray(Q + (OUT_OF_BAND_SHARE * mean * (cost - 1))[:, :, None] * np.eye(Q.shape[-1]))
