"""A prototype's measurement beside its prediction: the same filters, in the scene that was measured.

What was measured is either the whole device (a SOFA file as `[scene] transfer` takes it, with receivers at the ears, on the circle, or
both) or some of its drivers (as `response` of a driver takes them). Nothing is designed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from designer.acoustics.free_field import direction
from designer.acoustics.measured_device import MeasuredDevice, read_device
from designer.arrays import Real
from designer.comparison.entry import Entry
from designer.errors import DataError, UsageError
from designer.problem import geometry
from designer.problem.load import changed
from designer.problem.schema import DesignTable, Problem, SceneTable
from designer.result import Result


def measured_entries(entries: Sequence[Entry], given: Sequence[str]) -> tuple[list[Entry], list[str]]:
    """The measured counterparts of the entries, and notes of what they leave out.

    Parameters
    ----------
    given : SOFA files of whole devices, or DRIVER=FILES, which all belong to one measurement

    Raises
    ------
    UsageError : a driver that no design has
    DataError : a file that cannot be used, or that fits no design

    """
    drivers = dict(one.split("=", 1) for one in given if _is_driver(one))
    made: list[Entry] = []
    notes: list[str] = []
    for file in (one for one in given if not _is_driver(one)):
        fitting = [entry for entry in entries if len(entry.result.drivers) == _driver_count(Path(file))]
        if not fitting:
            counts = ", ".join(f"{entry.label} {len(entry.result.drivers)}" for entry in entries)
            raise DataError(
                f"{file}: found {_driver_count(Path(file))} drivers (emitters, or measurements); allowed: as many as a design has"
                f" ({counts}); measure each driver of the device once"
            )
        for entry in fitting:
            found, said = _whole_device(entry, Path(file))
            made.append(found)
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
    return "=" in given and not Path(given).exists()


def _driver_count(path: Path) -> int:
    return int(read_device(path, None).data.shape[1])


def _whole_device(entry: Entry, path: Path) -> tuple[Entry, list[str]]:
    """An entry's filters on a measured device: only the channels, and only the places of the head, that the file knows."""
    problem = entry.result.problem
    device = read_device(path, len(problem.drivers))
    cloud = [move for move in problem.listener.ear_cloud_m if device.knows(_ears_m(problem, move))]
    has_circle = _knows_circle(device, problem)
    kept = [table for table in problem.designs if (has_circle if table.kind == "beamformer" else bool(cloud))]
    if not kept:
        raise DataError(
            f"{path}: found receivers neither at the listener's ears nor on the circle of {problem.azimuth_distance_m:g} m of"
            f" {entry.label}; allowed: receivers within 10 mm of {np.round(_ears_m(problem, [0, 0, 0])[:2], 3).tolist()}, or of"
            f" the circle every {problem.grid.azimuth_step_deg:g} degrees; measure there, or design for where you measured"
        )
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


def _ears_m(problem: Problem, move: Sequence[float]) -> Real:
    """Both ears of every head at one displacement (2 H, 3)."""
    listener = problem.listener
    radii_m = [geometry.head_radius_m(head, listener.head_radius_m) for head in problem.heads]
    ears = [geometry.ears_m(listener, radius_m, np.array([move], dtype=float)) for radius_m in radii_m]
    return np.concatenate(ears).reshape(-1, 3)


def _knows_circle(device: MeasuredDevice, problem: Problem) -> bool:
    distance_m = problem.azimuth_distance_m
    azimuth_deg = geometry.azimuth_grid_deg(problem.grid.azimuth_step_deg)
    return bool(np.isfinite(distance_m)) and device.knows(direction(azimuth_deg) * distance_m)


def only(result: Result, kept: Sequence[DesignTable]) -> Result:
    """A result with some of its channels."""
    names = {table.name for table in kept}
    return replace(
        result,
        taps={name: taps for name, taps in result.taps.items() if name in names},
        weights={name: weights for name, weights in result.weights.items() if name in names},
        channels={name: channel for name, channel in result.channels.items() if name in names},
    )


def _with_drivers(entry: Entry, files: Mapping[str, str]) -> Entry:
    """An entry's filters with measured responses of some drivers instead of their models."""
    problem = entry.result.problem
    data = problem.model_dump(exclude_unset=True)
    for driver in data["drivers"]:
        if driver["name"] in files:
            driver["response"] = str(Path(files[driver["name"]]).absolute())
    judged = replace(entry.result, problem=changed(problem, data))
    return Entry(f"{entry.label}, measured drivers", judged, entry.source, ", ".join(files.values()))
