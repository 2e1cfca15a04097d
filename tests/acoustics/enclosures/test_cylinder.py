"""The rigid cylinder against its limits, other series, other quadratures, its boundary condition and its energy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.directions import direction
from scipy.special import h2vp, hankel2, hankel2e, jv, jvp

from designer.acoustics.enclosures import cylinder_axial as on_axis
from designer.acoustics.enclosures.cylinder import CylinderEnclosure, far_terms
from designer.acoustics.enclosures.cylinder_axial import axial_terms
from designer.acoustics.enclosures.cylinder_contour import clearance, tilted_contour
from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.arrays import Complex, Real

A = 0.08
"""The radius of every cylinder here, in metres."""


def cylinder(
    *, radius_m: float = 0.0, azimuth_deg: tuple[float, ...] = (0.0,), height_m: float = 0.0
) -> CylinderEnclosure:
    places_m = direction(np.array(azimuth_deg)) * A + np.array([0.0, 0.0, height_m])
    return CylinderEnclosure.of_discs(A, places_m, [radius_m] * len(azimuth_deg))


def place(away_m: float, azimuth_deg: float, z_m: float) -> Real:
    """A point (1, 3) at a distance from the surface."""
    return np.asarray(direction(azimuth_deg) * (A + away_m) + np.array([0.0, 0.0, z_m]))[None]


def naive_field(k: float, away_m: float, azimuth_deg: Real, z_m: float, half_m: float) -> Complex:
    """Equation (1) order by order with scipy's own functions, on a dense contour that only steps aside of the real axis."""
    panels, nodes = (96, 24) if k * max(abs(z_m), away_m) < 450 else (160, 32)
    ends = np.linspace(0.0, 1.0, panels + 1) ** 1.5 * (np.hypot(k, 45 / away_m) + 2 / away_m)
    node, weight = np.polynomial.legendre.leggauss(nodes)
    real = ((ends[1:] + ends[:-1])[:, None] / 2 + np.diff(ends)[:, None] / 2 * node).ravel()
    aside = 2 * min(1 / (abs(z_m) + half_m + away_m), k)
    q = real + 1j * aside * (1 - np.exp(-real / aside))
    dq = (np.diff(ends)[:, None] / 2 * weight).ravel() * (1 + 1j * np.exp(-real / aside))
    kappa = -1j * np.sqrt(q**2 - k**2)
    kappa = np.where(kappa.imag > 0, -kappa, kappa)
    axial = np.cos(q * z_m) * np.sinc(q * half_m / np.pi) * np.exp(-1j * kappa * away_m) * dq
    total, largest = np.zeros(azimuth_deg.size, dtype=complex), 0.0
    for n in range(1000):
        slope = (hankel2e(n - 1, kappa * A) - hankel2e(n + 1, kappa * A)) / 2
        term = np.sum(axial * hankel2e(n, kappa * (A + away_m)) / (kappa * slope)) * (2.0 if n else 1.0)
        largest = max(largest, abs(term))
        total += term * np.sinc(n * half_m / A / np.pi) * np.cos(n * np.radians(azimuth_deg))
        if abs(term) < 1e-13 * largest:
            break
    return np.asarray(-2 / (np.pi * A) * total)


AXIAL = [(0.0, 0.02), (0.1, 0.0), (0.8, 0.02), (-3.0, 0.0)]
"""Height and radius; each k and each distance meets every one of them within four tests, and all of them with `--long`."""


