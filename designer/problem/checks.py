"""Faults that need two keys to see: all checks in one list; here names, drivers' bands, and sizes."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import suppress
from itertools import chain
from pathlib import Path

from designer.errors import Fault
from designer.problem import geometry
from designer.problem.design_checks import design_checks
from designer.problem.explain import warnings
from designer.problem.frequency_grid import REFINED_TIMES
from designer.problem.half_known import as_far_as_known, entries
from designer.problem.messages import number, shown
from designer.problem.place_checks import place_checks, room_checks
from designer.problem.realization_checks import realization_checks, virtualizer_checks
from designer.problem.rules import ordered
from designer.problem.schema import Driver, Problem
from designer.problem.table import if_known

__all__ = ["check", "warnings"]

MAX_SCENE_NUMBERS = 150_000_000
"""Largest array of a design, in complex numbers (2.4 GB)."""
MAX_FIT_NUMBERS = 1_000_000_000
"""Transfer functions that the taps are fitted to, which are taken in parts: some minutes of them."""
MAX_PRODUCTS = 40_000_000_000
"""Products of two transfer functions to one point, in the mean powers of a design or a fit: about a minute of them."""
MAX_RESPONSE_ROWS = 30_000_000
"""Of `response.csv` (1.5 GB)."""
MAX_KA = 4000.0
"""Largest circumference of a sphere or cylinder in wavelengths: its series needs about as many terms."""
JUDGED_EARS = 96
"""Ears at which a design is judged with the head moved, at the least, for each head."""


def check(problem: Problem, folder: Path, files: Mapping[str, str]) -> list[Fault]:
    """Every fault between the keys of a problem, which may lack the keys that are at fault by themselves.

    Parameters
    ----------
    problem : from `half_known`
    folder : where relative paths start
    files : where data files lie that have moved

    """
    checks: Iterator[Iterator[Fault]] = chain(
        (_names(key, problem) for key in ("drivers", "designs")),
        place_checks(problem, folder, files),
        (_driver_band(f"drivers[{i}]", driver, problem) for i, driver in enumerate(entries(problem, "drivers"))),
        (_transfer_size(problem), _fit_size(problem), _sphere_sizes(problem)),
        (_disc_sizes(problem),),
        design_checks(problem),
        realization_checks(problem),
        virtualizer_checks(problem),
        room_checks(problem),
    )
    return [fault for faults in checks for fault in as_far_as_known(faults)]


def _names(key: str, problem: Problem) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for i, table in enumerate(entries(problem, key)):
        name = if_known(table, "name")
        if name in seen:
            found = f"found {shown(name)}, the name of {key}[{seen[name]}] already"
            yield Fault(f"{key}[{i}].name", found, "names that differ", "give one of the two another name")
        elif name is not None:
            seen[name] = i
        if name is not None and any(unicodedata.category(letter) == "Cc" for letter in name):
            may_be = (
                "text on one line, without tabs and other control characters, so that tables and figures can hold it"
            )
            yield Fault(
                f"{key}[{i}].name", f"found {shown(name)}", may_be, "write the name in letters, digits and spaces"
            )


def _driver_band(path: str, driver: Driver, problem: Problem) -> Iterator[Fault]:
    yield from ordered(f"{path}.band_hz", driver.band_hz)
    if driver.band_hz and driver.band_hz[0] >= problem.sample_rate_hz / 2:
        may_be = f"a band that begins below {number(problem.sample_rate_hz / 2)}, half of sample_rate_hz"
        yield Fault(f"{path}.band_hz", f"found {shown(driver.band_hz)}", may_be, "the unit is hertz")


def _judged_frequencies(problem: Problem) -> int:
    """Of the grid, refined at most, and half way between."""
    return 2 * problem.grid.frequencies * (REFINED_TIMES if problem.grid.refine else 1) - 1


def _transfer_size(problem: Problem) -> Iterator[Fault]:
    """The transfer tensor at the points, on the grid and half way between."""
    count, frequencies = len(problem.drivers), _judged_frequencies(problem)
    ears = max(2 * len(problem.listener.ear_cloud_m), JUDGED_EARS) * len(problem.heads)
    points = round(max(360 / problem.grid.azimuth_step_deg, ears))
    size = frequencies * points * count
    if size > MAX_SCENE_NUMBERS:
        found = f"found {frequencies} frequencies (half steps included) x {points} points x {count} drivers, {_millions(size)}"
        yield Fault(
            "grid", found, f"at most {_millions(MAX_SCENE_NUMBERS)}", "fewer frequencies, or a larger azimuth step"
        )
        return
    yield from _response_rows(problem)
    yield from _fitted_functions(problem)


def _response_rows(problem: Problem) -> Iterator[Fault]:
    """The table of the circle: a row for each channel, frequency (half steps included) and azimuth."""
    channels, frequencies = len(problem.designs), _judged_frequencies(problem)
    azimuths = round(360 / problem.grid.azimuth_step_deg)
    rows = channels * frequencies * azimuths
    if rows > MAX_RESPONSE_ROWS:
        found = f"found {frequencies} frequencies (half steps included) x {azimuths} azimuths x {channels} designs,"
        found += f" {number(round(rows / 1e6))} million rows of response.csv"
        may_be = f"at most {number(MAX_RESPONSE_ROWS / 1e6)} million rows"
        least_deg = 360 * channels * frequencies / MAX_RESPONSE_ROWS
        remedy = f"fewer frequencies, or an azimuth step of {number(least_deg)} or more"
        yield Fault("grid", found, may_be, remedy)


def _fit_frequencies(problem: Problem) -> int:
    """Of the grid that the taps are fitted on: four a tap, and eight a design frequency."""
    steps = (problem.grid.frequencies - 1) * (REFINED_TIMES if problem.grid.refine else 1)
    return int(2 ** (max(4 * problem.realization.taps, 8 * steps) - 1).bit_length() // 2 + 1)


def _fit_size(problem: Problem) -> Iterator[Fault]:
    """The drivers' matrices on the grid that the taps are fitted on, which are held together."""
    count, taps, frequencies = len(problem.drivers), problem.realization.taps, _fit_frequencies(problem)
    size = frequencies * count**2
    if size > MAX_SCENE_NUMBERS:
        found = f"found {taps} taps, fitted at {frequencies} frequencies x {count} x {count} drivers, {_millions(size)}"
        remedy = "fewer taps, frequencies or drivers"
        yield Fault("realization.taps", found, f"at most {_millions(MAX_SCENE_NUMBERS)}", remedy)


