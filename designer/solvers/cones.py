"""Second-order cone programs of one shape at many frequencies: conic data handed to Clarabel, and their certificates.

    minimise    ½ xᵀP x + qᵀx
    subject to  A x + s = b,   s in K = {0}ⁿ × R₊ᵐ × Q₁ × Q₂ × ...

The cones and the sparsity are the same at every frequency, so all the data is built at once, Clarabel analyses the
pattern once, and every further frequency only replaces its numbers. Nothing here is equilibrated: who builds a program
scales it to 1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from designer.arrays import Complex, Index, Real


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
    """The stacked data: P (F, n, n), q (F, n), A (F, rows, n), b (F, rows)."""

    P: Real
    q: Real
    A: Real
    b: Real
    cones: tuple[tuple[str, int], ...]

    def at(self, index: Index) -> ConeProgram:
        """The same program at some of the frequencies."""
        return ConeProgram(self.P[index], self.q[index], self.A[index], self.b[index], self.cones)


@dataclass(frozen=True)
class ConeSolution:
    """Solutions x (F, n) with a certificate that does not depend on the solver.

    violation : (F,) how far s lies outside its cone, at most over all cones
    primal, dual : (F,) values; dual is a rigorous lower bound
    gap : (F,) (primal - dual) / max(1, |primal|)
    """

    x: Real
    violation: Real
    primal: Real
    dual: Real
    gap: Real


def assemble(P: Real, q: Real, rows: ConeRows) -> ConeProgram:
    """The program of an objective and its collected cones."""
    return ConeProgram(P, q, np.concatenate(rows.a, axis=1), np.concatenate(rows.b, axis=1), tuple(rows.cones))


ATTEMPTS: tuple[tuple[float, dict[str, float | bool]], ...] = (
    (1.0, {}),
    (1.0, {"equilibrate_enable": True}),
    (0.01, {"equilibrate_enable": True}),
    (1.0, {"static_regularization_constant": 1e-10}),
    (0.1, {"static_regularization_constant": 1e-7, "equilibrate_enable": True}),
)
"""Scalings of the objective and settings, tried in turn where the certificate is not good enough: the interior point can stall."""
GOOD_GAP, GOOD_VIOLATION = 1e-7, 1e-7


def solve(program: ConeProgram) -> ConeSolution:
    """Solve every frequency with Clarabel. Acceptance is by the certificate, not by the solver's word."""
    x, z = _clarabel(program, *ATTEMPTS[0])
    found = certify(program, x, z)
    for scale, settings in ATTEMPTS[1:]:
        poor = np.flatnonzero(~((found.gap < GOOD_GAP) & (found.violation < GOOD_VIOLATION)))
        if not poor.size:
            break
        for f in poor:  # each afresh, so that one frequency's trouble is not another's
            alone = program.at(np.array([f]))
            new_x, new_z = _clarabel(alone, scale, settings)
            tried = certify(alone, new_x, new_z)
            before = max(found.gap[f], found.violation[f])
            if not before <= max(tried.gap[0], tried.violation[0]):  # a NaN is replaced too
                x[f], z[f] = new_x[0], new_z[0]
        found = certify(program, x, z)
    return found


def _clarabel(program: ConeProgram, scale: float, changes: dict[str, float | bool]) -> tuple[Real, Real]:
    """Solutions and multipliers of every frequency, the objective scaled."""
    import clarabel
    from scipy.sparse import csc_matrix

    kinds = {
        "zero": clarabel.ZeroConeT,
        "nonnegative": clarabel.NonnegativeConeT,
        "second-order": clarabel.SecondOrderConeT,
    }
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.presolve_enable = False  # a solver that has thrown rows away takes no new numbers
    settings.equilibrate_enable = False  # its scaling would be that of the first frequency
    settings.max_threads = 1
    settings.tol_gap_abs = settings.tol_gap_rel = 1e-9
    settings.tol_feas = 1e-9
    for name, value in changes.items():
        setattr(settings, name, value)

    count, rows, n = program.A.shape
    x, z = np.empty((count, n)), np.empty((count, rows))
    # One sparsity pattern for all frequencies, column by column.
    where_a = (program.A != 0).any(axis=0).T
    where_p = np.triu((program.P != 0).any(axis=0)).T
    a_columns, a_rows = np.nonzero(where_a)
    p_columns, p_rows = np.nonzero(where_p)
    a_start = np.concatenate([[0], np.cumsum(where_a.sum(axis=1))])
    p_start = np.concatenate([[0], np.cumsum(where_p.sum(axis=1))])
    a_data, p_data = program.A[:, a_rows, a_columns], scale * program.P[:, p_rows, p_columns]
    q = scale * program.q
    solver = None
    for f in range(count):
        if solver is None:
            solver = clarabel.DefaultSolver(
                csc_matrix((p_data[f], p_rows, p_start), shape=(n, n)),
                q[f],
                csc_matrix((a_data[f], a_rows, a_start), shape=(rows, n)),
                program.b[f],
                [kinds[kind](size) for kind, size in program.cones],
                settings,
            )
        else:
            solver.update(P=p_data[f], q=q[f], A=a_data[f], b=program.b[f])
        answer = solver.solve()
        x[f], z[f] = answer.x, answer.z
    return x, z / scale


