"""Sections that hold the requirements themselves: the refinement pays for leaving a curve, a mask or a limit.

    minimise    Σ_k e^H C e  +  Σ_g,k r_g(k) dist²(p_g(k), S_g(k)),      p_g = H_g (wanted + e),

S_g the pressures that a requirement allows at its points (see `held_requirements.py`). Few sections cannot follow the weights
everywhere, and the least sum of squares lets them miss where a curve binds; but a curve, a limit and a decibel of tone leave
room, and sections that use it hold them all. The distance to a convex set has the slope p - proj(p), and where p is outside
a root mean square's ball its square has, to first order, the matrix v v^H, v = H^H p / |p|; where it is inside it has none, so
that nothing binds there. Both enter Gauss and Newton's equations beside C.

r grows from stage to stage until all is held; the levels that limits are relative to are taken anew at each stage.

Two conditions beside the file's requirements bind few sections: a level and a headroom. The level at the bright points stays within a
decibel of the weights' level; up to the band's end its phase is left to the sum of squares, because a steep lower fade turns the phase of
sections. No driver is fed more than the largest feed of the weights: without this, two drivers could play against each other below
their band, and hold the level with 20 dB more.

Source: J. Nocedal and S. Wright, Numerical Optimization, 2nd ed. (2006), section 17.1, the quadratic penalty method.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np

from designer.arrays import Complex, Index, Real
from designer.measures import amplitude_db, pressure
from designer.realization.cascade import Cascade
from designer.realization.held_requirements import (
    HELD_DB,
    MARGIN_DB,
    TONE_BAND_HZ,
    Held,
    Rows,
    feed_within,
    root_mean_square,
)
from designer.realization.section_fit import SectionProblem, refine
from designer.requirements.target import ChannelTarget

STAGES, STEPS, GROWTH = 20, 15, 2.5
TONE_DB = 1.0
"""Largest deviation of the level at the bright points from that of the weights."""
HEADROOM_DB = 0.3
"""Largest excess of a driver's feed over the largest feed of the weights, at least 0 dB."""
MIN_RELATIVE_FALL = 1e-4
"""A relative fall of the sum that ends a stage."""


class HeldLevel(Held):
    """Level within its limit above and below the level of the weights, in any phase."""

    def least_size(self, radius: Real) -> Real:
        """The level (J,) as far below the weights' level as a radius (J,) is above it."""
        return np.asarray(radius * 10 ** (MARGIN_DB / 10) / self.limit**2)

    def excess_db(self, w: Complex) -> float:
        """Largest excess in dB of the level of weights (K, L) over frequency."""
        ratio = self.size(self.rows.pressure(w[self.index])) / np.maximum(self.level, 1e-150)
        return float(np.maximum(np.abs(amplitude_db(ratio)) - amplitude_db(self.limit), 0.0).max(initial=0.0))


def tone_of(target: ChannelTarget, weights: Complex) -> list[Held]:
    """The level that the weights (K, L) reach at the bright points, in the band and outside it, within TONE_DB.

    Above the band the pressure itself is within as much of the weights': the fit's steps are wider there than a resonance may be, and a
    level alone would let the pressure turn through 0 between two of them.
    """
    f = target.frequency_hz
    heard = (f >= TONE_BAND_HZ[0]) & (f <= TONE_BAND_HZ[1])
    above = f > f[target.in_band].max(initial=0.0)
    ratio = 10 ** (TONE_DB / 20)

    def held(name: str, at: Index, kind: type[Held], offset_share: float, limit: float) -> Held:
        points = target.bright[at]
        pressures = pressure(points, weights[at])
        level_rows = Rows(np.zeros_like(points), pressures)
        levels, limits = root_mean_square(pressures), np.full(at.size, limit)
        return kind(name, at, Rows(points, offset_share * pressures), level_rows, levels, limits, together=True)

    return [
        held("the level in the band", np.flatnonzero(heard & ~above), HeldLevel, 0.0, ratio),
        held("the level above the band", np.flatnonzero(heard & above), Held, -1.0, ratio - 1),
    ]


def headroom_of(weights: Complex) -> list[Held]:
    """Each driver's feed at all frequencies: at most HEADROOM_DB above the largest feed of the weights (K, L), or above the channel."""
    count, everywhere = weights.shape[1], np.arange(len(weights))
    limit = np.full(everywhere.size, max(float(np.abs(weights).max()), 1.0) * 10 ** (HEADROOM_DB / 20))
    return [feed_within(f"headroom of driver {driver}", driver, count, everywhere, limit) for driver in range(count)]


@dataclass(frozen=True)
class Pull:
    """One requirement as it pulls: the pressures' radius (J,) and the weight r (J,) on the mean square of what is beyond it."""

    requirement: Held
    radius: Real
    weight: Real


