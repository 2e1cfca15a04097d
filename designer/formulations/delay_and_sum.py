"""Delay-and-sum, a baseline: every driver at equal gain, in phase at the bright point.

    maximise    Re h w
    subject to  |w_l| <= 1/L

with the answer w_l = conj(h_l) / |h_l| / L: in free field that is a delay a driver. Convex: a linear function over discs. No
weights within the discs are louder than Σ |h_l| / L (Hölder's inequality), which is the certificate. Never infeasible: it
looks at no requirement and at no limit. Where the |h_l| are equal (the far field) it reaches the largest white-noise gain there is.

Source: Van Trees, Optimum Array Processing (2002), chapter 2. Truth: a white-noise gain of 10 log10 L in the far field.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.arrays import Complex
from designer.problem.methods import Formulation
from designer.requirements.target import ChannelTarget
from designer.solvers.solution import Solution


def solve(target: ChannelTarget) -> Solution:
    """Weights in phase at the point whose phase is kept; no requirement is looked at."""
    h = target.centre
    L = h.shape[1]
    w = np.asarray(h.conj() / np.maximum(np.abs(h), 1e-300) / L)
    bound = np.sum(np.abs(h), axis=1) / L
    value = np.einsum("fl,fl->f", h, w).real
    gap = (bound - value) / np.maximum(bound, 1e-300)
    return Solution.of(w, np.maximum(L * np.abs(w).max(axis=1) - 1, 0.0), gap, value, bound)


def statement(h: Complex) -> Any:
    """One frequency as a cvxpy problem: the readable reference. h (L,)."""
    import cvxpy as cp

    w = cp.Variable(len(h), complex=True)
    return cp.Problem(cp.Maximize(cp.real(h @ w)), [cp.abs(w) <= 1 / len(h)])


METHOD = Formulation(
    name="delay-and-sum",
    solve=solve,
    statement=statement,
    mean_powers=False,
    baseline=True,
)
