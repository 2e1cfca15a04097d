"""A prototype's measurement beside its prediction: the same filters, in the scene that was measured.

What was measured is the whole device driver by driver (a SOFA file as `[scene] transfer` takes it, with receivers at the ears, on the
circle, or both), some of its drivers (as `response` of a driver takes them), or a channel as it plays, its filters running
(`played.py`). Nothing is designed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from designer.acoustics.measured_device import read_device
from designer.comparison.entry import Entry
from designer.comparison.measured_places import known_cloud, knows_circle, nowhere, only
from designer.comparison.played import is_played, played_entries
from designer.errors import DataError, UsageError
from designer.problem.read import changed
from designer.problem.schema import SceneTable


def measured_entries(entries: Sequence[Entry], given: Sequence[str]) -> tuple[list[Entry], list[str]]:
    """The measured counterparts of the entries, and notes of what they leave out.

    Parameters
    ----------
    given : SOFA files of whole devices; DRIVER=FILES, which all belong to one measurement; channel:NAME=FILES

    Raises
    ------
    UsageError : a driver or channel that no design has
    DataError : a file that cannot be used, or that fits no design

    """
    drivers = dict(one.split("=", 1) for one in given if _is_driver(one))
    made: list[Entry] = []
    notes: list[str] = []
    for one in filter(is_played, given):
        found, said = played_entries(entries, one)
        made += found
        notes += said
    for file in (one for one in given if not _is_driver(one) and not is_played(one)):
        fitting = [entry for entry in entries if len(entry.result.drivers) == _driver_count(Path(file))]
        if not fitting:
            counts = ", ".join(f"{entry.label} {len(entry.result.drivers)}" for entry in entries)
            raise DataError(
                f"{file}: found {_driver_count(Path(file))} drivers (emitters, or measurements); allowed: as many as a design has"
                f" ({counts}); measure each driver of the device once"
            )
        for entry in fitting:
            beside, said = _whole_device(entry, Path(file))
            made.append(beside)
            notes += said
    if drivers:
        having = [entry for entry in entries if set(drivers) <= set(entry.result.drivers)]
        if not having:
            known = dict.fromkeys(name for entry in entries for name in entry.result.drivers)
            raise UsageError(
                f"--measured: found {', '.join(drivers)}; allowed: drivers of one design: {', '.join(known)}"
            )
        made += [_with_drivers(entry, drivers) for entry in having]
    return made, notes


def _is_driver(given: str) -> bool:
    return "=" in given and not is_played(given) and not Path(given).exists()


def _driver_count(path: Path) -> int:
    return int(read_device(path, None).data.shape[1])


def _whole_device(entry: Entry, path: Path) -> tuple[Entry, list[str]]:
    """An entry's filters on a measured device: only the channels, and only the places of the head, that the file knows."""
    problem = entry.result.problem
    device = read_device(path, len(problem.drivers))
    cloud, has_circle = known_cloud(device, problem), knows_circle(device, problem)
    kept = [table for table in problem.designs if (has_circle if table.is_beam else bool(cloud))]
    if not kept:
        raise nowhere(path, problem, entry.label)
    label = f"{entry.label}, measured ({path.stem})"
    notes = []
    lost = [table.name for table in problem.designs if table not in kept]
    if lost:
        where = "on the circle" if cloud else "at the ears"
        notes.append(f"{label}: {path} has no receivers {where}, so it has no {', '.join(lost)}")
    if cloud and len(cloud) < len(problem.listener.ear_cloud_m):
        notes.append(
            f"{label}: {path} knows {len(cloud)} of the ear cloud's {len(problem.listener.ear_cloud_m)} displacements, so its gains"
            " are over these alone"
        )
    table = (problem.scene or SceneTable()).model_copy(update={"transfer": str(path.absolute())})
    update: dict[str, object] = {"scene": table, "designs": kept}
    if cloud:
        update["listener"] = problem.listener.model_copy(update={"ear_cloud_m": cloud})
    judged = replace(only(entry.result, kept), problem=problem.model_copy(update=update))
    return Entry(label, judged, entry.source, str(path), has_circle), notes


def _with_drivers(entry: Entry, files: Mapping[str, str]) -> Entry:
    """An entry's filters with measured responses of some drivers instead of their models."""
    problem = entry.result.problem
    data = problem.model_dump(exclude_unset=True)
    for driver in data["drivers"]:
        if driver["name"] in files:
            driver["response"] = str(Path(files[driver["name"]]).absolute())
    judged = replace(entry.result, problem=changed(problem, data))
    return Entry(f"{entry.label}, measured drivers", judged, entry.source, ", ".join(files.values()))
