"""Drivers outside their bands, in forms that make a power small: there they count as if they radiated into it.

    Q' = Q + κ (tr Q / L) (P - 1)

P is 1 in a driver's band, so that nothing changes there. An octave outside it P = 250, and the driver costs a quarter of
what a driver radiates in the mean.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real

SHARE = 1e-3
"""κ."""


def with_drivers_bands(Q: Complex, cost: Real) -> Complex:
    """Q' (F, L, L) from Q and the diagonal of P (F, L)."""
    mean = np.trace(Q, axis1=1, axis2=2).real[:, None] / Q.shape[-1]
    return np.asarray(Q + (SHARE * mean * (cost - 1))[:, :, None] * np.eye(Q.shape[-1]))
