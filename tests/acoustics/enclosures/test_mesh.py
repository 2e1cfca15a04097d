"""Drivers on a mesh: a monopole within it, the sphere's series, the box, reciprocity and energy, mirror planes, and two bodies at once."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import meshes
import numpy as np
import pytest
from designs.small_problems import load, small

import designer
from designer.acoustics.enclosures import mesh_equations
from designer.acoustics.enclosures.box import BoxedDrivers
from designer.acoustics.enclosures.box_grid import BoxGrid
from designer.acoustics.enclosures.box_pistons import Piston
from designer.acoustics.enclosures.factored import FACTORIZATIONS
from designer.acoustics.enclosures.mesh import MeshedDrivers, grid_of
from designer.acoustics.enclosures.mesh_equations import MeshEquations
from designer.acoustics.enclosures.mesh_field import MeshSurface
from designer.acoustics.enclosures.mesh_grid import MeshGrid
from designer.acoustics.enclosures.mesh_pistons import MeshPiston, piston_of, scattered_slopes
from designer.acoustics.enclosures.sphere import SphereEnclosure
from designer.acoustics.sphere_series import legendre_table, radial_terms
from designer.arrays import Complex, Real
from designer.problem.enclosures.box import FEWEST_A_WAVE, steps_a_wave
from designer.problem.enclosures.mesh import longest_m
from designer.problem.geometry import direction
from designer.problem.meshes.mirrors import mirrored_part
from designer.problem.meshes.places import MountedPiston
from designer.problem.meshes.triangles import Triangles

C = 343.0
EAR: dict[str, Any] = {
    "name": "left",
    "kind": "ctc",
    "ear": "left",
    "band_hz": [300, 1000],
    "cancellation_gain_db": [[300, 2]],
}
TURN = direction(np.arange(0.0, 360.0, 10.0))
RNG = np.random.default_rng(3)
INSIDE_M = np.array([0.1, 0.05, -0.12])


def pair(turn_deg: float = 10.0) -> Triangles:
    """Two boxes beside each other, mirror images of one another, turned towards the front."""
    turn = np.radians(turn_deg)
    rows = np.array([[np.cos(turn), np.sin(turn), 0.0], [-np.sin(turn), np.cos(turn), 0.0], [0.0, 0.0, 1.0]])
    box = meshes.box((0.15, 0.13, 0.21))
    left = Triangles(box.vertices_m @ rows - [0.0, 0.3, 0.0], box.faces)
    return meshes.together(left, Triangles(left.vertices_m * [1, -1, 1], left.faces[:, ::-1]))


def whole(mesh: Triangles, finest_m: float = math.inf) -> MeshGrid:
    """The mesh without its mirror planes."""
    finer = mesh.refined(finest_m)
    assert finer is not None
    return MeshGrid(finer.vertices_m, finer.faces)


equations_of: dict[int, tuple[MeshGrid, MeshEquations]] = {}
"""Equations of the last grid alone, by its identity."""


def surface_of(grid: MeshGrid, k: float, slopes: Complex) -> MeshSurface:
    """The surface at one wave number, node 1, from slopes by images (S, T, L)."""
    q = grid.parities_of(slopes)
    if id(grid) not in equations_of:
        equations_of.clear()
        equations_of[id(grid)] = grid, MeshEquations(grid)
    values = np.concatenate([equations_of[id(grid)][1].answers(k, q), q.astype(np.complex64)], axis=1)
    return MeshSurface(grid, k, np.stack([np.zeros_like(values), values]))


def mounted(mesh: Triangles, place_m: Any, radius_m: float, k: float) -> MeshPiston:
    return piston_of(MountedPiston(mesh, mesh.nearest(np.asarray(place_m)[None])[2][0], radius_m), mesh.centre_m, k)


def driven(grid: MeshGrid, pistons: list[MeshPiston], k: float) -> MeshSurface:
    slopes = [scattered_slopes(grid, piston, np.array([k]))[0] for piston in pistons]
    return surface_of(grid, k, np.stack(slopes, axis=-1))


def far(grid: MeshGrid, pistons: list[MeshPiston], k: float) -> Complex:
    """Far field (M, L) in the directions of TURN."""
    walls = np.stack([piston.far_field(np.array([k]), TURN)[0] for piston in pistons], axis=-1)
    return np.asarray(driven(grid, pistons, k).far_field(np.array([1]), TURN)[0] + walls)


def apart_db(found: Complex, wanted: Complex) -> Real:
    """Differences of levels where they are within 20 dB of the largest."""
    heard = np.abs(wanted) > 0.1 * np.abs(wanted).max(axis=0)
    return np.where(heard, np.abs(20 * np.log10(np.abs(found / wanted))), 0.0)


def irregular(count: int) -> Triangles:
    """A sphere with unevenly spread vertices and an uneven radius."""
    mesh = meshes.sphere(count)
    places = mesh.vertices_m + 0.3 / count * RNG.standard_normal(mesh.vertices_m.shape)
    bumps = 1 + 0.1 * np.sin(3 * places[:, :1]) * np.cos(2 * places[:, 1:2])
    return Triangles(bumps * places / np.linalg.norm(places, axis=1, keepdims=True), mesh.faces)


@pytest.mark.parametrize(
    ("mesh", "waves"),
    [(irregular(6), (math.pi, 4.4934)), (meshes.box((1.2, 1.6, 1.0)), (1e-3, math.pi * math.hypot(1 / 1.2, 1 / 1.6, 1.0))),
     (meshes.together(meshes.box((0.6, 0.6, 0.6)), meshes.box((0.3, 0.4, 0.5), (0.75, -0.1, 0.2))), (math.pi * math.sqrt(3) / 0.6,))],
    ids=["irregular", "box", "two boxes"],
)  # fmt: skip
def test_a_monopole_within_a_mesh(mesh: Triangles, waves: tuple[float, ...]) -> None:
    """Within 0.3 dB and 1.5 degrees everywhere outside, near and far, at about six edges a wavelength or fewer, at resonances of the
    interior too; a second body, which the monopole is not in, changes nothing.
    """
    around = RNG.standard_normal((40, 3))
    around *= np.repeat([1.9, 15.0], 20)[:, None] / np.linalg.norm(around, axis=1)[:, None]
    grid = whole(mesh, 2 * math.pi / max(waves) / 5.5 if len(mesh.faces) < 30 else math.inf)
    for k in waves:
        way = mesh_equations.RULE @ grid.corners_m - INSIDE_M
        r = np.linalg.norm(way, axis=-1)
        slope = -(1j * k + 1 / r) * np.exp(-1j * k * r) / r**2 * np.einsum("tqc,tc->tq", way, grid.normals)
        surface = surface_of(grid, k, (slope @ mesh_equations.RULE_WEIGHTS)[None, :, None])
        away = np.linalg.norm(around - INSIDE_M, axis=1)
        ratio = surface.field(np.array([1]), around)[0, :, 0] * away * np.exp(1j * k * away)
        assert np.abs(20 * np.log10(np.abs(ratio))).max() < 0.3
        assert np.abs(np.degrees(np.angle(ratio))).max() < 1.5


def test_without_coupling_a_resonance_is_let_through(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pulsating cap at the first resonance of a sphere's interior, ka = π: without Burton and Miller's sum off by more than 1 dB."""
    radius_m, mesh = 0.0875, meshes.sphere(5, 0.0875)
    series = SphereEnclosure(radius_m, np.eye(3)[:1], [0.03])
    grid, errors_db = grid_of(mirrored_part(mesh), 1.0), {}
    for coupling in (1.0, 0.0):
        monkeypatch.setattr(mesh_equations, "COUPLING", coupling)
        worst = []
        for k in np.array([3.11, 3.14159]) / radius_m:
            found = far(grid, [mounted(mesh, [radius_m, 0.0, 0.0], 0.03, k)], float(k))
            worst.append(apart_db(found, series.far_field(np.array([k]), TURN)[0]).max())
        errors_db[coupling] = max(worst)
    assert errors_db[1.0] < 0.5
    assert errors_db[0.0] > 1.0


