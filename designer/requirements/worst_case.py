"""Curves held at every place and over a ball of the drivers' errors: norms more, and the passes by which any formulation of mean
powers meets them.

The ball is that of `hold = "every"`, the size of one driver's deviation ε: all errors together, so that most drawn
devices of several drivers lie outside. With `hold = PERCENTILE` draws calibrate its size.

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

**Every place.** A place is a pair of one bright and one dark point (an ear's displacement, or a beam's dark azimuth), and each has
the bounds above, with a_g, b_g, c_g and α_g of its own points: what is held is the least of their ratios. Let r_g be the ratio at place
g, which is α_g²/(w^H B_g w) where there is no spread. With μ_g >= 0, Σμ_g = 1, and α² = w^H A w of the last weights,

    B_μ = Σ_g μ_g (α²/α_g²) B_g   has   w^H A w / w^H B_μ w = 1 / Σ_g μ_g/r_g  >=  min_g r_g    at these weights,

so a pass that meets the curve with B_μ meets it in a weighted harmonic mean over the places, and at every place once those with
μ_g > 0 have one ratio and the others more: the conditions of complementary slackness for the multipliers μ. Until then κB_μ, κ that
mean over the least (or over the percentile), has the latter as the ratio of these weights. Lawson's step,
μ_g ∝ μ_g √(1/r_g), has no other fixed points; r_g is of power, hence the root. The multipliers go from pass to pass.

**Drawn devices.** A drawn device has the factors 1 + e_l = 10^(g_l/20) e^{jφ_l}, g_l and φ_l normal with the spread's
deviations. Its weights are (1 + e) ∘ w, so its ratio is that of two quadratic forms, rows R with R^H R = A and B.

Within the design the percentile is a ball of errors whose size the draws calibrate. The guarantee of
a ball of ρ deviations is

    r = ((α - ρ c) / (a + ρ b))²,     α = ||A^½ w||, c = ε ||E^½ w||, a = ||B^½ w||, b = ε ||D^½ w||,

so the ball whose guarantee is the percentile r of w itself has ρ = (α - √r a) / (c + √r b): between 1 and 2 for the 5th
percentile, and nearly the same for weights that are near to each other. A pass takes ρ from the last weights and looks for the
best weights in that ball; where the passes settle the curve is met by the percentile. The draws of the design have a seed of
their own: what judges it afterwards (`designer.evaluation.tolerance`) has not been seen.

With places the percentile is over these and the devices together, and ρ is the least over the places: the worst guarantee is then r.

Source: C. L. Lawson, Contributions to the theory of linear least maximum approximation (1961) for the step over places;
Vorobyov, Gershman and Luo, Robust adaptive beamforming using worst-case performance optimization (IEEE Trans. Signal Processing 51,
2003) for the norms; majorise-minimise for the passes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import TypeVar

import numpy as np

from designer.arrays import Complex, Real
from designer.measures import few_rows, mean_power, mean_power_matrix, mean_power_rows, ratio
from designer.requirements.target import ChannelTarget, JointPlaces, equivalent_points

Answer = TypeVar("Answer")
MOST_PASSES = 60
SETTLED_DB = 0.01
"""A pass that changes ratio and effort by less is the last."""
EDGE = 1e-6
"""θ stays this far from 0."""
LEAST_SHARE = 1e-4
"""A place keeps this share of the multipliers, from which it can rise again."""
LEAST_RATIO = 1e-3
"""Stand-in for a worst ratio of weights whose whole level the drivers' errors may take."""

DRAWS, SEED = 1000, 271
BLOCK = 32
"""Frequencies whose draws are held at once."""
SMALLEST_BALL, LARGEST_BALL = 0.1, 10.0


def worst_gain(target: ChannelTarget, w: Complex) -> Real:
    """The least mean power over the bright points, over the most over the dark points (F,), at the worst place."""
    return np.asarray(place_gains(target, w).min(axis=1))


def place_gains(target: ChannelTarget, w: Complex, drawn: Real | None = None) -> Real:
    """Ratio of `worst_gain` at each place (F, G); all points together are one where the target has no places.

    Parameters
    ----------
    drawn : (F,) float array or None, `drawn_gain` of the weights where it is known

    """
    target = target.over_regions()
    return _guarantees(*_place_norms(target, _deviation(target, w, drawn), w))


def _guarantees(bright: tuple[Real, Real], dark: tuple[Real, Real]) -> Real:
    return ratio(np.maximum(bright[0] - bright[1], 0.0) ** 2, np.square(dark[0] + dark[1]))


