"""Which reader a path wants: by its ending, and in a folder by what is in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from designer.errors import DataError
from designer.export.filter_table import NAME as FILTER_TABLE
from designer.importing.coefficients import Coefficients, check_complete
from designer.importing.files import is_folder, read_text, refusal
from designer.importing.read_brutefir import read_brutefir
from designer.importing.read_c import read_c
from designer.importing.read_camilladsp import read_camilladsp
from designer.importing.read_csv import read_csv
from designer.importing.read_equalizer_apo import read_equalizer_apo
from designer.importing.read_jconvolver import MAX_CONF_BYTES, read_jconvolver
from designer.importing.read_json import read_json
from designer.importing.read_mat import read_mat
from designer.importing.read_npz import read_npz
from designer.importing.read_wav import read_wav
from designer.problem.schema import Problem


def _read_conf(path: Path, problem: Problem) -> Coefficients:
    """BruteFIR's and jconvolver's configurations end alike; the second has commands that begin with a slash."""
    lines = read_text(path, MAX_CONF_BYTES).splitlines()
    reader = read_jconvolver if any(line.lstrip().startswith("/") for line in lines) else read_brutefir
    return reader(path, problem)


READERS = {
    ".csv": read_csv,
    ".json": read_json,
    ".npz": read_npz,
    ".wav": read_wav,
    ".c": read_c,
    ".h": read_c,
    ".yml": read_camilladsp,
    ".yaml": read_camilladsp,
    ".conf": _read_conf,
    ".txt": read_equalizer_apo,
    ".mat": read_mat,
}
BARE = (".hex", ".coe", ".bin")
IN_FOLDERS = (
    "camilladsp.yml",
    "coefficients.csv",
    FILTER_TABLE,
    "filters.json",
    "filters.npz",
    "filters.mat",
    "filters.wav",
    "brutefir.conf",
    "jconvolver.conf",
    "equalizerapo.txt",
    "*.yml",
    "*.yaml",
    "*.conf",
    "*.c",
    "f32/*.c",
    "q31/*.c",
    "q15/*.c",
)
"""What is looked for in a folder, the first first."""
ALLOWED = "a csv, json, npz, mat, wav, C, CamillaDSP, BruteFIR, jconvolver or Equalizer APO file, or a folder with one of these"
PROOF = "_test.c"
"""What the programs end with that compare feeds; the coefficients are in the file beside each."""


def read_coefficients(path: Path, problem: Problem) -> Coefficients:
    """The filters of a file, or of an exported folder, on a problem's channels and drivers.

    Raises
    ------
    DataError : no reader knows it, or its content does not fit the problem

    """
    file = _in_folder(path) if is_folder(path) else path
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        remedy = f"name its folder, with {FILTER_TABLE}" if file.suffix in BARE else "export it as one of these"
        raise refusal(path, f"a file that ends with {file.suffix[:20]!r}", ALLOWED, remedy)
    try:
        found = reader(file, problem)
    except MemoryError:
        raise DataError(f"{path}: found more than the memory holds; allowed: {ALLOWED}; export it again") from None
    heard = {
        channel: {driver: taps for driver, taps in each.items() if taps.any()} for channel, each in found.taps.items()
    }
    found = replace(found, taps={channel: each for channel, each in heard.items() if each})
    check_complete(file, found, problem)
    return found


def _in_folder(folder: Path) -> Path:
    for pattern in IN_FOLDERS:
        files = sorted(file for file in folder.glob(pattern) if not file.name.endswith(PROOF))
        if len(files) > 1:
            raise refusal(folder, f"{len(files)} files {pattern}", "one", "name the one that is meant")
        if files:
            return files[0]
    raise refusal(folder, "a folder without coefficients", ALLOWED, "name the file itself")