@pytest.mark.parametrize(
    ("ka", "counts", "most_db"),
    [(0.5, (6,), 0.02), (math.pi, (6, 9), 0.1), pytest.param(8.0, (8, 12), 0.1, marks=pytest.mark.long)],
)
def test_a_cap_on_a_sphere(ka: float, counts: tuple[int, ...], most_db: float) -> None:
    """The far field of a cap around the sphere, to -20 dB, against the series: at ka 0.5, at the first resonance of the interior and at
    ka 8, where two meshes are extrapolated with the square of their triangles' size.
    """
    radius_m = 0.0875
    k = ka / radius_m
    wanted = SphereEnclosure(radius_m, np.eye(3)[:1], [0.025]).far_field(np.array([k]), TURN)[0]
    fields = []
    for count in counts:
        mesh = meshes.sphere(count, radius_m)
        fields.append(far(grid_of(mirrored_part(mesh), 1.0), [mounted(mesh, [radius_m, 0.0, 0.0], 0.025, k)], k))
    found = fields[-1]
    if len(counts) == 2:
        found = found + (found - fields[0]) * counts[0] ** 2 / (counts[1] ** 2 - counts[0] ** 2)
    assert apart_db(found, wanted).max() < most_db


def rigid_cap(ka: float, cos_half_angle: float, cosine: Real) -> Complex:
    """Far field (M,) of a cap of a sphere of 1 m that moves along its axis as a whole: the normal velocity falls with the cosine."""
    nodes, weights = np.polynomial.legendre.leggauss(40)
    at = cos_half_angle + (1 - cos_half_angle) * (nodes + 1) / 2
    radial = radial_terms(np.array([ka]), np.array([np.inf]))[:, 0, 0]
    moved = legendre_table(at, len(radial)) @ (weights * at) / (weights @ at)
    return np.asarray((radial * moved) @ legendre_table(cosine, len(radial)))


