"""Radiating series at many distances from few: against each distance alone."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from designer.acoustics.chebyshev import few_distances
from designer.acoustics.enclosures import cylinder, cylinder_axial, moving_on_cylinder
from designer.acoustics.enclosures.cylinder import CylinderEnclosure
from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.problem.geometry import direction

PLACES_M = np.random.default_rng(1).uniform(-0.09, 0.09, (30, 3)) * [1, 1, 0]


@pytest.mark.parametrize("distance_m", [0.35, 2.0])
def test_a_sphere_at_many_distances(distance_m: float) -> None:
    """Thirty places at once are each place alone, within 1e-8 of the largest, up to 24 kHz."""
    device = SphereEnclosure(0.0875, direction(np.array([0.0, 90.0, 200.0])), [0.025, 0.0, 0.02])
    k, points_m = 2 * np.pi * np.linspace(0.0, 24_000.0, 9) / 343.0, PLACES_M + np.array([distance_m, 0.0, 0.1])
    alone = np.concatenate([device.field(k, point[None]) for point in points_m], axis=1)
    np.testing.assert_allclose(device.field(k, points_m), alone, atol=1e-8 * np.abs(alone).max())


def test_a_cylinder_at_many_distances() -> None:
    """Places of one height before a cylinder with drivers at two heights: at once as alone, within 1e-7 of the largest."""
    places_m = direction(np.array([0.0, 90.0, 200.0])) * 0.08 + np.array([0.0, 0.0, 0.04]) * np.array([[1], [0], [1]])
    device = CylinderEnclosure.of_discs(0.08, places_m, [0.02, 0.0, 0.02])
    k, points_m = 2 * np.pi * np.array([200.0, 3000.0, 12_000.0]) / 343.0, PLACES_M + np.array([1.0, 0.0, 0.1])
    alone = np.concatenate([device.field(k, point[None]) for point in points_m[::5]], axis=1)
    np.testing.assert_allclose(device.field(k, points_m)[:, ::5], alone, atol=1e-7 * np.abs(alone).max())


def counted_integrals(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Numbers of axial integrals of the calls that follow."""
    integrals: list[int] = []
    plain = cylinder_axial.axial_terms

    def counted(*arguments: Any, **more: Any) -> Any:
        integrals.append(arguments[2].size)
        return plain(*arguments, **more)

    for module in (cylinder, moving_on_cylinder):
        monkeypatch.setattr(module, "axial_terms", counted)
    return integrals


@pytest.mark.parametrize(("least_m", "furthest_m", "heights", "most"), [(0.45, 1.75, 1, 33), (1.27, 1.38, 3, 9)])
def test_many_places_before_a_cylinder_cost_few_integrals(
    monkeypatch: pytest.MonkeyPatch, least_m: float, furthest_m: float, heights: int, most: int
) -> None:
    """Places over a wide range of distances, or at three heights: as alone within 1e-7, at most 9 to 33 integrals for each height."""
    drivers_m = np.array([[0.02, 0.0, -0.16], [0.0, 0.02, 0.15], [-0.02, 0.0, 0.2]])
    device = CylinderEnclosure.of_discs(0.02, drivers_m, [0.0, 0.004, 0.0])
    distance_m = np.linspace(least_m, furthest_m, 90)
    points_m = distance_m[:, None] * direction(np.linspace(-20.0, 50.0, 90))
    points_m[:, 2] = 0.35 + 0.05 * (np.arange(90) % heights)
    k = np.array([20.0, 210.0])
    alone = np.concatenate([device.field(k, point[None]) for point in points_m[::9]], axis=1)
    integrals = counted_integrals(monkeypatch)
    at_once = device.field(k, points_m)[:, ::9]
    assert sum(integrals) <= most * heights * len(drivers_m)
    np.testing.assert_allclose(at_once, alone, atol=1e-7 * np.abs(alone).max())


def test_many_places_before_a_sphere_take_little_memory() -> None:
    """9,000 places in the range of few distances: under 100 MB, where orders, distances and places together were 330, and each as alone."""
    device = SphereEnclosure(0.1, direction(np.array([0.0, 90.0, 200.0])), [0.02, 0.0, 0.02])
    points_m = np.random.default_rng(0).uniform(-0.3, 0.3, (9000, 3)) + np.array([1.5, 0.0, 0.0])
    k = np.array([300.0, 420.0])
    tracemalloc.start()
    at_once = device.field(k, points_m)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 100e6
    alone = np.concatenate([device.field(k, point[None]) for point in points_m[::900]], axis=1)
    np.testing.assert_allclose(at_once[:, ::900], alone, atol=1e-7 * np.abs(alone).max())


def test_few_terms_serve_a_narrow_range_and_none_a_wide_one() -> None:
    """A polynomial of the third degree in 1/r is met by nine distances; what oscillates over the range is not."""

    def cubic(distance_m: np.ndarray) -> np.ndarray:
        return np.asarray(((1 / distance_m) ** 3 - 2j / distance_m)[None, None])

    asked_m = np.linspace(0.5, 3.0, 40)
    few = few_distances(cubic, asked_m)
    assert few is not None
    values, shares = few
    assert values.shape == (1, 1, 9)
    np.testing.assert_allclose(values[0, 0] @ shares.T, cubic(asked_m)[0, 0], rtol=1e-12)
    assert few_distances(lambda r: np.exp(200j / r)[None, None], asked_m) is None
    assert few_distances(cubic, asked_m[:5]) is None


@pytest.mark.parametrize(
    "height_m", [0.15, pytest.param(0.35, marks=pytest.mark.long)]
)  # among the drivers' heights, and above all of them
def test_many_heights_before_a_cylinder_cost_few_integrals(monkeypatch: pytest.MonkeyPatch, height_m: float) -> None:
    """Five hundred places at as many heights: as alone within 1e-7, from a quarter of the integrals; slopes by the driver's height, too."""
    drivers_m = np.array([[0.02, 0.0, -0.16], [0.0, 0.02, 0.15], [-0.02, 0.0, 0.2]])
    device = CylinderEnclosure.of_discs(0.02, drivers_m, [0.0, 0.004, 0.0])
    points_m = np.random.default_rng(2).uniform(-0.1, 0.1, (500, 3)) * [1, 1, 0.3] + np.array([0.6, -0.2, height_m])
    k = np.array([4.0, 20.0, 210.0])
    for field in (device, device.moving(np.tile([0.0, 0.0, 1.0], (3, 1)))):
        alone = np.concatenate([field.field(k, point[None]) for point in points_m[::100]], axis=1)
        with monkeypatch.context() as patch:
            integrals = counted_integrals(patch)
            at_once = field.field(k, points_m)[:, ::100]
        assert field is not device or sum(integrals) <= len(points_m) * len(drivers_m) / 4, integrals
        np.testing.assert_allclose(at_once, alone, atol=1e-7 * np.abs(alone).max())
