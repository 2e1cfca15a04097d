"""The library's problems in boxes: solved in moderate time and met on the first run."""

from __future__ import annotations

import runpy

import numpy as np
import pytest

import designer
from designer.problem.enclosures.box import Box
from designer.problem.enclosures.mesh import Mesh
from designer.problem.library import library, library_folder

BODIES = {name: problem for name, (path, _) in library().items() if (problem := designer.load(path)).body.is_solved}
BOXES = {name: problem for name, problem in BODIES.items() if isinstance(problem.body, Box)}
LONG = "laptop-box", "bookshelf", "soundbar-box", "bookshelf-pair"


@pytest.mark.parametrize(
    ("name", "highest_hz"),
    [("laptop-box", 3000.0), *(pytest.param(name, None, marks=pytest.mark.long) for name in LONG)],
)
def test_a_box_of_the_library_is_met_on_the_first_run(name: str, highest_hz: float | None) -> None:
    """With nothing on disk: exit code 0 and no warning (the laptop's takes 2 s, two 10 s, the pair 40 s); in the gate the laptop's alone,
    solved to the end of its band and no further.
    """
    problem = BODIES[name]
    if highest_hz is not None:
        body = problem.body.model_copy(update={"highest_hz": highest_hz})
        problem = problem.model_copy(update={"enclosure": body})
        assert problem.solved_to_hz == highest_hz
    design = designer.design(problem)
    assert design.status == 0
    assert design.warnings == []


def test_the_boxes_of_the_library_are_solved_soon() -> None:
    """By the estimate of `check` each takes less than a quarter of a minute and half a gigabyte; all drivers together are on four faces."""
    assert set(BOXES) == {"bookshelf", "laptop-box", "soundbar-box"}
    faces = set()
    for problem in BOXES.values():
        assert isinstance(problem.body, Box)
        effort = problem.body.effort(problem.solved_to_k, len(problem.drivers))
        assert effort.minutes < 0.25
        assert effort.size < 5e8
        faces |= {problem.body.face_of(driver) for driver in problem.drivers}
    assert faces == {(0, 1), (1, 1), (1, -1), (2, 1)}


def test_the_pair_is_two_boxes_in_one_file() -> None:
    """The file is what its script makes; drivers on the middle lines of the fronts; the mirror planes of a pair turned to the front; less
    than a minute.
    """
    (name,) = set(BODIES) - set(BOXES)
    problem, data = BODIES[name], library_folder() / "data"
    body, script = problem.body, runpy.run_path(str(data / "make_bookshelf_pair.py"))
    assert isinstance(body, Mesh)
    assert (data / "bookshelf_pair.obj").read_text(encoding="utf-8") == script["text"]()
    assert "24 triangles of 2 bodies" in body.described()
    assert body.shape.mirrored.planes == (1, 2)
    assert body.effort(problem.solved_to_k, len(problem.drivers)).minutes < 1
    for driver in problem.drivers:
        x, y, z = driver.position_m
        np.testing.assert_allclose((x, y), script["place_m"](script["SIDES"][driver.name.split()[0]], z)[:2], atol=1e-4)
