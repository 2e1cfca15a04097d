"""A vibrating cap on a rigid sphere: the power that leaves its surface is the power that arrives far away.

Morse and Ingard, Theoretical Acoustics, section 7.2; Vanderkooy, The acoustic center (AES 121, 2006). The
surface's power is computed here from scipy's spherical Bessel functions and quadratures, with nothing of the package.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import eval_legendre, spherical_jn, spherical_yn

from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.arrays import Complex, Index, Real

A_M = 0.0875
DIRECTIONS = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, -0.6, 0.8]])
RIMS_M = (0.010, 0.025, 0.060)
KA = [0.01, 0.3, 2.0, 8.0, 25.0]


def hankel(n: Index, x: float, *, slope: bool = False) -> Complex:
    """The spherical Hankel function of the second kind, outgoing for e^{+jωt}, or its derivative."""
    return np.asarray(spherical_jn(n, x, slope) - 1j * spherical_yn(n, x, slope))


def surface_power(ka: float, rim_m: float) -> float:
    """½ ∫ Re(p u*) dS over the cap, over that of a free point source of the same volume velocity (ρ = c = 1)."""
    k, cos_rim = ka / A_M, np.sqrt(1 - (rim_m / A_M) ** 2)
    node, weight = np.polynomial.legendre.leggauss(60)
    x, weight = (1 + cos_rim) / 2 + (1 - cos_rim) / 2 * node, weight * (1 - cos_rim) / 2
    n = np.arange(int(ka) + 35)
    legendre = eval_legendre(n[:, None], x)
    volume_velocity = 4 * np.pi / (1j * k)  # so that p = e^{-jkr}/r in free field
    u = volume_velocity / (2 * np.pi * A_M**2 * (1 - cos_rim))
    u_n = (2 * n + 1) / 2 * u * (legendre @ weight)
    p = (-1j * u_n * hankel(n, ka) / hankel(n, ka, slope=True)) @ legendre
    power = 0.5 * np.sum((p * np.conj(u)).real * weight) * 2 * np.pi * A_M**2
    free = 0.5 * 4 * np.pi  # |p|²/2 over the sphere at r = 1 m
    return float(power / free)


def sphere_quadrature() -> tuple[Real, Real]:
    """Directions (Q, 3) and weights (Q,) that sum to 1: exact for spherical harmonics below degree 100."""
    cosine, weight = np.polynomial.legendre.leggauss(50)
    azimuth = 2 * np.pi * np.arange(100) / 100
    across = np.sqrt(1 - cosine**2)[:, None]
    grid = np.stack(np.broadcast_arrays(across * np.cos(azimuth), across * np.sin(azimuth), cosine[:, None]), axis=-1)
    return grid.reshape(-1, 3), np.repeat(weight / 200, 100)


@pytest.mark.parametrize("rim_m", RIMS_M)
@pytest.mark.parametrize("ka", KA)
def test_energy_balance(ka: float, rim_m: float) -> None:
    """Power at the surface, the far field's mean over the sphere, and `radiated_power` are one number."""
    cap = SphereEnclosure(A_M, DIRECTIONS[2:], [rim_m])
    k = np.array([ka / A_M])
    directions, weight = sphere_quadrature()
    far = np.sum(weight * np.abs(cap.far_field(k, directions)[0, :, 0]) ** 2)
    assert far == pytest.approx(surface_power(ka, rim_m), rel=1e-8)
    assert cap.radiated_power(k)[0, 0, 0].real == pytest.approx(surface_power(ka, rim_m), rel=1e-10)


@pytest.mark.parametrize("ka", KA)
def test_power_of_several_drivers(ka: float) -> None:
    """w^H Q w is the mean of |far field|² over the sphere for complex weights on caps of several sizes and a point."""
    device = SphereEnclosure(A_M, np.vstack([DIRECTIONS, [[-0.48, 0.6, 0.64]]]), [*RIMS_M, 0.0])
    k = np.array([ka / A_M])
    directions, weight = sphere_quadrature()
    w = np.array([1.0, -0.7j, 0.4 + 0.9j, -1.1])
    far = np.sum(weight * np.abs(device.far_field(k, directions)[0] @ w) ** 2)
    power = w.conj() @ device.radiated_power(k)[0] @ w
    assert power.real == pytest.approx(far, rel=1e-8)
    assert power.imag == pytest.approx(0.0, abs=1e-12 * far)


@pytest.mark.parametrize("outside_m", [0.02, 0.5])
def test_power_crosses_any_sphere(outside_m: float) -> None:
    """The flow of power ½ Re(p u*) through a sphere around the enclosure, near or far, is what left the cap."""
    ka, radius_m, step_m = 3.0, A_M + outside_m, 1e-5
    device = SphereEnclosure(A_M, DIRECTIONS[:1], [0.060])
    k = np.array([ka / A_M])
    directions, weight = sphere_quadrature()
    p = [device.field(k, directions * (radius_m + step))[0, :, 0] for step in (-step_m, 0.0, step_m)]
    velocity = -(p[2] - p[0]) / (2 * step_m) / (1j * k[0])  # jωρu = -∂p/∂r
    flow = radius_m**2 * np.sum(weight * (p[1] * velocity.conj()).real)
    assert flow == pytest.approx(surface_power(ka, 0.060), rel=1e-6)


def test_a_small_sphere_is_a_point_source() -> None:
    """As ka → 0 with the listener far outside the sphere the field is e^{-jkr}/r, for caps and points alike."""
    radius_m, k = 1e-6, 2 * np.pi * np.array([100.0, 1000.0, 10_000.0]) / 343.0
    device = SphereEnclosure(radius_m, DIRECTIONS, [0.0, 0.3 * radius_m, 0.9 * radius_m])
    points_m = np.array([[1.0, 0.2, 0.3], [-0.5, 1.0, 0.0]])
    r = np.linalg.norm(points_m, axis=1)
    free = np.exp(-1j * np.outer(k, r)) / r
    # 1.5 (k + 1/r) a is the size of the next term.
    np.testing.assert_allclose(device.field(k, points_m), np.repeat(free[:, :, None], 3, axis=2), rtol=5e-4)
    np.testing.assert_allclose(device.radiated_power(k), 1.0, rtol=1e-6)


@pytest.mark.parametrize(("rim_m", "centre"), [(0.0, 1.5), (0.0525, 1.35), (0.0875, 0.75)])
def test_low_frequency_acoustic_centre(rim_m: float, centre: float) -> None:
    """At low frequency a point on the sphere sounds from 1.5 a ahead of the centre, a cap from 0.75 a (1 + cos α)."""
    device = SphereEnclosure(A_M, DIRECTIONS[:1], [rim_m])
    ka = 1e-3
    ahead, behind = device.far_field(np.array([ka / A_M]), np.array([[1.0, 0.0, 0.0], [-1.0, 0.0, 0.0]]))[0, :, 0]
    assert np.angle(ahead / behind) / (2 * ka) == pytest.approx(centre, rel=1e-5)