@pytest.mark.long
@pytest.mark.parametrize(("ka", "count"), [(0.5, 12), (math.pi, 16), (4.4934, 20), (8.0, 34)])
def test_one_fine_mesh_of_a_sphere(ka: float, count: int) -> None:
    """Within 0.1 dB without extrapolation, at resonances of the interior too (π, 4.49): a cap that moves radially against the sphere's
    series, and a driver, which moves along its axis, against the series of that motion; the two differ by 0.07 dB at ka 8.
    """
    radius_m = 0.0875
    k, mesh = ka / radius_m, meshes.sphere(count, radius_m)
    grid = grid_of(mirrored_part(mesh), 1.0)
    assert grid.planes == (0, 1, 2)
    rigid = mounted(mesh, [radius_m, 0.0, 0.0], 0.025, k)
    weights = rigid.weights / (rigid.nodes_m[:, 0] / np.linalg.norm(rigid.nodes_m, axis=1))
    radially = MeshPiston(rigid.place_m, rigid.nodes_m, weights / weights.sum())
    series = SphereEnclosure(radius_m, np.eye(3)[:1], [0.025])
    wanted = rigid_cap(ka, float(series.cos_half_angle[0]), TURN[:, 0]), series.far_field(np.array([k]), TURN)[0, :, 0]
    error_db = apart_db(far(grid, [rigid, radially], k), np.stack(wanted, axis=-1)).max(axis=0)
    assert (error_db < 0.1).all()


def test_a_box_as_a_mesh() -> None:
    """A box's far field around it is that of its twelve triangles within 0.4 dB, at rectangles half as long as the box takes them."""
    size_m, k = (0.14, 0.10, 0.18), 2 * np.pi * 1500.0 / C
    pistons = Piston(0, 1, (0.07, 0.01, 0.03), 0.03), Piston(1, -1, (0.02, -0.05, 0.01), 0.02)
    boxed = BoxedDrivers(np.zeros(3), BoxGrid(size_m, steps_a_wave([*size_m], 2 * k, FEWEST_A_WAVE)), pistons, k)
    node = np.array([round(k / boxed.surface.k_step)])
    at = float(node[0] * boxed.surface.k_step)
    walls = np.stack([piston.far_field(np.array([at]), TURN)[0] for piston in pistons], axis=-1)
    wanted = boxed.surface.far_field(node, TURN)[0] + walls
    mesh = meshes.box(size_m)
    grid = grid_of(mirrored_part(mesh), longest_m(at))
    assert grid.planes == (0, 1, 2)
    found = far(grid, [mounted(mesh, piston.place_m, piston.radius_m, k) for piston in pistons], at)
    assert apart_db(found, wanted).max() < 0.4


