"""Directivity indices from spherical-harmonic coefficients alone: B over the whole sphere, A of the look direction.

Parsons, Maximum directivity proof for three-dimensional arrays (JASA 82, 1987): N end-fire monopoles, 20 log10 N. A cardioid,
(1 + cos θ)/2: mean square 1/3, 4.77 dB; a hypercardioid, (1 + 3 cos θ)/4: 6.02 dB. Digits at a spacing as in
`test_superdirective_limits`, by mpmath.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from formulations.random_targets import Wanted, random_target

from designer.acoustics.enclosures.discs import Disc
from designer.acoustics.enclosures.free_field import FreeField
from designer.acoustics.spherical_harmonics import Encoding
from designer.arrays import Complex, Real
from designer.formulations import spherical_harmonic
from designer.measures import db
from designer.problem.schema import Region
from designer.requirements.region_power import Kernel, RegionPower
from designer.solvers import ratio_search

K = np.array([2 * np.pi * 300.0 / 343.0])
FRONT = Region(around_deg=[0.0, 0.0])
SPHERE = Region()


def line(count: int, spacing_m: float) -> RegionPower:
    """Monopoles in a line along x, from the look direction against the whole sphere."""
    places = (np.arange(count) - (count - 1) / 2) * spacing_m
    device = FreeField([Disc(np.array([x, 0.0, 0.0])) for x in places])
    return RegionPower(device, K, np.inf, tuple(range(count)), (FRONT,), (SPHERE,), float(K[0]))


@pytest.mark.parametrize(("count", "spacing_m", "digits"), [(2, 0.005, 6.020), (3, 0.005, 9.542), (4, 0.020, 12.037)])
def test_end_fire_monopoles(count: int, spacing_m: float, digits: float) -> None:
    """6.02, 9.54 and 12.04 dB, by the largest ratio of the pencil of coefficients."""
    matrices = line(count, spacing_m).matrices
    best = db(ratio_search.best_ratio(matrices.bright, matrices.dark))[0]
    assert best == pytest.approx(digits, abs=2e-3)
    assert best == pytest.approx(20 * np.log10(count), abs=6e-3)


@pytest.mark.parametrize(("count", "spacing_m"), [(2, 0.005), (3, 0.005)])
def test_the_formulation_reaches_them(count: int, spacing_m: float) -> None:
    """A curve of 40 dB is out of reach: the best compromise is the superdirective limit, 20 log10 N, less its 0.1 dB."""
    target = random_target(0, Wanted(frequencies=1, drivers=count, gain_db=40.0))
    over_the_sphere = replace(target, regions=line(count, spacing_m))
    w = spherical_harmonic.solve(over_the_sphere).weights
    assert db(over_the_sphere.power_ratio(w))[0] == pytest.approx(20 * np.log10(count) - 0.1, abs=6e-3)


def test_two_monopoles_as_a_cardioid() -> None:
    """Delay and subtract 5 mm apart: 1 - e^{-jkd(1 + cos θ)}, a cardioid, 4.77 dB to 0.01 dB, with the order checked."""
    found = line(2, 0.005)
    w: Complex = np.array([[-np.exp(-1j * K[0] * 0.005), 1.0]])
    assert db(found.power_ratio(w))[0] == pytest.approx(10 * np.log10(3), abs=0.01)
    assert abs(found.order_error_db(w)[0]) < 1e-6


@pytest.mark.parametrize(
    ("dipole", "region", "ratio"),
    [
        (1.0, SPHERE, 3.0),  # cardioid: 1 over 1/3
        (3.0, SPHERE, 4.0),  # hypercardioid: 1 over 1/4
        (0.0, SPHERE, 1.0),
        (1.0, Region(around_deg=[180.0, 0.0], radius_deg=90.0), 12.0),  # ∫ over cos θ from -1 to 0 of ((1 + x)/2)² = 1/12
        (1.0, Region(azimuth_deg=[90.0, 270.0]), 12.0),  # the same half space as a band of azimuth
        (1.0, Region(around_deg=[180.0, 0.0], radius_deg=60.0), 48.0),  # 2 ∫ from -1 to -1/2 of ((1 + x)/2)² = 1/48
        (1.0, Region(around_deg=[0.0, 90.0], radius_deg=0.0), 4.0),  # straight up: (1/2)²
    ],
)  # fmt: skip
def test_first_order_patterns(dipole: float, region: Region, ratio: float) -> None:
    """(1 + d cos θ)/(1 + d) as four coefficients; the ratio of its front to a region is a rational number, exact at order 1."""
    c: Real = np.sqrt(4 * np.pi) * np.array([1.0, 0.0, 0.0, dipole / np.sqrt(3)]) / (1 + dipole)
    encoding = Encoding(1, None, None, c[None, :, None].astype(complex))
    A, B = (Kernel.of([where], 1, front_only=False).power(encoding)[0, 0, 0].real for where in (FRONT, region))
    assert pytest.approx(1.0, rel=1e-12) == A
    assert pytest.approx(ratio, rel=1e-12) == A / B
