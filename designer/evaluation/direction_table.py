"""A function of direction as a table in azimuth and elevation, read between its nodes by cubics in both angles.

Lagrange's cubic through four nodes a step h apart is wrong in the middle by 3/128 h⁴ times the fourth derivative: for a pattern of order N,
3/128 (N h)⁴. A row beyond a pole is the row before it, half a turn further, since the function is smooth across the pole.
A direction costs 16 products, a hundredth of what harmonics of order 30 cost. The step is the largest whose error, measured over directions
between the nodes, is small enough at the frequency where the function changes fastest.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from designer.arrays import Complex, Real
from designer.problem.geometry import direction

STEPS_DEG = (6.0, 4.0, 3.0, 2.5, 2.0, 1.5)
WANTED_ERROR_DB = -40.0
MARGIN_DB = 3.0
"""A step is taken whose error is so much smaller than wanted, over the directions that are tried."""
TRIED = 300
HARDEST = 5
"""Frequencies that the step is chosen at."""
PART_NUMBERS = 4_000_000

Function = Callable[[Real, Real], Complex]
"""Frequencies (F,) and unit vectors (M, 3) to values (F, M, L)."""


@dataclass(frozen=True)
class DirectionTable:
    """One function of direction at F frequencies: values (nodes, F), azimuth slowest."""

    step_deg: float
    values: Complex
    error_db: float

    def at(self, directions: Real) -> Complex:
        """Values (F, I) at unit vectors (I, 3)."""
        weights = cubic_weights(directions, self.step_deg)
        return np.asarray((weights @ self.values.view(np.float32)).view(np.complex64).T)


def nodes(step_deg: float) -> Real:
    """The table's directions (N, 3): azimuths around the circle, and for each its elevations from pole to pole."""
    azimuth_deg = np.arange(round(360 / step_deg)) * step_deg
    elevation_deg = np.arange(round(180 / step_deg) + 1) * step_deg - 90.0
    return direction(azimuth_deg[:, None], elevation_deg).reshape(-1, 3)


def cubic_weights(directions: Real, step_deg: float) -> csr_array:
    """Weights (I, N) of the nodes."""
    turns, rows = round(360 / step_deg), round(180 / step_deg) + 1
    turn = np.degrees(np.arctan2(directions[:, 1], directions[:, 0])) % 360.0 / step_deg
    rise = (np.degrees(np.arctan2(directions[:, 2], np.hypot(directions[:, 0], directions[:, 1]))) + 90.0) / step_deg
    column, row = np.floor(turn).astype(np.intp), np.minimum(np.floor(rise).astype(np.intp), rows - 2)
    across, up = _cubic(turn - column), _cubic(rise - row)  # (4, I)
    around = np.arange(-1, 3)[:, None]
    which_row = row + around  # (4, I)
    beyond = (which_row < 0) | (which_row > rows - 1)
    which_row = np.where(which_row < 0, -which_row, np.minimum(which_row, 2 * (rows - 1) - which_row))
    which_column = (column + around)[:, None] + np.where(beyond, turns // 2, 0)[None]  # (4, 4, I)
    index = which_column % turns * rows + which_row[None]
    values = across[:, None] * up[None]
    count = len(directions)
    starts = 16 * np.arange(count + 1)
    flat = values.reshape(16, count).T.astype(np.float32).ravel()
    return csr_array((flat, index.reshape(16, count).T.ravel(), starts), shape=(count, turns * rows))


def _cubic(share: Real) -> Real:
    """Lagrange's weights (4, I) of the nodes -1, 0, 1, 2 at a share of the step from 0 to 1."""
    f = share
    return np.stack(
        [
            -f * (f - 1) * (f - 2) / 6,
            (f + 1) * (f - 1) * (f - 2) / 2,
            -(f + 1) * f * (f - 2) / 2,
            (f + 1) * f * (f - 1) / 6,
        ]
    )


def tabulated(function: Function, frequency_hz: Real, hardest_hz: float) -> list[DirectionTable]:
    """A table for each of L functions, with one step.

    Parameters
    ----------
    function : of frequencies (F,) and unit vectors (M, 3), (F, M, L)
    frequency_hz : (F,)
    hardest_hz : the step is chosen at frequencies from a quarter of this up to it

    """
    tried = np.random.default_rng(1).standard_normal((TRIED, 3))
    tried /= np.linalg.norm(tried, axis=1, keepdims=True)
    known = frequency_hz[frequency_hz <= hardest_hz]
    hardest = known[np.unique(np.linspace(known.size // 4, known.size - 1, HARDEST).astype(int))]
    wanted = function(hardest, tried)
    for step_deg in STEPS_DEG:
        at, weights = function(hardest, nodes(step_deg)), cubic_weights(tried, step_deg)
        found = np.stack([weights @ one for one in at])  # (F, tried, L)
        error = np.sqrt(np.mean(np.abs(found - wanted) ** 2, axis=1) / np.mean(np.abs(wanted) ** 2, axis=1)).max(axis=0)
        error_db = 20 * np.log10(np.maximum(error, 1e-15))
        if error_db.max() < WANTED_ERROR_DB - MARGIN_DB:
            break
    directions = nodes(step_deg)
    values = np.empty((wanted.shape[2], len(directions), frequency_hz.size), dtype=np.complex64)
    block = max(1, PART_NUMBERS // (len(directions) * wanted.shape[2]))
    for start in range(0, frequency_hz.size, block):
        part = slice(start, start + block)
        values[:, :, part] = function(frequency_hz[part], directions).transpose(2, 1, 0)
    return [DirectionTable(step_deg, one, float(db)) for one, db in zip(values, error_db, strict=True)]
