"""Second-order cone programs of one shape at many frequencies: conic data handed to Clarabel, and their certificates.

    minimise    ½ xᵀP x + qᵀx + c
    subject to  A x + s = b,   s in K = {0}ⁿ × R₊ᵐ × Q₁ × Q₂ × ...

The cones and the sparsity are the same at every frequency, so all the data is built at once, Clarabel analyses the
pattern once, and every further frequency only replaces its numbers. Nothing here is equilibrated: who builds a program
scales it to 1.

**Multipliers sharpened.** Where the objective is nearly linear, as a minimax's is, Aᵀz + Px + q, which the dual bound
squares and divides by a tiny price, must be nearer to 0 than a solver leaves it. So the multipliers of the norms, (|v|,
v) on the edge of their cones, are moved, each by as little as its size allows,

    minimise    Σ |δ_i|²/|v_i|
    subject to  Aᵀz + Px + q = 0 to first order in δ: the head |v| grows by v·δ/|v|

in those rows of x that no row of their own holds (all that P sees, and the slacks that are used). A turn leaves of
Aᵀz + Px + q its square; what it costs the bound is the square of the angles, because sᵀz vanishes to first order on the
edge of both cones. Whatever comes out is only proposed: `cones.certify` makes a bound of any multipliers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import numpy as np

from designer.arrays import Bool, Complex, Index, Real
from designer.solvers.cone_program import ConeProgram, probed, rows_that_may_bind, with_rows


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


ATTEMPTS: tuple[tuple[float, float, dict[str, float | bool]], ...] = (
    (1.0, 3e-10, {}),
    (1.0, 1e-11, {}),
    (1.0, 1e-9, {"equilibrate_enable": True}),
    (0.01, 1e-9, {"equilibrate_enable": True}),
    (1.0, 1e-9, {"static_regularization_constant": 1e-10}),
    (0.1, 1e-9, {"static_regularization_constant": 1e-7, "equilibrate_enable": True}),
)
"""Scalings of the objective, tolerances and settings, tried in turn where the certificate is not good enough.

The scalings are of an objective whose largest linear price is 1: a price of 100 would cost a quarter more iterations.
What is near to 0 then needs the second attempt's tolerance; the others are for an interior point that stalls.
"""
GOOD_GAP, SMALL_VALUE, GOOD_VIOLATION = 5e-7, 0.02, 1e-7
"""A good gap is relative to the value, or to this small one."""
FEASIBILITY = 1e-8
SMALLEST_BOUND = 1e-3
TURNS = 4
SILENT = 1e-12
"""Multipliers this far below the largest stay as they are."""
USED = 1e-7
"""Slacks above this are used."""


def solve(program: ConeProgram) -> ConeSolution:
    """Solve every frequency with Clarabel. Acceptance is by the certificate, not by the solver's word."""
    x, z = _with_binding_cones(program)
    solution = certify(program, x, z)
    for attempt in ATTEMPTS[1:]:
        error = _error(solution)
        poor = np.flatnonzero(~(error < 1))
        if not poor.size:
            break
        for f in poor:  # each afresh, so that one frequency's trouble is not another's
            alone = program.at(np.array([f]))
            new_x, new_z = _clarabel(alone, *attempt)
            if not error[f] <= _error(certify(alone, new_x, new_z))[0]:  # a NaN is replaced too
                x[f], z[f] = new_x[0], new_z[0]
        solution = certify(program, x, z)
    return _sharpened(program, x, z, solution)


def _with_binding_cones(program: ConeProgram) -> tuple[Real, Real]:
    """Solutions and multipliers by the first attempt, with the norms that may bind; with all where those are not enough."""
    count = len(program.q)
    first = probed(count)
    if not first.size:
        return _clarabel(program, *ATTEMPTS[0])
    x, z = np.zeros(program.q.shape), np.zeros(program.b.shape)
    x[first], z[first] = _clarabel(program.at(first), *ATTEMPTS[0])
    rows = rows_that_may_bind(program, first, x[first])
    remaining = np.setdiff1d(np.arange(count), first)
    if rows is not None:
        x[remaining], z[np.ix_(remaining, rows)] = _clarabel(with_rows(program, remaining, rows), *ATTEMPTS[0])
        remaining = remaining[~(_error(certify(program.at(remaining), x[remaining], z[remaining])) < 1)]
    if remaining.size:
        x[remaining], z[remaining] = _clarabel(program.at(remaining), *ATTEMPTS[0])
    return x, z


def _sharpened(program: ConeProgram, x: Real, z: Real, solution: ConeSolution) -> ConeSolution:
    """Solution with sharpened multipliers at the frequencies that no attempt certifies well, where these are better."""
    error = _error(solution)
    poor = np.flatnonzero(~(error < 1))
    for f in poor:
        new_z = sharpened(program.at(np.array([f])), x[f], z[f])
        if _error(certify(program.at(np.array([f])), x[f : f + 1], new_z[None]))[0] < error[f]:
            z[f] = new_z
    return certify(program, x, z) if poor.size else solution


