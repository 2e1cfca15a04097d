"""CMSIS-DSP's own C sources, compiled for this machine and for two cores in qemu, and programs built with them.

The sources are those of the archive of cmsisdsp 1.10.3 (PyPI). The Cortex-M4 takes the DSP instructions, the M7 the plain C
that every processor runs, so that both halves of the library are met.
"""

from __future__ import annotations

import functools
import getpass
import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Sequence
from pathlib import Path

from programs import missing

from designer.export.runners import cmsis_program, machines
from designer.export.runners.cmsis_program import HOST, M4, M7, VERSION
from designer.export.runners.machines import SOURCES, Machine, linked

CORES = (M4, M7)
__all__ = ["CORES", "HOST", "M4"]


def run(machine: Machine, sources: Sequence[Path], work: Path, *options: str) -> str:
    """Build a program in a folder, run it there, and return what it printed; one that ends with 1 raises."""
    objects = [str(compiled(machine, source, work, *options)) for source in sources]
    program = linked(machine, [*objects, *map(str, library(machine))], work / f"{machine.name}.elf")
    return machines.run(machine, program, work)


def compiled(machine: Machine, source: Path, work: Path, *options: str) -> Path:
    """One object file of a source that this project wrote."""
    return cmsis_program.object_of(machine, source, archive(), work, *options)


@functools.cache
def library(machine: Machine) -> list[Path]:
    """The library's object files, made once a machine."""
    root = archive()
    text = " ".join((*machine.options, (SOURCES / "cmsis_compiler.h").read_text()))
    place = root.parent / f"{machine.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    if not place.exists():
        partial = Path(tempfile.mkdtemp(dir=root.parent))
        cmsis_program.library(machine, root, partial)
        _put(partial, place)
    return sorted(place.glob("*.o"))


def archive() -> Path:
    """The unpacked source archive, or the end of this test."""
    place, reason = _fetched()
    if reason:
        missing(f"needs the source archive of cmsisdsp {VERSION} (PyPI): {reason}")
    return place


@functools.cache
def _fetched() -> tuple[Path, str]:
    """Where the archive is, once pip has fetched it, and why it is not, which is asked once."""
    folder = Path(tempfile.gettempdir()) / f"cmsisdsp-{VERSION}-{getpass.getuser()}"
    place = folder / f"cmsisdsp-{VERSION}"
    if place.exists():
        return place, ""
    folder.mkdir(mode=0o700, exist_ok=True)
    partial = Path(tempfile.mkdtemp(dir=folder))
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "--no-build-isolation"]
    got = subprocess.run(
        [*pip, "-d", str(partial), f"cmsisdsp=={VERSION}"], capture_output=True, text=True, check=False
    )
    found = list(partial.glob("*.tar.gz"))
    if found:
        with tarfile.open(found[0]) as file:
            file.extractall(partial, filter="data")
        _put(partial / place.name, place)
    shutil.rmtree(partial)
    return place, "" if found else (got.stderr.strip().splitlines() or ["pip says nothing"])[-1]


def _put(partial: Path, place: Path) -> None:
    """Rename, unless another process was faster."""
    try:
        partial.rename(place)
    except OSError:
        shutil.rmtree(partial)
