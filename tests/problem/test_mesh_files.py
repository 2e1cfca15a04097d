"""A mesh's file: every format, mending with its notes, refusals with their places, and drivers on the mesh."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import meshes
import numpy as np
import pytest
from designs.small_problems import Tables, load, small

import designer
from designer.errors import DataError, ProblemError
from designer.problem import explain
from designer.problem.enclosures.mesh import Mesh
from designer.problem.meshes.mending import closed_surface
from designer.problem.meshes.reading import MeshError, read_soup
from designer.problem.meshes.triangles import Triangles

BALL = meshes.sphere(3)
VOLUME_M3 = 4 * np.pi / 3
EAR: Tables = {"name": "left", "kind": "ctc", "ear": "left", "band_hz": [300, 1000], "cancellation_gain_db": [[300, 2]]}
FRONT = {"left": [0.05, -0.1, 0.0], "right": [0.05, 0.1, 0.0]}


def problem(
    path: Path, places: dict[str, list[float]] = FRONT, radius_m: float | None = None, **keys: Any
) -> designer.Problem:
    """Two drivers on a mesh."""
    enclosure: Tables = {"model": "mesh", "file": str(path), "highest_hz": 600.0} | keys
    tables = small(places, {"position_m": [1.5, 0.0, 0.0]}, EAR, enclosure=enclosure)
    if radius_m:
        tables["drivers"][0]["radius_m"] = radius_m
    return load(tables)


@pytest.fixture
def body(tmp_path: Path) -> Path:
    return meshes.write(tmp_path / "body.stl", meshes.box((0.1, 0.3, 0.12)))


@pytest.mark.parametrize("name", ["a.stl", "a.txt.stl", "a.obj", "a.ply", "a.txt.ply"])
def test_every_format_holds_the_same_body(name: str, tmp_path: Path) -> None:
    """Vertices, triangles and volume of a sphere, with vertices that each triangle of an STL repeats made one again."""
    surface, notes = closed_surface(read_soup(meshes.write(tmp_path / name, BALL))[0])
    assert (len(surface.vertices_m), len(surface.faces)) == (92, 180)
    assert surface.volume_m3 == pytest.approx(VOLUME_M3, rel=1e-5)
    assert notes == []


def _turned(faces: Any, some: slice) -> Any:
    faces = faces.copy()
    faces[some] = faces[some, ::-1]
    return faces


def _with_flat_triangle() -> Triangles:
    a, b, c = BALL.faces[0]
    middle = len(BALL.vertices_m)
    vertices = np.concatenate([BALL.vertices_m, BALL.vertices_m[[a, b]].mean(axis=0)[None]])
    return Triangles(vertices, np.concatenate([BALL.faces[1:], [[a, middle, c], [middle, b, c], [a, b, middle]]]))


def _nearly_merged() -> Triangles:
    vertices = BALL.corners_m.reshape(-1, 3) + 1e-8 * np.random.default_rng(1).standard_normal((540, 3))
    return Triangles(vertices, np.arange(540).reshape(-1, 3))


@pytest.mark.parametrize(
    ("mesh", "volumes", "words"),
    [
        (Triangles(BALL.vertices_m, BALL.faces[:, ::-1]), 1, "turned a body of 180 triangles that faced inwards"),
        (Triangles(BALL.vertices_m, _turned(BALL.faces, slice(20, 30))), 1, "turned 10 triangles to face as their neighbours do"),
        (Triangles(BALL.vertices_m, np.concatenate([BALL.faces, BALL.faces[:2]])), 1, "dropped 2 repeated triangles"),
        (_with_flat_triangle(), 1, "dropped 1 triangle without an area"),
        (_nearly_merged(), 1, "merged 448 vertices with others"),
        (meshes.together(BALL, Triangles(BALL.vertices_m / 2, BALL.faces[:, ::-1])), 1, "dropped 1 body inside another"),
        (meshes.together(BALL, Triangles(BALL.vertices_m + 3.0, BALL.faces)), 2, ""),
    ],
    ids=["inside out", "some turned", "repeated", "flat", "apart by rounding", "a wall's inner side", "two bodies"],
)  # fmt: skip
def test_what_is_safe_is_mended(mesh: Triangles, volumes: int, words: str) -> None:
    """The mended volume is the sphere's, two triangles share every edge, and a note states the change."""
    surface, notes = closed_surface((mesh.vertices_m, mesh.faces))
    assert surface.volume_m3 == pytest.approx(volumes * VOLUME_M3, rel=1e-5)
    pairs = np.sort(np.stack([surface.faces, np.roll(surface.faces, -1, axis=1)], axis=-1).reshape(-1, 2), axis=1)
    assert set(np.unique(pairs, axis=0, return_counts=True)[1]) == {2}
    assert words in "; ".join(notes)
    assert bool(notes) == bool(words)


