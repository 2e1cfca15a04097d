"""Acoustic contrast: the largest ratio of powers that the effort allows.

    maximise    w^H A w / w^H Q w
    subject to  ||w||² <= effort · w^H A w / (the largest A_ll)

A (F, L, L) is the mean of h^H h over the bright points, Q the same over the dark points, with drivers outside
their bands counted as if they radiated there (`out_of_band`). Q is singular where there are fewer dark points than
drivers, and the ratio has then no bound of its own: 1e-9 of its mean diagonal is added, as is whatever δ the effort
limit needs. No curve is looked at: this is the limit of the power ratio as γ goes to its largest.

A generalised eigenvalue problem, and as good as convex: the largest eigenvector of (A, Q) without a limit, and with one
the largest of (A, Q + δI) at the smallest δ that keeps to it. The bound 1/θ - δ/e of `diagonal_loading` is the
certificate, θ the largest eigenvalue there and e = max A_ll / effort. An effort below the least there is, is infeasible:
then the most efficient weights are given, and what they spend too much is the violation.

Source: Choi and Kim, Generation of an acoustically bright zone (JASA 111, 2002); with the effort limit Betlehem, Zhang,
Poletti and Abhayapala, Personal sound zones (IEEE Signal Processing Magazine, March 2015), equations (2) to (4).
Truths: for one bright point the ratio is h B⁻¹ h^H (Capon); with B the power over the sphere N monopoles reach N²; the
power ratio's cost grows without bound as γ comes near to it, and beyond it nothing is feasible.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.arrays import Complex, Real
from designer.formulations import power_ratio
from designer.measures import ratio
from designer.problem.methods import CURVE, EFFORT, Formulation
from designer.requirements.target import ChannelTarget
from designer.solvers.diagonal_loading import Loaded, loaded_matrix, loaded_point, with_drivers_bands
from designer.solvers.solution import Solution

LEAST_LOAD = 1e-9
"""Nulls of -180 dB: deeper ones are rounding."""


def solve(target: ChannelTarget) -> Solution:
    """The weights of the largest ratio within the effort limit."""
    loaded = best_contrast(target)
    e = least_efficiency(target)
    power = np.einsum("fi,fij,fj->f", loaded.v.conj(), target.bright_power, loaded.v).real
    violation = np.where(np.isfinite(loaded.load), 0.0, np.maximum(ratio(e, power) - 1, 0.0))
    with np.errstate(divide="ignore"):
        value, bound = 1 / loaded.value, 1 / np.maximum(loaded.bound, 0.0)  # as ratios; a bound of 0 is none
    return Solution.of(loaded.v, violation, loaded.gap, value, bound)


def best_contrast(target: ChannelTarget) -> Loaded:
    """The weights, of unit norm, with their loading and gap."""
    Q, e = quiet_power(target), least_efficiency(target)
    if target.bright.shape[1] == 1 and not target.power_spread:
        return loaded_point(target.bright[:, 0], Q, e, least_load=LEAST_LOAD)
    return loaded_matrix(target.bright_power, Q, e, least_load=LEAST_LOAD)


def quiet_power(target: ChannelTarget) -> Complex:
    """Q (F, L, L): what is to be small."""
    return with_drivers_bands(target.dark_power, target.cost)


def least_efficiency(target: ChannelTarget) -> Real:
    """E (F,): w^H A w / ||w||² at the effort limit; 0 without one."""
    return np.asarray(target.single_level**2 / target.max_effort)


def statement(A: Complex, Q: Complex, least_efficiency: float) -> Any:
    """The semidefinite relaxation of one frequency as a cvxpy problem, X = w w^H: the readable reference.

    Its value is the least w^H Q w at w^H A w = 1, the ratio's inverse; A, Q (L, L).
    """
    import cvxpy as cp

    size = len(A)
    trace_with = power_ratio.relaxed(size)
    identity = np.eye(size, dtype=complex)
    loaded = Q + LEAST_LOAD * np.trace(Q).real / size * identity
    return cp.Problem(
        cp.Minimize(trace_with(loaded)), [trace_with(A) == 1, trace_with(A - least_efficiency * identity) >= 0]
    )


METHOD = Formulation(
    name="acoustic-contrast",
    solve=solve,
    statement=statement,
    looks_at=frozenset({CURVE, EFFORT}),
)
