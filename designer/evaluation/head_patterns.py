"""A head's two ears in every direction, encoded once: pressure there over the free field at its centre, for plane waves.

**Sphere and points.** About the axis through the ears, Σ C_n P_n(cos γ): on the rigid sphere equation (3) of `rigid_sphere` by
reciprocity; two points a from the centre have e^{jka cos γ} = Σ (2n+1) j^n j_n(ka) P_n(cos γ). Since P_n(-x) = (-1)^n P_n(x),
the sum of the even and that of the odd terms give both ears: left is their sum, right their difference.

**A measured head** is a table over directions 2 degrees apart. Each ear's own delay (Woodworth's, as in `measured_head`) is taken
off first, since the mean of two copies of one sound at different times is a comb; what is left changes slowly. Between four
neighbours of the table it is interpolated along both angles, and the delay put back. `error_db` is measured against the head itself.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy.sparse import csr_array
from scipy.special import spherical_jn

from designer.acoustics.free_field import direction
from designer.acoustics.heads import Head
from designer.acoustics.measured_head import SIDES, MeasuredHead
from designer.acoustics.rigid_sphere import radial_terms
from designer.arrays import Complex, Real
from designer.evaluation.driver_patterns import LEFT_OUT, TRIED, Series, single_legendre

STEP_DEG = 2.0
MIN_KA = 1e-6


class Ears(Protocol):
    """Both ears as two functions of direction, and what mixes them."""

    @property
    def mixing(self) -> Real:
        """The two functions' shares (2, 2) in the left and the right ear."""

    @property
    def error_db(self) -> float:
        """What truncation or interpolation leaves out."""

    def at(self, arriving: Real) -> tuple[Complex, Complex]:
        """Two functions (F, I) each, for unit vectors (I, 3) in the head's axes to where the sound comes from."""


@dataclass(frozen=True)
class AxialEars:
    """Even and odd terms about the axis through the ears."""

    series: Series
    error_db: float
    mixing = np.array([[1.0, 1.0], [1.0, -1.0]])

    def at(self, arriving: Real) -> tuple[Complex, Complex]:
        """Even and odd (F, I)."""
        table = single_legendre(np.clip(arriving[:, 1], -1.0, 1.0), self.series.coefficients.shape[1])
        return tuple(self.series.times(np.ascontiguousarray(table[odd::2]), odd, 2) for odd in (0, 1))  # type: ignore[return-value]


@dataclass(frozen=True)
class TableEars:
    """Left and right ear interpolated in a table of azimuth and elevation."""

    head: MeasuredHead
    frequency_hz: Real
    table: Complex  # (ears, directions, F) in single precision
    error_db: float
    mixing = np.eye(2)

    def at(self, arriving: Real) -> tuple[Complex, Complex]:
        """Left and right (F, I)."""
        weights = _neighbours(arriving)
        found = []
        for ear in (0, 1):
            aligned = (weights @ self.table[ear].view(np.float32)).view(np.complex64)
            found.append((aligned * _delays(self.head, self.frequency_hz, arriving, ear)).T)
        return found[0], found[1]


def encode_ears(head: Head, frequency_hz: Real, speed_of_sound_m_s: float) -> Ears:
    """Encode a head.

    Parameters
    ----------
    frequency_hz : (F,) in equal steps from 0

    Raises
    ------
    DataError : a measured head lacks a direction

    """
    if isinstance(head, MeasuredHead):
        return _table(head, frequency_hz)
    ka = 2 * np.pi * frequency_hz / speed_of_sound_m_s * head.radius_m
    if head.name == "points":
        n = np.arange(int(np.ceil(ka.max())) + 30)
        coefficients = (2 * n + 1) * 1j**n * spherical_jn(n, np.maximum(ka, MIN_KA)[:, None])
    else:
        coefficients = radial_terms(ka, np.array([np.inf]), tolerance=1e-6)[:, :, 0].T
    mean = np.sqrt(np.sum(np.abs(coefficients) ** 2 / (2 * np.arange(coefficients.shape[1]) + 1), axis=1))
    return AxialEars(Series.of(coefficients, LEFT_OUT * mean), 20 * np.log10(LEFT_OUT))


def _grid_deg() -> tuple[Real, Real]:
    """Azimuths around a circle and elevations from pole to pole."""
    return np.arange(0.0, 360.0, STEP_DEG), np.arange(-90.0, 90.0 + STEP_DEG / 2, STEP_DEG)


def _table(head: MeasuredHead, frequency_hz: Real) -> TableEars:
    azimuth_deg, elevation_deg = _grid_deg()
    nodes = direction(azimuth_deg[:, None], elevation_deg[None, :]).reshape(-1, 3)
    ears = head.transfer(frequency_hz, nodes)  # (F, N, 2)
    table = np.stack([ears[:, :, ear].T / _delays(head, frequency_hz, nodes, ear) for ear in (0, 1)])
    made = TableEars(head, frequency_hz, np.ascontiguousarray(table.astype(np.complex64)), 0.0)
    tried = np.random.default_rng(1).standard_normal((TRIED, 3))
    tried /= np.linalg.norm(tried, axis=1, keepdims=True)
    wanted = head.transfer(frequency_hz, tried)
    heard = frequency_hz <= head.band_hz[1]
    wrong = np.stack(made.at(tried), axis=-1) - wanted
    error = np.sqrt(np.sum(np.abs(wrong[heard]) ** 2) / np.sum(np.abs(wanted[heard]) ** 2))
    return TableEars(head, frequency_hz, made.table, float(20 * np.log10(error)))


def _delays(head: MeasuredHead, frequency_hz: Real, arriving: Real, ear: int) -> Complex:
    """e^{-jωτ} (I, F) of Woodworth's delay."""
    cosine = np.clip(SIDES[ear] * arriving[:, 1], -1.0, 1.0)
    around = np.where(cosine >= 0, -cosine, np.arccos(cosine) - np.pi / 2)
    turn = np.outer(head.radius_m / head.speed_of_sound_m_s * around, -2 * np.pi * frequency_hz)
    return np.asarray(np.exp(1j * turn).astype(np.complex64))


def _neighbours(arriving: Real) -> csr_array:
    """Weights (I, N) of the table's directions: straight along azimuth and along elevation."""
    azimuth_deg, elevation_deg = _grid_deg()
    turn = np.degrees(np.arctan2(arriving[:, 1], arriving[:, 0])) % 360.0 / STEP_DEG
    rise = (np.degrees(np.arcsin(np.clip(arriving[:, 2], -1.0, 1.0))) + 90.0) / STEP_DEG
    column = np.minimum(turn.astype(np.intp), azimuth_deg.size - 1)
    row = np.minimum(rise.astype(np.intp), elevation_deg.size - 2)
    over, up = turn - column, rise - row
    weights, nodes = [], []
    for beyond in (0, 1):
        for above in (0, 1):
            weights.append((over if beyond else 1 - over) * (up if above else 1 - up))
            nodes.append((column + beyond) % azimuth_deg.size * elevation_deg.size + row + above)
    indices, values = np.stack(nodes, axis=1), np.stack(weights, axis=1).astype(np.float32)
    starts = 4 * np.arange(len(arriving) + 1)
    return csr_array(
        (values.ravel(), indices.ravel(), starts), shape=(len(arriving), azimuth_deg.size * elevation_deg.size)
    )
