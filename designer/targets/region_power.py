"""A and B over regions of the sphere, from the spherical-harmonic coefficients of driver directivities: no grid.

With d_l = Σ c_la Y_a and a density σ, the power matrix of a region is

    A_lk = ∫ σ conj(d_l) d_k dΩ = Σ_ab conj(c_la) G_ab c_kb,   G_ab = ∫ σ Y_a Y_b dΩ,                            (1)

and G, real and symmetric, is the same at every frequency. Where frequency and direction stand apart, c_la = g_ln Y_a(x̂_l)
(point sources, caps on a sphere), the sums over m are taken before any frequency is looked at:

    A_lk(f) = Σ_nn' conj(g_ln(f)) Z_ln,kn' g_kn'(f),   Z_ln,kn' = Σ_mm' Y_nm(x̂_l) G_nm,n'm' Y_n'm'(x̂_k),         (2)

(N+1)² products a frequency and pair of drivers instead of (N+1)⁴, whatever the size of the region. All frequencies are one
product of matrices a driver.

**Whether the order suffices** is not assumed: everything is computed at the order N and at a finer one, the larger of
N + 4 and the automatic order, and what the power ratio of given weights changes by is `order_error_db`. G is exact at
either (`spherical_harmonics`), so that truncated directivities are the only error there is.

Air absorption is left out: it scales both matrices alike.

Source: Y. Luo, Spherical harmonic covariance and magnitude function encodings for beamformer design (EURASIP JASMP
2021:41), for directivities and densities in spherical harmonics and the beamformer's two matrices from them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from designer.acoustics.encoded_directivity import Encoding, automatic_order, encode
from designer.acoustics.free_field import FreeField
from designer.acoustics.scene import Device
from designer.acoustics.spherical_harmonics import count, product_matrix
from designer.arrays import Bool, Complex, Index, Real
from designer.measures import db, quadratic, ratio
from designer.problem.schema import Region
from designer.targets.region_density import density

CHECK_ORDERS = 4
MAX_NUMBERS = 8_000_000
"""Sampled coefficients that are held at once (128 MB)."""


def power_matrix(encoding: Encoding, G: Real, order: int) -> Complex:
    """A (F, L, L) of equation (1), or (2) where the encoding allows it, from coefficients up to an order.

    Parameters
    ----------
    G : (K, K) of the encoding's order or more
    order : at most the encoding's

    """
    if encoding.radial is not None and encoding.shape is not None:
        return _separable(encoding.radial[:, : order + 1], encoding.shape[: count(order)], G, order)
    c = encoding.coefficients[:, : count(order)]
    inner = G[: count(order), : count(order)]
    return np.asarray(c.conj().swapaxes(1, 2) @ (inner @ c.real + 1j * (inner @ c.imag)))


def _separable(radial: Complex, shape: Real, G: Real, order: int) -> Complex:
    starts, size = np.arange(order + 1) ** 2, count(order)
    drivers = radial.shape[2]
    A = np.empty((len(radial), drivers, drivers), dtype=complex)
    half = np.stack([np.add.reduceat(G[:size, :size] * shape[:, k], starts, axis=1) for k in range(drivers)], axis=-1)
    for l in range(drivers):
        Z = np.add.reduceat(half * shape[:, l, None, None], starts, axis=0).reshape(order + 1, -1)
        left = radial[:, :, l]
        inner = (left.real @ Z - 1j * (left.imag @ Z)).reshape(radial.shape)
        A[:, l] = np.einsum("fnk,fnk->fk", inner, radial)
    return np.asarray((A + A.conj().swapaxes(1, 2)) / 2)


@dataclass(frozen=True)
class RegionMatrices:
    """A and B (F, L, L) at the order, and at the finer one that it is checked against."""

    reach: Complex
    cancel: Complex
    finer_reach: Complex
    finer_cancel: Complex


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

    def at(self, index: Index | Bool) -> RegionPower:
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
        """A and B at both orders."""
        order, finer = self.order, max(self.order + CHECK_ORDERS, self.automatic_order)
        front_only = isinstance(self.device, FreeField) and self.device.baffle
        products = [
            product_matrix(density(regions, 2 * finer, front_only=front_only), finer)
            for regions in (self.reach, self.cancel)
        ]
        parts = []
        block = max(1, MAX_NUMBERS // (count(finer) * len(self.drivers)))
        for start in range(0, max(self.k.size, 1), block):
            encoding = encode(self.device, self.k[start : start + block], self.distance_m, finer, self.drivers)
            parts.append([power_matrix(encoding, G, n) for n in (order, finer) for G in products])
        reach, cancel, finer_reach, finer_cancel = (np.concatenate(each) for each in zip(*parts, strict=True))
        return RegionMatrices(reach, cancel, finer_reach, finer_cancel)

    def power_ratio(self, w: Complex) -> Real:
        """Mean power over the regions to reach over mean power over those to cancel (F,), of weights (F, L)."""
        return ratio(quadratic(self.matrices.reach, w), quadratic(self.matrices.cancel, w))

    def order_error_db(self, w: Complex) -> Real:
        """What the power ratio of weights (F, L) changes by at the finer order, in dB (F,): what the order leaves out."""
        m = self.matrices
        finer = ratio(quadratic(m.finer_reach, w), quadratic(m.finer_cancel, w))
        return np.asarray(db(self.power_ratio(w)) - db(finer))


def equivalent_points(A: Complex) -> Complex:
    """Rows H (F, L, L) with H^H H / L = A: L points whose mean power is that of a region, whatever the weights.

    A = V Λ V^H gives H = √L Λ^{1/2} V^H. Any formulation that knows points by their mean power alone takes regions so.
    """
    values, vectors = np.linalg.eigh(A)
    root = np.sqrt(A.shape[-1] * np.maximum(values, 0.0))
    return np.asarray(root[:, :, None] * vectors.conj().swapaxes(1, 2))
