"""Impulse responses of a room, from each driver to the ears: the direct sound apart from the reflections.

The device's and the head's own responses ring for a few milliseconds; only the images' delays make a room's response long. So the
images are taken in blocks of arrival times, n/4 samples each, and a block's sum is a spectrum of n/2 + 1 frequencies in equal steps,
with delays counted from the block's start: 257 of them at 48 kHz for a small device. Its inverse transform holds n/4 samples
before the start, for what arrives earlier than the device's origin, and n/2 behind the block, for what rings. Blocks overlap and add
to the whole.

The direct sound is the scene's own H, near field, head and all, transformed alike: without walls the room is the anechoic scene.

Images are kept until the energy has fallen by 60 dB after Eyring, or until IMAGES, or WAVES (images times drivers), are reached; the
response's end then is told with its level. From 0.85 of Nyquist on everything falls to 0, or of HIGHEST_HZ where that is lower, so
that the work stays the same at rates above 96 kHz; a fade-out takes the last eighth, and reflections lose what lies below 20 Hz.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from designer.acoustics.scene import Scene, air_of, driver_places_m
from designer.arrays import Complex, Real
from designer.errors import DataError
from designer.evaluation.driver_patterns import TARGET_ERROR_DB, Encoded, encode
from designer.evaluation.head_patterns import encode_ears
from designer.evaluation.image_sources import (
    CENTRE,
    RECEIVERS,
    Images,
    Receiver,
    Walls,
    gathered,
    images_within,
    log_reflection,
)
from designer.problem import geometry, room_places
from designer.problem.schema import Problem, Room

WAVES, IMAGES = 2_000_000, 1_000_000
RINGING_S = 0.002  # what drivers and heads ring at the least, behind the arrival at the device's origin
TAPER = 0.85
HIGHEST_HZ = 48_000.0
"""Where a room's responses end, whatever the sample rate: an octave above what is heard."""
FADE = 1 / 8
INFRASONIC_HZ = 20.0  # below it, and above half of it by half a cosine, reflections are taken out
AUDIBLE_HZ = 16_000.0  # up to which the truncation error of sampled patterns is held, or 0.85 of Nyquist
NEAR_M = 15.0
"""Images nearer than this come from each driver's own place; beyond, from a round enclosure's centre or axis: 0.3 degrees beside it."""
SAME_PLACE_M = 1e-3
POORLY_DECAYED_DB = 35.0
"""Decay that a T20 needs: its range ends at -25 dB, and the response's end is to be 10 dB below that (ISO 3382-1)."""
MEASURED_RINGING_S = 0.04  # RINGING_S of measured drivers: a vented box of 70 Hz has fallen by 60 dB after that


@dataclass(frozen=True)
class RoomResponses:
    """From each driver's feed to each receiver, sample 0 at the feed."""

    sample_rate_hz: float
    direct: Real  # (4, L, T): left ear, right ear, the head's centre without it, figure of eight there
    reflected: Real
    distance_m: float  # from the device to the listener
    first_s: float  # when the first sound of any driver arrives at the centre
    images: int  # how many are summed
    decayed_db: float  # by how much the energy has fallen at the end, after Eyring
    truncation_error_db: float  # of the drivers' encoded patterns and of the head's, the larger
    warnings_of_head: tuple[str, ...] = ()

    @property
    def both(self) -> Real:
        """The whole responses (4, L, T)."""
        return self.direct + self.reflected

    @property
    def warnings(self) -> tuple[str, ...]:
        """Messages on a short response and on coarse directions."""
        messages = list(self.warnings_of_head)
        if self.decayed_db < POORLY_DECAYED_DB:
            messages.append(
                f"room: the response ends after {self.direct.shape[2] / self.sample_rate_hz:.2f} s, {self.decayed_db:z.0f} dB down,"
                f" because it is computed from {self.images:,} images; fewer drivers, a smaller room or a shorter rt60_s let it end later;"
                " T20 is less than the room's"
            )
        if self.truncation_error_db > TARGET_ERROR_DB:
            messages.append(
                f"room: got a truncation error of {self.truncation_error_db:z.0f} dB over direction; expected at most"
                f" {TARGET_ERROR_DB:z.0f} dB; measure the sets in finer steps of angle"
            )
        return tuple(messages)


