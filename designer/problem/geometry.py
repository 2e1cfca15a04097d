"""Places and directions, said once: the listener's ears in the device's axes, and azimuths on the circle.

Axes are the device's (AES69): x front, y the device's own left, z up. The listener faces the device, so that the
listener's left is the device's -y for a listener in front.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.problem.schema import Listener, Problem

Array = NDArray[np.floating[Any]]

MAX_SAME_PLACE_M = 1e-4
LEFT, RIGHT = 0, 1
"""Index of an ear in every array whose axis is the two ears."""


def direction(azimuth_deg: Array | float, elevation_deg: Array | float = 0.0) -> Array:
    """Unit vectors (..., 3) of azimuths (counter-clockwise from +x) and elevations."""
    azimuth, elevation = np.broadcast_arrays(np.radians(azimuth_deg), np.radians(elevation_deg))
    return np.stack(
        [np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)], axis=-1
    )


def arrivals(problem: Problem) -> Array:
    """Unit vectors (S, 3) in the head's axes to the drivers, from the head's centre at each displacement."""
    places = np.array([driver.position_m for driver in problem.drivers], dtype=float)
    centres = head_centres_m(problem.listener, np.array(problem.listener.ear_cloud_m, dtype=float))
    rays = (places[None] - centres[:, None]).reshape(-1, 3) @ head_axes(problem.listener).T
    return np.asarray(rays / np.linalg.norm(rays, axis=1, keepdims=True))


def head_axes(listener: Listener) -> Array:
    """Unit vectors of the head as rows (3, 3): forward, the listener's left, up.

    The head is upright and faces the device's origin in the horizontal plane; a positive `turn_deg` is
    counter-clockwise seen from above.
    """
    x, y, _ = listener.position_m
    turn = math.radians(listener.turn_deg)
    heading = math.atan2(-y, -x) + turn
    forward = np.array([math.cos(heading), math.sin(heading), 0.0])
    up = np.array([0.0, 0.0, 1.0])
    return np.stack([forward, np.cross(up, forward), up])


def head_centres_m(listener: Listener, displacements_m: Array | None = None) -> Array:
    """Centres of the displaced heads (D, 3); the listener's own ear cloud by default."""
    moves = np.asarray(listener.ear_cloud_m, dtype=float) if displacements_m is None else displacements_m
    return np.asarray(np.asarray(listener.position_m, dtype=float) + moves)


def ears_m(listener: Listener, head_radius_m: float, displacements_m: Array | None = None) -> Array:
    """Places of the ears (D, 2, 3): displacement, (left, right), xyz."""
    left = head_axes(listener)[1]
    sides = np.stack([left, -left]) * head_radius_m
    return np.asarray(head_centres_m(listener, displacements_m)[:, None, :] + sides)


def outermost(problem: Problem) -> tuple[int, int] | None:
    """The drivers furthest to the listener's left and right, of several at one place the first; None where all are in the middle."""
    aside_m = -np.array([driver.position_m[1] for driver in problem.drivers])  # the listener's left is at -y
    left, right = int(np.argmax(aside_m)), int(np.argmin(aside_m))
    return None if aside_m[left] - aside_m[right] < MAX_SAME_PLACE_M else (left, right)


def head_radius_m(head: str, default_m: float) -> float:
    """Radius of a head written as `sphere:0.08`, or the listener's own."""
    return float(head.partition(":")[2]) if head.startswith("sphere:") else default_m


def azimuth_grid_deg(step_deg: float) -> Array:
    """Azimuths of the circle in [-180, 180), multiples of the step, so that 0 is always one of them and none counts twice."""
    count = math.floor(180.0 / step_deg + 1e-6)
    closed = 180.0 / step_deg - count < 1e-6  # 180 and -180 are one azimuth
    return np.arange(-count, count if closed else count + 1) * step_deg


def in_arc(azimuth_deg: Array, arc_deg: tuple[float, float]) -> NDArray[np.bool_]:
    """Which azimuths lie in the arc that runs counter-clockwise from its first to its last azimuth, ends included."""
    start, stop = arc_deg
    if stop - start >= 360.0:
        return np.ones(azimuth_deg.shape, dtype=bool)
    tolerance = 1e-6
    width = (stop - start) % 360.0
    return (azimuth_deg - start + tolerance) % 360.0 <= width + 2 * tolerance


def null_arcs_deg(nulls_deg: list[float], width_deg: float) -> list[tuple[float, float]]:
    """Each null as an arc of that width around it."""
    return [(null - width_deg / 2, null + width_deg / 2) for null in nulls_deg]
