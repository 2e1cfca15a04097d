"""Discs without a quadrature: the power of pistons against the closed form, a plain sum over directions, and a bound on memory."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.special import j1

from designer.acoustics.enclosures.discs import Disc, disc_pattern, mean_product
from designer.acoustics.enclosures.free_field import FreeField
from designer.problem.geometry import direction

HERE = np.zeros(3)


@pytest.mark.parametrize("radius_m", [0.003, 0.065, 0.5])
def test_power_of_one_disc(radius_m: float) -> None:
    """A piston's radiation resistance R_1(2ka) = 1 - J_1(2ka)/ka (Kinsler et al., eq. 7.5.11) is ρc/2 (ka)² times the mean of D²."""
    k = np.array([1.0, 20.0, 300.0, 1800.0])
    ka = k * radius_m
    found = mean_product(k, HERE, (direction(0.0), direction(0.0)), (radius_m, radius_m))
    np.testing.assert_allclose(found, 2 * (1 - j1(2 * ka) / ka) / ka**2, rtol=1e-9)


@pytest.mark.parametrize("facing_deg", [(0.0, 0.0), (180.0, 0.0), (70.0, 0.0), (20.0, 80.0)])
def test_power_of_two_discs(facing_deg: tuple[float, float]) -> None:
    """Two discs that face any ways: the mean over all directions, by Gauss-Legendre in height and equal steps of azimuth."""
    discs = [Disc(HERE, (0.0, 0.0), 0.05), Disc(np.array([0.02, 0.15, -0.05]), facing_deg, 0.03)]
    height, weight = np.polynomial.legendre.leggauss(60)
    angle = 2 * np.pi * np.arange(120) / 120
    across = np.sqrt(1 - height**2)[:, None]
    grid = np.stack(np.broadcast_arrays(across * np.cos(angle), across * np.sin(angle), height[:, None]), axis=-1)
    k = np.array([0.0, 7.0, 60.0, 110.0])
    h = FreeField(discs).far_field(k, grid.reshape(-1, 3))
    mean = np.einsum("m,fmi,fmj->fij", np.repeat(weight / 240, 120), h.conj(), h)
    np.testing.assert_allclose(FreeField(discs).radiated_power(k), mean, atol=1e-12)


def test_the_pattern_is_that_of_a_disc_of_points() -> None:
    """Equation (1) against the mean of waves from 200,000 points of a disc's area, in rings of equal areas."""
    radius_m = 0.1
    ring = radius_m * np.sqrt((np.arange(1000) + 0.5) / 1000)
    angle = 2 * np.pi * np.arange(200) / 200
    across = np.outer(ring, np.cos(angle)).ravel()
    for ka, sine in ((0.5, 1.0), (12.0, 0.3), (40.0, 0.9), (5.0, 0.0)):
        mean = np.exp(1j * ka / radius_m * sine * across).mean()
        assert disc_pattern(np.array([ka]), np.array([sine]))[0, 0] == pytest.approx(mean, abs=2e-5)


def test_memory_of_a_large_disc() -> None:
    """A 65 mm disc at 96 kHz has 15,246 nodes; its field at 300 points and its power take parts, under 400 MB together."""
    disc = Disc(HERE, (0.0, 0.0), 0.065)
    other = Disc(np.array([0.0, 0.4, 0.0]), (10.0, 0.0), 0.065)
    k = np.geomspace(1.0, 2 * np.pi * 96_000 / 343, 3)
    points_m = direction(np.linspace(-90, 90, 300)) * 1.5
    tracemalloc.start()
    FreeField([disc]).field(k, points_m)
    FreeField([disc, other]).radiated_power(k)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 400e6


def test_field_in_unequal_steps_is_that_in_equal_steps() -> None:
    """Parts of an octave each have fewer nodes, and the same field to the quadrature's 1e-6."""
    field = FreeField([Disc(HERE, (0.0, 0.0), 0.08)])
    equal = np.linspace(0.0, 1000.0, 41)
    points_m = direction(np.array([0.0, 40.0, 85.0])) * 0.5
    some = np.array([1, 2, 5, 11, 23, 40])
    np.testing.assert_allclose(field.field(equal[some], points_m), field.field(equal, points_m)[some], atol=5e-6)
