"""Ears of a head in the field of a device, above the highest frequency up to which the device is solved.

There the device's field keeps at each place the level and the delay that it has at the highest wave number K. The field reaches the head
as a wave from the driver's place; the rest of what an ear hears at K keeps its level and its delay:

    H(k) = b P(k) + [H(K) - b P(K)] e^{-j(k-K)r},                                                                  (1)

P is the pressure at the ear for a point source at the driver's place, b the field at K over that source's field at the head's centre, and
r the distance from the driver's place to the ear. Ears without a head hear the field itself. The shadow of a head grows with k; (1) divides
by no pressure in that shadow. The device is evaluated at frequencies up to K alone: above K a large box would cost a hundred times as much.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from designer.acoustics.enclosures import Device, EnclosedDrivers
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.acoustics.turning import phase
from designer.arrays import Complex, Real


def continued_ears(
    ears: Callable[[Device, Real], Complex], device: EnclosedDrivers, k: Real, centres_m: Real, ears_m: Real
) -> Complex:
    """Pressure at the ears (F, D, 2, L): equation (1) beyond `device.highest_k`, and the ears themselves below.

    Parameters
    ----------
    ears : callable, a device and wave numbers (Q,) -> pressure (Q, D, 2, L)
    k : (F,) float array, wave number, rad/m
    centres_m : (D, 3) float array, of the heads
    ears_m : (D, 2, 3) float array

    """
    last, beyond = np.array([device.highest_k]), np.flatnonzero(k > device.highest_k)
    solved_k, place = np.unique(np.minimum(k, last), return_inverse=True)
    out = ears(device, solved_k)[place]
    places_m = device.driver_places_m()
    sources = FreeField([Disc(place_m) for place_m in places_m])
    points = ears(sources, np.append(k[beyond], last))
    points *= (device.field(last, centres_m) / sources.field(last, centres_m))[:, :, None]
    away_m = np.linalg.norm(ears_m[:, :, None] - places_m, axis=-1)  # (D, 2, L)
    out[beyond] -= points[-1]
    out[beyond] *= phase(-np.multiply.outer(k[beyond] - last, away_m))
    out[beyond] += points[:-1]
    return np.asarray(out)
