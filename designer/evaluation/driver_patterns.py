"""A driver's sound in every direction, encoded once, so that a direction costs a dot product.

Driver l at the place x_l radiates far away e^{jk x_l·n} D_l(n, f) e^{-jkr}/r; with the distance counted from x_l itself, the
first factor is in e^{-jkr} already, and D_l is what is encoded. Which series is short depends on the device:

- **Caps on a rigid sphere**: x_l is the centre, one for all drivers, and D = Σ C_n(f) P_n(cos γ) about the cap's axis, equation (3) of
  `sphere_series`, with about ka terms; or, for the nearest images, the driver's own place, with twice as many.
- **Points and discs in free field**: x_l is the driver's own place. A point has D = 1; a disc has even
  terms about its axis, found by Gauss-Legendre quadrature, C_n = (2n+1)/2 ∫ D P_n d cos γ.
- **Anything else** (cylinder, box, measured drivers): a table over directions about its place, read by cubics. Series of
  harmonics would be long: an infinite cylinder has a logarithm at its axis, and a measurement has kinks. On a cylinder of 5 cm order 30
  left an error of -28 dB at 16 kHz.

**What truncation leaves out.** |P_n| <= 1, so that a Legendre series cut at N is wrong by at most Σ_{n>N} |C_n|; N is the least
with that sum 60 dB below the pattern's root mean square, at every frequency. A table's step is chosen for an error of -40 dB (root mean
square) at the highest frequency asked for; `error_db` is the error reached. The 60 dB are because weights that cancel most of
the field leave the error as it was.

**Tables** over azimuth and elevation. Lagrange's cubic through four nodes a step h apart is wrong in the middle by 3/128 h⁴ times
the fourth derivative: for a pattern of order N, 3/128 (N h)⁴. A row beyond a pole is the row before it, half a turn further, since the
function is smooth across the pole. A direction costs 16 products, a hundredth of what harmonics of order 30 cost. The step is the
largest whose error, measured over directions between the nodes, is small enough where the function changes fastest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from designer.acoustics.enclosures import Device, EnclosedDrivers
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.acoustics.measured.drivers import MeasuredDrivers
from designer.acoustics.sphere_series import cap_weights, legendre_table, radial_terms
from designer.arrays import Complex, Real

if TYPE_CHECKING:
    from scipy.sparse import csr_array
from designer.problem.geometry import direction

TRUNCATION = 1e-3  # of a Legendre series, relative to the pattern's root mean square: -60 dB
FREQUENCY_BLOCKS = 4  # low frequencies need fewer terms: the series is cut a block of frequencies at a time
EXACT_DB = -300.0
STEPS_DEG = (6.0, 4.0, 3.0, 2.5, 2.0, 1.5)
TARGET_ERROR_DB = -40.0
MARGIN_DB = 3.0  # a step is taken whose error is so much smaller than wanted, over the directions that are tried
PROBE_DIRECTIONS = 300
HARDEST = 5  # frequencies that the step is chosen at
PART_NUMBERS = 4_000_000

Function = Callable[[Real, Real], Complex]
"""Frequencies (F,) and unit vectors (M, 3) to values (F, M, L)."""


@dataclass(frozen=True)
class Everywhere:
    """Response (F,) that is equal in all directions."""

    response: Complex
    error_db: float = EXACT_DB

    def at(self, directions: Real) -> Complex:
        """(F, 1)."""
        return self.response[:, None].astype(np.complex64)


@dataclass(frozen=True)
class Series:
    """A sum of coefficients times a table of real functions, cut a block of frequencies at a time.

    A block is its frequencies, and the coefficients' real and imaginary parts there (f, N), contiguous for the matrix products.
    """

    blocks: Sequence[tuple[slice, Real, Real]]
    terms: int  # the longest N

    @classmethod
    def of(cls, coefficients: Complex, negligible: Real, step: int = 1, start: int = 0) -> Series:
        """Every `step`-th coefficient of (F, N), without what may be left out of each frequency (F,) in the sum of magnitudes."""
        after = np.cumsum(np.abs(coefficients)[:, ::-1], axis=1)[:, ::-1]  # Σ from this term on
        needed = (after > negligible[:, None]).sum(axis=1)
        edges = np.linspace(0, len(coefficients), FREQUENCY_BLOCKS + 1).astype(int)
        blocks = []
        for first, last in pairwise(edges.tolist()):
            if last > first:
                terms = max(start + 1, int(needed[first:last].max()))
                part = coefficients[first:last, start:terms:step].astype(np.complex64)
                blocks.append((slice(first, last), np.ascontiguousarray(part.real), np.ascontiguousarray(part.imag)))
        return cls(blocks, max(real.shape[1] for _, real, _ in blocks))

    def times(self, table: Real) -> Complex:
        """Σ_n c_n table_n (F, I) with a table (n, I) of at least as many terms: two real matrix products a block."""
        out = np.empty((self.blocks[-1][0].stop, table.shape[1]), dtype=np.complex64)
        for block, real, imaginary in self.blocks:
            rows = table[: real.shape[1]]
            out.real[block] = real @ rows
            out.imag[block] = imaginary @ rows
        return out


def single_legendre(cosine: Real, terms: int) -> Real:
    """P_n of cosines (I,) for n < terms, (terms, I), in single precision: the recurrence loses 1e-6 over 60 terms."""
    table = np.ones((max(terms, 2), cosine.size), dtype=np.float32)
    table[1] = cosine
    for n in range(1, terms - 1):
        np.multiply(table[n], table[1] * np.float32((2 * n + 1) / (n + 1)), out=table[n + 1])
        table[n + 1] -= np.float32(n / (n + 1)) * table[n - 1]
    return table[:terms]


@dataclass(frozen=True)
class Axial:
    """Σ C_n P_n(cos γ) about an axis (3,)."""

    axis: Real
    series: Series
    error_db: float

    @classmethod
    def of(cls, axis: Real, coefficients: Complex) -> Axial:
        """Cut from coefficients (F, N)."""
        degree = 2 * np.arange(coefficients.shape[1]) + 1
        mean = np.sqrt(np.sum(np.abs(coefficients) ** 2 / degree, axis=1))  # ∫ P_n² over the sphere is 4π/(2n+1)
        return cls(axis, Series.of(coefficients, TRUNCATION * mean), 20 * np.log10(TRUNCATION))

    def at(self, directions: Real) -> Complex:
        """D (F, I)."""
        cosine = np.clip(directions @ self.axis, -1.0, 1.0)
        return self.series.times(single_legendre(cosine, self.series.terms))


@dataclass(frozen=True)
class DirectionTable:
    """One function of direction at F frequencies: values (nodes, F), azimuth slowest."""

    step_deg: float
    values: Complex
    error_db: float

    def at(self, directions: Real) -> Complex:
        """Values (F, I) at unit vectors (I, 3)."""
        weights = cubic_weights(directions, self.step_deg)
        return np.asarray((weights @ self.values.view(np.float32)).view(np.complex64).T)


def nodes(step_deg: float) -> Real:
    """The table's directions (N, 3): azimuths around the circle, and for each its elevations from pole to pole."""
    azimuth_deg = np.arange(round(360 / step_deg)) * step_deg
    elevation_deg = np.arange(round(180 / step_deg) + 1) * step_deg - 90.0
    return direction(azimuth_deg[:, None], elevation_deg).reshape(-1, 3)


