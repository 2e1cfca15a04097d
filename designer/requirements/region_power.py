"""A and B over regions of the sphere, from the spherical-harmonic coefficients of driver directivities: no grid.

With d_l = Σ c_la Y_a and a density σ, the power matrix of a region is

    A_lk = ∫ σ conj(d_l) d_k dΩ = Σ_ab conj(c_la) G_ab c_kb,   G_ab = ∫ σ Y_a Y_b dΩ,                            (1)

and G, real and symmetric, is the same at every frequency. Where frequency and direction stand apart, c_la = g_ln Y_a(x̂_l)
(point sources, caps on a sphere), the sums over m are taken before any frequency is looked at:

    A_lk(f) = Σ_nn' conj(g_ln(f)) Z_ln,kn' g_kn'(f),   Z_ln,kn' = Σ_mm' Y_nm(x̂_l) G_nm,n'm' Y_n'm'(x̂_k),         (2)

(N+1)² products a frequency and pair of drivers instead of (N+1)⁴, whatever the size of the region. All frequencies are one
product of matrices a driver.

Points need no product of harmonics: their A is the mean of h^H h, h_l = Σ c_la Y_a at the point.

**Densities.** A density σ(n) >= 0 has unit mass, ∫ σ dΩ = 1, so that ∫ σ |p|² dΩ is the mean of |p|² over it. Its coefficients
s_a = ∫ σ Y_a dΩ are

- a point x: s_a = Y_a(x), all orders;
- a cap of half angle α around x, uniform: s_a = w_n(α) Y_a(x) with w_n the mean of P_n over the cap,
  [P_{n-1}(cos α) - P_{n+1}(cos α)] / [(2n+1)(1 - cos α)], because ∫ Y_a over a cap is its P_n mean times Y_a of its axis
  (Funk and Hecke); α = 180° is the whole sphere, where only s_0 is left;
- a band of azimuth [φ₁, φ₂] and elevation [e₁, e₂], uniform over solid angle Ω = (φ₂ - φ₁)(sin e₂ - sin e₁):
  s_a = (1/Ω) ∫ t_m dφ ∫ P_n^|m|(sin e) cos e de, the first in closed form, the second by an exact quadrature;
- several regions: their mean, each counts alike.

A sharp edge has coefficients of every order, and that is no loss: a product of two directivities of order N sees the
density up to order 2N alone (`spherical_harmonics`, equation 3).

Where the half space x < 0 is silent (a baffle), a density is cut to the other half and keeps its scale: the silent part
counts as silence.

**Whether the order suffices** is not assumed: `order_error_db` is what the power ratio of given weights changes by at a
finer order, the larger of N + 4 and the automatic order. It takes the field of the weights alone, Σ_l w_l c_la, a vector a
frequency instead of a matrix. G is exact at either order (`spherical_harmonics`), so that truncated directivities are the only
error there is.

Air absorption is left out: it scales both matrices alike.

Source: Y. Luo, Spherical harmonic covariance and magnitude function encodings for beamformer design (EURASIP JASMP
2021:41), for directivities and densities in spherical harmonics and the beamformer's two matrices from them; Williams,
Fourier Acoustics (1999), chapter 6, for the integrals.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from designer.acoustics import spherical_harmonics as sh
from designer.acoustics.enclosures import Device
from designer.acoustics.encoded_directivity import automatic_order, encode, is_front_only
from designer.acoustics.sphere_series import cap_weights
from designer.acoustics.spherical_harmonics import Encoding, count, product_matrix
from designer.arrays import Bool, Complex, Index, Real
from designer.measures import db, mean_power_matrix, quadratic, ratio
from designer.problem.geometry import direction
from designer.problem.schema import Region

CHECK_ORDERS = 4
MAX_NUMBERS = 8_000_000
"""Sampled coefficients that are held at once (128 MB)."""


def power_matrix(encoding: Encoding, G: Real) -> Complex:
    """A (F, L, L) of equation (1), or (2) where the encoding allows it; G (K, K) of the encoding's order."""
    if encoding.radial is not None and encoding.shape is not None:
        return _separable(encoding.radial, encoding.shape, G)
    c = np.ascontiguousarray(encoding.coefficients.swapaxes(1, 2))  # (F, L, K)
    flat = c.reshape(-1, len(G))
    product = (flat.real @ G + 1j * (flat.imag @ G)).reshape(c.shape)
    return np.asarray(c.conj() @ product.swapaxes(1, 2))


