"""A box with rounded edges: its triangles, a monopole within it, the sphere and the sharp box as its limits, and less ripple."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from designs.small_problems import load, small

from acoustics.enclosures.test_mesh import TURN, apart_db, far, mounted, surface_of
from designer.acoustics.enclosures import box_equations, box_pistons, mesh_equations
from designer.acoustics.enclosures.box_field import Surface
from designer.acoustics.enclosures.box_grid import BoxGrid, parities_of
from designer.acoustics.enclosures.box_pistons import Piston
from designer.acoustics.enclosures.discs import disc_nodes
from designer.acoustics.enclosures.mesh_grid import MeshGrid
from designer.acoustics.enclosures.mesh_pistons import MeshPiston
from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.arrays import Complex
from designer.errors import ProblemError
from designer.problem.enclosures.box import FEWEST_A_WAVE, Box, side_m, steps_a_wave
from designer.problem.meshes.mending import closed_surface
from designer.problem.meshes.mirrors import MirroredPart
from designer.problem.meshes.rounded_box import rounded_count, rounded_octant

C = 343.0
FRONT = {"left": [0.075, -0.03, 0.0], "right": [0.075, 0.03, 0.0]}
EAR: dict[str, Any] = {
    "name": "left",
    "kind": "ctc",
    "ear": "left",
    "band_hz": [300, 1000],
    "cancellation_gain_db": [[300, 2]],
}


def boxed(places: dict[str, list[float]] = FRONT, **keys: Any) -> Any:
    table = {"model": "box", "size_m": [0.15, 0.13, 0.21], "edge_radius_m": 0.02, "highest_hz": 1000.0} | keys
    return load(small(places, {"position_m": [1.5, 0.0, 0.0]}, EAR, enclosure=table))


@pytest.mark.parametrize(
    ("size_m", "radius_m"),
    [
        pytest.param((0.15, 0.13, 0.21), 0.01, marks=pytest.mark.long),
        pytest.param((0.07, 0.2, 0.1), 0.035, marks=pytest.mark.long),
        ((0.1, 0.1, 0.1), 0.05),
    ],
)
def test_the_surface_is_closed_and_has_the_shape(size_m: tuple[float, float, float], radius_m: float) -> None:
    """Nothing is to be mended, every vertex is within 4 % of the radius of the rounded box, the volume within 0.5 %, and the octant's
    triangles are as many as were counted.
    """
    flat_m = (np.array(size_m) / 2 - radius_m).tolist()
    octant = rounded_octant(flat_m, radius_m, 0.006)
    assert len(octant.faces) == rounded_count(flat_m, radius_m, 0.006)
    whole = MirroredPart(octant, (0, 1, 2)).whole
    surface, notes = closed_surface((whole.vertices_m, whole.faces))
    assert notes == [] and len(surface.faces) == 8 * len(octant.faces)
    x, y, z = 2 * np.array(flat_m)
    volume = (
        x * y * z
        + 2 * radius_m * (x * y + y * z + z * x)
        + math.pi * radius_m**2 * (x + y + z)
        + 4 / 3 * math.pi * radius_m**3
    )
    assert surface.volume_m3 == pytest.approx(volume, rel=5e-3)
    enclosure = Box(size_m=[*size_m], edge_radius_m=radius_m)
    assert np.abs(enclosure.clearance_m(whole.vertices_m)).max() < 0.04 * radius_m


@pytest.mark.parametrize(("radius_m", "hz"), [(0.02, 3000.0), pytest.param(0.05, 3000.0, marks=pytest.mark.long)])
def test_a_monopole_within_a_rounded_box(radius_m: float, hz: float) -> None:
    """Its field outside within 0.5 dB and 3 degrees at the highest frequency that the triangles are made for, near and far."""
    size_m, inside_m, k = np.array([0.15, 0.13, 0.21]), np.array([0.04, 0.03, -0.04]), 2 * math.pi * hz / C
    octant = rounded_octant((size_m / 2 - radius_m).tolist(), radius_m, side_m(k))
    grid = MeshGrid(octant.vertices_m, octant.faces, (0, 1, 2))
    slopes = []
    for mirror in grid.mirrors:
        way = (mesh_equations.RULE @ grid.corners_m) * mirror - inside_m
        r = np.linalg.norm(way, axis=-1)
        slope = -(1j * k + 1 / r) * np.exp(-1j * k * r) / r**2 * np.einsum("tqc,tc->tq", way, grid.normals * mirror)
        slopes.append(slope @ mesh_equations.RULE_WEIGHTS)
    surface = surface_of(grid, k, np.stack(slopes)[..., None])
    around = np.random.default_rng(3).standard_normal((40, 3))
    around *= np.repeat([0.17, 15.0], 20)[:, None] / np.linalg.norm(around, axis=1)[:, None]
    away = np.linalg.norm(around - inside_m, axis=1)
    ratio = surface.field(np.array([1]), around)[0, :, 0] * away * np.exp(1j * k * away)
    assert np.abs(20 * np.log10(np.abs(ratio))).max() < 0.5
    assert np.abs(np.degrees(np.angle(ratio))).max() < 3.0


@pytest.mark.parametrize(("ka", "finer", "most_db"), [(0.5, 1.0, 0.1), (4.0, 1.5, 0.4)])
def test_rounded_by_half_of_all_sides_it_is_a_sphere(ka: float, finer: float, most_db: float) -> None:
    """The far field of a cap all around, to -20 dB, against the series of the sphere."""
    radius_m = 0.0875
    k = ka / radius_m
    octant = rounded_octant([0.0, 0.0, 0.0], radius_m, side_m(k) / finer)
    whole = MirroredPart(octant, (0, 1, 2)).whole
    wanted = SphereEnclosure(radius_m, np.eye(3)[:1], [0.025]).far_field(np.array([k]), TURN)[0]
    grid = MeshGrid(octant.vertices_m, octant.faces, (0, 1, 2))
    assert apart_db(far(grid, [mounted(whole, [radius_m, 0.0, 0.0], 0.025, k)], k), wanted).max() < most_db


def test_as_the_radius_falls_it_is_the_sharp_box() -> None:
    """Two drivers' far fields all around: the smaller radius is nearer to the rectangles' answer, and 2 mm is within 0.55 dB of it, to
    -20 dB; on axis 0.25 dB.
    """
    size_m, k = (0.14, 0.10, 0.18), 2 * math.pi * 1500 / C
    pistons = Piston(0, 1, (0.07, 0.01, 0.03), 0.03), Piston(1, -1, (0.02, -0.05, 0.01), 0.02)
    grid = BoxGrid(size_m, steps_a_wave([*size_m], 2 * k, FEWEST_A_WAVE))
    q = parities_of(
        np.stack([box_pistons.scattered_slopes(grid, piston, np.array([k]))[0] for piston in pistons], axis=-1)
    )
    values = np.stack([box_equations.answers(grid, k, q), q])
    walls = np.stack([piston.far_field(np.array([k]), TURN)[0] for piston in pistons], axis=-1)
    wanted = walls + Surface(grid, k, np.stack([0 * values, values])).far_field(np.array([1]), TURN)[0]
    errors_db = [apart_db(rounded(size_m, radius_m, pistons, k), wanted) for radius_m in (0.02, 0.002)]
    assert errors_db[0].max() > errors_db[1].max()
    assert errors_db[1].max() < 0.55
    assert errors_db[1][0].max() < 0.25


def rounded(size_m: tuple[float, ...], radius_m: float, pistons: Sequence[Piston], k: float) -> Complex:
    """Far field (M, L) all around."""
    octant = rounded_octant((np.array(size_m) / 2 - radius_m).tolist(), radius_m, side_m(k))
    drivers = [MeshPiston(piston.place_m, *disc_nodes(piston.disc, k)) for piston in pistons]
    return far(MeshGrid(octant.vertices_m, octant.faces, (0, 1, 2)), drivers, k)


def test_rounded_edges_reduce_the_ripple() -> None:
    """Olson's finding: the more rounded the edges, the smoother the response on axis. Of a piston in the middle of the front of a cube of
    0.2 m, the fall from the peak at 1.7 kHz to the dip at 2.9 kHz is over 6 dB with sharp edges, less than 60 % of that with 30 mm of
    radius, and less than 10 % with 70 mm.
    """
    piston = Piston(0, 1, (0.1, 0.0, 0.0), 0.02)
    waves = 2 * math.pi / C * np.array([1700.0, 2900.0])
    falls_db = []
    for radius_m in (0.0, 0.03, 0.07):
        peak, dip = (abs(rounded((0.2, 0.2, 0.2), radius_m, [piston], float(k))[0, 0]) for k in waves)
        falls_db.append(20 * math.log10(peak / dip))
    assert falls_db[0] > 6.0
    assert falls_db[1] < 0.6 * falls_db[0]
    assert abs(falls_db[2]) < 0.1 * falls_db[0]


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"edge_radius_m": 0.07}, r"edge_radius_m: got 0\.07; expected 0, or 0\.002 to 0\.065, half of the smallest side"),
        ({"edge_radius_m": 1e-3}, "leave it out: so small a radius radiates as a sharp edge does"),
        ({"places": {"left": [0.075, -0.06, 0.0]}}, r"drivers\[0\]\.position_m: got .*, 15 mm outside the box; expected a place on the flat"
         r" part of one of its faces .* the nearest place is \[0\.075, -0\.045, 0\.0\], on its front"),
        ({"places": {"left": [0.0692, -0.0592, 0.0]}}, r"from the flat part of its front"),
        ({"highest_hz": 8000.0, "size_m": [0.3, 1.0, 0.3], "places": {"left": [0.15, 0.0, 0.0]}}, r"solving the box up to 8000 Hz takes"
         r" \d+ triangles at \d+ frequencies, .*; set enclosure\.highest_hz = \d+, which takes \d+ triangles"),
    ],
)  # fmt: skip
def test_faults_have_a_remedy(keys: dict[str, Any], message: str) -> None:
    """A radius that the box has no room for, a driver off the flat parts, too large a solution."""
    with pytest.raises(ProblemError, match=message):
        boxed(**keys)
