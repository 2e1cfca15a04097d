"""The targets, by the names that `--target` and `[export] targets` take."""

from __future__ import annotations

import difflib
from collections.abc import Collection

from designer.errors import UsageError
from designer.export.brutefir import BRUTEFIR
from designer.export.camilladsp import CAMILLADSP
from designer.export.cmsis import TARGETS as CMSIS
from designer.export.cmsis_proof import CMSIS_TEST
from designer.export.equalizer_apo import EQUALIZER_APO
from designer.export.hex_words import HEX
from designer.export.jconvolver import JCONVOLVER
from designer.export.json_text import JSON
from designer.export.matlab import MATLAB
from designer.export.minidsp import MINIDSP
from designer.export.numpy_arrays import NPZ
from designer.export.sigmadsp import SIGMADSP
from designer.export.tables import CSV
from designer.export.target import Target
from designer.export.wav import WAV
from designer.export.xilinx_coe import XILINX_COE

TARGETS: dict[str, Target] = {
    target.name: target
    for target in (
        CSV,
        JSON,
        NPZ,
        WAV,
        *CMSIS,
        CMSIS_TEST,
        CAMILLADSP,
        BRUTEFIR,
        JCONVOLVER,
        EQUALIZER_APO,
        MINIDSP,
        SIGMADSP,
        XILINX_COE,
        HEX,
        MATLAB,
    )
}


def target_named(name: str) -> Target:
    """The target of a name.

    Raises
    ------
    UsageError : there is none; names the nearest

    """
    if name not in TARGETS:
        near = difflib.get_close_matches(name, TARGETS, n=1, cutoff=0.4)
        remedy = f"; nearest: {near[0]}" if near else ""
        raise UsageError(f"--target: found {name!r}; allowed: {', '.join(TARGETS)}{remedy}")
    return TARGETS[name]


def check_options(name: str, given: Collection[str]) -> None:
    """Refuse a flag that a target does not heed.

    Parameters
    ----------
    given : those of `OPTIONS` that the user gave

    Raises
    ------
    UsageError : naming the flag, and the targets that heed it

    """
    for option in given:
        if option not in target_named(name).options:
            heeding = ", ".join(target.name for target in TARGETS.values() if option in target.options)
            raise UsageError(
                f"--{option}: got it for the target {name}, which has none; expected a target of {heeding}; leave --{option} out"
            )
