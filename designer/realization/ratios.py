"""Ratios of the drivers' filters to one reference driver's, bounded where the reference has a dip.

    R_l = W_l / W_r,     u_r = 1,     |u_l| <= cap

All drivers' weights may be divided by any one response: cancellation gain, masks and window are ratios and do not change,
the tone does. Where |W_r| dips, the R are peaks that no short filter follows; there

    minimise over u    (u - R)^H C (u - R)     subject to  |u_l| <= cap,  u_r = 1,

C what an error is heard as, so that the drivers share the loss as it is heard least. It is convex with a bound on each
driver alone, so that minimising over one driver after the other converges: u_l = R_l - Σ_{j≠l} C_lj (u_j - R_j) / C_ll,
brought back to the cap.

A plain driver as reference leaves the channel as it is outside the band. Any other then plays there alone: the ratios
fade with the design's share.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real

SILENT = 1e-2
"""A reference this much below the loudest driver over half of the band, -40 dB, is silent."""
LEAST = 1e-3
"""A reference counts as this much of the loudest driver at the least, so that no ratio is infinite."""
SWEEPS = 100


def ratios(weights: Complex, reference: int, share: Real | None = None) -> Complex:
    """Ratios R (K, L) to the reference driver, not yet bounded by a cap; 1 for the reference itself.

    Parameters
    ----------
    weights : W (K, L)
    reference : r
    share : (K,) of the design against the plain driver, where the reference is not plain

    """
    own = weights[:, reference]
    floor = LEAST * np.abs(weights).max(axis=1)
    R = np.asarray(weights * (own.conj() / np.maximum(np.maximum(np.abs(own), floor) ** 2, 1e-300))[:, None])
    if share is not None:
        R = np.asarray(R * share[:, None])
    R[:, reference] = 1.0
    return R


def capped(R: Complex, symbol: Complex, reference: int, cap: float) -> Complex:
    """The ratios u (K, L) nearest to R, as C (K, L, L) hears it, of which none is above the cap."""
    u = R.copy()
    others = [l for l in range(R.shape[1]) if l != reference]
    above = np.flatnonzero((np.abs(R[:, others]) > cap).any(axis=1))
    if not above.size:
        return u
    wanted, C = R[above], symbol[above]
    own = wanted * np.minimum(1.0, cap / np.maximum(np.abs(wanted), 1e-300))
    own[:, reference] = 1.0
    for _ in range(SWEEPS):
        for l in others:
            error = own - wanted
            error[:, l] = 0.0
            best = wanted[:, l] - np.einsum("kj,kj->k", C[:, l], error) / C[:, l, l].real
            own[:, l] = best * np.minimum(1.0, cap / np.maximum(np.abs(best), 1e-300))
    u[above] = own
    return u


def silence(weights: Complex, reference: int) -> float:
    """How far the reference is below the loudest driver, as an amplitude ratio, at half of the frequencies (those in the band)."""
    loudest = np.maximum(np.abs(weights).max(axis=1), 1e-300)
    return float(np.median(np.abs(weights[:, reference]) / loudest))
