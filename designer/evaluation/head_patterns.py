"""A head's two ears in every direction, encoded once: pressure there over the free field at its centre, for plane waves.

**Sphere and points.** About the axis through the ears, Σ C_n P_n(cos γ): on the rigid sphere equation (3) of `sphere_series` by
reciprocity; two points a from the centre have e^{jka cos γ} = Σ (2n+1) j^n j_n(ka) P_n(cos γ). Since P_n(-x) = (-1)^n P_n(x),
the sum of the even and that of the odd terms give both ears: left is their sum, right their difference.

**A measured head** is asked itself: its own interpolation is cheap where many directions are asked for at once, and no table in between
would be within -40 dB of it (at steps of 2 degrees -17 dB were left at 16 kHz: its responses kink at every measured direction). A room
sends sound from everywhere, and few heads are measured from below: there the nearest point of what is measured stands in, at its
own delay's difference between the ears, and a warning says so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import spherical_jn

from designer.acoustics.head_models import Head
from designer.acoustics.measured.head import MeasuredHead
from designer.acoustics.sphere_series import radial_terms
from designer.arrays import Complex, Real
from designer.evaluation.driver_patterns import EXACT_DB, TRUNCATION, Series, single_legendre

MIN_KA = 1e-6


@dataclass(frozen=True)
class AxialEars:
    """Even and odd terms about the axis through the ears."""

    even: Series
    odd: Series
    error_db: float
    warnings: tuple[str, ...] = ()
    mixing = np.array([[1.0, 1.0], [1.0, -1.0]])

    def at(self, arriving: Real) -> tuple[Complex, Complex]:
        """Even and odd (F, I), for unit vectors (I, 3) in the head's axes to where the sound comes from."""
        cosine = np.clip(arriving[:, 1], -1.0, 1.0)
        table = single_legendre(cosine, 2 * max(self.even.terms, self.odd.terms))
        return self.even.times(np.ascontiguousarray(table[::2])), self.odd.times(np.ascontiguousarray(table[1::2]))


@dataclass(frozen=True)
class MeasuredEars:
    """Left and right ear of a measured head, as it is."""

    head: MeasuredHead
    frequency_hz: Real
    warnings: tuple[str, ...]
    error_db: float = EXACT_DB
    mixing = np.eye(2)

    def at(self, arriving: Real) -> tuple[Complex, Complex]:
        """Left and right (F, I)."""
        ears = self.head.transfer(self.frequency_hz, self.head.interpolation.onto(arriving)).astype(np.complex64)
        return ears[:, :, 0], ears[:, :, 1]


Ears = AxialEars | MeasuredEars
"""Two functions of direction, their shares `mixing` (2, 2) in the left and the right ear, what truncation leaves out, warnings."""


def encode_ears(head: Head, frequency_hz: Real, speed_of_sound_m_s: float) -> Ears:
    """Encode a head at frequencies (F,) in equal steps from 0."""
    if isinstance(head, MeasuredHead):
        return _measured(head, frequency_hz)
    ka = 2 * np.pi * frequency_hz / speed_of_sound_m_s * head.radius_m
    if head.name == "points":
        n = np.arange(int(np.ceil(ka.max())) + 30)
        coefficients = (2 * n + 1) * 1j**n * spherical_jn(n, np.maximum(ka, MIN_KA)[:, None])
    else:
        coefficients = radial_terms(ka, np.array([np.inf]), tolerance=1e-6)[:, :, 0].T
    mean = np.sqrt(np.sum(np.abs(coefficients) ** 2 / (2 * np.arange(coefficients.shape[1]) + 1), axis=1))
    even, odd = (Series.of(coefficients, TRUNCATION * mean, 2, start) for start in (0, 1))
    return AxialEars(even, odd, 20 * np.log10(TRUNCATION))


def _measured(head: MeasuredHead, frequency_hz: Real) -> MeasuredEars:
    interpolation = head.interpolation
    poles = np.array([[0.0, 0.0, -1.0], [0.0, 0.0, 1.0]])
    warnings = tuple(
        f"{head.name}: {interpolation.gap_name(pole)}; in the room sound from there has the tone of the nearest measured direction"
        for pole in poles[~interpolation.covers(poles)]
    )
    return MeasuredEars(head, frequency_hz, warnings)