def _separable(radial: Complex, shape: Real, G: Real) -> Complex:
    orders, drivers = radial.shape[1:]
    starts = np.arange(orders) ** 2
    A = np.empty((len(radial), drivers, drivers), dtype=complex)
    half = np.stack([np.add.reduceat(G * shape[:, k], starts, axis=1) for k in range(drivers)], axis=-1)
    for l in range(drivers):
        Z = np.add.reduceat(half * shape[:, l, None, None], starts, axis=0).reshape(orders, -1)
        weights_l = radial[:, :, l]
        inner = (weights_l.real @ Z - 1j * (weights_l.imag @ Z)).reshape(radial.shape)
        A[:, l] = np.einsum("fnk,fnk->fk", inner, radial)
    return np.asarray((A + A.conj().swapaxes(1, 2)) / 2)


@dataclass(frozen=True)
class RegionMatrices:
    """A and B (F, L, L)."""

    bright: Complex
    dark: Complex


@dataclass(frozen=True)
class Kernel:
    """Weights of a field's square over some regions, up to an order: the matrix G (K, K), or points (M, 3) where all of them are."""

    G: Real | None
    points: Real | None

    @classmethod
    def of(cls, regions: Sequence[Region], order: int, *, front_only: bool) -> Kernel:
        """The kernel of regions that count alike; on a baffle the other half space is silent."""
        if all(region.around_deg is not None and not region.radius_deg for region in regions):
            around = np.array([region.around_deg for region in regions], dtype=float)
            return cls(None, direction(around[:, 0], around[:, 1]))
        return cls(product_matrix(density(regions, 2 * order, front_only=front_only), order), None)

    def power(self, encoding: Encoding) -> Complex:
        """The power matrix (F, L, L) of an encoding."""
        if self.points is None:
            assert self.G is not None
            return power_matrix(encoding, self.G)
        H = encoding.at(self.points)
        if encoding.front_only:
            H[:, self.points[:, 0] < -1e-9] = 0.0
        return mean_power_matrix(H)


