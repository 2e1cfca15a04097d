"""The values that a section's coefficients may take: whole numbers of a step, poles within a radius."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Real
from designer.problem.word_format import Word
from designer.realization.cascade import denominators, free_parameters, pole_radii

REACH = 3
"""Points to each side of a denominator that are looked at."""


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
        """Denominators a1, a2 (n, 2) around one (2,) with their poles within the radius, the nearest first.

        Where there are none the search goes on towards 0, which is a point itself.
        """
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
