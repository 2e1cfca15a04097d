"""The drivers' spread over a ball of errors: norms more, and the passes by which any formulation of mean powers meets it.

The ball is that of `driver_spread.case = "ball"`, the size of one driver's deviation ε: all errors together, so that most drawn
devices of several drivers lie outside. With `driver_spread.percentile` draws calibrate its size.

Let the drivers have relative errors e, alike at all points and Σ|e_l|² <= ε². At a point h_p they change the response by
|Σ h_pl e_l w_l| <= ε ||h_p ∘ w||, as Cauchy and Schwarz have it, with equality for one e. So, with the triangle's
inequality over the points, the root of the mean power over the dark points is at most, and that over those to reach
at least,

    ||B^½ w|| + ε ||D^½ w||,     ||A^½ w|| - ε ||E^½ w||,   D and E the diagonals of B and A.

Each bound is attained by some e where there is one point, though not both by the same e: their ratio is a guarantee, and
at most a little stricter than the worst there is. The curve is held by it:

    ||A^½ w|| >= √γ (a + b + c),   a = ||B^½ w||,  b = ε ||D^½ w||,  c = ε ||E^½ w|| / √γ.

For a, b, c >= 0, as Cauchy and Schwarz have it again,

    (a + b + c)² = min of a²/θ_a + b²/θ_b + c²/θ_c over θ >= 0 with θ_a + θ_b + θ_c = 1,   attained at θ ∝ (a, b, c),

so for given θ the worst case *is* a mean power, that of

    B_θ = B/θ_a + ε² D/θ_b + ε² E/(γ θ_c),

and whatever minimises or bounds w^H B w does the same with B_θ. A pass takes θ from the last weights: these have the
same worst case as before and stay within every bound, so no pass gets worse. Where the power that is reached is one
point's, which is fixed, the sum is convex in θ and w together, and the passes end in the best of all. The γ in c is the
one that is asked, or the worst ratio of the last weights where that is less: with it these weights have just this
ratio, and any that have a larger one under B_θ have a larger one in the worst case.

**Drawn devices.** A drawn device has the factors 1 + e_l = 10^(g_l/20) e^{jφ_l}, g_l and φ_l normal with the spread's
deviations. Its weights are (1 + e) ∘ w, so its ratio is that of two quadratic forms, rows R with R^H R = A and B.

Within the design the percentile is a ball of errors whose size the draws calibrate. The guarantee of
a ball of ρ deviations is

    r = ((α - ρ c) / (a + ρ b))²,     α = ||A^½ w||, c = ε ||E^½ w||, a = ||B^½ w||, b = ε ||D^½ w||,

so the ball whose guarantee is the percentile r of w itself has ρ = (α - √r a) / (c + √r b): between 1 and 2 for the 5th
percentile, and nearly the same for weights that are near to each other. A pass takes ρ from the last weights and looks for the
best weights in that ball; where the passes settle the curve is met by the percentile. The draws of the design have a seed of
their own: what judges it afterwards (`designer.evaluation.tolerance`) has not been seen.

Source: Vorobyov, Gershman and Luo, Robust adaptive beamforming using worst-case performance optimization (IEEE Trans.
Signal Processing 51, 2003) for the norms; majorise-minimise for the passes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

import numpy as np

from designer.arrays import Complex, Real
from designer.measures import few_rows, mean_power, mean_power_rows, ratio
from designer.requirements.target import ChannelTarget

Answer = TypeVar("Answer")
MOST_PASSES = 60
SETTLED_DB = 0.01
"""A pass that changes ratio and effort by less is the last."""
EDGE = 1e-6
"""θ stays this far from 0."""
LEAST_RATIO = 1e-3
"""Stand-in for a worst ratio of weights whose whole level the drivers' errors may take."""

DRAWS, SEED = 1000, 271
BLOCK = 32
"""Frequencies whose draws are held at once."""
SMALLEST_BALL, LARGEST_BALL = 0.1, 10.0


def worst_gain(target: ChannelTarget, w: Complex) -> Real:
    """The least mean power over the bright points, over the most over the dark points (F,)."""
    target = target.over_regions()
    deviation = _deviation(target, w)
    level, loss = norms(target.bright, deviation, w)
    return ratio(np.maximum(level - loss, 0.0) ** 2, np.square(sum(norms(target.dark, deviation, w))))


def _deviation(target: ChannelTarget, w: Complex) -> Real:
    """The radius of the ball of errors (F,): ε, or the size that makes its guarantee the percentile over drawn devices."""
    scale = np.ones(len(w)) if target.percentile is None else ball_scale(target, w)
    return np.asarray(np.sqrt(target.spread) * scale)


def shares(*sizes: Real) -> tuple[Real, ...]:
    """θ of norms (F,): each one's share of their sum, kept away from 0."""
    total = np.maximum(sum(sizes), 1e-300)
    return tuple(np.maximum(size / total, EDGE) for size in sizes)


def settled(first: Answer, again: Callable[[Answer], Answer], judged_db: Callable[[Answer], Real]) -> Answer:
    """The answer after passes, each from the last one, until what is judged in dB changes no more."""
    answer, now = first, judged_db(first)
    for _ in range(MOST_PASSES):
        answer = again(answer)
        before, now = now, judged_db(answer)
        if (np.abs(now - before) < SETTLED_DB).all():
            break
    return answer


def hardened(target: ChannelTarget, w: Complex) -> ChannelTarget:
    """The target whose mean power over the dark points is w^H B_θ w, with θ from weights (F, L)."""
    target = target.over_regions()
    count, points, size = target.dark.shape
    deviation = _deviation(target, w)
    gamma = np.maximum(worst_gain(target, w), LEAST_RATIO)
    if target.gamma is not None:
        gamma = np.minimum(gamma, target.gamma)
    a, b = norms(target.dark, deviation, w)
    c = norms(target.bright, deviation, w)[1] / np.sqrt(gamma)
    theta_a, theta_b, theta_c = shares(a, b, c)
    D, E = (np.mean(np.abs(points_of) ** 2, axis=1) for points_of in (target.dark, target.bright))
    alone = deviation[:, None] * np.sqrt(D / theta_b[:, None] + E / (gamma * theta_c)[:, None])
    # Their mean is over `size` points more.
    rows = np.sqrt((points + size) / points / theta_a)[:, None, None] * target.dark
    more = np.sqrt(points + size) * alone[:, :, None] * np.eye(size)
    dark = np.concatenate([rows, more], axis=1)
    assert dark.shape == (count, points + size, size)
    return replace(target, dark=dark, worst_case=False, percentile=None, spread_in_powers=False)


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
        bright, dark = (_powers(points[part], w[part], devices) for points in (target.bright, target.dark))
        out[part] = np.percentile(ratio(bright, dark), percentile, axis=1)
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
    (alpha, c), (a, b) = (norms(points, deviation, w) for points in (target.bright, target.dark))
    return np.clip((alpha - root * a) / np.maximum(c + root * b, 1e-300), SMALLEST_BALL, LARGEST_BALL)
