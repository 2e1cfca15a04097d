"""Where C is compiled and run: this machine, two Arm cores that qemu is, and a RISC-V whose system calls it takes.

The Cortex-M run without an operating system, with files over semihosting; the RISC-V is Linux's.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from programs import missing, need

HERE = Path(__file__).parent / "cortex_m"


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


def run(machine: Machine, program: Path, work: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a folder, of a bare core with arguments of qemu, and return how it ended."""
    command = [str(program)]
    if machine.is_bare:
        qemu = need("qemu-system-arm", "qemu-system-arm")
        semihosting = ["-semihosting-config", "enable=on,target=native"]
        command = [qemu, "-M", machine.qemu, "-nographic", *arguments, *semihosting, "-kernel", str(program)]
    elif machine.qemu:
        command = [need(machine.qemu, "qemu-user"), str(program)]
    return subprocess.run(
        command, cwd=work, capture_output=True, text=True, timeout=120, check=False, stdin=subprocess.DEVNULL
    )


def linked(machine: Machine, parts: Sequence[str], program: Path, *options: str) -> Path:
    """A program of sources and objects, with what a bare core needs to start."""
    start, end = [], list[str]()
    if machine.is_bare:
        if "no-such" in _asked(machine, "-print-file-name=rdimon.specs"):
            missing("needs libnewlib-arm-none-eabi (Debian)")
        start = ["-nostartfiles", "--specs=rdimon.specs", "-T", str(HERE / "link.ld"), str(HERE / "start.c")]
        end = ["-lc", "-lrdimon"]
    call([compiler(machine), *machine.options, "-O2", *start, *options, *parts, *end, "-lm", "-o", str(program)])
    return program


def compiler(machine: Machine) -> str:
    return need(machine.compiler, machine.package)


def _asked(machine: Machine, question: str) -> str:
    answer = subprocess.run([compiler(machine), question], capture_output=True, text=True, check=True).stdout.strip()
    return answer if Path(answer).is_absolute() else "no-such"


def call(command: Sequence[str]) -> None:
    """Run a compiler that must not complain."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stderr}"