def room_responses(scene: Scene, room: Room) -> RoomResponses:
    """Every driver's responses in the room.

    Raises
    ------
    DataError : a measured head lacks the direction of the direct sound

    """
    problem = scene.problem
    speed, rate = problem.speed_of_sound_m_s, problem.sample_rate_hz
    listener = room_places.room_listener(problem, room)
    placed = scene.with_problem(problem.model_copy(update={"listener": listener})).with_heads(scene.heads)
    n = transform_length(problem)
    f = np.arange(min(n // 2, math.ceil(HIGHEST_HZ * n / rate)) + 1) * rate / n
    at = placed.moved(np.zeros((1, 3))).at(f)
    receiver = _receiver(at, room)
    k_most = 2 * math.pi * min(AUDIBLE_HZ, TAPER * rate / 2) / speed
    source = encode(at.device, at.k, k_most)
    near = _beside(at, source, k_most)
    device_m = np.array(room.device_m, dtype=float)
    images, longest_s = _images(problem, room, receiver.centre_m)
    walls = Walls.of(log_reflection(problem, room, f), f, air_of(problem))
    axes = room_places.device_axes(room)
    length = math.ceil(images.extent_m / speed * rate / (n // 4)) * (n // 4) + n

    def summed() -> Real:
        """The images' responses (4, L, length), block by block of their arrival."""
        reflected = np.zeros((RECEIVERS, len(source.places_m), length))
        away_m = np.linalg.norm(images.of(device_m) - receiver.centre_m, axis=1)
        block = np.floor(away_m / speed * rate / (n // 4)).astype(int)
        edges = np.searchsorted(block, np.arange(block.max(initial=-1) + 2))
        for b, (first, last) in enumerate(pairwise(edges.tolist())):
            if first == last:
                continue
            part = Images(images.size_m, images.rooms[first:last], images.extent_m)
            start = (b - 1) * (n // 4)
            heard = near if away_m[first] < NEAR_M else source
            places_m = room_places.in_room_m(room, heard.places_m)
            H = gathered(f, part, heard, places_m, axes, receiver, walls, speed, start / rate)
            _add(reflected, H, start, n)
        return reflected

    tables = room.model_dump_json(), listener.model_dump_json()
    reflected = at.tensor("room", summed, at.head_key(at.heads[0]), *tables, rate, speed)
    direct = np.zeros_like(reflected)
    distance_m = float(np.linalg.norm(receiver.centre_m - device_m))
    nearest_m = np.linalg.norm(room_places.in_room_m(room, source.places_m) - receiver.centre_m, axis=1).min()
    start = int(nearest_m / speed * rate) - n // 4
    H = _direct(at, receiver) * np.exp(2j * np.pi * f / rate * start)[:, None, None]
    _add(direct, H, start, n)
    fade = np.ones(length)
    ending = max(1, int(FADE * (length - n)))
    fade[length - n - ending :] = 0.0
    fade[length - n - ending : length - n] = 0.5 + 0.5 * np.cos(np.pi * np.arange(ending) / ending)
    samples = length - n
    walls_alone = _without_pressure(reflected, rate)
    # Single precision, as the file that keeps them has it: read back, they give the same numbers.
    direct, reflected = (
        (responses[:, :, :samples] * fade[:samples]).astype(np.float32).astype(float)
        for responses in (direct, walls_alone)
    )
    decayed_db = 60.0 * images.extent_m / speed / longest_s
    error_db = max(source.error_db, near.error_db, receiver.ears.error_db)
    first_s = float(nearest_m) / speed
    return RoomResponses(
        rate, direct, reflected, distance_m, first_s, len(images.rooms), decayed_db, error_db, receiver.ears.warnings
    )


def _beside(at: Scene, source: Encoded, k_most: float) -> Encoded:
    """The device for the nearest images: on a round enclosure each driver about its own place."""
    places_m = driver_places_m(at.problem)
    if np.abs(source.places_m - places_m).max() < 2 * SAME_PLACE_M:
        return source
    return encode(at.device, at.k, k_most, places_m=places_m)


def transform_length(problem: Problem) -> int:
    """n: a power of two whose half holds what comes behind a block, and whose quarter what comes before it."""
    out_m = max(float(np.linalg.norm(driver.position_m)) for driver in problem.drivers)
    head_m = room_places.head_radius_m(problem)
    round_m = float(problem.body.half_size_m.max())
    before_s = (out_m + head_m) / problem.speed_of_sound_m_s
    # Around a rigid body sound travels half of its circumference at the most.
    behind_s = (out_m + math.pi * (round_m + head_m)) / problem.speed_of_sound_m_s
    measured = any(driver.response is not None for driver in problem.drivers)
    ringing_s = MEASURED_RINGING_S if measured else RINGING_S
    samples = max(4 * (before_s + RINGING_S / 4), 2 * (behind_s + ringing_s)) * problem.sample_rate_hz
    return 1 << math.ceil(math.log2(max(samples, 64)))


def _receiver(at: Scene, room: Room) -> Receiver:
    """The head, and across the line to the device the axis of the figure of eight."""
    problem = at.problem
    axes = room_places.device_axes(room)
    centre_m = room_places.in_room_m(room, np.array(problem.listener.position_m, dtype=float))
    towards = np.array(room.device_m, dtype=float) - centre_m
    lateral = np.cross([0.0, 0.0, 1.0], towards)
    return Receiver(
        encode_ears(at.heads[0], at.frequency_hz, problem.speed_of_sound_m_s),
        centre_m,
        geometry.head_axes(problem.listener) @ axes,
        lateral / np.linalg.norm(lateral),
    )


def _images(problem: Problem, room: Room, centre_m: Real) -> tuple[Images, float]:
    """Images that are heard until the longest octave has fallen by 60 dB, or as many as are affordable; and that octave's time."""
    longest_s = max(room_places.eyring_rt60_s(room, problem.speed_of_sound_m_s))
    most = min(IMAGES, WAVES / len(problem.drivers))
    # As many rooms as fit into a sphere of the reach.
    affordable_m = (most * room_places.volume_m3(room) * 3 / (4 * math.pi)) ** (1 / 3)
    direct_m = float(np.linalg.norm(np.array(room.device_m) - centre_m))
    extent_m = min(longest_s * problem.speed_of_sound_m_s, affordable_m) + direct_m
    return images_within(room, centre_m, extent_m), longest_s


def _direct(at: Scene, receiver: Receiver) -> Complex:
    """H (F, L, 4) of the real room alone."""
    H = np.zeros((at.frequency_hz.size, len(at.drivers), RECEIVERS), dtype=complex)
    H[:, :, :2] = at.ears()[:, :2].transpose(0, 2, 1)
    H[:, :, CENTRE] = at.head_centre()
    return H


def _without_pressure(responses: Real, rate: float) -> Real:
    """Less what lies below INFRASONIC_HZ: images are all of one sign, and late ones, many a sample, add to a slow pressure."""
    n = 1 << math.ceil(math.log2(2 * responses.shape[2]))
    share = np.clip(np.fft.rfftfreq(n, 1 / rate) / INFRASONIC_HZ * 2 - 1, 0.0, 1.0)
    passed = np.fft.rfft(responses, n) * (0.5 - 0.5 * np.cos(np.pi * share))
    return np.asarray(np.fft.irfft(passed, n)[:, :, : responses.shape[2]])


def _add(responses: Real, H: Complex, start: int, n: int) -> None:
    """Transform a spectrum (F, L, 4), the first F of n/2 + 1 frequencies, and add it from a sample on, in place."""
    share = np.clip((np.arange(len(H)) / (len(H) - 1) - TAPER) / (1 - TAPER), 0.0, 1.0)
    pulse = np.fft.irfft(H * (0.5 + 0.5 * np.cos(np.pi * share))[:, None, None], n, axis=0).transpose(2, 1, 0)
    skipped = max(0, -start)
    if skipped >= n or start >= responses.shape[2]:
        raise DataError("room: a wave lies outside of its response")
    end = min(start + n, responses.shape[2])
    responses[:, :, start + skipped : end] += pulse[:, :, skipped : end - start]
