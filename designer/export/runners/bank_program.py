"""A bank's exported C compiled with `sources/play_bank.c`, on this machine or an emulated one, along a path of positions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.arrays import Real
from designer.export.bank_plan import BankPlan
from designer.export.c_plan import BLOCK
from designer.export.runners import cmsis_program
from designer.export.runners.c_program import WARNINGS
from designer.export.runners.machines import SOURCES, Machine, compiled, defined, linked, run
from designer.export.runners.samples import FLOAT, KINDS


def bank_program(
    folder: Path,
    plan: BankPlan,
    machine: Machine,
    *options: str,
    stereo: bool = False,
    cmsis: Path | None = None,
    objects: tuple[Path, ...] = (),
) -> Path:
    """The program, built in the folder of the export; with `stereo` of the call that takes left and right.

    With `cmsis`, the sources' folder, it is one for CMSIS-DSP and its objects.

    Raises ProgramError: a compiler is missing, or refuses the source.
    """
    prefix = plan.names.prefix
    big = prefix.upper()
    names = {
        "HEADER": f'"{prefix}.h"',
        "SAMPLE": plan.word.c_type,
        **{name: f"{prefix}_{call}" for name, call in _CALLS.items()},
        **{name: f"{big}_{macro}" for name, macro in _MACROS.items()},
        "FILTERS": "(state)",
    }
    if stereo:
        stem = f"{prefix}_stereo"
        names |= {
            "STATE": f"{stem}_state",
            "INIT": f"{stem}_init",
            "PROCESS": stem,
            "INTERLEAVED": f"{stem}_interleaved",
        }
        names |= {"INPUTS": "2", "FILTERS": "(&(state)->filters)"}
    if cmsis is None:
        source = compiled(machine, folder / f"{prefix}.c", folder / "filters.o", *WARNINGS, *options)
        parts = [str(source), *defined(**names), f"-I{folder}", str(SOURCES / "play_bank.c")]
    else:
        sources = [folder / f"{prefix}.c", SOURCES / "play_bank.c"]
        built = [
            cmsis_program.object_of(machine, source, cmsis, folder, *options, *defined(BLOCKS=BLOCK, **names))
            for source in sources
        ]
        parts = [*map(str, built), *map(str, objects)]
    return linked(machine, parts, folder / f"{machine.name}.elf", *options)


_CALLS = {
    "STATE": "state",
    "INIT": "init",
    "SET": "set_position",
    "PROCESS": "process",
    "INTERLEAVED": "process_interleaved",
}
_MACROS = {"INPUTS": "CHANNELS", "DRIVERS": "DRIVERS", "FADE": "FADE_SAMPLES", "KEYS": "KEYS"}


def played_along(program: Path, samples: NDArray[Any], values: Real, machine: Machine, plan: BankPlan) -> NDArray[Any]:
    """Feeds (N, drivers) of samples (N, channels), with a position (K,) of `values` set ahead of each fade's samples."""
    samples.tofile(program.parent / "in.bin")
    values.astype(FLOAT).tofile(program.parent / "path.bin")
    run(machine, program, program.parent)
    kind = FLOAT if plan.word.word is None else KINDS[plan.word.bytes]
    return np.fromfile(program.parent / "out.bin", dtype=kind).reshape(-1, len(plan.filters.drivers))
