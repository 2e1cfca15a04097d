"""Matrix mixing, a baseline: one real gain a driver, the same at all frequencies.

    maximise    gᵀ Ā g / gᵀ P̄ g
    subject to  gᵀ Ā g >= gᵀ B̄ g,   g real,   and the effort limit

Ā is the mean over the band of Re A(f), each frequency scaled to the strongest driver's power there, B̄ that of
γ(f) Re B(f), P̄ the mean of what each driver costs. It is the power ratio of the band's mean powers, searched in the same
way: two homogeneous quadratic forms, over the real numbers too without a gap to the semidefinite relaxation (Yakubovich's
S-lemma), hence as good as convex. Where the mean curve is infeasible, or there is none, the ratio is as large as the effort
allows, or 0.1 dB below the best there is. With gains given it looks for nothing. In the worst case of the drivers' spread
each frequency's powers are bounded as `designer.requirements.worst_case` does, those to reach from below: for φ in (0, 1)

    (||A^½ g|| - ε ||E^½ g||)² >= φ gᵀ A g - φ/(1 - φ) ε² gᵀ E g,   with equality at φ = 1 - ε ||E^½ g|| / ||A^½ g||,

of which the second term goes over to B̄, divided by the ratio of the bounds that the last gains have (or by 1, where
these meet the curve). A pass that gets worse, or breaks the effort limit, is the last and is left out.

Certificate: the power ratio's dual bound; for a compromise acoustic contrast's.

Source: the power ratio's. Truths: two drivers by hand; the semidefinite relaxation has the same value.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from pydantic import Field

from designer.arrays import Complex, Real
from designer.formulations import power_ratio
from designer.formulations.acoustic_contrast import LEAST_LOAD
from designer.formulations.power_ratio import DEEPEST, MARGIN, most_efficient_weights
from designer.measures import mean_power_matrix, quadratic, ratio
from designer.problem.messages import shown
from designer.problem.methods import Formulation, Key
from designer.requirements.target import ChannelTarget
from designer.requirements.worst_case import EDGE, LEAST_RATIO, MOST_PASSES, norms, shares
from designer.solvers import ratio_search
from designer.solvers.diagonal_loading import loaded_matrix
from designer.solvers.solution import Solution

Gains = Annotated[list[Annotated[float, Field(ge=-1000.0, le=1000.0)]], Field(min_length=1)]
GAINS = Field(default=None, description='one a driver, for method = "matrix"; by default the best are found')
SETTLED = 1e-5
"""A pass that changes no gain by more, relative to the largest, is the last."""


def solve(target: ChannelTarget, matrix_gains: list[float] | None = None) -> Solution:
    """The given gains, or the best ones over the band, at every frequency (F, L)."""
    count = target.frequency_hz.size
    g, violation, gap = best_gains(target) if matrix_gains is None else (np.array(matrix_gains), 0.0, 0.0)
    return Solution.of(np.tile(g.astype(complex), (count, 1)), violation, gap)


def band_means(target: ChannelTarget) -> tuple[Complex, Complex, Real]:
    """Ā, B̄ (1, L, L) and P̄ (1, L) over the band."""
    band = target.at(target.in_band)
    A, B = band.bright_power.real, band.dark_power.real
    level, gamma = _scales(band)
    A_mean, B_mean = np.mean(A / level[:, None, None], axis=0), np.mean((gamma / level)[:, None, None] * B, axis=0)
    return A_mean[None].astype(complex), B_mean[None].astype(complex), np.mean(band.cost, axis=0)[None]


def _scales(band: ChannelTarget) -> tuple[Real, Real]:
    """The strongest driver's power and γ, each (F,), over the band."""
    gamma = band.gamma if band.gamma is not None else np.full(band.frequency_hz.size, DEEPEST)
    return np.diagonal(band.bright_power, axis1=1, axis2=2).real.max(axis=1), gamma


def _norms(band: ChannelTarget, g: Real) -> tuple[tuple[Real, Real], tuple[Real, Real]]:
    """||A^½ g|| and ε ||E^½ g||, ||B^½ g|| and ε ||D^½ g||, each (F,), over the band."""
    deviation = float(np.sqrt(band.spread))
    w = np.tile(g.astype(complex), (band.frequency_hz.size, 1))
    return norms(band.bright, deviation, w), norms(band.dark, deviation, w)


def worst_ratio(target: ChannelTarget, g: Real) -> float:
    """Least power at the bright points over γ times the most at the dark points, for gains (L,): 1 or more where the curve is met."""
    band = target.at(target.in_band)
    (full, lost), (a, b) = _norms(band, g)
    level, gamma = _scales(band)
    bright, dark = np.maximum(full - lost, 0.0) ** 2 / level, gamma * (a + b) ** 2 / level
    return float(ratio(bright.sum(keepdims=True), dark.sum(keepdims=True))[0])


