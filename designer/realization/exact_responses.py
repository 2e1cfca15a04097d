"""Linear constraints on the taps: responses that are exact at chosen frequencies, such as zero at DC.

    minimise over x    x^T K x - 2 b^T x     subject to  G x = g

G has a row for the real and one for the imaginary part of each driver's response at each frequency, cos ωn and -sin ωn;
at 0 Hz and Nyquist, where real taps have a real response, the real part alone. With multipliers λ the solution is

    x = K⁻¹ (b - G^T λ),     (G K⁻¹ G^T) λ = G K⁻¹ b - g

and K⁻¹ on each row of G is one run of conjugate gradients more. Exact responses outside the band, equal to the plain
driver's with the bulk delay, give all channels the same delay there.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.arrays import Complex, Real
from designer.realization.toeplitz_fit import NormalEquations

ROW_TOLERANCE = 1e-9
"""Of the runs whose results are combined, so that the constraints hold to about this."""


def exact_rows(taps: int, frequency_hz: Sequence[float], sample_rate_hz: float) -> tuple[Real, Real]:
    """Rows (R, T) that give one driver's response at frequencies, and for each (R, 2) its frequency's index and 0 or 1.

    0 stands for the real part, 1 for the imaginary part.
    """
    rows, meaning = [], []
    for index, f in enumerate(frequency_hz):
        phase = 2 * np.pi * f / sample_rate_hz * np.arange(taps)
        rows.append(np.cos(phase))
        meaning.append((index, 0))
        if abs(np.sin(2 * np.pi * f / sample_rate_hz)) > 1e-12:
            rows.append(-np.sin(phase))
            meaning.append((index, 1))
    return np.array(rows), np.array(meaning)


def solve_exactly(equations: NormalEquations, rhs: Real, rows: Real, values: Real, start: Real | None = None) -> Real:
    """Taps (L, T) that solve the normal equations with every driver's rows (R, T) at values (R, L).

    Parameters
    ----------
    equations, rhs : the free problem
    rows : the same for every driver
    values : what rows @ x_l is to be
    start : (L, T) to begin from

    """
    drivers, taps = rhs.shape
    free = equations.solve(rhs, start)
    lifted = []
    for row in rows:
        for l in range(drivers):
            one = np.zeros((drivers, taps))
            one[l] = row
            lifted.append(equations.solve(one, tolerance=ROW_TOLERANCE))
    columns = np.array(lifted)  # (R L, L, T)
    coupling = np.einsum("rt,klt->rlk", rows, columns).reshape(len(columns), len(columns))
    miss = rows @ free.T - values  # (R, L), in the order of the columns
    multipliers = np.linalg.solve(coupling, miss.ravel())
    return np.asarray(free - np.einsum("k,klt->lt", multipliers, columns))


def wanted_values(wanted: Complex, meaning: Real) -> Real:
    """Values (R, L) of the rows for responses (frequencies, L)."""
    chosen = wanted[meaning[:, 0]]
    return np.asarray(np.where(meaning[:, 1:] == 0, chosen.real, chosen.imag))
