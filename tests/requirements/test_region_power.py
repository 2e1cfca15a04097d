"""A and B over regions against radiated power, the density's covariance function, and grids; orders that are too low say so."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from acoustics.test_encoded_directivity import ball, discs, measured, points, post
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import spherical_jn

from designer.acoustics import spherical_harmonics as sh
from designer.acoustics.enclosures import Device
from designer.acoustics.enclosures.baffle import BaffledDrivers
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.acoustics.encoded_directivity import encode
from designer.acoustics.spherical_harmonics import Encoding
from designer.arrays import Complex, Real
from designer.measures import quadratic
from designer.problem.geometry import direction
from designer.problem.schema import Region
from designer.requirements import region_power
from designer.requirements.region_power import RegionPower, power_matrix
from designer.requirements.target import equivalent_points

HERTZ = np.array([0.0, 200.0, 900.0, 2500.0])
K = 2 * np.pi * HERTZ / 343.0
LOOK = Region(around_deg=[0.0, 0.0])
SPHERE = Region()
ASIDE = Region(azimuth_deg=[50.0, 310.0], elevation_deg=[-40.0, 40.0])


def regions(device: Device, *dark: Region, distance_m: float = np.inf, order: int | None = None) -> RegionPower:
    drivers = tuple(range(len(device.source_places_m())))
    return RegionPower(device, K, distance_m, drivers, (LOOK,), dark or (SPHERE,), float(K[-1]), order)


def gridded(device: Device, region: Region, distance_m: float, step_deg: float) -> Complex:
    """The mean of h^H h over a band, one cell of an equal grid after another: what the coefficients do without."""
    low, high = region.elevation_deg
    start, stop = region.azimuth_deg
    A = np.zeros((K.size, *(len(device.source_places_m()),) * 2), dtype=complex)
    total = 0.0
    azimuth = np.arange(start + step_deg / 2, stop, step_deg)
    for elevation in np.arange(low + step_deg / 2, high, step_deg):
        n = direction(azimuth, elevation)
        h = device.far_field(K, n) if np.isinf(distance_m) else device.field(K, n * distance_m)
        weight = np.cos(np.radians(elevation))
        A += weight * np.einsum("fml,fmk->flk", h.conj(), h)
        total += weight * azimuth.size
    return np.asarray(A / total)


@pytest.mark.parametrize("make", [points, discs, ball, measured])
def test_over_the_whole_sphere_it_is_the_radiated_power(make: Callable[[], Device]) -> None:
    """B of the sphere is Q, each device's own closed form or quadrature: to 1e-7, a measurement's kinks to 1e-3."""
    device = make()
    within = 1e-3 if make is measured else 1e-7
    np.testing.assert_allclose(regions(device).matrices.dark, device.radiated_power(K), atol=within)


def test_a_cylinder_s_power_but_for_its_axis() -> None:
    """An endless cylinder's field is singular at its axis, and the sum of squares converges slowly: 1e-3 of the radiated power."""
    device = post()
    np.testing.assert_allclose(regions(device).matrices.dark, device.radiated_power(K), atol=1e-3)


@pytest.mark.parametrize("region", [ASIDE, Region(around_deg=[120.0, 30.0], radius_deg=35.0), LOOK])
def test_point_sources_see_the_density_s_covariance_function(region: Region) -> None:
    """∫ σ e^{jk(x_k - x_l)·n} dΩ = Σ 4π j^n j_n(k|x_k - x_l|) s_nm Y_nm: one sum at the difference of two places, no product at all."""
    device = points(4)
    order = 40
    s = region_power.density([region], order)
    places = device.source_places_m()
    expected = np.empty((K.size, 4, 4), dtype=complex)
    n = sh.degrees(order)
    for l in range(4):
        for k in range(4):
            apart = places[k] - places[l]
            bessel = spherical_jn(n, K[:, None] * np.linalg.norm(apart))
            expected[:, l, k] = (4 * np.pi * 1j**n * bessel) @ (s * sh.harmonics(order, apart[None])[:, 0])
    np.testing.assert_allclose(regions(device, region).matrices.dark, expected, atol=1e-6)


@pytest.mark.parametrize(("make", "distance_m"), [(points, 1.0), (discs, np.inf), (ball, np.inf), (ball, 1.0)])
def test_the_power_ratio_agrees_with_a_dense_grid(make: Callable[[], Device], distance_m: float) -> None:
    """Random weights and the best ones: the ratio over ±40 degrees of elevation is the one of a 5-degree grid to 0.01 dB, above 0 Hz."""
    device = make()
    actual = regions(device, ASIDE, distance_m=distance_m)
    B = gridded(device, ASIDE, distance_m, 5.0)
    rng = np.random.default_rng(0)
    A = actual.matrices.bright
    loaded = B + 1e-3 * np.eye(B.shape[1]) * np.abs(B).max()
    best = np.linalg.solve(loaded, equivalent_points(A)[:, -1].conj()[:, :, None])[:, :, 0]
    for w in (rng.normal(size=best.shape) + 1j * rng.normal(size=best.shape), best):
        ratio_db = 10 * np.log10(quadratic(A, w) / quadratic(B, w))
        np.testing.assert_allclose(10 * np.log10(actual.power_ratio(w)), ratio_db, atol=0.01)
        assert np.abs(actual.order_error_db(w)).max() < 1e-3


