"""The drivers of a box solved at the frequencies of `surface_solution`.

The store keeps pressure and slope at each frequency by themselves. Memory keeps the last box, because a problem makes new scenes of the
same box.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import numpy as np

from designer.acoustics.content import code_version, digest
from designer.acoustics.enclosures.box_equations import answers
from designer.acoustics.enclosures.box_field import Surface
from designer.acoustics.enclosures.box_grid import BoxGrid, parities_of
from designer.acoustics.enclosures.box_pistons import Piston, scattered_slopes
from designer.acoustics.enclosures.surface_solution import Progress, read_or_solved, step_of
from designer.arrays import Complex
from designer.problem.enclosures.solved_body import frequencies_solved

PART, MAX_BYTES = 16, 64e6
"""Least number of frequencies whose slopes are computed together."""


@lru_cache(maxsize=1)
def in_memory(grid: BoxGrid, pistons: Sequence[Piston], highest_k: float) -> list[Surface]:
    """Memory of the last solution."""
    return []


def solved(
    grid: BoxGrid,
    pistons: tuple[Piston, ...],
    highest_k: float,
    progress: Progress | None = None,
    *,
    coarse: bool = False,
) -> Surface:
    """Pressure and slope that the pistons of a box make on its surface: from memory, from disk, or solved.

    Parameters
    ----------
    grid : BoxGrid
    pistons : tuple of Piston (L)
    highest_k : float, wave number up to which the surface is solved, rad/m
    progress : callable, optional, called with the number of frequencies done and the number of all
    coarse : bool, for fields that follow a hand: with fewer places on the pistons, and not kept on disk

    """
    known = in_memory(grid, pistons, highest_k)
    if not known:
        known.append(_solved(grid, pistons, highest_k, progress, coarse=coarse))
    return known[0]


def keys_of(grid: BoxGrid, pistons: tuple[Piston, ...], highest_k: float) -> list[str]:
    """Key of each frequency's surface on disk."""
    diagonal_m = float(np.linalg.norm(grid.size_m))
    start = digest(code_version("acoustics"), grid, pistons, step_of(diagonal_m))
    return [digest(start, node) for node in range(frequencies_solved(diagonal_m, highest_k))]


def _solved(
    grid: BoxGrid, pistons: tuple[Piston, ...], highest_k: float, progress: Progress | None, *, coarse: bool
) -> Surface:
    step, keys = step_of(float(np.linalg.norm(grid.size_m))), keys_of(grid, pistons, highest_k)
    size = max(PART, int(MAX_BYTES / (64 * grid.octant_size * len(pistons))))

    def solve(nodes: list[int]) -> Iterator[Complex]:
        for start in range(0, len(nodes), size):
            k = step * np.array(nodes[start : start + size], dtype=float)
            slopes = np.stack(
                [scattered_slopes(grid, piston, k, coarse=coarse) for piston in pistons], axis=-1
            )  # (F, 8, E, L)
            for wave_number, slope in zip(k.tolist(), slopes, strict=True):
                q = parities_of(slope)
                yield np.stack([answers(grid, wave_number, q), q])

    return Surface(grid, step, np.stack(read_or_solved(keys, solve, progress, stored=not coarse)))
