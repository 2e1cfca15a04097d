"""Warnings of what is odd in a problem that is valid: units, sides, overlaps, and keys without effect."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from designer.arrays import Real
from designer.problem import geometry
from designer.problem.driver_ways import HEARD_HZ, gaps_hz, ways_of
from designer.problem.enclosures.enclosure import MAX_DEVICE_M, MIN_MILLIMETRES_M, in_metres
from designer.problem.frequency_grid import regular_frequencies_hz
from designer.problem.listener_checks import each_listener
from designer.problem.messages import MAX_KILOHERTZ, in_hertz, number, shown
from designer.problem.schema import MAX_TAPS, DesignTable, Driver, Problem, targets_of_options

MAX_FAR_M = 100.0
"""Distance of a listener from which on it was written in another unit."""
MAX_CLOUD_M = 0.5
"""Displacement of a head that sits still."""
MAX_PLAUSIBLE_DB = 40.0
"""Effort or gain that no driver has."""
MAX_GAIN_DB = 60.0
"""Cancellation beyond what microphones and rooms show."""
MAX_FACING_DEG = 15.0
"""Angle between a driver's facing and the surface's normal that rounding of a file does not explain."""


MAX_ASIDE_DEG = 100.0
"""Angle between a driver's facing and its way to the listener, beyond which it faces away; up to it, aside or up."""


def warnings(problem: Problem) -> list[str]:
    """Sentences for the user, each with its dotted path."""
    grid_hz = regular_frequencies_hz(problem)
    messages = [
        *_places(problem),
        *_overlaps(problem),
        *_facings(problem),
        *_turned_away(problem),
        *_solved(problem),
        *_beside_the_chain(problem),
        *(warning for path, view in each_listener(problem) for warning in _listener(path, view)),
        *_air(problem),
    ]
    messages += [*_drivers(problem), *_unused(problem), *_taps(problem), *_export(problem)]
    for i, design in enumerate(problem.designs):
        above = int(np.clip(np.searchsorted(grid_hz, design.band_hz[0], side="right"), 1, grid_hz.size - 1))
        messages += _silent(f"designs[{i}]", design, problem)
        messages += _design(f"designs[{i}]", design, float(grid_hz[above] - grid_hz[above - 1]))
        messages += _requirements(f"designs[{i}]", design)
    return messages


def _places(problem: Problem) -> Iterator[str]:
    left = geometry.head_axes(problem.listener)[1]
    for i, driver in enumerate(problem.drivers):
        side = float(np.dot(left, driver.position_m))
        words = driver.name.lower().replace("-", " ").replace("_", " ").split()
        for word, sign in (("left", 1.0), ("right", -1.0)):
            if word in words and side * sign < -1e-6:
                other = "right" if sign > 0 else "left"
                yield (
                    f'drivers[{i}] is called "{driver.name}" and sits on the listener\'s {other}'
                    f" (y = {number(driver.position_m[1])}; the listener's left is the device's -y)"
                )


def _facings(problem: Problem) -> Iterator[str]:
    """Facings that the enclosure cannot use: a driver on a surface faces along its normal, and a point source nowhere."""
    for i, driver in enumerate(problem.drivers):
        if "facing_deg" not in driver.model_fields_set or driver.response is not None or problem.scene is not None:
            continue
        path, normal = f"drivers[{i}].facing_deg: {shown(driver.facing_deg)}", problem.body.normal(driver)
        if normal is not None:
            off_deg = _angle_deg(_facing(driver), normal)
            if off_deg > MAX_FACING_DEG:
                along = [math.degrees(math.atan2(normal[1], normal[0])), math.degrees(math.asin(normal[2]))]
                yield (
                    f"{path} is {off_deg:.0f} degrees off the normal of the {problem.body.model_name}, along which it radiates."
                    f" Write [{', '.join(number(round(angle, 1) + 0.0) for angle in along)}], or leave it out"
                )
        elif driver.radius_m is None and any(driver.facing_deg):
            yield f"{path} has no effect: a point source has no front. Give the driver a radius_m, or leave it out"


