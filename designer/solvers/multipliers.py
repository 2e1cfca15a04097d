"""Multipliers of a cone program sharpened: what turns another solver's word into a bound.

Where the objective is nearly linear, as a minimax's is, Aᵀz + Px + q, which the dual bound squares and divides by a tiny
price, must be nearer to 0 than a solver leaves it. So the multipliers of the norms, (|v|, v) on the edge of their cones, are
moved, each by as little as its size allows,

    minimise    Σ |δ_i|²/|v_i|
    subject to  Aᵀz + Px + q = 0 to first order in δ: the head |v| grows by v·δ/|v|

in those rows of x that no row of their own holds (all that P sees, and the slacks that are used). A turn leaves of
Aᵀz + Px + q its square; what it costs the bound is the square of the angles, because sᵀz vanishes to first order on the
edge of both cones. Whatever comes out is only proposed: `cones.certify` makes a bound of any multipliers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from designer.arrays import Index, Real

if TYPE_CHECKING:  # the program is of the module that calls this one
    from designer.solvers.cones import ConeProgram

TURNS = 4
SILENT = 1e-12
"""Multipliers this far below the largest stay as they are."""
USED = 1e-7
"""Slacks above this are used."""


def _norms(program: ConeProgram) -> Iterator[slice]:
    """The rows of each norm."""
    start = 0
    for kind, size in program.cones:
        if kind == "second-order":
            yield slice(start, start + size)
        start += size


def sharpened(program: ConeProgram, x: Real, z: Real) -> Real:
    """Multipliers (rows,) of one frequency's norms, moved so that Aᵀz + Px + q vanishes; x (n,), z (rows,)."""
    A, q = program.A[0], program.q[0]
    seen = (program.P[0] != 0).any(axis=0)
    held = np.flatnonzero(seen | (x > USED))
    slope = program.P[0] @ x + q
    z = z.copy()
    norms = list(_norms(program))
    heads: Index = np.array([rows.start for rows in norms])
    tails: Index = np.concatenate([np.arange(rows.start + 1, rows.stop) for rows in norms])
    owner = np.repeat(np.arange(len(norms)), [rows.stop - rows.start - 1 for rows in norms])
    for _ in range(TURNS):
        v = z[tails]
        size = np.sqrt(np.bincount(owner, v**2, len(norms)))
        z[heads] = size
        weight = np.where(size > SILENT * size.max(initial=0.0), size, 0.0)[owner]
        unit = v / np.maximum(size, 1e-300)[owner]
        rows = A[tails][:, held] + unit[:, None] * A[heads][owner][:, held]
        missing = (A.T @ z + slope)[held]
        root = np.sqrt(weight)[:, None]
        step, *_ = np.linalg.lstsq((root * rows).T, -missing, rcond=1e-12)
        z[tails] = v + root[:, 0] * step
    v = z[tails]
    z[heads] = np.sqrt(np.bincount(owner, v**2, len(norms)))
    return z
