"""A bank's exported C compiled with `sources/play_bank.c`, on this machine or an emulated one, along a path of positions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from designer.arrays import Real
from designer.export.bank_plan import BankPlan
from designer.export.c_plan import BLOCK
from designer.export.runners import cmsis_program
from designer.export.runners.c_program import FLOAT, built, names_of, played
from designer.export.runners.machines import Machine


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
    big, names = prefix.upper(), names_of(prefix, plan.word, stereo=stereo)
    names |= {"SET": f"{prefix}_set_position", "FILTERS": "(&(state)->filters)" if stereo else "(state)"}
    names |= {"FADE": f"{big}_FADE_SAMPLES", "KEYS": f"{big}_KEYS"}
    if cmsis is None:
        return built(machine, folder, prefix, "play_bank.c", names, *options)
    return cmsis_program.built(
        machine, folder, prefix, "play_bank.c", {"BLOCKS": BLOCK, **names}, cmsis, objects, *options
    )


def played_along(program: Path, samples: NDArray[Any], values: Real, machine: Machine, plan: BankPlan) -> NDArray[Any]:
    """Feeds (N, drivers) of samples (N, channels), with a position (K,) of `values` set ahead of each fade's samples."""
    values.astype(FLOAT).tofile(program.parent / "path.bin")
    return played(program, samples, machine, len(plan.filters.drivers), plan.word)
