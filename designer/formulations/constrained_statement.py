"""The constrained form as cvxpy reads it: the reference, and the last resort where the fast path has no certified answer."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from designer.arrays import Complex
from designer.formulations.constrained_cones import Plane, in_weights, program_of
from designer.formulations.constrained_data import ConstrainedData
from designer.solvers import cones

Statement = Callable[[ConstrainedData, int], Any]
ProgramOf = Callable[[ConstrainedData], cones.ConeProgram]


def statement(data: ConstrainedData, f: int) -> Any:
    """One frequency as a cvxpy problem: the readable reference, with nothing of the conic data."""
    import cvxpy as cp

    size = data.centre.shape[1]
    w = cp.Variable(size, complex=True, name="w")
    s = cp.Variable(len(data.wishes), nonneg=True, name="s")
    root = np.linalg.cholesky(data.quadratic[f]).conj().T
    objective = cp.sum_squares(root @ w) + data.slack_prices @ s
    constraints = [data.centre[f] @ w == 1]
    for i, (_, points, limit, wanted) in enumerate(data.families):
        aimed = wanted if np.ndim(wanted) == 0 else np.asarray(wanted)[f]
        response = cp.abs(points[f] @ w - aimed)
        if data.spreads:
            alone = [cp.norm(cp.multiply(spread, w)) for spread in data.spreads[i][f]]
            response = response + cp.hstack(alone)
        constraints.append(response <= limit[f] * (1 + s[i]))
    if data.curve is not None:
        factor, limit = data.curve
        constraints.append(cp.norm(factor[f] @ w) <= limit[f] * (1 + s[len(data.families)]))
    limited = np.flatnonzero(np.isfinite(data.max_gain[f]))
    if limited.size:
        constraints.append(cp.abs(w[limited]) <= data.max_gain[f, limited])
    if np.isfinite(data.max_norm[f]):
        constraints.append(cp.norm(w) <= data.max_norm[f])
    if data.white_noise is not None:
        slack = np.broadcast_to(data.white_noise_slack, len(data.centre))[f]
        constraints.append(cp.norm(w) <= cp.real(data.white_noise[f] @ w) + slack)
    return cp.Problem(cp.Minimize(objective), constraints)


def by_statement(
    data: ConstrainedData, f: int, statement: Statement = statement, program_of: ProgramOf = program_of
) -> tuple[Complex, cones.ConeSolution] | None:
    """One frequency solved by its statement, with the certificate of the conic data; None where cvxpy has no answer either.

    The multipliers are those of the cone program's own dual, solved in its turn: what a modelling language hands back
    for a norm is one number, and its direction, rebuilt from the weights, is too coarse where a quadratic price is small.

    Parameters
    ----------
    statement : of data at a frequency, with variables named "w" and "s" (the slacks)
    program_of : the conic data of the same

    """
    problem = statement(data, f)
    if not _solved(problem):
        return None
    values = {variable.name(): variable.value for variable in problem.variables()}
    w = np.asarray(values["w"])
    slacks = np.maximum(np.asarray(values.get("s", [])), 0.0)
    alone = data.at(np.array([f]))
    program = program_of(alone)
    dual, z = dual_statement(program)
    if not _solved(dual):
        return None
    # A bound between two norms is the first of them.
    bounds = [np.abs(points[0] @ w - wanted) for _, points, _, wanted in alone.families] if alone.spreads else []
    u = Plane.of(alone.centre).coordinates(w[None])[0]
    x = np.concatenate([u, slacks, *[np.ravel(bound) for bound in bounds]])
    found = cones.certify(program, x[None], np.asarray(z.value)[None])
    return w, in_weights(w[None], slacks[None], found)


def dual_statement(program: cones.ConeProgram) -> tuple[Any, Any]:
    """The dual of a cone program of one frequency as a cvxpy problem, and its multipliers z:

        maximise    -½ |ρ|² - bᵀz
        subject to  R ρ = q + Aᵀz where P sees,  0 = q + Aᵀz elsewhere,  z in K*,     P = R Rᵀ

    R ρ keeps the scales of a small P apart from those of the multipliers.
    """
    import cvxpy as cp

    P, q, A, b = program.P[0], program.q[0], program.A[0], program.b[0]
    seen = (P != 0).any(axis=0)
    z = cp.Variable(b.size)
    slope = q + A.T @ z
    constraints: list[Any] = []
    value = -b @ z
    if seen.any():  # one driver leaves nothing but slacks
        rho = cp.Variable(int(seen.sum()))
        constraints.append(np.linalg.cholesky(P[np.ix_(seen, seen)]) @ rho == slope[np.flatnonzero(seen)])
        value = value - 0.5 * cp.sum_squares(rho)
    if not seen.all():
        constraints.append(slope[np.flatnonzero(~seen)] == 0)
    start = 0
    for kind, size in program.cones:
        stop = start + size
        constraints.append(z[start:stop] >= 0 if kind == "nonnegative" else cp.SOC(z[start], z[start + 1 : stop]))
        start = stop
    return cp.Problem(cp.Maximize(value), constraints), z


def _solved(problem: Any) -> bool:
    """Whether cvxpy has an answer: how good it is, the certificate says."""
    import cvxpy as cp

    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Solution may be inaccurate")
        try:
            problem.solve(solver=cp.CLARABEL)
        except cp.error.SolverError:
            return False
    return all(variable.value is not None for variable in problem.variables())