def _facing(driver: Driver) -> Real:
    """Unit vector (3,) of a driver's facing_deg."""
    azimuth, elevation = np.radians(driver.facing_deg)
    return np.array([np.cos(azimuth) * np.cos(elevation), np.sin(azimuth) * np.cos(elevation), np.sin(elevation)])


def _angle_deg(axis: Real, other: Real) -> float:
    """Angle between two vectors (3,); 0 where either has no length."""
    lengths = float(np.linalg.norm(axis) * np.linalg.norm(other))
    return math.degrees(math.acos(float(np.clip(axis @ other / lengths, -1.0, 1.0)))) if lengths else 0.0


def _turned_away(problem: Problem) -> Iterator[str]:
    """Modelled drivers with a front that all face away from every listener."""
    if problem.measured_device is not None or any(driver.response is not None for driver in problem.drivers):
        return
    angles = []
    for driver in problem.drivers:
        normal = problem.body.normal(driver)
        if normal is None and driver.radius_m is None:
            return
        for _, view in each_listener(problem):
            way_m = np.subtract(view.listener.position_m, driver.position_m)
            angles.append((_angle_deg(_facing(driver) if normal is None else normal, way_m), driver.name))
    least_deg, name = min(angles)
    if least_deg > MAX_ASIDE_DEG:
        yield (
            f"drivers: all face away from the listener, {shown(name)} least, by {least_deg:.0f} degrees; the front is x, azimuth 0."
            " Turn the drivers, or put the listener before them"
        )


def _solved(problem: Problem) -> Iterator[str]:
    """Bands beyond the frequency up to which a body is solved."""
    if not problem.body.is_solved:
        return
    for i, design in enumerate(problem.designs):
        if design.band_hz[1] > problem.solved_to_hz * (1 + 1e-9):
            yield (
                f"designs[{i}].band_hz ends at {number(design.band_hz[1])} Hz, and {problem.body.solved(problem.solved_to_hz)}; raise"
                " enclosure.highest_hz, or end the band at that frequency"
            )


def _beside_the_chain(problem: Problem) -> Iterator[str]:
    """Designs that the stereo chain does not play, and that exports leave out with it."""
    for i, design in enumerate(problem.designs if problem.virtualizer is not None else ()):
        if design.name not in ("left", "right", "centre"):
            yield (
                f'designs[{i}]: [virtualizer] plays the designs left, right and centre alone, so that exports leave "{design.name}" out;'
                " export it from a file without [virtualizer]"
            )


def _listener(path: str, problem: Problem) -> Iterator[str]:
    """A listener, or displacements, in another unit."""
    place_m = problem.listener.position_m
    distance_m = math.hypot(*place_m)
    if distance_m > MAX_FAR_M:
        yield f"{path}.position_m: {number(distance_m)} m from the device; {in_metres(place_m)}"
    for doubt in problem.body.doubts(np.array(place_m)):
        yield f"{path}.position_m: {doubt}"
    if problem.listener.one_place_because and any(not design.is_beam for design in problem.designs):
        yield (
            f"{path}.ear_cloud_m: the default, +/-3 cm, gives way to one place, because"
            f" {problem.listener.one_place_because}; write other displacements, or [[0, 0, 0]]"
        )
    far = [(n, move) for n, move in enumerate(problem.listener.ear_cloud_m) if math.hypot(*move) > MAX_CLOUD_M]
    for n, move in far[:1]:
        more = f" (and {len(far) - 1} more)" if len(far) > 1 else ""
        in_millimetres = math.hypot(*move) > MIN_MILLIMETRES_M
        yield (
            f"{path}.ear_cloud_m[{n}]{more}: {number(math.hypot(*move))} m from the head's place, and no filter serves heads so far"
            f" apart; {in_metres(move) if in_millimetres else f'write displacements of at most {number(MAX_CLOUD_M)} m'}"
        )


