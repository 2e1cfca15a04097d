"""The phase e^{-jkr} of many distances at many wave numbers: on equal steps of k, a product of two short series.

With t = tan(x/2), e^{jx} = 2/(1 + t²) - 1 + j 2t/(1 + t²): one real function, a tenth of a complex exponential's time where numpy
computes tangents eight at once, and never more than its time; within 1e-15.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np

from designer.arrays import Complex, Real

MIN_STEPS = 8
"""Fewer wave numbers in equal steps are computed one by one."""
MAX_AT_ONCE = 8192
"""Phases that are computed together, in the processor's cache."""
MAX_STEP_DIFFERENCE = 1e-9
"""Steps are equal where they differ by less, relative to the largest wave number."""


def equal_steps(k: Real) -> list[slice]:
    """Consecutive parts of rising numbers (F,), each in equal steps; what lies between two long ones is one part more."""
    steps = np.diff(k)
    changes = np.flatnonzero(np.abs(np.diff(steps)) > MAX_STEP_DIFFERENCE * max(abs(k[-1]), 1e-300)) + 1
    bounds = np.unique(np.concatenate([[0], changes, [k.size - 1]])).astype(int)
    long = [(a, b) for a, b in pairwise(bounds) if b - a >= MIN_STEPS]
    runs, start = [], 0
    for a, b in long:
        first = max(a, start)
        if first > start:
            runs.append(slice(start, first))
        runs.append(slice(first, b + 1))
        start = b + 1
    if start < k.size:
        runs.append(slice(start, k.size))
    return runs


def phase(angle_rad: Real) -> Complex:
    """e^{jx} for real x of any shape, some at a time: memory that is taken anew costs more than the tangent."""
    out = np.empty(np.shape(angle_rad), dtype=complex)
    angle, real, imaginary = np.ravel(angle_rad), out.real.reshape(-1), out.imag.reshape(-1)
    for start in range(0, angle.size, MAX_AT_ONCE):
        part = slice(start, start + MAX_AT_ONCE)
        tangent = np.tan(angle[part] / 2)
        twice = tangent * tangent
        twice += 1
        np.divide(2, twice, out=twice)
        np.subtract(twice, 1, out=real[part])
        np.multiply(tangent, twice, out=imaginary[part])
    return out


def turning(k: Real, distance_m: Real) -> Complex:
    """e^{-jkr} (..., F), for k (F,) and r of any shape (...): in equal steps of k a product of two short series."""
    out = np.empty((*distance_m.shape, k.size), dtype=complex)
    for run in equal_steps(k):
        part = k[run]
        if not _is_even(part):
            out[..., run] = phase(-distance_m[..., None] * part)
            continue
        coarse, fine = _short_series(part, -distance_m)
        whole = (coarse[..., :, None] * fine[..., None, :]).reshape(*distance_m.shape, -1)
        out[..., run] = whole[..., : part.size]
    return out


def sum_of_waves(k: Real, way_m: Real, weight: Real) -> Complex:
    """Σ_q weight_mq e^{jk way_mq} (..., F, M), from ways (M, Q) and weights (..., M, Q): in equal steps of k a product of matrices over
    i and over j.
    """
    weights = weight.reshape(-1, *way_m.shape)
    sums = np.zeros((len(weights), k.size, len(way_m)), dtype=complex)
    for run in equal_steps(k):
        part = k[run]
        if not _is_even(part):
            together = max(1, MAX_AT_ONCE // max(1, part.size * len(way_m)))
            for start in range(0, way_m.shape[1], together):
                block = slice(start, start + together)
                waves = phase(np.multiply.outer(part, way_m[:, block]))
                for total, share in zip(sums, weights[..., block], strict=True):
                    total[run] += np.einsum("fmq,mq->fm", waves, share)
            continue
        coarse, fine = _short_series(part, way_m)
        for total, share in zip(sums, weights, strict=True):
            products = (coarse * share[..., None]).swapaxes(1, 2) @ fine  # (M, I, J)
            total[run] = products.reshape(len(way_m), -1)[:, : part.size].T
    return sums.reshape(*weight.shape[:-2], k.size, len(way_m))


def _is_even(k: Real) -> bool:
    """Whether wave numbers stand in equal steps, and are enough of them."""
    return bool(k.size >= MIN_STEPS and np.ptp(np.diff(k)) <= MAX_STEP_DIFFERENCE * k[-1])


def _short_series(k: Real, way_m: Real) -> tuple[Complex, Complex]:
    """e^{jk_i x} (..., I) and e^{jjΔx} (..., J) of ways (...), whose products in turn are e^{jkx} for wave numbers in equal steps.

    k = k_0 + (J i + j) Δ needs few exponentials: e^{jkx} = e^{j(k_0 + J i Δ)x} e^{jjΔx}.
    """
    step, short = (k[-1] - k[0]) / (k.size - 1), math.isqrt(k.size - 1) + 1
    coarse = phase(way_m[..., None] * (k[0] + step * short * np.arange(-(-k.size // short))))
    return coarse, phase(way_m[..., None] * (step * np.arange(short)))
