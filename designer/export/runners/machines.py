"""Where C is compiled and run: this machine, two Arm cores that qemu is, and a RISC-V whose system calls it takes.

The Cortex-M run without an operating system, with files over semihosting; the RISC-V is Linux's.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from designer.errors import MissingProgramError, UsageError
from designer.export.runners.bench import called, program

SOURCES = Path(__file__).parent / "sources"


@dataclass(frozen=True)
class Machine:
    """Machine of a program: its compiler, the compiler's Debian package, the options, and the machine that qemu emulates."""

    name: str
    compiler: str
    package: str
    options: tuple[str, ...]
    qemu: str = ""

    @property
    def is_bare(self) -> bool:
        """Whether it has no operating system."""
        return self.qemu.startswith("mps2")


HOST = Machine("host", "gcc", "gcc", ())
M4 = Machine(
    "cortex-m4",
    "arm-none-eabi-gcc",
    "gcc-arm-none-eabi",
    ("-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"),
    "mps2-an386",
)
M7 = Machine(
    "cortex-m7",
    "arm-none-eabi-gcc",
    "gcc-arm-none-eabi",
    ("-mcpu=cortex-m7", "-mthumb", "-mfpu=fpv5-d16", "-mfloat-abi=hard"),
    "mps2-an500",
)
RISCV = Machine("riscv64", "riscv64-linux-gnu-gcc", "gcc-riscv64-linux-gnu", ("-static",), "qemu-riscv64")
MACHINES = {machine.name: machine for machine in (HOST, M4, M7, RISCV)}


def machine_named(name: str) -> Machine:
    """The machine of a name. Raises UsageError: there is none."""
    if name not in MACHINES:
        raise UsageError(f"--machine: got {name!r}; expected {', '.join(MACHINES)}")
    return MACHINES[name]


def run(machine: Machine, path: Path, work: Path, *arguments: str) -> str:
    """Run a program in a folder, of a bare core with arguments of qemu, and return what it printed.

    Raises ProgramError: it is not installed, or it did not end well.
    """
    command = [str(path)]
    if machine.is_bare:
        qemu = program("qemu-system-arm", "qemu-system-arm")
        semihosting = ["-semihosting-config", "enable=on,target=native"]
        command = [qemu, "-M", machine.qemu, "-nographic", *arguments, *semihosting, "-kernel", str(path)]
    elif machine.qemu:
        command = [program(machine.qemu, "qemu-user"), str(path)]
    return called(command, work)


def compiler(machine: Machine) -> str:
    """Its compiler; of this machine gcc, else clang. Raises MissingProgramError: there is none."""
    if machine is HOST and shutil.which("gcc") is None and (clang := shutil.which("clang")):
        return clang
    return program(machine.compiler, machine.package)


def compiled(machine: Machine, source: Path, target: Path, *options: str) -> Path:
    """An object file of a source. Raises ProgramError: the compiler is missing, or refuses it."""
    command = [compiler(machine), *machine.options, "-O2", *options, "-c", str(source), "-o", str(target)]
    called(command, target.parent)
    return target


def linked(machine: Machine, parts: Sequence[str], path: Path, *options: str) -> Path:
    """A program of sources and objects, with what a bare core needs to start. Raises ProgramError: as `compiled`."""
    start, end = [], list[str]()
    if machine.is_bare:
        if not Path(called([compiler(machine), "-print-file-name=rdimon.specs"], path.parent).strip()).is_absolute():
            raise MissingProgramError(
                "rdimon.specs: not installed; a program without an operating system starts with it; install it (Debian: apt"
                " install libnewlib-arm-none-eabi)"
            )
        start = ["-nostartfiles", "--specs=rdimon.specs", "-T", str(SOURCES / "link.ld"), str(SOURCES / "start.c")]
        end = ["-lc", "-lrdimon"]
    command = [compiler(machine), *machine.options, "-O2", *start, *options, *parts, *end, "-lm", "-o", str(path)]
    called(command, path.parent)
    return path


def defined(**values: object) -> list[str]:
    """Options that define macros."""
    return [f"-D{name}={value}" for name, value in values.items()]
