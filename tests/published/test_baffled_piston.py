"""A piston in an infinite baffle, whose field Rayleigh's integral gives in closed form far away and on its axis.

Kinsler, Frey, Coppens and Sanders, Fundamentals of Acoustics, 4th ed., sections 7.4 to 7.6.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import j1

from designer import measures
from designer.acoustics.enclosures.baffle import BaffledDrivers
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.problem.geometry import direction

RADIUS_M = 0.05
ALONE = np.ones((1, 1), dtype=complex)
KA = [0.1, 1.0, 3.0, 8.0, 16.0]


def piston(radius_m: float = RADIUS_M, *, baffle: bool = True) -> FreeField:
    return (BaffledDrivers if baffle else FreeField)([Disc(np.zeros(3), (0.0, 0.0), radius_m)])


@pytest.mark.parametrize("ka", KA)
def test_directivity(ka: float) -> None:
    """2 J1(ka sin θ)/(ka sin θ) relative to the axis, where the reference is 1."""
    theta_deg = np.arange(-89.0, 90.0, 1.0)
    z = ka * np.sin(np.radians(theta_deg))
    expected = np.divide(2 * j1(z), z, out=np.ones_like(z), where=np.abs(z) > 1e-9)
    found = piston().far_field(np.array([ka / RADIUS_M]), direction(theta_deg))[0, :, 0]
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("ka", KA)
def test_pressure_on_the_axis(ka: float) -> None:
    """2 (e^{-jkz} - e^{-jk√(z²+a²)})/(jka²): |p| = 4/(ka²) |sin(k(√(z²+a²) - z)/2)|."""
    k, z = ka / RADIUS_M, np.array([0.05, 0.08, 0.2, 1.0, 5.0])
    rim = np.hypot(z, RADIUS_M)
    expected = 2 * (np.exp(-1j * k * z) - np.exp(-1j * k * rim)) / (1j * k * RADIUS_M**2)
    found = piston().field(np.array([k]), np.stack([z, 0 * z, 0 * z], axis=1))[0, :, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-9 * np.abs(expected).max())
    size = 4 / (k * RADIUS_M**2) * np.abs(np.sin(k * (rim - z) / 2))
    np.testing.assert_allclose(np.abs(found), size, rtol=1e-8, atol=1e-9 * size.max())


def test_a_null_on_the_axis() -> None:
    """On the axis the pressure vanishes where the rim is a whole wavelength farther than the centre."""
    z = 0.05
    k = 2 * np.pi / (np.hypot(z, RADIUS_M) - z)
    found = piston().field(np.array([k]), np.array([[z, 0.0, 0.0], [0.05, 0.05, 0.0]]))[0, :, 0]
    assert np.abs(found[0]) < 1e-8 * np.abs(found[1])


@pytest.mark.parametrize("ka", KA)
def test_directivity_index(ka: float) -> None:
    """(ka)²/(1 - J1(2ka)/ka) over the sphere."""
    k = np.array([ka / RADIUS_M])
    look, power = piston().far_field(k, direction(np.array([0.0])))[:, 0], piston().radiated_power(k)
    found = measures.directivity_index(look, power, ALONE, np.inf)[0]
    assert found == pytest.approx(ka**2 / (1 - j1(2 * ka) / ka), rel=5e-5)


@pytest.mark.parametrize("radius_m", [0.0, RADIUS_M])
def test_a_baffle_is_worth_three_decibels(radius_m: float) -> None:
    """At low frequency a driver in a baffle has the index 2, 3.01 dB, and without the baffle 1, 0 dB."""
    k = np.array([0.02])
    for baffle, expected in ((True, 2.0), (False, 1.0)):
        device = piston(radius_m, baffle=baffle)
        look, power = device.far_field(k, direction(np.array([0.0])))[:, 0], device.radiated_power(k)
        found = measures.directivity_index(look, power, ALONE, np.inf)[0]
        assert found == pytest.approx(expected, rel=1e-5)
    assert 10 * np.log10(2.0) == pytest.approx(3.01, abs=5e-4)


def test_behind_the_baffle_there_is_silence() -> None:
    """The half space x < 0 is silent, near and far; x >= 0, the baffle's face included, is as without a baffle."""
    device, free = piston(), piston(baffle=False)
    k = np.array([10.0, 40.0])
    behind, ahead = np.array([[-0.5, 0.1, 0.0], [-1e-6, 1.0, 0.0]]), np.array([[0.0, 0.3, 0.1], [0.7, -0.2, 0.1]])
    assert not device.field(k, behind).any()
    np.testing.assert_array_equal(device.field(k, ahead), free.field(k, ahead))
    assert not device.far_field(k, direction(np.array([91.0, 180.0, -120.0]))).any()
    edge = direction(np.array([90.0, 0.0, -90.0]))
    np.testing.assert_array_equal(device.far_field(k, edge), free.far_field(k, edge))


def test_power_is_the_mean_over_the_sphere() -> None:
    """Mean of |far field|² over all directions, by quadrature, for three weighted pistons in a baffle: w^H Q w."""
    discs = [
        Disc(np.array([0.0, y, z]), (0.0, 0.0), a) for y, z, a in [(0.0, 0.0, 0.05), (0.13, 0.02, 0.03), (-0.1, 0, 0)]
    ]
    device, k, w = BaffledDrivers(discs), np.array([40.0]), np.array([1.0, 0.4 - 0.8j, -0.6j])
    cosine, weight = np.polynomial.legendre.leggauss(40)  # around x, over the half x > 0
    cosine, azimuth = (cosine + 1) / 2, 2 * np.pi * np.arange(80) / 80
    across = np.sqrt(1 - cosine**2)[:, None]
    grid = np.stack(np.broadcast_arrays(cosine[:, None], across * np.cos(azimuth), across * np.sin(azimuth)), axis=-1)
    power = np.abs(device.far_field(k, grid.reshape(-1, 3))[0] @ w) ** 2
    mean = np.sum(np.repeat(weight / 320, 80) * power)
    assert measures.quadratic(device.radiated_power(k)[0], w) == pytest.approx(mean, rel=1e-5)
