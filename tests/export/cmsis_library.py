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
from dataclasses import dataclass
from pathlib import Path

from programs import missing, need

VERSION = "1.10.3"
HERE = Path(__file__).parent / "cortex_m"
FUNCTIONS = ("fir", "fir_init", "biquad_cascade_df1", "biquad_cascade_df1_init")
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")
PLAIN_C = "-D__GNUC_PYTHON__"  # frees the library from CMSIS-Core's headers: no intrinsics
UNROLLED = "-DARM_MATH_LOOPUNROLL"


@dataclass(frozen=True)
class Machine:
    """Where a program runs: its compiler, the Debian package of it, the options, and the machine that qemu is."""

    name: str
    compiler: str
    package: str
    options: tuple[str, ...]
    qemu: str = ""


HOST = Machine("host", "gcc", "gcc", (PLAIN_C,))
M4 = Machine(
    "cortex-m4",
    "arm-none-eabi-gcc",
    "gcc-arm-none-eabi",
    (f"-I{HERE}", UNROLLED, "-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"),
    "mps2-an386",
)
M7 = Machine(
    "cortex-m7",
    "arm-none-eabi-gcc",
    "gcc-arm-none-eabi",
    (PLAIN_C, UNROLLED, "-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-d16", "-mfloat-abi=hard"),
    "mps2-an500",
)
CORES = (M4, M7)


def run(machine: Machine, sources: Sequence[Path], work: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Build a program in a folder, run it there, and return how it ended."""
    program = build(machine, sources, work, *options)
    command = [str(program)]
    if machine.qemu:
        qemu = need("qemu-system-arm", "qemu-system-arm")
        semihosting = ["-semihosting-config", "enable=on,target=native"]
        command = [qemu, "-M", machine.qemu, "-nographic", *semihosting, "-kernel", str(program)]
    return subprocess.run(
        command, cwd=work, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL
    )


def build(machine: Machine, sources: Sequence[Path], work: Path, *options: str) -> Path:
    """The program, with all warnings of its own sources as errors."""
    objects = [compiled(machine, source, work, *options) for source in sources]
    program = work / f"{machine.name}.elf"
    start = (
        ["-nostartfiles", "--specs=rdimon.specs", "-T", str(HERE / "link.ld"), str(HERE / "start.c")]
        if machine.qemu
        else []
    )
    end = ["-lc", "-lrdimon"] if machine.qemu else []
    if machine.qemu and "no-such" in _asked(machine, "-print-file-name=rdimon.specs"):
        missing("needs libnewlib-arm-none-eabi (Debian)")
    _call(
        [
            _compiler(machine),
            *machine.options,
            "-O2",
            *start,
            *map(str, objects),
            *library(machine),
            *end,
            "-lm",
            "-o",
            str(program),
        ]
    )
    return program


def compiled(machine: Machine, source: Path, work: Path, *options: str) -> Path:
    """One object file of a source that this project wrote."""
    made = work / f"{source.stem}.{machine.name}.o"
    include = [f"-I{archive() / 'Include'}", f"-I{source.parent}", f"-I{work}"]
    _call(
        [_compiler(machine), *STRICT, *machine.options, "-O2", *options, *include, "-c", str(source), "-o", str(made)]
    )
    return made


@functools.cache
def library(machine: Machine) -> list[str]:
    """The library's object files, made once a machine."""
    root = archive()
    text = " ".join((*machine.options, (HERE / "cmsis_compiler.h").read_text()))
    place = root.parent / f"{machine.name}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    if not place.exists():
        partial = Path(tempfile.mkdtemp(dir=root.parent))
        for function in FUNCTIONS:
            for word in ("f32", "q31", "q15"):
                source = root / "Source" / "FilteringFunctions" / f"arm_{function}_{word}.c"
                include = [f"-I{root / 'Include'}", f"-I{root / 'PrivateInclude'}"]
                made = ["-w", "-c", str(source), "-o", str(partial / f"{source.stem}.o")]
                _call([_compiler(machine), *machine.options, "-O2", *include, *made])
        _put(partial, place)
    return sorted(map(str, place.glob("*.o")))


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


def _compiler(machine: Machine) -> str:
    return need(machine.compiler, machine.package)


def _asked(machine: Machine, question: str) -> str:
    answer = subprocess.run([_compiler(machine), question], capture_output=True, text=True, check=True).stdout.strip()
    return answer if Path(answer).is_absolute() else "no-such"


def _call(command: Sequence[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
