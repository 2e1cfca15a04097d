"""A prototype's measurement beside its prediction: the same filters, in the scene that was measured. Nothing is designed again.

Measured was the whole device driver by driver (a SOFA file as `[scene] transfer` takes it, with receivers at the ears, on the circle, or
both), some of its drivers (as `response` of a driver takes them), or a channel as it plays, its filters running (channel:NAME=FILES):

| file | what it tells |
|---|---|
| SOFA, GeneralTF or GeneralFIR, one emitter | the places of its receivers: the ears of an ear channel, the circle of a beam |
| sound file of two channels | impulse responses at the listener's left and right ear, in the design's own place |
| what a driver's `response` takes | the device from all around, for a beam |

The last is one response a point, P = Σ H_l W_l, not the drivers apart. So it stands for a device of one driver that is fed with the
channel as it is, w = 1: the pressure of that driver is what was measured, and every number that is made of pressures alone (the gain,
the worst point, levels over azimuth) is the one that a design folder tells. One common gain and one delay are free.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from designer.acoustics.measured.device import MeasuredDevice, read_device
from designer.acoustics.measured.formats import SOFA, SOUND
from designer.acoustics.measured.impulse_wav import read_two_ears
from designer.acoustics.measured.sofa import kind_of
from designer.acoustics.scene import Scene
from designer.acoustics.scene_of_problem import scene
from designer.arrays import Real
from designer.comparison.entry import Entry
from designer.errors import DataError, UsageError
from designer.problem import geometry
from designer.problem.geometry import direction
from designer.problem.read import changed
from designer.problem.schema import DesignTable, Problem, SceneTable
from designer.requirements.crossovers import Crossover
from designer.requirements.plain import Plain
from designer.result import Result

WORD = "channel:"
LACKS = frozenset({"drivers", "moved"})
"""Needs of metrics that one response a point does not meet."""
Measured = tuple[list[Entry], list[str]]
"""Entries, and notes of what they leave out."""


def measured_entries(entries: Sequence[Entry], items: Sequence[str]) -> Measured:
    """Measured counterparts of the entries, and notes of what they leave out.

    Parameters
    ----------
    items : sequence of str, SOFA files of whole devices; DRIVER=FILES, which all belong to one measurement; channel:NAME=FILES

    Raises
    ------
    UsageError : a driver or channel that no design has
    DataError : a file that cannot be used, or that fits no design

    """
    channels = [item for item in items if item.startswith(WORD) and "=" in item]
    drivers = dict(
        item.split("=", 1) for item in items if item not in channels and "=" in item and not Path(item).exists()
    )
    devices = [item for item in items if item not in channels and item.split("=", 1)[0] not in drivers]
    parts = [_played_entries(entries, item) for item in channels]
    parts += [_device_entries(entries, Path(item)) for item in devices]
    measured, notes = _joined(parts)
    if drivers:
        having = [entry for entry in entries if set(drivers) <= set(entry.result.drivers)]
        if not having:
            names = dict.fromkeys(name for entry in entries for name in entry.result.drivers)
            raise UsageError(
                f"--measured: got {', '.join(drivers)}; expected drivers of one design: {', '.join(names)}"
            )
        measured += [_with_drivers(entry, drivers) for entry in having]
    return measured, notes


def _joined(parts: Sequence[Measured]) -> Measured:
    return [entry for entries, _ in parts for entry in entries], [note for _, notes in parts for note in notes]


def _with_drivers(entry: Entry, files: Mapping[str, str]) -> Entry:
    """An entry's filters with measured responses of some drivers instead of their models."""
    data = entry.result.problem.model_dump(exclude_unset=True)
    for driver in data["drivers"]:
        if driver["name"] in files:
            driver["response"] = str(Path(files[driver["name"]]).absolute())
    judged = replace(entry.result, problem=changed(entry.result.problem, data))
    return Entry(f"{entry.label}, measured drivers", judged, entry.source, ", ".join(files.values()))


