"""The physics of each enclosure of `designer.problem.enclosures`, in the module of the same name: `device(enclosure, drivers)`."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import Protocol

from designer.arrays import Complex, Real
from designer.problem.enclosures.enclosure import Enclosure
from designer.problem.schema import Driver


class Device(Protocol):
    """What a scene asks of a device model: its field near and far, its power, and where its sound comes from."""

    def source_places_m(self) -> Real:
        """Where each driver's sound comes from (L, 3)."""

    def source_reach_m(self) -> Real:
        """How far around that place it comes from (L,); 0 for a point source."""

    def field(self, k: Real, points_m: Real) -> Complex:
        """Pressure (F, M, L) at points (M, 3)."""

    def far_field(self, k: Real, directions: Real) -> Complex:
        """The limit of R e^{jkR} p (F, M, L) for unit vectors (M, 3)."""

    def radiated_power(self, k: Real) -> Complex:
        """Q (F, L, L): w^H Q w is the mean over the sphere of the far field's squared magnitude."""


def device_in(enclosure: Enclosure, drivers: Sequence[Driver]) -> Device:
    """The device model of drivers in an enclosure."""
    name = type(enclosure).__module__.rpartition(".")[2]
    device: Device = importlib.import_module(f"{__name__}.{name}").device(enclosure, drivers)
    return device
