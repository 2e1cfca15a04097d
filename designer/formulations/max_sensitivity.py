"""Maximum sensitivity at a wanted ratio: the power ratio's sibling, with the pressure at one point in the place of a mean power.

    maximise    |h w|² / w^H P w
    subject to  w^H A w >= γ w^H B w

h (F, L) is the look direction, or the ipsilateral ear at the cloud's centre; A, B (F, L, L) are the mean powers over the
bright and dark points, P the diagonal of what each driver costs at each frequency, so that woofers, mid-ranges and
tweeters share one design and each plays where it is cheap. Where A is of one point, h, it is the power ratio; over a cloud, it
gives the centre the most and leaves the ratio to hold in the mean.

Not convex, yet solved as if it were: two homogeneous quadratic forms over the complex numbers leave no gap between the
problem and its semidefinite relaxation. Closed form: one eigendecomposition of A - γB and a scalar secular equation
(`most_sensitive`); the largest eigenvalue of h^H h + λ(A - γB), with P = 1 after scaling, bounds every w
that meets the ratio, whatever λ >= 0 is: the certificate. Infeasible where A - γB has no positive eigenvalue; there, and
where the effort limit would be passed, the answer is the power ratio's: the best compromise within the effort.

**The secular equation**, with C = A - γB after scaling by P. C = U diag(c) U^H, g = U^H h^H. The dual is the least over
λ >= 0 of the largest eigenvalue ρ of h^H h + λC, and has no gap (two homogeneous quadratic forms over the complex
numbers). A rank-one change of a diagonal matrix has the eigenvector (ρI - λ diag(c))⁻¹ g, so with t = λ/ρ

    v_i ∝ g_i / (1 - t c_i),        Σ c_i |g_i|² / (1 - t c_i)² = 0,        ρ = Σ |g_i|² / (1 - t c_i).

The sum rises with t from t = 0 (in phase, the form met for free) to t = 1/c_max, where it has no bound unless h is deaf
to the top eigenvector; then as much of that vector is added as the form needs.

Source: Y. Luo, Constant directivity loudspeaker beamforming (arXiv 2407.01860), maximum sensitivity constant directivity
(MSCD), with its regularisation over frequency as P. Truths: with one bright point it is the power ratio; without a ratio that
binds it is |w| ∝ |h| / P, the matched filter; the semidefinite relaxation has the same value.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from designer.arrays import Bool, Complex, Real
from designer.formulations import power_ratio
from designer.formulations.power_ratio import DEEPEST, DEEPEST_COMPROMISE, MARGIN
from designer.measures import effort, quadratic, ratio
from designer.problem.methods import CURVE, EFFORT, Formulation
from designer.requirements.target import ChannelTarget
from designer.solvers import ratio_search
from designer.solvers.solution import Solution

STEPS = 56
LEAST_LOG = -345.0
"""How near to 1/c_max the search goes: 1 - t c_max down to 1e-150, so that its square is a number."""
FEASIBLE = 1e-13
"""The largest eigenvalue of C, relative to C, from which on something is feasible."""


def solve(target: ChannelTarget) -> Solution:
    """The most sensitive weights that meet the curve; where these do not fit the effort, the power ratio's compromise."""
    A, B = target.bright_power, target.dark_power
    gamma = np.full(len(A), DEEPEST) if target.gamma is None else target.gamma
    w, search = most_sensitive_weights(target.centre, A, B, target.cost, gamma)
    value, bound, gap = search.value, search.bound, search.gap
    if not search.feasible.all():  # near the best ratio that there is, as the power ratio does without an effort limit
        out = ~search.feasible
        best = np.minimum(ratio_search.best_ratio(A[out], B[out]), DEEPEST_COMPROMISE) * MARGIN
        gamma = gamma.copy()
        gamma[out] = np.minimum(gamma[out], best)
        w[out], near = most_sensitive_weights(target.centre[out], A[out], B[out], target.cost[out], gamma[out])
        value[out], bound[out], gap[out] = near.value, near.bound, near.gap
    violation = np.maximum(1 - ratio(quadratic(A, w), gamma * quadratic(B, w)), 0.0)
    dear = effort(target.bright, w) > target.max_effort * (1 + 1e-9)
    if dear.any():
        unlimited = replace(target, max_gain=np.full(target.max_gain.shape, np.inf), band_gain=None)
        compromise = power_ratio.solve(unlimited.at(dear))
        w[dear], violation[dear], gap[dear] = compromise.weights, compromise.violation, compromise.gap
        value[dear], bound[dear] = compromise.value, compromise.bound
    return Solution.of(w, violation, gap, value, bound)


