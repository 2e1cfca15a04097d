"""From a whole device's axes to a driver's own: where it faces, where it sits, and about which point its set was turned.

A driver at x_d in a device around whose origin the sound was measured at r n sends it |r n - x_d| far, in the direction
(r n - x_d)/|r n - x_d|. In the far field that is the phase e^{jk x_d·n}, and the direction n. Taken off, what is
left is the driver alone; the scene puts it back at the driver's place.

**Turned about a point.** Where the whole device was turned about one of its points the microphone stood still at R from it. The driver's
path is taken off likewise, once; the flight over R stays in, because the common delay of a set is told from the file's own time. Without
a distance the far field is meant: the path is R - x_d·n. The angles are the device's, and the direction that the driver faces turns them.

**Planes** measured around a device are, seen from a driver beside its centre, circles that pass its axis by a little. The interpolation
knows planes through the axis, in which a direction is an angle from the axis on one side. Each microphone keeps that angle and goes into
the plane on its own side: so levels and phases stay with the angle that they were measured at, where a driver changes most. Straight
before and behind, where a microphone lies across the plane, its angle belongs to both sides. What no microphone then heard is the axis
itself. Its value is the smooth function's through the directions around it: log pressure over the sines of the angles to the left and up,
ln p = a + b y + c z + d (y² + z²) + e (y² + z²)², by least squares; b and c where the plane was measured that tells them, and e
where there are enough directions.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from designer.acoustics.measured.interpolation import IN_PLANE, coverage, measured_side, usual_step_deg
from designer.acoustics.measured.raw_set import RawSet, Request, TurnedAbout
from designer.acoustics.measured.time_reference import fit_acoustic_centre_s
from designer.arrays import Complex, Index, Real
from designer.errors import DataError
from designer.problem.geometry import direction

MAX_TILT_DEG = 10.0
"""How far microphones may leave a plane through the driver's axis: within it every driver is nearly round about its axis."""
AXIS_STEPS = 2.1  # steps around the axis that tell its value


def driver_axes(facing_deg: tuple[float, float]) -> Real:
    """Rows: where a driver faces, its left, and its up, in the device's axes (3, 3)."""
    forward = direction(*facing_deg)
    left = direction(facing_deg[0] + 90.0)
    return np.stack([forward, left, np.cross(forward, left)])


def about_driver(
    k: Real, directions: Real, distance_m: Real, pressure: Complex, *, position_m: Real, axes: Real
) -> tuple[Real, Complex]:
    """Directions (N, 3) in the driver's frame, and the limit of r e^{jkr} p (K, N) about the driver.

    Parameters
    ----------
    k : (K,) float array, wave numbers, rad/m
    directions : (N, 3) float array, unit vectors in the device's axes
    distance_m : (N,) float array, from the device's origin; infinite if `pressure` is r e^{jkr} p about the origin
        already
    pressure : (K, N) complex array
    position_m : (3,) float array, of the driver in the device's axes
    """
    far = np.isinf(distance_m)
    places = np.where(far, 1.0, distance_m)[:, None] * directions
    rays = np.where(far[:, None], directions, places - position_m)
    length_m = np.linalg.norm(rays, axis=1)
    travelled_m = np.where(far, -directions @ position_m, length_m)
    moved_pressure = pressure * np.exp(1j * np.outer(k, travelled_m)) * np.where(far, 1.0, length_m)
    return rays / length_m[:, None] @ axes.T, moved_pressure


def driver_alone(raw: RawSet, radius_m: Real, position_m: Real, axes: Real, speed_of_sound_m_s: float) -> RawSet:
    """A set in a device's axes, measured at the distances (N,) from its origin, as its driver's alone.

    A warning says if the phases put the driver on the other side of y = 0 than the file states, as azimuths counted clockwise do.
    """
    warnings = raw.warnings
    axis = int(np.argmax(np.abs(raw.pressure).mean(axis=0)))
    if abs(position_m[1]) >= 0.005:
        found_m = fit_acoustic_centre_s(raw.frequency_hz, raw.directions, raw.pressure, axis) * speed_of_sound_m_s
        offset_m, mirrored = (np.linalg.norm(found_m[:2] - position_m[:2] * side) for side in ([1, 1], [1, -1]))
        if mirrored <= 0.5 * offset_m:
            warnings += (
                f"{raw.files[0].name}: azimuth seems to run clockwise: the driver is stated at y = {position_m[1]:+.3f} m, and the"
                f" arrival times over azimuth put it at y = {found_m[1]:+.3f} m; azimuth is counter-clockwise from above: negate the"
                " azimuths, or correct the place",
            )
    k = 2 * np.pi * raw.frequency_hz / speed_of_sound_m_s
    directions, pressure = about_driver(k, raw.directions, radius_m, raw.pressure, position_m=position_m, axes=axes)
    result = replace(
        raw, directions=directions, pressure=pressure, places_driver=bool(np.any(position_m)), warnings=warnings
    )
    return in_planes(result, raw.directions)


