"""Speed of the acoustics, each as a ratio against a rival in the same run: the best of a few, because the machine is shared."""

from __future__ import annotations

import numpy as np

from bench.timing import best_of
from designer.acoustics.enclosures.cylinder import CylinderEnclosure
from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.acoustics.head_models import Sphere
from designer.acoustics.heads import ears_in_field
from designer.acoustics.sphere_series import cap_weights, legendre_table, radial_terms
from designer.arrays import Complex, Real
from designer.problem.geometry import direction

K = 2 * np.pi * np.linspace(0.0, 24_000.0, 513) / 343.0
RADIUS_M = 0.0875
AROUND = direction(np.arange(8) * 45.0, np.tile([0.0, 20.0], 4))
DISTANCE_M = 2.0


def one_direction(towards: Real, cos_half_angle: float) -> Complex:
    """H (F, L) in one direction, in the plain way: the sphere's radial series, its Legendre table, and their sum."""
    radial = radial_terms(K * RADIUS_M, np.array([DISTANCE_M / RADIUS_M]))[:, :, 0]
    weight = cap_weights(np.array(cos_half_angle), len(radial))
    legendre = legendre_table(AROUND @ towards, len(radial))
    return np.asarray(np.einsum("nf,n,nl->fl", radial, weight, legendre) / RADIUS_M)


def test_a_sphere_of_directions_against_a_loop_over_directions() -> None:
    """H of 8 drivers, 513 frequencies, 2,592 directions on a sphere is at least 20 times faster than a loop over directions.

    The loop sums the same series, with the same vectorised functions, for one direction at a time, and all drivers and
    frequencies at once. It runs over every 36th direction, and its time is multiplied by 36.
    """
    azimuth_deg, elevation_deg = np.meshgrid(np.arange(72) * 5.0 - 180.0, (np.arange(36) + 0.5) * 5.0 - 90.0)
    directions = direction(azimuth_deg.ravel(), elevation_deg.ravel())
    enclosure = SphereEnclosure(RADIUS_M, AROUND, [0.025] * 8)
    cosine = float(enclosure.cos_half_angle[0])
    fast = best_of(3, lambda: enclosure.field(K, directions * DISTANCE_M))
    some = directions[::36]
    slow = best_of(3, lambda: [one_direction(towards, cosine) for towards in some]) * 36
    print(f"sphere, 2,592 directions: {fast:.3f} s, the loop {slow:.1f} s, {slow / fast:.0f} x")
    expected = np.stack([one_direction(towards, cosine) for towards in some], axis=1)
    np.testing.assert_allclose(enclosure.field(K, some * DISTANCE_M), expected, atol=1e-12)
    assert slow > 20 * fast


def test_a_circle_around_a_cylinder_against_a_loop_over_azimuths_and_drivers() -> None:
    """H of 8 drivers, 513 frequencies, 72 azimuths on a cylinder is at least 20 times faster than one pair at a time.

    The loop calls the same method with one driver and one point. It runs over every 36th of its 576 pairs.
    """
    places_m = direction(np.arange(8) * 45.0) * RADIUS_M
    enclosure = CylinderEnclosure.of_discs(RADIUS_M, places_m, [0.025] * 8)
    single = [CylinderEnclosure.of_discs(RADIUS_M, place[None], [0.025]) for place in places_m]
    points_m = direction(np.arange(72) * 5.0) * DISTANCE_M
    pairs = [(l, m) for m in range(72) for l in range(8)][::36]
    fast = best_of(3, lambda: enclosure.field(K, points_m))
    slow = best_of(2, lambda: [single[l].field(K, points_m[[m]]) for l, m in pairs]) * 36
    print(f"cylinder, 72 azimuths: {fast:.3f} s, the loop {slow:.1f} s, {slow / fast:.0f} x")
    assert slow > 20 * fast


def test_a_head_before_a_sphere_against_parts_of_its_frequencies() -> None:
    """The ears of a head before three caps at 1,025 frequencies are at least twice as fast as in parts of 32, which use each one."""
    k, axes = 2 * np.pi * np.linspace(0.0, 24_000.0, 1025) / 343.0, np.diag([-1.0, -1.0, 1.0])
    device = SphereEnclosure(RADIUS_M, direction(np.array([-90.0, 0.0, 90.0])), [0.025] * 3)
    given = Sphere("sphere", RADIUS_M), device
    centres_m = np.array([[2.0, 0.0, 0.0], [2.0, 0.03, 0.0], [1.97, 0.0, 0.0]])
    whole = best_of(3, lambda: ears_in_field(*given, k, centres_m, axes))
    parts = best_of(2, lambda: [ears_in_field(*given, k[n : n + 32], centres_m, axes) for n in range(0, 1025, 32)])
    print(f"head before a sphere: {whole:.4f} s, in parts {parts:.3f} s, {parts / whole:.0f} x")
    assert parts > 2 * whole