def test_the_look_direction_is_the_point_itself() -> None:
    """A of one point has the rank and the value of h^H h there, at a distance and far away."""
    for make in (points, ball):
        device: Device = make()
        for distance_m in (np.inf, 0.7):
            n = direction(np.array([0.0]))
            h = device.far_field(K, n) if np.isinf(distance_m) else device.field(K, n * distance_m)
            expected = np.einsum("fml,fmk->flk", h.conj(), h)
            actual = regions(device, distance_m=distance_m).matrices.bright
            np.testing.assert_allclose(actual, expected, atol=1e-5 * np.abs(expected).max())


@pytest.mark.parametrize("order", [1, 3, 5])
def test_a_low_order_says_how_far_off_it_is(order: int) -> None:
    """The reported error is that of the grid: where one passes 0.05 dB, the other does, and they agree to 0.01 dB."""
    device = ball()
    actual = regions(device, ASIDE, order=order)
    w: Complex = np.asarray(np.random.default_rng(3).normal(size=(K.size, 3)), dtype=complex)
    far = device.far_field(K, direction(np.array([0.0])))[:, 0]
    true = np.abs(np.einsum("fl,fl->f", far, w)) ** 2 / quadratic(gridded(device, ASIDE, np.inf, 5.0), w)
    off = 10 * np.log10(actual.power_ratio(w)) - 10 * np.log10(true)
    np.testing.assert_allclose(actual.order_error_db(w), off, atol=0.01)
    assert np.abs(off[-1]) > 0.05
    assert np.abs(off[0]) < 0.05  # at 0 Hz every order suffices


def test_a_baffle_s_half_space() -> None:
    """Over the whole sphere a baffle's B is Q, half of it silent; over a band across its edge, the grid's to 0.01 dB."""
    device = BaffledDrivers([Disc(np.array([0.0, y, 0.0])) for y in (-0.06, 0.0, 0.06)])
    np.testing.assert_allclose(regions(device).matrices.dark, device.radiated_power(K), atol=1e-7)
    across = Region(azimuth_deg=[40.0, 140.0], elevation_deg=[-30.0, 60.0])
    w: Complex = np.tile(np.array([1.0, -0.5, 0.3j]), (K.size, 1))
    actual, grid = (
        quadratic(regions(device, across).matrices.dark, w),
        quadratic(gridded(device, across, np.inf, 5.0), w),
    )
    np.testing.assert_allclose(10 * np.log10(actual / grid), 0.0, atol=0.01)
    behind = regions(device, Region(around_deg=[180.0, 0.0]), SPHERE).matrices.dark
    np.testing.assert_allclose(behind, device.radiated_power(K) / 2, atol=1e-7)


@settings(max_examples=15)
@given(seed=st.integers(0, 2**32 - 1), turn_deg=st.floats(-360.0, 360.0), width=st.floats(5.0, 350.0))
def test_turning_device_and_region_together_changes_nothing(seed: int, turn_deg: float, width: float) -> None:
    """Rotation about z by any angle; A stays Hermitian and positive semidefinite, and its trace is that of unit-mass densities."""
    places = 0.06 * np.random.default_rng(seed).normal(size=(3, 3))
    c, s = np.cos(np.radians(turn_deg)), np.sin(np.radians(turn_deg))
    turned = places @ np.array([[c, s, 0.0], [-s, c, 0.0], [0.0, 0.0, 1.0]])
    G = [
        sh.product_matrix(region_power.band(24, azimuth_deg=(start, start + width), elevation_deg=(-15.0, 50.0)), 12)
        for start in (-70.0, -70.0 + turn_deg)
    ]
    one, other = (
        power_matrix(encode(FreeField([Disc(x) for x in where]), K[2:3], np.inf, 12, range(3)), kernel)
        for where, kernel in zip((places, turned), G, strict=True)
    )
    np.testing.assert_allclose(one, other, atol=1e-11)
    np.testing.assert_allclose(one, one.conj().swapaxes(1, 2), atol=1e-13)
    assert np.linalg.eigvalsh(one[0])[0] > -1e-12
    np.testing.assert_allclose(np.diagonal(one[0]).real, 1.0, atol=1e-5)  # |e^{jk x·n}| = 1


def test_frequency_apart_from_direction_or_not() -> None:
    """Equation (2) is equation (1): the same encoding, its coefficients multiplied out, gives the same matrix."""
    for make in (points, ball):
        apart = encode(make(), K, np.inf, 9, [0, 1, 2])
        G = sh.product_matrix(region_power.density([ASIDE], 18), 9)
        together = Encoding(9, None, None, apart.coefficients)
        np.testing.assert_allclose(power_matrix(apart, G), power_matrix(together, G), atol=1e-12)


def test_some_of_the_frequencies() -> None:
    """`at` takes rows, and keeps the order, which is for the whole band."""
    whole = regions(ball(), ASIDE)
    part = whole.at(np.array([1, 2]))
    assert part.order == whole.order
    np.testing.assert_allclose(part.matrices.dark, whole.matrices.dark[1:3], rtol=1e-12)


def test_points_that_stand_for_a_matrix() -> None:
    """The mean of |h w|² over the rows is w^H A w, for a matrix of full rank and of rank one."""
    rng = np.random.default_rng(5)
    h = rng.normal(size=(3, 6, 4)) + 1j * rng.normal(size=(3, 6, 4))
    for rows in (h, h[:, :1]):
        A = np.einsum("fml,fmk->flk", rows.conj(), rows)
        w: Complex = rng.normal(size=(3, 4)) + 1j * rng.normal(size=(3, 4))
        power: Real = np.mean(np.abs(np.einsum("fml,fl->fm", equivalent_points(A), w)) ** 2, axis=1)
        np.testing.assert_allclose(power, np.einsum("fl,flk,fk->f", w.conj(), A, w).real, rtol=1e-12)
