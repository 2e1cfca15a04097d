"""Driver directivities in spherical harmonics: the field of each driver on a sphere around the device, as coefficients.

On the sphere of radius R around the origin (R = inf: the limit of R e^{jkR} p) driver l radiates

    d_l(n, f) = Σ_a c_la(f) Y_a(n),   a = (n, m) up to the order N, Y real and orthonormal.                      (1)

**Point sources** in free field at x, r = |x|: from e^{jk x·n} = Σ (2n+1) j^n j_n(kr) P_n(x̂·n), and from the expansion of
e^{-jk|Rn - x|}/|Rn - x| for R > r, with the addition theorem,

    c_a = 4π j^n j_n(kr) Y_a(x̂)   (far),      c_a = -4π jk j_n(kr) h_n(kR) Y_a(x̂)   (at R),                     (2)

h_n = j_n - j y_n, outgoing for e^{+jωt}. A disc is the sum of its quadrature's nodes. **Caps on a rigid sphere**: the
series of `rigid_sphere` in P_n(cos γ) is, by the same theorem, c_a = 4π/(2n+1) times its n-th term times Y_a of the cap's
axis. In both the frequency stands apart from the direction, c_la = g_ln(f) Y_a(x̂_l); `radial` and `shape` keep it so,
which is what makes the matrices fast. **Anything else** (cylinder, measured drivers) is sampled on the nodes of an exact
quadrature of order N + 8, c_a = Σ_q w_q Y_a(n_q) d_l(n_q); what the field holds above 2 (N + 8) - N folds back.

**A baffle** leaves a field that jumps at its edge, where a series in harmonics converges like 1/N and would never
suffice. In front of it the field is that of the same sources without a baffle, whose series is short: that is what is
encoded, `front_only` says so, and the density is cut to the half space x >= 0 instead, which costs no accuracy.

**Order.** j_n(kr) falls faster than exponentially above n = kr. `sufficient_order` is kr + 4.7 (kr)^{1/3} + 4, r the radius
that holds all sources: the rule kr + 1.86 d^{2/3} (kr)^{1/3} of the fast multipole method for d = 4 digits, which leaves room for
weights that cancel most of the field, and four orders more for small kr. Sampled fields need not follow it (an
interpolated measurement has kinks); there the order is raised by up to 24 until the energy above it falls below 1e-5.

A cylinder without ends cuts every sphere around it, and is encoded in the far field whatever the distance.

Source of (2): Williams, Fourier Acoustics (1999), section 6.10 and Colton and Kress, Inverse Acoustic and Electromagnetic
Scattering Theory (1998), theorem 2.11; of the rule: Coifman, Rokhlin and Wandzura, IEEE Antennas and Propagation Magazine 35 (1993).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import spherical_jn, spherical_yn

from designer.acoustics import spherical_harmonics as sh
from designer.acoustics.free_field import Disc, FreeField, disc_nodes
from designer.acoustics.measured.drivers import MeasuredDrivers
from designer.acoustics.rigid_cylinder import CylinderEnclosure
from designer.acoustics.rigid_sphere import SphereEnclosure, cap_weights, radial_terms
from designer.arrays import Complex, Real
from designer.problem.schema import MAX_ORDER

if TYPE_CHECKING:
    from designer.acoustics.scene import Device

NEGLIGIBLE_ENERGY = 1e-5
MOST_RAISED = 24
SAMPLED_BEYOND = 8
MIN_KR = 1e-6
"""0 Hz is computed here."""
MAX_NUMBERS = 2_000_000
"""Radial functions of a disc's nodes that are held at once (32 MB)."""


@dataclass(frozen=True)
class Encoding:
    """Coefficients of L drivers at F frequencies up to an order: `radial` times `shape`, or `sampled` as they are."""

    order: int
    radial: Complex | None  # (F, N+1, L) g_ln(f)
    shape: Real | None  # (K, L) Y_a(x̂_l)
    sampled: Complex | None  # (F, K, L)
    front_only: bool = False

    @property
    def coefficients(self) -> Complex:
        """The coefficients c (F, K, L) of equation (1)."""
        if self.radial is None or self.shape is None:
            assert self.sampled is not None
            return self.sampled
        return np.asarray(self.radial[:, sh.degrees(self.order)] * self.shape)

    def at(self, directions: Real) -> Complex:
        """The field d (F, M, L) of equation (1) in the directions of unit vectors (M, 3)."""
        Y = sh.harmonics(self.order, directions)
        if self.radial is None or self.shape is None:
            c = self.coefficients
            return np.asarray(Y.T @ c.real + 1j * (Y.T @ c.imag))
        starts = np.arange(self.order + 1) ** 2
        summed = np.add.reduceat(Y[:, :, None] * self.shape[:, None, :], starts, axis=0)  # over m, (N+1, M, L)
        return np.asarray(np.einsum("fnl,nml->fml", self.radial, summed, optimize=True))

    def energy(self) -> Real:
        """∫ |d_l|² dΩ of each degree n (F, N+1, L), by Parseval: Σ_m |c|²."""
        starts = np.arange(self.order + 1) ** 2
        return np.asarray(np.add.reduceat(np.abs(self.coefficients) ** 2, starts, axis=1))

    def left_out(self, order: int) -> Real:
        """The share of each driver's energy in the degrees above an order (F, L), as far as they are encoded."""
        energy = self.energy()
        return np.asarray(energy[:, order + 1 :].sum(axis=1) / np.maximum(energy.sum(axis=1), 1e-300))


