"""Matrix mixing, a baseline: one real gain a driver, the same at all frequencies.

    maximise    gᵀ Ā g / gᵀ P̄ g
    subject to  gᵀ Ā g >= gᵀ (γB)‾ g,   g real

Ā is the mean over the band of Re A(f), each frequency scaled to the strongest driver's power there, (γB)‾ that of
γ(f) Re B(f). It is the power ratio of the band's mean powers, searched in the same way; without a curve the ratio is
made as large as the effort limit allows. With gains given it looks for nothing.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Real
from designer.formulations.power_ratio import DEEPEST, MARGIN
from designer.formulations.solution import Solution
from designer.measures import quadratic
from designer.solvers import ratio_search
from designer.targets.channel_target import ChannelTarget


def solve(target: ChannelTarget, gains: list[float] | None = None) -> Solution:
    """The given gains, or the best ones over the band, at every frequency (F, L)."""
    found = best_gains(target) if gains is None else np.array(gains)
    return Solution.of(np.tile(found.astype(complex), (target.frequency_hz.size, 1)))


def best_gains(target: ChannelTarget) -> Real:
    """The best real gains (L,) over the band."""
    band = target.at(target.in_band)
    A, B = band.reach_power.real, band.cancel_power.real
    level = np.diagonal(A, axis1=1, axis2=2).max(axis=1)
    gamma = band.gamma if band.gamma is not None else np.full(len(A), DEEPEST)
    A_mean = np.mean(A / level[:, None, None], axis=0)[None]
    B_mean = np.mean(gamma[:, None, None] * B / level[:, None, None], axis=0)[None]
    wanted = np.minimum(1.0, ratio_search.best_ratio(A_mean, B_mean) * MARGIN)
    # Real symmetric pencils have real eigenvectors, up to a phase that LAPACK's complex routine may leave.
    g = ratio_search.most_efficient(A_mean.astype(complex), B_mean.astype(complex), wanted).v
    if np.isfinite(band.max_effort).any():
        single = np.diagonal(A_mean, axis1=1, axis2=2).max(axis=1)
        least = single / band.max_effort.min()
        if quadratic(A_mean, g)[0] < least[0]:
            g = ratio_search.best_ratio_at_efficiency(
                A_mean.astype(complex), B_mean.astype(complex), np.ones((1, A.shape[-1])), least
            )
    g = g[0] * np.exp(-1j * np.angle(g[0, np.argmax(np.abs(g[0]))]))
    return np.asarray(g.real)
