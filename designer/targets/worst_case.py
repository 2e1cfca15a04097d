"""The drivers' spread in the worst case: a norm more, and the passes by which any formulation of mean powers meets it.

Let the drivers have relative errors e, alike at all points and Σ|e_l|² <= ε². At a point h_p they change the response by
|Σ h_pl e_l w_l| <= ε ||h_p ∘ w||, as Cauchy and Schwarz have it, with equality for one e. So the root of the mean power
over the points to cancel is at most

    ||B^½ w|| + ε ||D^½ w||,   D the diagonal of B:

a norm more, which one point attains. The curve is held by its square. For a, b >= 0

    (a + b)² = min over θ in (0, 1) of a²/θ + b²/(1 - θ),   attained at θ = a/(a + b),

so for a given θ the worst case *is* a mean power, that of

    B_θ = B/θ + ε² D/(1 - θ),

and whatever minimises or bounds w^H B w does the same with B_θ. A pass takes θ from the last weights: these have the
same worst case as before and stay within every bound, so no pass gets worse. Where the power that is reached is one
point's, which is fixed, a²/θ + b²/(1 - θ) is convex in θ and w together, and the passes end in the best of all.

Source: Vorobyov, Gershman and Luo, Robust adaptive beamforming using worst-case performance optimization (IEEE Trans.
Signal Processing 51, 2003) for the norm; majorise-minimise for the passes.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from designer.arrays import Complex, Real
from designer.measures import mean_power, ratio
from designer.targets.channel_target import ChannelTarget

PASSES = 6
EDGE = 1e-6
"""θ stays this far from 0 and 1."""


def norms(cancel: Complex, deviation: float, w: Complex) -> tuple[Real, Real]:
    """A = ||B^½ w|| and b = ε ||D^½ w||, each (F,), over points (F, C, L)."""
    diagonal = np.mean(np.abs(cancel) ** 2, axis=1)
    return np.sqrt(mean_power(cancel, w)), deviation * np.sqrt(np.sum(diagonal * np.abs(w) ** 2, axis=1))


def worst_gain(target: ChannelTarget, w: Complex) -> Real:
    """Mean power over the points to reach, over the worst of that over the points to cancel (F,)."""
    target = target.over_regions()
    a, b = norms(target.cancel, float(np.sqrt(target.spread)), w)
    return ratio(mean_power(target.reach, w), (a + b) ** 2)


def hardened(target: ChannelTarget, w: Complex) -> ChannelTarget:
    """The target whose mean power over the points to cancel is w^H B_θ w, with θ from weights (F, L)."""
    target = target.over_regions()
    count, points, size = target.cancel.shape
    a, b = norms(target.cancel, float(np.sqrt(target.spread)), w)
    theta = np.clip(a / np.maximum(a + b, 1e-300), EDGE, 1 - EDGE)
    diagonal = np.sqrt(np.mean(np.abs(target.cancel) ** 2, axis=1) * target.spread)
    rows = np.concatenate(
        [
            target.cancel * np.sqrt((points + size) / points / theta)[:, None, None],
            np.sqrt((points + size) / (1 - theta))[:, None, None] * diagonal[:, :, None] * np.eye(size),
        ],
        axis=1,
    )
    assert rows.shape == (count, points + size, size)
    return replace(target, cancel=rows, worst_case=False, spread_in_powers=False)
