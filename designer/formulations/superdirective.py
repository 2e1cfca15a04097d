"""Superdirective: the least power radiated all around for the pressure in the look direction, above a floor of white-noise gain.

    minimise    w^H Q w
    subject to  h w = 1,   ||w||² <= 1/G

Q (F, L, L) is the mean power over the sphere, so that 1 / w^H Q w is the directivity index; where the target knows no
sphere it is that over the points where nothing is wanted. h is the look direction. G is the white-noise gain's floor,
or an effort limit where that is stricter: for one point both are the same ratio. Where the drivers spread by ε², Q's
diagonal D is multiplied by 1 + ε²; in the worst case of the spread Q becomes, by passes (`designer.requirements.worst_case`),

    Q/θ_a + ε² D/θ_b + ε² E/(γ θ_c),   E = diag |h_l|²,  γ the directivity in the worst case,

so that no pass lowers γ = (|h w| - ε ||E^½ w||)² / (||Q^½ w|| + ε ||D^½ w||)². Drivers outside their bands count as if they
radiated (`out_of_band`). No curve, mask or window is looked at.

Convex: a quadratic form that is not negative, below a linear equation and a ball. Closed form: w ∝ (Q + δI)⁻¹ h^H,
diagonal loading, with the smallest δ >= 0 for which the white-noise gain is G; found from one eigendecomposition of Q
and a scalar root, for all frequencies at once. Certificate: 1 / (h (Q + δI)⁻¹ h^H) - δ/G is a lower bound for every δ.
A floor above ||h||², the white-noise gain of drivers in phase, is infeasible: then they are in phase, and what the gain
lacks is the violation. A singular Q is loaded by 1e-15 of its mean diagonal.

Source: Cox, Zeskind and Owen, Robust adaptive beamforming (IEEE Trans. ASSP 35, 1987). Truths: N
monopoles close together have an index of N² end-fire (Parsons, JASA 82, 1987); a floor gives the loading that
root finding gives; a floor at its largest gives delay-and-sum.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.arrays import Complex, Real
from designer.measures import db, quadratic, ratio
from designer.problem.methods import EFFORT, WHITE_NOISE_GAIN, Formulation
from designer.requirements.target import ChannelTarget
from designer.requirements.worst_case import LEAST_RATIO, settled, shares
from designer.solvers.diagonal_loading import loaded_point, with_drivers_bands
from designer.solvers.solution import Solution

LEAST_LOAD = 1e-15
"""The rounding of Q: more of it would cost directivity where monopoles are millimetres apart."""


def solve(target: ChannelTarget) -> Solution:
    """The weights of the largest directivity whose white-noise gain and effort keep to their limits."""
    h, e = target.centre, least_gain(target)
    loaded = loaded_point(h, diffuse_power(target), e, least_load=LEAST_LOAD)
    if target.worst_case:
        loaded = settled(
            loaded,
            lambda last: loaded_point(h, hardened_power(target, last.v), e, least_load=LEAST_LOAD),
            lambda last: db(worst_directivity(target, last.v)),
        )
    gain = np.abs(np.einsum("fl,fl->f", h, loaded.v)) ** 2  # of unit norm
    violation = np.where(np.isfinite(loaded.load), 0.0, np.maximum(ratio(e, gain) - 1, 0.0))
    return Solution.of(loaded.v, violation, loaded.gap, loaded.value, loaded.bound)


def diffuse_power(target: ChannelTarget) -> Complex:
    """Q (F, L, L), over the drivers' spread."""
    Q = _diffuse_power(target)
    diagonal = np.arange(Q.shape[-1])
    Q[:, diagonal, diagonal] *= 1 + target.power_spread
    return with_drivers_bands(Q, target.cost)


def _diffuse_power(target: ChannelTarget) -> Complex:
    quiet = target.quiet
    return np.array(quiet.conj().swapaxes(1, 2) @ quiet / quiet.shape[1] if target.diffuse is None else target.diffuse)


def worst_norms(target: ChannelTarget, w: Complex) -> tuple[Real, Real, Real, Real]:
    """|h w|, ε ||E^½ w||, ||Q^½ w|| and ε ||D^½ w||, each (F,)."""
    Q, deviation = _diffuse_power(target), np.sqrt(target.spread)
    D = np.diagonal(Q, axis1=1, axis2=2).real
    return (
        np.abs(np.einsum("fl,fl->f", target.centre, w)),
        deviation * np.linalg.norm(np.abs(target.centre) * np.abs(w), axis=1),
        np.sqrt(np.maximum(quadratic(Q, w), 0.0)),  # rounding may leave less than nothing
        deviation * np.sqrt(np.sum(D * np.abs(w) ** 2, axis=1)),
    )


def worst_directivity(target: ChannelTarget, w: Complex) -> Real:
    """γ (F,): the least |h w|² over the most w^H Q w, for weights (F, L)."""
    full, lost, a, b = worst_norms(target, w)
    return ratio(np.maximum(full - lost, 0.0) ** 2, (a + b) ** 2)


def hardened_power(target: ChannelTarget, w: Complex) -> Complex:
    """Q (F, L, L) in the worst case of the spread, with θ from weights (F, L)."""
    Q = _diffuse_power(target)
    _, lost, a, b = worst_norms(target, w)
    gamma = np.maximum(worst_directivity(target, w), LEAST_RATIO)
    theta_a, theta_b, theta_c = shares(a, b, lost / np.sqrt(gamma))
    diagonal = np.arange(Q.shape[-1])
    D, E = np.diagonal(Q, axis1=1, axis2=2).real, np.abs(target.centre) ** 2
    hard = Q / theta_a[:, None, None]
    hard[:, diagonal, diagonal] += target.spread * (D / theta_b[:, None] + E / (gamma * theta_c)[:, None])
    return with_drivers_bands(hard, target.cost)


def least_gain(target: ChannelTarget) -> Real:
    """G (F,): the least |h w|² / ||w||² that the white-noise gain's floor and the effort limit allow; 0 without any."""
    distance_m = 1.0 if np.isinf(target.look_distance_m) else target.look_distance_m
    return np.maximum(target.min_white_noise_gain / distance_m**2, target.single_level**2 / target.max_effort)


def statement(h: Complex, Q: Complex, least_gain: float) -> Any:
    """One frequency as a cvxpy problem: the readable reference. h (L,), Q (L, L) positive definite, G."""
    import cvxpy as cp

    w = cp.Variable(len(h), complex=True)
    root = np.linalg.cholesky(Q).conj().T
    floor = [cp.norm(w) <= least_gain**-0.5] if least_gain > 0 else []
    return cp.Problem(cp.Minimize(cp.sum_squares(root @ w)), [h @ w == 1, *floor])


METHOD = Formulation(
    name="superdirective",
    solve=solve,
    statement=statement,
    looks_at=frozenset({EFFORT, WHITE_NOISE_GAIN}),
    beams_only=True,
    instead='for the quietest contralateral ear use "acoustic-contrast"',
    sphere=True,
    mean_powers=False,
)
