"""No field is read under the key of another: whatever key of the file is changed, a cache that holds the old fields gives the new ones."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

import meshes
import numpy as np
import pytest
from toml_text import pair, toml

import designer
from acoustics.measured.made_sets import write_frd_set
from designer.acoustics.cache import Cache
from designer.acoustics.scene import Scene
from designer.arrays import Complex
from designer.errors import DesignerError, ProblemError
from designer.evaluation.room_responses import room_responses
from designer.problem.enclosures.box import Box
from designer.problem.enclosures.mesh import Mesh
from designer.problem.meshes.triangles import Triangles
from designer.problem.schema import Driver, Grid, Listener, Problem, Room, SceneTable

FREQUENCY_HZ = np.array([200.0, 3000.0])
POINTS_M = np.array([[1.0, 0.3, 0.2], [0.8, -0.4, 0.0]])
MESH_HALF_M = 0.1
WORDS = [
    "y",
    "-z",
    "{folder}/other.stl",
    "logarithmic",
    "sphere:0.08",
    "points",
    "shared",
    "own",
    "device",
    [0.01, 0.0, 0.0],
    [1.2, 0.9, 0.7],
]
"""What keys that hold words may hold."""
OTHERS: list[Any] = [
    True,
    False,
    0.004,
    0.02,
    0.4,
    1,
    2,
    3.0,
    20.0,
    [100.0, 5000.0],
    [0.3, 0.2],
    *WORDS,
    "{folder}/tweeter hor *.frd",
]
"""Values of keys that the file leaves out, of which the first that may stand there is tried."""
FIRST: dict[str, list[Any]] = {"edge_radius_m": [0.04]}
"""Values that are tried first: a smaller edge of a box takes more triangles."""
DEFAULTS = {
    key: info.default
    for table in (Driver, Grid, SceneTable, Room, Mesh, Box)
    for key, info in table.model_fields.items()
}
ELSEWHERE = {"model", "transfer", "group", "unit", "head_weights"}
"""Keys that go with others: each body is tried; measured devices, meshes' groups and units, and head weights have tests of their own."""
ABOUT_A_RESPONSE = {key for key in Driver.model_fields if key.startswith("response_")} | {"gate_ms"}
CHANGE_NOTHING = {
    "name",
    "max_gain_db",
    "band_hz",
    "refine",
    "frequencies",
    "spacing",
    "head_weights",
} | ABOUT_A_RESPONSE
"""Keys of drivers and grid that requirements read, and no field; those of a measured response where there is none."""
BODIES: dict[str, dict[str, Any]] = {
    "free-field": {"model": "free-field"},
    "baffle": {"model": "baffle"},
    "sphere": {"model": "sphere", "radius_m": 0.08},
    "cylinder": {"model": "cylinder", "radius_m": 0.08},
    "box": {"model": "box", "size_m": [0.1, 0.22, 0.12], "centre_m": [0.0, 0.0, 0.0], "highest_hz": 220.0},
    "mesh": {"model": "mesh", "file": "{folder}/body.stl", "centre_m": [0.0, 0.0, 0.0], "highest_hz": 200.0},
}
WHOLE = ("free-field",)
"""Bodies of which every key is tried without `--long`, and of a box none: it is solved as a mesh is."""
ROOM = {"size_m": [2.0, 1.8, 1.5], "rt60_s": 0.08, "device_m": [0.5, 0.8, 0.7]}


def tables(body: dict[str, Any]) -> dict[str, Any]:
    """Two drivers on a body, with every table that a field depends on."""
    problem = pair()
    problem["drivers"] = [
        {"name": name, "position_m": [0.0, y_m, 0.0], "facing_deg": [azimuth_deg, 0.0], "radius_m": 0.02}
        for name, y_m, azimuth_deg in (("left", -0.08, -90.0), ("right", 0.08, 90.0))
    ]
    if body["model"] not in ("sphere", "cylinder"):
        for driver in problem["drivers"]:
            driver["facing_deg"] = [0.0, 0.0]
    if body["model"] in ("box", "mesh"):
        for driver in problem["drivers"]:
            driver["position_m"][0] = 0.05 if body["model"] == "box" else MESH_HALF_M
            driver["position_m"][1] *= 1.0 if body["model"] == "box" else 0.75
    problem["scene"] = {"air_absorption": True, "temperature_c": 22.0, "relative_humidity_percent": 40.0}
    problem["listener"] |= {"head": "sphere", "position_m": [1.2, 0.1, 0.0], "turn_deg": 5.0}
    problem["grid"] |= {"azimuth_distance_m": 1.0}
    return problem | {"enclosure": dict(body), "speed_of_sound_m_s": 343.0}


def write_meshes(folder: Path) -> None:
    """A cube with dents in its top and its back, so that no turn leaves it as it is; and one with a deeper dent."""
    cube = meshes.box((2 * MESH_HALF_M,) * 3)
    for name, height in (("body", 0.7), ("other", 0.4)):
        vertices, faces = list(cube.vertices_m), list(cube.faces.tolist())
        for axis, side, factor in ((2, 1.0, height), (0, -1.0, 0.8)):
            t = next(n for n, face in enumerate(faces) if all(side * vertices[i][axis] > 0 for i in face))
            a, b, c = faces.pop(t)
            tip = np.mean([vertices[a], vertices[b], vertices[c]], axis=0)
            tip[axis] *= factor
            vertices.append(tip)
            d = len(vertices) - 1
            faces += [[a, b, d], [b, c, d], [c, a, d]]
        meshes.write(folder / f"{name}.stl", Triangles(np.array(vertices), np.array(faces)))


