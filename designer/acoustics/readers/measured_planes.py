"""Planes that were measured around a device, seen from a driver beside its centre: circles that pass the driver's axis by a little.

The interpolation knows planes through the driver's axis (`directivity_interpolation`), in which a direction is an angle from the axis on
one side. Each microphone keeps that angle, its true one, and goes into the plane on its own side: so levels and phases stay with
the angle that they were measured at, where a driver changes most. Straight before and behind, where a microphone lies across the plane
rather than along it, its angle belongs to both sides.

What no microphone then heard is the axis itself. Its value is the smooth function's through the directions around it: log pressure over
the sines of the angles to the left and up, ln p = a + b y + c z + d (y² + z²) + e (y² + z²)², by least squares; b and c where
the plane was measured that tells them, and e where there are enough directions.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from designer.acoustics.directivity_interpolation import IN_PLANE, coverage, measured_side, usual_step_deg
from designer.acoustics.readers.raw_set import RawSet, refusal
from designer.arrays import Complex, Index, Real

MAX_TILT_DEG = 10.0
"""How far microphones may leave a plane through the driver's axis: within it every driver is nearly round about its axis."""
AROUND = 2.1
"""Steps around the axis that tell its value."""


def in_planes(raw: RawSet, measured: Real) -> RawSet:
    """A set whose directions were moved to a driver's place and turned to its axis, back in planes through that axis.

    Parameters
    ----------
    measured : (N, 3) unit vectors as they were measured, about the device; a set all around the sphere stays as it is

    Raises
    ------
    DataError : a plane passes the driver's axis too far off

    """
    kind = coverage(measured)
    if kind == "axis":
        tilt_deg = float(np.degrees(np.arcsin(np.clip(np.abs(raw.directions[:, 1:]).max(), 0, 1))))
        straight = np.sign(raw.directions * [1.0, 0.0, 0.0])
        moved = IN_PLANE < np.radians(tilt_deg) <= np.radians(MAX_TILT_DEG)
        return replace(raw, directions=straight, notes=(*raw.notes, _note(tilt_deg))) if moved else raw
    planes = {"horizontal": 2, "vertical": 1} if kind == "two planes" else {kind.removesuffix(" plane"): 0}
    planes = {} if kind == "sphere" else planes
    which, directions, along = [], [], list[int]()
    largest_deg = step_deg = 0.0
    for name, across in planes.items():
        here = np.flatnonzero(np.abs(measured[:, across]) < IN_PLANE) if across else np.arange(len(measured))
        every: Index = np.arange(here.size)
        off = np.abs(raw.directions[here, 1:]).max(axis=0)
        side = 2 - int(np.argmin(off))  # the component along the plane: 1 left, 2 up
        tilt_deg = float(np.degrees(np.arcsin(min(off.min(), 1.0))))
        if tilt_deg > MAX_TILT_DEG:
            raise refusal(
                raw.files[0],
                f"microphones in the device's {name} plane up to {tilt_deg:.0f} degrees off any plane through the axis that the"
                " driver faces",
                f"up to {MAX_TILT_DEG:g} degrees",
                "leave that plane's files out, or measure farther away, or turned about the driver",
            )
        of, moved_to = (
            _in_plane(raw.directions[here], side) if tilt_deg > np.degrees(IN_PLANE) else (every, raw.directions[here])
        )
        which.append(here[of])
        directions.append(moved_to)
        angle_deg = np.degrees(np.arctan2(raw.directions[here, side], raw.directions[here, 0]))
        step_deg = max(step_deg, usual_step_deg(angle_deg))
        along += [side] * (measured_side(angle_deg) == 0)  # one side alone is the other's image: flat on the axis
        largest_deg = max(largest_deg, tilt_deg)
    if largest_deg <= np.degrees(IN_PLANE):
        return raw
    index = np.concatenate(which)
    return replace(
        raw,
        directions=np.concatenate([*directions, [[1.0, 0.0, 0.0]]]),
        pressure=np.column_stack([raw.pressure[:, index], _on_axis(raw, along, AROUND * step_deg)]),
        labels=(*(raw.labels[i] for i in index), "axis"),
        notes=(*raw.notes, _note(largest_deg)),
    )


def _note(tilt_deg: float) -> str:
    return (
        f"the microphones stood up to {tilt_deg:.1f} degrees off planes through the driver's axis: each is taken at its own angle from"
        " the axis, and the axis itself from those around it"
    )


def _in_plane(directions: Real, side: int) -> tuple[Index, Real]:
    """Which of directions (N, 3) each is, and directions (N', 3) in the plane of the axis and `side`, at their angles from the axis."""
    beside, across = directions[:, side], directions[:, 3 - side]
    both = np.flatnonzero(np.abs(across) > np.abs(beside))
    of = np.concatenate([np.arange(len(directions)), both])
    sign = np.concatenate([np.where(beside < 0, -1.0, 1.0), np.where(beside[both] < 0, 1.0, -1.0)])
    moved = np.zeros((of.size, 3))
    moved[:, 0] = directions[of, 0]
    moved[:, side] = sign * np.sqrt(np.maximum(1 - directions[of, 0] ** 2, 0.0))
    return of, moved


def _on_axis(raw: RawSet, along: list[int], within_deg: float) -> Complex:
    """Pressure on axis (K,) from the directions within an angle of the nearest to it."""
    from_axis_deg = np.degrees(np.arccos(np.clip(raw.directions[:, 0], -1, 1)))
    order = np.argsort(from_axis_deg, kind="stable")
    near = order[from_axis_deg[order] < from_axis_deg[order[0]] + within_deg + 1e-6]
    square = (raw.directions[near, 1:] ** 2).sum(axis=1)
    terms = [np.ones(near.size), square, *(raw.directions[near, i] for i in along), square**2]
    terms = terms[: -1 if near.size < len(terms) + 2 else None]
    share = np.linalg.pinv(np.stack(terms, axis=1), rcond=1e-6)[0]
    ratio = raw.pressure[:, near] / raw.pressure[:, near[:1]]
    log_ratio = np.log(np.abs(ratio)) + 1j * np.unwrap(np.angle(ratio), axis=0)
    return np.asarray(raw.pressure[:, near[0]] * np.exp(log_ratio @ share))