@pytest.mark.parametrize(
    ("k", "away_m", "z_m", "radius_m"),
    [
        pytest.param(k, away_m, *axial, marks=() if (i + j + l) % 4 == 0 else pytest.mark.long)
        for i, k in enumerate([0.2, 5.0, 40.0, 180.0])
        for j, away_m in enumerate([0.08, 0.3, 2.0])
        for l, axial in enumerate(AXIAL)
    ],
)
def test_another_contour_and_other_functions(k: float, away_m: float, z_m: float, radius_m: float) -> None:
    """The field agrees with a plain sum on another contour to 1e-8 of the free field's level, near, far, level and above."""
    enclosure = cylinder(radius_m=radius_m)
    half_m = float(enclosure.half_height_m[0])
    azimuth_deg = np.array([0.0, 75.0, 180.0])
    points = np.concatenate([place(away_m, float(azimuth), z_m) for azimuth in azimuth_deg])
    found = enclosure.field(np.array([k]), points)[0, :, 0]
    expected = naive_field(k, away_m, azimuth_deg, z_m, half_m)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-8 / np.hypot(away_m, z_m))


def test_few_panels_where_the_zeros_are_far() -> None:
    """At 44 kHz a metre away the contour has 272 nodes at the most, 672 before its panels knew how far w may go before κa comes
    near a zero, and at 22 kHz the field is that of the plain sum.
    """
    k = 800.0
    assert tilted_contour(np.array([k]), A, (1.0, 1.0), (0.43, 0.47))[0].size <= 272
    azimuth_deg = np.array([0.0, 120.0])
    points = np.concatenate([place(1.0, float(azimuth), 0.45) for azimuth in azimuth_deg])
    enclosure = cylinder(radius_m=0.02 * 2 / np.sqrt(np.pi))
    found = enclosure.field(np.array([k / 2]), points)[0, :, 0]
    np.testing.assert_allclose(found, naive_field(k / 2, 1.0, azimuth_deg, 0.45, 0.02), rtol=0, atol=1e-9)


@pytest.mark.parametrize(("k", "away_m", "z_m"), [(40.0, 0.16, 16.0), (120.0, 0.4, 8.0)])
def test_far_along_the_axis(k: float, away_m: float, z_m: float) -> None:
    """A hundred radii along and a few away, the field is that of the plain sum."""
    azimuth_deg = np.array([0.0, 120.0])
    points = np.concatenate([place(away_m, float(azimuth), z_m) for azimuth in azimuth_deg])
    found = cylinder().field(np.array([k]), points)[0, :, 0]
    np.testing.assert_allclose(found, naive_field(k, away_m, azimuth_deg, z_m, 0.0), rtol=0, atol=1e-8 / z_m)


@pytest.mark.parametrize("k", [0.2, 40.0, 400.0])
def test_another_truncation(k: float) -> None:
    """A series that goes on until its terms are 1e-15 of the largest, or stops at 1e-9, changes the field by no more than that."""
    shape = np.array([0.5]), np.array([0.1]), np.array([0.02])
    sums = [axial_terms(np.array([k]), A, *shape, tolerance=t).sum(axis=0)[0, 0] for t in (1e-9, 1e-13, 1e-15)]
    assert abs(sums[0] - sums[2]) < 1e-7 * abs(sums[2])
    assert abs(sums[1] - sums[2]) < 1e-11 * abs(sums[2])
    far = [far_terms(np.array([k * A]), tolerance=t).sum(axis=0)[0] for t in (1e-9, 1e-13, 1e-15)]
    assert abs(far[0] - far[2]) < 1e-7
    assert abs(far[1] - far[2]) < 1e-11


@pytest.mark.parametrize("radius_m", [0.0, 0.001])
def test_a_thin_cylinder_is_not_there(radius_m: float) -> None:
    """At ka -> 0 the far field is that of a point source in free field in every direction, the axis included."""
    directions = direction(np.linspace(-180, 170, 12), np.linspace(-90, 90, 12))
    found = cylinder(radius_m=radius_m).far_field(np.array([1e-6 / A, 1e-4 / A]), directions)
    np.testing.assert_allclose(found[0], 1.0, atol=1e-5)
    np.testing.assert_allclose(found[1], 1.0, atol=1e-3)


