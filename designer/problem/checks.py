"""Faults that need two keys to see: geometry, bands against the grid, names that must exist, one design's wishes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np

from designer.errors import Fault
from designer.problem import geometry
from designer.problem.messages import nearest, number
from designer.problem.schema import (
    METHODS_BUILT,
    DesignTable,
    Driver,
    Enclosure,
    Grid,
    Listener,
    Problem,
)

SURFACE_TOLERANCE_M = 1e-3
MAX_SCENE_NUMBERS = 150_000_000
"""Largest transfer tensor, in complex numbers (2.4 GB)."""


@dataclass(frozen=True)
class Parts:
    """The parts of a problem that are sound by themselves; None where one is not."""

    sample_rate_hz: float | None
    speed_of_sound_m_s: float | None
    enclosure: Enclosure | None
    drivers: list[Driver | None]
    listener: Listener | None
    grid: Grid | None
    designs: list[DesignTable | None]

    @classmethod
    def of(cls, problem: Problem) -> Parts:
        """The parts of a problem whose every table is sound."""
        return cls(
            sample_rate_hz=problem.sample_rate_hz,
            speed_of_sound_m_s=problem.speed_of_sound_m_s,
            enclosure=problem.enclosure,
            drivers=list(problem.drivers),
            listener=problem.listener,
            grid=problem.grid,
            designs=list(problem.designs),
        )


def check(parts: Parts, folder: Path, files: Mapping[str, str]) -> list[Fault]:
    """Every fault between the sound parts of a problem."""
    return [
        *_names(parts),
        *_driver_places(parts),
        *_head_file(parts, folder, files),
        *_listener_place(parts),
        *_grid(parts),
        *_driver_bands(parts),
        *(fault for i, design in enumerate(parts.designs) if design for fault in _design(i, design, parts)),
    ]


def _names(parts: Parts) -> Iterator[Fault]:
    for key, tables in (("drivers", parts.drivers), ("designs", parts.designs)):
        seen: dict[str, int] = {}
        for i, table in enumerate(tables):
            if table is None:
                continue
            if table.name in seen:
                yield Fault(
                    f"{key}[{i}].name",
                    f'found "{table.name}", which {key}[{seen[table.name]}] is called already',
                    "names that differ",
                )
            seen.setdefault(table.name, i)


def _driver_places(parts: Parts) -> Iterator[Fault]:
    placed = [(i, np.array(d.position_m), d) for i, d in enumerate(parts.drivers) if d]
    for (i, first, _), (j, second, _) in combinations(placed, 2):
        if np.linalg.norm(first - second) < 1e-4:
            yield Fault(
                f"drivers[{j}].position_m", f"found {second.tolist()}, where drivers[{i}] is", "places that differ"
            )
    enclosure = parts.enclosure
    for i, place, driver in placed:
        path = f"drivers[{i}].position_m"
        if enclosure and enclosure.model == "sphere":
            depth_m = enclosure.radius_m - float(np.linalg.norm(place))
            surface = f"{number(enclosure.radius_m)} m from the origin (enclosure.radius_m), within 1 mm"
            if depth_m > SURFACE_TOLERANCE_M:
                found = f"found {place.tolist()}, {number(round(depth_m * 1000, 1))} mm inside the sphere"
                yield Fault(path, found, surface, "move the driver to the surface")
            elif depth_m < -SURFACE_TOLERANCE_M:
                found = f"found {place.tolist()}, {number(round(-depth_m * 1000, 1))} mm outside the sphere"
                yield Fault(path, found, "a driver on the surface, within 1 mm", "move the driver to the surface")
            if driver.radius_m is not None and driver.radius_m >= enclosure.radius_m:
                allowed = f"less than enclosure.radius_m, {number(enclosure.radius_m)}"
                yield Fault(f"drivers[{i}].radius_m", f"found {number(driver.radius_m)}", allowed)
        if enclosure and enclosure.model == "baffle" and abs(place[0]) > SURFACE_TOLERANCE_M:
            yield Fault(path, f"found x = {number(place[0])}", "x = 0, the plane of the baffle, within 1 mm")


def _head_file(parts: Parts, folder: Path, files: Mapping[str, str]) -> Iterator[Fault]:
    if parts.listener is None:
        return
    heads = parts.listener.head
    for i, head in enumerate([heads] if isinstance(heads, str) else heads):
        path = "listener.head" if isinstance(heads, str) else f"listener.head[{i}]"
        kinds = '"sphere", "sphere:RADIUS_M", "points", or the path of a SOFA file'
        if head in ("sphere", "points"):
            continue
        if head.startswith("sphere:"):
            try:
                sound = 0.0 < float(head.partition(":")[2]) <= 0.5
            except ValueError:
                sound = False
            if not sound:
                yield Fault(path, f'found "{head}"', '"sphere:RADIUS_M" with a radius above 0 and at most 0.5')
        elif not head.lower().endswith(".sofa"):
            yield Fault(path, f'found "{head}"', kinds, nearest(head, ["sphere", "points"]))
        elif not (folder / files.get(head, head)).is_file():
            yield Fault(
                path,
                f'found "{head}", and no such file exists',
                kinds,
                "a relative path starts from the folder of the problem file",
            )


def _listener_place(parts: Parts) -> Iterator[Fault]:
    listener, enclosure = parts.listener, parts.enclosure
    if listener is None:
        return
    if abs(listener.position_m[0]) + abs(listener.position_m[1]) < 1e-6:
        allowed = "a place that is not straight above or below the device, so that facing it has a meaning"
        yield Fault("listener.position_m", f"found {listener.position_m}", allowed)
        return
    head = listener.head if isinstance(listener.head, str) else listener.head[0]
    try:
        radius_m = geometry.head_radius_m(head, listener.head_radius_m)
    except ValueError:
        return
    ears = geometry.ears_m(listener, radius_m)
    centres = geometry.head_centres_m(listener)
    for d, (centre, pair) in enumerate(zip(centres, ears, strict=True)):
        path = f"listener.ear_cloud_m[{d}]" if d or len(ears) > 1 else "listener.position_m"
        sides = [("left", pair[0]), ("right", pair[1])]
        if enclosure and enclosure.model == "baffle":
            behind = [name for name, ear in sides if ear[0] <= 0]
            if behind:
                yield Fault(
                    path, f"puts the {behind[0]} ear behind the baffle", "x > 0", "move the listener to the front"
                )
        if enclosure and enclosure.model in ("sphere", "cylinder"):
            across = slice(0, 3 if enclosure.model == "sphere" else 2)
            inside = [name for name, ear in sides if np.linalg.norm(ear[across]) < enclosure.radius_m]
            if inside:
                allowed = f"ears more than {number(enclosure.radius_m)} m from the device's centre"
                yield Fault(path, f"puts the {inside[0]} ear inside the device", allowed, "move the listener away")
                continue
            if head != "points" and np.linalg.norm(centre[across]) < enclosure.radius_m + radius_m:
                allowed = (
                    f"a head's centre more than {number(enclosure.radius_m + radius_m)} m from the device's centre"
                )
                yield Fault(path, "puts the head into the device", allowed, "move the listener away")
        for i, driver in enumerate(parts.drivers):
            if driver is None:
                continue
            place = np.array(driver.position_m)
            if head != "points" and np.linalg.norm(place - centre) < radius_m:
                found = f"found {driver.position_m}, inside the listener's head (ear_cloud_m[{d}])"
                yield Fault(
                    f"drivers[{i}].position_m", found, "a driver outside the head", "move the driver or the listener"
                )
            elif head == "points" and min(np.linalg.norm(place - ear) for ear in pair) < 1e-3:
                yield Fault(
                    f"drivers[{i}].position_m", f"found {driver.position_m}, where an ear is", "places that differ"
                )


def _grid(parts: Parts) -> Iterator[Fault]:
    grid, listener = parts.grid, parts.listener
    if grid is None or listener is None:
        return
    drivers = [d for d in parts.drivers if d]
    extent_m = max((float(np.linalg.norm(d.position_m)) for d in drivers), default=0.0)
    if parts.enclosure and parts.enclosure.model == "sphere":
        extent_m = max(extent_m, parts.enclosure.radius_m)
    distance_m = grid.azimuth_distance_m
    found = "grid.azimuth_distance_m" if distance_m is not None else "listener.position_m"
    distance_m = float(np.linalg.norm(listener.position_m)) if distance_m is None else distance_m
    if distance_m <= extent_m:
        allowed = f"more than {number(extent_m)} m, so that the circle of masks and maps lies outside the device"
        yield Fault(found, f"found a circle of {number(distance_m)} m", allowed)
    points = max(360.0 / grid.azimuth_step_deg, 2.0 * len(listener.ear_cloud_m))
    numbers = (2 * grid.frequencies - 1) * points * max(1, len(drivers))
    if numbers > MAX_SCENE_NUMBERS:
        found = f"frequencies x points x drivers make {number(numbers)} complex numbers"
        yield Fault(
            "grid", found, f"at most {number(MAX_SCENE_NUMBERS)}", "fewer frequencies, or a larger azimuth step"
        )


def _driver_bands(parts: Parts) -> Iterator[Fault]:
    for i, driver in enumerate(parts.drivers):
        if driver and driver.band_hz:
            yield from _order(f"drivers[{i}].band_hz", driver.band_hz)
            if parts.sample_rate_hz and driver.band_hz[0] >= parts.sample_rate_hz / 2:
                allowed = f"a band that begins below {number(parts.sample_rate_hz / 2)}, half of sample_rate_hz"
                yield Fault(f"drivers[{i}].band_hz", f"found {driver.band_hz}", allowed)


def _order(path: str, band_hz: list[float]) -> Iterator[Fault]:
    if band_hz[0] >= band_hz[1]:
        yield Fault(path, f"found {band_hz}", "[lowest, highest] with lowest below highest")


def _design(i: int, design: DesignTable, parts: Parts) -> Iterator[Fault]:
    path = f"designs[{i}]"
    yield from _kind(path, design, parts)
    yield from _band(path, design, parts)
    yield from _named_drivers(path, design, parts)
    if design.cancellation_gain_db is not None:
        frequencies = [point[0] for point in design.cancellation_gain_db]
        if frequencies[0] <= 0 or any(b <= a for a, b in zip(frequencies, frequencies[1:], strict=False)):
            allowed = "[[frequency_hz, gain_db], ...] with frequencies above 0 that rise"
            yield Fault(
                f"{path}.cancellation_gain_db", f"found the frequencies {frequencies}", allowed, "sort the curve"
            )
    for m, line in enumerate(design.mask or []):
        where = f"{path}.mask[{m}]"
        if line.band_hz is not None:
            yield from _order(f"{where}.band_hz", line.band_hz)
            if parts.sample_rate_hz and line.band_hz[1] > parts.sample_rate_hz / 2:
                allowed = f"at most {number(parts.sample_rate_hz / 2)}, half of sample_rate_hz"
                yield Fault(f"{where}.band_hz", f"found {line.band_hz}", allowed)
        yield from _arc(f"{where}.azimuth_deg", (line.azimuth_deg[0], line.azimuth_deg[1]), parts.grid)
    if design.window_deg is not None:
        yield from _arc(f"{path}.window_deg", (design.window_deg[0], design.window_deg[1]), parts.grid)
    arcs = geometry.null_arcs_deg(design.nulls_deg or [], design.null_width_deg)
    for n, arc in enumerate(arcs):
        yield from _arc(f"{path}.nulls_deg[{n}]", arc, parts.grid)


def _arc(path: str, arc: tuple[float, float], grid: Grid | None) -> Iterator[Fault]:
    if grid is None:
        return
    if not geometry.in_arc(geometry.azimuth_grid_deg(grid.azimuth_step_deg), arc).any():
        found = f"the arc from {number(arc[0])} to {number(arc[1])} degrees holds no azimuth of the grid"
        remedy = f"widen the arc, or lower grid.azimuth_step_deg, now {number(grid.azimuth_step_deg)}"
        yield Fault(path, found, "arcs that run counter-clockwise and hold a grid azimuth", remedy)


def _kind(path: str, design: DesignTable, parts: Parts) -> Iterator[Fault]:
    count = len(design.drivers) if design.drivers else len(parts.drivers)
    if design.kind == "beamformer":
        if design.look_deg is None:
            yield Fault(
                f"{path}.look_deg", "required key is missing", "", "a beamformer needs the direction it looks to"
            )
        foreign, belongs = ["ear"], "ctc and null-steering"
    else:
        if design.ear is None:
            yield Fault(f"{path}.ear", "required key is missing", '"left" or "right"', "name the ear to reach")
        foreign = ["look_deg", "window_deg", "nulls_deg", "mask"]
        belongs = "beamformer"
        if design.kind == "ctc" and count != 2:
            remedy = 'kind = "null-steering" takes more' if count > 2 else "name two drivers"
            yield Fault(f"{path}.drivers", f"found {count} drivers", "2 for ctc", remedy)
        if design.kind == "null-steering" and count < 3:
            remedy = 'kind = "ctc" takes two' if count == 2 else "name more drivers"
            yield Fault(f"{path}.drivers", f"found {count} drivers", "more than 2 for null-steering", remedy)
    for key in foreign:
        if getattr(design, key) is not None:
            yield Fault(f"{path}.{key}", f"found in a design of kind {design.kind}", f"{key} only with kind {belongs}")
    wishes = ["cancellation_gain_db", "window_deg", "nulls_deg", "mask"]
    if all(getattr(design, key) is None for key in wishes):
        allowed = "cancellation_gain_db" if design.kind != "beamformer" else ", ".join(wishes)
        yield Fault(path, "asks for nothing", f"at least one wish of {allowed}", "add a wish")
    if design.matrix_gains is not None:
        if design.method != "matrix":
            yield Fault(f"{path}.matrix_gains", f'found with method = "{design.method}"', 'only with method = "matrix"')
        elif len(design.matrix_gains) != count:
            yield Fault(f"{path}.matrix_gains", f"found {len(design.matrix_gains)} gains", f"one a driver, {count}")


def _band(path: str, design: DesignTable, parts: Parts) -> Iterator[Fault]:
    yield from _order(f"{path}.band_hz", design.band_hz)
    if parts.sample_rate_hz is None:
        return
    nyquist_hz = parts.sample_rate_hz / 2
    if design.band_hz[1] > nyquist_hz:
        allowed = f"at most {number(nyquist_hz)}, half of sample_rate_hz"
        yield Fault(f"{path}.band_hz", f"found {design.band_hz}", allowed, "lower the band or raise the sample rate")
    elif parts.grid is not None and design.band_hz[0] < design.band_hz[1]:
        grid_hz = np.linspace(0.0, nyquist_hz, parts.grid.frequencies)
        if not ((grid_hz >= design.band_hz[0]) & (grid_hz <= design.band_hz[1])).any():
            spacing = f"the grid's frequencies are {number(grid_hz[1])} Hz apart"
            yield Fault(f"{path}.band_hz", f"found {design.band_hz}, which holds no frequency of the grid", spacing,
                        "raise grid.frequencies or widen the band")  # fmt: skip


def _named_drivers(path: str, design: DesignTable, parts: Parts) -> Iterator[Fault]:
    known = [d.name for d in parts.drivers if d]
    if len(known) < len(parts.drivers):
        return
    for key in ("drivers", "plain"):
        names = getattr(design, key) or []
        among = design.drivers if key == "plain" and design.drivers else known
        for n, name in enumerate(names):
            if name not in among:
                allowed = ", ".join(f'"{k}"' for k in among)
                yield Fault(f"{path}.{key}[{n}]", f'found "{name}"', allowed, nearest(name, among))
            elif name in names[:n]:
                yield Fault(f"{path}.{key}[{n}]", f'found "{name}" twice', "each driver once")


def not_built(problem: Problem) -> list[Fault]:
    """Keys that are valid and whose work does not exist yet."""

    def keys() -> Iterable[tuple[str, bool, str]]:
        model = problem.enclosure.model if problem.enclosure else ""
        yield "enclosure.model", model == "cylinder", 'use "sphere", "baffle" or "free-field"'
        for i, driver in enumerate(problem.drivers):
            for key in ("response", "gate_ms"):
                yield f"drivers[{i}].{key}", getattr(driver, key) is not None, "leave it out: the driver is modelled"
        yield "listener.head", not isinstance(problem.listener.head, str), "name one head"
        scene = problem.scene
        yield "scene.transfer", scene is not None and scene.transfer is not None, "leave it out: the scene is modelled"
        yield "scene.air_absorption", scene is not None and scene.air_absorption, "leave it out"
        for i, design in enumerate(problem.designs):
            built = ", ".join(f'"{method}"' for method in METHODS_BUILT)
            yield f"designs[{i}].method", design.method not in METHODS_BUILT, f"use one of {built}"
            yield f"designs[{i}].driver_spread", design.driver_spread is not None, "leave it out"
        yield "realization.form", problem.realization.form != "fir", 'use "fir"'
        yield "virtualizer", problem.virtualizer is not None, "leave the table out"
        yield "room", problem.room is not None, "leave the table out"
        yield (
            "export.targets",
            bool(problem.export.targets),
            "leave it empty: coefficients.csv and filters.wav are always written",
        )

    return [Fault(path, "valid, but not built yet", "", remedy) for path, used, remedy in keys() if used]


def warnings(problem: Problem) -> list[str]:
    """What is allowed and yet looks like a slip: drivers whose name says the other side, bands that hold few frequencies."""
    found = []
    left = geometry.head_axes(problem.listener)[1]
    for i, driver in enumerate(problem.drivers):
        side = float(np.dot(left, driver.position_m))
        words = driver.name.lower().replace("-", " ").replace("_", " ").split()
        for word, sign in (("left", 1.0), ("right", -1.0)):
            if word in words and side * sign < -1e-6:
                other = "right" if sign > 0 else "left"
                found.append(
                    f'drivers[{i}] is called "{driver.name}" and sits on the listener\'s {other}'
                    f" (y = {number(driver.position_m[1])}; the listener's left is the device's -y)"
                )
    spacing_hz = problem.sample_rate_hz / 2 / (problem.grid.frequencies - 1)
    for i, design in enumerate(problem.designs):
        if 0 < design.band_hz[0] < 2 * spacing_hz:
            found.append(
                f"designs[{i}].band_hz begins at {number(design.band_hz[0])} Hz, and the grid's frequencies are"
                f" {number(spacing_hz)} Hz apart; raise grid.frequencies"
            )
        if design.ear and design.name in ("left", "right") and design.name != design.ear:
            found.append(f'designs[{i}] is called "{design.name}" and reaches the {design.ear} ear')
    return found
