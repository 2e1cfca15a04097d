"""A channel as a prototype plays it: measured with its filters running, beside what the design's own taps do in its own scene.

What was measured is one response a point, P = Σ H_l W_l, not the drivers apart. So it stands for a device of one driver that is fed
with the channel as it is, w = 1: the pressure of that driver is what was measured, and every number that is made of pressures alone
(the gain over what is cancelled, the worst point, levels over azimuth) is the one that a design folder tells. One common gain and
one delay are free. Effort, the drivers' gains, white-noise gain, directivity over the sphere and the tone beside a plain driver need
what was not measured, and are left out.

| file | what it tells |
|---|---|
| SOFA, GeneralTF or GeneralFIR, one emitter | the places of its receivers: the ears of an ear channel, the circle of a beam |
| sound file of two channels | impulse responses at the listener's left and right ear, in the design's own place |
| what a driver's `response` takes | the device from all around, for a beam |
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from designer.acoustics.measured_device import MeasuredDevice, read_device
from designer.acoustics.readers.read import SOFA, SOUND
from designer.acoustics.readers.two_ears import read_two_ears
from designer.acoustics.scene import Scene, scene
from designer.acoustics.sofa_kind import kind_of
from designer.comparison.entry import Entry
from designer.comparison.measured_places import ears_m, known_cloud, knows_circle, nowhere, only
from designer.errors import DataError, UsageError
from designer.problem.schema import DesignTable, Problem
from designer.result import Result
from designer.targets.channel_target import Plain

WORD = "channel:"
NOT_TOLD = frozenset(
    {
        "effort_db",
        "white_noise_gain_db",
        "directivity_index_db",
        "moved_head_median_db",
        "moved_head_5th_percentile_db",
        "largest_effort_db",
        "largest_driver_gain_db",
        "least_white_noise_gain_db",
        "largest_tone_deviation_db",
    }
)
AS_IT_IS = Plain((0,), (0.0,))


def is_played(given: str) -> bool:
    """Whether it is written as channel:NAME=FILES."""
    return given.startswith(WORD) and "=" in given


def played_entries(entries: Sequence[Entry], given: str) -> tuple[list[Entry], list[str]]:
    """What each entry that has the channel becomes as it was measured, and notes of what is left out.

    Where an ear channel was measured at some places of the ear cloud alone, the design at these places stands beside it.

    Raises
    ------
    UsageError : a channel that no design has
    DataError : files that cannot be used, or that do not tell what the channel needs

    """
    name, files = given.removeprefix(WORD).split("=", 1)
    if not files.strip():
        raise UsageError(f"--measured: found {given} without a file; allowed: {WORD}NAME=FILES, as {given}ears.sofa")
    having = [entry for entry in entries if name in entry.result.channels]
    if not having:
        known = dict.fromkeys(name for entry in entries for name in entry.result.channels)
        raise UsageError(f"--measured: found {WORD}{name}; allowed: channels of one design: {', '.join(known)}")
    made: list[Entry] = []
    notes: list[str] = []
    for entry in having:
        found, said = _played(entry, name, files)
        made += found
        notes += said
    return made, notes


def _played(entry: Entry, name: str, files: str) -> tuple[list[Entry], list[str]]:
    result = entry.result
    table = result.channels[name].table
    if table.cancel_regions:
        raise DataError(
            f"{files}: {name} of {entry.label} is judged over regions of the sphere; allowed: a channel that is judged at the ears"
            " or on the circle"
        )
    label = f"{entry.label}, {name} as played"
    problem = _one_driver(result.problem, table)
    if _is_set(files):
        if not table.is_beam:
            raise DataError(
                f"{files}: tells the device from all around, and {name} of {entry.label} is for an ear; allowed: a SOFA file with"
                " receivers at the ears, or a sound file of two channels, left ear and right ear"
            )
        there = scene(_all_around(problem, files))
        return [_entry(entry, label, name, files, there, has_circle=True)], []
    device = _device(problem, files)
    if table.band_hz[1] > device.highest_hz * (1 + 1e-9):
        raise DataError(
            f"{files}: measured up to {device.highest_hz:.6g} Hz, and {name} of {entry.label} goes up to {table.band_hz[1]:.6g} Hz;"
            " allowed: a measurement of the whole band; measure at a higher sample rate"
        )
    if table.is_beam:
        if not knows_circle(device, problem):
            raise nowhere(files, problem, entry.label)
        return [_entry(entry, label, name, files, scene(problem).with_device(device), has_circle=True)], []
    cloud = known_cloud(device, problem)
    if not cloud:
        raise nowhere(files, problem, entry.label)
    beside, notes = [], []
    if len(cloud) < len(problem.listener.ear_cloud_m):
        beside.append(_at_places(entry, table, cloud))
        notes.append(
            f"{label}: {files} knows {len(cloud)} of the ear cloud's {len(problem.listener.ear_cloud_m)} displacements; the design at"
            f" these alone is {beside[0].label}"
        )
    there = scene(_with_cloud(problem, cloud)).with_device(device)
    return [*beside, _entry(entry, label, name, files, there, has_circle=False)], notes


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
        heads_m = ears_m(problem, [0.0, 0.0, 0.0])
        return MeasuredDevice(files, heads_m, np.tile(samples.T, (len(heads_m) // 2, 1))[:, None, :], None, rate)
    device = read_device(path, None)
    if device.data.shape[1] != 1:
        raise DataError(
            f"{files}: found {device.data.shape[1]} drivers (emitters, or measurements); allowed: one, the channel as it plays; give a"
            " device that was measured driver by driver as --measured FILE"
        )
    return device


def _one_driver(problem: Problem, table: DesignTable) -> Problem:
    """The problem of a device of one driver, which plays the channel."""
    driver = problem.drivers[0].model_copy(
        update={"name": "as played", "response": None, "max_gain_db": None, "band_hz": None}
    )
    alone = table.model_copy(update={"drivers": None, "plain": None, "reference": None, "matrix_gains": None})
    return problem.model_copy(update={"drivers": [driver], "designs": [alone], "scene": None, "virtualizer": None})


def _all_around(problem: Problem, files: str) -> Problem:
    """The same with the device's own measured directivity, about its origin."""
    driver = problem.drivers[0].model_copy(
        update={
            "position_m": [0.0, 0.0, 0.0],
            "facing_deg": [0.0, 0.0],
            "radius_m": None,
            "response": str(Path(files).absolute()),
        }
    )
    return problem.model_copy(update={"drivers": [driver], "enclosure": None})