def test_the_first_correction() -> None:
    """At low frequency p = 1 + 2jka sin θ cos φ: the derivation's next term, twice what the driver's place alone gives."""
    ka = 1e-4
    azimuth_deg, elevation_deg = np.array([0.0, 60.0, 180.0]), np.array([0.0, 30.0, -45.0])
    found = cylinder().far_field(np.array([ka / A]), direction(azimuth_deg, elevation_deg))[0, :, 0]
    expected = 2 * ka * np.cos(np.radians(elevation_deg)) * np.cos(np.radians(azimuth_deg))
    np.testing.assert_allclose(found.imag, expected, atol=1e-3 * ka)


def test_a_sphere_of_equal_radius_at_low_frequency() -> None:
    """In the horizontal plane both radiate alike for ka << 1: to 0.6 ka in the complex field, to 0.1 dB in level at ka = 0.1."""
    directions = direction(np.arange(0.0, 360.0, 15.0))
    sphere = SphereEnclosure(A, np.array([[1.0, 0.0, 0.0]]), [0.0])
    for ka in (0.001, 0.01, 0.1):
        k = np.array([ka / A])
        found, other = cylinder().far_field(k, directions), sphere.far_field(k, directions)
        assert np.abs(found - other).max() < 0.6 * ka
        assert np.abs(20 * np.log10(np.abs(found / other))).max() < 0.1


def test_six_decibels_before_a_large_cylinder() -> None:
    """At ka = 60 the surface is a plane to the source on it, and the pressure on axis is twice the free field's; behind it is shadow."""
    front, back = cylinder().far_field(np.array([60 / A]), direction(np.array([0.0, 180.0])))[0, :, 0]
    assert abs(20 * np.log10(abs(front)) - 6.02) < 0.02
    assert abs(back) < 0.1


def test_twice_the_free_field_next_to_a_point_source() -> None:
    """At any frequency the surface is a plane baffle to a point close by: p d -> 2 as d -> 0."""
    near = np.array([cylinder().field(np.array([20.0]), place(d, 0.0, 0.0))[0, 0, 0] * d for d in (0.002, 0.001)])
    assert abs(abs(near[1]) - 2) < 0.03
    assert abs(abs(near[1]) - 2) < 0.7 * abs(abs(near[0]) - 2)


@pytest.mark.parametrize("k", [0.5, 5.0, 50.0, pytest.param(300.0, marks=pytest.mark.long)])
def test_far_away_the_far_field(k: float) -> None:
    """R e^{jkR} p approaches the closed form as 1/R: 4e-3 of the level at 100 m, a tenth of that at 1 km, in all directions."""
    enclosure = cylinder(radius_m=0.02, azimuth_deg=(0.0, 100.0), height_m=0.03)
    directions = direction(np.array([0.0, 40.0, 170.0, -60.0]), np.array([0.0, 20.0, 55.0, -35.0]))
    directions = directions if k < 300 else directions[::2]  # there a direction takes long
    far = enclosure.far_field(np.array([k]), directions)
    error = []
    for distance_m in (1e2, 1e3):
        found = enclosure.field(np.array([k]), directions * distance_m) * distance_m * np.exp(1j * k * distance_m)
        error.append(float(np.abs(found - far).max()))
    assert error[0] < 4e-3
    assert error[1] < 0.12 * error[0]


