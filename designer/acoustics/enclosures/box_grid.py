"""The surface of a box as equal rectangles, and its three mirror planes.

Each face is a uniform grid, with as many steps along an axis on every face, an even number. So the planes x = 0, y = 0 and z = 0 through
the centre cut no rectangle, the surface is eight images of one octant, and a function on it is the sum of eight parts that are even or
odd about each plane,

    p(m y) = Σ_s χ_s(m) p_s(y),     p_s(y) = 1/8 Σ_m χ_s(m) p(m y),     χ_s(m) = Π_axis (s or 1)                    (1)

y in the octant, m the eight reflections, s the eight parities (index 0: unmoved, even; 1: mirrored, odd). A body with three mirror
planes answers each parity by itself: eight systems of an eighth of the unknowns, a 64th of the work of one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real

Numbers = TypeVar("Numbers", bound=NDArray[np.inexact])

MIRRORS = np.array(list(product([1.0, -1.0], repeat=3)))
"""The reflections (8, 3), the axis x slowest."""
PARITIES = tuple(product([1, -1], repeat=3))


def others(axis: int) -> tuple[int, int]:
    """The two axes within a face, rising."""
    return (1, 2) if axis == 0 else (0, 2) if axis == 1 else (0, 1)


@dataclass(frozen=True)
class BoxGrid:
    """Rectangles of a box around the origin.

    Attributes
    ----------
    size_m : tuple of float, along x, y and z
    counts : tuple of int, steps along each, even

    """

    size_m: tuple[float, float, float]
    counts: tuple[int, int, int]

    @property
    def steps_m(self) -> Real:
        """Sides of the rectangles along x, y and z (3,)."""
        return np.array(self.size_m) / self.counts

    @property
    def faces(self) -> Iterator[tuple[int, slice]]:
        """The octant's face across each axis, and its rectangles."""
        start = 0
        for axis in range(3):
            c, d = others(axis)
            count = self.counts[c] * self.counts[d] // 4
            yield axis, slice(start, start + count)
            start += count

    @property
    def octant_size(self) -> int:
        """Rectangles of an octant, E."""
        return sum(self.counts[c] * self.counts[d] // 4 for c, d in map(others, range(3)))

    @property
    def elements(self) -> int:
        """Rectangles of the whole surface."""
        return 8 * self.octant_size

    @cached_property
    def centres_m(self) -> Real:
        """Centres of the octant's rectangles (E, 3)."""
        parts = []
        for axis in range(3):
            c, d = others(axis)
            along = [(np.arange(self.counts[a] // 2) + 0.5) * self.steps_m[a] for a in (c, d)]
            part = np.full((along[0].size, along[1].size, 3), self.size_m[axis] / 2)
            part[..., c], part[..., d] = along[0][:, None], along[1]
            parts.append(part.reshape(-1, 3))
        return np.concatenate(parts)

    @cached_property
    def axes(self) -> NDArray[np.intp]:
        """The axis that each of the octant's rectangles is across (E,)."""
        return np.concatenate([np.full(face.stop - face.start, axis) for axis, face in self.faces])

    @cached_property
    def areas_m2(self) -> Real:
        """Areas of the octant's rectangles (E,)."""
        return np.asarray(np.prod(self.steps_m) / self.steps_m[self.axes])

    @property
    def places_m(self) -> Real:
        """Centres of all rectangles (8, E, 3)."""
        return np.asarray(MIRRORS[:, None] * self.centres_m)

    @property
    def outward(self) -> Real:
        """Along its axis, the side on which each rectangle lies (8, E): 1 or -1."""
        return np.asarray(MIRRORS[:, self.axes])


def parities_of(values: Numbers) -> Numbers:
    """Equation (1): the parts (8, ...) of values at the eight images (8, ...)."""
    return _transformed(values) / 8  # type: ignore[return-value] # an eighth of the same type


def images_of(parities: Numbers) -> Numbers:
    """Equation (1): values at the eight images (8, ...) from their parts (8, ...)."""
    return _transformed(parities)


def _transformed(values: Numbers) -> Numbers:
    cube = values.reshape(2, 2, 2, *values.shape[1:])
    for axis in range(3):
        unmoved, mirrored = np.moveaxis(cube, axis, 0)
        cube = np.stack([unmoved + mirrored, unmoved - mirrored], axis=axis)
    return cube.reshape(values.shape)  # type: ignore[return-value] # of the same type
