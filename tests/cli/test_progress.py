"""What a command says while a body is solved: how far it is on a terminal, elsewhere one line at the beginning of what lasts."""

from __future__ import annotations

import re
from pathlib import Path

import meshes
import pytest
from command import Command
from toml_text import pair, toml

import designer
from designer.acoustics.enclosures.surface_drivers import in_memory
from designer.cli import terminal
from designer.commands.check import explained
from designer.errors import UsageError
from designer.progress import listening
from designer.search import starter


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with `mesh.toml`: two drivers on a mesh that is solved at few frequencies, in a second."""
    meshes.write(tmp_path / "body.stl", meshes.box((0.1, 0.3, 0.1)))
    table = pair() | {"enclosure": {"model": "mesh", "file": "body.stl", "highest_hz": 250.0}}
    for driver in table["drivers"]:
        driver["position_m"][0] = 0.05
    table["designs"][0] |= {"band_hz": [150.0, 250.0], "cancellation_gain_db": [[150, 1]]}
    (tmp_path / "mesh.toml").write_text(toml(table), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    in_memory.cache_clear()  # what another test has solved
    return tmp_path


def test_whoever_asks_first_for_the_field_is_told_how_far_it_is(here: Path) -> None:
    """`check --reach` of a mesh: its size, each frequency and the time left. `check` alone solves nothing and says nothing."""
    problem, heard = designer.load("mesh.toml"), list[str]()
    with listening(heard.append):
        list(explained(problem))
        assert heard == []
        list(explained(problem, reach=True, progress=heard.append))
    solving = [sentence for sentence in heard if sentence.startswith("solving the mesh: ")]
    size = re.fullmatch(
        r"solving the mesh: (\d+) triangles at (\d+) frequencies, about \d+ CPU s and \d+ MB", solving[0]
    )
    assert size is not None and int(size[1]) > 12
    count = int(size[2])
    assert [re.sub(r"\d+ s left", "", sentence) for sentence in solving[1:]] == [
        f"solving the mesh: {done} of {count} frequencies, " for done in range(1, count + 1)
    ]


@pytest.mark.parametrize(("from_s", "lines"), [(0.0, 1), (1e6, 0)])
def test_without_a_terminal_one_line_says_what_lasts(
    from_s: float, lines: int, here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A design of a mesh writes one line on the error stream where solving it lasts long enough, and else none."""
    monkeypatch.setattr(terminal, "ANNOUNCED_FROM_S", from_s)
    ended = designer_command("design", "mesh.toml", "--quick", "-o", "out")
    told = [line for line in ended.err.splitlines() if line.startswith("solving the mesh: ")]
    assert len(told) == lines and not [line for line in ended.err.splitlines() if line.endswith(" s left")]


@pytest.mark.parametrize(("shape", "lines"), [("pair", 0), ("laptop", 1)])
def test_a_new_file_of_a_box_says_how_long_it_takes(
    shape: str, lines: int, here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`new` writes one line on the error stream, ahead of its work, for a shape whose field is solved; a pair takes too little time."""

    def nothing(*_: object) -> None:
        raise UsageError("stop here")

    monkeypatch.setattr(starter, "scene", nothing)
    ended = designer_command("new", "mine.toml", "--shape", shape)
    told = [line for line in ended.err.splitlines() if line.startswith("finding requirements that the ")]
    assert len(told) == lines and all(
        line == "finding requirements that the laptop meets, about 20 CPU s" for line in told
    )