def _with_cloud(problem: Problem, cloud: list[list[float]]) -> Problem:
    return problem.model_copy(update={"listener": problem.listener.model_copy(update={"ear_cloud_m": cloud})})


def _at_places(entry: Entry, table: DesignTable, cloud: list[list[float]]) -> Entry:
    problem = _with_cloud(entry.result.problem, cloud).model_copy(update={"designs": [table]})
    alone = replace(only(entry.result, [table]), problem=problem)
    places = "place" if len(cloud) == 1 else "places"
    label = f"{entry.label}, {table.name} at {len(cloud)} {places}"
    return Entry(
        label, alone, entry.source, has_circle=False, asked=entry.problem
    )  # its circle is the design's, shown once


def _entry(entry: Entry, label: str, name: str, files: str, there: Scene, *, has_circle: bool) -> Entry:
    problem, channel = there.problem, entry.result.channels[name]
    alone = only(entry.result, [channel.table])
    one = np.ones((1, 1))
    played: Result = replace(
        alone,
        problem=problem,
        drivers=problem.driver_names,
        taps={name: one},
        weights={name: np.ones((alone.frequency_hz.size, 1), dtype=complex)},
        channels={name: replace(channel, table=problem.designs[0], plain=AS_IT_IS, plain_names=problem.driver_names)},
    ).in_scene(there)
    return Entry(label, played, entry.source, files, has_circle, NOT_TOLD, entry.problem)