def _drivers(problem: Problem) -> Iterator[str]:
    """Drivers outside of any device, bands in kilohertz, and gains that no driver has."""
    for i, driver in enumerate(problem.drivers):
        distance_m = math.hypot(*driver.position_m)
        if distance_m > MAX_DEVICE_M:
            yield f"drivers[{i}].position_m: {number(distance_m)} m from the device's origin; {in_metres(driver.position_m)}"
        yield from _kilohertz(f"drivers[{i}].band_hz", driver.band_hz)
        yield from _too_many(f"drivers[{i}].max_gain_db", driver.max_gain_db)


def _unused(problem: Problem) -> Iterator[str]:
    if any(design.drivers is None for design in problem.designs):
        return
    used = {name for design in problem.designs for name in design.drivers or ()}
    for i, driver in enumerate(problem.drivers):
        if driver.name not in used:
            yield f"drivers[{i}]: no channel uses {shown(driver.name)}; name it in the drivers of a design, or leave it out"


def _taps(problem: Problem) -> Iterator[str]:
    """Filters shorter than one period of the lowest frequency that they shape."""
    table, rate = problem.realization, problem.sample_rate_hz
    low_hz = min((design.band_hz[0] for design in problem.designs if design.band_hz[0] > 0), default=rate)
    if table.form in ("fir", "rtf") and table.taps < rate / low_hz:
        two_periods = 2 * rate / low_hz
        remedy = (
            f"write {math.ceil(two_periods)} or more" if two_periods <= MAX_TAPS else "raise the lower end of band_hz"
        )
        yield (
            f"realization.taps: {table.taps} taps last {number(round(1e3 * table.taps / rate, 2))} ms, and a period at"
            f" {number(low_hz)} Hz {number(round(1e3 / low_hz, 2))} ms; {remedy}"
        )


def _export(problem: Problem) -> Iterator[str]:
    """Options of targets that the file does not name."""
    for key, targets in targets_of_options().items():
        if getattr(problem.export, key) is not None and not {*targets} & {*problem.export.targets}:
            names = " or ".join(shown(target) for target in targets)
            yield f"export.{key} has no effect without {names} in export.targets"


def _requirements(path: str, design: DesignTable) -> Iterator[str]:
    """Requirements and limits in another unit, or beyond what is heard."""
    yield from _kilohertz(f"{path}.band_hz", design.band_hz)
    yield from _too_many(f"{path}.max_effort_db", design.max_effort_db)
    curve = design.cancellation_gain_db or []
    if curve and curve[-1][0] <= MAX_KILOHERTZ < design.band_hz[1]:
        yield f"{path}.cancellation_gain_db: the curve ends at {number(curve[-1][0])} Hz. Kilohertz? Write {number(1000 * curve[-1][0])}"
    most = max((gain for _, gain in curve), default=0.0)
    if most > MAX_GAIN_DB:
        yield f"{path}.cancellation_gain_db: {number(most)} dB is more than any head keeps; 10 to 20 dB are heard as separate"


def _in_kilohertz(band_hz: list[float] | None) -> bool:
    return band_hz is not None and band_hz[1] <= MAX_KILOHERTZ


def _kilohertz(path: str, band_hz: list[float] | None) -> Iterator[str]:
    if band_hz is not None and _in_kilohertz(band_hz):
        yield f"{path}: {shown(band_hz)} ends below what is heard; {in_hertz(band_hz)}"


def _too_many(path: str, value_db: float | None) -> Iterator[str]:
    if value_db is not None and value_db > MAX_PLAUSIBLE_DB:
        yield f"{path}: {number(value_db)} dB is no limit: a driver has some 20 dB to spare. Write 0 to 20, or leave it out"


def _overlaps(problem: Problem) -> Iterator[str]:
    """Cones nearer to each other than their radii together, but for one before another that faces the same way (coaxial)."""
    cones = [(i, driver, driver.radius_m) for i, driver in enumerate(problem.drivers) if driver.radius_m]
    for (i, first, radius_m), (j, second, other_m) in combinations(cones, 2):
        apart_m = math.dist(first.position_m, second.position_m)
        coaxial = first.facing_deg == second.facing_deg and apart_m <= abs(radius_m - other_m)
        if apart_m < 0.99 * (radius_m + other_m) and not coaxial:
            yield (
                f"drivers[{i}] and drivers[{j}] are {number(apart_m)} m apart, and their radii are"
                f" {number(radius_m)} and {number(other_m)} m: such cones overlap; correct radius_m or position_m"
            )


