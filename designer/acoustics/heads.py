"""The heads that a problem can name: two points in free field, a rigid sphere, or a measured head.

Each says the same thing of a point source: the pressure at both ears. `head_in_field` makes any device's field of such sources.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from designer.acoustics.measured.head import MeasuredHead, read_head
from designer.acoustics.rigid_sphere import head_pressure
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

    def pressure(self, k: Real, distance_m: Real, towards: Real) -> Complex:
        """Pressure at the ears (F, D, 2, S) of point sources, relative to an ideal source's at 1 m.

        Parameters
        ----------
        k : (F,) wave number, rad/m
        distance_m : (D,) from the head's centre
        towards : (D, S, 3) unit vectors from there to the sources, in the head's axes

        """


@dataclass(frozen=True)
class Points:
    """No head: two points."""

    name: str
    radius_m: float
    warnings: tuple[str, ...] = ()

    def pressure(self, k: Real, distance_m: Real, towards: Real) -> Complex:
        """e^{-jkr}/r at either point (F, D, 2, S)."""
        sides = np.array([1.0, -1.0])[:, None] * towards[:, None, :, 1]  # (D, 2, S)
        from_centre_m = distance_m[:, None, None]
        from_ear_m = np.sqrt(from_centre_m**2 + self.radius_m**2 - 2 * from_centre_m * self.radius_m * sides)
        return np.asarray(np.exp(-1j * k[:, None, None, None] * from_ear_m) / from_ear_m)


@dataclass(frozen=True)
class Sphere:
    """A rigid sphere with the ears at the ends of its y axis."""

    name: str
    radius_m: float
    warnings: tuple[str, ...] = ()

    def pressure(self, k: Real, distance_m: Real, towards: Real) -> Complex:
        """Duda and Martens' sphere (F, D, 2, S)."""
        return head_pressure(k, self.radius_m, distance_m, towards[..., 1])


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
