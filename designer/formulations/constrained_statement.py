"""The constrained form as cvxpy reads it: the reference, and the last resort where the fast path has no certified answer."""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.arrays import Complex
from designer.formulations.constrained_cones import program_of
from designer.formulations.constrained_data import ConstrainedData
from designer.solvers import cones


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
    constraints += [cp.abs(w[l]) <= data.max_gain[f, l] for l in limited]
    if np.isfinite(data.max_norm[f]):
        constraints.append(cp.norm(w) <= data.max_norm[f])
    if data.white_noise is not None:
        slack = np.broadcast_to(data.white_noise_slack, len(data.centre))[f]
        constraints.append(cp.norm(w) <= cp.real(data.white_noise[f] @ w) + slack)
    return cp.Problem(cp.Minimize(objective), constraints)


def by_statement(data: ConstrainedData, f: int) -> tuple[Complex, cones.ConeSolution] | None:
    """One frequency solved by its statement, with the certificate of the conic data; None where cvxpy has no answer either.

    cvxpy gives each norm's multiplier as one number λ >= 0; the cone's own is λ (1, -y/|y|) with y inside the norm. What
    the equality's multiplier is follows from P x + q + Aᵀz = 0.
    """
    import cvxpy as cp

    problem = statement(data, f)
    try:
        problem.solve(solver=cp.CLARABEL)
    except cp.error.SolverError:
        return None
    values = {variable.name(): variable.value for variable in problem.variables()}
    if values.get("w") is None:
        return None
    w = np.asarray(values["w"])
    alone = data.at(np.array([f]))
    program = program_of(alone)
    # A bound between two norms is the first of them.
    bounds = [np.abs(points[0] @ w - wanted) for _, points, _, wanted in alone.families] if alone.spreads else []
    x = np.concatenate([w.real, w.imag, np.asarray(values.get("s", [])), *[np.ravel(bound) for bound in bounds]])
    multipliers: list[float] = []
    for i, line in enumerate(problem.constraints[1:]):
        one = np.ravel(line.dual_value).tolist()
        multipliers += one * 2 if alone.spreads and i < len(alone.families) else one
    s = program.b[0] - program.A[0] @ x
    z = np.zeros(s.size)
    start = 0
    remaining = iter(multipliers)
    for kind, size in program.cones:
        if kind == "second-order":
            inside = s[start + 1 : start + size]
            z[start] = next(remaining)
            z[start + 1 : start + size] = -z[start] * inside / max(float(np.linalg.norm(inside)), 1e-300)
        start += size
    gradient = program.P[0] @ x + program.q[0] + program.A[0].T @ z
    z[:2] = np.linalg.lstsq(program.A[0, :2].T, -gradient, rcond=None)[0]
    return w, cones.certify(program, x[None], z[None])
