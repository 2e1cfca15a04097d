"""Large discs by spherical waves: against the closed form on the axis, and a plain sum over the disc's own sources."""

from __future__ import annotations

import numpy as np
import pytest

from designer.acoustics.enclosures import discs
from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.problem.geometry import direction

A = 0.05


@pytest.mark.parametrize("ka", [8.1, 11.0, 15.9, 16.0, 40.0, 127.0, 900.0])
@pytest.mark.parametrize("radii", [2.0, 3.0, 30.0, 400.0])
def test_on_the_axis_the_closed_form(ka: float, radii: float) -> None:
    """On the axis of a disc p = 2 (e^{-jkr} - e^{-jk√(r² + a²)}) / (jka²), a Rayleigh integral done by hand: to 1e-7 of 1/r."""
    k, r = ka / A, radii * A
    disc = FreeField([Disc(np.array([0.1, 0.0, 0.2]), (30.0, 20.0), A)])
    point = np.array([0.1, 0.0, 0.2]) + r * direction(30.0, 20.0)
    found = disc.field(np.array([k]), point[None])[0, 0, 0]
    expected = 2 * (np.exp(-1j * k * r) - np.exp(-1j * k * np.hypot(r, A))) / (1j * k * A**2)
    assert abs(found - expected) < 1e-7 / r


@pytest.mark.parametrize("ka", [8.1, 16.0, 60.0])
def test_off_the_axis_a_plain_sum(ka: float) -> None:
    """At all angles, and over many frequencies at once, the mean of e^{-jkR}/R over 60,000 places on the disc: to 1e-6 of 1/r."""
    step = np.arange(300)
    radius_m, angle = A * np.sqrt((np.polynomial.legendre.leggauss(200)[0] + 1) / 2), 2 * np.pi * step / 300
    weight = np.repeat(np.polynomial.legendre.leggauss(200)[1] / 2 / 300, 300)
    nodes = np.stack(
        [np.zeros(60_000), np.outer(radius_m, np.cos(angle)).ravel(), np.outer(radius_m, np.sin(angle)).ravel()], axis=1
    )
    points = np.concatenate([direction(np.array([0.0, 25.0, 60.0, 90.0, 170.0]), 15.0) * r for r in (2 * A, 0.3, 4.0)])
    k = np.array([0.3, 1.0, 0.97]) * ka / A  # the first by the quadrature
    found = FreeField([Disc(np.zeros(3), (0.0, 0.0), A)]).field(k, points)[:, :, 0]
    away_m = np.linalg.norm(points[:, None] - nodes, axis=2)
    for row, number in enumerate(k):
        expected = np.sum(weight * np.exp(-1j * number * away_m) / away_m, axis=1)
        assert (np.abs(found[row] - expected) * np.linalg.norm(points, axis=1)).max() < 1e-6


def test_at_0_hz_alone_beside_large_wave_numbers() -> None:
    """A grid of 0 Hz and one high frequency: at 0 Hz, in the plane of the disc, the mean of 1/R is 1/r (1 + a²/8r²) to its next term."""
    found = FreeField([Disc(np.zeros(3), (0.0, 0.0), A)]).field(np.array([0.0, 400.0]), np.array([[0.0, 1.0, 0.0]]))
    np.testing.assert_allclose(found[0, 0, 0], 1 + A**2 / 8, rtol=1e-6)


def test_a_large_disc_takes_no_quadrature(monkeypatch: pytest.MonkeyPatch) -> None:
    """A 65 mm piston up to 96 kHz (ka = 114) has 15,000 nodes; away from it none is laid beyond the half rings of ka = 8."""
    laid = []
    rings = discs._rings

    def counted(disc: Disc, spread: float) -> tuple[np.ndarray, np.ndarray]:
        found = rings(disc, spread)
        laid.append(len(found[0]))
        return found

    monkeypatch.setattr(discs, "_rings", counted)
    k = np.linspace(0.0, 2 * np.pi * 96_000 / 343, 65)
    FreeField([Disc(np.zeros(3), (0.0, 0.0), 0.065)]).field(k, direction(np.arange(0.0, 360.0, 10.0)))
    assert 0 < max(laid) < 150
