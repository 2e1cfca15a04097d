"""What is allowed and yet looks like a slip: names on the other side, arcs and bands that miss their purpose, wrong units."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import combinations

import numpy as np

from designer.problem import geometry
from designer.problem.frequency_grid import regular_frequencies_hz
from designer.problem.messages import number
from designer.problem.schema import DesignTable, Problem

FAR_M = 100.0


def warnings(problem: Problem) -> list[str]:
    """Sentences for the user, each with its dotted path."""
    grid_hz = regular_frequencies_hz(problem)
    found = [*_places(problem), *_air(problem)]
    for i, design in enumerate(problem.designs):
        above = int(np.clip(np.searchsorted(grid_hz, design.band_hz[0], side="right"), 1, grid_hz.size - 1))
        found += _uncovered(f"designs[{i}].band_hz", design, problem)
        found += _design(f"designs[{i}]", design, float(grid_hz[above] - grid_hz[above - 1]))
    return found


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
    yield from _overlaps(problem)
    distance_m = math.dist((0, 0, 0), problem.listener.position_m)
    if distance_m > FAR_M:
        yield f"listener.position_m is {number(distance_m)} m away; the unit is metres"


def _overlaps(problem: Problem) -> Iterator[str]:
    """Cones nearer to each other than their radii together, but for one before another that faces the same way (coaxial)."""
    cones = [(i, driver, driver.radius_m) for i, driver in enumerate(problem.drivers) if driver.radius_m]
    for (i, one, radius_m), (j, other, other_m) in combinations(cones, 2):
        apart_m = math.dist(one.position_m, other.position_m)
        coaxial = one.facing_deg == other.facing_deg and apart_m <= abs(radius_m - other_m)
        if apart_m < 0.99 * (radius_m + other_m) and not coaxial:
            yield (
                f"drivers[{i}] and drivers[{j}] are {number(apart_m)} m apart, and their radii are"
                f" {number(radius_m)} and {number(other_m)} m: such cones overlap"
            )


def _air(problem: Problem) -> Iterator[str]:
    table = problem.scene
    if table is not None and not table.air_absorption:
        for key in ("temperature_c", "relative_humidity_percent"):
            if key in table.model_fields_set:
                yield f"scene.{key} asks for nothing without scene.air_absorption = true"


def _uncovered(path: str, design: DesignTable, problem: Problem) -> Iterator[str]:
    """What of a design's band no driver of its own is meant for."""
    own = [driver for driver in problem.drivers if design.drivers is None or driver.name in design.drivers]
    bands_hz = sorted(driver.band_hz or [0.0, math.inf] for driver in own)
    low_hz, high_hz = design.band_hz
    for begin_hz, end_hz in [*bands_hz, [math.inf, math.inf]]:
        if low_hz < min(begin_hz, high_hz):
            yield f"{path} holds {number(low_hz)} to {number(min(begin_hz, high_hz))} Hz, which is in no band_hz of its drivers"
        low_hz = max(low_hz, end_hz)


def _design(path: str, design: DesignTable, spacing_hz: float) -> Iterator[str]:
    if 0 < design.band_hz[0] < 2 * spacing_hz:
        yield (
            f"{path}.band_hz begins at {number(design.band_hz[0])} Hz, and the grid's frequencies are"
            f' {number(spacing_hz)} Hz apart; raise grid.frequencies, or use grid.spacing = "logarithmic"'
        )
    if design.ear and design.name in ("left", "right") and design.name != design.ear:
        yield f'{path} is called "{design.name}" and reaches the {design.ear} ear'
    if design.look_deg is None:
        return
    look = np.array([design.look_deg], dtype=float)
    if design.window_deg and not geometry.in_arc(look, (design.window_deg[0], design.window_deg[1])).any():
        yield f"{path}.window_deg does not hold the look direction, {number(design.look_deg)} degrees"
    for m, line in enumerate(design.mask or []):
        low, high = (number(azimuth) for azimuth in line.azimuth_deg)
        if line.max_db < 0 and geometry.in_arc(look, (line.azimuth_deg[0], line.azimuth_deg[1])).any():
            yield (
                f"{path}.mask[{m}].azimuth_deg runs counter-clockwise from {low} to {high} degrees and holds the look"
                f" direction, {number(design.look_deg)} degrees, whose level is 0 dB by definition"
            )
        if line.band_hz and (line.band_hz[0] > design.band_hz[1] or line.band_hz[1] < design.band_hz[0]):
            yield f"{path}.mask[{m}].band_hz lies outside {path}.band_hz and asks for nothing"