def _device_entries(entries: Sequence[Entry], path: Path) -> Measured:
    """Each fitting entry's filters on a measured device: only the channels, and only the places of the head, that the file knows."""
    count = int(read_device(path, None).data.shape[1])
    fitting = [entry for entry in entries if len(entry.result.drivers) == count]
    if not fitting:
        counts = ", ".join(f"{entry.label} {len(entry.result.drivers)}" for entry in entries)
        raise DataError(
            f"{path}: got {count} drivers (emitters, or measurements); expected as many as a design has"
            f" ({counts}); measure each driver of the device once"
        )
    measured, notes = [], []
    for entry in fitting:
        problem = entry.result.problem
        device = read_device(path, len(problem.drivers))
        cloud, has_circle = _known_cloud(device, problem), _knows_circle(device, problem)
        tables = [table for table in problem.designs if (has_circle if table.is_beam else bool(cloud))]
        if not tables:
            raise _nowhere(path, problem, entry.label)
        label = f"{entry.label}, measured ({path.stem})"
        lost = [table.name for table in problem.designs if table not in tables]
        if lost:
            where = "on the circle" if cloud else "at the ears"
            notes.append(f"{label}: {path} has no receivers {where}, so it has no {', '.join(lost)}")
        displacements = len(problem.listener.ear_cloud_m)
        if cloud and len(cloud) < displacements:
            notes.append(
                f"{label}: {path} has {len(cloud)} of the ear cloud's {displacements} displacements, so its gains are over these alone"
            )
        table = (problem.scene or SceneTable()).model_copy(update={"transfer": str(path.absolute())})
        measured_problem = problem.model_copy(update={"scene": table, "designs": tables})
        judged = replace(
            _only(entry.result, tables), problem=_with_cloud(measured_problem, cloud) if cloud else measured_problem
        )
        measured.append(Entry(label, judged, entry.source, str(path), has_circle))
    return measured, notes


def _played_entries(entries: Sequence[Entry], item: str) -> Measured:
    """Entries that have the channel, as it was measured.

    Where an ear channel was measured at some places of the ear cloud alone, the design at these places stands beside it.
    """
    name, files = item.removeprefix(WORD).split("=", 1)
    if not files.strip():
        raise UsageError(f"--measured: got {item} without a file; expected {WORD}NAME=FILES, as {item}ears.sofa")
    having = [entry for entry in entries if name in entry.result.channels]
    if not having:
        names = dict.fromkeys(name for entry in entries for name in entry.result.channels)
        raise UsageError(f"--measured: got {WORD}{name}; expected channels of one design: {', '.join(names)}")
    parts = [_played(entry, name, files) for entry in having]
    return _joined(parts)


def _played(entry: Entry, name: str, files: str) -> Measured:
    table = entry.result.channels[name].table
    if table.dark_regions:
        raise DataError(
            f"{files}: {name} of {entry.label} is judged over regions of the sphere; expected a channel that is judged at the ears"
            " or on the circle"
        )
    label, beam = f"{entry.label}, {name} as played", table.is_beam
    problem = _one_driver(entry.result.problem, table)
    if _is_set(files):
        if not beam:
            raise DataError(
                f"{files}: was measured all around the device, and {name} of {entry.label} is for an ear; expected a SOFA file with"
                " receivers at the ears, or a sound file of two channels, left ear and right ear"
            )
        place: dict[str, object] = {"position_m": [0.0, 0.0, 0.0], "facing_deg": [0.0, 0.0], "radius_m": None}
        driver = problem.drivers[0].model_copy(update=place | {"response": str(Path(files).absolute())})
        played_scene = scene(problem.model_copy(update={"drivers": [driver], "enclosure": None}))
        return [_as_played(entry, label, name, files, played_scene)], []
    device = _device(problem, files)
    if table.band_hz[1] > device.highest_hz * (1 + 1e-9):
        raise DataError(
            f"{files}: measured up to {device.highest_hz:.6g} Hz, and {name} of {entry.label} goes up to {table.band_hz[1]:.6g} Hz;"
            " expected a measurement of the whole band; measure at a higher sample rate"
        )
    cloud = [] if beam else _known_cloud(device, problem)
    if not (_knows_circle(device, problem) if beam else cloud):
        raise _nowhere(files, problem, entry.label)
    if beam:
        return [_as_played(entry, label, name, files, scene(problem).with_device(device))], []
    beside, notes, displacements = [], [], len(problem.listener.ear_cloud_m)
    if len(cloud) < displacements:
        alone = _with_cloud(entry.result.problem, cloud).model_copy(update={"designs": [table]})
        judged = replace(_only(entry.result, [table]), problem=alone)
        words = f"{entry.label}, {name} at {len(cloud)} {'place' if len(cloud) == 1 else 'places'}"
        # Its circle is the design's, shown once.
        beside.append(Entry(words, judged, entry.source, has_circle=False, required_problem=entry.problem))
        notes.append(
            f"{label}: {files} has {len(cloud)} of the ear cloud's {displacements} displacements; the design at these alone is {words}"
        )
    played_scene = scene(_with_cloud(problem, cloud)).with_device(device)
    return [*beside, _as_played(entry, label, name, files, played_scene, has_circle=False)], notes


