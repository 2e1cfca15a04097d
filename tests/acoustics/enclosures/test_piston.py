"""Finite pistons in a baffle and on a sphere, at any angle: textbook patterns, quadratures over points, energy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import j1

from designer.acoustics.enclosures.baffle import BaffledDrivers
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.acoustics.sphere_series import sphere_pressure
from designer.problem.geometry import direction


@pytest.mark.parametrize("angle_deg", [0.0, 10.0, 35.0, 60.0, 89.0])
@pytest.mark.parametrize("facing_deg", [(0.0, 0.0), (70.0, 20.0), (-120.0, -55.0)])
@pytest.mark.parametrize("ka", [0.01, 1.0, 3.8317, 12.0])
def test_a_discs_pattern_at_any_angle(ka: float, facing_deg: tuple[float, float], angle_deg: float) -> None:
    """2 J1(ka sin θ)/(ka sin θ), whichever way the disc faces: zero at ka sin θ = 3.83 (Kinsler, section 7.4)."""
    axis = direction(*facing_deg)
    across = np.cross(axis, [0.3, -0.5, 0.8])
    across /= np.linalg.norm(across)
    towards = np.cos(np.radians(angle_deg)) * axis + np.sin(np.radians(angle_deg)) * across
    device = FreeField([Disc(np.zeros(3), facing_deg, 0.05)])
    found = device.far_field(np.array([ka / 0.05]), towards[None])[0, 0, 0]
    x = max(ka * np.sin(np.radians(angle_deg)), 1e-12)
    np.testing.assert_allclose(found, 2 * j1(x) / x, atol=1e-6)


def test_on_axis_before_a_baffle() -> None:
    """The exact field on axis is two waves, from the centre and the rim: p = 2j (e^{-jk sqrt(r²+a²)} - e^{-jkr})/(ka²).

    Rayleigh's integral on axis over a disc of unit volume velocity (Kinsler, section 7.4a).
    """
    radius_m, k = 0.05, np.array([5.0, 60.0, 200.0])
    device = BaffledDrivers([Disc(np.zeros(3), (0.0, 0.0), radius_m)])
    for r in (0.03, 0.1, 1.0):
        rim = np.hypot(r, radius_m)
        expected = 2j * (np.exp(-1j * k * rim) - np.exp(-1j * k * r)) / (k * radius_m**2)
        found = device.field(k, np.array([[r, 0.0, 0.0], [-r, 0.0, 0.0]]))[0:, :, 0]
        np.testing.assert_allclose(found[:, 0], expected, rtol=1e-4 if r < 0.05 else 1e-6)
        assert (found[:, 1] == 0).all()


@pytest.mark.parametrize("ratio", [1.3, 5.0, np.inf])
@pytest.mark.parametrize("ka", [0.3, 4.0, 25.0])
def test_a_cap_is_many_points(ka: float, ratio: float) -> None:
    """A cap of half angle 17 degrees is the mean of point sources over it (equal radial velocity), at every angle around."""
    cosine, node_weight = np.cos(np.radians(17.0)), np.polynomial.legendre.leggauss(24)
    along = (1 + cosine) / 2 + (1 - cosine) / 2 * node_weight[0]
    turn = np.arange(64) * 2 * np.pi / 64
    for angle in np.radians([0.0, 25.0, 90.0, 180.0]):
        cos_angle = np.cos(angle) * along[:, None] + np.sin(angle) * np.sqrt(1 - along[:, None] ** 2) * np.cos(turn)
        points = sphere_pressure(np.array([ka]), np.array([ratio]), cos_angle.reshape(1, -1))[0, 0].reshape(24, 64)
        cap = sphere_pressure(np.array([ka]), np.array([ratio]), np.array([[np.cos(angle)]]), cos_half_angle=cosine)[
            0, 0, 0
        ]
        np.testing.assert_allclose(cap, (node_weight[1] / 2) @ points.mean(axis=1), atol=1e-9)


def test_a_spheres_other_truncation() -> None:
    """Terms to 1e-15 of the largest, where 1e-13 is the rule, change nothing beyond 1e-12, up to ka = 60."""
    ka, ratio, cosine = np.array([0.0, 1.0, 60.0]), np.array([1.05, 20.0, np.inf]), np.tile([1.0, 0.2, -1.0], (3, 1))
    usual, longer = (sphere_pressure(ka, ratio, cosine, tolerance=t) for t in (1e-13, 1e-15))
    np.testing.assert_allclose(usual, longer, atol=1e-11)


def test_caps_at_any_angle_radiate_the_mean_over_the_sphere() -> None:
    """Q of three caps that face anywhere equals the mean of their far fields' products over a quadrature of the sphere."""
    facing = direction(np.array([0.0, 80.0, -150.0]), np.array([0.0, 30.0, -60.0]))
    enclosure = SphereEnclosure(0.0875, facing, [0.03, 0.0, 0.02])
    k = np.array([1.0, 40.0, 150.0])
    sines, weight = np.polynomial.legendre.leggauss(40)
    towards = direction(np.tile(np.arange(80) * 4.5, 40), np.repeat(np.degrees(np.arcsin(sines)), 80))
    h = enclosure.far_field(k, towards)
    expected = np.einsum("m,fmi,fmj->fij", np.repeat(weight / 160, 80), h.conj(), h)
    np.testing.assert_allclose(enclosure.radiated_power(k), expected, atol=1e-9)
