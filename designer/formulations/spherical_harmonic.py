"""Spherical harmonic: the power ratio between regions of the sphere, A and B from coefficients instead of points.

    maximise    w^H A w / w^H P w
    subject to  w^H A w >= γ w^H B w,     A_lk = ∫ σ_A conj(d_l) d_k dΩ,   B_lk = ∫ σ_B conj(d_l) d_k dΩ

σ_A and σ_B are the densities of what is to be reached and cancelled, of unit mass, d_l the field of driver l on a sphere
around the device: the far field, or the sphere that the circle of azimuths lies on. Conventions: time factor e^{+jωt},
device axes x front, y left, z up, real orthonormal harmonics without the Condon-Shortley phase.

Derivation. d_l = Σ_a c_la Y_a and σ = Σ_c s_c Y_c turn the integral into Σ conj(c_la) c_kb s_c ∫ Y_a Y_b Y_c dΩ; the last
factor, Gaunt's integral, vanishes for n_c > n_a + n_b, so that directivities of order N see σ up to 2N, exactly.
The densities' coefficients are in `targets.region_density`, the drivers' in `acoustics.encoded_directivity`, the product's
sum in `acoustics.spherical_harmonics` and the matrices, with the check of the order, in `targets.region_power`.

Then it is the power ratio (`power_ratio`), as a quadratic form knows no points: `equivalent_points` factors A and B
into L rows each, H^H H / L = A, and the power ratio's closed form, limits, best compromise and certificate are used as they are.
Not convex as it stands; solved as if it were, for the reason given there (no duality gap). Infeasible where the largest eigenvalue of
A - γB is not positive: the best compromise then has the largest ratio between the regions.
Level and phase stay those of the look direction; a driver's limit is held against the level over the bright regions.

Without `dark_regions` the regions are the target's points, and this is the power ratio.

Source: Y. Luo, Spherical harmonic covariance and magnitude function encodings for beamformer design (EURASIP JASMP
2021:41); the ratio, Y. Luo, Constant directivity loudspeaker beamforming (arXiv 2407.01860). Truths: over the whole sphere B is the
radiated power, and N end-fire monopoles reach 20 log10 N dB, a cardioid 4.77 dB; the cvxpy statement has the same value; point
sources in the far field have B_lk = Σ 4π j^n j_n(k|x_k - x_l|) s_nm Y_nm, the density's covariance function.
"""

from __future__ import annotations

from typing import Any

from designer.arrays import Complex, Real
from designer.formulations import power_ratio
from designer.problem.methods import CURVE, DRIVER_GAIN, EFFORT, WHITE_NOISE_GAIN, Formulation
from designer.requirements.target import ChannelTarget
from designer.solvers.solution import Solution


def solve(target: ChannelTarget) -> Solution:
    """The most efficient weights whose power ratio between the regions meets the curve."""
    return power_ratio.solve(target.over_regions())


def statement(A: Complex, B: Complex, cost: Real, gamma: float) -> Any:
    """One frequency as a cvxpy problem: the power ratio's semidefinite relaxation with the regions' A and B (L, L), cost (L,)."""
    return power_ratio.statement(A, B, cost, gamma)


METHOD = Formulation(
    name="spherical-harmonic",
    solve=solve,
    statement=statement,
    looks_at=frozenset({CURVE, EFFORT, DRIVER_GAIN, WHITE_NOISE_GAIN}),
    regions=True,
)
