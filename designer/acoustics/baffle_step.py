"""The baffle step of a closed box, as an approximation: how its front turns a source in free field into one in a half space.

Far below the frequency at which the front is as large as the wave, a driver in a box radiates all around (4π); far
above it, into the half space before it (2π), and its pressure on axis is twice as large. In between the response on
axis is taken to be that of a small source on the rigid sphere whose great circle has the front's area,

    a = sqrt(width · height / π)                                                                                   (1)

and that in turn, relative to the driver's own place, to be a shelf of first order whose half-way point, +3 dB, lies at
ka = 1, that is at f = c/(2πa), or 0.28 c/W for a square front of width W:

    H = (1 + j√2 ka) / (1 + jka/√2)                                                                                (2)

What that leaves out. Against the sphere, whose series is exact, (2) is within 0.6 dB and 3 degrees at every frequency,
for a small driver; test_baffle_step.py holds that. A piston's own beaming comes on top. A box has edges: around the
same rise its response ripples by some decibels, most for a driver at equal distances from all edges and least for
one off centre (Olson measured both), which neither sphere nor shelf shows. Off axis it says nothing. So it serves to
level and to sketch; a box that matters is measured. The common rule f = 115 m/s / W puts the step 20 % higher.

**In a scene** (`[enclosure] box_front_m`) every driver keeps its place and its own directivity in free field, and (2) multiplies its
pressure alike in all directions. So the step tells how loud a driver in the box is over frequency, what a measured driver joins
below its band, and how a box compares with other enclosures. What a design makes of ratios (between ears, between azimuths) it leaves
as in free field: behind the box, where it is quieter in truth, it is an overestimate by up to the step itself.

References: H. F. Olson, "Direct radiator loudspeaker enclosures", Audio Engineering, November 1951, reprinted in
JAES 17 (1969), 22-29, whose figures compare sphere, cube and box; the sphere's series is in `rigid_sphere`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from designer.acoustics.free_field import FreeField
from designer.arrays import Complex, Real


def equivalent_radius_m(width_m: float, height_m: float) -> float:
    """Radius of the sphere whose great circle has the area of the box's front: equation (1)."""
    return math.sqrt(width_m * height_m / math.pi)


def baffle_step(frequency_hz: Real, *, width_m: float, height_m: float, speed_of_sound_m_s: float) -> Complex:
    """Pressure on axis, far away, over that of the same source in free field at the same place: equation (2), (F,).

    Parameters
    ----------
    frequency_hz : (F,)
    width_m, height_m : of the box's front

    """
    k = 2 * math.pi * np.asarray(frequency_hz, dtype=float) / speed_of_sound_m_s
    ka = k * equivalent_radius_m(width_m, height_m)
    return np.asarray((1 + 1j * math.sqrt(2) * ka) / (1 + 1j * ka / math.sqrt(2)))


@dataclass(frozen=True)
class ClosedBox:
    """Drivers in free field, each with the baffle step of a closed box whose front is so wide and so high."""

    free_field: FreeField
    width_m: float
    height_m: float

    def step(self, k: Real) -> Complex:
        """Equation (2) over wave number (F,): with a speed of sound of 1, f is k/(2π)."""
        return baffle_step(k / (2 * math.pi), width_m=self.width_m, height_m=self.height_m, speed_of_sound_m_s=1.0)

    def source_places_m(self) -> Real:
        """Where each driver's sound comes from (L, 3)."""
        return self.free_field.source_places_m()

    def source_reach_m(self) -> Real:
        """How far around that place it comes from (L,)."""
        return self.free_field.source_reach_m()

    def field(self, k: Real, points_m: Real) -> Complex:
        """Pressure (F, M, L) at points (M, 3)."""
        return np.asarray(self.free_field.field(k, points_m) * self.step(k)[:, None, None])

    def far_field(self, k: Real, directions: Real) -> Complex:
        """The limit of R e^{jkR} p (F, M, L) for unit vectors (M, 3)."""
        return np.asarray(self.free_field.far_field(k, directions) * self.step(k)[:, None, None])

    def radiated_power(self, k: Real) -> Complex:
        """Q (F, L, L): w^H Q w is the mean over the sphere of the far field's squared magnitude."""
        return np.asarray(self.free_field.radiated_power(k) * np.abs(self.step(k)[:, None, None]) ** 2)
