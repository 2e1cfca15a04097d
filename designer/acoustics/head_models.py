"""Heads: two points in free field, a rigid sphere, or a measured head; each answers a point source with the pressure at both ears."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from designer.acoustics.measured.head import MeasuredHead, read_head
from designer.acoustics.sphere_series import head_pressure
from designer.acoustics.turning import phase
from designer.arrays import Complex, Real
from designer.problem import geometry
from designer.problem.schema import Problem


class Head(Protocol):
    """Interface of a head to its scene."""

    @property
    def name(self) -> str:
        """In the problem file."""

    @property
    def radius_m(self) -> float:
        """From its centre to each ear."""

    @property
    def warnings(self) -> tuple[str, ...]:
        """Warnings about the head."""

    def pressure(self, k: Real, distance_m: Real, rays: Real) -> Complex:
        """Pressure at the ears (F, D, 2, S) of point sources, relative to an ideal source's at 1 m.

        Parameters
        ----------
        k : (F,) float array, wave number, rad/m
        distance_m : (D,) float array, from the head's centre
        rays : (D, S, 3) float array, unit vectors from there to the sources, in the head's axes

        """


@dataclass(frozen=True)
class Points:
    """No head: two points."""

    name: str
    radius_m: float
    warnings: tuple[str, ...] = ()

    def pressure(self, k: Real, distance_m: Real, rays: Real) -> Complex:
        """e^{-jkr}/r at either point (F, D, 2, S)."""
        sides = np.array([1.0, -1.0])[:, None] * rays[:, None, :, 1]  # (D, 2, S)
        from_centre_m = distance_m[:, None, None]
        from_ear_m = np.sqrt(from_centre_m**2 + self.radius_m**2 - 2 * from_centre_m * self.radius_m * sides)
        return np.asarray(phase(-np.multiply.outer(k, from_ear_m)) / from_ear_m)


@dataclass(frozen=True)
class Sphere:
    """A rigid sphere with the ears at the ends of its y axis."""

    name: str
    radius_m: float
    warnings: tuple[str, ...] = ()

    def pressure(self, k: Real, distance_m: Real, rays: Real) -> Complex:
        """Duda and Martens' sphere (F, D, 2, S)."""
        return head_pressure(k, self.radius_m, distance_m, rays[..., 1])


def heads_of(problem: Problem) -> tuple[Head, ...]:
    """The heads that the problem designs over, outermost first; DataError where a head's file cannot be used."""
    return tuple(_head(problem, name) for name in problem.heads)


def _head(problem: Problem, name: str) -> Head:
    radius_m = geometry.head_radius_m(name, problem.listener.head_radius_m)
    if name == "points":
        return Points(name, radius_m)
    if name.partition(":")[0] == "sphere":
        return Sphere(name, radius_m)
    measured: MeasuredHead = read_head(problem.data_path(name), radius_m, problem.speed_of_sound_m_s, name=name)
    return measured
