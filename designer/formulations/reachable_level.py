"""The largest level that hard limits allow, at the point whose phase is kept.

    maximise    |h w|
    subject to  |w_l| <= g_l,   ||w|| <= e

Phases are free, so every term of Σ h_l w_l can point the same way: maximise Σ |h_l| m_l with 0 <= m_l <= g_l and
||m|| <= e. The multiplier of the norm makes it m_l = min(g_l, t |h_l|), and t is the largest for which ||m|| <= e,
found by bisection; without a binding norm, m = g.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Real


def reachable_level(magnitude: Real, max_gain: Real, max_norm: Real) -> Real:
    """The largest |h w| (F,); inf without limits.

    Parameters
    ----------
    magnitude : |h| (F, L)
    max_gain : g (F, L), inf without a limit
    max_norm : e (F,), inf without a limit

    """
    everything = np.where(magnitude > 0, max_gain, 0.0)
    norm = np.linalg.norm(everything, axis=1)
    unbound = norm <= max_norm
    with np.errstate(invalid="ignore"):
        level = np.where(magnitude > 0, magnitude * everything, 0.0).sum(axis=1)
    size = np.maximum(np.linalg.norm(magnitude, axis=1), 1e-300)
    # t |h| alone has the norm e at this t; gains that bind only let t grow, at most to where all of them bind.
    low = np.where(unbound, 0.0, max_norm / size)
    smallest = np.min(np.where(magnitude > 0, magnitude, np.inf), axis=1)
    max_norm = np.where(unbound, 0.0, max_norm)
    finite = np.where(np.isfinite(everything), everything, 0.0).max(axis=1)
    high = np.where(unbound, 0.0, np.maximum(max_norm, finite) / smallest)
    for _ in range(100):
        t = (low + high) / 2
        fits = np.linalg.norm(np.minimum(everything, t[:, None] * magnitude), axis=1) <= max_norm
        low, high = np.where(fits, t, low), np.where(fits, high, t)
    bound = np.sum(magnitude * np.minimum(everything, low[:, None] * magnitude), axis=1)
    return np.asarray(np.where(unbound, level, bound))


def share_of_level(magnitude: Real, max_gain: Real, max_norm: Real) -> Real:
    """The largest share t <= 1 of the level |h w| = 1 that the gains allow, the norm being relative to the level (F,).

    That is the largest t for which w' = w/t with |h w'| = 1, |w'_l| <= g_l/t and ||w'|| <= e exists; e must allow |h
    w'| = 1 by itself.
    """
    share = np.ones(len(magnitude))
    energy = np.maximum(np.sum(magnitude**2, axis=1), 1e-300)
    cheapest = magnitude / energy[:, None]  # the least norm with |h w| = 1: where it fits there is nothing to search
    tight = ~((cheapest <= max_gain).all(axis=1) & (energy**-0.5 <= max_norm))
    if tight.any():
        tight[tight] = reachable_level(magnitude[tight], max_gain[tight], max_norm[tight]) < 1
    if tight.any():
        h, g, e = magnitude[tight], max_gain[tight], max_norm[tight]
        low, high = np.zeros(len(h)), np.ones(len(h))
        for _ in range(50):
            t = (low + high) / 2
            fits = reachable_level(h, g / np.maximum(t, 1e-300)[:, None], e) >= 1
            low, high = np.where(fits, t, low), np.where(fits, high, t)
        share[tight] = low
    return share
