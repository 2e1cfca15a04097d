"""The data of the constrained form: a target with its levels scaled to 1, all frequencies at once.

**The largest level that hard limits allow**, at the point whose phase is kept:

    maximise    |h w|
    subject to  |w_l| <= g_l,   ||w|| <= e

Phases are free, so every term of Σ h_l w_l can point the same way: maximise Σ |h_l| m_l with 0 <= m_l <= g_l and
||m|| <= e. The multiplier of the norm makes it m_l = min(g_l, ρ |h_l|), and ρ is the largest for which ||m|| <= e. The
gains bind one after another as ρ passes the sorted g_l/|h_l|; between two of them

    S(ρ) = Σ |h_l| m_l = Σ_bound |h_l| g_l + ρ Σ_free |h_l|²,   N(ρ)² = ||m||² = Σ_bound g_l² + ρ² Σ_free |h_l|²,

so N(ρ) = e is solved in closed form, and S(ρ) is the level; without a binding norm m = g.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from designer.arrays import Complex, Index, Real
from designer.measures import few_rows, mean_power_matrix, mean_power_rows
from designer.requirements.target import ChannelTarget

EFFORT_PRICE = 1e-3
"""ε: 10 dB of effort weighs as much as a mean of -20 dB where nothing is wanted."""
SLACK_PRICE = 100.0
"""σ: far above what any requirement's multiplier reaches while the requirements hold together."""
NULL_PRICE = 100.0
"""How much more the nulls weigh than the rest, where they are to be as deep as the rest allows."""
INSIDE = 1 - 1e-6
"""How far inside the hard limits a lowered level stays, so that the cones keep an interior."""
NO_LIMIT = 1e3
"""Stand-in for a limit where there is none at some of the frequencies (60 dB)."""

SAME = 1e-9
"""Numbers this near to each other, relative to the largest of their kind, are the same."""
PROBED = 4
"""Frequencies at which points are compared first."""

Curve = tuple[str, Complex, Real]
"""A ratio of mean powers: its name, B^(1/2) (F, R, L) of the dark points, and its limit (F,)."""
Family = tuple[str, Complex, Real, Complex | float]
"""A requirement over points: its name, the points (F, M, L), its limit (F,), and the pressure wanted there (F, M) or one number."""


@dataclass(frozen=True, kw_only=True)
class ConstrainedData:
    """The data of all frequencies, levels scaled to 1: what the cones and the cvxpy statement are both made of."""

    centre: Complex  # (F, L)
    quadratic: Complex  # (F, L, L): dark points and ε P
    families: tuple[Family, ...]
    curves: tuple[Curve, ...]
    max_gain: Real  # (F, L)
    max_norm: Real  # (F,)
    white_noise: Complex | None = None  # (F, L): Re(. w) + white_noise_slack >= ||w||
    white_noise_slack: Real | float = 0.0  # (F,)
    level: Real | None = None  # (F,) share of the plain driver's level that the hard limits allow; None is all of it
    slack_price: float = SLACK_PRICE
    spreads: tuple[Real, ...] = ()  # a family's ε |h| (F, M, L), the drivers' spread at its points; empty without one
    slack_counts: tuple[float, ...] = ()  # how many requirements each slack stands for; empty is one each

    @property
    def requirements(self) -> tuple[str, ...]:
        """Names of the slacks."""
        names = [name for name, _, _, _ in self.families]
        return (*names, *(name for name, _, _ in self.curves))

    def at(self, index: Index) -> ConstrainedData:
        """Data at some of the frequencies."""
        return replace(
            self,
            centre=self.centre[index],
            quadratic=self.quadratic[index],
            families=tuple(
                (name, points[index], limit[index], np.asarray(pressure)[index] if np.ndim(pressure) else pressure)
                for name, points, limit, pressure in self.families
            ),
            curves=tuple((name, root[index], limit[index]) for name, root, limit in self.curves),
            max_gain=self.max_gain[index],
            max_norm=self.max_norm[index],
            white_noise=None if self.white_noise is None else self.white_noise[index],
            white_noise_slack=np.broadcast_to(self.white_noise_slack, len(self.centre))[index],
            level=None if self.level is None else self.level[index],
            spreads=tuple(spread[index] for spread in self.spreads),
        )

    @property
    def slack_prices(self) -> Real:
        """The price of each slack."""
        return self.slack_price * np.array(self.slack_counts or [1.0] * len(self.requirements))