def _fitted_functions(problem: Problem) -> Iterator[Fault]:
    """The transfer functions to the points on that grid, which are taken in parts, and the products that their mean powers take."""
    if problem.realization.form == "biquad":
        return
    count, taps, frequencies = len(problem.drivers), problem.realization.taps, _fit_frequencies(problem)
    ears = 2 * len(problem.listener.ear_cloud_m) * len(problem.heads)
    points = round(max(360 / problem.grid.azimuth_step_deg, ears))
    size = frequencies * points * count
    found = f"found {taps} taps, fitted at {frequencies} frequencies x {points} points x {count} drivers"
    remedy = "fewer taps, frequencies, displacements, azimuths or drivers"
    if size > MAX_FIT_NUMBERS:
        yield Fault("realization.taps", f"{found}, {_millions(size)}", f"at most {_millions(MAX_FIT_NUMBERS)}", remedy)
    elif size * count > MAX_PRODUCTS:
        found += f", whose mean powers take {_millions(size * count, 'products')}"
        may_be = f"at most {_millions(MAX_PRODUCTS, 'products')}, for example {MAX_PRODUCTS // (frequencies * count**2)} points"
        yield Fault("realization.taps", found, may_be, remedy)


def _disc_sizes(problem: Problem) -> Iterator[Fault]:
    """Pistons and distances that the enclosure cannot compute at this sample rate."""
    k = math.pi * problem.sample_rate_hz / problem.speed_of_sound_m_s
    yield from problem.body.size_faults(dict(enumerate(entries(problem, "drivers"))), k)


def _millions(size: int, of: str = "numbers") -> str:
    return f"{number(round(size / 1e6))} million {of}"


def _sphere_sizes(problem: Problem) -> Iterator[Fault]:
    """Spheres and cylinders that are too large, at this sample rate, for their series."""
    largest_m = MAX_KA * problem.speed_of_sound_m_s / (3.141592653589793 * problem.sample_rate_hz)
    radii = {"listener.head_radius_m": problem.listener.head_radius_m}
    for i, head in enumerate(problem.heads):
        path = "listener.head" if isinstance(problem.listener.head, str) else f"listener.head[{i}]"
        with suppress(ValueError):  # said already
            radii[path] = geometry.head_radius_m(head, 0.0)
    if problem.body.half_size_m.any():
        radii["enclosure.radius_m"] = float(problem.body.half_size_m.max())
    for path, radius_m in radii.items():
        if radius_m > largest_m:
            may_be = f"at most {number(largest_m)} at this sample rate and speed of sound"
            yield Fault(path, f"found {shown(radius_m)}", may_be, "the unit is metres")
