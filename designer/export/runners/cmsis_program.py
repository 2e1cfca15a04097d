"""`cmsis-*`: the exported source compiled with CMSIS-DSP's own sources and `sources/play_blocks.c`, on an emulated Cortex-M.

Without an emulator (`--machine host`) the library's plain C runs on this machine. The Cortex-M4 takes the DSP instructions, the M7 the
plain C that every processor runs. `sources/cmsis_compiler.h` stands for CMSIS-Core, whose intrinsics are GCC's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real
from designer.errors import DataError, MissingProgramError
from designer.export.c_plan import BLOCK, CWord
from designer.export.filter_set import FilterSet
from designer.export.runners import c_program, machines
from designer.export.runners.bench import Bench
from designer.export.runners.c_program import full_scale, samples_of
from designer.export.runners.machines import SOURCES, Machine, compiled, defined, linked, machine_named

VERSION = "1.10.3"
FUNCTIONS = ("fir", "fir_init", "biquad_cascade_df1", "biquad_cascade_df1_init")
STRICT = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic")
PLAIN_C = "-D__GNUC_PYTHON__"  # frees the library from CMSIS-Core's headers: no intrinsics
UNROLLED = "-DARM_MATH_LOOPUNROLL"
HOST = replace(machines.HOST, options=(PLAIN_C,))
M4 = replace(machines.M4, options=(f"-I{SOURCES}", UNROLLED, *machines.M4.options))
M7 = replace(machines.M7, options=(PLAIN_C, UNROLLED, *machines.M7.options))
RISCV = replace(machines.RISCV, options=(PLAIN_C, *machines.RISCV.options))
MACHINES = {machine.name: machine for machine in (HOST, M4, M7, RISCV)}


def run_cmsis(folder: Path, signals: Real, filters: FilterSet, bench: Bench, *, word: CWord) -> Real:
    """Feeds (N, drivers) of signals (N, channels).

    Raises ProgramError: a compiler, an emulator or the library is missing, or one fails; DataError: a folder without the library.
    """
    root = library_root(bench.cmsis)
    machine = MACHINES[machine_named(bench.machine or "cortex-m4").name]
    path = program_of(folder, word, machine, root, library(machine, root, folder))
    return full_scale(played(path, samples_of(signals, word.word), machine, len(filters.drivers), word), word.word)


def library_root(folder: Path | None) -> Path:
    """The folder of CMSIS-DSP's sources. Raises MissingProgramError: none is given; DataError: it is none."""
    if folder is None:
        raise MissingProgramError(
            "CMSIS-DSP: not named; this export runs with the library's own sources; get them (pip download --no-deps --no-binary :all:"
            f" --no-build-isolation cmsisdsp=={VERSION}), unpack them, and name their folder with --cmsis; or record the device and"
            " give --recorded"
        )
    if not (folder / "Include" / "arm_math.h").is_file():
        raise DataError(
            f"{folder}: got no Include/arm_math.h; expected the sources of CMSIS-DSP {VERSION}; name their folder"
        )
    return folder.absolute()


def library(machine: Machine, root: Path, folder: Path) -> list[Path]:
    """Object files of the functions that exports call, made in a folder."""
    sources = [
        root / "Source" / "FilteringFunctions" / f"arm_{f}_{w}.c" for f in FUNCTIONS for w in ("f32", "q31", "q15")
    ]
    include = [f"-I{root / 'Include'}", f"-I{root / 'PrivateInclude'}"]
    return [compiled(machine, source, folder / f"{source.stem}.o", "-w", *include) for source in sources]


def object_of(machine: Machine, source: Path, root: Path, folder: Path, *options: str) -> Path:
    """Object file, in a folder, of a source that calls the library."""
    include = [f"-I{root / 'Include'}", f"-I{source.parent}", f"-I{folder}"]
    return compiled(machine, source, folder / f"{source.stem}.{machine.name}.o", *STRICT, *options, *include)


def program_of(
    folder: Path, word: CWord, machine: Machine, root: Path, objects: list[Path], *, stereo: bool = False
) -> Path:
    """The program, built in the folder; with `stereo` of the call that takes left and right."""
    prefix = c_program.prefix_of(folder)
    names = c_program.names_of(prefix, word, stereo=stereo)
    names |= {"CHANNELS": names["INPUTS"], "BLOCK": f"{prefix.upper()}_BLOCK"}
    return built(machine, folder, prefix, "play_blocks.c", names, root, objects)


def built(
    machine: Machine,
    folder: Path,
    prefix: str,
    player: str,
    names: dict[str, object],
    root: Path,
    objects: Sequence[Path],
    *options: str,
) -> Path:
    """An export's source, the program of `sources/` that plays it, and the library's objects."""
    sources = (folder / f"{prefix}.c", SOURCES / player)
    parts = [object_of(machine, source, root, folder, *options, *defined(**names)) for source in sources]
    return linked(machine, [*map(str, (*parts, *objects))], folder / f"{machine.name}.elf", *options)


def played(path: Path, samples: NDArray[Any], machine: Machine, drivers: int, word: CWord) -> NDArray[Any]:
    """Samples (N, drivers) that a program makes of samples (N, channels)."""
    count, channels = samples.shape
    padded = np.pad(samples, ((0, -count % BLOCK), (0, 0)))
    blocks = padded.reshape(-1, BLOCK, channels).transpose(0, 2, 1)
    out = c_program.played(path, blocks, machine, BLOCK, word).reshape(-1, drivers, BLOCK)
    return out.transpose(0, 2, 1).reshape(-1, drivers)[:count]
