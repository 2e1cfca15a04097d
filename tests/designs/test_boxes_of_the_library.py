"""The library's problems in a box: solved in moderate time and met on the first run."""

from __future__ import annotations

import pytest

import designer
from designer.problem.enclosures.box import Box
from designer.problem.library import library

BOXES = {
    name: problem for name, (path, _) in library().items() if isinstance((problem := designer.load(path)).body, Box)
}


@pytest.mark.parametrize(
    "name", ["laptop-box", *(pytest.param(name, marks=pytest.mark.long) for name in ("bookshelf", "soundbar-box"))]
)
def test_a_box_of_the_library_is_met_on_the_first_run(name: str) -> None:
    """With nothing on disk: exit code 0 and no warning (the laptop's takes 2 s, the others 10 s)."""
    design = designer.design(BOXES[name])
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