@dataclass(frozen=True)
class MeanPulls:
    """The pulls on root mean squares, over all their frequencies one behind another (J,)."""

    index: Index  # (J,) of the fit's frequencies
    form: Complex  # G (J, L + 1, L + 1) of `Held.form`
    least: Real  # (J,) the root mean square is to lie between
    most: Real  # (J,)
    weight: Real  # (J,)
    edges: Index  # where each pull begins and the last ends

    @classmethod
    def of(cls, pulls: Sequence[Pull]) -> MeanPulls:
        """One or more pulls."""
        held = [pull.requirement for pull in pulls]
        least = [h.least_size(pull.radius) for h, pull in zip(held, pulls, strict=True)]
        return cls(
            np.concatenate([h.index for h in held]),
            np.concatenate([h.form for h in held]),
            np.concatenate(least),
            np.concatenate([pull.radius for pull in pulls]),
            np.concatenate([pull.weight for pull in pulls]),
            np.cumsum([0, *(h.index.size for h in held)]),
        )

    def sizes(self, w: Complex) -> tuple[Real, Real, Complex]:
        """Root mean squares (J,) of weights (K, L), how far beyond what is allowed (J,), and half the slopes of their squares (J, L)."""
        x = np.concatenate([w, np.ones((len(w), 1))], axis=1)[self.index]
        slope = np.matmul(self.form, x[:, :, None])[:, :, 0]
        size = np.sqrt(np.maximum(np.einsum("jl,jl->j", x.conj(), slope).real, 0.0))
        return size, size - np.clip(size, self.least, self.most), slope[:, :-1]

    def outside(self, w: Complex) -> Iterator[tuple[Index, Complex, Complex]]:
        """Frequencies (j,) of each pull at which weights (K, L) are outside, none twice, with its matrices (j, L, L) and slopes (j, L)."""
        size, beyond, toward = self.sizes(w)
        outside = np.flatnonzero(beyond)
        size, toward, weight = np.maximum(size[outside], 1e-150), toward[outside], self.weight[outside]
        moved = toward * (weight * (beyond[outside] / size))[:, None]
        toward = toward * (np.sqrt(weight) / size)[:, None]
        squares = toward[:, :, None] * toward.conj()[:, None, :]
        for first, last in pairwise(np.searchsorted(outside, self.edges).tolist()):
            yield self.index[outside[first:last]], squares[first:last], moved[first:last]


@dataclass(frozen=True)
class HeldSections(SectionProblem):
    """The sum with what the requirements add to it."""

    pulls: tuple[Pull, ...] = ()

    @cached_property
    def means(self) -> MeanPulls | None:
        """The pulls on root mean squares."""
        together = [pull for pull in self.pulls if pull.requirement.together]
        return MeanPulls.of(together) if together else None

    @cached_property
    def alone(self) -> tuple[Pull, ...]:
        """The pulls on each point by itself."""
        return tuple(pull for pull in self.pulls if not pull.requirement.together)

    def sum(self, errors: Complex) -> float:
        """The sum of errors (K, L)."""
        total, w = super().sum(errors), errors + self.weights
        if self.means is not None:
            total += float(np.sum(self.means.weight * self.means.sizes(w)[1] ** 2))
        for pull in self.alone:
            total += float(np.sum(pull.weight * np.mean(np.abs(self._beyond(pull, w)) ** 2, axis=1)))
        return total

    def quadratic(self, errors: Complex) -> tuple[Complex, Complex]:
        """The matrices (K, L, L) and slopes (K, L) of the sum at errors (K, L)."""
        symbol, slope = super().quadratic(errors)
        matrices, w = symbol.copy(), errors + self.weights
        for at, square, moved in self.means.outside(w) if self.means is not None else ():
            matrices[at] += square
            slope[at] += moved
        for pull in self.alone:
            H, at = pull.requirement.rows.points, pull.requirement.index
            beyond = self._beyond(pull, w)
            weight = pull.weight / beyond.shape[1]
            slope[at] += np.einsum("jml,jm->jl", H.conj(), beyond) * weight[:, None]
            active = H * (np.abs(beyond) > 0)[:, :, None]
            matrices[at] += active.conj().swapaxes(1, 2) @ active * weight[:, None, None]
        return matrices, slope

    def _beyond(self, pull: Pull, w: Complex) -> Complex:
        """How far each pressure (J, M) is beyond what is allowed."""
        p = pull.requirement.rows.pressure(w[pull.requirement.index])
        return np.asarray(p - pull.requirement.projected(p, pull.radius))


def largest_excess_db(filters: Sequence[Cascade], problem: SectionProblem, requirements: Sequence[Held]) -> float:
    """By how much cascades exceed the requirement that they hold least, at its worst frequency."""
    w = problem.errors(filters) + problem.weights
    return max((requirement.excess_db(w) for requirement in requirements), default=0.0)


def hold_sections(filters: Sequence[Cascade], problem: SectionProblem, requirements: Sequence[Held]) -> list[Cascade]:
    """Cascades that hold the requirements, begun at L refined ones, or come as near as was found; else they follow the problem."""
    best, least = list(filters), largest_excess_db(filters, problem, requirements)
    now, margin = best, 10 ** (-MARGIN_DB / 20)
    weights = [requirement.symbol_weight(problem.symbol) for requirement in requirements]
    for _ in range(STAGES):
        if least <= HELD_DB:
            break
        w = problem.errors(now) + problem.weights
        radii = [margin * requirement.limit * requirement.level_now(w) for requirement in requirements]
        pulls = tuple(Pull(*parts) for parts in zip(requirements, radii, weights, strict=True))
        held = HeldSections(problem.weights, problem.symbol, problem.turn, problem.radius, pulls)
        now = refine(now, held, steps=STEPS, min_fall=MIN_RELATIVE_FALL)
        excess = largest_excess_db(now, problem, requirements)
        if excess < least:
            best, least = now, excess
        weights = [GROWTH * weight for weight in weights]
    return best
