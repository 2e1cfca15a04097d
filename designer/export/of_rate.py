"""Files of one sample rate in an exported folder that holds several (`rates.py`): a folder each, or C whose names end with it."""

from __future__ import annotations

import re
from pathlib import Path

from designer.errors import DataError
from designer.problem.messages import enumeration, number

RATE_FOLDER = re.compile(r"\d{4,7}(\.\d+)?")
RATE_STEM = re.compile(r"(.+)_(\d{4,7})")


def rate_folders(folder: Path) -> dict[float, Path]:
    """Rate in hertz -> its folder; empty where the folder holds one rate, or a set of files for all."""
    if any(folder.glob("*.csv")):  # a table of one rate
        return {}
    inner = [path for path in folder.iterdir() if path.is_dir() and RATE_FOLDER.fullmatch(path.name)]
    return {float(path.name): path for path in sorted(inner, key=lambda path: float(path.name))}


def rate_sources(folder: Path) -> dict[float, Path]:
    """Rate in hertz -> its source in C beside those of other rates, which one header switches between; empty otherwise."""
    matches = [(match, path) for path in folder.glob("*.c") if (match := RATE_STEM.fullmatch(path.stem))]
    return {float(match[2]): path for match, path in matches if (folder / f"{match[1]}.c").is_file()}


def of_rate(folder: Path, rate_hz: float) -> tuple[Path, str]:
    """Folder, or source in C, of a rate in an exported folder, and a note on the choice; the folder itself where it holds one rate.

    Raises DataError: it holds other rates alone.
    """
    paths = rate_folders(folder) or rate_sources(folder)
    if not paths:
        return folder, ""
    rates = enumeration(list(map(number, sorted(paths))))
    if rate_hz not in paths:
        lowest = number(min(paths))
        raise DataError(
            f"{folder}: got filters at {rates} Hz; expected {number(rate_hz)} Hz, the problem's sample_rate_hz; export that rate too, or"
            f" give a problem at one of these (--set sample_rate_hz={lowest})"
        )
    return paths[
        rate_hz
    ], f"{folder} holds filters at {rates} Hz: those at {number(rate_hz)} Hz, the problem's rate, are read"