@pytest.mark.parametrize(
    ("mesh", "planes", "places"),
    [(meshes.box((0.2, 0.3, 0.25)), (0, 1, 2), [([0.1, 0.05, 0.03], 0.04), ([0.02, 0.15, -0.03], 0.0)]),
     (pair(), (1, 2), [([0.074, -0.287, 0.02], 0.03), ([0.0, 0.3, 0.105], 0.0)])],
    ids=["box", "pair"],
)  # fmt: skip
def test_mirror_planes_change_nothing(
    mesh: Triangles, planes: tuple[int, ...], places: list[tuple[list[float], float]]
) -> None:
    """Parities of an eighth of a box or of half of one of a pair, and the whole at once: the same field, on the same triangles."""
    k = 12.0
    part = grid_of(mirrored_part(mesh), longest_m(k))
    assert part.planes == planes
    images = []
    for mirror in part.mirrors:
        turned = part.faces if mirror.prod() > 0 else part.faces[:, ::-1]
        images.append(Triangles(part.vertices_m * mirror, turned))
    full = meshes.together(*images)
    vertices, index = np.unique(np.round(full.vertices_m, 12) + 0.0, axis=0, return_inverse=True)
    grid = MeshGrid(vertices, index.ravel()[full.faces])
    pistons = [mounted(mesh, place, radius, k) for place, radius in places]
    np.testing.assert_allclose(far(part, pistons, k), far(grid, pistons, k), atol=3e-4)


@pytest.mark.parametrize("as_solved", [False, True])
def test_a_driver_that_moves_on_a_kept_mesh(as_solved: bool) -> None:
    """What is kept answers other slopes as the equations themselves do, whose truth is above; with mirror planes and without."""
    for grid in (grid_of(mirrored_part(meshes.box((0.1, 0.3, 0.12))), 0.08), whole(meshes.box((0.1, 0.3, 0.12)), 0.15)):
        equations = MeshEquations(grid)
        with FACTORIZATIONS.keeping(1e8, as_solved=as_solved):
            for _ in range(2):
                q = RNG.standard_normal((len(grid.mirrors), len(grid.faces), 2)) + 0j
                expected = equations.answers(9.0, q)
                error = np.abs(equations.kept_answers(9.0, q) - expected).max()
                assert error < 3e-6 * np.abs(expected).max()


def test_energy_and_reciprocity() -> None:
    """Point sources at vertices of three faces of a wedge: the pressure of each at the other is the same both ways within 2 %, and what
    they work against, -Im p/k at their places, is the mean of the far fields' products within 2 %.
    """
    corners = meshes.box((0.2, 0.24, 0.16)).vertices_m.copy()
    corners[[5, 7], 0] -= 0.08  # the front leans back
    mesh, k = Triangles(corners, np.array(meshes.BOX_SIDES)), 25.0
    grid = whole(Triangles(mesh.vertices_m - mesh.centre_m, mesh.faces), 0.03)
    near_m = np.array([[0.06, 0.02, 0.0], [0.0, 0.12, 0.0], [0.0, 0.0, -0.08]])
    of = np.linalg.norm(grid.vertices_m - near_m[:, None], axis=2).argmin(axis=1).tolist()
    pistons = [mounted(Triangles(grid.vertices_m, grid.faces), grid.vertices_m[n], 0.0, k) for n in of]
    pistons = [MeshPiston(piston.place_m, piston.nodes_m, piston.weights) for piston in pistons]
    surface = driven(grid, pistons, k)
    at = surface.values[1, 0, of].astype(complex)
    for i in range(3):
        for j in range(3):
            r = float(np.linalg.norm(grid.vertices_m[of[i]] - grid.vertices_m[of[j]]))
            at[i, j] += 2 * np.exp(-1j * k * r) / r if i != j else 0.0
    assert np.abs(at - at.T).max() < 0.02 * np.abs(at).max()
    rays, weights = surface.directions(1)
    walls = np.stack([piston.far_field(np.array([k]), rays)[0] for piston in pistons], axis=-1)
    field = surface.far_field(np.array([1]), rays)[0] + walls
    power = ((field.conj() * weights[:, None]).T @ field).real
    worked = (2 * np.eye(3) * k - (at + at.T).imag / 2) / k
    np.testing.assert_allclose(worked, power, rtol=0, atol=0.02 * np.diag(power).max())