def data_of(target: ChannelTarget, rise: Real) -> ConstrainedData:
    """Scale a target so that h_c w = 1 is the plain driver's level; `rise` is the cloud's mean power over its centre's."""
    count = target.frequency_hz.size
    centre_level = target.plain_level / np.sqrt(rise)  # |h_c w|
    louder = target.plain_level / target.single_level  # what turns Σ|w|² into effort
    scale = 1 / centre_level[:, None, None]
    quiet = mean_power_matrix(target.quiet * scale, target.power_spread)
    if target.deepest_nulls:
        quiet = quiet + NULL_PRICE * mean_power_matrix(target.dark * scale, target.power_spread)
    cost = EFFORT_PRICE * (target.cost / louder[:, None] ** 2)[:, :, None] * np.eye(target.cost.shape[1])
    families: list[Family] = [
        (mask.label, mask.points * scale, np.where(np.isfinite(mask.limit), mask.limit, NO_LIMIT), 0.0)
        for mask in target.masks
    ]
    if target.window is not None:
        ripple = np.full(count, target.window.ripple)
        families.append((target.window.label, target.window.points * scale, ripple, 1.0))
    spreads = (
        tuple(np.sqrt(target.point_spread) * np.abs(points) for _, points, _, _ in families) if target.spread else ()
    )
    curves = tuple(
        (name, few_rows(mean_power_rows(dark * scale, target.power_spread)), np.sqrt(rise / gamma))
        for name, dark, gamma in target.curves
    )
    white_noise = None
    is_one_point = target.bright.shape[1] == 1 and np.array_equal(target.bright[:, 0], target.look)
    if target.min_white_noise_gain > 0 and not is_one_point:
        distance = 1.0 if np.isinf(target.look_distance_m) else target.look_distance_m
        strongest = np.abs(target.centre).argmax(axis=1)[:, None]
        at_look = np.take_along_axis(target.look, strongest, 1)
        phase = at_look / np.take_along_axis(target.centre, strongest, 1)
        anchor = np.abs(phase) / phase
        white_noise = target.look * distance / np.sqrt(target.min_white_noise_gain) * anchor
    centre = target.centre * scale[:, 0]
    max_gain = target.gain_limit
    # Effort is relative to the level: a limit below the least that reaches the point is out of reach at any level.
    least = 1 / np.maximum(np.linalg.norm(centre, axis=1), 1e-300)
    max_norm = np.maximum(np.sqrt(target.max_effort) * louder, least / INSIDE)
    level = share_of_level(np.abs(centre), max_gain, max_norm)
    level = np.where(level < 1, level * INSIDE, 1.0)
    return ConstrainedData(
        centre=centre,
        quadratic=quiet + cost,
        families=tuple(families),
        curves=curves,
        max_gain=max_gain / level[:, None],
        max_norm=max_norm,
        white_noise=white_noise,
        level=level,
        spreads=spreads,
    )


def same(a: Complex | Real, b: Complex | Real) -> bool:
    """Whether two arrays of one shape hold the same numbers."""
    return bool(np.abs(a - b).max(initial=0.0) <= SAME * np.abs(a).max(initial=0.0))


def same_point(first: Complex, second: Complex) -> Index:
    """For each point of the first (F, M, L) the earliest of the second that may be the same (M,): to be checked by `same`.

    Points are compared by their shadows on one direction, at a few frequencies.
    """
    probe = np.random.default_rng(0).normal(size=first.shape[2])
    few = np.unique(np.linspace(0, len(first) - 1, PROBED).astype(int))
    shadow, second_shadow = (first[few] @ probe).T, (second[few] @ probe).T
    distance = np.abs(shadow[:, None] - second_shadow[None]).max(axis=2)
    return np.asarray((distance <= SAME * np.abs(shadow).max(initial=0.0)).argmax(axis=1))


