"""A design folder that was moved, zipped, or kept in git is this tool's folder still."""

from __future__ import annotations

import functools
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from command import run
from programs import need
from toml_text import pair, toml

import designer
from designer import errors


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a problem and its design."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "p.toml").write_text(toml(pair() | {"export": {"targets": ["cmsis-f32", "wav"]}}), encoding="utf-8")
    designer.design(designer.load("p.toml")).save("out")
    return tmp_path


def checked_out(folder: Path, place: Path) -> None:
    """Commit a folder as it is, and check it out as git does it on Windows, with CRLF line ends."""
    git = functools.partial(subprocess.run, check=True, capture_output=True, cwd=place)
    program = need("git", "git")
    place.mkdir()
    shutil.copytree(folder, place / "out")
    git([program, "init", "-q"])
    git([program, "-c", "core.autocrlf=input", "add", "-A"])
    git([program, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-q", "-m", "x"])
    shutil.rmtree(place / "out")
    git([program, "-c", "core.autocrlf=true", "checkout", "--", "out"])


def test_git_with_other_line_ends(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A design that git gave CRLF line ends opens, exports and is replaced as the one that it was; an edit beside them is an edit."""
    before = designer.open("out").taps["left"]
    checked_out(here / "out", here / "repository")
    there = here / "repository/out"
    assert b"\r\n" in (there / "coefficients.csv").read_bytes() and b"\r\n" in (there / "summary.json").read_bytes()
    assert (there / "filters.wav").read_bytes() == (here / "out/filters.wav").read_bytes()
    np.testing.assert_array_equal(designer.open(there).taps["left"], before)
    command = functools.partial(run, capsys, monkeypatch)
    for target in ("cmsis-f32", "brutefir"):  # one that is there, and a new one
        assert command("export", str(there), "--target", target).code == errors.EXIT_DONE
    shutil.copytree(there, here / "edited")
    table = here / "edited/metrics.csv"
    table.write_bytes(table.read_bytes().replace(b"left", b"LEFT", 1))
    ended = command("design", "p.toml", "-o", "edited")
    assert (ended.code, "edited since it was written: metrics.csv;" in ended.err) == (errors.EXIT_USAGE, True)
    assert command("design", "p.toml", "-o", str(there)).code == errors.EXIT_DONE
    assert b"\r\n" not in (there / "coefficients.csv").read_bytes()


def test_copied_moved_and_unpacked(
    here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A copy, a copy with other times and rights, and an archive's content open and are replaced without --force."""
    command = functools.partial(run, capsys, monkeypatch)
    shutil.copytree(here / "out", here / "copy", copy_function=shutil.copyfile)
    shutil.make_archive("packed", "zip", here / "out")
    shutil.unpack_archive("packed.zip", here / "unpacked")
    shutil.move(here / "out", here / "moved")
    for name in ("copy", "unpacked", "moved"):
        assert command("export", name, "--target", "camilladsp").code == errors.EXIT_DONE
        assert command("design", "p.toml", "-o", name).code == errors.EXIT_DONE