def places(target: ChannelTarget) -> tuple[Complex, Complex]:
    """Bright and dark points of each place (F, G, M, L)."""
    if target.joint_places is not None:
        return target.joint_places.bright, target.joint_places.dark
    if not target.each_place:
        return target.bright[:, None], target.dark[:, None]
    bright, dark = target.bright[:, :, None] if target.paired else target.bright[:, None], target.dark[:, :, None]
    return np.broadcast_to(bright, (len(bright), max(bright.shape[1], dark.shape[1]), *bright.shape[2:])), dark


def of_all_curves(target: ChannelTarget) -> ChannelTarget:
    """The target whose places are those of every curve: dark points of a curve γ_c over the first, γ, are √(γ_c/γ) as loud.

    Beside an ear's displacements, which are pairs, each dark point of another listener stands against the mean over the bright points;
    beside an ear's heads, of which a percentile is held, each head of another listener does.
    """
    if not target.dark_curves or not target.over_a_ball:
        return target
    assert target.gamma is not None
    parts = [places(target.of_curve_alone)]
    for group in target.held_groups:
        assert group.gamma is not None
        bright, alone = places(target.of_dark_curve(group))
        parts.append((bright, alone * np.sqrt(group.gamma / target.gamma)[:, None, None, None]))
    if target.joint_places is not None:  # clouds, ears and regions have different numbers of points
        parts = [(_as_many_rows(bright), _as_many_rows(dark)) for bright, dark in parts]
    most = max(bright.shape[2] for bright, _ in parts)
    copies = [np.broadcast_to(bright, (*bright.shape[:2], most, bright.shape[3])) for bright, _ in parts]
    curve = np.repeat(np.arange(len(parts)), [dark.shape[1] for _, dark in parts])
    joint = JointPlaces(np.concatenate(copies, axis=1), np.concatenate([dark for _, dark in parts], axis=1), curve)
    return replace(target.in_mean, joint_places=joint)


def _as_many_rows(points: Complex) -> Complex:
    """L points (F, G, L, L) of the mean power of each place's (F, G, M, L)."""
    frequencies, groups, _, drivers = points.shape
    power = mean_power_matrix(points.reshape(-1, *points.shape[2:]))
    return equivalent_points(power).reshape(frequencies, groups, drivers, drivers)


def _place_norms(target: ChannelTarget, deviation: Real, w: Complex) -> tuple[tuple[Real, Real], tuple[Real, Real]]:
    """`norms` of the bright and of the dark points of each place, each (F, G)."""

    def of(points: Complex) -> tuple[Real, Real]:
        count, size = points.shape[:2]
        level, more = norms(points.reshape(-1, *points.shape[2:]), deviation.repeat(size), w.repeat(size, axis=0))
        return level.reshape(count, size), more.reshape(count, size)

    bright, dark = places(target)
    return of(bright), of(dark)


def uniform_shares(target: ChannelTarget) -> Real:
    """μ (F, G) of the first pass."""
    count = places(target.over_regions())[1].shape[1]
    return np.full((target.frequency_hz.size, count), 1 / count)


def next_pass(target: ChannelTarget, w: Complex, share: Real, drawn: Real | None = None) -> tuple[ChannelTarget, Real]:
    """The next pass: its hardened target and its μ (F, G), from weights (F, L), μ and `drawn` of the last one, as in `place_gains`."""
    if drawn is None and target.percentile is not None:
        drawn = drawn_gain(target, w)
    share = lawson_shares(target, w, share, drawn)
    return hardened(target, w, share, drawn), share


def lawson_shares(target: ChannelTarget, w: Complex, share: Real, drawn: Real | None = None) -> Real:
    """μ (F, G) of the next pass, from those of the last and its weights (F, L)."""
    gains = np.maximum(place_gains(target, w, drawn), 1e-30)
    share = share * np.sqrt(gains.min(axis=1, keepdims=True) / gains)
    share = np.maximum(share / share.sum(axis=1, keepdims=True), LEAST_SHARE)
    return np.asarray(share / share.sum(axis=1, keepdims=True))


def _deviation(target: ChannelTarget, w: Complex, drawn: Real | None = None) -> Real:
    """The radius of the ball of errors (F,): ε, or the size that makes its guarantee the percentile over drawn devices."""
    scale = np.ones(len(w)) if target.percentile is None else ball_scale(target, w, drawn)
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