def hardened_means(target: ChannelTarget, g: Real) -> tuple[Complex, Complex]:
    """Ā and B̄ (1, L, L) in the worst case of the spread, tight at gains (L,)."""
    band = target.at(target.in_band)
    (full, lost), (a, b) = _norms(band, g)
    level, gamma = _scales(band)
    phi = np.clip(1 - ratio(lost, full), EDGE, 1 - EDGE)
    theta_a, theta_b = shares(a, b)
    held = np.clip(worst_ratio(target, g), LEAST_RATIO, 1.0)
    A, B = mean_power_matrix(band.bright).real, mean_power_matrix(band.dark).real
    E, D = (target.spread * M * np.eye(len(g)) for M in (A, B))

    def over_band(M: Real, scale: Real | float) -> Complex:
        return np.asarray(np.mean(M * (scale / level)[:, None, None], axis=0)[None], dtype=complex)

    bright = over_band(A, phi)
    hard = over_band(B, gamma / theta_a) + over_band(D, gamma / theta_b) + over_band(E, phi / (1 - phi) / held)
    # Scaled together, so that the last gains have the level, and with it the effort, that they have.
    last = g[None].astype(complex)
    scale = quadratic(over_band(A, 1.0), last) / quadratic(bright, last)
    return bright * scale, hard * scale


def best_gains(target: ChannelTarget) -> tuple[Real, float, float]:
    """The best real gains (L,) over the band, with their violation and gap."""
    A, B, cost = band_means(target)
    least = np.diagonal(A, axis1=1, axis2=2).real.max(axis=1) / target.max_effort[target.in_band].min()
    best = _best(A, A, B, cost, least)
    for _ in range(MOST_PASSES if target.worst_case else 0):
        candidate = _best(A, *hardened_means(target, best[0]), cost, least)
        g = candidate[0][None].astype(complex)
        loud = quadratic(A, g)[0] >= least[0] * np.sum(candidate[0] ** 2) * (1 - 1e-6)
        before, after = (min(worst_ratio(target, answer[0]), 1.0) for answer in (best, candidate))
        if not loud or after < before * (1 - 1e-9):
            break
        settled = np.abs(candidate[0] - best[0]).max() < SETTLED * np.abs(candidate[0]).max()
        best = candidate
        if settled:
            break
    return best


def _best(level: Complex, A: Complex, B: Complex, cost: Real, least: Real) -> tuple[Real, float, float]:
    """The best real gains for means A and B, their effort judged by Ā, `level`."""
    gamma = np.minimum(1.0, ratio_search.best_ratio(A, B) * MARGIN)
    w, gap = most_efficient_weights(A, B, cost, gamma)
    g = _real(w)
    violation = np.maximum(1 - ratio(quadratic(A, g), gamma * quadratic(B, g)), 0.0)
    if quadratic(level, g)[0] < least[0] * np.sum(np.abs(g) ** 2) * (1 - 1e-9):
        loaded = loaded_matrix(A, B, least, least_load=LEAST_LOAD)
        g, gap = _real(loaded.v), loaded.gap
        violation = np.maximum(least * np.sum(np.abs(g) ** 2) / quadratic(A, g) - 1, 0.0)
    return g[0].real, float(violation[0]), float(gap[0])


def _real(w: Complex) -> Complex:
    """Real symmetric pencils have real eigenvectors, up to a phase that LAPACK's complex routine may leave."""
    largest = np.take_along_axis(w, np.abs(w).argmax(axis=1)[:, None], axis=1)
    return np.asarray((w * np.exp(-1j * np.angle(largest))).real.astype(complex))


def _faults(gains: list[float], drivers: int) -> list[tuple[str, str, str]]:
    faults = []
    if not any(gains):
        got = f"got {shown(gains)}"
        faults.append((got, "at least one gain that is not 0", "leave matrix_gains out for the best gains"))
    if len(gains) != drivers:
        got = f"got {len(gains)} gain{'s' if len(gains) != 1 else ''}"
        faults.append((got, f"{drivers}, one for each driver in the order of the drivers", "name one gain a driver"))
    return faults


def _in_fades(first: Complex) -> dict[str, Any]:
    """The band's gains, relative to the largest."""
    return {"matrix_gains": (first / first[np.argmax(np.abs(first))]).real.tolist()}


METHOD = Formulation(
    name="matrix",
    solve=solve,
    statement=power_ratio.statement,  # of the band's means, with γ = 1
    keys={"matrix_gains": Key(annotation=Gains | None, field=GAINS, faults=_faults)},
    mean_powers=False,
    in_fades=_in_fades,
    baseline=True,
)
