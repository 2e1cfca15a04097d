"""Taps to integers where it is heard least: nearest plane, then greedy moves.

Taps that minimise the fit's sum turn it into E(d) = E(0) + dᵀ N d for an error d of the taps, N the normal matrix.
With N = G Gᵀ, G lower triangular,

    dᵀ N d = Σ_i ( G_ii d_i + Σ_{j>i} G_ji d_j )².

From the last tap to the first, each is rounded after adding what the later ones left: d_i nearest to -Σ G_ji d_j / G_ii
(L. Babai, On Lovász' lattice reduction and the nearest lattice point problem, Combinatorica 6, 1986). On this path
|G_ii d_i + ...| <= G_ii Δ/2, so that E - E(0) is about Δ²/12 Σ G_ii², against Δ²/12 Σ N_ii of plain rounding. For many
taps the means tend to those of the symbol's eigenvalues: geometric, and arithmetic (Szegő). What the rounding
is put into is what the points do not hear. Not only the nearest plane is followed: several paths go on at once, the
best so far (the M-algorithm; J. Anderson and S. Mohan, Sequential coding algorithms, IEEE Trans. Communications 32, 1984).

N is block Toeplitz: N_(n,k) = Γ(n - k), drivers within taps. Its rows of G settle to the symbol's spectral factor (F. L.
Bauer, 1955), so that the rows beyond a bound are taken as shifts of the last one computed.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real

EXACT_ROWS = 2048
"""Rows of G that are computed, drivers x taps: 0.2 s. On the eight-driver case at 512 taps all 4096 rows take 1 s, and gain
0.5 dB more at most."""
MOST_PATHS, LEAST_PATHS, PATH_NUMBERS = 32, 4, 50_000
"""Paths that are followed at once: as many as hold so many integers together. 32 gain 1 to 2.5 dB over one."""
MAX_MOVES = 20_000


def nearest_plane(
    taps: Real, symbol: Complex, step: float, least: float, greatest: float, *, quick: bool = False
) -> Real:
    """Integers (L, T), as whole numbers in floats, for taps that minimise the fit's sum; never worse than plain rounding.

    Parameters
    ----------
    taps : (L, T)
    symbol : C (K, L, L) on the K = N/2 + 1 frequencies of a real Fourier grid of even length N >= 2 T
    step : what one step of the integers is worth
    least, greatest : the integers' range
    quick : one path alone, and no moves from plain rounding, which stays the bound; up to 2.5 dB more error

    """
    drivers, count = taps.shape
    blocks = correlations(symbol, count)
    known = min(count, max(2, EXACT_ROWS // drivers))
    factor = cholesky_of_toeplitz(blocks, known)
    x = (taps / step).T.ravel()
    paths = 1 if quick else int(np.clip(PATH_NUMBERS // x.size, LEAST_PATHS, MOST_PATHS))
    plain = np.clip(np.rint(x), least, greatest)
    found = [greedy_moves(_planes(x, factor, drivers, least, greatest, paths), x, blocks, least, greatest)]
    found.append(plain if quick else greedy_moves(plain, x, blocks, least, greatest))
    shaped = [np.ascontiguousarray(each.reshape(count, drivers).T) for each in found]
    return min(shaped, key=lambda each: weighted_error(each * step - taps, symbol))


def _planes(x: Real, factor: Real, drivers: int, least: float, greatest: float, paths: int) -> Real:
    """The integers of the best path: each goes on to the nearest plane and to those beside it, and the best are kept."""
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


def cholesky_of_toeplitz(blocks: Real, rows: int) -> Real:
    """G of the leading `rows` x `rows` blocks (rows L, rows L)."""
    middle, drivers = len(blocks) // 2, blocks.shape[1]
    lag = np.arange(rows)[:, None] - np.arange(rows)[None, :]
    matrix = blocks[middle + lag].transpose(0, 2, 1, 3).reshape(rows * drivers, rows * drivers)
    return np.asarray(np.linalg.cholesky(matrix))


def greedy_moves(q: Real, x: Real, blocks: Real, least: float, greatest: float) -> Real:
    """Steps of one integer by ±1 for as long as one lowers dᵀ N d, the best first.

    A step s at i changes it by 2 s (N d)_i + N_ii, and N d by s times the column i.
    """
    drivers = blocks.shape[1]
    count, middle = q.size // drivers, len(blocks) // 2
    columns = blocks.transpose(2, 0, 1)  # driver of the column, lag, driver of the row
    diagonal = np.tile(np.diagonal(blocks[middle]), count)
    q = q.copy()
    size = 1 << int(np.ceil(np.log2(2 * count)))
    spectrum = np.fft.rfft((q - x).reshape(count, drivers), size, axis=0)
    wrapped = np.concatenate([blocks[middle:], np.zeros((size - len(blocks), drivers, drivers)), blocks[:middle]])
    product = np.einsum("kij,kj->ki", np.fft.rfft(wrapped, axis=0), spectrum)
    gradient = np.fft.irfft(product, size, axis=0)[:count].ravel()
    for _ in range(MAX_MOVES):
        move = -np.sign(gradient)
        gain = 2 * np.abs(gradient) - diagonal
        gain[(q + move > greatest) | (q + move < least)] = -np.inf
        i = int(np.argmax(gain))
        if gain[i] <= 1e-12 * diagonal[i]:
            break
        q[i] += move[i]
        tap, driver = divmod(i, drivers)
        gradient += move[i] * columns[driver, middle - tap : middle - tap + count].ravel()
    return q


def weighted_error(error: Real, symbol: Complex) -> float:
    """dᵀ N d of an error d (L, T) of the taps: what it is heard as."""
    spectrum = np.fft.rfft(error, 2 * (len(symbol) - 1), axis=1).T
    heard = np.einsum("kl,klm,km->k", spectrum.conj(), symbol, spectrum).real
    return float((2 * heard.sum() - heard[0] - heard[-1]) / (2 * (len(symbol) - 1)))