@pytest.mark.parametrize(
    ("mesh", "message"),
    [
        (Triangles(BALL.vertices_m, BALL.faces[1:]), r"^3 open edges, the first at \[.*\] in the file; .*; close the holes$"),
        (meshes.together(BALL, Triangles(BALL.vertices_m + np.array([0.9, 0, 0]), BALL.faces)), "two bodies that intersect near"),
        (Triangles(BALL.vertices_m * [1, 1, 0], BALL.faces), "open edge|without a volume|no triangle with an area"),
        (Triangles(BALL.vertices_m, BALL.faces[[0, 0, 0]]), "3 open edges"),
        (Triangles(BALL.vertices_m * (1 - 2.2 * (BALL.vertices_m[:, :1] > 0.9)), BALL.faces), "intersects itself"),
    ],
    ids=["a hole", "overlapping", "a plane", "one triangle", "pulled through itself"],
)  # fmt: skip
def test_what_is_not_safe_is_refused(mesh: Triangles, message: str) -> None:
    """The refusal states the place and the remedy."""
    with pytest.raises(MeshError, match=message):
        closed_surface((mesh.vertices_m, mesh.faces))


def _stated(count: int) -> Callable[[bytes], bytes]:
    return lambda content: content[:80] + struct.pack("<I", count) + content[84:]


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("a.stl", lambda _: b"", "the file is empty"),
        ("a.stl", _stated(179), "not an STL file: its header states 179 triangles, and its bytes hold 180"),
        ("a.stl", _stated(2**32 - 1), "its header states 4294967295 triangles"),
        ("a.stl", lambda c: c[:-3], "its bytes hold 179"),
        ("a.stl", lambda c: c[:84] + struct.pack("<12f", *[float("nan")] * 12) + c[132:], "triangle 1 has a corner that is not a number"),
        ("a.txt.stl", lambda c: c.replace(b"vertex", b"vertex x", 1), "cannot be read near"),
        ("a.txt.stl", lambda c: c[: len(c) // 2], "cannot be read near|no multiple of 3|open edge"),
        ("a.obj", lambda c: c.replace(b"f 1/", b"f 9999/", 1), "names a vertex that the file does not hold|open edge"),
        ("a.obj", lambda c: b"v 0 0 0\n", "no triangles"),
        ("a.obj", lambda c: c + b"f 1 two 3\n", "cannot be read near"),
        ("a.ply", lambda c: c.replace(b"element vertex 92", b"element vertex 92000000000"), "92000000000 entries"),
        ("a.ply", lambda c: c[:-5], "ends before its last entry"),
        ("a.ply", lambda c: c.replace(b"binary_big", b"binary_odd"), "a PLY file of the format"),
        ("a.txt.ply", lambda c: c.replace(b"property double z\n", b""), "without vertices"),
        ("a.step", lambda c: c, r'ends with ".step"; expected a name that ends with .stl, .obj or .ply'),
    ],
)  # fmt: skip
def test_damaged_files_are_refused(name: str, change: Callable[[bytes], bytes], message: str, tmp_path: Path) -> None:
    """Empty and cut files, files with wrong counts or without numbers are refused."""
    path = meshes.write(tmp_path / name, BALL)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(MeshError, match=message):
        closed_surface(read_soup(path)[0])


@pytest.mark.parametrize("name", ["a.stl", "a.txt.stl", "a.obj", "a.ply", "a.txt.ply"])
def test_bytes_at_random_never_end_in_a_traceback(name: str, tmp_path: Path) -> None:
    """A file with a few bytes changed, cut or inserted, forty times, gives a body or a refusal."""
    rng = np.random.default_rng(5)
    content = meshes.write(tmp_path / name, meshes.sphere(1)).read_bytes()
    for _ in range(40):
        damaged = bytearray(content)
        for place in rng.integers(0, len(damaged), 3):
            damaged[place] = int(rng.integers(0, 256))
        if rng.random() < 0.3:
            del damaged[int(rng.integers(0, len(damaged))) :]
        (tmp_path / name).write_bytes(bytes(damaged))
        try:
            surface, _ = closed_surface(read_soup(tmp_path / name)[0])
        except MeshError:
            continue
        assert surface.volume_m3 > 0