def test_between_frequencies_and_at_long_waves() -> None:
    """Three drivers around a sphere, read between the frequencies solved, far away, near and in power: within 0.2 dB and 3 % of the
    series up to ka 1.3; at 0 Hz each is a point source.
    """
    radius_m, mesh = 0.0875, meshes.sphere(5, 0.0875)
    sides = np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.6, 0.5, 0.62]])
    sides /= np.linalg.norm(sides, axis=1, keepdims=True)
    highest_k = 1.3 / radius_m
    pistons = tuple(
        mounted(mesh, radius_m * side, rim_m, highest_k) for side, rim_m in zip(sides, (0.025, 0.0, 0.03), strict=True)
    )
    device = MeshedDrivers(mesh.centre_m, grid_of(mirrored_part(mesh), longest_m(highest_k)), pistons, highest_k)
    series = SphereEnclosure(radius_m, sides, [0.025, 0.0, 0.03])
    k = np.array([0.2, 0.77, 1.3]) / radius_m
    for found, wanted in (
        (device.far_field(k, TURN), series.far_field(k, TURN)),
        (device.field(k, 0.2 * TURN), series.field(k, 0.2 * TURN)),
    ):
        assert np.abs(20 * np.log10(np.abs(found / wanted))).max() < 0.2
    power = series.radiated_power(k).real
    np.testing.assert_allclose(device.radiated_power(k).real, power, rtol=0, atol=0.03 * power.max())
    np.testing.assert_allclose(np.abs(device.far_field(np.zeros(1), TURN)), 1.0, rtol=0.01)


def test_between_the_frequencies_of_a_pair() -> None:
    """A driver of one box, read between the frequencies solved at places around both, behind the other box too: within 0.1 dB and 0.7
    degrees of the solution at that frequency, where it is within 20 dB of the loudest.
    """
    mesh, highest_k = pair(), 12.0
    piston = mounted(mesh, [0.074, -0.287, 0.02], 0.03, highest_k)
    grid = grid_of(mirrored_part(mesh), longest_m(highest_k))
    device = MeshedDrivers(mesh.centre_m, grid, (piston,), highest_k, coarse=True)
    around_m = np.concatenate([1.0 * TURN, [[0.0, 0.0, 0.0], [0.0, 0.45, 0.0], [0.3, 0.3, 0.0]]])
    k = device.surface.k_step * np.array([2.5, 4.3, 6.6])
    assert k[-1] < highest_k
    for wave_number, found in zip(k.tolist(), device.field(k, around_m)[..., 0], strict=True):
        at = np.array([wave_number])
        wanted = (
            driven(grid, [piston], wave_number).field(np.array([1]), around_m)[0, :, 0] + piston.field(at, around_m)[0]
        )
        heard = np.abs(wanted) > 0.1 * np.abs(wanted).max()
        assert apart_db(found, wanted).max() < 0.1
        assert np.abs(np.degrees(np.angle(found / wanted)))[heard].max() < 0.7


