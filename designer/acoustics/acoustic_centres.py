"""Where measured drivers sound from, held against where the problem says that they are.

The arrival times over angle tell the acoustic centre (`time_reference`). A set that was turned about the driver's own place has it
there, within the depth of a cone or a horn; one that was turned about the device's origin has it at the driver's position, which the scene
would then count twice. Only the front is used: behind a box the sound comes around it, later than from any one point.
"""

from __future__ import annotations

import numpy as np

from designer.acoustics.directivity import MeasuredDirectivity
from designer.acoustics.directivity_interpolation import IN_PLANE
from designer.acoustics.readers.device_axes import driver_axes
from designer.acoustics.time_reference import fit_acoustic_centre_s
from designer.arrays import Real
from designer.problem.schema import Driver, Problem

FRONT_DEG = 75.0
MIN_ASIDE_M = 0.02
"""A set turned by hand, or a driver that is not round, is this far off the axis without a fault."""
MIN_OFFSET_M = 0.03
LIKE = 0.4
"""A centre within this part of an offset from where the offset says is explained by it."""


def front_centre_m(response: MeasuredDirectivity, speed_of_sound_m_s: float) -> Real | None:
    """Acoustic centre (3,) in the driver's frame as the front tells it; None where it tells nothing.

    What lies across a plane that was not measured is 0.
    """
    if response.magnitude_only or response.time_reference == "none":
        return None
    front = np.flatnonzero(response.directions[:, 0] > np.cos(np.radians(FRONT_DEG)))
    if front.size < 4 or response.frequency_hz.size < 4:
        return None
    axis = int(np.argmax(response.directions[front, 0]))
    f, towards = response.frequency_hz, response.directions[front]
    return fit_acoustic_centre_s(f, towards, response.pressure[:, front], axis) * speed_of_sound_m_s


def turning_point_m(driver: Driver) -> Real | None:
    """The point that a driver's set was turned about, in the device's axes; None for the driver's own place."""
    about = driver.response_turned_about
    if isinstance(about, str):
        return np.zeros(3) if about == "device" else None
    return np.array(about, dtype=float)


def place_warnings(problem: Problem, sets: dict[str, MeasuredDirectivity]) -> tuple[str, ...]:
    """Warnings of drivers that sound from elsewhere than their position says, with what would explain it."""
    said = []
    for driver in problem.drivers:
        if driver.name not in sets:
            continue
        found_m = front_centre_m(sets[driver.name], problem.speed_of_sound_m_s)
        if found_m is not None:
            warning = _place_warning(driver, sets[driver.name], found_m)
            if warning:
                said.append(f'driver "{driver.name}": {warning}')
    return tuple(said)


def _place_warning(driver: Driver, response: MeasuredDirectivity, found_m: Real) -> str:
    axes = driver_axes((driver.facing_deg[0], driver.facing_deg[1]))
    known = np.abs(response.directions).max(axis=0) > IN_PLANE  # across a plane nothing was heard
    about_m = turning_point_m(driver)
    position_m = np.array(driver.position_m, dtype=float)
    from_m = np.zeros(3) if about_m is None else about_m
    offset_m = np.where(known, axes @ (position_m - from_m), 0.0)  # in the driver's frame
    where = f"{said_place(found_m)} of its place, as the arrival times within {FRONT_DEG:g} degrees of its axis tell"
    aside_m = float(np.linalg.norm(offset_m[1:]))
    # How deep a cone or a horn sits is its own; so depth counts only where the point lies straight before or behind the driver.
    counts = np.array([0.0, 1.0, 1.0]) if aside_m > MIN_ASIDE_M else np.ones(3)
    far_m = float(np.linalg.norm(offset_m * counts))
    if far_m > MIN_OFFSET_M:
        mirrored = offset_m * [1.0, -1.0, 1.0]
        straight = (
            offset_m if about_m is None else -offset_m
        )  # turned about the point, untold; or told so, and turned about itself
        clockwise = mirrored if about_m is None else mirrored - offset_m
        off, off_clockwise = (float(np.linalg.norm((found_m - wanted) * counts)) for wanted in (straight, clockwise))
        near_m = LIKE * far_m
        if off_clockwise < min(near_m, off) and abs(offset_m[1]) > MIN_ASIDE_M:
            also = ', and write response_turned_about = "device"' if about_m is None else ""
            return (
                f"its acoustic centre is {where}, as if its angles were counted clockwise about the turning point: "
                f"turn them round with response_clockwise{also}"
            )
        if off < near_m and about_m is None:
            return (
                f"its acoustic centre is {where}, which is where its position is from the device's origin: the position would "
                'count twice; was the whole device turned? Write response_turned_about = "device"'
            )
        if off < near_m:
            return (
                f"its acoustic centre is {where}, which undoes response_turned_about: was the driver turned about its own place? "
                "Leave response_turned_about out"
            )
    if float(np.linalg.norm(found_m[1:])) > max(MIN_ASIDE_M, 0.25 * far_m):
        return f"its acoustic centre is {where}: correct position_m, or state in response_turned_about which point was turned about"
    return ""


def said_place(place_m: Real) -> str:
    """A place in a driver's frame in words."""
    words = [
        f"{1000 * abs(v):.0f} mm {positive if v > 0 else negative}"
        for v, positive, negative in zip(
            place_m, ("in front", "to the left", "above"), ("behind", "to the right", "below"), strict=True
        )
        if abs(v) >= 5e-4
    ]
    return ", ".join(words) or "at the centre"
