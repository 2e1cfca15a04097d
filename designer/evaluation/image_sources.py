"""The image sources of a shoebox room, and source, room and receiver in one sum per frequency: from each driver to the ears.

A wave that walls have reflected arrives as if it came straight from a mirrored room. Room n = (n_x, n_y, n_z) of the lattice is
entered through n_i walls along axis i. Along an axis of length S a place q has in it the image

    q' = n S + q          for even n (shifted),
    q' = (n + 1) S - q    for odd n (mirrored),                                                                    (1)

so that the image of the whole device is a shift behind the signs M = diag((-1)^n_i): x' = M x + t.

Walls reflect pressure by β = sqrt(1 - α), real and the same from every direction, so that an image has β^(|n_x| + |n_y| + |n_z|).

**The mirror.** Let the device's image in the mirrored room be x' = M x + t, M = diag(±1), and the head's centre p. From the
image's place the sound that arrives at p leaves in the direction d = p - x'. But the image is a mirrored array: what stood
to its left may stand to its right. Reflect the whole picture back, by M, which is its own inverse: the image becomes the
real array, and the direction becomes M d. A reflection keeps lengths and the array's own angles, so the image radiates towards p
what the real array radiates in the direction

    n = M (p - x') / |p - x'|        (room's axes; the rows of `device_axes` then turn it into the device's).        (2)

A wall x = 0 behind a device that faces +x, say: M = diag(-1, 1, 1), the listener in front. The image stands behind the wall,
d points to +x, and n = M d to -x: the sound that came off the wall is what the device sends *backwards*. A side wall y = 0: d
points to +y, n to -y, the side on which the wall is. Signs alone, no angle: that is Luo and Kim's mirror symmetry.

At the head nothing is mirrored: the wave comes from the image as it stands, from (x' - p)/|x' - p|.

**The sum.** With G_lei = D_l(n_li) R_e(s_li) of the encoded driver and receiver,

    H_le(f) = Σ_i G_lei(f) β(f)^(order_i) e^{-jk r_li} / r_li                                                         (3)

in chunks of images: D and R are real matrix products of coefficients and Legendre functions, the phase is a product of powers
(`wave_phases`), and what is left is one multiplication and one product of matrices a frequency. Sums are in single precision over a
chunk (1e-6), in double over chunks; delays are taken from the chunk's own start, in double, before they become phases.

A reflection is a far-field wave at both ends: each driver's images are its own, with their own distance and both directions, and only
the waves' curvature across the driver's pattern and across the head is left out. The direct sound, which is nearest, is not summed here.

Receivers: left ear, right ear, the head's centre without the head, and there a figure of eight along a horizontal axis.

Sources: J. Allen and D. Berkley, Image method for efficiently simulating small-room acoustics (JASA 65, 1979); Y. Luo and W. Kim,
Fast source-room-receiver modeling (EUSIPCO 2020).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from designer.acoustics.air import Air
from designer.arrays import Complex, Index, Real
from designer.evaluation.driver_patterns import Encoded
from designer.evaluation.head_patterns import Ears
from designer.problem import room_places
from designer.problem.schema import Problem, Room

LEFT_EAR, RIGHT_EAR, CENTRE, LATERAL = range(4)
RECEIVERS = 4
CHUNK, LEAST_CHUNK = 512, 64
CHUNK_WAVES = 2048  # images times places of drivers that are worked through at once


@dataclass(frozen=True)
class Images:
    """The mirrored rooms that a response is made of, the nearest image first; the real room is not among them."""

    size_m: Real
    rooms: Index  # (I, 3) numbers of the lattice
    extent_m: float  # images up to this distance are all there

    @property
    def signs(self) -> Real:
        """M of each image as the signs of its axes (I, 3)."""
        return 1.0 - 2.0 * (self.rooms % 2)

    @property
    def orders(self) -> Index:
        """How many walls each was reflected by (I,)."""
        return np.asarray(np.abs(self.rooms).sum(axis=1))

    def of(self, place_m: Real) -> Real:
        """The images (I, 3) of a place (3,) in the room, by equation (1)."""
        odd = self.rooms % 2
        return np.asarray((self.rooms + odd) * self.size_m + (1 - 2 * odd) * place_m)


def images_within(room: Room, listener_m: Real, extent_m: float) -> Images:
    """The images of the device up to a distance from the listener (3,) in the room.

    Room n lies between n_i S_i and (n_i + 1) S_i along each axis, and the listener between 0 and S_i, so that every image within
    reach has |n_i| <= reach/S_i + 1.
    """
    size_m, device_m = np.array(room.size_m, dtype=float), np.array(room.device_m, dtype=float)
    numbers = [np.arange(-most, most + 1) for most in (extent_m // size_m).astype(int) + 1]
    squared_m2 = np.zeros(())
    for axis, n in enumerate(numbers):
        away_m = (n + n % 2) * size_m[axis] + (1 - 2 * (n % 2)) * device_m[axis] - listener_m[axis]
        squared_m2 = squared_m2[..., None] + away_m**2
    within = np.nonzero(squared_m2 <= extent_m**2)
    nearest = np.argsort(squared_m2[within], kind="stable")
    rooms = np.stack([n[at[nearest]] for n, at in zip(numbers, within, strict=True)], axis=1)
    return Images(size_m, rooms[np.abs(rooms).sum(axis=1) > 0], extent_m)


def log_reflection(problem: Problem, room: Room, frequency_hz: Real) -> Real:
    """The log of β at frequencies (F,): ln(1 - α)/2, straight over log f between the octaves, their end values kept beyond."""
    share = np.array(room_places.absorption(room, problem.speed_of_sound_m_s))
    octaves_hz = room_places.FIRST_OCTAVE_HZ * 2.0 ** np.arange(share.size)
    return np.asarray(np.interp(np.log(np.maximum(frequency_hz, 1.0)), np.log(octaves_hz), np.log1p(-share) / 2))


@dataclass(frozen=True)
class Receiver:
    """Where and how the room is listened to, in the room's axes."""

    ears: Ears
    centre_m: Real  # (3,) of the head
    axes: Real  # (3, 3) rows forward, left, up of the head
    lateral: Real  # (3,) unit vector of the figure of eight's axis


