"""Second-order cone programs of one shape at many frequencies: conic data handed to Clarabel, and their certificates.

    minimise    ½ xᵀP x + qᵀx
    subject to  A x + s = b,   s in K = {0}ⁿ × R₊ᵐ × Q₁ × Q₂ × ...

The cones and the sparsity are the same at every frequency, so all the data is built at once and each solve is a call.
"""

from __future__ import annotations

from dataclasses import dataclass, field

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
    (0.01, {}),
    (1.0, {"static_regularization_constant": 1e-10, "equilibrate_enable": False}),
    (0.1, {"static_regularization_constant": 1e-7}),
)
"""Scalings of the objective and settings, tried in turn where the certificate is not good enough: the interior point can stall."""
GOOD_GAP, GOOD_VIOLATION = 1e-7, 1e-7


def solve(program: ConeProgram) -> ConeSolution:
    """Solve every frequency with Clarabel. Acceptance is by the certificate, not by the solver's word."""
    count, rows, n = program.A.shape
    x, z = np.zeros((count, n)), np.zeros((count, rows))
    found = certify(program, x, z)
    poor = np.arange(count)
    for scale, settings in ATTEMPTS:
        new_x, new_z = _clarabel(program, poor, scale, settings)
        tried = certify(program.at(poor), new_x, new_z)
        better = np.maximum(tried.gap, tried.violation) < np.maximum(found.gap, found.violation)[poor]
        better |= scale == 1.0 and not settings
        x[poor[better]], z[poor[better]] = new_x[better], new_z[better]
        found = certify(program, x, z)
        poor = np.flatnonzero(~((found.gap < GOOD_GAP) & (found.violation < GOOD_VIOLATION)))
        if not poor.size:
            break
    return found


def _clarabel(program: ConeProgram, at: Index, scale: float, changes: dict[str, float | bool]) -> tuple[Real, Real]:
    """Solutions and multipliers at some of the frequencies, the objective scaled."""
    import clarabel
    from scipy.sparse import csc_matrix

    kinds = {
        "zero": clarabel.ZeroConeT,
        "nonnegative": clarabel.NonnegativeConeT,
        "second-order": clarabel.SecondOrderConeT,
    }
    cones = [kinds[kind](size) for kind, size in program.cones]
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.presolve_enable = False
    settings.max_threads = 1
    settings.tol_gap_abs = settings.tol_gap_rel = 1e-9
    settings.tol_feas = 1e-9
    for name, value in changes.items():
        setattr(settings, name, value)

    _, rows, n = program.A.shape
    x, z = np.empty((at.size, n)), np.empty((at.size, rows))
    # One sparsity pattern for all frequencies, column by column.
    where_a = (program.A != 0).any(axis=0).T
    where_p = np.triu((program.P != 0).any(axis=0)).T
    a_columns, a_rows = np.nonzero(where_a)
    p_columns, p_rows = np.nonzero(where_p)
    a_start = np.concatenate([[0], np.cumsum(where_a.sum(axis=1))])
    p_start = np.concatenate([[0], np.cumsum(where_p.sum(axis=1))])
    a_data, p_data = program.A[at][:, a_rows, a_columns], scale * program.P[at][:, p_rows, p_columns]
    for i, f in enumerate(at):
        p = csc_matrix((p_data[i], p_rows, p_start), shape=(n, n))
        a = csc_matrix((a_data[i], a_rows, a_start), shape=(rows, n))
        answer = clarabel.DefaultSolver(p, scale * program.q[f], a, program.b[f], cones, settings).solve()
        x[i], z[i] = answer.x, np.asarray(answer.z) / scale
    return x, z


def certify(program: ConeProgram, x: Real, z: Real) -> ConeSolution:
    """Primal violation, dual bound and gap of any candidate x (F, n) and multipliers z (F, rows).

    The multipliers are first put into the dual cone. For z in K* and every x,

        ½ xᵀP x + qᵀx  >=  -½ rᵀP⁻¹r - bᵀz,   r = q + Aᵀz,

    where the variables that P does not see (slacks, each held nonnegative by a row of its own) need r = 0: their own
    row's multiplier takes up what is left, after all multipliers are shrunk until what is left is not negative.
    """
    s = program.b - np.einsum("frn,fn->fr", program.A, x)
    violation = np.zeros(len(x))
    z = z.copy()
    start = 0
    nonnegative = slice(0, 0)
    for kind, size in program.cones:
        block = slice(start, start + size)
        start += size
        if kind == "zero":
            violation = np.maximum(violation, np.abs(s[:, block]).max(axis=1))
        elif kind == "nonnegative":
            nonnegative = block
            violation = np.maximum(violation, -s[:, block].min(axis=1))
            z[:, block] = np.maximum(z[:, block], 0.0)
        else:
            radius = np.linalg.norm(s[:, block][:, 1:], axis=1)
            violation = np.maximum(violation, radius - s[:, block][:, 0])
            z[:, start - size] = np.maximum(z[:, start - size], np.linalg.norm(z[:, block][:, 1:], axis=1))

    free = ~(program.P != 0).any(axis=(0, 1))  # the slacks
    own = np.zeros(z.shape[1], dtype=bool)
    own[nonnegative] = True
    others = np.einsum("frn,fr->fn", program.A[:, ~own][:, :, free], z[:, ~own])
    with np.errstate(divide="ignore", invalid="ignore"):
        shrink = np.where(others < -program.q[:, free], program.q[:, free] / -others, 1.0).min(axis=1, initial=1.0)
    z = z * shrink[:, None]
    if free.any():
        z[:, own] = np.maximum(program.q[:, free] + others * shrink[:, None], 0.0)
    seen = np.ix_(~free, ~free)
    r = program.q[:, ~free] + np.einsum("frn,fr->fn", program.A[:, :, ~free], z)
    best = np.linalg.solve(program.P[:, seen[0], seen[1]], r[:, :, None])[:, :, 0]
    dual = -0.5 * np.einsum("fn,fn->f", r, best) - np.einsum("fr,fr->f", program.b, z)
    primal = 0.5 * np.einsum("fi,fij,fj->f", x, program.P, x) + np.einsum("fn,fn->f", program.q, x)
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
