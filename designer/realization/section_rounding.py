"""Sections as integers: each coefficient to its nearest, then one section after the other to its best integers.

A step of a1 = -2 cos θ moves a pole far at low frequencies: 14 fraction bits know nothing between 0 and 60 Hz at 48 kHz. With all
other sections as they are, and a denominator A of the lattice around the present one, the fit's sum is quadratic in the section's
numerator b(z):

    Σ_k C_ll |P/A|² |b|² + 2 Re Σ_k (b P/A)* g + ...,      g = Σ_m C_lm e_m,

P the rest of the driver's cascade and e the errors without the driver's own response. The matrix of the square is Toeplitz, 3 by 3.
Its coefficients are rounded one after the other, each after what the later ones left (nearest plane: L. Babai, Combinatorica 6,
1986), and the steps of ±1 around it are tried; the best of all A is taken if the sum falls, until a round over all sections ends.

On a pair with four sections, words of 16 bits lose 3.2 dB of the curve and 8 dB of tone by plain rounding, and nothing by this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from designer.arrays import Complex, Real
from designer.problem.word_format import Word
from designer.realization.cascade import (
    Cascade,
    cleared,
    denominators,
    free_parameters,
    pole_radii,
    scaled,
    section_responses,
    with_gains,
)
from designer.realization.section_fit import SectionProblem
from designer.realization.words import LowEnds

SWEEPS = 40
"""Rounds over all sections, at most."""
MIN_RELATIVE_FALL = 1e-3
"""A relative fall over one round that is too small to go on for."""
REACH = 3
"""Points to each side of a denominator that are looked at."""
AROUND = np.stack(np.meshgrid(*[[-1.0, 0.0, 1.0]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)


@dataclass(frozen=True)
class Lattice:
    """Coefficients of sections as a word holds them: step, range, and how far the poles may be from 0."""

    step: float
    least: float
    greatest: float
    radius: float

    @classmethod
    def of(cls, word: Word, radius: float) -> Lattice:
        """The word's own range, or twice that where |a1| < 2 needs it: the sums are then shifted left by one bit."""
        scale = 2.0 ** max(0, 2 - word.integer_bits)
        return cls(word.step * scale, word.least * word.step * scale, word.greatest * word.step * scale, radius)

    def rounded(self, values: Real, gain: Real | float = 1.0) -> Real:
        """Each value to the nearest that a word times a gain, a power of two, can be."""
        return np.asarray(np.clip(np.rint(values / gain / self.step) * self.step, self.least, self.greatest) * gain)

    def near(self, a: Real) -> Real:
        """Denominators a1, a2 (n, 2) around one (2,), poles within the radius, the nearest first; else further towards 0, which is one."""
        offsets = np.arange(-REACH, REACH + 1)
        window = np.stack(np.meshgrid(offsets, offsets, indexing="ij"), axis=-1).reshape(-1, 2)
        for shrink in np.append(self.step * 2.0 ** np.arange(-3, 60), np.inf):
            radius = max(self.radius * (1 - shrink), 1e-9)
            points = (np.rint(denominators(free_parameters(a[None], radius), radius) / self.step) + window) * self.step
            points = points[((points >= self.least) & (points <= self.greatest)).all(axis=1)]
            points = points[pole_radii(points) <= self.radius]
            if len(points):
                break
        return np.asarray(points[np.argsort(np.sum((points - a) ** 2, axis=1), kind="stable")])


def plainly_rounded(filters: Sequence[Cascade], lattice: Lattice) -> list[Cascade]:
    """Cascades, scaled and with gains, each coefficient of which is the nearest, its poles within the radius."""
    ready = [with_gains(scaled(f), lattice.greatest) for f in filters]
    return [
        replace(f, b=lattice.rounded(f.b, f.gain[:, None]), a=np.stack([lattice.near(a)[0] for a in f.a]))
        for f in ready
    ]


def round_sections(
    filters: Sequence[Cascade], problem: SectionProblem, lattice: Lattice, judged: LowEnds
) -> tuple[list[Cascade], float]:
    """Cascades on the lattice, no inner node beyond full scale, and by how many dB their low ends stay below plain rounding's.

    Plain rounding of short sections costs tens of decibels of tone, even where the gain, a ratio, survives. So it is never taken in
    place of the other; what the lowest gains lose against it is told instead.
    """
    plain = plainly_rounded(filters, lattice)
    sections = [cleared(f) for f in descend(plain, problem, lattice)]
    turn = np.exp(-2j * np.pi / judged.sample_rate_hz * judged.frequency_hz)
    w = [np.stack([f.response(turn) for f in cascades], axis=1) for cascades in (sections, plain, filters)]
    return sections, judged.missing_db(*w)


def descend(filters: Sequence[Cascade], problem: SectionProblem, lattice: Lattice) -> list[Cascade]:
    """Cascades on the lattice with no larger a sum."""
    now = list(filters)
    errors = problem.errors(now)
    cost = problem.sum(errors)
    for _ in range(SWEEPS):
        before = cost
        for l, s in np.ndindex(len(now), len(now[0].b)):
            candidate = _best_section(now[l], l, s, errors, problem, lattice)
            changed = errors.copy()
            changed[:, l] = candidate.response(problem.turn) - problem.weights[:, l]
            new = problem.sum(changed)
            if new < cost:
                now[l], errors, cost = candidate, changed, new
        if before - cost <= MIN_RELATIVE_FALL * before:
            break
    return now


def _best_section(f: Cascade, l: int, s: int, errors: Complex, problem: SectionProblem, lattice: Lattice) -> Cascade:
    turn, C = problem.turn, problem.symbol
    powers = turn[None] ** np.arange(3)[:, None]
    others = np.arange(len(f.b)) != s
    P = turn**f.delay_samples * np.prod(section_responses(f.b[others], f.a[others], turn), axis=0)
    remainder = errors.copy()
    remainder[:, l] = -problem.weights[:, l]
    g = np.einsum("km,km->k", C[:, l], remainder)
    candidates = lattice.near(f.a[s])
    part = P / (1 + candidates @ powers[1:])
    lags = ((C[:, l, l].real * np.abs(part) ** 2) @ powers.T).real
    matrix = lags[:, [[0, 1, 2], [1, 0, 1], [2, 1, 0]]] + 1e-13 * lags[:, :1, None] * np.eye(3)
    right = -((part.conj() * g) @ powers.conj().T).real
    gain = float(f.gains[s])
    plane = _nearest_plane(matrix, right, lattice, gain)
    numerators = lattice.rounded(plane[:, None] + lattice.step * gain * AROUND, gain)
    sums = np.einsum("nti,nij,ntj->nt", numerators, matrix, numerators) - 2 * np.einsum("nti,ni->nt", numerators, right)
    n, t = np.unravel_index(int(np.argmin(sums)), sums.shape)
    b, a = f.b.copy(), f.a.copy()
    b[s], a[s] = numerators[n, t], candidates[n]
    return replace(f, b=b, a=a)


def _nearest_plane(matrix: Real, right: Real, lattice: Lattice, gain: float) -> Real:
    """Numerators (n, 3) on the lattice, coefficient by coefficient from the last, each after what the later ones left."""
    best = np.linalg.solve(matrix, right[:, :, None])[:, :, 0]
    factor = np.linalg.cholesky(matrix).swapaxes(1, 2)
    d = np.zeros_like(best)
    for i in (2, 1, 0):
        carried = np.einsum("nj,nj->n", factor[:, i, i + 1 :], d[:, i + 1 :]) / factor[:, i, i]
        d[:, i] = lattice.rounded(best[:, i] - carried, gain) - best[:, i]
    return best + d