def about_own_place(raw: RawSet, reference: TurnedAbout, request: Request) -> RawSet:
    """The set about the driver's own place, in its own frame.

    Raises
    ------
    DataError : the file states where its driver is, or the microphone was nearer to the turning point than the driver
    """
    if raw.places_driver:
        raise DataError(
            f"{raw.files[0]}: got response_turned_about beside a file that states its driver's place; expected one of "
            "the two; leave response_turned_about out"
        )
    axes = driver_axes(reference.facing_deg)
    directions = raw.directions @ axes if raw.faces_driver else raw.directions
    place_m = np.array(reference.place_m)
    from_m = raw.distance_m if request.distance_m is None else request.distance_m
    offset_m = float(np.linalg.norm(place_m))
    if from_m and from_m <= 1.05 * offset_m:
        raise DataError(
            f"{raw.files[0]}: got a microphone at {from_m:g} m from the turning point, and the driver at "
            f"{offset_m:.3g} m from it; expected a microphone beyond the driver; state the distance in "
            "response_distance_m, and the turning point in response_turned_about"
        )
    k = 2 * np.pi * raw.frequency_hz / request.speed_of_sound_m_s
    flight = np.exp(-1j * k * (from_m or 0.0))[:, None]
    already_at_1_m = raw.distance_m is not None  # r e^{jkr} p about the turning point
    pressure = raw.pressure * flight / (from_m or 1.0) if already_at_1_m else raw.pressure
    radius_m = np.full(len(directions), from_m or np.inf)
    driver_directions, driver_pressure = about_driver(k, directions, radius_m, pressure, position_m=place_m, axes=axes)
    place = "[" + ", ".join(f"{v:.4g}" for v in place_m + 0.0) + "]"
    notes = [
        f"turned about a point from which the driver is at {place} m: that path was taken off, angles are the device's"
    ]
    if not from_m and offset_m > 0:
        notes.append(
            f"far microphones were assumed: at 1 m the path to this driver differs by up to {1000 * offset_m**2 / 2:.2g} mm "
            "(response_distance_m states where they were)"
        )
    result = replace(
        raw,
        directions=np.round(driver_directions, 15),
        pressure=driver_pressure if already_at_1_m else driver_pressure * flight,
        distance_m=raw.distance_m if already_at_1_m else from_m,
        notes=(*raw.notes, *notes),
    )
    return in_planes(result, directions)


def in_planes(raw: RawSet, measured: Real) -> RawSet:
    """A set whose directions were moved to a driver's place and turned to its axis, back in planes through that axis.

    Parameters
    ----------
    measured : (N, 3) float array, unit vectors as they were measured, about the device; a set all around the sphere
        stays as it is

    Raises
    ------
    DataError : a plane passes the driver's axis too far off
    """
    kind = coverage(measured)
    if kind == "axis":
        tilt_deg = float(np.degrees(np.arcsin(np.clip(np.abs(raw.directions[:, 1:]).max(), 0, 1))))
        straight = np.sign(raw.directions * [1.0, 0.0, 0.0])
        is_tilted = IN_PLANE < np.radians(tilt_deg) <= np.radians(MAX_TILT_DEG)
        return replace(raw, directions=straight, notes=(*raw.notes, _note(tilt_deg))) if is_tilted else raw
    planes = {"horizontal": 2, "vertical": 1} if kind == "two planes" else {kind.removesuffix(" plane"): 0}
    planes = {} if kind == "sphere" else planes
    indices, directions, along = [], [], list[int]()
    largest_deg = step_deg = 0.0
    for name, across in planes.items():
        members = np.flatnonzero(np.abs(measured[:, across]) < IN_PLANE) if across else np.arange(len(measured))
        selection: Index = np.arange(members.size)
        off = np.abs(raw.directions[members, 1:]).max(axis=0)
        side = 2 - int(np.argmin(off))  # the component along the plane: 1 left, 2 up
        tilt_deg = float(np.degrees(np.arcsin(min(off.min(), 1.0))))
        if tilt_deg > MAX_TILT_DEG:
            raise DataError(
                f"{raw.files[0]}: got microphones in the device's {name} plane up to {tilt_deg:.0f} degrees off any plane "
                f"through the axis that the driver faces; expected up to {MAX_TILT_DEG:g} degrees; leave that plane's files "
                "out, or measure farther away, or turned about the driver"
            )
        source_rows, moved_to = (
            _in_plane(raw.directions[members], side)
            if tilt_deg > np.degrees(IN_PLANE)
            else (selection, raw.directions[members])
        )
        indices.append(members[source_rows])
        directions.append(moved_to)
        angle_deg = np.degrees(np.arctan2(raw.directions[members, side], raw.directions[members, 0]))
        step_deg = max(step_deg, usual_step_deg(angle_deg))
        along += [side] * (measured_side(angle_deg) == 0)  # one side alone is the other's image: flat on the axis
        largest_deg = max(largest_deg, tilt_deg)
    if largest_deg <= np.degrees(IN_PLANE):
        return raw
    index = np.concatenate(indices)
    return replace(
        raw,
        directions=np.concatenate([*directions, [[1.0, 0.0, 0.0]]]),
        pressure=np.column_stack([raw.pressure[:, index], _on_axis(raw, along, AXIS_STEPS * step_deg)]),
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
    source_rows = np.concatenate([np.arange(len(directions)), both])
    sign = np.concatenate([np.where(beside < 0, -1.0, 1.0), np.where(beside[both] < 0, 1.0, -1.0)])
    rotated = np.zeros((source_rows.size, 3))
    rotated[:, 0] = directions[source_rows, 0]
    rotated[:, side] = sign * np.sqrt(np.maximum(1 - directions[source_rows, 0] ** 2, 0.0))
    return source_rows, rotated


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
