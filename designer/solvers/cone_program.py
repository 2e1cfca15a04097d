"""The data of second-order cone programs at many frequencies, collected cone by cone; and of those norms alone that may bind.

Norms that may bind are found at a few of the frequencies: what is far from binding is left out.

A mask has many points, and a few of them decide. A program with fewer constraints has no larger optimum, and multipliers of
0 for what is left out turn the multipliers of the small program into those of the whole:

    -½ rᵀP⁻¹r - bᵀz,   r = q + Aᵀz

is the same number for both. So the certificate of the whole program judges an answer of the small one as it judges any
other: where a norm that was left out is broken, that is a violation, and the frequency is solved with all of them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from designer.arrays import Bool, Index, Real

PROBE_STEP = 16
"""How many frequencies there are to one that is solved with all norms first."""
BINDING_MARGIN = 0.3
"""Norms within this of their bound, relative to it, at any of these may bind between them."""
MAX_ROW_SHARE = 0.7
"""The largest share of the rows that may be left for the small program to be worth its while."""


@dataclass
class ConeRows:
    """Rows of A and b collected cone by cone, for all frequencies at once.

    `n` is the number of real variables. Every block is given as the affine map s = b - A x that must lie in its cone.
    """

    count: int
    n: int
    a: list[Real] = field(default_factory=list)
    b: list[Real] = field(default_factory=list)
    cones: list[tuple[str, int]] = field(default_factory=list)

    def add(self, kind: str, linear: Real, constant: Real) -> None:
        """Add s = constant + linear x in a cone: `kind` is "zero", "nonnegative" or "second-order"; (F, rows, n) and (F, rows)."""
        self.a.append(-linear)
        self.b.append(np.broadcast_to(constant, linear.shape[:2]))
        self.cones.append((kind, linear.shape[1]))

    def add_norms(self, linear: Real, constant: Real) -> None:
        """Add M second-order cones of one size at once: (F, M, size, n) and (F, M, size); the first row is the bound."""
        count, points, size, n = linear.shape
        self.a.append(-linear.reshape(count, points * size, n))
        self.b.append(np.broadcast_to(constant, linear.shape[:3]).reshape(count, points * size))
        self.cones += [("second-order", size)] * points


@dataclass(frozen=True)
class ConeProgram:
    """The stacked data: P (F, n, n), q (F, n), A (F, rows, n), b (F, rows), c (F,)."""

    P: Real
    q: Real
    A: Real
    b: Real
    cones: tuple[tuple[str, int], ...]
    constant: Real

    def at(self, index: Index) -> ConeProgram:
        """Program at some of the frequencies."""
        return ConeProgram(self.P[index], self.q[index], self.A[index], self.b[index], self.cones, self.constant[index])


def assemble(P: Real, q: Real, rows: ConeRows, constant: Real | float = 0.0) -> ConeProgram:
    """The program of an objective and its collected cones."""
    A = np.concatenate([np.zeros((rows.count, 0, rows.n)), *rows.a], axis=1)
    b = np.concatenate([np.zeros((rows.count, 0)), *rows.b], axis=1)
    return ConeProgram(P, q, A, b, tuple(rows.cones), np.broadcast_to(constant, len(q)))


def probed(count: int) -> Index:
    """The frequencies to be solved first: a few, both ends among them; none where there are too few in all."""
    return (
        np.unique(np.append(np.arange(0, count, PROBE_STEP), count - 1))
        if count >= PROBE_STEP
        else np.zeros(0, dtype=int)
    )


def rows_that_may_bind(program: ConeProgram, at: Index, x: Real) -> Index | None:
    """The rows to keep, from answers x (N, n) at some frequencies (N,); None where it is not worth leaving any out.

    A norm without a positive constant in its bound is kept: it says what a variable is, or which way a response points.
    """
    s = program.b[at] - (program.A[at] @ x[:, :, None])[:, :, 0]
    keep: Bool = np.ones(program.b.shape[1], dtype=bool)
    start = 0
    for kind, size in program.cones:
        if kind == "second-order" and (program.b[:, start] > 0).all():
            radius = np.linalg.norm(s[:, start + 1 : start + size], axis=1)
            keep[start : start + size] = ~(radius < (1 - BINDING_MARGIN) * s[:, start]).all()
        start += size
    rows = np.flatnonzero(keep)
    return rows if rows.size <= MAX_ROW_SHARE * keep.size else None


def with_rows(program: ConeProgram, at: Index, rows: Index) -> ConeProgram:
    """The program of some frequencies and of some rows, whole cones of them."""
    starts = set(rows.tolist())
    cones = []
    start = 0
    for kind, size in program.cones:
        if start in starts:
            cones.append((kind, size))
        start += size
    return ConeProgram(
        program.P[at],
        program.q[at],
        program.A[np.ix_(at, rows)],
        program.b[np.ix_(at, rows)],
        tuple(cones),
        program.constant[at],
    )
