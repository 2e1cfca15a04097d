"""`faust`: the program compiled to C in double precision by the Faust compiler, and played by a loop that calls it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from designer.arrays import Real
from designer.export.filter_set import FilterSet
from designer.export.runners.bench import Bench, called, program
from designer.export.runners.machines import HOST, SOURCES, compiler, defined

PATIENCE_S = 1200.0


def run_faust(folder: Path, signals: Real, filters: FilterSet, bench: Bench) -> Real:
    """Feeds (N, drivers) of signals (N, channels). Raises ProgramError: faust or a C compiler is missing or fails."""
    faust = program("faust", "faust")
    compile_c = [faust, "-t", "0", "-double", "-lang", "c", "filters.dsp", "-o", "faust.c"]
    called(compile_c, folder, patience_s=PATIENCE_S)
    sizes = defined(INPUTS=len(filters.channels), OUTPUTS=len(filters.drivers), RATE_HZ=round(filters.sample_rate_hz))
    build: list[str | Path] = [
        compiler(HOST),
        "-O1",
        "-w",
        "-DFAUSTFLOAT=double",
        *sizes,
        f"-I{folder}",
        SOURCES / "play_faust.c",
    ]
    called([*build, "-lm", "-o", "play"], folder, patience_s=PATIENCE_S)
    signals.astype("<f8").tofile(folder / "in.bin")
    called([folder / "play"], folder)
    return np.fromfile(folder / "out.bin", "<f8").reshape(-1, len(filters.drivers))
