"""Files that are no exports, and exports that were spoilt: read right, or refused in a sentence; never a traceback, nor much memory."""

from __future__ import annotations

import os
import re
import tracemalloc
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from command import run
from export import filter_cases

import designer
from designer.commands.import_coefficients import read_coefficients
from designer.errors import DataError
from designer.export.coefficients import MAX_VALUE, Coefficients
from designer.problem.schema import MAX_TAPS
from importing import hostile_files
from importing.test_round_trip import problem

MAX_MEGABYTES = 120
"""Of memory that a file of at most 2 MB may take: what its own text, tokens and numbers come to in Python."""


@cache
def asked_of(form: str) -> designer.Problem:
    """The problem of a form's filters."""
    return problem(
        ("a", "b") if form == "fir" else ("left", "right"), filter_cases.DRIVERS[: 3 if form == "fir" else 2], form
    )


@cache
def by_hand() -> list[tuple[str, bytes]]:
    """Names and contents of the files that are written by hand."""
    return hostile_files.written_by_hand()


def read(path: Path, form: str = "fir") -> Coefficients | str:
    """Filters that a design can be made of, or the sentence of the refusal."""
    asked = asked_of(form)
    try:
        found = read_coefficients(path, asked)
    except DataError as error:
        return str(error)
    assert set(found.taps) >= {table.name for table in asked.designs}
    for each in found.taps.values():
        for taps in each.values():
            assert 1 <= taps.size <= MAX_TAPS and np.isfinite(taps).all() and np.abs(taps).max() <= MAX_VALUE
    assert all(cascade.pole_radius < 1.0 for each in found.sections.values() for cascade in each.values())
    assert all(0 <= wait <= MAX_TAPS for wait in found.delays.values())
    return found


@pytest.mark.parametrize("name", sorted({name for name, _ in by_hand()}))
def test_what_is_no_export_is_refused(name: str, tmp_path: Path) -> None:
    """A sentence with the file, what was found and what is allowed."""
    for number, content in enumerate(content for other, content in by_hand() if other == name):
        (tmp_path / name).write_bytes(content)
        tracemalloc.start()
        said = read(tmp_path / name)
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        case = (number, content[:200])
        assert isinstance(said, str), case
        assert re.match("/.*: (got .*; expected |cannot be read: )", said), case
        assert "\n" not in said and len(said) < 1500, case
        assert peak <= MAX_MEGABYTES, case


@pytest.mark.parametrize("seed", [*range(40), *(pytest.param(seed, marks=pytest.mark.long) for seed in range(40, 400))])
def test_a_spoilt_export_is_read_or_refused(seed: int, tmp_path: Path) -> None:
    """Bytes of one file changed: filters within bounds, or a sentence."""
    form = "biquad" if seed % 3 == 2 else "fir"
    filters = filter_cases.biquads() if form == "biquad" else filter_cases.fir(taps=16)
    said = read(hostile_files.spoilt(filters, tmp_path / "x", seed), form)
    assert not isinstance(said, str) or "\n" not in said


@pytest.mark.parametrize("name", ["/dev/zero", "\0", "a" * 5000, "missing.csv"])
def test_what_is_no_file_is_refused(name: str, tmp_path: Path) -> None:
    """Devices, names that no system has, and files that are not there."""
    path = Path(f"{name}.csv") if not name.startswith("/") else tmp_path / "zero.csv"
    if name.startswith("/"):
        path.symlink_to(name)
    said = read(path)
    assert isinstance(said, str) and ("cannot be read" in said or "got a device" in said)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    """Nobody writes into it."""
    os.mkfifo(tmp_path / "a.csv")
    said = read(tmp_path / "a.csv")
    assert isinstance(said, str) and "got a device, a pipe or a socket; expected a regular file" in said


@pytest.mark.parametrize("number", range(0, len(by_hand()), 20))
def test_the_command_ends_with_3(
    number: int, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bad data is exit code 3, and no folder is made."""
    name, content = by_hand()[number]
    (tmp_path / name).write_bytes(content)
    (tmp_path / "p.toml").write_text(problem(("a", "b"), filter_cases.DRIVERS).text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    ended = run(capsys, monkeypatch, "import-coefficients", name, "--problem", "p.toml", "-o", "out")
    assert ended.code == 3 and ended.err.startswith("error: ") and "Traceback" not in ended.err
    assert not (tmp_path / "out").exists()
