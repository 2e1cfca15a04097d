"""Encoded directivities, summed again, against the models' own fields, and orders that are too low."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from acoustics.made_driver import HERTZ, SUMMARY, aside
from designer.acoustics import spherical_harmonics as sh
from designer.acoustics.enclosures.baffle import BaffledDrivers
from designer.acoustics.enclosures.cylinder import CylinderEnclosure
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.acoustics.encoded_directivity import automatic_order, encode, extent_m, sufficient_order
from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.measured.drivers import MeasuredDrivers
from designer.acoustics.scene import Device
from designer.arrays import Real
from designer.problem.geometry import direction

K = 2 * np.pi * np.array([0.0, 100.0, 1000.0, 4000.0]) / 343.0


def anywhere(seed: int, count: int) -> Real:
    n = np.random.default_rng(seed).normal(size=(count, 3))
    return np.asarray(n / np.linalg.norm(n, axis=1, keepdims=True))


def points(count: int = 3) -> FreeField:
    """Point sources, one of them at the origin."""
    places = 0.08 * np.random.default_rng(2).normal(size=(count, 3))
    places[0] = 0.0
    return FreeField([Disc(place) for place in places])


def discs() -> FreeField:
    places = np.array([[0.05, 0.0, 0.02], [0.0, -0.1, 0.0]])
    return FreeField([Disc(place, (30.0, 20.0), 0.03) for place in places])


def ball() -> SphereEnclosure:
    return SphereEnclosure(0.08, anywhere(3, 3), [0.0, 0.02, 0.03])


def post() -> CylinderEnclosure:
    return CylinderEnclosure.of_discs(0.05, np.array([[0.05, 0.0, 0.03], [0.0, 0.05, -0.03]]), [0.0, 0.01])


def measured() -> MeasuredDrivers:
    """One point source and one driver made on the scale of a measurement."""
    nodes, _ = sh.sphere_quadrature(12)
    woofer = MeasuredDirectivity(HERTZ.copy(), nodes, aside(nodes), SUMMARY)
    model = FreeField([Disc(np.zeros(3)), Disc(np.array([0.0, 0.05, 0.0]))])
    return MeasuredDrivers(model, np.array([[0.0, 0, 0], [0, 0.05, 0]]), ((0.0, 0.0), (0.0, 0.0)), {1: woofer}, 343.0)


DEVICES: dict[str, Callable[[], Device]] = {"points": points, "discs": discs, "ball": ball}


@pytest.mark.parametrize("distance_m", [np.inf, 0.6])
@pytest.mark.parametrize("name", DEVICES)
def test_the_series_is_the_field(name: str, distance_m: float) -> None:
    """At the automatic order Σ c_a Y_a is the model's field to 1e-6, from 0 Hz, far away and on a sphere of 0.6 m."""
    device: Device = DEVICES[name]()
    drivers = range(len(device.source_places_m()))
    n = anywhere(4, 40)
    encoding = encode(device, K, distance_m, automatic_order(device, float(K[-1]), distance_m, drivers), drivers)
    field = device.far_field(K, n) if np.isinf(distance_m) else device.field(K, n * distance_m)
    np.testing.assert_allclose(encoding.at(n), field, atol=1e-6 * np.abs(field).max())


def test_coefficients_are_projections() -> None:
    """Each coefficient is ∫ d Y_a dΩ, by a quadrature of a far higher order."""
    nodes, weights = sh.sphere_quadrature(40)
    for make in DEVICES.values():
        device: Device = make()
        expected = np.einsum("km,m,fml->fkl", sh.harmonics(10, nodes), weights, device.far_field(K, nodes))
        drivers = range(expected.shape[2])
        np.testing.assert_allclose(encode(device, K, np.inf, 10, drivers).coefficients, expected, atol=1e-11)


def test_a_choice_of_drivers_is_a_choice_of_columns() -> None:
    """Drivers stand in the order asked for."""
    for make in (*DEVICES.values(), measured):
        device = make()
        both, one = (encode(device, K, np.inf, 6, drivers).coefficients for drivers in ([1, 0], [0]))
        np.testing.assert_allclose(both[:, :, 1:], one, atol=1e-14)


def test_sampled_devices() -> None:
    """Up to 1 kHz a cylinder to 1e-3 away from its axis, where an endless one is singular; a measurement, with kinks, to 2%."""
    n, k = anywhere(5, 40), K[1:3]
    n = n[np.abs(n[:, 2]) < 0.9]
    device: Device
    for device, distance_m, within in ((post(), np.inf, 1e-3), (measured(), 1.0, 2e-2)):
        order = automatic_order(device, float(k[-1]), distance_m, [0, 1])
        field = device.far_field(k, n) if np.isinf(distance_m) else device.field(k, n)
        found = encode(device, k, distance_m, order, [0, 1]).at(n)
        np.testing.assert_allclose(found, field, atol=within * np.abs(field).max())


def test_a_cylinder_is_encoded_far_away() -> None:
    """It cuts every sphere around it, poles inside: at any distance it is the far field that is meant."""
    near, far = (encode(post(), K, distance_m, 6, [0, 1]).coefficients for distance_m in (1.0, np.inf))
    np.testing.assert_array_equal(near, far)


def test_what_an_order_leaves_out() -> None:
    """A point source at kr = 3 holds 4π Σ (2n+1) j_n² = 4π in all orders; above N what is missing from this sum, to rounding."""
    device = FreeField([Disc(np.array([0.0, 0.0, 0.1]))])
    k = np.array([30.0])
    encoding = encode(device, k, np.inf, 25, [0])
    assert encoding.energy().sum() == pytest.approx(4 * np.pi, rel=1e-12)
    for order in (0, 2, 5):
        kept = encode(device, k, np.inf, order, [0]).energy().sum() / (4 * np.pi)
        assert encoding.left_out(order)[0, 0] == pytest.approx(1 - kept, rel=1e-9)
    assert encoding.left_out(0)[0, 0] == pytest.approx(1 - np.sinc(3 / np.pi) ** 2, rel=1e-12)


def test_a_baffle_s_front_is_the_free_field() -> None:
    """What is encoded of a baffle is its field in front, twice as smooth as a field that jumps, and it says so."""
    front = direction(np.array([-80.0, 10.0, 60.0]), np.array([0.0, 40.0, -30.0]))
    discs = [Disc(np.array([0.0, 0.05, 0.0]), (0.0, 0.0), 0.02), Disc(np.array([0.0, -0.05, 0.0]), (0.0, 0.0), 0.02)]
    baffle = BaffledDrivers(discs)
    encoding = encode(baffle, K, np.inf, 14, [0, 1])
    assert encoding.front_only
    np.testing.assert_allclose(encoding.at(front), baffle.far_field(K, front), atol=1e-6)


def test_orders_of_radii() -> None:
    """The radius holds enclosure, pistons and offsets; the order rises with kr, is at least 4, and is capped at 60."""
    assert extent_m(ball(), [0]) == 0.08
    assert extent_m(post(), [1]) == pytest.approx(np.hypot(0.05, 0.03 + 0.005 * np.sqrt(np.pi)))
    assert extent_m(discs(), [1]) == pytest.approx(0.13)
    assert extent_m(measured(), [0, 1]) == pytest.approx(0.05)
    assert [sufficient_order(kr) for kr in (0.0, 1.0, 8.0)] == [4, 10, 22]
    assert sufficient_order(1000.0) == 60
