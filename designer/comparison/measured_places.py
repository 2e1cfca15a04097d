"""Which of a problem's places a measurement knows: those of the head in its cloud, and the circle."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from designer.acoustics.measured_device import MeasuredDevice
from designer.arrays import Real
from designer.errors import DataError
from designer.problem import geometry
from designer.problem.geometry import direction
from designer.problem.schema import DesignTable, Problem
from designer.result import Result


def ears_m(problem: Problem, move: Sequence[float]) -> Real:
    """Both ears of every head at one displacement (2 H, 3)."""
    listener = problem.listener
    radii_m = [geometry.head_radius_m(head, listener.head_radius_m) for head in problem.heads]
    ears = [geometry.ears_m(listener, radius_m, np.array([move], dtype=float)) for radius_m in radii_m]
    return np.concatenate(ears).reshape(-1, 3)


def known_cloud(device: MeasuredDevice, problem: Problem) -> list[list[float]]:
    """The displacements of the ear cloud whose ears have receivers."""
    return [move for move in problem.listener.ear_cloud_m if device.knows(ears_m(problem, move))]


def knows_circle(device: MeasuredDevice, problem: Problem) -> bool:
    """Whether every azimuth of the circle has a receiver."""
    distance_m = problem.azimuth_distance_m
    azimuth_deg = geometry.azimuth_grid_deg(problem.grid.azimuth_step_deg)
    return bool(np.isfinite(distance_m)) and device.knows(direction(azimuth_deg) * distance_m)


def nowhere(path: object, problem: Problem, label: str) -> DataError:
    """The error of a file whose receivers are where no channel needs them."""
    return DataError(
        f"{path}: found receivers neither at the listener's ears nor on the circle of {problem.azimuth_distance_m:g} m of"
        f" {label}; allowed: receivers within 10 mm of {np.round(ears_m(problem, [0, 0, 0])[:2], 3).tolist()}, or of"
        f" the circle every {problem.grid.azimuth_step_deg:g} degrees; measure there, or design for where you measured"
    )


def only(result: Result, kept: Sequence[DesignTable]) -> Result:
    """A result with some of its channels."""
    names = {table.name for table in kept}
    return replace(
        result,
        taps={name: taps for name, taps in result.taps.items() if name in names},
        weights={name: weights for name, weights in result.weights.items() if name in names},
        channels={name: channel for name, channel in result.channels.items() if name in names},
    )
