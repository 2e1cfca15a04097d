"""References of formulations: cvxpy with Clarabel, left out where Clarabel is inaccurate, and linear systems by loops."""

from __future__ import annotations

import warnings

import cvxpy as cp
import numpy as np
from hypothesis import assume

from designer.arrays import Complex
from designer.requirements.target import ChannelTarget


def solved(problem: cp.Problem) -> float:
    """The optimal value; a random example at which cvxpy calls its own answer inaccurate is dropped."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Solution may be inaccurate")
        problem.solve(solver="CLARABEL")
    assume(problem.status != "optimal_inaccurate")
    assert problem.status in ("optimal", "infeasible", "unbounded"), problem.status
    return float(problem.value)


def naive_system(target: ChannelTarget, f: int) -> tuple[Complex, Complex]:
    """H (M, L) and d (M,) of one frequency by loops: the families' means at equal weight, the strongest driver's response, level 1."""
    bright, dark = target.bright[f], target.dark[f]
    powers = [sum(abs(h[l]) ** 2 for h in bright) / len(bright) for l in range(bright.shape[1])]
    strongest = int(np.argmax(powers))
    level = np.sqrt(powers[strongest])
    rows = [h / np.sqrt(len(bright)) / level for h in bright] + [h / np.sqrt(len(dark)) / level for h in dark]
    expected = [h[strongest] / np.sqrt(len(bright)) / level for h in bright] + [0.0] * len(dark)
    return np.array(rows), np.array(expected, dtype=complex)