def cubic_weights(directions: Real, step_deg: float) -> csr_array:
    """Weights (I, N) of the nodes."""
    turns, rows = round(360 / step_deg), round(180 / step_deg) + 1
    turn = np.degrees(np.arctan2(directions[:, 1], directions[:, 0])) % 360.0 / step_deg
    rise = (np.degrees(np.arctan2(directions[:, 2], np.hypot(directions[:, 0], directions[:, 1]))) + 90.0) / step_deg
    column, row = np.floor(turn).astype(np.intp), np.minimum(np.floor(rise).astype(np.intp), rows - 2)
    across, up = _cubic(turn - column), _cubic(rise - row)  # (4, I)
    around = np.arange(-1, 3)[:, None]
    node_row = row + around  # (4, I)
    beyond = (node_row < 0) | (node_row > rows - 1)
    node_row = np.where(node_row < 0, -node_row, np.minimum(node_row, 2 * (rows - 1) - node_row))
    node_column = (column + around)[:, None] + np.where(beyond, turns // 2, 0)[None]  # (4, 4, I)
    index = node_column % turns * rows + node_row[None]
    values = across[:, None] * up[None]
    count = len(directions)
    starts = 16 * np.arange(count + 1)
    flat = values.reshape(16, count).T.astype(np.float32).ravel()
    from scipy.sparse import csr_array  # slow to import

    return csr_array((flat, index.reshape(16, count).T.ravel(), starts), shape=(count, turns * rows))


def _cubic(share: Real) -> Real:
    """Lagrange's weights (4, I) of the nodes -1, 0, 1, 2 at a share of the step from 0 to 1."""
    f = share
    inner = ((f + 1) * (f - 1) * (f - 2) / 2, -(f + 1) * f * (f - 2) / 2)
    return np.stack([-f * (f - 1) * (f - 2) / 6, *inner, (f + 1) * f * (f - 1) / 6])


def tabulated(function: Function, frequency_hz: Real, hardest_hz: float) -> list[DirectionTable]:
    """A table for each of L functions, with one step, chosen at frequencies from a quarter of the hardest up to it."""
    probes = np.random.default_rng(1).standard_normal((PROBE_DIRECTIONS, 3))
    probes /= np.linalg.norm(probes, axis=1, keepdims=True)
    usable_hz = frequency_hz[frequency_hz <= hardest_hz]
    hardest = usable_hz[np.unique(np.linspace(usable_hz.size // 4, usable_hz.size - 1, HARDEST).astype(int))]
    reference = function(hardest, probes)
    for step_deg in STEPS_DEG:
        at, weights = function(hardest, nodes(step_deg)), cubic_weights(probes, step_deg)
        interpolated = np.stack([weights @ samples for samples in at])  # (F, tried, L)
        error = np.sqrt(
            np.mean(np.abs(interpolated - reference) ** 2, axis=1) / np.mean(np.abs(reference) ** 2, axis=1)
        ).max(axis=0)
        error_db = 20 * np.log10(np.maximum(error, 1e-15))
        if error_db.max() < TARGET_ERROR_DB - MARGIN_DB:
            break
    directions = nodes(step_deg)
    values = np.empty((reference.shape[2], len(directions), frequency_hz.size), dtype=np.complex64)
    block = max(1, PART_NUMBERS // (len(directions) * reference.shape[2]))
    for start in range(0, frequency_hz.size, block):
        part = slice(start, start + block)
        values[:, :, part] = function(frequency_hz[part], directions).transpose(2, 1, 0)
    return [DirectionTable(step_deg, samples, float(db)) for samples, db in zip(values, error_db, strict=True)]


Pattern = Everywhere | Axial | DirectionTable
"""D of one driver: values `at` unit vectors (I, 3) in the device's axes, (F, I) or (F, 1), and what truncation leaves out."""


@dataclass(frozen=True)
class Encoded:
    """Every driver: the place that its distance is counted from, and its pattern."""

    places_m: Real  # (L, 3)
    patterns: Sequence[Pattern]

    @property
    def error_db(self) -> float:
        """The largest error of any driver."""
        return max(pattern.error_db for pattern in self.patterns)


def encode(device: Device, k: Real, k_most: float, *, places_m: Real | None = None) -> Encoded:
    """Encode a device of any kind.

    Parameters
    ----------
    k : (F,) float array, wave number, rad/m, rising
    k_most : float, up to which the truncation error is held; beyond it the series may be shorter
    places_m : (L, 3) float array, optional, the drivers' own, on a round enclosure's surface, from which distances are to be counted
        there too: a wave
        that is plane at the head then comes from the driver's side of the enclosure

    """
    if isinstance(device, SphereEnclosure):
        return _on_sphere(device, k) if places_m is None else _beside_centre(device, k)
    if isinstance(device, FreeField) and not device.front_only:
        return _free(device, k)
    if places_m is None or isinstance(device, MeasuredDrivers):
        places_m = device.places_m if isinstance(device, MeasuredDrivers) else _own_places_m(device)
    return _sampled(device, k, k_most, places_m)


def _own_places_m(device: Device) -> Real:
    return device.driver_places_m() if isinstance(device, EnclosedDrivers) else device.source_places_m()


def _on_sphere(device: SphereEnclosure, k: Real) -> Encoded:
    terms = radial_terms(k * device.radius_m, np.array([np.inf]), tolerance=1e-6)[:, :, 0]
    caps = cap_weights(device.cos_half_angle, len(terms))  # (N, L)
    patterns = [Axial.of(axis, terms.T * caps[:, l]) for l, axis in enumerate(device.directions)]
    return Encoded(np.zeros((len(patterns), 3)), patterns)


def _beside_centre(device: SphereEnclosure, k: Real) -> Encoded:
    """About each driver's own place on the sphere: e^{-jkb cos γ} times the series about the centre, by Gauss's rule."""
    centred = radial_terms(k * device.radius_m, np.array([np.inf]), tolerance=1e-6)[:, :, 0]
    caps = cap_weights(device.cos_half_angle, len(centred))
    kb = k * device.radius_m
    terms = len(centred) + int(np.ceil(float(kb.max()))) + 10
    node, weight = np.polynomial.legendre.leggauss(terms + 10)
    table = legendre_table(node, terms)
    shift = np.exp(-1j * np.outer(kb, node)) * weight
    projection = (table * (2 * np.arange(terms) + 1.0)[:, None] / 2).T
    patterns = [
        Axial.of(axis, ((centred.T * caps[:, l]) @ table[: len(centred)] * shift) @ projection)
        for l, axis in enumerate(device.directions)
    ]
    return Encoded(device.radius_m * device.directions, patterns)


def _free(device: FreeField, k: Real) -> Encoded:
    patterns: list[Pattern] = []
    for disc in device.discs:
        if disc.radius_m == 0.0:
            patterns.append(Everywhere(np.ones(k.size, dtype=complex)))
            continue
        count = int(np.ceil(float(k.max()) * disc.radius_m)) + 30
        node, weight = np.polynomial.legendre.leggauss(count)
        around = np.stack([node, np.sqrt(1 - node**2), np.zeros_like(node)], axis=1)
        pattern = FreeField([Disc(np.zeros(3), (0.0, 0.0), disc.radius_m)]).far_field(k, around)[:, :, 0]
        degree = 2 * np.arange(count // 2) + 1.0
        table = legendre_table(node, count // 2) * degree[:, None] / 2 * weight
        patterns.append(Axial.of(direction(*disc.facing_deg), pattern @ table.T))
    return Encoded(device.source_places_m(), patterns)


def _sampled(device: Device, k: Real, k_most: float, places_m: Real) -> Encoded:
    """Tables about each driver's place (L, 3); "frequencies" are wave numbers here."""

    def about_itself(wave_number: Real, directions: Real) -> Complex:
        turned = np.exp(-1j * wave_number[:, None, None] * (directions @ places_m.T))
        return np.asarray(device.far_field(wave_number, directions) * turned)

    return Encoded(np.asarray(places_m, dtype=float), tabulated(about_itself, k, k_most))
