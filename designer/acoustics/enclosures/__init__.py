"""The physics of each enclosure of `designer.problem.enclosures`, in the module of the same name: `device(enclosure, drivers)`,
or `device(enclosure, drivers, highest_k, coarse)` of one that `is_solved`.

Modules of other names (`discs`, `cylinder_contour`) hold what an enclosure is made of, and are not looked for.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from typing import ClassVar, Protocol

import numpy as np

from designer.acoustics.spherical_harmonics import Encoding
from designer.acoustics.turning import phase
from designer.arrays import Bool, Complex, Index, Real
from designer.problem.enclosures.enclosure import Enclosure
from designer.problem.schema import Driver

Blocks = Sequence[tuple[Index, Real]]
"""Some of the frequencies, and the points (M, 3) that a field is asked for at these."""


class Device(Protocol):
    """A device model: its field near and far, its power, and where its sound comes from.

    Pressure is relative to an ideal source's on-axis free-field pressure at 1 m; k (F,) is in rad/m, L counts drivers.
    """

    def source_places_m(self) -> Real:
        """Where each driver's sound comes from (L, 3)."""

    def source_extent_m(self) -> Real:
        """How far around that place it comes from (L,); 0 for a point source."""

    def field(self, k: Real, points_m: Real) -> Complex:
        """Pressure (F, M, L) at points (M, 3)."""

    def over_wave(self, k: Real, blocks: Blocks) -> list[Complex]:
        """The field over that of a point source at each driver's `source_places_m`, of each block (F', M, L)."""
        places_m, place_of = np.unique(self.source_places_m(), axis=0, return_inverse=True)
        out = []
        for index, points_m in blocks:
            distance_m = np.linalg.norm(points_m[:, None] - places_m, axis=-1)
            back = phase(np.multiply.outer(k[index], distance_m)) * distance_m
            out.append(self.field(k[index], points_m) * back[..., place_of.ravel()])
        return out

    def far_field(self, k: Real, directions: Real) -> Complex:
        """The limit of R e^{jkR} p (F, M, L) for unit vectors (M, 3)."""

    def radiated_power(self, k: Real) -> Complex:
        """Q (F, L, L): w^H Q w is the mean over the sphere of the far field's squared magnitude."""


class EnclosedDrivers(Device):
    """Drivers in an enclosure; without a series of its own its directivity is sampled."""

    front_only: ClassVar[bool] = False
    """Whether the half space x < 0 is silent."""
    endless: ClassVar[bool] = False
    """Whether it cuts every sphere around it, so that only its far field can be encoded."""
    has_waves: ClassVar[bool] = False
    """Whether `ears_of_balls` knows spheres before it."""
    has_series: ClassVar[bool] = False
    """Whether `encoded` knows its spherical harmonics."""
    highest_k: float = math.inf
    """Wave number in rad/m above which each driver's field keeps its level and delay."""

    def prepare(self) -> None:
        """Compute what all of its fields need; `designer.progress` hears how far it is."""

    def driver_places_m(self) -> Real:
        """Places (L, 3) about which each driver's far field turns least with frequency."""
        return self.source_places_m()

    def cosines_to(self, places_m: Real) -> Real:
        """Cosines (D, L) between places (D, 3) and each driver, seen from the middle of the device; 0 where it has none."""
        return np.zeros((len(places_m), len(self.source_places_m())))

    def extent_m(self, drivers: Sequence[int]) -> float:
        """Radius of the sphere around the origin that holds the sources of some drivers."""
        return float(np.linalg.norm(self.source_places_m()[list(drivers)], axis=1).max())

    def knows_balls(self, k_max: float, radius_m: float, centres_m: Real) -> Bool:
        """Whether `ears_of_balls` answers at every frequency at spheres' centres (D,), and for no more than the field costs."""
        return np.zeros(len(centres_m), dtype=bool)

    def is_dear(self, k_max: float, radius_m: float, centres_m: Real) -> Bool:
        """Whether the field costs more than `ears_of_balls` at spheres' centres (D,)."""
        return np.zeros(len(centres_m), dtype=bool)

    def ears_of_balls(self, k: Real, radius_m: float, centres_m: Real, left: Real) -> tuple[Complex, Bool]:
        """Pressure (F, D, 2, L) at both ends of rigid spheres' horizontal axes, left (3,) first, and where it is known (F, D)."""
        raise NotImplementedError

    def moving(self, along_m: Real) -> EnclosedDrivers | None:
        """The device whose field is the slope of each driver's, as the driver moves along a vector (L, 3); None: of a body that is solved.

        On a surface the vectors are tangents. Where its sound comes from, its sources and their extent, stays as it was.
        """
        return None

    def encoded(self, k: Real, distance_m: float, order: int, drivers: Sequence[int]) -> Encoding | None:
        """Its drivers' harmonics on the sphere of a radius, as `encoded_directivity.encode` has them; None: to be sampled."""
        return None


def device_in(
    enclosure: Enclosure, drivers: Sequence[Driver], highest_k: float, *, coarse: bool = False
) -> EnclosedDrivers:
    """The device model of drivers in an enclosure; one that is solved, up to a wave number in rad/m, and coarsely where asked for."""
    module = importlib.import_module(f"{__name__}.{type(enclosure).__module__.rpartition('.')[2]}")
    how = (highest_k, coarse) if enclosure.is_solved else ()
    device: EnclosedDrivers = module.device(enclosure, drivers, *how)
    return device