def hardened(target: ChannelTarget, w: Complex, share: Real | None = None, drawn: Real | None = None) -> ChannelTarget:
    """The target whose mean power over the dark points is w^H B_θ w, with θ from weights (F, L) and μ (F, G), uniform by default."""
    target = target.over_regions()
    bright, dark = places(target)
    count, groups, points, size = dark.shape
    if target.percentile is not None and drawn is None:
        drawn = drawn_gain(target, w)
    deviation = _deviation(target, w, drawn)
    (level, c), (a, b) = _place_norms(target, deviation, w)
    gains = np.maximum(_guarantees((level, c), (a, b)), LEAST_RATIO)
    least = gains.min(axis=1) if drawn is None else np.maximum(drawn, LEAST_RATIO)
    gamma = least if target.gamma is None else np.minimum(least, target.gamma)
    theta_a, theta_b, theta_c = shares(a, b, c / np.sqrt(gamma)[:, None])
    # κ μ_g α²/α_g², where κ is the harmonic mean over what is held
    share = uniform_shares(target) if share is None else share
    share = share / np.sum(share * least[:, None] / gains, axis=1, keepdims=True)
    share = share * mean_power(target.bright, w)[:, None] / np.maximum(level, 1e-300) ** 2
    D, E = (np.mean(np.abs(points_of) ** 2, axis=2) for points_of in (dark, bright))
    alone = share[..., None] * (D / theta_b[..., None] + E / (gamma[:, None] * theta_c)[..., None])
    # The mean is over all rows.
    total = groups * points + size
    rows = np.sqrt(total / points * share / theta_a)[:, :, None, None] * dark
    more = (np.sqrt(total) * deviation)[:, None, None] * np.sqrt(alone.sum(axis=1))[:, :, None] * np.eye(size)
    dark = np.concatenate([rows.reshape(count, -1, size), more], axis=1)
    assert dark.shape == (count, total, size)
    return replace(
        target,
        dark=dark,
        worst_case=False,
        percentile=None,
        each_place=False,
        joint_places=None,
        spread_in_powers=False,
    )


def norms(points: Complex, deviation: Real | float, w: Complex) -> tuple[Real, Real]:
    """||B^½ w|| and ε ||D^½ w||, each (F,), over points (F, M, L)."""
    diagonal = np.mean(np.abs(points) ** 2, axis=1)
    return np.sqrt(mean_power(points, w)), deviation * np.sqrt(np.sum(diagonal * np.abs(w) ** 2, axis=1))


def factors(target: ChannelTarget, count: int = DRAWS, seed: int = SEED) -> Complex:
    """1 + e of drawn devices (N, L)."""
    return _factors(target.deviations, count, target.cost.shape[1], seed)


@lru_cache(maxsize=8)
def _factors(deviations: tuple[float, float], count: int, drivers: int, seed: int) -> Complex:
    level, turn = np.random.default_rng(seed).standard_normal((2, count, drivers))
    drawn = np.asarray(10 ** (deviations[0] * level / 20) * np.exp(1j * np.radians(deviations[1]) * turn))
    drawn.flags.writeable = False
    return drawn


def drawn_gain(target: ChannelTarget, w: Complex) -> Real:
    """The target's percentile of the power ratio over places and drawn devices (F,), of weights (F, L): the least of several curves'."""
    percentile = target.percentile
    assert percentile is not None
    target, devices = target.over_regions(), factors(target, DRAWS if target.spread else 1).T
    out = np.empty(len(w))
    for start in range(0, len(w), BLOCK):
        part = slice(start, start + BLOCK)
        bright, dark = places(target.at(part))
        ratios = [
            ratio(*(_powers(points[:, g], w[part], devices) for points in (bright, dark))) for g in range(dark.shape[1])
        ]
        joint = target.joint_places
        curve = np.zeros(len(ratios), dtype=int) if joint is None else joint.curve
        of_curves = [[ratios[g] for g in np.flatnonzero(curve == c)] for c in range(curve.max() + 1)]
        least = [np.percentile(np.concatenate(of_one, axis=1), percentile, axis=1) for of_one in of_curves]
        out[part] = np.min(least, axis=0)
    return out


def _powers(points: Complex, w: Complex, devices: Complex) -> Real:
    """Mean power over points (F, M, L) of each device (F, N); devices (L, N)."""
    rows = few_rows(mean_power_rows(points)) * w[:, None]
    p = (
        rows @ devices
    )  # frequency by frequency: products of all of them are shared by threads, which wait longer than they compute
    return np.asarray(np.sum(p.real**2 + p.imag**2, axis=1))


def ball_scale(target: ChannelTarget, w: Complex, drawn: Real | None = None) -> Real:
    """ρ (F,), the size of the ball whose guarantee for weights (F, L) is their percentile, `drawn` where it is known."""
    root = np.sqrt(drawn_gain(target, w) if drawn is None else drawn)
    (alpha, c), (a, b) = _place_norms(target.over_regions(), np.full(len(w), np.sqrt(target.spread)), w)
    sizes = (alpha - root[:, None] * a) / np.maximum(c + root[:, None] * b, 1e-300)
    return np.asarray(np.clip(sizes.min(axis=1), SMALLEST_BALL, LARGEST_BALL))
