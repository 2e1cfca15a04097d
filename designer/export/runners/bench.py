"""The programs of others that run an export: where they are, and how one that is missing or fails is told."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from designer.arrays import Real
from designer.errors import MissingProgramError, ProgramError
from designer.export.filter_set import FilterSet

PATIENCE_S = 300.0
"""How long a program may take before it counts as failed."""
LAST_LINES = 6
"""Lines of a failed program's output that its message holds."""


@dataclass(frozen=True)
class Bench:
    """Choices of the user: the machine on which C runs ("" for the target's usual one), and the folder of CMSIS-DSP's sources."""

    machine: str = ""
    cmsis: Path | None = None

    @property
    def text(self) -> str:
        """Clause on where an export is run."""
        return f"the export, built {f'for and run on {self.machine}' if self.machine else 'and run on this machine'}"


Runner = Callable[[Path, Real, FilterSet, Bench], Real]
"""Feeds (N, drivers) of signals (N, channels), by the export in a folder."""


def program(name: str, package: str) -> str:
    """The path of a program. Raises MissingProgramError: naming its Debian package."""
    path = shutil.which(name)
    if path is None:
        raise MissingProgramError(
            f"{name}: not installed; it runs this export; install it (Debian: apt install {package}), or record the device and"
            " give --recorded"
        )
    return path


def called(
    command: Sequence[str | Path],
    folder: Path,
    *,
    environment: Mapping[str, str] | None = None,
    patience_s: float = PATIENCE_S,
) -> str:
    """Output of a program that must end well. Raises ProgramError: naming it and its last lines."""
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            list(map(str, command)),
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=patience_s,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
        )
    except subprocess.TimeoutExpired:
        raise ProgramError(
            f"{name}: did not finish within {patience_s:g} s; close other programs, and run the proof again"
        ) from None
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip()).splitlines()[-LAST_LINES:]
        raise ProgramError(
            "\n".join([f"{name}: failed with exit code {done.returncode}:", *(f"  {line}" for line in lines)])
        )
    return done.stdout
