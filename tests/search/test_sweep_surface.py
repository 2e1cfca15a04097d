"""Drivers that follow the radius of a round body, by their azimuth and height."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import meshes
import pytest
from toml_text import pair, toml

import designer
from designer.errors import ProblemError, UsageError
from designer.problem import Problem
from designer.search.sweep_plan import Plan, variations
from designer.search.sweep_surface import varied_data

RADIUS_M = 0.05


def ring(model: str, **more: Any) -> Problem:
    """Two drivers at -90 and 90 degrees, one of them 3 cm up."""
    across = math.sqrt(RADIUS_M**2 - 0.03**2) if model == "sphere" else RADIUS_M
    drivers = [
        {"name": "left", "position_m": [0.0, -RADIUS_M, 0.0]},
        {"name": "right", "position_m": [0.0, across, 0.03]},
    ]
    return designer.loads(
        toml(pair() | {"drivers": drivers, "enclosure": {"model": model, "radius_m": RADIUS_M}} | more)
    )


def positions(
    problem: Problem, varied: list[str], *, mirror: bool = False, on_surface: bool = False
) -> list[list[list[float]]]:
    tasks = Plan(problem, variations(problem, varied, mirror=mirror, on_surface=on_surface)).tasks()
    return [[driver["position_m"] for driver in varied_data(problem, task.changes)["drivers"]] for task in tasks]


@pytest.mark.parametrize("model", ["sphere", "cylinder"])
def test_every_driver_follows_the_radius(model: str) -> None:
    """With --on-surface both keep their azimuth and height: on a sphere x² + y² + z² = R², on a cylinder x² + y² = R²."""
    radii = (0.04, 0.06, 0.08)
    points = positions(ring(model), ["enclosure.radius_m=0.04,0.06,0.08"], on_surface=True)
    for radius_m, ((x, y, z), (x_up, y_up, z_up)) in zip(radii, points, strict=True):
        assert (x, y, z) == pytest.approx((0, -radius_m, 0), abs=1e-9)
        assert z_up == 0.03 and x_up == pytest.approx(0, abs=1e-9) and y_up > 0
        assert y_up**2 + (z_up**2 if model == "sphere" else 0) == pytest.approx(radius_m**2, rel=1e-9)


def test_azimuth_and_height_are_keys() -> None:
    """45 degrees ahead of the device's +y, on two radii; the mirror image takes the other sign, and the other coordinate stays."""
    tables = {"drivers": [{"name": n, "position_m": [0.0, s * RADIUS_M, 0.0]} for n, s in (("left", -1), ("right", 1))]}
    varied = ["drivers.right.azimuth_deg=45", "drivers.*.height_m=0.01", "enclosure.radius_m=0.05,0.07"]
    for radius_m, (left, right) in zip(
        (0.05, 0.07), positions(ring("cylinder", **tables), varied, mirror=True), strict=True
    ):
        half = radius_m / math.sqrt(2)
        assert right == pytest.approx([half, half, 0.01])
        assert left == pytest.approx([half, -half, 0.01])


BOX = {"model": "box", "size_m": [0.1, 0.3, 0.2], "centre_m": [-0.05, 0.0, 0.0]}


def test_drivers_go_around_a_box() -> None:
    """Azimuths are about its middle: 0 is the middle of the front, 90 that of the side; at 45 degrees it ends at its front."""
    drivers = [{"name": "left", "position_m": [0.0, -0.1, 0.0]}, {"name": "right", "position_m": [0.0, 0.1, 0.0]}]
    problem = designer.loads(toml(pair() | {"drivers": drivers, "enclosure": BOX}))
    points = positions(problem, ["drivers.right.azimuth_deg=0,45,90,180", "drivers.right.height_m=0.04,0.09"])
    expected = [[0.0, 0.0], [0.0, 0.05], [-0.05, 0.15], [-0.1, 0.0]]
    for n, (_, right) in enumerate(points):
        assert right == pytest.approx([*expected[n // 2], (0.04, 0.09)[n % 2]], abs=1e-9)


def test_drivers_follow_a_boxs_size() -> None:
    """With --on-surface the driver on the front stays there as the box grows deeper, about the box's middle, and azimuths are kept."""
    drivers = [{"name": "left", "position_m": [0.0, -0.05, 0.0]}, {"name": "right", "position_m": [0.0, 0.05, 0.02]}]
    problem = designer.loads(toml(pair() | {"drivers": drivers, "enclosure": BOX}))
    for depth_m, (left, right) in zip(
        (0.1, 0.16), positions(problem, ["enclosure.size_m[0]=0.1,0.16"], on_surface=True), strict=True
    ):
        half = depth_m / 2
        assert left == pytest.approx([half - 0.05, -half, 0.0], abs=1e-9)
        assert right == pytest.approx([half - 0.05, half, 0.02], abs=1e-9)


def test_drivers_go_around_a_mesh(tmp_path: Path) -> None:
    """Of a mesh that is a ball of triangles they are within 1 mm of the sphere, and above it there is no place."""
    surface = meshes.sphere(6, 0.1)
    meshes.write(tmp_path / "ball.stl", surface)
    drivers = [{"name": "left", "position_m": [0.0, -0.1, 0.0]}, {"name": "right", "position_m": [0.0, 0.1, 0.0]}]
    text = toml(
        pair()
        | {"drivers": drivers, "enclosure": {"model": "mesh", "file": "ball.stl", "unit": "m", "highest_hz": 800}}
    )
    (tmp_path / "mesh.toml").write_text(text)
    problem = designer.load(tmp_path / "mesh.toml")
    for (_, right), azimuth in zip(
        positions(problem, ["drivers.right.azimuth_deg=0,30,120"]), (0, 30, 120), strict=True
    ):
        assert math.hypot(*right) == pytest.approx(0.1, abs=2e-3)
        assert math.degrees(math.atan2(right[1], right[0])) == pytest.approx(azimuth, abs=1e-6)
    with pytest.raises(
        ProblemError, match=r"drivers\[1\].height_m: got 0.11; expected a height at which the body has a surface"
    ):
        variations(problem, ["drivers.right.height_m=0.11"])


def test_what_has_no_surface_coordinates() -> None:
    """Free field, a height beyond the sphere, a place that is set twice, and a radius that leaves the drivers behind, whose point fails."""
    free = designer.loads(toml(pair()))
    with pytest.raises(
        ProblemError,
        match=r"drivers\[1\].azimuth_deg: got a surface coordinate; expected a sphere, a cylinder, a box or a mesh",
    ):
        variations(free, ["drivers.right.azimuth_deg=10"])
    with pytest.raises(
        ProblemError, match=r"drivers\[0\].height_m: got 0.06; expected at most 0.05, enclosure.radius_m"
    ):
        variations(ring("sphere"), ["drivers.left.height_m=0.06"])
    with pytest.raises(UsageError, match=r"both set drivers\[1\]"):
        variations(ring("sphere"), ["drivers.right.azimuth_deg=10", "drivers.right.position_m[1]=0.03"])
    table = designer.sweep(ring("sphere"), {"enclosure.radius_m": [0.07]})
    assert table["status"].tolist() == ["failed"] and "inside the sphere" in table["error"][0]
