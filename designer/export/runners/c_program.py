"""`c`, `c-q31`, `c-q15`: the exported source compiled with `sources/play.c`, which both of its calls must play alike.

Programs of all exported C take and give samples of the word, in files of the folder.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real
from designer.errors import DataError
from designer.export.c_plan import CWord
from designer.export.filter_set import FilterSet
from designer.export.runners.bench import Bench
from designer.export.runners.machines import HOST, SOURCES, Machine, compiled, defined, linked, machine_named, run
from designer.problem.word_format import Word

KINDS: dict[int, Any] = {2: np.dtype("<i2"), 4: np.dtype("<i4")}
FLOAT = np.dtype("<f4")
STRICT = ("all", "extra", "pedantic", "conversion", "sign-conversion", "shadow", "undef", "cast-qual", "error")
WARNINGS = ["-std=c99", *(f"-W{name}" for name in STRICT)]


def samples_of(signals: Real, word: Word | None) -> NDArray[Any]:
    """The nearest samples of signals of full scale 1: integers of a word, else of single precision."""
    if word is None:
        return signals.astype(FLOAT)
    steps = np.rint(signals * 2.0**word.fraction_bits)
    return np.asarray(np.clip(steps, word.least, word.greatest), dtype=KINDS[word.bits // 8])


def full_scale(samples: NDArray[Any], word: Word | None) -> Real:
    """Signals of full scale 1."""
    return samples.astype(float) * (1.0 if word is None else 2.0**-word.fraction_bits)


def run_c(folder: Path, signals: Real, filters: FilterSet, bench: Bench, *, word: CWord) -> Real:
    """Feeds (N, drivers) of signals (N, channels). Raises ProgramError: a compiler or an emulator is missing or fails."""
    machine = machine_named(bench.machine) if bench.machine else HOST
    path = program_of(folder, word, machine)
    return full_scale(played(path, samples_of(signals, word.word), machine, len(filters.drivers), word), word.word)


def prefix_of(folder: Path) -> str:
    """The prefix of an export's names. Raises DataError: the folder holds no header of one."""
    for header in sorted(folder.glob("*.h")):
        call = re.search(r"\b(\w+)_process\(", header.read_text(encoding="utf-8"))
        if call is not None and call[1] == header.stem:
            return call[1]
    raise DataError(f"{folder}: got no header with a process function; expected an export in C; export it again")


def names_of(prefix: str, word: CWord, *, stereo: bool) -> dict[str, object]:
    """Macros by which a program of `sources/` names an export's calls; with `stereo` those that take left and right."""
    big, stem = prefix.upper(), f"{prefix}_stereo" if stereo else prefix
    call = stem if stereo else f"{stem}_process"
    return {
        **{"HEADER": f'"{prefix}.h"', "SAMPLE": word.c_type, "STATE": f"{stem}_state", "INIT": f"{stem}_init"},
        **{"PROCESS": call, "INTERLEAVED": f"{call}_interleaved"},
        **{"INPUTS": 2 if stereo else f"{big}_CHANNELS", "DRIVERS": f"{big}_DRIVERS"},
    }


def program_of(folder: Path, word: CWord, machine: Machine, *options: str, stereo: bool = False) -> Path:
    """The program, built in the folder; with `stereo` of the call that takes left and right."""
    prefix = prefix_of(folder)
    return built(machine, folder, prefix, "play.c", names_of(prefix, word, stereo=stereo), *options)


def built(machine: Machine, folder: Path, prefix: str, player: str, names: dict[str, object], *options: str) -> Path:
    """An export's source, without a warning, and the program of `sources/` that plays it."""
    source = compiled(machine, folder / f"{prefix}.c", folder / "filters.o", *WARNINGS, *options)
    parts = [str(source), *defined(**names), f"-I{folder}", str(SOURCES / player)]
    return linked(machine, parts, folder / f"{machine.name}.elf", *options)


def played(path: Path, samples: NDArray[Any], machine: Machine, drivers: int, word: CWord) -> NDArray[Any]:
    """Samples (N, drivers) that a program makes of samples (N, inputs), or of what the order of its calls asks for."""
    samples.tofile(path.parent / "in.bin")
    run(machine, path, path.parent)
    kind = FLOAT if word.word is None else KINDS[word.bytes]
    return np.fromfile(path.parent / "out.bin", dtype=kind).reshape(-1, drivers)