@pytest.mark.parametrize("elevation_deg", [0.0, 35.0, -70.0])
@pytest.mark.parametrize("k", [1.0, 20.0, 150.0])
def test_reciprocity_with_a_plane_wave(k: float, elevation_deg: float) -> None:
    """A point source's far field in a direction is the pressure at its place when a plane wave comes from there.

    The scattering of a plane wave, incident plus scattered, from other functions: J_n - H_n J_n'/H_n', without the
    Wronskian that makes it 2j/(πx H_n').
    """
    azimuth_deg, height_m = 50.0, 0.07
    x = k * A * np.cos(np.radians(elevation_deg))
    n = np.arange(int(x) + 30)
    both = jv(n, x) - hankel2(n, x) * jvp(n, x) / h2vp(n, x)
    around = np.sum(np.where(n, 2.0, 1.0) * 1j**n * both * np.cos(n * np.radians(azimuth_deg)))
    expected = around * np.exp(1j * k * np.sin(np.radians(elevation_deg)) * height_m)
    found = cylinder(height_m=height_m).far_field(np.array([k]), direction(azimuth_deg, elevation_deg)[None])[0, 0, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


@pytest.mark.parametrize(
    "k", [pytest.param(2.0, marks=pytest.mark.long), 20.0, pytest.param(60.0, marks=pytest.mark.long)]
)
def test_boundary_condition(k: float) -> None:
    """The surface moves only where the piston is: -∂p/∂r is 4π over the piston's area on it, and nothing off it.

    By the reference jωρ₀Q/(4π) a normal velocity Q/S has the slope -4π/S. Differences of second order, 1 mm apart on the piston and 2 mm
    off it, where the field is smooth: above or below the driver a place so near takes ten times as long.
    """
    enclosure = cylinder(radius_m=0.02)

    def slope(azimuth_deg: float, z_m: float, step_m: float) -> complex:
        points = np.concatenate([place(n * step_m, azimuth_deg, z_m) for n in (1, 2, 3)])
        p = enclosure.field(np.array([k]), points)[0, :, 0]
        return complex((-5 * p[0] + 8 * p[1] - 3 * p[2]) / (2 * step_m))

    on_it = -4 * np.pi / (np.pi * 0.02**2)
    for azimuth_deg, z_m in ((5.0, -0.006),):
        assert abs(slope(azimuth_deg, z_m, 1e-3) - on_it) < 0.01 * abs(on_it)
    for azimuth_deg, z_m in ((180.0, 0.0), (20.0, 0.05)):
        assert abs(slope(azimuth_deg, z_m, 2e-3)) < 2e-3 * abs(on_it)


@pytest.mark.parametrize(
    "k",
    [
        pytest.param(2.0, marks=pytest.mark.long),
        pytest.param(20.0, marks=pytest.mark.long),
        pytest.param(80.0, marks=pytest.mark.long),
    ],
)
def test_the_piston_works_what_it_radiates(k: float) -> None:
    """The power that the piston gives to the air next to it, -Im<p>/k, is the mean of the far field over the sphere.

    With p = jωρ₀Q h/(4π), half the real part of <p> Q* is -ωρ₀|Q|² Im<h>/(8π), and a point source radiates k of that.
    A millimetre above the surface Im h has changed in second order only. A quarter of the piston is the mean of all, by its mirror images.
    """
    enclosure = cylinder(radius_m=0.02)
    half_m = float(enclosure.half_height_m[0])
    nodes, weights = np.polynomial.legendre.leggauss(4)
    node, weight = nodes[2:], 2 * weights[2:]
    points = np.concatenate([place(1e-3, np.degrees(u * half_m / A), v * half_m) for u in node for v in node])
    mean = np.outer(weight, weight).ravel() / 4 @ enclosure.field(np.array([k]), points)[0, :, 0]
    np.testing.assert_allclose(enclosure.radiated_power(np.array([k]))[0, 0, 0], -mean.imag / k, rtol=2e-3)


def test_power_is_the_mean_over_the_sphere() -> None:
    """Q from the series equals the mean of conj(h_i) h_j over 36 x 72 directions, exact there for the sphere's harmonics."""
    places_m = np.array([[A, 0.0, 0.05], [0.0, A, -0.02], [-A, 0.0, 0.0]])
    enclosure = CylinderEnclosure.of_discs(A, places_m, [0.02, 0.0, 0.03])
    k = np.array([0.0, 1.0, 15.0, 60.0])
    sines, weight = np.polynomial.legendre.leggauss(36)
    azimuth_deg = np.arange(72) * 5.0
    directions = direction(np.tile(azimuth_deg, 36), np.repeat(np.degrees(np.arcsin(sines)), 72))
    h = enclosure.far_field(k, directions)
    expected = np.einsum("m,fmi,fmj->fij", np.repeat(weight / 2 / 72, 72), h.conj(), h)
    np.testing.assert_allclose(enclosure.radiated_power(k), expected, atol=2e-4)
    assert np.linalg.eigvalsh(enclosure.radiated_power(k[1:])).min() > 0


@pytest.mark.parametrize("k", [5.0, 120.0])
def test_a_piston_is_many_points(k: float) -> None:
    """A square of the disc's area, bent on the surface: the mean of point sources over it, near and far."""
    piston = cylinder(radius_m=0.02)
    side_m = 2 * float(piston.half_width_m[0])
    np.testing.assert_allclose(side_m * 2 * piston.half_height_m, np.pi * 0.02**2, rtol=1e-12)
    node, weight = np.polynomial.legendre.leggauss(8)
    across, up = np.meshgrid(node * side_m / 2, node * side_m / 2, indexing="ij")
    nothing = np.zeros(across.size)
    points = CylinderEnclosure(A, across.ravel() / A, up.ravel(), nothing, nothing)
    mean = np.outer(weight, weight).ravel() / 4
    at = np.concatenate([place(0.1, 30.0, 0.05), place(2.0, -120.0, 0.0)])
    np.testing.assert_allclose(
        piston.field(np.array([k]), at)[:, :, 0], points.field(np.array([k]), at) @ mean, rtol=1e-8
    )
    towards = direction(np.array([0.0, 45.0]), np.array([60.0, -10.0]))
    expected = points.far_field(np.array([k]), towards) @ mean
    np.testing.assert_allclose(piston.far_field(np.array([k]), towards)[:, :, 0], expected, rtol=1e-8)


def test_every_frequency_is_finite_and_smooth() -> None:
    """0 Hz to 24 kHz on a radius of 0.14 m (ka = 61): no NaN, and the phase at the front turns as the distance asks."""
    enclosure = CylinderEnclosure.of_discs(0.14, np.array([[0.14, 0.0, 0.0], [0.0, 0.14, 0.1]]), [0.03, 0.0])
    k = 2 * np.pi * np.concatenate([[0.0, 10.0], np.linspace(20.0, 24_000.0, 200)]) / 343.0
    points = np.array([[2.0, 0.0, 0.0], [-0.19, 0.0, 0.05], [-0.5, 0.2, 0.5], [1.0, 0.0, -1.0]])
    assert np.isfinite(enclosure.field(k[::10], points[1:])).all()
    h = enclosure.field(k, points[:1])
    assert np.isfinite(h).all()
    front = h[1:, 0, 0] * np.exp(1j * k[1:] * (2.0 - 0.14))
    assert np.abs(np.diff(np.unwrap(np.angle(front)))).max() < 0.45  # 120 Hz turn 2 m by 4.4
    assert np.isfinite(enclosure.far_field(k, direction(np.arange(0.0, 360.0, 30.0), 45.0))).all()
    assert np.isfinite(enclosure.far_field(k, np.array([[0.0, 0.0, 1.0], [0.0, 0.0, -1.0]]))).all()
    assert np.isfinite(enclosure.radiated_power(k[::50])).all()


def test_all_at_once_is_one_by_one() -> None:
    """Frequencies in any order, points of many heights and drivers together give what each gives alone."""
    rng = np.random.default_rng(3)
    places_m = np.array([[A, 0.0, 0.05], [0.0, A, -0.02], [-A, 0.0, 0.05]])
    enclosure = CylinderEnclosure.of_discs(A, places_m, [0.02, 0.0, 0.03])
    k = rng.permutation(np.linspace(0.0, 300.0, 30))
    points = rng.uniform(-1.0, 1.0, (7, 3)) + np.array([1.5, 0.0, 0.0])
    h = enclosure.field(k, points)
    far = enclosure.far_field(k, points / np.linalg.norm(points, axis=1, keepdims=True))
    for f, m, l in ((0, 0, 0), (7, 3, 1), (14, 6, 2), (29, 5, 0)):
        alone = CylinderEnclosure.of_discs(A, places_m[[l]], [[0.02, 0.0, 0.03][l]])
        np.testing.assert_allclose(h[f, m, l], alone.field(k[[f]], points[[m]])[0, 0, 0], rtol=1e-7)
        towards = points[[m]] / np.linalg.norm(points[m])
        np.testing.assert_allclose(far[f, m, l], alone.far_field(k[[f]], towards)[0, 0, 0], rtol=1e-7)


def test_places_of_one_height_share_a_contour(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six places and two pistons, at heights that ask for a tilted contour: one for each height, and each place as alone to 1e-10."""
    contours = []

    def counted(*shape: Any) -> tuple[Complex, Complex, Complex]:
        contours.append(shape)
        return tilted_contour(*shape)

    monkeypatch.setattr(on_axis, "tilted_contour", counted)
    enclosure = CylinderEnclosure.of_discs(A, np.array([[A, 0.0, 0.0], [0.0, A, 0.1]]), [0.02, 0.0])
    points = np.concatenate([place(0.3 + 0.01 * n, 10.0 * n, 0.5) for n in range(6)])
    k = np.array([200.0, 220.0, 250.0])
    together = enclosure.field(k, points)
    assert len(contours) == 2
    alone = np.concatenate([enclosure.field(k, point[None]) for point in points], axis=1)
    np.testing.assert_allclose(together, alone, rtol=0, atol=1e-10 * np.abs(alone).max())


def test_low_frequencies_do_not_pay_for_high_ones(monkeypatch: pytest.MonkeyPatch) -> None:
    """A range from 0 to ka = 80 takes half of the numbers of one block over it all (2.9 million), and nothing changes."""
    numbers: list[int] = []

    def counted(x: Complex, argument_a: Complex) -> Any:
        for order in orders(x, argument_a):
            numbers.append(x.size)
            yield order

    orders = on_axis.orders
    monkeypatch.setattr(on_axis, "orders", counted)
    enclosure = CylinderEnclosure.of_discs(0.09, np.array([[0.09, 0.0, 0.05]]), [0.0])
    points = np.array([0.6, -0.2, 0.15]) + np.linspace(-0.09, 0.09, 9)[:, None] * np.array([0.3, 1.0, 0.1])
    k = np.linspace(0.0, 880.0, 40)
    h = enclosure.field(k, points)
    assert sum(numbers) < 1.5e6
    alone = np.concatenate([enclosure.field(k[f : f + 1], points) for f in (1, 20, 39)])
    np.testing.assert_allclose(h[[1, 20, 39]], alone, atol=1e-5)


def test_the_nearest_zero() -> None:
    """No zero of H_n', of orders up to 60, is nearer than `clearance` says; one of n = 1 or of n = Re κa is never further than twice that.

    The zeros in the first quadrant by Newton's method, with H_n'' from Bessel's equation, from 16 x 16 places each.
    """
    zeros: list[complex] = []
    for n in (*range(1, 9), 20, 60):
        x = (np.linspace(0.05, 1.2, 16) * (n + 2) + 1j * np.linspace(0.05, 1.0, 16)[:, None] * (n + 2)).ravel()
        with np.errstate(all="ignore"):
            for _ in range(20):
                slope = h2vp(n, x)
                x = x - slope / (-slope / x - (1 - (n / x) ** 2) * hankel2(n, x))
            good = np.isfinite(x) & (np.abs(h2vp(n, x)) < 1e-8 * np.abs(hankel2(n, x))) & (x.real > 0) & (x.imag > 0.1)
        zeros += np.unique(np.round(x[good], 8)).tolist()
    assert len(zeros) > 20
    at = (np.linspace(0.01, 70.0, 80) - 1j * np.array([0.0, 0.5, 3.0, 30.0])[:, None]).ravel()
    nearest = np.abs(at[:, None] - np.array(zeros)).min(axis=1)
    assert (clearance(at) <= nearest + 1e-9).all()
    assert (clearance(at) >= np.minimum(np.abs(at), 0.4 * nearest))[at.real < 8].all()


def test_squares_hold_what_the_nodes_have(monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty frequencies, three heights and two distances: all terms are those of Hankel functions at every node, to 1e-10, from a
    quarter of the numbers.
    """
    numbers: list[int] = []

    def counted(x: Complex, argument_a: Complex) -> Any:
        for order in orders(x, argument_a):
            numbers.append(x.size)
            yield order

    orders = on_axis.orders
    monkeypatch.setattr(on_axis, "orders", counted)
    k = np.linspace(250.0, 500.0, 30)
    shape = np.repeat([0.6, 0.65], 3), np.tile([0.4, 0.5, 0.7], 2), np.tile([0.0, 0.01, 0.02], 2)
    by_squares = axial_terms(k, A, *shape)
    few = sum(numbers)
    numbers.clear()
    monkeypatch.setattr(on_axis, "EDGE_POINTS", 10**6)  # no square is worth so many
    by_nodes = axial_terms(k, A, *shape)
    assert few < sum(numbers) / 4
    short = min(len(by_squares), len(by_nodes))
    error = np.abs(by_squares[:short] - by_nodes[:short]).max(axis=0)
    assert (error < 1e-10 * np.abs(by_nodes).max(axis=0)).all()


def test_frequencies_between_few() -> None:
    """Five hundred frequencies up to ka = 35, most of them from few, are those of the plain sum: before, above, in the shadow."""
    k = np.linspace(0.0, 440.0, 513)
    azimuth_deg = np.array([0.0, 90.0, 180.0])
    points = np.concatenate([place(0.3, float(azimuth), 0.2) for azimuth in azimuth_deg])
    found = cylinder().field(k, points)[:, :, 0]
    for f in (75, 388):
        expected = naive_field(k[f], 0.3, azimuth_deg, 0.2, 0.0)
        np.testing.assert_allclose(found[f], expected, rtol=0, atol=1e-8 / np.hypot(0.3, 0.2))


def test_turning_and_lifting_the_device() -> None:
    """A cylinder without end looks the same from everywhere around and above: only relative azimuth and height count."""
    k = np.array([3.0, 70.0])
    base: Complex = cylinder(radius_m=0.02).field(k, place(0.9, 25.0, 0.2))
    turned = cylinder(radius_m=0.02, azimuth_deg=(110.0,), height_m=-0.3).field(k, place(0.9, 135.0, -0.1))
    mirrored = cylinder(radius_m=0.02).field(k, place(0.9, -25.0, -0.2))
    np.testing.assert_allclose(turned, base, rtol=1e-9)
    np.testing.assert_allclose(mirrored, base, rtol=1e-9)


def test_power_of_drivers_far_apart_on_a_long_cylinder() -> None:
    """Two points 40 m apart along a thin cylinder, 1,466 rad of phase: sin(kd)/(kd) as in free field, from 733 + 40 nodes on panels."""
    k = np.array([1.0, 36.65])
    thin = CylinderEnclosure.of_discs(1e-5, np.array([[1e-5, 0.0, -20.0], [1e-5, 0.0, 20.0]]), [0.0, 0.0])
    power = thin.radiated_power(k)
    np.testing.assert_allclose(power[:, 0, 1].real, np.sin(40 * k) / (40 * k), atol=2e-4)
    np.testing.assert_allclose(power[:, 0, 0].real, 1.0, atol=2e-3)
