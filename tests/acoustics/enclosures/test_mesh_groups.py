"""A driver that is a group of a mesh's faces: the disc, a cone's rim, its faults, and the names that files give."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from designs.small_problems import load, small

import designer
from acoustics.enclosures.test_mesh import EAR, TURN, apart_db
from designer.acoustics.enclosures import device_in
from designer.acoustics.enclosures.mesh_pistons import piston_of
from designer.errors import ProblemError
from designer.problem.enclosures.mesh import Mesh
from designer.problem.explain import explain
from designer.problem.meshes.places import MountedGroup, MountedPiston
from designer.problem.meshes.reading import read_soup

SIDES, RADIUS_M, HALF_M = 16, 0.03, 0.04
POLYGON_M = RADIUS_M * math.sqrt(math.pi / (SIDES / 2 * math.sin(2 * math.pi / SIDES)))
"""Radius of the corners of a polygon with the area of the disc."""
PROFILES = {
    "flat": [(HALF_M, POLYGON_M, "woofer"), (HALF_M, 0.06, "body"), (-HALF_M, 0.06, "body"), (-HALF_M, 0.0, "body")],
    "stepped": [(HALF_M + 0.004, POLYGON_M, "woofer"), (HALF_M, POLYGON_M, "woofer"), (HALF_M, 0.06, "body"),
                (-HALF_M, 0.06, "body"), (-HALF_M, 0.0, "body")],
}  # fmt: skip
"""Rings of a body around the x axis, from the front: x, radius, and the group of the faces before it."""


def turned_body(path: Path, profile: list[tuple[float, float, str]]) -> Path:
    """An OBJ of a polygonal body of revolution, with a middle of its own at both ends."""
    lines = [f"v {profile[0][0]} 0 0"]
    rings: list[list[int]] = [[1] * SIDES]
    for x, radius, _ in profile:
        if radius == 0.0:
            lines.append(f"v {x} 0 0")
            rings.append([len(lines)] * SIDES)
            continue
        start = len(lines)
        for n in range(SIDES):
            angle = 2 * math.pi * n / SIDES
            lines.append(f"v {x} {radius * math.cos(angle)} {radius * math.sin(angle)}")
        rings.append([start + n + 1 for n in range(SIDES)])
    for before, ring, (_, _, name) in zip(rings, rings[1:], profile, strict=False):
        lines.append(f"g {name}")
        for n in range(SIDES):
            m = (n + 1) % SIDES
            corners = [before[n], ring[n], ring[m], before[m]]
            lines.append("f " + " ".join(map(str, dict.fromkeys(corners))))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def problem(path: Path, driver: dict[str, Any], **keys: Any) -> designer.Problem:
    """A driver on the front, and a point on the side."""
    table = {"model": "mesh", "file": str(path), "highest_hz": 900.0} | keys
    places = {"front": [HALF_M, 0.0, 0.0], "side": [0.0, 0.06, 0.0]}
    tables = small(places, {"position_m": [1.5, 0.0, 0.0]}, EAR, enclosure=table)
    tables["drivers"][0] |= driver
    return load(tables)


def test_a_group_that_is_a_disc_is_the_disc(tmp_path: Path) -> None:
    """Of equal area: far field all around, on axis near by, and radiated power within 0.02 dB, 1 % and 0.5 %."""
    path = turned_body(tmp_path / "body.obj", PROFILES["flat"])
    k = np.array([2 * math.pi * 900 / 343.0])
    tables = [problem(path, driver) for driver in ({"group": "woofer"}, {"radius_m": RADIUS_M})]
    group, disc = (device_in(table.body, table.drivers, float(k[0])) for table in tables)
    assert apart_db(group.far_field(k, TURN)[0], disc.far_field(k, TURN)[0]).max() < 0.02
    near_m = np.array([[HALF_M + 0.02, 0.0, 0.0], [HALF_M + 0.03, 0.02, 0.01]])
    np.testing.assert_allclose(group.field(k, near_m), disc.field(k, near_m), rtol=0.01)
    np.testing.assert_allclose(group.radiated_power(k).real, disc.radiated_power(k).real, rtol=5e-3)
    mounted = [table.body.mounted(table.drivers[0]) for table in tables if isinstance(table.body, Mesh)]
    assert isinstance(mounted[0], MountedGroup) and isinstance(mounted[1], MountedPiston)
    assert mounted[0].area_m2 == pytest.approx(math.pi * RADIUS_M**2, rel=1e-6)
    assert tables[0].body.piston_radius_m(tables[0].drivers[0]) == pytest.approx(RADIUS_M)
    np.testing.assert_allclose(mounted[0].axis, [1.0, 0.0, 0.0], atol=1e-9)
    np.testing.assert_allclose(mounted[0].place_m, [HALF_M, 0.0, 0.0], atol=1e-9)


def test_what_is_parallel_to_the_axis_pushes_nothing(tmp_path: Path) -> None:
    """A disc that stands 4 mm off the front, with its rim in the group: the places are on the disc, and their shares add up to 1."""
    table = problem(
        turned_body(tmp_path / "body.obj", PROFILES["stepped"]),
        {"group": "woofer", "position_m": [HALF_M + 0.0031, 0, 0]},
    )
    assert isinstance(table.body, Mesh)
    piston = piston_of(table.body.mounted(table.drivers[0]), table.body.surface.centre_m, 10.0)
    np.testing.assert_allclose(piston.nodes_m[:, 0] + table.body.surface.centre_m[0], HALF_M + 0.004, atol=1e-9)
    assert piston.weights.sum() == pytest.approx(1.0)
    assert (piston.weights > 0).all()


def test_a_finely_drawn_group_has_few_places(tmp_path: Path) -> None:
    """Of a group that wants more places, no more than twice MAX_PLACES are used, with the same middle and sum."""
    table = problem(turned_body(tmp_path / "body.obj", PROFILES["flat"]), {"group": "woofer"})
    assert isinstance(table.body, Mesh)
    mounted = table.body.mounted(table.drivers[0])
    assert isinstance(mounted, MountedGroup)
    few_m, weights = mounted.places(0.002)
    assert 300 < len(few_m) < 3000
    assert weights.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(weights @ few_m, [HALF_M, 0.0, 0.0], atol=2e-4)


@pytest.mark.parametrize(
    ("driver", "message"),
    [
        ({"group": "wofer"}, r'drivers\[0\]\.group: got "wofer"; expected a group of .*: "woofer" or "body"; nearest known: "woofer"'),
        ({"group": "woofer", "radius_m": 0.03}, r'drivers\[0\]\.radius_m: got 0\.03, beside the group "woofer" of 28\.27 cm2'),
        ({"group": "woofer", "position_m": [HALF_M, 0.01, 0.0]}, r'position_m: got .*, 10 mm from the middle of its group "woofer"; '
         r"expected the middle, within 2 mm; write \[0\.04, 0\.0, 0\.0\]"),
    ],
)  # fmt: skip
def test_faults_have_a_remedy(driver: dict[str, Any], message: str, tmp_path: Path) -> None:
    """A name that the file does not hold, a radius beside the group, a place that is not its middle."""
    path = turned_body(tmp_path / "body.obj", PROFILES["flat"])
    with pytest.raises(ProblemError, match=message):
        problem(path, driver)


def test_other_bodies_and_files_have_no_groups(tmp_path: Path) -> None:
    """A box has none; a file without names says so."""
    text = turned_body(tmp_path / "body.obj", PROFILES["flat"]).read_text(encoding="utf-8")
    path = tmp_path / "plain.obj"
    path.write_text(
        "".join(line for line in text.splitlines(keepends=True) if not line.startswith("g ")), encoding="utf-8"
    )
    with pytest.raises(ProblemError, match=r"expected no group, as .*plain\.obj has none; export an OBJ with groups"):
        problem(path, {"group": "woofer"})
    table = small({"a": [0.05, -0.02, 0.0], "b": [0.05, 0.02, 0.0]}, {"position_m": [1.5, 0.0, 0.0]}, EAR,
                  enclosure={"model": "box", "size_m": [0.1, 0.2, 0.1]})  # fmt: skip
    table["drivers"][0]["group"] = "woofer"
    with pytest.raises(
        ProblemError,
        match=r'got "woofer" with enclosure\.model = "box", which has no named faces; expected enclosure\.model',
    ):
        load(table)


def test_solids_of_a_text_stl_are_groups(tmp_path: Path) -> None:
    """Two solids of one and two triangles; a name may hold a space, and one without a name is no group."""
    facet = "facet normal 0 0 0\nouter loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\nendfacet\n"
    path = tmp_path / "two.stl"
    path.write_text(
        f"solid the woofer\n{facet}endsolid the woofer\nsolid body\n{facet * 2}endsolid\nsolid\n{facet}endsolid\n",
        encoding="utf-8",
    )
    (_, faces), groups = read_soup(path)
    assert len(faces) == 4
    assert groups == {"the woofer": [0], "body": [1, 2]}


def test_check_names_the_group_of_a_driver(tmp_path: Path) -> None:
    """`check` calls the driver a piston as large as a disc of its faces' area, and no point source."""
    table = problem(turned_body(tmp_path / "body.obj", PROFILES["flat"]), {"group": "woofer"})
    (line,) = [line for line in explain(table) if 'group "woofer"' in line]
    assert f'piston, group "woofer" of the mesh, as large as a disc of {RADIUS_M:.2g}' in line
    assert "point source" not in line
