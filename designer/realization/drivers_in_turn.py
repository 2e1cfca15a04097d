"""Drivers rounded one after the other: what one's rounding leaves is taken up by those that are still free.

With drivers 1 to l - 1 rounded and the later ones free to follow, an error d of driver l's taps raises the fit's sum by

    Σ_f S_l(f) |d̂(f)|²,      S_l = C_ll - C_lr C_rr⁻¹ C_rl,      r all the later drivers,

the Schur complement, |U_ll|² of C = U U^H with U upper triangular: what the others cannot take up. It is little where a
point hears all drivers and much where only the driver itself is heard. Nearest plane rounds driver l over that scalar
symbol; then the later drivers' real taps are fitted anew, K_rr e_r = -K_rd d, and the next one's turn comes.

At the ends of the taps the later drivers have none to take up with, and S_l is more than the symbol's: where the normal matrix
is small enough its own Schur complements are taken, the diagonal blocks of its Cholesky factor with the last driver first.

Against nearest plane over all drivers tap by tap, an error may be taken up by other drivers' earlier and later taps
alike, and a driver may have a scale of its own that fits what it has come to hold: a driver whose taps are small has small
steps, and takes up what the coarser ones leave.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from designer.arrays import Complex, Index, Real
from designer.realization.plane_paths import best_path, cholesky_of_toeplitz, correlations
from designer.realization.toeplitz_fit import NormalEquations

TOLERANCE = 1e-3
"""Of the residual of the later drivers' taps, which are rounded themselves; 1e-6 gains nothing and takes twice as long."""


def drivers_in_turn(
    taps: Real,
    symbol: Complex,
    step_of: Callable[[Real], float],
    least: float,
    greatest: float,
    *,
    order: Index,
    paths: int,
    rows: int,
) -> tuple[Real, Real]:
    """Integers (L, T), as whole numbers in floats, and what one step of each driver's is worth (L,).

    Parameters
    ----------
    taps : (L, T) that minimise the fit's sum
    symbol : C (K, L, L) on the K = N/2 + 1 frequencies of a real Fourier grid of even length N >= 2 T
    step_of : the step for taps (T,) that a driver has come to hold when its turn comes
    least, greatest : the integers' range
    order : of the drivers (L,), the first to be rounded first
    paths : that are followed at once
    rows : of the normal matrix's Cholesky factor that are computed: all of them, or of each driver's own an equal share

    """
    count = taps.shape[1]
    factors = _factors(symbol[:, order][:, :, order], count, rows)
    q, steps, now, error = np.zeros_like(taps), np.zeros(len(taps)), taps.copy(), np.zeros_like(taps)
    for place, l in enumerate(order):
        steps[l] = step_of(now[l])
        q[l] = best_path(now[l] / steps[l], factors[place], 1, least, greatest, paths)
        error[l] = q[l] * steps[l] - taps[l]
        done, later = order[: place + 1], order[place + 1 :]
        if later.size:
            equations = NormalEquations(symbol[:, later][:, :, later], count)
            heard = (symbol[:, later][:, :, done] @ equations.spectra(error[done])[:, :, None])[:, :, 0]
            now[later] = taps[later] - equations.solve(equations.cut(heard), tolerance=TOLERANCE)
    return q, steps


def loudest_first(symbol: Complex) -> Index:
    """The drivers (L,) by how loudly C (K, L, L) hears each alone, in the mean over the logarithm.

    What a loud driver's rounding leaves the others take up; nobody takes up what the last one leaves. It is the best order,
    or within 1 dB of it, on the eight-driver case, a soundbar and most of a smart speaker's words.
    """
    heard = np.log(np.diagonal(symbol, axis1=1, axis2=2).real).mean(axis=0)
    return np.argsort(-heard, kind="stable")


def _factors(symbol: Complex, count: int, rows: int) -> list[Real]:
    """Of each driver, in the order of their turns, the Cholesky factor of what the later ones cannot take up."""
    drivers = symbol.shape[1]
    if drivers * count <= rows:
        blocks = cholesky_of_toeplitz(correlations(symbol[:, ::-1, ::-1], count), count, drivers_first=True)
        last_first = [blocks[l * count : (l + 1) * count, l * count : (l + 1) * count] for l in range(drivers)]
        return last_first[::-1]
    left_over = _schur_complements(symbol)[:, :, None, None].astype(complex)
    known = min(count, max(2, rows // drivers))
    return [cholesky_of_toeplitz(correlations(left_over[:, l], count), known) for l in range(drivers)]


def _schur_complements(symbol: Complex) -> Real:
    """C_ll - C_lr C_rr⁻¹ C_rl (K, L), r all the drivers after l: the Cholesky factor of C turned round, turned round."""
    factor = np.linalg.cholesky(symbol[:, ::-1, ::-1])
    return np.asarray(np.diagonal(factor, axis1=1, axis2=2)[:, ::-1].real ** 2)
