"""Naive oracle: a sphere with caps in a shoebox, heard by a rigid-sphere head, one image after the other, sharing no code with the tool.

The array itself is mirrored here, not the direction: of each image the caps' axes are reflected as the walls reflect them, and the angle
is taken between a mirrored axis and the straight line to the head. Everything is far field, in scipy's spherical Bessel functions:

    cap:   r e^{jkr} p = -1/(ka)² Σ S_n j^{n+1}/h_n'(ka) P_n(cos γ),   S_n = (P_{n-1}(cos α) - P_{n+1}(cos α)) / (1 - cos α)
    ear:   p / (free field at the centre) = -1/(ka)² Σ (2n+1) j^{n+1}/h_n'(ka) P_n(cos γ)

as derived in `far_ear.py`, with h_n = j_n - j y_n and outgoing waves e^{-jkr}.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from functools import cache

import numpy as np
from scipy.special import eval_legendre, spherical_jn, spherical_yn

SPEED_M_S = 343.0
Vector = Sequence[float]


@cache
def hankel_slope(n: int, ka: float) -> complex:
    """The derivative h_n'(ka)."""
    return complex(spherical_jn(n, ka, True), -spherical_yn(n, ka, True))


def series(ka: float, cos_angle: float, cos_rim: float | None) -> complex:
    """Of a cap, or of an ear (no rim)."""
    total = 0j
    for n in range(int(ka) + 20):
        slope = hankel_slope(n, ka)
        strength = 2.0 * n + 1
        if cos_rim is not None:
            below = eval_legendre(n - 1, cos_rim) if n else 1.0
            strength = float((below - eval_legendre(n + 1, cos_rim)) / (1 - cos_rim))
        total += strength * 1j ** (n + 1) / slope * float(eval_legendre(n, cos_angle))
    return -total / ka**2


def turned(vector: Vector, heading_deg: float) -> np.ndarray:
    """A vector of a body that faces a heading, in the room."""
    c, s = math.cos(math.radians(heading_deg)), math.sin(math.radians(heading_deg))
    x, y, z = vector
    return np.array([c * x - s * y, s * x + c * y, z])


def room_response(
    frequency_hz: float,
    *,
    size_m: Vector,
    absorption: float,
    most_reflections: int,
    device_m: Vector,
    heading_deg: float,
    radius_m: float,
    caps: Sequence[Vector],
    rim_m: float,
    head_m: Vector,
    head_heading_deg: float,
    head_radius_m: float,
) -> np.ndarray:
    """Reflections alone, from each cap to the left ear, the right ear, and the head's centre without it (L, 3)."""
    k = 2 * math.pi * frequency_hz / SPEED_M_S
    left = turned([0, 1, 0], head_heading_deg)  # of a person who faces +x, the left hand is at +y
    cos_rim = math.sqrt(1 - (rim_m / radius_m) ** 2)
    found = np.zeros((len(caps), 3), dtype=complex)
    span = range(-most_reflections, most_reflections + 1)
    for walls in itertools.product(span, span, span):
        reflections = sum(abs(n) for n in walls)
        if not 0 < reflections <= most_reflections:
            continue
        # Walk from wall to wall: each reflection mirrors the place and the axes at a plane.
        place = np.array(device_m, dtype=float)
        axes = [turned(cap, heading_deg) for cap in caps]
        for axis, n in enumerate(walls):
            for step in range(abs(n)):
                plane = (-step if n < 0 else step + 1) * size_m[axis]
                place[axis] = 2 * plane - place[axis]
                for one in axes:
                    one[axis] = -one[axis]
        way = np.array(head_m) - place
        distance = float(np.linalg.norm(way))
        wave = (1 - absorption) ** (reflections / 2) * np.exp(-1j * k * distance) / distance
        ear = float(np.dot(left, -way / distance))
        at_ears = [series(k * head_radius_m, side * ear, None) for side in (1, -1)]
        for l, one in enumerate(axes):
            sent = series(k * radius_m, float(np.dot(one, way / distance)), cos_rim) * wave
            found[l] += sent * np.array([*at_ears, 1.0])
    return found
