"""Source, room and receiver in one sum per frequency: from each driver to the ears, over all image sources.

**The mirror.** Let the device's image in the mirrored room be x' = M x + t, M = diag(±1), and the head's centre p. From the
image's place the sound that arrives at p leaves in the direction d = p - x'. But the image is a mirrored array: what stood
to its left may stand to its right. Reflect the whole picture back, by M, which is its own inverse: the image becomes the
real array, and the direction becomes M d. A reflection keeps lengths and the array's own angles, so the image radiates towards p
what the real array radiates in the direction

    n = M (p - x') / |p - x'|        (room's axes; the rows of `device_axes` then turn it into the device's).        (1)

A wall x = 0 behind a device that faces +x, say: M = diag(-1, 1, 1), the listener in front. The image stands behind the wall,
d points to +x, and n = M d to -x: the sound that came off the wall is what the device sends *backwards*. A side wall y = 0: d
points to +y, n to -y, the side on which the wall is. Signs alone, no angle: that is Luo and Kim's mirror symmetry.

At the head nothing is mirrored: the wave comes from the image as it stands, from (x' - p)/|x' - p|.

**The sum.** With G_lei = D_l(n_li) R_e(s_li) of the encoded driver and receiver,

    H_le(f) = Σ_i G_lei(f) β(f)^(order_i) e^{-jk r_li} / r_li                                                         (2)

in chunks of images: D and R are real matrix products of coefficients and Legendre functions, the phase is a product of powers
(`wave_phases`), and what is left is one multiplication and one product of matrices a frequency. Sums are in single precision over a
chunk (1e-6), in double over chunks; delays are taken from the chunk's own start, in double, before they become phases.

A reflection is a far-field wave at both ends: each driver's images are its own, with their own distance and both directions, and only
the waves' curvature across the driver's pattern and across the head is left out. The direct sound, which is nearest, is not summed here.

Receivers: left ear, right ear, the head's centre without the head, and there a figure of eight along a horizontal axis.

Source: Y. Luo and W. Kim, Fast source-room-receiver modeling (EUSIPCO 2020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.acoustics.air import Air
from designer.arrays import Complex, Index, Real
from designer.evaluation.driver_patterns import Encoded
from designer.evaluation.head_patterns import Ears
from designer.evaluation.image_sources import Images
from designer.evaluation.wave_phases import wave_phases

LEFT_EAR, RIGHT_EAR, CENTRE, LATERAL = range(4)
RECEIVERS = 4
CHUNK, LEAST_CHUNK = 512, 64
CHUNK_WAVES = 2048
"""Images times places of drivers that are worked through at once."""


@dataclass(frozen=True)
class Receiver:
    """Where and how the room is listened to.

    ears : encoded
    centre_m : (3,) of the head, in the room
    axes : (3, 3) rows forward, left, up of the head, in the room
    lateral : (3,) unit vector of the figure of eight's axis, in the room
    """

    ears: Ears
    centre_m: Real
    axes: Real
    lateral: Real


@dataclass(frozen=True)
class Walls:
    """What a wave loses: ln β of a reflection (F,), and the air's ln a metre (F,) or None."""

    log_reflection: Real
    log_air: Real | None = None

    @classmethod
    def of(cls, log_reflection: Real, frequency_hz: Real, air: Air | None) -> Walls:
        """With the air's loss, where it absorbs."""
        return cls(log_reflection, None if air is None else np.log(air.amplitude_factor(frequency_hz, np.array(1.0))))


def waves_from(images: Images, place_m: Real, device_axes: Real, receiver: Receiver) -> tuple[Real, Real, Real, Real]:
    """The images of one place of the device, as waves at the receiver.

    Parameters
    ----------
    place_m : (3,) in the room
    device_axes : (3, 3) rows forward, left, up of the device, in the room

    Returns
    -------
    distances (I,); directions in which they left, in the device's axes (I, 3), by equation (1); from where they come, in the head's
    axes (I, 3); and their cosines to the lateral axis (I,)

    """
    way = receiver.centre_m - images.of(place_m)  # d
    distance_m = np.linalg.norm(way, axis=1)
    way = way / distance_m[:, None]
    return distance_m, (images.signs * way) @ device_axes.T, -way @ receiver.axes.T, -way @ receiver.lateral


def gathered(
    frequency_hz: Real,
    images: Images,
    source: Encoded,
    places_m: Real,
    device_axes: Real,
    receiver: Receiver,
    walls: Walls,
    speed_of_sound_m_s: float,
    start_s: float = 0.0,
) -> Complex:
    """Equation (2): the images' sum from each driver to each receiver, (F, L, 4).

    Parameters
    ----------
    frequency_hz : (F,) in equal steps from 0
    places_m : (L, 3) of the encoded drivers, in the room
    start_s : what is taken off every delay

    """
    total = np.zeros((frequency_hz.size, len(places_m), RECEIVERS), dtype=complex)
    places, which = np.unique(np.round(places_m, 9), axis=0, return_inverse=True)
    which = np.asarray(which).ravel()
    step = int(np.clip(CHUNK_WAVES // len(places), LEAST_CHUNK, CHUNK))
    for start in range(0, len(images.rooms), step):
        part = Images(images.size_m, images.rooms[start : start + step], images.reach_m)
        waves = [waves_from(part, place_m, device_axes, receiver) for place_m in places]
        first, second = receiver.ears.at(np.concatenate([arriving for _, _, arriving, _ in waves]))
        for p, (distance_m, leaving, _, aside) in enumerate(waves):
            here = slice(p * distance_m.size, (p + 1) * distance_m.size)
            phase = wave_phases(frequency_hz, distance_m / speed_of_sound_m_s - start_s, 1 / distance_m)
            _attenuate(phase, walls, part.orders, distance_m)
            heard = np.empty((frequency_hz.size, RECEIVERS, distance_m.size), dtype=np.complex64)
            np.multiply(first[:, here], phase, out=heard[:, LEFT_EAR])
            np.multiply(second[:, here], phase, out=heard[:, RIGHT_EAR])
            heard[:, CENTRE] = phase
            np.multiply(phase, aside.astype(np.float32), out=heard[:, LATERAL])
            for l in np.flatnonzero(which == p).tolist():
                pattern = source.patterns[l].at(leaving)
                if pattern.shape[1] == 1:
                    total[:, l] += heard.sum(axis=2) * pattern
                else:
                    total[:, l] += np.matmul(heard, pattern[:, :, None])[:, :, 0]
    total[:, :, :CENTRE] = total[:, :, :CENTRE] @ receiver.ears.mixing.T
    return total


def _attenuate(phase: Complex, walls: Walls, orders: Index, distance_m: Real) -> None:
    """Multiply by what walls and air leave of each wave, in place."""
    same = np.ptp(walls.log_reflection) == 0
    if same:
        phase *= np.exp(walls.log_reflection[0] * orders).astype(np.float32)
    lost = np.zeros(phase.shape, dtype=np.float32) if not same or walls.log_air is not None else None
    if not same and lost is not None:
        lost += walls.log_reflection.astype(np.float32)[:, None] * orders.astype(np.float32)
    if walls.log_air is not None and lost is not None:
        lost += walls.log_air.astype(np.float32)[:, None] * distance_m.astype(np.float32)
    if lost is not None:
        phase *= np.exp(lost, out=lost)
