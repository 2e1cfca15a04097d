"""Drivers on a body solved at few frequencies, kept on disk, and read in between.

**Frequencies.** With the delay of the straight way from the driver taken out, and a share of the body's diagonal, what a driver makes at
a place is a sum of waves that went around the body: none is later or earlier than about the diagonal, so that it is as good as band
limited over frequency. It is solved in equal steps Δ of c/(FREQUENCIES_A_TURN · diagonal) from 0 to the highest frequency asked for, and
FREQUENCIES_BEYOND steps more. In between stand the ORDER nearest, with the shares w that miss least of all waves so late or so early,

    minimise ∫ |e^{jθx} - Σ w_i e^{jθi}|² dθ over |θ| <= TURN:     S w = s,  S_ij = sinc TURN(i - j),  s_i = sinc TURN(x - i)       (1)

x the place between the nodes i, in steps, sinc x = sin(x)/x; a turn of θ a step is a wave 1/Δ late. The response is real in time,
p(-f) = p(f)*, which gives the nodes below 0. One grid serves all frequencies: another for each would leave steps.

**Beyond the highest frequency** a driver keeps the level and the phase against the straight way that it has there, in each direction and
at each place by itself: p(k) = p(K) e^{-j(k-K)r}. It is continuous, and no more than that.

**Kept**: the surface at each frequency by itself (`array_store`), so that a run that is stopped has kept what it had solved.

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
"""Frequencies between which is read; the largest turn of a step, rad: waves 1.2 diagonals late; and what keeps S from being singular."""

FOLDER, MAX_STORED_BYTES = "solutions", 4e9
"""Within the cache's: a solution is kept as a whole, and costs more than all else that is kept."""
Progress = Callable[[int, int], None]
"""Is called with how many frequencies are done, and of how many."""


def step_of(diagonal_m: float, a_turn: int = FREQUENCIES_A_TURN) -> float:
    """Step of the wave numbers that are solved, `a_turn` between two that differ by a turn over the diagonal, rad/m."""
    return 2 * math.pi / (a_turn * diagonal_m)


def read_or_solved(
    keys: Sequence[str],
    solve: Callable[[list[int]], Iterable[NDArray[Any]]],
    progress: Progress | None = None,
) -> list[NDArray[Any]]:
    """The surface at each node, from disk as far as it is there, else solved and stored as soon as it is.

    Parameters
    ----------
    keys : sequence of str, digest of what each node's surface is computed from
    solve : callable, the surfaces of some nodes, in turn
    progress : callable, optional, called with how many frequencies are done, and of how many

    """
    folder = cache_folder()
    store = ArrayStore(folder and folder / FOLDER, MAX_STORED_BYTES)
    surfaces = {node: array for node, key in enumerate(keys) if (array := store.read(key)) is not None}
    missing = [node for node in range(len(keys)) if node not in surfaces]
    for node, surface in zip(missing, solve(missing), strict=True):
        surfaces[node] = surface
        store.write(keys[node], surface)
        if progress:
            progress(len(surfaces), len(keys))
    return [surfaces[node] for node in range(len(keys))]


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