def test_check_says_what_the_file_is(tmp_path: Path) -> None:
    """`check` states size in metres along the device's axes (file in millimetres, front along -y), mending, and the solution's size."""
    turned = meshes.box((300.0, 100.0, 120.0))
    path = meshes.write(tmp_path / "body.stl", Triangles(turned.vertices_m, turned.faces[:, ::-1]))
    lines = list(explain.explain(problem(path, unit="mm", front="-y", centre_m=[0.0, 0.0, 0.0])))
    assert lines[1].startswith(
        f"enclosure: mesh {path}, closed, 12 triangles, 0.1 x 0.3 x 0.12 m deep, wide and high; mended: turned a body of 12 triangles"
        " that faced inwards"
    )
    assert "triangles at" in lines[2]
    assert lines[2].startswith("the mesh is solved up to 600 Hz")


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"places": {"left": [0.04, -0.1, 0.0]}}, r"drivers\[0\]\.position_m: got .*, 10 mm inside the mesh; expected a place on its"
         r" surface \(.*\), within 2 mm; the nearest place is \[0\.05, -0\.1, 0\.0\]"),
        ({"places": {"left": [0.053, -0.1, 0.0]}}, "3 mm outside the mesh"),
        ({"places": {"left": [0.05, -0.14, 0.0]}, "radius_m": 0.03}, r"\.radius_m: got 0\.03, which reaches over an edge of the mesh"),
        ({"up": "x"}, r"enclosure\.up: got \"x\"; expected an axis at right angles to enclosure\.front"),
        ({"unit": "mm"}, r"enclosure\.unit: got \"mm\", in which .* measures .* m; expected a longest side.*; set enclosure\.unit = \"m\""),
        ({"file": "none.stl"}, r"enclosure\.file: got \"none\.stl\", no such file"),
        ({"highest_hz": 8000.0, "scale": 10.0}, r"enclosure\.highest_hz: got 8000\.0; solving the mesh up to 8000 Hz takes \d+"
         r" triangles at \d+ frequencies, about .* GB; expected at most 60 CPU minutes and 8 GB; set enclosure\.highest_hz = \d+,"),
    ],
)  # fmt: skip
def test_faults_have_a_remedy(keys: dict[str, Any], message: str, body: Path) -> None:
    """A driver off the surface or over an edge, wrong axes or units, no file, too large a solution: each is a fault with a remedy."""
    keys = dict(keys)
    places, scale = keys.pop("places", FRONT), keys.pop("scale", 1.0)
    if scale != 1.0:
        meshes.write(body, meshes.box((0.1 * scale, 0.3 * scale, 0.12 * scale)))
        places = {"left": [0.05 * scale, 0.0, 0.0]}
    if "file" in keys:
        body = Path(keys.pop("file"))
    with pytest.raises(ProblemError, match=message):
        problem(body, places, **keys)


@pytest.mark.parametrize(("unit", "per_m"), [("mm", 1000.0), ("cm", 100.0), ("in", 1 / 0.0254)])
def test_of_another_unit_the_unit_is_the_only_fault(unit: str, per_m: float, tmp_path: Path) -> None:
    """The remedy names the unit in which the drivers are on the surface; a body that large gives no further faults."""
    path = meshes.write(tmp_path / "body.stl", meshes.box((0.1 * per_m, 0.3 * per_m, 0.12 * per_m)))
    with pytest.raises(
        ProblemError, match=rf'1 fault\b.*\n.*enclosure\.unit: got "m".*; set enclosure\.unit = "{unit}"'
    ):
        problem(path, radius_m=0.02)


def test_a_driver_is_put_on_the_surface(body: Path) -> None:
    """A driver 1.5 mm before the front is on it, along its normal; a file that is removed afterwards is a fault of the data."""
    table = problem(body, {"left": [0.0515, -0.1, 0.0], "right": [0.05, 0.1, 0.0]})
    assert isinstance(table.body, Mesh)
    np.testing.assert_allclose(table.body.on_surface(np.array([0.0515, -0.1, 0.0])), [0.05, -0.1, 0.0], atol=1e-8)
    np.testing.assert_allclose(table.body.normal(table.drivers[0]), [1.0, 0.0, 0.0])
    assert float(table.body.clearance_m(np.array([0.2, 0.0, 0.0]))) == pytest.approx(0.15)
    assert float(table.body.clearance_m(np.zeros(3))) == pytest.approx(-0.05)
    body.unlink()
    with pytest.raises(DataError, match="no such file"):
        table.body.clearance_m(np.zeros(3))


def test_refined_triangles_stay_closed() -> None:
    """No edge is longer than asked for, area and volume are as before, and every edge has two triangles."""
    for mesh, longest_m in ((BALL, 0.3), (meshes.box((0.1, 0.3, 0.12)), 0.05)):
        finer = mesh.refined(longest_m)
        assert finer is not None
        edges = finer.corners_m - np.roll(finer.corners_m, 1, axis=1)
        assert np.linalg.norm(edges, axis=2).max() <= longest_m * (1 + 1e-8)
        assert finer.volume_m3 == pytest.approx(mesh.volume_m3, rel=1e-10)
        assert finer.areas_m2.sum() == pytest.approx(mesh.areas_m2.sum(), rel=1e-10)
        closed_surface((finer.vertices_m, finer.faces))