def _air(problem: Problem) -> Iterator[str]:
    table = problem.scene
    if table is not None and not table.air_absorption:
        for key in ("temperature_c", "relative_humidity_percent"):
            if key in table.model_fields_set:
                yield f"scene.{key} has no effect without scene.air_absorption = true"


def _silent(path: str, design: DesignTable, problem: Problem) -> Iterator[str]:
    """Parts of a design's band, and of the voices' around it, that none of its drivers is meant for."""
    band = (design.band_hz[0], design.band_hz[1])
    drivers = [driver for driver in problem.drivers if design.drivers is None or driver.name in design.drivers]
    if any(_in_kilohertz(driver.band_hz) for driver in drivers):  # whose remedy comes first
        return
    for low_hz, high_hz in gaps_hz([_band_hz(driver) for driver in drivers], *band):
        yield (
            f"{path}.band_hz holds {number(low_hz)} to {number(high_hz)} Hz, which is in no band_hz of its drivers; widen one, or"
            " add a driver"
        )
    heard_hz = (HEARD_HZ[0], min(HEARD_HZ[1], problem.sample_rate_hz / 2))
    for low_hz, high_hz in ways_of(design, problem).silent_hz(*heard_hz):
        around = [(low_hz, min(high_hz, band[0])), (max(low_hz, band[1]), high_hz)]
        for begin_hz, end_hz in around:
            if begin_hz < end_hz:
                yield (
                    f"{path}: no driver plays {number(begin_hz)} to {number(end_hz)} Hz for it: plain playback is silent there;"
                    " widen a band_hz, or add a driver"
                )


def _band_hz(driver: Driver) -> tuple[float, float]:
    return (driver.band_hz[0], driver.band_hz[1]) if driver.band_hz else (0.0, math.inf)


def _design(path: str, design: DesignTable, spacing_hz: float) -> Iterator[str]:
    if 0 < design.band_hz[0] < 2 * spacing_hz:
        yield (
            f"{path}.band_hz begins at {number(design.band_hz[0])} Hz, and the grid's frequencies are"
            f' {number(spacing_hz)} Hz apart; raise grid.frequencies, or use grid.spacing = "logarithmic"'
        )
    if design.ear and design.name in ("left", "right") and design.name != design.ear:
        yield f'{path} is called "{design.name}" and is bright at the {design.ear} ear'
    if not design.is_beam:
        return
    look = np.array([design.look_deg], dtype=float)
    if design.window_deg and not geometry.in_arc(look, (design.window_deg[0], design.window_deg[1])).any():
        yield f"{path}.window_deg does not hold the look direction, {number(design.look_deg)} degrees"
    arcs_deg = geometry.null_arcs_deg(design.nulls_deg or [], design.null_width_deg)
    for n, arc_deg in enumerate(arcs_deg):
        if geometry.in_arc(look, arc_deg).any():
            yield (
                f"{path}.nulls_deg[{n}]: the arc from {number(arc_deg[0])} to {number(arc_deg[1])} degrees holds the look direction,"
                f" {number(design.look_deg)} degrees, which cannot be bright and dark; move the null, or reduce null_width_deg"
            )
    for m, line in enumerate(design.mask or []):
        low, high = (number(azimuth) for azimuth in line.azimuth_deg)
        if line.max_db < 0 and geometry.in_arc(look, (line.azimuth_deg[0], line.azimuth_deg[1])).any():
            yield (
                f"{path}.mask[{m}].azimuth_deg runs counter-clockwise from {low} to {high} degrees and holds the look"
                f" direction, {number(design.look_deg)} degrees, whose level is 0 dB by definition"
            )
        if line.band_hz and (line.band_hz[0] > design.band_hz[1] or line.band_hz[1] < design.band_hz[0]):
            yield f"{path}.mask[{m}].band_hz lies outside {path}.band_hz and has no effect"
