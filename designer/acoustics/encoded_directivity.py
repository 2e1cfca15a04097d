"""Driver directivities in spherical harmonics: the field of each driver on a sphere around the device, as coefficients.

On the sphere of radius R around the origin (R = inf: the limit of R e^{jkR} p) driver l radiates

    d_l(n, f) = Σ_a c_la(f) Y_a(n),   a = (n, m) up to the order N, Y real and orthonormal.                      (1)

**Points, discs, caps on a sphere** have series of their own (`EnclosedDrivers.encoded`). There the frequency stands apart from the
direction, c_la = g_ln(f) Y_a(x̂_l); `radial` and `shape` keep it so, which is what makes the matrices fast. **Anything else**
(cylinder, measured drivers) is sampled on the nodes of an exact quadrature of order N + 8, c_a = Σ_q w_q Y_a(n_q) d_l(n_q); what
the field holds above 2 (N + 8) - N folds back.

**A baffle** leaves a field that jumps at its edge, where a series in harmonics converges like 1/N and would never
suffice. In front of it the field is that of the same sources without a baffle, whose series is short: that is what is
encoded, `front_only` says so, and the density is cut to the half space x >= 0 instead, which costs no accuracy.

**Order.** j_n(kr) falls faster than exponentially above n = kr. `sufficient_order` is kr + 4.7 (kr)^{1/3} + 4, r the radius
that holds all sources: the rule kr + 1.86 d^{2/3} (kr)^{1/3} of the fast multipole method for d = 4 digits, which leaves room for
weights that cancel most of the field, and four orders more for small kr. Sampled fields need not follow it (an
interpolated measurement has kinks); there the order is raised by up to 24 until the energy above it falls below 1e-5.

A cylinder without ends cuts every sphere around it, and is encoded in the far field whatever the distance.

Source of the rule: Coifman, Rokhlin and Wandzura, IEEE Antennas and Propagation Magazine 35 (1993).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from designer.acoustics import spherical_harmonics as sh
from designer.acoustics.enclosures import Device, EnclosedDrivers
from designer.acoustics.measured.drivers import MeasuredDrivers
from designer.acoustics.spherical_harmonics import Encoding
from designer.arrays import Real
from designer.problem.schema import MAX_ORDER

NEGLIGIBLE_ENERGY = 1e-5
MAX_RAISED_ORDERS = 24
EXTRA_ORDERS = 8


def encode(device: Device, k: Real, distance_m: float, order: int, drivers: Sequence[int]) -> Encoding:
    """Encode some drivers of a device on the sphere of a radius.

    Parameters
    ----------
    device : Device, any model of a scene
    k : (F,) float array, wave number, rad/m
    distance_m : float, radius of the sphere, outside the device; np.inf is the far field
    order : int, N
    drivers : sequence of int, indices of the drivers (L)

    """
    exact = device.encoded(k, distance_m, order, drivers) if isinstance(device, EnclosedDrivers) else None
    if exact is not None:
        return exact
    directions, _ = sh.sphere_quadrature(order + EXTRA_ORDERS)
    model = device.model if isinstance(device, MeasuredDrivers) else device
    far = np.isinf(distance_m) or (isinstance(model, EnclosedDrivers) and model.endless)
    field = device.far_field(k, directions) if far else device.field(k, directions * distance_m)
    return Encoding(order, None, None, sh.analysed(field[:, :, list(drivers)], order, order + EXTRA_ORDERS))


def is_front_only(device: Device) -> bool:
    """Whether a device's encoding is that of the half space before a baffle."""
    return isinstance(device, EnclosedDrivers) and device.front_only


def extent_m(device: Device, drivers: Sequence[int]) -> float:
    """Radius of the sphere around the origin that holds the sources of some drivers, enclosure included."""
    if isinstance(device, EnclosedDrivers):
        return device.extent_m(drivers)
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
    if isinstance(device, EnclosedDrivers) and device.has_series:
        return order
    most = min(order + MAX_RAISED_ORDERS, MAX_ORDER)
    while order < most:
        encoding = encode(device, np.array([k]), distance_m, min(order + 8, most), drivers)
        if encoding.left_out(order).max() < NEGLIGIBLE_ENERGY:
            break
        order = encoding.order
    return order
