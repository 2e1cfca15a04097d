"""From a whole device's axes to a driver's own: where it faces, and where it sits.

A driver at x_d in a device around whose origin the sound was measured at r n sends it |r n - x_d| far, in the direction
(r n - x_d)/|r n - x_d|. In the far field that is the phase e^{jk x_d·n}, and the direction n. Taken off, what is
left is the driver alone; the scene puts it back at the driver's place.
"""

from __future__ import annotations

import numpy as np

from designer.acoustics.time_reference import fit_acoustic_centre_s
from designer.arrays import Complex, Real
from designer.problem.geometry import direction


def driver_axes(facing_deg: tuple[float, float]) -> Real:
    """Rows: where a driver faces, its left, and its up, in the device's axes (3, 3)."""
    forward = direction(*facing_deg)
    left = direction(facing_deg[0] + 90.0)
    return np.stack([forward, left, np.cross(forward, left)])


def about_driver(
    frequency_hz: Real,
    directions: Real,
    distance_m: Real,
    pressure: Complex,
    *,
    position_m: Real,
    axes: Real,
    speed_of_sound_m_s: float,
) -> tuple[Real, Complex]:
    """Directions (N, 3) in the driver's frame, and the limit of r e^{jkr} p (K, N) about the driver.

    Parameters
    ----------
    directions : (N, 3) unit vectors in the device's axes
    distance_m : (N,) from the device's origin; infinite if `pressure` is r e^{jkr} p about the origin already
    pressure : (K, N)
    position_m : (3,) of the driver in the device's axes

    """
    k = 2 * np.pi * frequency_hz / speed_of_sound_m_s
    far = np.isinf(distance_m)
    places = np.where(far, 1.0, distance_m)[:, None] * directions
    towards = np.where(far[:, None], directions, places - position_m)
    length_m = np.linalg.norm(towards, axis=1)
    travelled_m = np.where(far, -directions @ position_m, length_m)
    out = pressure * np.exp(1j * np.outer(k, travelled_m)) * np.where(far, 1.0, length_m)
    return towards / length_m[:, None] @ axes.T, out


def azimuth_sense_warning(
    name: str, frequency_hz: Real, directions: Real, pressure: Complex, position_m: Real, speed_of_sound_m_s: float
) -> str:
    """A warning if the phases say that the driver sits on the other side of y = 0 than its file states, else nothing.

    That is what azimuths counted clockwise look like. Directions and position in the device's axes.
    """
    if abs(position_m[1]) < 0.005:
        return ""
    axis = int(np.argmax(np.abs(pressure).mean(axis=0)))
    found_m = fit_acoustic_centre_s(frequency_hz, directions, pressure, axis) * speed_of_sound_m_s
    off, mirrored = (
        float(np.linalg.norm(found_m[:2] - stated)) for stated in (position_m[:2], position_m[:2] * [1, -1])
    )
    if mirrored > 0.5 * off:
        return ""
    return (
        f"{name}: azimuth seems to run clockwise: the driver is stated at y = {position_m[1]:+.3f} m, and the arrival times "
        f"over azimuth put it at y = {found_m[1]:+.3f} m; azimuth is counter-clockwise from above: "
        "negate the azimuths, or correct the place"
    )
