"""How much of the middle goes to the centre: ρ and α, from the short-time averages of one band.

With M = (L+R)/2 and S = (L-R)/2, and E[.] an average over a band's bins and the recent past:

    ρ = Re E[M S*] / E|S|², held to [-1, 1]
    M' = M - ρ S                                  Re E[M' S*] = 0 where |ρ| < 1
    C = α M',  L' = L - C,  R' = R - C

With M = M' + ρS, L' = (1-α)M' + (1+ρ)S and R' = (1-α)M' - (1-ρ)S, so that where |ρ| < 1

    Re E[L' R'*] = (1-α)² E|M'|² - (1-ρ²) E|S|²

which is 0 for α = 1 - sqrt((1-ρ²) E|S|² / E|M'|²); α is held to [0, 1].

E|M'|² is taken from the same averages, E|M|² - 2ρ Re E[M S*] + ρ² E|S|²: then both statements hold for the averages as
they are, whatever ρ was before.

Limits, exact because 0/0 is decided and nothing is added to a denominator:

    silence       E|M|² = E|S|² = 0    ρ = 0, α = 0; C = 0
    mono          E|S|² = 0            ρ = 0, α = 1; C = M
    hard-panned   M = ±S               ρ = ±1, M' = 0; C = 0
    out of phase  M = 0                ρ = 0, M' = 0; C = 0

An average below `SILENCE` (an amplitude of 1e-20 of full scale) counts as 0, so that what is left of a sound that ended
long ago never runs into denormal numbers.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Real

SILENCE = 1e-40


def upmix_gains(middle: Real, side: Real, cross: Real) -> tuple[Real, Real]:
    """ρ and α of each average.

    Parameters
    ----------
    middle : E|M|², any shape
    side : E|S|²
    cross : Re E[M S*]

    Returns
    -------
    ρ and α, of the same shape

    """
    heard = side > SILENCE
    rho = np.clip(np.divide(cross, side, out=np.zeros(np.shape(side)), where=heard), -1.0, 1.0)
    left_over = np.maximum(middle - 2 * rho * cross + rho**2 * side, 0.0)
    wanted = (1 - rho**2) * np.where(heard, side, 0.0)
    there = left_over > SILENCE
    ratio = np.divide(wanted, left_over, out=np.ones(np.shape(side)), where=there)
    return rho, np.clip(1 - np.sqrt(ratio), 0.0, 1.0)
