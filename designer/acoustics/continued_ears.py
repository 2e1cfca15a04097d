"""A head in the field of a device beyond the highest frequency up to which it is solved.

There the device's field keeps at each place the level and the delay that it has at the highest wave number K. A head is met by that
field as if it came from the driver's place, and what else an ear hears at K keeps level and delay, too:

    H(k) = b P(k) + [H(K) - b P(K)] e^{-j(k-K)r},                                                                  (1)

P the head's ear before a point source at the driver's place, b the field at K over that source's at the head's centre, r from there to
the ear. Two points for ears hear the field itself; of a head the shadow grows with k, and nothing is divided by what it leaves. The
device is asked for frequencies up to K alone: beyond, a large box would cost a hundred times as much as it is known.
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