def _error(solution: ConeSolution) -> Real:
    """How far a certificate is from good (F,): below 1 it is."""
    gap = np.abs(solution.primal - solution.dual) / np.maximum(np.abs(solution.primal), SMALL_VALUE)
    return np.asarray(np.maximum(gap / GOOD_GAP, solution.violation / GOOD_VIOLATION))


def _clarabel(
    program: ConeProgram, scale: float, tolerance: float, changes: dict[str, float | bool]
) -> tuple[Real, Real]:
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
    price = float(np.abs(program.q).max(initial=0.0))
    scale = scale / price if price > 0 else scale
    settings.tol_gap_abs = settings.tol_gap_rel = tolerance
    settings.tol_feas = FEASIBILITY
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
    size = _row_scale(program)
    a_data, p_data = program.A[:, a_rows, a_columns] * size[:, a_rows], scale * program.P[:, p_rows, p_columns]
    q, b = scale * program.q, size * program.b
    solver = None
    for f in range(count if n else 0):
        if solver is None:
            solver = clarabel.DefaultSolver(
                csc_matrix((p_data[f], p_rows, p_start), shape=(n, n)),
                q[f],
                csc_matrix((a_data[f], a_rows, a_start), shape=(rows, n)),
                b[f],
                [kinds[kind](size) for kind, size in program.cones],
                settings,
            )
        else:
            solver.update(P=p_data[f], q=q[f], A=a_data[f], b=b[f])
        answer = solver.solve()
        x[f], z[f] = answer.x, answer.z
    slacks = _slacks(program)
    x[:, slacks] = np.maximum(x[:, slacks], 0.0)  # a price of 100 would show a slack of -1e-9 in the value
    return x, z * size / scale


def _slacks(program: ConeProgram) -> Bool:
    """The variables (n,) that P does not see: slacks, each held nonnegative by a row of its own."""
    return np.asarray(~(program.P != 0).any(axis=(0, 1)))


def _row_scale(program: ConeProgram) -> Real:
    """Factor of each row for the solver (F, rows): a norm's rows by the root of one over its constant bound.

    A norm may be scaled freely; this way it takes a twentieth fewer iterations than as it stands.
    """
    scale = np.ones(program.b.shape)
    start = 0
    for (kind, size), alike in groupby(program.cones):
        number = len(list(alike))
        if kind == "second-order":
            bound = program.b[:, start : start + number * size : size]
            root = np.where(bound > 0, np.maximum(bound, SMALLEST_BOUND) ** -0.5, 1.0)
            scale[:, start : start + number * size] = np.repeat(root, size, axis=1)
        start += number * size
    return scale


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
    nonnegative = np.zeros(z.shape[1], dtype=bool)
    for (kind, size), alike in groupby(program.cones):
        number = len(list(alike))
        block = slice(start, start + number * size)
        start += number * size
        if kind == "zero":
            violation = np.maximum(violation, np.abs(s[:, block]).max(axis=1))
        elif kind == "nonnegative":
            nonnegative[block] = True
            violation = np.maximum(violation, -s[:, block].min(axis=1))
            z[:, block] = np.maximum(z[:, block], 0.0)
        else:
            inside, multiplier = (v[:, block].reshape(len(x), number, size) for v in (s, z))
            radius = np.linalg.norm(inside[:, :, 1:], axis=2)
            violation = np.maximum(violation, (radius - inside[:, :, 0]).max(axis=1))
            bound = np.maximum(multiplier[:, :, 0], np.linalg.norm(multiplier[:, :, 1:], axis=2))
            z[:, block.start : block.stop : size] = bound

    free = _slacks(program)
    balance = np.einsum("frn,fr->fn", program.A[:, ~nonnegative][:, :, free], z[:, ~nonnegative])
    with np.errstate(divide="ignore", invalid="ignore"):
        shrink = np.where(balance < -program.q[:, free], program.q[:, free] / -balance, 1.0).min(axis=1, initial=1.0)
    z = z * shrink[:, None]
    if free.any():
        z[:, nonnegative] = np.maximum(program.q[:, free] + balance * shrink[:, None], 0.0)
    r = (program.q + (z[:, None, :] @ program.A)[:, 0])[:, ~free]
    P = program.P[:, ~free][:, :, ~free]
    best = np.linalg.solve(P, r[:, :, None])[:, :, 0]
    dual = program.constant - 0.5 * np.sum(r * best, axis=1) - np.sum(program.b * z, axis=1)
    primal = 0.5 * np.sum(x * (program.P @ x[:, :, None])[:, :, 0], axis=1) + np.sum(program.q * x, axis=1)
    primal = program.constant + primal
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
    in_objective = (program.P[0] != 0).any(axis=0)
    held = np.flatnonzero(in_objective | (x > USED))
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
