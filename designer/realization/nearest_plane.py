"""Taps to integers where it is heard least: nearest plane in two orders, then greedy moves.

Taps that minimise the fit's sum turn it into E(d) = E(0) + dᵀ N d for an error d of the taps, N the normal matrix. The
nearest plane (`plane_paths.py`) rounds each tap with feedback from those before it, and its error depends on their order:
all drivers of a tap before the next tap, or all taps of a driver before the next driver (`drivers_in_turn.py`). Which of the
two is better depends on the word and on the drivers; the better is kept, and never one that is worse than plain rounding.

How much there is to gain is bounded. The lattice of the errors has one point in a volume of Δⁿ √det N, and its points
cannot be nearer to a random place, in the mean square over a cell, than a ball of that volume allows, about
n Δ² det(N)^(1/n) / (2πe). On the eight-driver case at 128 taps that is 11 dB below plain rounding at 4 bits and 12.5 at 5,
where plain rounding makes most taps 0, and 18 to 22 dB from 6 to 16 bits.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from designer.arrays import Complex, Real
from designer.realization.drivers_in_turn import drivers_in_turn, loudest_first
from designer.realization.plane_paths import best_path, cholesky_of_toeplitz, correlations

EXACT_ROWS, QUICK_ROWS = 2048, 512
"""Rows of G that are computed, drivers x taps: 0.2 s. On the eight-driver case at 512 taps all 4096 rows take 1 s, and gain
0.5 dB more at most."""
MOST_PATHS, LEAST_PATHS, PATH_NUMBERS = 32, 4, 50_000
"""Paths that are followed at once: as many as hold so many integers together. 32 gain 1 to 2.5 dB over one."""
MOST_IN_TURN = 16
"""Drivers beyond which the fits between their turns take longer than they are worth: 256 of them would take minutes."""
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
    quick : few paths and one order alone, and no moves from plain rounding, which stays the bound; up to 3 dB more error

    """
    drivers, count = taps.shape
    x, rows, paths = taps / step, QUICK_ROWS if quick else EXACT_ROWS, _paths_of(taps, quick=quick)
    plain = np.clip(np.rint(x), least, greatest)
    begun = []
    if drivers <= MOST_IN_TURN:
        order = loudest_first(symbol)
        begun.append(drivers_in_turn(x, symbol, lambda _: 1.0, least, greatest, order=order, paths=paths, rows=rows)[0])
    if not quick or not begun:
        factor = cholesky_of_toeplitz(correlations(symbol, count), min(count, max(2, EXACT_ROWS // drivers)))
        begun.append(_by_tap(best_path(x.T.ravel(), factor, drivers, least, greatest, paths), drivers))
    if not quick:
        begun.append(plain)
    found = [_moved(q, x, symbol, least, greatest) for q in begun]
    return min([*found, plain], key=lambda q: weighted_error(q - x, symbol))


def nearest_plane_of_own_scales(
    taps: Real,
    symbol: Complex,
    step_of: Callable[[Real], float],
    least: float,
    greatest: float,
    *,
    quick: bool = False,
) -> tuple[Real, Real]:
    """The same where each driver has a step of its own: integers (L, T) and the steps (L,).

    No worse than plain rounding with the steps that the taps have by themselves. With small taps' small steps most of
    what large taps' steps leave is taken up: on the eight-driver case 4 bits are as good as 8 of one scale.

    Parameters
    ----------
    taps, symbol, least, greatest, quick : as above
    step_of : the step for one driver's taps (T,)

    """
    drivers = len(taps)
    rows, paths = QUICK_ROWS if quick else EXACT_ROWS, _paths_of(taps, quick=quick)
    steps = np.array([step_of(own) for own in taps])
    plain = np.clip(np.rint(taps / steps[:, None]), least, greatest)
    found = [(plain, steps)]
    orders = [loudest_first(symbol), np.argsort(-np.abs(taps).max(axis=1), kind="stable")]
    for order in orders[: 1 if quick else 2] if drivers <= MOST_IN_TURN else ():
        found.append(drivers_in_turn(taps, symbol, step_of, least, greatest, order=order, paths=paths, rows=rows))
    improved = []
    for q, each in found if len(found) == 1 else found[1:]:
        scaled = symbol * each[:, None] * each
        improved.append((_moved(q, taps / each[:, None], scaled, least, greatest), each))
    return min([*improved, found[0]], key=lambda one: weighted_error(one[0] * one[1][:, None] - taps, symbol))


def _paths_of(taps: Real, *, quick: bool) -> int:
    """How many paths are followed for taps (L, T)."""
    return LEAST_PATHS if quick else int(np.clip(PATH_NUMBERS // taps.size, LEAST_PATHS, MOST_PATHS))


def _by_tap(x: Real, drivers: int) -> Real:
    """(L, T) of values with drivers within taps."""
    return np.ascontiguousarray(x.reshape(-1, drivers).T)


def _moved(q: Real, x: Real, symbol: Complex, least: float, greatest: float) -> Real:
    """Integers (L, T) for x (L, T) after greedy moves."""
    blocks = correlations(symbol, q.shape[1])
    return _by_tap(greedy_moves(q.T.ravel(), x.T.ravel(), blocks, least, greatest), len(q))


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