def ears_of_both(body: Triangles, head_m: Real, places_m: list[list[float]], k: float) -> Complex:
    """Pressure (2, L) at the ears of a rigid sphere that scatters together with the body."""
    head = meshes.sphere(8, 0.0875)
    both = meshes.together(body, Triangles(head.vertices_m + head_m, head.faces))
    pistons = [mounted(both, place, 0.0, k) for place in places_m]
    grid = grid_of(mirrored_part(both), longest_m(k))
    surface = driven(grid, pistons, k)
    images = grid.images_of(surface.values[1])
    out = np.empty((2, len(pistons)), dtype=complex)
    for n, side in enumerate((-1.0, 1.0)):
        ear = head_m + side * np.array([0.0, 0.0875, 0.0]) - both.centre_m
        across = [axis in grid.planes for axis in range(3)]
        beyond = np.minimum(grid.mirrors * ear * across, 0.0).sum(axis=1)
        image = int(beyond.argmax())  # the ear's image on the part's side of every plane
        part = Triangles(grid.vertices_m, grid.faces)
        _, face, foot = part.nearest((ear * grid.mirrors[image])[None])
        corners = part.corners_m[face[0]]
        shares = np.linalg.lstsq(np.vstack([corners.T, np.ones(3)]), np.append(foot[0], 1.0), rcond=None)[0]
        walls = np.stack([piston.field(np.array([k]), ear[None])[0, 0] for piston in pistons])
        out[n] = shares @ images[image, part.faces[face[0]]] + walls
    return out


@pytest.mark.long
@pytest.mark.parametrize(
    ("model", "distance_m", "most_db"),
    [("sphere", 0.35, 0.3), ("box", 0.35, 1.0), ("box", 1.0, 0.3), ("mesh", 1.0, 0.3)],
    ids=["sphere", "box", "box at 1 m", "pair at 1 m"],
)
def test_scattering_back_and_forth_that_is_left_out(
    model: str, distance_m: float, most_db: float, tmp_path: Path
) -> None:
    """A head meets the device's field as if the device were not there: against a mesh of both, 400 Hz to 2 kHz, at both ears."""
    head_m = np.array([distance_m, 0.0, 0.0])
    table: dict[str, Any]
    if model == "sphere":
        body, table = meshes.sphere(8, 0.0875), {"model": "sphere", "radius_m": 0.0875}
        places = {"left": [0.0, -0.0875, 0.0], "front": [0.0875, 0.0, 0.0]}
    elif model == "mesh":
        body = pair()
        table = {"model": "mesh", "file": str(meshes.write(tmp_path / "pair.obj", body)), "highest_hz": 2100.0}
        places = {"left": [0.0739, -0.287, 0.02], "right": [0.0739, 0.287, -0.03]}
    else:
        size_m = (0.1, 0.3, 0.12)
        body, table = meshes.box(size_m), {"model": "box", "size_m": [*size_m], "highest_hz": 2100.0}
        places = {"left": [0.05, -0.1, 0.0], "front": [0.05, 0.02, 0.0]}
    listener = {"position_m": head_m.tolist(), "ear_cloud_m": [[0.0, 0.0, 0.0]]}
    problem = load(small(places, listener, EAR, enclosure=table))
    frequency_hz = np.array([400.0, 700.0, 1200.0, 2000.0])
    scene = designer.scene(problem).at(frequency_hz)
    wanted = np.stack([ears_of_both(body, head_m, list(places.values()), float(k)) for k in scene.k])
    found = scene.ears().reshape(wanted.shape)
    loud = np.abs(wanted) > 0.1 * np.abs(wanted).max(axis=(1, 2), keepdims=True)
    error_db = np.where(loud, np.abs(20 * np.log10(np.abs(found / wanted))), 0.0)
    assert error_db.max() < most_db
    assert error_db.max() > most_db / 3


def test_a_file_that_changes_has_fields_of_its_own(tmp_path: Path) -> None:
    """The table as text, the key of stored fields, follows the file's content and not its name; a copy elsewhere has the same text."""
    path = meshes.write(tmp_path / "body.stl", meshes.box((0.1, 0.3, 0.12)))
    table = {"model": "mesh", "file": str(path), "highest_hz": 300.0}
    places = {"left": [0.05, -0.1, 0.0], "right": [0.05, 0.1, 0.0]}
    first = load(small(places, {"position_m": [1.5, 0.0, 0.0]}, EAR, enclosure=table)).body.model_dump_json()
    again = load(small(places, {"position_m": [1.5, 0.0, 0.0]}, EAR, enclosure=table)).body.model_dump_json()
    meshes.write(path, meshes.box((0.1, 0.3, 0.13)))
    other = load(small(places, {"position_m": [1.5, 0.0, 0.0]}, EAR, enclosure=table)).body.model_dump_json()
    assert first == again != other
