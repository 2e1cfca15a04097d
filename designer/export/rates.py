"""One problem at several sample rates, and their filters in one export.

At another rate the filters last as long: taps, equaliser and a stated bulk delay count in proportion, taps in multiples of 4; poles ring as
long, because their largest radius is raised to the power of the rates' ratio; a linear grid keeps its step. All else is the file's.

A target that plays at whatever rate its host runs writes one set of files for all (`Target.write_rates`). Of every other target each rate
has a folder of its own, named for it, and names in C that end with it, so that a firmware can link all of them. A reader finds the files of
a rate in either.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from designer.errors import DataError, UsageError
from designer.export.filter_set import FilterSet
from designer.export.target import Export, Target, refuse
from designer.problem.messages import enumeration, number
from designer.problem.realization_checks import MAX_POLE_RADIUS, MIN_TAPS
from designer.problem.schema import Problem

MULTIPLE = 4
"""Taps of a rate are a multiple of it, as vector loops want them."""
MAX_RATES = 16
RATE_FOLDER = re.compile(r"\d{4,7}(\.\d+)?")
RATE_STEM = re.compile(r"(.+)_(\d{4,7})")

LARGEST = (
    *("multiply_adds_per_s", "latency_ms", "latency_samples", "headroom_db", "tones_headroom_db", "worst_output"),
    *("loss_db", "level_change_db", "time_change_us"),
)
"""Numbers of a manifest whose largest of all rates stands for the export."""


def checked_rates(text: str) -> tuple[int, ...]:
    """The rates of a list in hertz, with commas between, from the lowest.

    Raises UsageError: no such list, or a rate twice.
    """
    try:
        rates = tuple(sorted(int(part) for part in text.split(",")))
    except ValueError:
        rates = ()
    if not 1 <= len(set(rates)) == len(rates) <= MAX_RATES or min(rates) < 1000:
        raise UsageError(
            f"--rates: got {text!r}; expected up to {MAX_RATES} different rates in whole hertz; write --rates 44100,48000,96000"
        )
    return rates


def at_rate(problem: Problem, rate_hz: int) -> Problem:
    """The problem at another sample rate.

    Raises ProblemError: a frequency of the file is beyond half of that rate, or its filters would be too long.
    """
    ratio = rate_hz / problem.sample_rate_hz
    if ratio == 1:
        return problem
    table, changes = problem.realization, dict[str, Any](sample_rate_hz=float(rate_hz))
    if table.form == "biquad":
        changes["realization.max_pole_radius"] = min(table.max_pole_radius ** (1 / ratio), MAX_POLE_RADIUS)
    else:
        changes["realization.taps"] = max(MULTIPLE * round(table.taps * ratio / MULTIPLE), MIN_TAPS)
        if table.equaliser_taps:
            changes["realization.equaliser_taps"] = round(table.equaliser_taps * ratio)
    if isinstance(table.bulk_delay_samples, int):
        changes["realization.bulk_delay_samples"] = round(table.bulk_delay_samples * ratio)
    if problem.grid.spacing == "linear":
        changes["grid.frequencies"] = round((problem.grid.frequencies - 1) * ratio) + 1
    return problem.replace(changes)


def suffix(filters: FilterSet) -> str:
    """End of the names in C of filters that are exported beside those of other rates."""
    return f"_{number(filters.sample_rate_hz)}".replace(".", "_").replace(",", "")


def joined_export(target: Target, filters: FilterSet, exports: Sequence[Export]) -> Export:
    """One export of all rates: the files of all, memory that holds all, and each number the largest, beside those of each rate."""
    sets = filters.at_rates
    rates = [number(member.sample_rate_hz) for member in sets]
    if target.write_rates is not None:
        written = target.write_rates(filters)
        files, notes = written.files, written.notes
    else:
        files = {
            f"{rate}/{path}": content
            for rate, e in zip(rates, exports, strict=True)
            for path, content in e.files.items()
        }
        notes = tuple(dict.fromkeys(note for export in exports for note in export.notes))
    first = exports[0]
    facts: dict[str, Any] = {
        key: max(export.facts[key] for export in exports) for key in LARGEST if all(key in e.facts for e in exports)
    }
    flash = sum(export.facts["flash_bytes"] for export in exports)
    ram = max(export.facts["ram_bytes"] for export in exports)
    of_rates = {
        rate: {
            "coefficient_bytes": export.coefficient_bytes,
            "state_bytes": export.state_bytes,
            "multiply_adds_per_sample": export.multiply_adds,
            "bulk_delay_samples": member.bulk_delay_samples,
            "taps": member.taps,
            "scaling": export.scaling,
            **export.facts,
        }
        for rate, member, export in zip(rates, sets, exports, strict=True)
    }
    cost = "\n".join(f"at {rate} Hz {export.cost}" for rate, export in zip(rates, exports, strict=True))
    return replace(
        first,
        files=files,
        notes=notes,
        coefficient_bytes=sum(export.coefficient_bytes for export in exports),
        state_bytes=max(export.state_bytes for export in exports),
        multiply_adds=max(export.multiply_adds for export in exports),
        flash_bytes=flash,
        ram_bytes=ram,
        facts={**facts, "flash_bytes": flash, "ram_bytes": ram, "preamp_db": -facts["tones_headroom_db"] + 0.0,
               "preamp_applied": False, "rates": of_rates},
        cost=cost,
    )  # fmt: skip


def check_same(target: str, filters: FilterSet) -> None:
    """Refuse filters of several rates that one set of files does not hold.

    Raises UsageError: their channels or drivers differ.
    """
    if len({(member.channels, member.drivers) for member in filters.at_rates}) > 1:
        actual = "other channels or drivers at one rate than at another"
        raise refuse(target, actual, "the same at all", "export each rate by itself")


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
    note = f"{folder} holds filters at {rates} Hz: those at {number(rate_hz)} Hz, the problem's rate, are read"
    return paths[rate_hz], note
