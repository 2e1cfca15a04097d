"""A scene whose transfer tensors are put together driver by driver: of a layout in which one driver moves, the others' are kept.

Each driver's field on a rigid body is its own, wherever the other drivers are; only the power that they radiate together is not a matter
of one driver, and that is left to the whole device. Measured devices and drivers are read as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.acoustics.heads import Head
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.problem.schema import Problem


@dataclass(frozen=True, eq=False, repr=False)
class DriverScene(Scene):
    """A scene with a scene of each driver alone, of the same listener.

    Attributes
    ----------
    alone : tuple of Scene, of one driver each, on any frequencies

    """

    alone: tuple[Scene, ...] = ()

    def _joined(self, tensor: Callable[[Scene], Complex]) -> Complex:
        """The drivers' tensors (F, ..., 1) as one (F, ..., L)."""
        tensors = [tensor(scene.at(self.frequency_hz).moved(self.displacements_m)) for scene in self.alone]
        return np.concatenate(tensors, axis=-1)

    def field(self, points_m: Real) -> Complex:
        """The device's field (F, M, L) at points (M, 3)."""
        return self.tensor("field", lambda: self._joined(lambda scene: scene.field(points_m)), points_m.tobytes())

    def on_circle(self, azimuth_deg: Real) -> Complex:
        """H at azimuths of the circle alone (F, azimuths, L), without the head."""
        place = self.problem.azimuth_distance_m, azimuth_deg.tobytes()
        return self.tensor("circle", lambda: self._joined(lambda scene: scene.on_circle(azimuth_deg)), *place)

    def _ears_of(self, head: Head, centres_m: Real, axes: Real, among_m: Real | None = None) -> Complex:
        return self._joined(lambda scene: scene.ears_of(head, centres_m, axes, among_m=among_m))


def has_own_fields(problem: Problem) -> bool:
    """Whether each driver's field can be computed alone."""
    return problem.measured_device is None and all(driver.response is None for driver in problem.drivers)


def of_driver(problem: Problem, l: int) -> Problem:
    """The problem with one driver: for its scene, not to be designed."""
    update: dict[str, Any] = {"drivers": [problem.drivers[l]]}
    return problem.model_copy(update=update)
