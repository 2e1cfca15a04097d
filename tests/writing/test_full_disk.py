"""A disk that takes no more: got before the work where it can be, exit code 6, nothing half-written, what was there still there."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from command import Command
from toml_text import pair, toml

from designer import cli, errors, job
from designer.search import compare
from designer.writing import reserve, staging
from writing.killed import contents


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """No file may grow beyond so many bytes: the system refuses the write as it does on a full disk."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def stereo() -> dict[str, object]:
    tables = pair()
    other = {**tables["designs"][0], "name": "right", "ear": "right"}
    return {**tables, "designs": [tables["designs"][0], other]}


def without_drawing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("designer.search.starter.new_problem", lambda *_: ("x" * 5000, []))


@pytest.fixture
def here(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with every kind of input, and an older output of every command."""
    shutil.copytree(made, tmp_path / "here")
    monkeypatch.chdir(tmp_path / "here")
    without_drawing(monkeypatch)
    return tmp_path / "here"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It, made once."""
    tmp_path = tmp_path_factory.mktemp("made")
    (tmp_path / "p.toml").write_text(toml(stereo()), encoding="utf-8")
    frequency_hz = np.geomspace(20.0, 8000.0, 60)
    lines = "".join(f"{f:.3f} 80.0 {-f / 100 % 360:.3f}\n" for f in frequency_hz)
    for angle in range(0, 190, 90):
        (tmp_path / f"woofer hor {angle}.frd").write_text(lines, encoding="utf-8")
    noise = 0.1 * np.random.default_rng(1).standard_normal((4000, 2))
    soundfile.write(tmp_path / "in.wav", noise, 16000, subtype="PCM_16")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path)
        without_drawing(patch)
        for arguments in COMMANDS.values():
            if arguments[0] != "new":
                patch.setattr(sys, "argv", ["designer", *arguments])
                with pytest.raises(SystemExit) as ended:  # its code is what is looked at
                    cli.main()
                assert not ended.value.code, arguments
    return tmp_path


COMMANDS = {
    "design": ("design", "p.toml", "-o", "out"),
    "check": ("check", "p.toml", "-o", "drawn"),
    "compare": ("compare", "out", "out", "-o", "side"),
    "export": ("export", "out", "--target", "json"),
    "export -o": ("export", "out", "--target", "json", "-o", "exported"),
    "render": ("render", "out", "in.wav", "-o", "feeds.wav"),
    "convert": ("convert", "woofer hor *.frd", "-o", "woofer.sofa"),
    "import": ("import-coefficients", "out/coefficients.csv", "--problem", "p.toml", "-o", "imported"),
    "new": ("new", "fresh.toml", "--shape", "pair"),
}


def test_every_command_finds_it_before_the_work(
    here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is computed, the message names the output and the remedy, and the disk holds what it held."""
    for module, name in ((job, "design"), (compare, "labels")):
        monkeypatch.setattr(module, name, lambda *_, **__: pytest.fail("was computed"))
    for place in (
        "search.starter.new_problem",
        "stereo.render.chain_of",
        "acoustics.measured.convert._drivers",
        "commands.import_coefficients.import_coefficients",
    ):
        monkeypatch.setattr(f"designer.{place}", lambda *_, **__: pytest.fail("was computed"))
    before = contents(here)
    with largest_file(100_000):
        for arguments in (
            *COMMANDS.values(),
            ("sweep", "p.toml", "--vary", "designs.left.max_effort_db=6", "-o", "swept"),
        ):
            ended = designer_command(*arguments)
            assert ended.code == errors.EXIT_OUTPUT, (arguments, ended.err)
            last = ended.err.splitlines()[-1]
            assert "cannot be written: file too large; what was there before is kept; raise the limit" in last
    assert contents(here) == before


@pytest.mark.parametrize("size", [0, pytest.param(700, marks=pytest.mark.long), 3000])
def test_every_command_leaves_what_was_there(
    size: int, here: Path, designer_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the room ends within the work: the same, however much fits."""
    monkeypatch.setattr(staging, "PROBE_BYTES", 0)
    before = contents(here)
    with largest_file(size):
        for arguments in COMMANDS.values():
            ended = designer_command(*arguments)
            assert ended.code == errors.EXIT_OUTPUT, (arguments, ended.err)
            assert ended.err.splitlines()[-1].startswith("error: ")
            assert "cannot be written: " in ended.err.splitlines()[-1]
    assert contents(here) == before


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES, errno.ENOSPC, errno.EDQUOT])
def test_a_place_that_takes_nothing(code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own reason stands in the message; a folder that is not there yet is not made for the trial."""

    def refuse(*_: object, **__: object) -> None:
        raise OSError(code, os.strerror(code))

    reserve(tmp_path / "deep" / "out")
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(
        errors.OutputError, match=f"out: cannot be written: {os.strerror(code).lower()}; what was there"
    ):
        reserve(tmp_path / "deep" / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device here is always full")
def test_standard_output_that_is_full() -> None:
    """Exit code 6 and one line, no traceback; 0 where the reader only went away."""
    program = [sys.executable, "-m", "designer.cli", "problems"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(program, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        6, "error: standard output: cannot be written: no space left on device\n"
    )  # fmt: skip


@pytest.mark.parametrize("unbuffered", [pytest.param("", marks=pytest.mark.long), "1"])
def test_standard_output_that_takes_a_part(unbuffered: str, tmp_path: Path) -> None:
    """A file that the first part of the schema fills: exit code 6, though Python without buffers reports nothing."""
    program = [sys.executable, "-m", "designer.cli", "schema"]
    with (tmp_path / "schema.json").open("w") as out, largest_file(4096):
        done = subprocess.run(
            program,
            stdout=out,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            env={**os.environ, "PYTHONUNBUFFERED": unbuffered, "PYTHONDONTWRITEBYTECODE": "1"},
        )
    assert (done.returncode, done.stderr) == (6, "error: standard output: cannot be written: file too large\n")
