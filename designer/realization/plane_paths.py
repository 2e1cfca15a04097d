"""The nearest plane itself: taps to integers one after the other, with feedback through the Cholesky factor.

With N = G Gᵀ, G lower triangular, an error d of the taps costs

    dᵀ N d = Σ_i ( G_ii d_i + Σ_{j>i} G_ji d_j )².

From the last tap to the first, each is rounded after adding what the later ones left: d_i nearest to -Σ G_ji d_j / G_ii
(L. Babai, On Lovász' lattice reduction and the nearest lattice point problem, Combinatorica 6, 1986). On this path
|G_ii d_i + ...| <= G_ii Δ/2, so that it costs about Δ²/12 Σ G_ii², against Δ²/12 Σ N_ii of plain rounding. For many
taps the means tend to those of the symbol's eigenvalues: geometric, and arithmetic (Szegő). What the rounding
is put into is what the points do not hear. Not only the nearest plane is followed: several paths go on at once, the
best so far (the M-algorithm; J. Anderson and S. Mohan, Sequential coding algorithms, IEEE Trans. Communications 32, 1984).

N is block Toeplitz: N_(n,k) = Γ(n - k), drivers within taps. Its rows of G settle to the symbol's spectral factor (F. L.
Bauer, 1955), so that the rows beyond a bound are taken as shifts of the last one computed.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real


def best_path(x: Real, factor: Real, drivers: int, least: float, greatest: float, paths: int) -> Real:
    """The integers (n,) of the best path: each goes on to the nearest plane and to those beside it, and the best are kept.

    Parameters
    ----------
    x : (n,) taps in steps, drivers within taps
    factor : G of the leading rows, at least two taps
    drivers : L
    least, greatest : the integers' range
    paths : how many are kept

    """
    carried = np.zeros((1, x.size))  # Σ_{j>i} G_ji d_j for every i
    q, cost = np.empty((1, x.size)), np.zeros(1)
    for i in range(x.size - 1, -1, -1):
        row = i if i < len(factor) else len(factor) - drivers + i % drivers
        own = factor[row, : row + 1]
        aim = x[i] - carried[:, i] / own[-1]
        near = np.rint(aim)
        beside = np.where(aim >= near, 1.0, -1.0)
        planes = np.clip(np.stack([near, near + beside, near - beside], axis=1), least, greatest)
        reached = (cost[:, None] + (own[-1] * (planes - aim[:, None])) ** 2).ravel()
        kept = np.argpartition(reached, paths - 1)[:paths] if reached.size > paths else np.arange(reached.size)
        parent, cost = kept // 3, reached[kept]
        if not np.array_equal(parent, np.arange(len(carried))):
            carried, q = carried[parent], q[parent]
        q[:, i] = planes.ravel()[kept]
        carried[:, i + 1 - own.size : i + 1] += (q[:, i] - x[i])[:, None] * own
    return np.asarray(q[np.argmin(cost)])


def correlations(symbol: Complex, taps: int) -> Real:
    """Γ(n) (2T - 1, L, L) for n from -(T - 1) to T - 1: the inverse Fourier transform of the symbol."""
    whole = np.fft.irfft(symbol, 2 * (len(symbol) - 1), axis=0)
    return np.concatenate([whole[1 - taps :], whole[:taps]]) if taps > 1 else whole[:1]


def cholesky_of_toeplitz(blocks: Real, rows: int, *, drivers_first: bool = False) -> Real:
    """G of the leading `rows` x `rows` blocks (rows L, rows L); drivers within taps, or taps within drivers."""
    middle, drivers = len(blocks) // 2, blocks.shape[1]
    lag = np.arange(rows)[:, None] - np.arange(rows)[None, :]
    axes = (2, 0, 3, 1) if drivers_first else (0, 2, 1, 3)
    matrix = blocks[middle + lag].transpose(axes).reshape(rows * drivers, rows * drivers)
    return np.asarray(np.linalg.cholesky(matrix))
