"""The drivers of a box solved at few frequencies, kept on disk, and read in between.

**Frequencies.** With the delay of the straight way from the driver taken out, and LATE of the box's diagonal more, what a driver makes at
a place is a sum of waves that went around the box: none is later or earlier than about the diagonal, so that it is as good as band
limited over frequency. It is solved in equal steps Δ of c/(FREQUENCIES_A_TURN · diagonal) from 0 to the highest frequency asked for, and
FREQUENCIES_BEYOND steps more. In between stand the ORDER nearest, with the shares w that miss least of all waves so late or so early,

    minimise ∫ |e^{jθx} - Σ w_i e^{jθi}|² dθ over |θ| <= TURN:     S w = s,  S_ij = sinc TURN(i - j),  s_i = sinc TURN(x - i)       (1)

x the place between the nodes i, in steps, sinc x = sin(x)/x; a turn of θ a step is a wave 1/Δ late. The response is real in time,
p(-f) = p(f)*, which gives the nodes below 0. One grid serves all frequencies: another for each would leave steps.

**Beyond the highest frequency** a driver keeps the level and the phase against the straight way that it has there, in each direction and
at each place by itself: p(k) = p(K) e^{-j(k-K)r}. It is continuous, and no more than that.

**Kept**: pressure and slope at each frequency by themselves (`array_store`), so that a run that is stopped has kept what it had solved;
in memory the box that was asked for last, because scenes of one problem are made anew.

Source of (1): J. L. Yen, On nonuniform sampling of bandwidth-limited signals (IRE Trans. Circuit Theory 3, 1956).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import lru_cache

import numpy as np

from designer.acoustics.array_store import ArrayStore, cache_folder
from designer.acoustics.content import code_version, digest
from designer.acoustics.enclosures.box_equations import answers
from designer.acoustics.enclosures.box_field import Surface
from designer.acoustics.enclosures.box_grid import BoxGrid, parities_of
from designer.acoustics.enclosures.box_pistons import Piston, scattered_slopes
from designer.arrays import Complex, Index, Real
from designer.problem.enclosures.box import FREQUENCIES_A_TURN, frequencies_solved

ORDER, TURN, LOADING = 10, 1.9, 1e-10
"""Frequencies between which is read; the largest turn of a step, rad: waves 1.2 diagonals late; and what keeps S from being singular."""
LATE = 0.5
PART, MAX_BYTES = 16, 64e6
"""Frequencies whose slopes are computed together: so many at the least, and as fit."""


def step_of(grid: BoxGrid) -> float:
    """Step of the wave numbers that are solved, rad/m."""
    return 2 * math.pi / (FREQUENCIES_A_TURN * float(np.linalg.norm(grid.size_m)))


FOLDER, MAX_STORED_BYTES = "solutions", 4e9
"""Within the cache's: a solution is kept as a whole, and costs more than all else that is kept."""
Progress = Callable[[int, int], None]
"""Is called with how many frequencies are done, and of how many."""


@lru_cache(maxsize=1)
def in_memory(grid: BoxGrid, pistons: Sequence[Piston], highest_k: float) -> list[Surface]:
    """A place for what is asked for again."""
    return []


def solved(grid: BoxGrid, pistons: tuple[Piston, ...], highest_k: float, progress: Progress | None = None) -> Surface:
    """Pressure and slope that the pistons of a box make on its surface, from memory, or read from disk as far as they are there.

    Parameters
    ----------
    grid : BoxGrid
    pistons : tuple of Piston (L)
    highest_k : float, wave number up to which it is to be known, rad/m
    progress : callable, optional, called with how many frequencies are done, and of how many

    """
    known = in_memory(grid, pistons, highest_k)
    if not known:
        known.append(_solved(grid, pistons, highest_k, progress))
    return known[0]


def _solved(grid: BoxGrid, pistons: tuple[Piston, ...], highest_k: float, progress: Progress | None) -> Surface:
    step = step_of(grid)
    count = frequencies_solved([*grid.size_m], highest_k)
    folder, code = cache_folder(), code_version("acoustics")
    store = ArrayStore(folder and folder / FOLDER, MAX_STORED_BYTES)
    keys = [digest(code, grid, pistons, step, node) for node in range(count)]
    surfaces = {node: array for node, key in enumerate(keys) if (array := store.read(key)) is not None}
    missing = [node for node in range(count) if node not in surfaces]
    size = max(PART, int(MAX_BYTES / (64 * grid.octant_size * len(pistons))))
    for start in range(0, len(missing), size):
        part = missing[start : start + size]
        k = step * np.array(part, dtype=float)
        slopes = np.stack([scattered_slopes(grid, piston, k) for piston in pistons], axis=-1)  # (F, 8, E, L)
        for n, node in enumerate(part):
            q = parities_of(slopes[n])
            surfaces[node] = np.stack([answers(grid, float(k[n]), q), q])
            store.write(keys[node], surfaces[node])
            if progress:
                progress(count - len(missing) + start + n + 1, count)
    return Surface(grid, step, np.stack([surfaces[node] for node in range(count)]))


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