def fields(problem: Problem, cache: Cache) -> list[Complex | str]:
    """Every kind of field, or the message of what cannot be computed."""
    cloud_m = np.array(problem.listener.ear_cloud_m)
    scene = Scene(problem, FREQUENCY_HZ, cloud_m, cache=cache)
    kinds = (scene.ears, scene.circle, scene.head_centre, lambda: scene.field(POINTS_M), lambda: scene.look(12.0),
             lambda: scene.radiated_power, lambda: scene.with_problem(problem).ears())  # fmt: skip
    answers: list[Complex | str] = []
    for kind in kinds:
        try:
            answers.append(kind())
        except DesignerError as error:
            answers.append(str(error))
    return answers


def near(value: Any) -> Iterator[Any]:
    """Values beside one that a file holds."""
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + step for step in (0.0004, 0.01, 1, -1, 10))
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from ([*value[:n], other, *value[n + 1 :]] for other in near(item))


def changed(problem: dict[str, Any], table: dict[str, Any], key: str, folder: Path) -> Problem:
    """The problem with another value of a key of a table: the first that a file may hold and that is not the default."""
    before = table.get(key)
    start = DEFAULTS.get(key) if before is None else before
    for value in [*FIRST.get(key, []), *near(start), *OTHERS]:
        table[key] = value.replace("{folder}", str(folder)) if isinstance(value, str) else value
        try:
            if table[key] != start:
                return designer.loads(toml(problem))
        except ProblemError:
            pass
        finally:
            table.pop(key) if before is None else table.update({key: before})
    raise AssertionError(f"{key}: no other value")


def is_another(actual: list[Complex | str], other: list[Complex | str]) -> bool:
    return any(
        type(a) is not type(b) or (a != b if isinstance(a, str) else not np.array_equal(a, b))
        for a, b in zip(actual, other, strict=True)
    )


@pytest.mark.parametrize(
    "body",
    [pytest.param(body, marks=pytest.mark.long if body == "box" else ()) for body in (*BODIES, "measured")],
)
def test_each_key_that_changes_a_field_has_fields_of_its_own(
    body: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Of every key of drivers, listener, scene, grid and enclosure: the fields beside those of the old value are those computed alone.

    Without `--long` bodies but those of `WHOLE` have the keys of the enclosure and of where a driver is alone, and one with files all of a
    driver's: listener, scene and grid are keys of the same tensors, whatever the body.
    """
    problem = tables(BODIES.get(body, {"model": "free-field"}))
    if body == "mesh":
        write_meshes(tmp_path)
        problem["enclosure"]["file"] = f"{tmp_path}/body.stl"
    nothing = CHANGE_NOTHING | ({"facing_deg"} if body in ("sphere", "cylinder", "box", "mesh") else set())
    if body == "measured":
        for name in ("woofer", "tweeter"):
            write_frd_set(tmp_path, name=f"{name} hor {{angle}}.frd", angles_deg=(0.0, 45.0, 90.0))
        problem["drivers"][0] |= {
            "response": f"{tmp_path}/woofer hor *.frd",
            "gate_ms": 5.0,
            "response_distance_m": 1.0,
        }
        nothing = CHANGE_NOTHING - ABOUT_A_RESPONSE | {"radius_m", "response_clockwise", "response_time"}
    held = Cache()
    old = fields(designer.loads(toml(problem)), held)
    places: list[tuple[dict[str, Any], Collection[str]]] = [
        (problem, {"speed_of_sound_m_s"}),
        (problem["drivers"][0], Driver.model_fields),
        (problem["listener"], Listener.model_fields),
        (problem["scene"], SceneTable.model_fields),
        (problem["grid"], Grid.model_fields),
        (problem["enclosure"], type(designer.loads(toml(problem)).body).model_fields),
    ]
    if body not in WHOLE and not request.config.getoption("--long"):
        where = {"position_m", "radius_m"}
        places = [(problem["drivers"][0], Driver.model_fields if body == "measured" else where), places[-1]]
    for table, keys in places:
        for key in {*keys} - ELSEWHERE - ({"response"} if body != "measured" else set()):
            other = changed(problem, table, key, tmp_path)
            alone = fields(other, Cache())
            assert not is_another(fields(other, held), alone), key
            assert is_another(alone, old) == (key not in nothing), key


@pytest.mark.long
def test_each_key_of_a_room_has_images_of_its_own(tmp_path: Path) -> None:
    """As for the fields: reflections beside those of another room are those computed alone."""
    problem = pair() | {"room": dict(ROOM)}

    def reflections(problem: Problem, cache: Cache) -> list[Complex | str]:
        assert problem.room is not None
        scene = Scene(problem, FREQUENCY_HZ, np.zeros((1, 3)), cache=cache)
        return [np.asarray(room_responses(scene, problem.room).reflected)]

    held = Cache()
    old = reflections(designer.loads(toml(problem)), held)
    for key in Room.model_fields:
        if key == "absorption":
            problem["room"].pop("rt60_s")  # one of the two
        other = changed(problem, problem["room"], key, tmp_path)
        alone = reflections(other, Cache())
        assert not is_another(reflections(other, held), alone), key
        assert is_another(alone, old), key
        problem["room"] = dict(ROOM)
