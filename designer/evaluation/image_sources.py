"""The image sources of a shoebox room: which mirrored rooms sound reaches the listener through, and how each mirrors.

A wave that walls have reflected arrives as if it came straight from a mirrored room. Room n = (n_x, n_y, n_z) of the lattice is
entered through n_i walls along axis i. Along an axis of length S a place q has in it the image

    q' = n S + q          for even n (shifted),
    q' = (n + 1) S - q    for odd n (mirrored),                                                                    (1)

so that the image of the whole device is a shift behind the signs M = diag((-1)^n_i): x' = M x + t. `pyroomacoustics` lists the
images of one place; an image lies in its own room of the lattice, so that n = floor(q' / S). It computes in single precision, of
which the rooms' numbers alone are taken: places come from (1).

Walls reflect pressure by β = sqrt(1 - α), real and the same from every direction, so that an image has β^(|n_x| + |n_y| + |n_z|).

Source: J. Allen and D. Berkley, Image method for efficiently simulating small-room acoustics (JASA 65, 1979).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.arrays import Index, Real
from designer.errors import Fault, ProblemError
from designer.problem import room_places
from designer.problem.schema import Problem, Room

REMEDY = "`pip install 'loudspeaker-filter-designer[room]'`, or leave [room] out"


@dataclass(frozen=True)
class Images:
    """The mirrored rooms that a response is made of, the nearest image first; the real room is not among them.

    rooms : (I, 3) numbers of the lattice
    reach_m : images up to this distance are all there
    """

    size_m: Real
    rooms: Index
    reach_m: float

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


def library(problem: Problem) -> Any:
    """The library that lists the images.

    Raises
    ------
    ProblemError : it is not installed

    """
    try:
        import pyroomacoustics
    except ImportError:
        found = "found a table, and pyroomacoustics, which makes its image sources, is not installed"
        raise ProblemError(problem.source, [Fault("room", found, "", REMEDY)]) from None
    return pyroomacoustics


def images_within(problem: Problem, room: Room, listener_m: Real, reach_m: float) -> Images:
    """The images of the device up to a distance from the listener.

    Parameters
    ----------
    listener_m : (3,) in the room
    reach_m : distance

    Raises
    ------
    ProblemError : pyroomacoustics is not installed

    """
    pra = library(problem)
    size_m, device_m = np.array(room.size_m, dtype=float), np.array(room.device_m, dtype=float)
    # In a direction u an image at r has about r Σ |u_i|/S_i reflections, at most r |1/S|; three rooms more for the ends. The place
    # that is listed is the room's middle, half a room from every edge of the lattice: a device may stand on a wall.
    order = math.ceil(reach_m * float(np.linalg.norm(1 / size_m))) + 3
    shoebox = pra.ShoeBox(room.size_m, fs=round(problem.sample_rate_hz), materials=pra.Material(0.1), max_order=order)
    shoebox.add_source((size_m / 2).tolist())
    shoebox.add_microphone(listener_m.tolist())
    shoebox.image_source_model()
    rooms = np.floor(shoebox.sources[0].images.T.astype(float) / size_m).astype(np.intp)
    found = Images(size_m, rooms[np.abs(rooms).sum(axis=1) > 0], reach_m)
    distance_m = np.linalg.norm(found.of(device_m) - listener_m, axis=1)
    nearest = np.argsort(distance_m, kind="stable")
    return Images(size_m, found.rooms[nearest[distance_m[nearest] <= reach_m]], reach_m)


def log_reflection(problem: Problem, room: Room, frequency_hz: Real) -> Real:
    """The log of β at frequencies (F,): ln(1 - α)/2, straight over log f between the octaves, their end values kept beyond."""
    share = np.array(room_places.absorption(room, problem.speed_of_sound_m_s))
    octaves_hz = room_places.FIRST_OCTAVE_HZ * 2.0 ** np.arange(share.size)
    return np.asarray(np.interp(np.log(np.maximum(frequency_hz, 1.0)), np.log(octaves_hz), np.log1p(-share) / 2))
