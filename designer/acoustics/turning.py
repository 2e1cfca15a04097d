"""The phase e^{-jkr} of many distances at many wave numbers: on equal steps of k, a product of two short series."""

from __future__ import annotations

import math

import numpy as np

from designer.acoustics.free_field import EQUAL_STEPS, FEWEST_STEPS, equal_steps
from designer.arrays import Complex, Real


def turning(k: Real, distance_m: Real) -> Complex:
    """e^{-jkr} (..., F), for k (F,) and r of any shape (...): in equal steps of k a product of two short series."""
    out = np.empty((*distance_m.shape, k.size), dtype=complex)
    for run in equal_steps(k):
        part = k[run]
        if part.size < FEWEST_STEPS or np.ptp(np.diff(part)) > EQUAL_STEPS * part[-1]:
            out[..., run] = np.exp(-1j * distance_m[..., None] * part)
            continue
        step, short = (part[-1] - part[0]) / (part.size - 1), math.isqrt(part.size - 1) + 1
        coarse = np.exp(-1j * distance_m[..., None] * (part[0] + step * short * np.arange(-(-part.size // short))))
        fine = np.exp(-1j * distance_m[..., None] * (step * np.arange(short)))
        whole = (coarse[..., :, None] * fine[..., None, :]).reshape(*distance_m.shape, -1)
        out[..., run] = whole[..., : part.size]
    return out
