"""A set that was measured by turning the whole device about one of its points: back to the driver's own place.

The microphone stands still at R from the turning point; a driver at x_d from there (in the device's axes) is |R n - x_d| away from it, in
the direction (R n - x_d)/|R n - x_d|. Both are taken out as for a file that holds a whole device (`device_axes`), so that what is left is
the driver alone about its own place, and the scene puts it back at its position: once. The flight over R stays in, because the
common delay of a set is told from the file's own time. Without a distance the far field is meant: the path is R - x_d·n.

The angles of such a set are the device's, and the direction that the driver faces turns them to its own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from designer.acoustics.readers.device_axes import about_driver, driver_axes
from designer.acoustics.readers.measured_planes import in_planes
from designer.acoustics.readers.raw_set import RawSet, refusal
from designer.arrays import Real


@dataclass(frozen=True)
class TurnedAbout:
    """Where a driver is, seen from the point that its set was turned about, in the device's axes, and where it faces."""

    place_m: tuple[float, float, float]
    facing_deg: tuple[float, float] = (0.0, 0.0)


def about_own_place(raw: RawSet, turned: TurnedAbout, *, distance_m: float | None, speed_of_sound_m_s: float) -> RawSet:
    """The set about the driver's own place, in its own frame.

    Parameters
    ----------
    distance_m : of the microphone from the turning point, instead of what the file says

    Raises
    ------
    DataError : the file states where its driver is, or the microphone was nearer to the turning point than the driver

    """
    if raw.places_driver:
        raise refusal(
            raw.files[0],
            "response_turned_about beside a file that states its driver's place",
            "one of the two",
            "leave response_turned_about out",
        )
    axes = driver_axes(turned.facing_deg)
    directions = raw.directions @ axes if raw.faces_driver else raw.directions
    place_m = np.array(turned.place_m)
    from_m = raw.distance_m if distance_m is None else distance_m
    offset_m = float(np.linalg.norm(place_m))
    if from_m and from_m <= 1.05 * offset_m:
        raise refusal(
            raw.files[0],
            f"a microphone at {from_m:g} m from the turning point, and the driver at {offset_m:.3g} m from it",
            "a microphone beyond the driver",
            "state the distance in response_distance_m, and the turning point in response_turned_about",
        )
    k = 2 * np.pi * raw.frequency_hz / speed_of_sound_m_s
    flight = np.exp(-1j * k * (from_m or 0.0))[:, None]
    already_at_1_m = raw.distance_m is not None  # r e^{jkr} p about the turning point
    pressure = raw.pressure * flight / (from_m or 1.0) if already_at_1_m else raw.pressure
    about, alone = about_driver(
        raw.frequency_hz,
        directions,
        np.full(len(directions), from_m or np.inf),
        pressure,
        position_m=place_m,
        axes=axes,
        speed_of_sound_m_s=speed_of_sound_m_s,
    )
    if not already_at_1_m:
        alone = alone * flight
    notes = [
        f"turned about a point from which the driver is at {_metres(place_m)} m: that path was taken off, angles are the device's"
    ]
    if not from_m and offset_m > 0:
        notes.append(
            f"far microphones were assumed: at 1 m the path to this driver differs by up to {1000 * offset_m**2 / 2:.2g} mm "
            "(response_distance_m states where they were)"
        )
    moved = replace(
        raw,
        directions=np.round(about, 15),
        pressure=alone,
        distance_m=raw.distance_m if already_at_1_m else from_m,
        notes=(*raw.notes, *notes),
    )
    return in_planes(moved, directions)


def _metres(place_m: Real) -> str:
    return "[" + ", ".join(f"{v:.4g}" for v in place_m + 0.0) + "]"