@dataclass(frozen=True)
class RegionPower:
    """The regions that a beam reaches and cancels, on a frequency grid; its matrices are computed when first asked for.

    k : (F,) wave number; distance_m : radius of the sphere that the regions lie on; drivers : the channel's own (L)
    highest_k : of the design's band and its fades, which the automatic order is for
    whole : what these are a part of, on more frequencies; it has the same automatic order
    """

    device: Device
    k: Real
    distance_m: float
    drivers: tuple[int, ...]
    bright: tuple[Region, ...]
    dark: tuple[Region, ...]
    highest_k: float
    region_order: int | None = None
    whole: RegionPower | None = field(default=None, repr=False)

    def at(self, index: Index | Bool | slice) -> RegionPower:
        """Region powers on some of the frequencies."""
        return replace(self, k=self.k[index], whole=self.whole or self)

    @cached_property
    def automatic_order(self) -> int:
        """The order that the device's size asks for in the band."""
        if self.whole is not None:
            return self.whole.automatic_order
        return automatic_order(self.device, self.highest_k, self.distance_m, self.drivers)

    @property
    def order(self) -> int:
        """The order of the matrices: as asked, or automatic."""
        return self.automatic_order if self.region_order is None else self.region_order

    @cached_property
    def matrices(self) -> RegionMatrices:
        """A and B at the order."""
        kernels = self._kernels(self.order)
        parts = [[kernel.power(encoding) for kernel in kernels] for encoding, _ in self._encodings(self.order)]
        bright, dark = (np.concatenate(pieces) for pieces in zip(*parts, strict=True))
        return RegionMatrices(bright, dark)

    def _kernels(self, order: int) -> tuple[Kernel, Kernel]:
        front_only = is_front_only(self.device)
        bright, dark = (Kernel.of(regions, order, front_only=front_only) for regions in (self.bright, self.dark))
        return bright, dark

    def _encodings(self, order: int) -> Iterator[tuple[Encoding, slice]]:
        """The drivers' encodings, a block of frequencies at a time."""
        block = max(1, MAX_NUMBERS // (count(order) * len(self.drivers)))
        for start in range(0, max(self.k.size, 1), block):
            part = slice(start, start + block)
            yield encode(self.device, self.k[part], self.distance_m, order, self.drivers), part

    def power_ratio(self, w: Complex) -> Real:
        """Mean power over the bright regions over mean power over the dark regions (F,), of weights (F, L)."""
        return ratio(quadratic(self.matrices.bright, w), quadratic(self.matrices.dark, w))

    def order_error_db(self, w: Complex) -> Real:
        """Truncation error of the order in dB (F,): the change of the power ratio of weights (F, L) at the finer order."""
        finer = max(self.order + CHECK_ORDERS, self.automatic_order)
        kernels = self._kernels(finer)
        powers = []
        for encoding, part in self._encodings(finer):
            mixed = np.einsum("fkl,fl->fk", encoding.coefficients, w[part])[:, :, None]  # the weights as one driver
            field = Encoding(finer, None, None, mixed, encoding.front_only)
            powers.append([kernel.power(field)[:, 0, 0].real for kernel in kernels])
        bright, dark = (np.concatenate(pieces) for pieces in zip(*powers, strict=True))
        return np.asarray(db(self.power_ratio(w)) - db(ratio(bright, dark)))


def point(order: int, *, azimuth_deg: float, elevation_deg: float = 0.0) -> Real:
    """Coefficients ((N+1)²,) of a point."""
    return sh.harmonics(order, direction(azimuth_deg, elevation_deg)[None, :])[:, 0]


def cap(order: int, *, azimuth_deg: float, elevation_deg: float, radius_deg: float) -> Real:
    """Coefficients ((N+1)²,) of a uniform cap around a direction; a radius of 0 is the point, 180 the sphere."""
    mean = cap_weights(np.cos(np.radians(radius_deg)), order + 1)
    return np.asarray(mean[sh.degrees(order)] * point(order, azimuth_deg=azimuth_deg, elevation_deg=elevation_deg))


def band(order: int, *, azimuth_deg: tuple[float, float], elevation_deg: tuple[float, float]) -> Real:
    """Coefficients ((N+1)²,) of a uniform band, counter-clockwise from its first to its last azimuth.

    A range of no width is an arc, or a point, of its own mass.
    """
    start, stop = np.radians([azimuth_deg[0], azimuth_deg[0] + arc_width_deg(azimuth_deg)])
    low, high = np.radians(elevation_deg)
    return np.asarray(sh.turning_mean(order, (start, stop)) * sh.polar_mean(order, (low, high)))


def arc_width_deg(azimuth_deg: tuple[float, float]) -> float:
    """How far an arc runs counter-clockwise: 360 for a whole turn, 0 where both ends are one azimuth."""
    start, stop = azimuth_deg
    return 360.0 if stop - start >= 360.0 else (stop - start) % 360.0


def in_front(azimuth_deg: tuple[float, float]) -> list[tuple[float, float]]:
    """The parts of an arc before the plane x = 0: up to two arcs."""
    start, width = azimuth_deg[0], arc_width_deg(azimuth_deg)
    parts = []
    for turn in (-720.0, -360.0, 0.0, 360.0, 720.0):
        low, high = max(start, turn - 90.0), min(start + width, turn + 90.0)
        if high > low or (high == low and width == 0):
            parts.append((low, high))
    return parts


def density(regions: Sequence[Region], order: int, *, front_only: bool = False) -> Real:
    """The mean of some regions' densities ((N+1)²,), each of unit mass; cut to the half space x >= 0 where that is all that sounds.

    A cap must lie on one side of the cut.
    """
    total = np.zeros(count(order))
    for region in regions:
        if region.around_deg is not None:
            azimuth, elevation = region.around_deg
            if not front_only or np.cos(np.radians(azimuth)) * np.cos(np.radians(elevation)) > -1e-9:
                radius = region.radius_deg or 0.0
                total += cap(order, azimuth_deg=azimuth, elevation_deg=elevation, radius_deg=radius)
            continue
        arc = (region.azimuth_deg[0], region.azimuth_deg[1])
        elevations = (region.elevation_deg[0], region.elevation_deg[1])
        width_deg = arc_width_deg(arc)
        for part in in_front(arc) if front_only else [arc]:
            share = (part[1] - part[0]) / width_deg if front_only and width_deg > 0 else 1.0
            total += share * band(order, azimuth_deg=part, elevation_deg=elevations)
    return total / len(regions)
