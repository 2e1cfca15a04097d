"""Drivers on a body, solved at few frequencies, kept on disk, and interpolated between these frequencies.

**Frequencies.** The delay of the direct path from the driver is removed, and a share of the body's diagonal. What a driver makes at a
place is then a sum of waves that went around the body. None is later or earlier than about the diagonal, so that the sum is nearly band
limited over frequency. It is solved in equal steps Δ = c/(FREQUENCIES_A_TURN · diagonal) from 0 to the highest frequency, and
FREQUENCIES_BEYOND steps more. A value in between is a sum of the ORDER nearest, with the shares w of least error over all these waves,

    minimise ∫ |e^{jθx} - Σ w_i e^{jθi}|² dθ over |θ| <= TURN:     S w = s,  S_ij = sinc TURN(i - j),  s_i = sinc TURN(x - i)       (1)

x the place between the nodes i, in steps, sinc x = sin(x)/x; a turn of θ a step is a wave 1/Δ late. The response is real in time,
p(-f) = p(f)*, which gives the nodes below 0. One grid serves all frequencies: another for each would leave steps.

**Above the highest frequency** (wave number K) a driver keeps its level and its phase against the direct path of length r, in each
direction and at each place by itself: p(k) = p(K) e^{-j(k-K)r}. This continuation is continuous, and no closer approximation.

**Store.** Each frequency's surface is stored by itself (`array_store`), so that a stopped run keeps what it has solved.

Source of (1): J. L. Yen, On nonuniform sampling of bandwidth-limited signals (IRE Trans. Circuit Theory 3, 1956).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.acoustics.array_store import ArrayStore, cache_folder
from designer.arrays import Complex, Index, Real
from designer.problem.enclosures.solved_body import FREQUENCIES_A_TURN

ORDER, TURN, LOADING = 10, 1.9, 1e-10
"""Number of nodes of the interpolation; largest turn of a step in rad (waves 1.2 diagonals late); loading that keeps S regular."""

FOLDER, MAX_STORED_BYTES = "solutions", 4e9
"""Limit within the cache's: a solution is kept as a whole, and costs more than all else in the cache."""
Progress = Callable[[int, int], None]
"""Callable that receives the number of frequencies done and the number of all."""


def step_of(diagonal_m: float, a_turn: int = FREQUENCIES_A_TURN) -> float:
    """Step of the wave numbers that are solved, `a_turn` between two that differ by a turn over the diagonal, rad/m."""
    return 2 * math.pi / (a_turn * diagonal_m)


def read_or_solved(
    keys: Sequence[str],
    solve: Callable[[list[int]], Iterable[NDArray[Any]]],
    progress: Progress | None = None,
    *,
    stored: bool = True,
) -> list[NDArray[Any]]:
    """Surface at each node: read from disk, or solved and stored at once.

    Parameters
    ----------
    keys : sequence of str, digest of what each node's surface is computed from
    solve : callable, the surfaces of some nodes, in turn
    progress : callable, optional, called with the number of frequencies done and the number of all: before the first is solved, and
        after each
    stored : bool, keep it on disk: not what passes under a hand

    """
    folder = cache_folder() if stored else None
    store = ArrayStore(folder and folder / FOLDER, MAX_STORED_BYTES)
    surfaces = {node: array for node, key in enumerate(keys) if (array := store.read(key)) is not None}
    missing = [node for node in range(len(keys)) if node not in surfaces]
    if progress and missing:
        progress(len(surfaces), len(keys))
    for node, surface in zip(missing, solve(missing), strict=True):
        surfaces[node] = surface
        store.write(keys[node], surface)
        if progress:
            progress(len(surfaces), len(keys))
    return [surfaces[node] for node in range(len(keys))]


def is_stored(keys: Sequence[str]) -> bool:
    """Whether all of these surfaces are on disk."""
    folder = cache_folder()
    return folder is not None and all(ArrayStore(folder / FOLDER).holds(key) for key in keys)


def between(k: Real, step: float, count: int) -> tuple[Index, Real, Real]:
    """Consecutive nodes (N,) that wave numbers (F,) up to the last need, and their shares (F, N) and those of their conjugates."""
    first = np.clip(np.floor(k / step).astype(int) - ORDER // 2 + 1, -count, count - ORDER)
    window = first[:, None] + np.arange(ORDER)  # (F, ORDER)
    order = np.arange(ORDER)
    together = _sinc(TURN * (order[:, None] - order)) + LOADING * np.eye(ORDER)
    share = np.linalg.solve(together, _sinc(TURN * (k[:, None] / step - window)).T).T
    nodes = np.arange(np.abs(window).min(initial=0) if (window > 0).all() else 0, np.abs(window).max() + 1)
    rows = np.broadcast_to(np.arange(k.size)[:, None], window.shape)
    plain, conjugate = np.zeros((2, k.size, nodes.size))
    below = window < 0
    np.add.at(plain, (rows[~below], window[~below] - nodes[0]), share[~below])
    np.add.at(conjugate, (rows[below], -window[below] - nodes[0]), share[below])
    return nodes, plain, conjugate


def _sinc(x: Real) -> Real:
    return np.asarray(np.sinc(x / np.pi))


def read_between(values: Complex, plain: Real, conjugate: Real) -> Complex:
    """Values at the wave numbers (F, ...) from those at the nodes (N, ...)."""
    flat = values.reshape(len(values), -1)
    out = plain @ flat.real + 1j * (plain @ flat.imag)
    if conjugate.any():
        out += conjugate @ flat.real - 1j * (conjugate @ flat.imag)
    return np.asarray(out.reshape(len(plain), *values.shape[1:]))
