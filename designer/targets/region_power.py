"""A and B over regions of the sphere, from the spherical-harmonic coefficients of driver directivities: no grid.

With d_l = Σ c_la Y_a and a density σ, the power matrix of a region is

    A_lk = ∫ σ conj(d_l) d_k dΩ = Σ_ab conj(c_la) G_ab c_kb,   G_ab = ∫ σ Y_a Y_b dΩ,                            (1)

and G, real and symmetric, is the same at every frequency. Where frequency and direction stand apart, c_la = g_ln Y_a(x̂_l)
(point sources, caps on a sphere), the sums over m are taken before any frequency is looked at:

    A_lk(f) = Σ_nn' conj(g_ln(f)) Z_ln,kn' g_kn'(f),   Z_ln,kn' = Σ_mm' Y_nm(x̂_l) G_nm,n'm' Y_n'm'(x̂_k),         (2)

(N+1)² products a frequency and pair of drivers instead of (N+1)⁴, whatever the size of the region. All frequencies are one
product of matrices a driver.

Points need no product of harmonics: their A is the mean of h^H h, h_l = Σ c_la Y_a at the point.

**Whether the order suffices** is not assumed: `order_error_db` is what the power ratio of given weights changes by at a
finer order, the larger of N + 4 and the automatic order. It takes the field of the weights alone, Σ_l w_l c_la, a vector a
frequency instead of a matrix. G is exact at either order (`spherical_harmonics`), so that truncated directivities are the only
error there is.

Air absorption is left out: it scales both matrices alike.

Source: Y. Luo, Spherical harmonic covariance and magnitude function encodings for beamformer design (EURASIP JASMP
2021:41), for directivities and densities in spherical harmonics and the beamformer's two matrices from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from designer.acoustics.encoded_directivity import Encoding, automatic_order, encode, is_front_only
from designer.acoustics.scene import Device
from designer.acoustics.spherical_harmonics import count, product_matrix
from designer.arrays import Bool, Complex, Index, Real
from designer.measures import db, mean_power_matrix, quadratic, ratio
from designer.problem.geometry import direction
from designer.problem.schema import Region
from designer.targets.region_density import density

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
        left = radial[:, :, l]
        inner = (left.real @ Z - 1j * (left.imag @ Z)).reshape(radial.shape)
        A[:, l] = np.einsum("fnk,fnk->fk", inner, radial)
    return np.asarray((A + A.conj().swapaxes(1, 2)) / 2)


@dataclass(frozen=True)
class RegionMatrices:
    """A and B (F, L, L)."""

    reach: Complex
    cancel: Complex


@dataclass(frozen=True)
class Kernel:
    """What weighs a field's square over some regions, up to an order: the matrix G (K, K), or points (M, 3) where all of them are."""

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
    """

    device: Device
    k: Real
    distance_m: float
    drivers: tuple[int, ...]
    reach: tuple[Region, ...]
    cancel: tuple[Region, ...]
    highest_k: float
    asked_order: int | None = None

    def at(self, index: Index | Bool | slice) -> RegionPower:
        """The same on some of the frequencies."""
        other = replace(self, k=self.k[index])
        if "automatic_order" in self.__dict__:
            other.__dict__["automatic_order"] = self.automatic_order
        return other

    @cached_property
    def automatic_order(self) -> int:
        """The order that the device's size asks for in the band."""
        return automatic_order(self.device, self.highest_k, self.distance_m, self.drivers)

    @property
    def order(self) -> int:
        """The order of the matrices: as asked, or automatic."""
        return self.automatic_order if self.asked_order is None else self.asked_order

    @cached_property
    def matrices(self) -> RegionMatrices:
        """A and B at the order."""
        kernels = self._kernels(self.order)
        parts = [[kernel.power(encoding) for kernel in kernels] for encoding, _ in self._encodings(self.order)]
        reach, cancel = (np.concatenate(each) for each in zip(*parts, strict=True))
        return RegionMatrices(reach, cancel)

    def _kernels(self, order: int) -> tuple[Kernel, Kernel]:
        front_only = is_front_only(self.device)
        reach, cancel = (Kernel.of(regions, order, front_only=front_only) for regions in (self.reach, self.cancel))
        return reach, cancel

    def _encodings(self, order: int) -> Iterator[tuple[Encoding, slice]]:
        """The drivers' encodings, a block of frequencies at a time."""
        block = max(1, MAX_NUMBERS // (count(order) * len(self.drivers)))
        for start in range(0, max(self.k.size, 1), block):
            part = slice(start, start + block)
            yield encode(self.device, self.k[part], self.distance_m, order, self.drivers), part

    def power_ratio(self, w: Complex) -> Real:
        """Mean power over the regions to reach over mean power over those to cancel (F,), of weights (F, L)."""
        return ratio(quadratic(self.matrices.reach, w), quadratic(self.matrices.cancel, w))

    def order_error_db(self, w: Complex) -> Real:
        """What the power ratio of weights (F, L) changes by at the finer order, in dB (F,): what the order leaves out."""
        finer = max(self.order + CHECK_ORDERS, self.automatic_order)
        kernels = self._kernels(finer)
        powers = []
        for encoding, part in self._encodings(finer):
            mixed = np.einsum("fkl,fl->fk", encoding.coefficients, w[part])[:, :, None]  # the weights as one driver
            whole = Encoding(finer, None, None, mixed, encoding.front_only)
            powers.append([kernel.power(whole)[:, 0, 0].real for kernel in kernels])
        reach, cancel = (np.concatenate(each) for each in zip(*powers, strict=True))
        return np.asarray(db(self.power_ratio(w)) - db(ratio(reach, cancel)))


def equivalent_points(A: Complex) -> Complex:
    """Rows H (F, L, L) with H^H H / L = A: L points whose mean power is that of a region, whatever the weights.

    A = V Λ V^H gives H = √L Λ^{1/2} V^H. Any formulation that knows points by their mean power alone takes regions so.
    """
    values, vectors = np.linalg.eigh(A)
    root = np.sqrt(A.shape[-1] * np.maximum(values, 0.0))
    return np.asarray(root[:, :, None] * vectors.conj().swapaxes(1, 2))
