"""The studio's private folders: nobody else may look in, and none outlives its process for long."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from designer.studio.private_folder import PREFIX, YOUNG_S, PrivateFolder

pytest.importorskip("fcntl", reason="what a killed process leaves is found by its lock")
KILLED = """
import os, signal
from designer.studio.private_folder import PrivateFolder
folder = PrivateFolder()
(folder.path / "1").write_bytes(b"sound")
print(folder.path, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def aged(path: Path) -> None:
    old = path.stat().st_mtime - 2 * YOUNG_S
    os.utime(path, (old, old))


def test_a_killed_studios_folder_goes_at_the_next_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dead process's folder is removed with its content; those of living processes, young ones, links and others' folders stay."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    killed = subprocess.run([sys.executable, "-c", KILLED], env=environment, capture_output=True, text=True)
    dead, living = Path(killed.stdout.strip()), PrivateFolder()
    young, other, link = tmp_path / f"{PREFIX}young", tmp_path / "thesis", tmp_path / f"{PREFIX}link"
    notes = tmp_path / f"{PREFIX}notes"
    for folder in (young, other, notes):
        folder.mkdir()
    (notes / "thesis").write_text("mine")
    link.symlink_to(other)
    for folder in (dead, living.path, other, notes):
        aged(folder)
    assert (dead / "1").read_bytes() == b"sound"
    assert stat.S_IMODE(living.path.stat().st_mode) == 0o700
    newer = PrivateFolder()
    assert not dead.exists()
    assert all(path.exists() for path in (living.path, newer.path, young, other, link, notes / "thesis"))
    living.close()
    newer.close()
    assert not living.path.exists() and not newer.path.exists()
