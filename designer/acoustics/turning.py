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
        some = slice(start, start + MAX_AT_ONCE)
        tangent = np.tan(angle[some] / 2)
        twice = tangent * tangent
        twice += 1
        np.divide(2, twice, out=twice)
        np.subtract(twice, 1, out=real[some])
        np.multiply(tangent, twice, out=imaginary[some])
    return out


def turning(k: Real, distance_m: Real) -> Complex:
    """e^{-jkr} (..., F), for k (F,) and r of any shape (...): in equal steps of k a product of two short series."""
    out = np.empty((*distance_m.shape, k.size), dtype=complex)
    for run in equal_steps(k):
        part = k[run]
        if part.size < MIN_STEPS or np.ptp(np.diff(part)) > MAX_STEP_DIFFERENCE * part[-1]:
            out[..., run] = phase(-distance_m[..., None] * part)
            continue
        step, short = (part[-1] - part[0]) / (part.size - 1), math.isqrt(part.size - 1) + 1
        coarse = phase(-distance_m[..., None] * (part[0] + step * short * np.arange(-(-part.size // short))))
        fine = phase(-distance_m[..., None] * (step * np.arange(short)))
        whole = (coarse[..., :, None] * fine[..., None, :]).reshape(*distance_m.shape, -1)
        out[..., run] = whole[..., : part.size]
    return out


def sum_of_waves(k: Real, way_m: Real, weight: Real) -> Complex:
    """Σ_q weight_mq e^{jk way_mq} (F, M), from (M, Q) ways and weights.

    Wave numbers in equal steps, k = k_0 + (J i + j) Δ, need few exponentials: e^{jkx} = e^{jk_0 x} e^{jJiΔx} e^{jjΔx}, and
    the sum over q is a product of matrices over i and over j. A grid that the ends of bands join is some runs of equal steps.
    """
    return np.concatenate([_sum_in_equal_steps(k[run], way_m, weight) for run in equal_steps(k)])


def _sum_in_equal_steps(k: Real, way_m: Real, weight: Real) -> Complex:
    if k.size < MIN_STEPS or np.ptp(np.diff(k)) > MAX_STEP_DIFFERENCE * k[-1]:
        total = np.zeros((k.size, len(way_m)), dtype=complex)
        for way, share in zip(way_m.T, weight.T, strict=True):
            total += np.exp(1j * np.outer(k, way)) * share
        return total
    inner = math.ceil(math.sqrt(k.size))
    outer = math.ceil(k.size / inner)
    step = (k[-1] - k[0]) / (k.size - 1)
    coarse = _powers(np.exp(1j * k[0] * way_m) * weight, np.exp(1j * step * inner * way_m), outer)
    fine = _powers(np.ones_like(way_m, dtype=complex), np.exp(1j * step * way_m), inner)
    sums = coarse.transpose(1, 0, 2) @ fine.transpose(1, 2, 0)  # (M, outer, inner)
    return np.asarray(sums.reshape(len(way_m), -1)[:, : k.size].T)


def _powers(first: Complex, ratio: Complex, count: int) -> Complex:
    """First · ratio^i for i < count: (count, ...)."""
    out = np.empty((count, *first.shape), dtype=complex)
    out[0] = first
    for i in range(1, count):
        np.multiply(out[i - 1], ratio, out=out[i])
    return out