def _is_set(files: str) -> bool:
    """Whether files are what a driver's `response` takes, rather than one file of a device's receivers or of two ears."""
    path = Path(files)
    if path.suffix.lower() in SOFA and path.is_file():
        return kind_of(path) == "driver"
    return not (path.suffix.lower() in (*SOFA, *SOUND) and not set("*?[") & set(files))


def _device(problem: Problem, files: str) -> MeasuredDevice:
    path = Path(files)
    if path.suffix.lower() in SOUND:
        samples, rate = read_two_ears(path)
        heads_m = _ears_m(problem, [0.0, 0.0, 0.0])
        return MeasuredDevice(files, heads_m, np.tile(samples.T, (len(heads_m) // 2, 1))[:, None, :], None, rate)
    device = read_device(path, None)
    if device.data.shape[1] != 1:
        raise DataError(
            f"{files}: got {device.data.shape[1]} drivers (emitters, or measurements); expected one, the channel as it plays; give a"
            " device that was measured driver by driver as --measured FILE"
        )
    return device


def _one_driver(problem: Problem, table: DesignTable) -> Problem:
    """The problem of a device of one driver, which plays the channel."""
    unlimited: dict[str, object] = {"name": "as played", "response": None, "max_gain_db": None, "band_hz": None}
    driver = problem.drivers[0].model_copy(update=unlimited)
    alone = table.model_copy(update=dict.fromkeys(("drivers", "plain", "crossover_hz", "reference", "matrix_gains")))
    return problem.model_copy(update={"drivers": [driver], "designs": [alone], "scene": None, "virtualizer": None})


def _as_played(
    entry: Entry, label: str, name: str, files: str, played_scene: Scene, *, has_circle: bool = True
) -> Entry:
    problem, channel = played_scene.problem, entry.result.channels[name]
    alone = _only(entry.result, [channel.table])
    unit_plain = Plain((0,), (0.0,), (1.0,), (0,), Crossover())
    played = replace(
        alone,
        problem=problem,
        drivers=problem.driver_names,
        taps={name: np.ones((1, 1))},
        weights={name: np.ones((alone.frequency_hz.size, 1), dtype=complex)},
        channels={name: replace(channel, table=problem.designs[0], plain=unit_plain, plain_names=problem.driver_names)},
        scene=played_scene,
    )
    return Entry(label, played, entry.source, files, has_circle, LACKS, entry.problem)


def _ears_m(problem: Problem, move: Sequence[float]) -> Real:
    """Both ears of every head at one displacement (2 H, 3)."""
    listener = problem.listener
    radii_m = [geometry.head_radius_m(head, listener.head_radius_m) for head in problem.heads]
    ears = [geometry.ears_m(listener, radius_m, np.array([move], dtype=float)) for radius_m in radii_m]
    return np.concatenate(ears).reshape(-1, 3)


def _known_cloud(device: MeasuredDevice, problem: Problem) -> list[list[float]]:
    """The displacements of the ear cloud whose ears have receivers."""
    return [move for move in problem.listener.ear_cloud_m if device.knows(_ears_m(problem, move))]


def _knows_circle(device: MeasuredDevice, problem: Problem) -> bool:
    """Whether every azimuth of the circle has a receiver."""
    circle_m = direction(geometry.azimuth_grid_deg(problem.grid.azimuth_step_deg)) * problem.azimuth_distance_m
    return bool(np.isfinite(problem.azimuth_distance_m)) and device.knows(circle_m)


def _nowhere(path: object, problem: Problem, label: str) -> DataError:
    return DataError(
        f"{path}: got receivers neither at the listener's ears nor on the circle of {problem.azimuth_distance_m:g} m of"
        f" {label}; expected receivers within 10 mm of {np.round(_ears_m(problem, [0, 0, 0])[:2], 3).tolist()}, or of"
        f" the circle every {problem.grid.azimuth_step_deg:g} degrees; measure there, or design for where you measured"
    )


def _with_cloud(problem: Problem, cloud: list[list[float]]) -> Problem:
    return problem.model_copy(update={"listener": problem.listener.model_copy(update={"ear_cloud_m": cloud})})


def _only(result: Result, tables: Sequence[DesignTable]) -> Result:
    """A result with some of its channels."""
    names = [table.name for table in tables]
    taps, weights, channels = result.taps, result.weights, result.channels
    return replace(
        result,
        taps={name: taps[name] for name in names},
        weights={name: weights[name] for name in names},
        channels={name: channels[name] for name in names},
    )