@dataclass(frozen=True)
class Walls:
    """Losses of a wave: ln β of a reflection (F,), and the air's ln a metre (F,) or None."""

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
    place_m : (3,) float array, in the room
    device_axes : (3, 3) float array, rows forward, left, up of the device, in the room

    Returns
    -------
    distances (I,); directions in which they left, in the device's axes (I, 3), by equation (2); from where they come, in the head's
    axes (I, 3); and their cosines to the lateral axis (I,)

    """
    way = receiver.centre_m - images.of(place_m)  # d
    distance_m = np.linalg.norm(way, axis=1)
    way = way / distance_m[:, None]
    return distance_m, (images.signs * way) @ device_axes.T, -way @ receiver.axes.T, -way @ receiver.lateral


def wave_phases(frequency_hz: Real, delay_s: Real, amplitude: Real | float = 1.0) -> Complex:
    """Amplitude times e^{-jωτ}, (F, I) in single precision, of delays and amplitudes (I,), frequencies in equal steps from 0.

    With f_{Ja+b} = (Ja + b) Δ and J ≈ √F, e^{-jωτ} = e^{-jJaΔ'τ} e^{-jbΔ'τ}, Δ' = 2πΔ: 2√F exponentials a delay instead of F. The
    exponentials are of double precision, so that τ may be many periods; their product is of single precision, to 1e-7.
    """
    count = frequency_hz.size
    step = 2 * math.pi * float(frequency_hz[1] - frequency_hz[0]) if count > 1 else 0.0
    fine = math.ceil(math.sqrt(count))
    coarse = math.ceil(count / fine)
    outer = np.exp(-1j * step * fine * np.outer(np.arange(coarse), delay_s)).astype(np.complex64)
    inner = (amplitude * np.exp(-1j * step * np.outer(np.arange(fine), delay_s))).astype(np.complex64)
    return np.asarray((outer[:, None] * inner[None]).reshape(coarse * fine, delay_s.size)[:count])


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
    """Equation (3): the images' sum from each driver to each receiver, (F, L, 4).

    Parameters
    ----------
    frequency_hz : (F,) float array, in equal steps from 0
    places_m : (L, 3) float array, of the encoded drivers, in the room
    start_s : float, what is taken off every delay

    """
    total = np.zeros((frequency_hz.size, len(places_m), RECEIVERS), dtype=complex)
    places, place_index = np.unique(np.round(places_m, 9), axis=0, return_inverse=True)
    place_index = np.asarray(place_index).ravel()
    step = int(np.clip(CHUNK_WAVES // len(places), LEAST_CHUNK, CHUNK))
    for start in range(0, len(images.rooms), step):
        part = Images(images.size_m, images.rooms[start : start + step], images.extent_m)
        waves = [waves_from(part, place_m, device_axes, receiver) for place_m in places]
        first, second = receiver.ears.at(np.concatenate([arriving for _, _, arriving, _ in waves]))
        for p, (distance_m, leaving, _, aside) in enumerate(waves):
            columns = slice(p * distance_m.size, (p + 1) * distance_m.size)
            phase = wave_phases(frequency_hz, distance_m / speed_of_sound_m_s - start_s, 1 / distance_m)
            _attenuate(phase, walls, part.orders, distance_m)
            heard = np.empty((frequency_hz.size, RECEIVERS, distance_m.size), dtype=np.complex64)
            np.multiply(first[:, columns], phase, out=heard[:, LEFT_EAR])
            np.multiply(second[:, columns], phase, out=heard[:, RIGHT_EAR])
            heard[:, CENTRE] = phase
            np.multiply(phase, aside.astype(np.float32), out=heard[:, LATERAL])
            for l in np.flatnonzero(place_index == p).tolist():
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
