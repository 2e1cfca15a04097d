"""Matrix mixing, a baseline: one real gain a driver, the same at all frequencies.

    maximise    gᵀ Ā g / gᵀ P̄ g
    subject to  gᵀ Ā g >= gᵀ B̄ g,   g real,   and the effort limit

Ā is the mean over the band of Re A(f), each frequency scaled to the strongest driver's power there, B̄ that of
γ(f) Re B(f), P̄ the mean of what each driver costs. It is the power ratio of the band's mean powers, searched in the same
way: two homogeneous quadratic forms, over the real numbers too without a gap to the semidefinite relaxation (Yakubovich's
S-lemma), hence as good as convex. Where the mean curve is infeasible, or there is none, the ratio is as large as the effort
allows, or 0.1 dB below the best there is. With gains given it looks for nothing.

Certificate: the power ratio's dual bound; for a compromise acoustic contrast's.

Source: the power ratio's. Truths: two drivers by hand; the semidefinite relaxation has the same value.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real
from designer.formulations import power_ratio
from designer.formulations.acoustic_contrast import LEAST_LOAD
from designer.formulations.power_ratio import DEEPEST, MARGIN, most_efficient_weights
from designer.formulations.solution import Solution
from designer.measures import quadratic, ratio
from designer.solvers import ratio_search
from designer.solvers.diagonal_loading import loaded_matrix
from designer.targets.channel_target import ChannelTarget


def solve(target: ChannelTarget, gains: list[float] | None = None) -> Solution:
    """The given gains, or the best ones over the band, at every frequency (F, L)."""
    count = target.frequency_hz.size
    g, violation, gap = best_gains(target) if gains is None else (np.array(gains), 0.0, 0.0)
    return Solution.of(np.tile(g.astype(complex), (count, 1)), violation, gap)


def band_means(target: ChannelTarget) -> tuple[Complex, Complex, Real]:
    """Ā, B̄ (1, L, L) and P̄ (1, L) over the band."""
    band = target.at(target.in_band)
    A, B = band.reach_power.real, band.cancel_power.real
    level = np.diagonal(A, axis1=1, axis2=2).max(axis=1)[:, None, None]
    gamma = band.gamma if band.gamma is not None else np.full(len(A), DEEPEST)
    A_mean, B_mean = np.mean(A / level, axis=0), np.mean(gamma[:, None, None] * B / level, axis=0)
    return A_mean[None].astype(complex), B_mean[None].astype(complex), np.mean(band.cost, axis=0)[None]


def best_gains(target: ChannelTarget) -> tuple[Real, float, float]:
    """The best real gains (L,) over the band, with their violation and gap."""
    A, B, cost = band_means(target)
    least = np.diagonal(A, axis1=1, axis2=2).real.max(axis=1) / target.max_effort[target.in_band].min()
    wanted = np.minimum(1.0, ratio_search.best_ratio(A, B) * MARGIN)
    w, gap = most_efficient_weights(A, B, cost, wanted)
    g = _real(w)
    violation = np.maximum(1 - ratio(quadratic(A, g), wanted * quadratic(B, g)), 0.0)
    if quadratic(A, g)[0] < least[0] * np.sum(np.abs(g) ** 2) * (1 - 1e-9):
        found = loaded_matrix(A, B, least, least_load=LEAST_LOAD)
        g, gap = _real(found.v), found.gap
        violation = np.maximum(least * np.sum(np.abs(g) ** 2) / quadratic(A, g) - 1, 0.0)
    return g[0].real, float(violation[0]), float(gap[0])


def _real(w: Complex) -> Complex:
    """Real symmetric pencils have real eigenvectors, up to a phase that LAPACK's complex routine may leave."""
    largest = np.take_along_axis(w, np.abs(w).argmax(axis=1)[:, None], axis=1)
    return np.asarray((w * np.exp(-1j * np.angle(largest))).real.astype(complex))


statement = power_ratio.statement
"""Of the band's means, with γ = 1."""