def certify(program: ConeProgram, x: Real, z: Real) -> ConeSolution:
    """Primal violation, dual bound and gap of any candidate x (F, n) and multipliers z (F, rows).

    The multipliers are first put into the dual cone. For z in K* and every x,

        ½ xᵀP x + qᵀx  >=  -½ rᵀP⁻¹r - bᵀz,   r = q + Aᵀz,

    where the variables that P does not see (slacks, each held nonnegative by a row of its own) need r = 0: their own
    row's multiplier takes up what is left, after all multipliers are shrunk until what is left is not negative.
    """
    s = program.b - (program.A @ x[:, :, None])[:, :, 0]
    violation = np.zeros(len(x))
    z = z.copy()
    start = 0
    own = np.zeros(z.shape[1], dtype=bool)
    for (kind, size), alike in groupby(program.cones):
        number = len(list(alike))
        block = slice(start, start + number * size)
        start += number * size
        if kind == "zero":
            violation = np.maximum(violation, np.abs(s[:, block]).max(axis=1))
        elif kind == "nonnegative":
            own[block] = True
            violation = np.maximum(violation, -s[:, block].min(axis=1))
            z[:, block] = np.maximum(z[:, block], 0.0)
        else:
            inside, multiplier = (v[:, block].reshape(len(x), number, size) for v in (s, z))
            radius = np.linalg.norm(inside[:, :, 1:], axis=2)
            violation = np.maximum(violation, (radius - inside[:, :, 0]).max(axis=1))
            bound = np.maximum(multiplier[:, :, 0], np.linalg.norm(multiplier[:, :, 1:], axis=2))
            z[:, block.start : block.stop : size] = bound

    free = ~(program.P != 0).any(axis=(0, 1))  # the slacks
    others = np.einsum("frn,fr->fn", program.A[:, ~own][:, :, free], z[:, ~own])
    with np.errstate(divide="ignore", invalid="ignore"):
        shrink = np.where(others < -program.q[:, free], program.q[:, free] / -others, 1.0).min(axis=1, initial=1.0)
    z = z * shrink[:, None]
    if free.any():
        z[:, own] = np.maximum(program.q[:, free] + others * shrink[:, None], 0.0)
    r = (program.q + (z[:, None, :] @ program.A)[:, 0])[:, ~free]
    P = program.P[:, ~free][:, :, ~free]
    best = np.linalg.solve(P, r[:, :, None])[:, :, 0]
    dual = -0.5 * np.sum(r * best, axis=1) - np.sum(program.b * z, axis=1)
    primal = 0.5 * np.sum(x * (program.P @ x[:, :, None])[:, :, 0], axis=1) + np.sum(program.q * x, axis=1)
    gap = (primal - dual) / np.maximum(1.0, np.abs(primal))
    return ConeSolution(x, np.maximum(violation, 0.0), primal, dual, gap)


def real_rows(h: Complex, extra: int) -> Real:
    """Re(h w) and Im(h w) as rows over x = [Re w; Im w; `extra` more variables]: (F, M, 2, 2L + extra) from (F, M, L)."""
    count, points, size = h.shape
    rows = np.zeros((count, points, 2, 2 * size + extra))
    rows[:, :, 0, :size], rows[:, :, 0, size : 2 * size] = h.real, -h.imag
    rows[:, :, 1, :size], rows[:, :, 1, size : 2 * size] = h.imag, h.real
    return rows


def real_quadratic(M: Complex, extra: int) -> Real:
    """The matrix of w^H M w = ½ xᵀ(.)x over x = [Re w; Im w; `extra` more variables], M Hermitian (F, L, L)."""
    size = M.shape[-1]
    out = np.zeros((len(M), 2 * size + extra, 2 * size + extra))
    out[:, :size, :size] = out[:, size : 2 * size, size : 2 * size] = 2 * M.real
    out[:, :size, size : 2 * size], out[:, size : 2 * size, :size] = -2 * M.imag, 2 * M.imag
    return out
