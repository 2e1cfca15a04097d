"""The drivers' spread as devices that are drawn from it, and the percentile of the power ratio over them.

A drawn device has the factors 1 + e_l = 10^(g_l/20) e^{jφ_l}, g_l and φ_l normal with the spread's deviations. Its weights are
(1 + e) ∘ w, so its ratio is that of two quadratic forms, rows R with R^H R = A and B.

**Within the design** the percentile is a ball of errors (`designer.targets.worst_case`) whose size the draws calibrate. The guarantee of
a ball of ρ deviations is

    r = ((α - ρ c) / (a + ρ b))²,     α = ||A^½ w||, c = ε ||E^½ w||, a = ||B^½ w||, b = ε ||D^½ w||,

so the ball whose guarantee is the percentile r of w itself has ρ = (α - √r a) / (c + √r b): between 1 and 2 for the 5th
percentile, and nearly the same for weights that are near to each other. A pass takes ρ from the last weights and looks for the
best weights in that ball; where the passes settle the curve is met by the percentile. The draws of the design have a seed of
their own: what judges it afterwards (`designer.evaluation.tolerance`) has not been seen.
"""

from __future__ import annotations

import numpy as np

from designer.arrays import Complex, Real
from designer.measures import few_rows, mean_power, mean_power_rows, ratio
from designer.targets.channel_target import ChannelTarget

DRAWS, SEED = 1000, 271
BLOCK = 32
"""Frequencies whose draws are held at once."""
SMALLEST_BALL, LARGEST_BALL = 0.1, 10.0


def norms(points: Complex, deviation: Real | float, w: Complex) -> tuple[Real, Real]:
    """||B^½ w|| and ε ||D^½ w||, each (F,), over points (F, M, L)."""
    diagonal = np.mean(np.abs(points) ** 2, axis=1)
    return np.sqrt(mean_power(points, w)), deviation * np.sqrt(np.sum(diagonal * np.abs(w) ** 2, axis=1))


def factors(target: ChannelTarget, count: int = DRAWS, seed: int = SEED) -> Complex:
    """1 + e of drawn devices (N, L)."""
    level, turn = np.random.default_rng(seed).standard_normal((2, count, target.cost.shape[1]))
    gain_db, phase_deg = target.deviations
    return np.asarray(10 ** (gain_db * level / 20) * np.exp(1j * np.radians(phase_deg) * turn))


def drawn_gain(target: ChannelTarget, w: Complex) -> Real:
    """The target's percentile of the power ratio over drawn devices (F,), of weights (F, L)."""
    percentile = target.percentile
    assert percentile is not None
    target, devices = target.over_regions(), factors(target).T
    out = np.empty(len(w))
    for start in range(0, len(w), BLOCK):
        part = slice(start, start + BLOCK)
        reached, left = (_powers(points[part], w[part], devices) for points in (target.reach, target.cancel))
        out[part] = np.percentile(ratio(reached, left), percentile, axis=1)
    return out


def _powers(points: Complex, w: Complex, devices: Complex) -> Real:
    """Mean power over points (F, M, L) of each device (F, N); devices (L, N)."""
    rows = few_rows(mean_power_rows(points)) * w[:, None]
    p = (rows.reshape(-1, rows.shape[2]) @ devices).reshape(*rows.shape[:2], -1)
    return np.asarray(np.sum(p.real**2 + p.imag**2, axis=1))


def ball_scale(target: ChannelTarget, w: Complex) -> Real:
    """ρ (F,), the size of the ball whose guarantee for weights (F, L) is their percentile."""
    root = np.sqrt(drawn_gain(target, w))
    target, deviation = target.over_regions(), float(np.sqrt(target.spread))
    (alpha, c), (a, b) = (norms(points, deviation, w) for points in (target.reach, target.cancel))
    return np.clip((alpha - root * a) / np.maximum(c + root * b, 1e-300), SMALLEST_BALL, LARGEST_BALL)