def most_sensitive_weights(h: Complex, A: Complex, B: Complex, cost: Real, gamma: Real) -> tuple[Complex, Sensitive]:
    """Weights (F, L), and what the search says of them: value, bound, gap, and where the ratio is feasible."""
    d = 1 / np.sqrt(cost)
    C = (A - gamma[:, None, None] * B) * d[:, :, None] * d[:, None, :]
    search = most_sensitive(h * d, C)
    return search.v * d, search


@dataclass(frozen=True)
class Sensitive:
    """Vectors of unit norm, the multiplier, whether anything is feasible, and how far the value is from its bound."""

    v: Complex  # (F, L)
    multiplier: Real  # (F,) λ, 0 where the form is met for free
    feasible: Bool  # (F,)
    value: Real  # (F,) |h v|²
    bound: Real  # (F,) what no v that is allowed is above
    gap: Real  # (F,) bound over value, minus 1


def most_sensitive(h: Complex, C: Complex) -> Sensitive:
    """The vectors of largest |h v|² / ||v||² with v^H C v >= 0, at every frequency.

    Parameters
    ----------
    h : (F, L) complex array
    C : (F, L, L) complex array, Hermitian, of any sign

    Returns
    -------
    Sensitive : `feasible` is False where no v has v^H C v > 0; v is then the top eigenvector of C

    """
    size = np.maximum(np.linalg.norm(h, axis=1), 1e-300)[:, None]
    scale = np.maximum(np.linalg.norm(C, axis=(1, 2)), 1e-300)
    C = C / scale[:, None, None]
    c, vectors = np.linalg.eigh(C)
    g = np.einsum("fji,fj->fi", vectors.conj(), (h / size).conj())
    heard = np.abs(g) ** 2
    feasible = c[:, -1] > FEASIBLE
    top = np.where(feasible, c[:, -1], 1.0)[:, None]
    share = np.where(feasible[:, None], c / top, 0.0)  # c_i / c_max
    apart = (top - c) / top  # 1 - t c_i = apart + q share, q = 1 - t c_max

    def form(log_q: Real) -> Real:
        q = np.exp(log_q)[:, None]
        bent = np.where(feasible[:, None], apart + q * share, 1.0)
        return np.asarray(np.sum(c * heard / bent**2, axis=1))

    nearest, zero = np.full(len(h), LEAST_LOG), np.zeros(len(h))
    free = form(zero) >= 0
    deaf = feasible & ~free & (form(nearest) < 0)
    low, high = nearest, zero  # the form holds at `low`, and not at `high`
    for _ in range(STEPS):
        middle = (low + high) / 2
        holds = form(middle) >= 0
        low, high = np.where(holds, middle, low), np.where(holds, high, middle)
    q = np.where(free, 1.0, np.exp(low))[:, None]
    bent = apart + q * share
    a = g / np.where(bent > 0, bent, 1.0)
    lacking = np.maximum(-np.sum(c[:, :-1] * np.abs(a[:, :-1]) ** 2, axis=1), 0.0)
    a[:, -1] = np.where(deaf, np.sqrt(lacking / top[:, 0]), a[:, -1])
    last = np.eye(h.shape[1])[-1]
    a = np.where(feasible[:, None], a, last)
    a = np.where(np.linalg.norm(a, axis=1, keepdims=True) > 0, a, last)
    a = a / np.linalg.norm(a, axis=1, keepdims=True)
    v = np.einsum("fij,fj->fi", vectors, a)

    t = (1 - q[:, 0]) / top[:, 0]
    value = np.abs(np.einsum("fl,fl->f", h / size, v)) ** 2
    multiplier = np.where(feasible, t * value, 0.0)
    # The bound holds for any λ >= 0, whoever found it.
    M = (h / size).conj()[:, :, None] * (h / size)[:, None, :] + multiplier[:, None, None] * C
    bound = np.linalg.eigvalsh(M)[:, -1]
    gap = np.where(feasible, (bound - value) / np.maximum(value, 1e-300), 0.0)
    unit = size[:, 0] ** 2
    return Sensitive(np.asarray(v), multiplier * unit / scale, feasible, value * unit, (1 + gap) * value * unit, gap)


def statement(h: Complex, A: Complex, B: Complex, cost: Real, gamma: float) -> Any:
    """The semidefinite relaxation of one frequency as a cvxpy problem, X = w w^H: the readable reference.

    Its value is the largest |h w|² / w^H P w; h, cost (L,), A, B (L, L).
    """
    import cvxpy as cp

    size = len(A)
    trace_with = power_ratio.relaxed(size)
    constraints = [trace_with(np.diag(cost).astype(complex)) == 1, trace_with(A - gamma * B) >= 0]
    return cp.Problem(cp.Maximize(trace_with(np.outer(h.conj(), h))), constraints)


METHOD = Formulation(
    name="max-sensitivity",
    solve=solve,
    statement=statement,
    looks_at=frozenset({CURVE, EFFORT}),
)
