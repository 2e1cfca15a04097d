"""Maximum sensitivity at a wanted ratio: the power ratio's sibling, with the pressure at one point in the place of a mean power.

    maximise    |h w|² / w^H P w
    subject to  w^H A w >= γ w^H B w

h (F, L) is the look direction, or the reached ear at the cloud's centre; A, B (F, L, L) are the mean powers over the
points to reach and to cancel, P the diagonal of what each driver costs at each frequency, so that woofers, mid-ranges and
tweeters share one design and each plays where it is cheap. Where A is of one point, h, it is the power ratio; over a cloud, it
gives the centre the most and leaves the ratio to hold in the mean.

Not convex, yet solved as if it were: two homogeneous quadratic forms over the complex numbers leave no gap between the
problem and its semidefinite relaxation. Closed form: one eigendecomposition of A - γB and a scalar secular equation
(`designer.solvers.sensitivity_search`); the largest eigenvalue of h^H h + λ(A - γB), with P = 1 after scaling, bounds every w
that meets the ratio, whatever λ >= 0 is: the certificate. Infeasible where A - γB has no positive eigenvalue; there, and
where the effort limit would be passed, the answer is the power ratio's: the best compromise within the effort.

Source: Y. Luo, Constant directivity loudspeaker beamforming (arXiv 2407.01860), maximum sensitivity constant directivity
(MSCD), with its regularisation over frequency as P. Truths: with one point to reach it is the power ratio; without a ratio that
binds it is |w| ∝ |h| / P, the matched filter; the semidefinite relaxation has the same value.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from designer.arrays import Complex, Real
from designer.formulations import power_ratio
from designer.formulations.power_ratio import DEEPEST, DEEPEST_COMPROMISE, MARGIN
from designer.formulations.solution import Solution
from designer.measures import effort, quadratic, ratio
from designer.solvers import ratio_search
from designer.solvers.sensitivity_search import Sensitive, most_sensitive
from designer.targets.channel_target import ChannelTarget


def solve(target: ChannelTarget) -> Solution:
    """The most sensitive weights that meet the curve; where these do not fit the effort, the power ratio's compromise."""
    A, B = target.reach_power, target.cancel_power
    gamma = np.full(len(A), DEEPEST) if target.gamma is None else target.gamma
    w, found = most_sensitive_weights(target.centre, A, B, target.cost, gamma)
    value, bound, gap = found.value, found.bound, found.gap
    if not found.feasible.all():  # near the best ratio that there is, as the power ratio does without an effort limit
        out = ~found.feasible
        best = np.minimum(ratio_search.best_ratio(A[out], B[out]), DEEPEST_COMPROMISE) * MARGIN
        gamma = gamma.copy()
        gamma[out] = np.minimum(gamma[out], best)
        w[out], near = most_sensitive_weights(target.centre[out], A[out], B[out], target.cost[out], gamma[out])
        value[out], bound[out], gap[out] = near.value, near.bound, near.gap
    violation = np.maximum(1 - ratio(quadratic(A, w), gamma * quadratic(B, w)), 0.0)
    dear = effort(target.reach, w) > target.max_effort * (1 + 1e-9)
    if dear.any():
        unlimited = replace(target, max_gain=np.full(target.max_gain.shape, np.inf))
        other = power_ratio.solve(unlimited.at(dear))
        w[dear], violation[dear], gap[dear] = other.weights, other.violation, other.gap
        value[dear], bound[dear] = other.value, other.bound
    return Solution.of(w, violation, gap, value, bound)


def most_sensitive_weights(h: Complex, A: Complex, B: Complex, cost: Real, gamma: Real) -> tuple[Complex, Sensitive]:
    """Weights (F, L), and what the search says of them: value, bound, gap, and where the ratio is feasible."""
    d = 1 / np.sqrt(cost)
    C = (A - gamma[:, None, None] * B) * d[:, :, None] * d[:, None, :]
    found = most_sensitive(h * d, C)
    return found.v * d, found


def statement(h: Complex, A: Complex, B: Complex, cost: Real, gamma: float) -> Any:
    """The semidefinite relaxation of one frequency as a cvxpy problem, X = w w^H: the readable reference.

    Its value is the largest |h w|² / w^H P w; h, cost (L,), A, B (L, L).
    """
    import cvxpy as cp

    size = len(A)
    Z = cp.Variable((2 * size, 2 * size), PSD=True)  # solvers take a real lift better than a Hermitian variable

    def inner(M: Complex) -> Any:
        """The trace of M X for X = Z11 + Z22 + j (Z21 - Z12)."""
        return cp.trace(np.block([[M.real, -M.imag], [M.imag, M.real]]) @ Z)

    constraints = [inner(np.diag(cost).astype(complex)) == 1, inner(A - gamma * B) >= 0]
    return cp.Problem(cp.Maximize(inner(np.outer(h.conj(), h))), constraints)