def encode(device: Device, k: Real, distance_m: float, order: int, drivers: Sequence[int]) -> Encoding:
    """Encode some drivers of a device on the sphere of a radius.

    Parameters
    ----------
    device : any model of a scene
    k : (F,) wave number, rad/m
    distance_m : radius of the sphere, outside the device; np.inf is the far field
    order : N
    drivers : indices of the drivers (L)

    """
    chosen = list(drivers)
    if isinstance(device, FreeField):
        return _free(device, k, distance_m, order, chosen)
    if isinstance(device, SphereEnclosure):
        return _on_sphere(device, k, distance_m, order, chosen)
    directions, weights = sh.sphere_quadrature(order + SAMPLED_BEYOND)
    far = np.isinf(distance_m) or _has_no_ends(device)
    field = device.far_field(k, directions) if far else device.field(k, directions * distance_m)
    analysis = sh.harmonics(order, directions) * weights  # (K, M)
    flat = field[:, :, chosen]
    return Encoding(order, None, None, analysis @ flat.real + 1j * (analysis @ flat.imag))


def _has_no_ends(device: Device) -> bool:
    return isinstance(device.model if isinstance(device, MeasuredDrivers) else device, CylinderEnclosure)


def _on_sphere(device: SphereEnclosure, k: Real, distance_m: float, order: int, drivers: list[int]) -> Encoding:
    far = np.isinf(distance_m)
    terms = radial_terms(k * device.radius_m, np.array([distance_m / device.radius_m]))[: order + 1, :, 0]
    radial = np.zeros((k.size, order + 1, len(drivers)), dtype=complex)
    n = np.arange(len(terms))[:, None]
    angular = 4 * np.pi / (2 * n + 1) * cap_weights(device.cos_half_angle[drivers], len(terms))  # (N, L)
    radial[:, : len(terms)] = terms.T[:, :, None] * angular / (1.0 if far else device.radius_m)
    return Encoding(order, radial, sh.harmonics(order, device.directions[drivers]), None)


def _free(device: FreeField, k: Real, distance_m: float, order: int, drivers: list[int]) -> Encoding:
    discs = [device.discs[l] for l in drivers]
    if all(disc.radius_m == 0.0 for disc in discs):
        places_m = np.stack([disc.position_m for disc in discs]).astype(float)
        return Encoding(
            order, _radial(k, places_m, distance_m, order), sh.harmonics(order, places_m), None, device.baffle
        )
    each = [_disc(disc, k, distance_m, order) for disc in discs]
    return Encoding(order, None, None, np.stack(each, axis=-1), device.baffle)


def _disc(disc: Disc, k: Real, distance_m: float, order: int) -> Complex:
    """The sum over a disc's nodes (F, K), a degree at a time, and so many nodes at once as fit the memory."""
    nodes, weights = disc_nodes(disc, float(k.max(initial=0.0)))
    n = sh.degrees(order)
    total = np.zeros((k.size, n.size), dtype=complex)
    size = max(1, MAX_NUMBERS // (k.size * (order + 1)))
    for start in range(0, len(nodes), size):
        some = nodes[start : start + size]
        radial, shape = _radial(k, some, distance_m, order), sh.harmonics(order, some) * weights[start : start + size]
        for degree in range(order + 1):
            total[:, n == degree] += radial[:, degree] @ shape[n == degree].T
    return total


def _radial(k: Real, places_m: Real, distance_m: float, order: int) -> Complex:
    """g_n of equation (2) for point sources (Q, 3): (F, N+1, Q)."""
    n = np.arange(order + 1)[:, None]
    radius_m = np.linalg.norm(places_m, axis=1)
    if np.isinf(distance_m):
        inner = spherical_jn(n, k[:, None, None] * radius_m)
        return np.asarray(4 * np.pi * 1j**n * inner)
    k = np.maximum(k, MIN_KR / distance_m)[:, None, None]
    inner = spherical_jn(n, k * radius_m)
    with np.errstate(over="ignore", invalid="ignore"):
        outgoing = spherical_jn(n, k * distance_m) - 1j * spherical_yn(n, k * distance_m)
        product = -4j * np.pi * k * inner * outgoing
    # Where h_n overflows j_n has underflowed: the product is below (r/R)^n/R.
    return np.where(np.isfinite(product), product, 0.0)


def extent_m(device: Device, drivers: Sequence[int]) -> float:
    """Radius of the sphere around the origin that holds the sources of some drivers, enclosure included."""
    if isinstance(device, FreeField):
        return max(float(np.linalg.norm(device.discs[l].position_m)) + device.discs[l].radius_m for l in drivers)
    if isinstance(device, SphereEnclosure):
        return device.radius_m
    if isinstance(device, CylinderEnclosure):
        heights_m = np.abs(device.height_m) + device.half_height_m
        return math.hypot(device.radius_m, max(float(heights_m[l]) for l in drivers))
    if isinstance(device, MeasuredDrivers):
        places_m = [float(np.linalg.norm(device.places_m[l])) for l in drivers]
        return max(extent_m(device.model, drivers), *places_m)
    return float(np.linalg.norm(device.source_places_m()[list(drivers)], axis=1).max())


def sufficient_order(kr: float) -> int:
    """The order that carries sources within a sphere of kr, at most MAX_ORDER."""
    return min(MAX_ORDER, math.ceil(kr + 4.7 * math.cbrt(kr)) + 4)


def automatic_order(device: Device, k: float, distance_m: float, drivers: Sequence[int]) -> int:
    """The order for frequencies up to a wave number: by the rule, and raised where a sampled field needs more."""
    order = sufficient_order(k * extent_m(device, drivers))
    if isinstance(device, FreeField | SphereEnclosure):
        return order
    most = min(order + MOST_RAISED, MAX_ORDER)
    while order < most:
        found = encode(device, np.array([k]), distance_m, min(order + 8, most), drivers)
        if found.left_out(order).max() < NEGLIGIBLE_ENERGY:
            break
        order = found.order
    return order
