"""Which reader a path wants: by its ending, and in a folder by what is in it."""

from __future__ import annotations

from pathlib import Path

from designer.importing.coefficients import Coefficients, check_complete, refusal
from designer.importing.read_c import read_c
from designer.importing.read_camilladsp import read_camilladsp
from designer.importing.read_csv import read_csv
from designer.importing.read_wav import read_wav
from designer.problem.schema import Problem

READERS = {
    ".csv": read_csv,
    ".wav": read_wav,
    ".c": read_c,
    ".h": read_c,
    ".yml": read_camilladsp,
    ".yaml": read_camilladsp,
}
IN_FOLDERS = ("camilladsp.yml", "coefficients.csv", "filters.wav", "*.yml", "*.yaml", "*.c")
"""What is looked for in a folder, the first first."""
ALLOWED = "a csv, wav, C or CamillaDSP file, or a folder with one of these"


def read_coefficients(path: Path, problem: Problem) -> Coefficients:
    """The filters of a file, or of an exported folder, on a problem's channels and drivers.

    Raises
    ------
    DataError : no reader knows it, or its content does not fit the problem

    """
    file = _in_folder(path) if path.is_dir() else path
    reader = READERS.get(file.suffix.lower())
    if reader is None:
        raise refusal(path, f"a file that ends with {file.suffix!r}", ALLOWED, "export it as one of these")
    found = reader(file, problem)
    check_complete(file, found, problem)
    return found


def _in_folder(folder: Path) -> Path:
    for pattern in IN_FOLDERS:
        files = sorted(folder.glob(pattern))
        if len(files) > 1:
            raise refusal(folder, f"{len(files)} files {pattern}", "one", "name the one that is meant")
        if files:
            return files[0]
    raise refusal(folder, "a folder without coefficients", ALLOWED, "name the file itself")
