"""cvxpy as the reference: solved by Clarabel, and left out where the reference itself is not accurate."""

from __future__ import annotations

import warnings

import cvxpy as cp
from hypothesis import assume


def solved(problem: cp.Problem) -> float:
    """The optimal value; a random example at which cvxpy calls its own answer inaccurate is dropped."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Solution may be inaccurate")
        problem.solve(solver="CLARABEL")
    assume(problem.status != "optimal_inaccurate")
    assert problem.status in ("optimal", "infeasible", "unbounded"), problem.status
    return float(problem.value)