def without_repeats(data: ConstrainedData) -> ConstrainedData:
    """Problem without each family's repeated points; repeated constraints change nothing."""
    families: list[Family] = []
    spreads = []
    for i, (name, points, limit, pressure) in enumerate(data.families):
        index = np.arange(points.shape[1])
        earliest = same_point(points, points)
        aimed = np.broadcast_to(np.asarray(pressure), points.shape[:2])
        if same(points, points[:, earliest]) and same(aimed, aimed[:, earliest]):
            index = index[earliest == index]
        families.append((name, points[:, index], limit, pressure if np.ndim(pressure) == 0 else aimed[:, index]))
        if data.spreads:
            spreads.append(data.spreads[i][:, index])
    return replace(data, families=tuple(families), spreads=tuple(spreads))


def share_of_level(magnitude: Real, max_gain: Real, max_norm: Real) -> Real:
    """The largest share t <= 1 of the level |h w| = 1 that the gains allow, the norm being relative to the level (F,).

    That is the largest t for which w' = w/t with |h w'| = 1, |w'_l| <= g_l/t and ||w'|| <= e exists; e must allow |h
    w'| = 1 by itself, or t is 0. With m = t m' = min(g, ρ|h|) the level makes t = S(ρ), and the norm N(ρ) <= e S(ρ); N/S
    grows with ρ, so between two bends N² = e²S² is a quadratic in ρ:

        Σ_free |h|² (1 - e² Σ_free |h|²) ρ² - 2e² Σ_bound |h| g Σ_free |h|² ρ + Σ_bound g² - e² (Σ_bound |h| g)² = 0
    """
    filling = _Filling.of(magnitude, max_gain)
    level, norm = filling.at_bends()
    e = np.minimum(max_norm, 1e50)
    gh, gg, hh = filling.sums(np.sum(norm <= e[:, None] * level, axis=1))
    a, b, c = hh * (1 - e**2 * hh), e**2 * gh * hh, gg - (e * gh) ** 2
    limited = a > 0  # else the free drivers alone keep to the norm, whatever ρ is
    rho = (b + np.sqrt(np.maximum(b**2 - a * c, 0.0))) / np.where(limited, a, 1.0)
    return np.minimum(1.0, np.where(limited | (hh == 0), gh + rho * hh, 1.0))


@dataclass(frozen=True)
class _Filling:
    """m(ρ) = min(g, ρ|h|) with the drivers sorted by the ρ at which their gain binds."""

    bend: Real  # (F, L) g/|h|, rising; inf where nothing binds
    gain: Real  # (F, L) g in that order, 0 where it never binds
    magnitude: Real  # (F, L) |h|

    @classmethod
    def of(cls, magnitude: Real, max_gain: Real) -> _Filling:
        binds = (magnitude > 0) & np.isfinite(max_gain)
        bend = np.where(binds, max_gain, np.inf) / np.where(binds, magnitude, 1.0)
        order = np.argsort(bend, axis=1)
        gain = np.take_along_axis(np.where(binds, max_gain, 0.0), order, axis=1)
        return cls(np.take_along_axis(bend, order, axis=1), gain, np.take_along_axis(magnitude, order, axis=1))

    def sums(self, bound: Index) -> tuple[Real, Real, Real]:
        """Σ_bound |h| g, Σ_bound g² and Σ_free |h|², each (F,), with so many bound (F,)."""
        first = np.arange(self.bend.shape[1]) < bound[:, None]
        gh, gg = np.where(first, self.gain * self.magnitude, 0.0), np.where(first, self.gain**2, 0.0)
        return gh.sum(axis=1), gg.sum(axis=1), np.where(first, 0.0, self.magnitude**2).sum(axis=1)

    def at_bends(self) -> tuple[Real, Real]:
        """S(ρ) and N(ρ), each (F, L), at every bend: NaN at those that are never reached."""
        finite = np.isfinite(self.bend)
        rho = np.where(finite, self.bend, 0.0)
        # All that bend later are free; those that bend here fit either sum.
        free = np.cumsum(self.magnitude[:, ::-1] ** 2, axis=1)[:, ::-1]
        before = np.cumsum(self.gain * self.magnitude, axis=1) - self.gain * self.magnitude
        before_2 = np.cumsum(self.gain**2, axis=1) - self.gain**2
        level = before + rho * free
        return level, np.where(finite, np.sqrt(np.maximum(before_2, 0.0) + rho**2 * free), np.nan)
