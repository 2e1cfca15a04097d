"""What is on the disk after a kill at any moment, after two writers at once, and after an error at any step."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from designer.errors import OutputError
from designer.writing import MANIFEST, folders, lay, read_manifest, survey, update_folder, write_file, write_folder
from writing.killed import NEW, OLD, contents

TESTS = Path(__file__).parents[1]
MANY = 10
"""Fewer places to be killed at would mean that the count misses most."""


def after_kills(how: str, place: Path) -> list[dict[str, Any]]:
    done = subprocess.run(
        [sys.executable, str(TESTS / "writing/killed.py"), how, str(place)],
        capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(TESTS)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    left: list[dict[str, Any]] = json.loads(done.stdout)
    assert len(left) > MANY
    assert [one["killed"] for one in left] == [True] * (len(left) - 1) + [False]
    return left


def at_its_name(found: dict[str, str]) -> dict[str, str]:
    """The files of x/, other than its manifest."""
    return {
        name.removeprefix("x/"): text
        for name, text in found.items()
        if name.startswith("x/") and not name.endswith(MANIFEST)
    }


def text(files: dict[str, bytes]) -> dict[str, str]:
    return {name: content.decode() for name, content in files.items()}


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a folder may be exchanged in two moves")
def test_a_folder_is_old_or_new_after_a_kill_at_any_moment(tmp_path: Path) -> None:
    """Under its own name the whole old folder or the whole new one, at once; the next writer leaves nothing beside it."""
    seen = set()
    for one in after_kills("whole", tmp_path):
        found = at_its_name(one["at_once"])
        assert found in (text(OLD), text(NEW))
        seen.add(json.dumps(found))
        assert at_its_name(one["again"]) == text(OLD)
        assert set(one["again"]) == {*(f"x/{name}" for name in OLD), f"x/{MANIFEST}"}
    assert len(seen) == 2


def test_where_folders_cannot_be_exchanged_the_next_command_puts_the_old_one_back(tmp_path: Path) -> None:
    """Between two moves the old folder stands beside its place; the next command finds it, and puts it under its name."""
    away = 0
    for one in after_kills("in two moves", tmp_path):
        away += not at_its_name(one["at_once"])
        assert at_its_name(one["swept"]) in (text(OLD), text(NEW))
        assert set(one["again"]) == {*(f"x/{name}" for name in OLD), f"x/{MANIFEST}"}
    assert away >= 1


def test_files_inside_a_folder_are_each_old_or_new_and_those_of_others_stay(tmp_path: Path) -> None:
    """No file is half-written, `main.c` is never touched, and the same command goes on: each file is still known as this tool's."""
    for one in after_kills("inside", tmp_path):
        found = {name: text for name, text in at_its_name(one["at_once"]).items() if ".partial/" not in name}
        assert found.pop("main.c") == "theirs"
        for name, content in found.items():
            assert content in (text(OLD).get(name), text(NEW).get(name))
        assert found["a.txt"]
        assert at_its_name(one["again"]) == {**text(OLD), "main.c": "theirs"}


def test_a_file_is_old_or_new_after_a_kill_at_any_moment(tmp_path: Path) -> None:
    """And nothing is left beside it once it is written again."""
    for one in after_kills("file", tmp_path):
        assert one["at_once"]["out.bin"] in (text(OLD)["a.txt"], text(NEW)["a.txt"])
        assert set(one["again"]) == {"out.bin"}


def test_two_processes_that_write_one_output(tmp_path: Path) -> None:
    """Four processes write the same folders and the same file five times each: at the end each is whole, of one of them, and alone."""
    children = []
    for number in range(4):
        child = os.fork()
        if child == 0:
            failed = 1
            try:
                files = {f"{name}-{number}": str(number).encode() * 5000 for name in "abc"}
                for _ in range(5):
                    write_folder(tmp_path / "x", "design", lay(files))
                    update_folder(tmp_path / "inside", "export", lay(files), within=".")
                    write_file(tmp_path / "out.bin", lambda path: _write(path, files[f"a-{number}"]))  # noqa: B023
                failed = 0
            finally:
                os._exit(failed)
        children.append(child)
    assert [os.waitpid(child, 0)[1] for child in children] == [0] * 4
    assert {one.name for one in tmp_path.iterdir()} == {"x", "inside", "out.bin"}
    for folder in (tmp_path / "x", tmp_path / "inside"):
        found = survey(folder, read_manifest(folder))
        (owner,) = {name[-1] for name in found.unchanged}
        assert (found.unchanged, found.edited, found.foreign) == (tuple(f"{name}-{owner}" for name in "abc"), (), ())
        assert all((folder / name).read_text(encoding="utf-8") == owner * 5000 for name in found.unchanged)
    assert len(set((tmp_path / "out.bin").read_bytes())) == 1


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)


def whole(place: Path, files: dict[str, bytes]) -> None:
    write_folder(place / "x", "design", lay(files))


def inside(place: Path, files: dict[str, bytes]) -> None:
    update_folder(place / "x", "export", lay(files), within=".", force=True)


def alone(place: Path, files: dict[str, bytes]) -> None:
    write_file(place / "deep" / "out.bin", lambda path: _write(path, files["a.txt"]))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("exchange", [True, False])
@pytest.mark.parametrize("write", [whole, inside, alone])
def test_an_error_at_any_step_leaves_what_was_there(
    write: Callable[[Path, dict[str, bytes]], None],
    exchange: bool,
    code: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The n-th file, folder or move is refused by the system: exit code 6, no part of the new output, the old one as it was."""
    if not exchange:
        monkeypatch.setattr(folders, "exchanged", lambda *_: False)
    for older in (False, True):
        place = tmp_path / str(older)
        place.mkdir()
        if older:
            write(place, OLD)
        before = contents(place)
        for count in range(100):
            with pytest.MonkeyPatch.context() as patch:
                refused = refuse(patch, count, code)
                try:
                    write(place, NEW)
                except OutputError as error:
                    says = os.strerror(code).lower()
                    assert f": cannot be written: {says}; what was there before is kept; " in str(error)
                    assert error.exit_code == 6
                else:
                    assert not refused
                    break
            assert contents(place) == before
            assert not [one for one in place.rglob("*") if one.name.endswith(".partial")]
        else:
            pytest.fail("it never came to the end")
        assert count > 3
        assert at_its_name(contents(place)) == ({} if write is alone else text(NEW))


def refuse(patch: pytest.MonkeyPatch, count: int, code: int) -> list[str]:
    """Let the count-th of the steps that make something fail; the list holds its name once it has."""
    left, refused = [count], []

    def counted(function: Callable[..., Any], name: str) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            left[0] -= 1
            if left[0] == -1:
                refused.append(name)
                raise OSError(code, os.strerror(code))
            return function(*arguments, **options)

        return call

    for name in ("mkdir", "rename", "replace", "write_bytes", "write_text"):
        patch.setattr(Path, name, counted(getattr(Path, name), name))
    return refused
