"""The phase e^{-jkr} of many distances at many wave numbers: on equal steps of k, a product of two short series."""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real


def turning(k: Real, distance_m: Real) -> Complex:
    """e^{-jkr} (..., F), for k (F,) and r of any shape (...): on equal steps a product of two short series."""
    step = float(k[1] - k[0]) if k.size > 1 else 0.0
    if k.size < 9 or not np.allclose(np.diff(k), step, rtol=1e-9, atol=0):
        return np.asarray(np.exp(-1j * distance_m[..., None] * k))
    short = int(np.ceil(np.sqrt(k.size)))
    coarse = np.exp(-1j * distance_m[..., None] * (k[0] + step * short * np.arange(-(-k.size // short))))
    fine = np.exp(-1j * distance_m[..., None] * (step * np.arange(short)))
    whole = (coarse[..., :, None] * fine[..., None, :]).reshape(*distance_m.shape, -1)
    return np.ascontiguousarray(whole[..., : k.size])
