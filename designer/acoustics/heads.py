"""The heads that a problem can name: two points in free field, a rigid sphere, or a measured head.

Each says the same thing of a point source: the pressure at an ear over the free-field pressure at the ear's own place,
so that any device's field without the head, multiplied by it, is the field at the ear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from designer.acoustics.measured_head import MeasuredHead, read_head
from designer.acoustics.rigid_sphere import head_diffraction
from designer.arrays import Complex, Real
from designer.problem import geometry
from designer.problem.schema import Problem


class Head(Protocol):
    """What a scene asks of a head."""

    @property
    def name(self) -> str:
        """What the problem file calls it."""

    @property
    def radius_m(self) -> float:
        """From its centre to each ear."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """What the user should know of it."""

    def diffraction(self, k: Real, centre_m: Real, source_m: Real, axes: Real) -> Complex:
        """Pressure at the ears over the free-field pressure at the same places (F, D, 2, S), from sources (S, 3)."""


@dataclass(frozen=True)
class Points:
    """No head: two points."""

    name: str
    radius_m: float
    warnings: tuple[str, ...] = ()

    def diffraction(self, k: Real, centre_m: Real, source_m: Real, axes: Real) -> Complex:
        """One everywhere (F, D, 2, S)."""
        return np.ones((k.size, len(centre_m), 2, len(source_m)), dtype=complex)


@dataclass(frozen=True)
class Sphere:
    """A rigid sphere with the ears at the ends of its y axis."""

    name: str
    radius_m: float
    warnings: tuple[str, ...] = ()

    def diffraction(self, k: Real, centre_m: Real, source_m: Real, axes: Real) -> Complex:
        """Duda and Martens' sphere (F, D, 2, S)."""
        sides = np.stack([axes[1], -axes[1]]) * self.radius_m
        return head_diffraction(k, self.radius_m, centre_m, source_m, centre_m[:, None] + sides)


def heads_of(problem: Problem) -> tuple[Head, ...]:
    """The heads that the problem designs over, outermost first.

    Raises
    ------
    DataError : a head's file cannot be used

    """
    return tuple(_head(problem, name) for name in problem.heads)


def _head(problem: Problem, name: str) -> Head:
    radius_m = geometry.head_radius_m(name, problem.listener.head_radius_m)
    if name == "points":
        return Points(name, radius_m)
    if name.partition(":")[0] == "sphere":
        return Sphere(name, radius_m)
    measured: MeasuredHead = read_head(problem.data_path(name), radius_m, problem.speed_of_sound_m_s, name=name)
    return measured
