"""Faults that need two keys to see: all checks in one list; here names, drivers' bands, and sizes."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from designer.errors import Fault
from designer.problem import geometry
from designer.problem.design_checks import design_checks
from designer.problem.enclosures.enclosure import Enclosure
from designer.problem.enclosures.round_body import RoundBody
from designer.problem.frequency_grid import MAX_REFINEMENT
from designer.problem.geometry_checks import place_checks, room_checks
from designer.problem.message_codes import coded
from designer.problem.messages import Location, dotted, is_plain_text, number
from designer.problem.plausibility import warnings
from designer.problem.population_checks import population_checks
from designer.problem.realization_checks import realization_checks, virtualizer_checks
from designer.problem.rules import ordered, unless
from designer.problem.schema import Driver, Problem
from designer.problem.table import Table, as_far_as_known, entries, if_known
from designer.problem.zone_checks import zone_checks

__all__ = ["check", "warnings"]

MAX_SCENE_NUMBERS = 150_000_000
"""Largest array of a design, in complex numbers (2.4 GB)."""
MAX_FIT_NUMBERS = 1_000_000_000
"""Transfer functions that the taps are fitted to, which are taken in parts: some minutes of them."""
MAX_PRODUCTS = 40_000_000_000
"""Products of two transfer functions to one point, in the mean powers of a design or a fit: about a minute of them."""
MAX_RESPONSE_ROWS = 30_000_000
"""Largest number of rows of `response.csv` (1.5 GB)."""
MAX_KA = 4000.0
"""Largest circumference of a sphere or cylinder in wavelengths: its series needs about as many terms."""
MAX_EARS = 96
"""Ears at which a design is judged with the head moved, at the least, for each head."""


def check(problem: Problem, folder: Path, files: Mapping[str, str]) -> list[Fault]:
    """Every fault between the keys of a problem, which may lack the keys that are at fault by themselves.

    Parameters
    ----------
    problem : Problem, from `half_known`
    folder : Path, where relative paths start
    files : dict, where data files lie that have moved

    """
    if isinstance(body := if_known(problem, "enclosure"), Enclosure):
        body.locate(folder, files)
    groups: tuple[Iterator[Iterator[Fault]], ...] = (
        (_names(key, problem) for key in ("drivers", "listeners", "places", "designs")),
        place_checks(problem, folder, files),
        (
            _driver_band(f"drivers[{i}].band_hz", driver, problem)
            for i, driver in enumerate(entries(problem, "drivers"))
        ),
        iter([_texts((), problem)]),
        (sizes(problem) for sizes in (_transfer_size, _fit_size, _sphere_sizes, _disc_sizes, _solving)),
        design_checks(problem),
        zone_checks(problem),
        population_checks(problem),
        realization_checks(problem),
        virtualizer_checks(problem),
        room_checks(problem),
        iter([_targets(problem)]),
    )
    checks = (faults for group in groups for faults in as_far_as_known(group))
    distinct: dict[tuple[str, str], Fault] = {}
    for fault in (fault for faults in checks for fault in as_far_as_known(faults)):
        distinct.setdefault((fault.path, fault.remedy), fault)  # what one remedy mends is one fault
    return list(distinct.values())


@coded("name-taken")
def _names(key: str, problem: Problem) -> Iterator[Fault]:
    names = [if_known(table, "name") for table in entries(problem, key)]
    for i, name in enumerate(names):
        if name is None:
            continue
        path, first = f"{key}[{i}].name", names.index(name)
        suffix = f", the name of {key}[{first}] already"
        yield from unless(first == i, path, name, "names that differ", "rename one of the two", suffix=suffix)


@coded("control-character")
def _texts(place: Location, value: object) -> Iterator[Fault]:
    """Texts at any depth that a terminal, a table or a figure cannot show as they are: the title, names, paths of files."""
    if isinstance(value, Table):
        for key in type(value).model_fields:
            yield from _texts((*place, key), if_known(value, key))
    elif isinstance(value, list):
        for n, item in enumerate(value):
            yield from _texts((*place, n), item)
    elif isinstance(value, str):
        expected = "text on one line, without tabs, other control characters or turns of the direction of writing"
        remedy = f"write the {'name' if place[-1] == 'name' else 'text'} in letters, digits and spaces"
        yield from unless(is_plain_text(value), dotted(place), value, expected, remedy)


@coded("named-twice")
def _targets(problem: Problem) -> Iterator[Fault]:
    targets = problem.export.targets
    for i, target in enumerate(targets):
        first = targets.index(target)
        suffix = f", which is export.targets[{first}] already"
        yield from unless(
            first == i, f"export.targets[{i}]", target, "targets that differ", "leave one out", suffix=suffix
        )


@coded("above-nyquist")
def _driver_band(path: str, driver: Driver, problem: Problem) -> Iterator[Fault]:
    yield from ordered(path, driver.band_hz)
    if driver.band_hz:
        expected = f"a band that begins below {number(problem.sample_rate_hz / 2)}, half of sample_rate_hz"
        yield from unless(
            driver.band_hz[0] < problem.sample_rate_hz / 2, path, driver.band_hz, expected, "the unit is hertz"
        )


@coded("too-large")
def _too_many(path: str, size: int, limit: int, actual: str, remedy: str, *, unit: str = "numbers") -> Iterator[Fault]:
    if size > limit:
        yield Fault(path, f"got {actual}{_millions(size, unit)}", f"at most {_millions(limit, unit)}", remedy)


def _millions(size: int, unit: str) -> str:
    return f"{number(round(size / 1e6))} million {unit}"


@coded("too-large")
def _transfer_size(problem: Problem) -> Iterator[Fault]:
    """The transfer tensor at the points, on the grid and half way between; the circle's table, and the fit that follows from it."""
    count, grid = len(problem.drivers), problem.grid
    frequencies = 2 * grid.frequencies * (MAX_REFINEMENT if grid.refine else 1) - 1
    azimuths, ears = 360 / grid.azimuth_step_deg, 2 * len(problem.listener.ear_cloud_m)
    points = round(max(azimuths, max(ears, MAX_EARS) * len(problem.heads)))
    actual = f"{frequencies} frequencies (half steps included) x {points} points x {count} drivers, "
    remedy = "lower grid.frequencies, or raise grid.azimuth_step_deg"
    too_large = [*_too_many("grid", frequencies * points * count, MAX_SCENE_NUMBERS, actual, remedy)]
    if too_large:
        yield from too_large
        return
    channels = len(problem.designs)
    actual = f"{frequencies} frequencies (half steps included) x {round(azimuths)} azimuths x {channels} designs, "
    least_deg = 360 * channels * frequencies / MAX_RESPONSE_ROWS
    remedy = f"lower grid.frequencies, or raise grid.azimuth_step_deg to {number(least_deg)} or more"
    rows = channels * frequencies * round(azimuths)
    if rows > MAX_RESPONSE_ROWS:
        expected = f"at most {_millions(MAX_RESPONSE_ROWS, 'rows')}"
        yield Fault("grid", f"got {actual}{_millions(rows, 'rows')} of response.csv", expected, remedy)
    yield from _fitted_functions(problem, round(max(azimuths, ears * len(problem.heads))))


def _fit_frequencies(problem: Problem) -> int:
    """Frequencies of the grid that the taps are fitted on: four a tap, and eight a design frequency."""
    steps = (problem.grid.frequencies - 1) * (MAX_REFINEMENT if problem.grid.refine else 1)
    return int(2 ** (max(4 * problem.realization.taps, 8 * steps) - 1).bit_length() // 2 + 1)


def _fit_size(problem: Problem) -> Iterator[Fault]:
    """The drivers' matrices on the grid that the taps are fitted on, which are held together."""
    count, taps, frequencies = len(problem.drivers), problem.realization.taps, _fit_frequencies(problem)
    actual = f"{taps} taps, fitted at {frequencies} frequencies x {count} x {count} drivers, "
    remedy = "use fewer taps, frequencies or drivers"
    yield from _too_many("realization.taps", frequencies * count**2, MAX_SCENE_NUMBERS, actual, remedy)


@coded("too-large")
def _fitted_functions(problem: Problem, points: int) -> Iterator[Fault]:
    """The transfer functions to the points on that grid, which are taken in parts, and the products that their mean powers take."""
    if problem.realization.form == "biquad":
        return
    count, taps, frequencies = len(problem.drivers), problem.realization.taps, _fit_frequencies(problem)
    size = frequencies * points * count
    actual = f"got {taps} taps, fitted at {frequencies} frequencies x {points} points x {count} drivers, "
    path, remedy = "realization.taps", "use fewer taps, frequencies, displacements, azimuths or drivers"
    if size > MAX_FIT_NUMBERS:
        yield Fault(
            path, actual + _millions(size, "numbers"), f"at most {_millions(MAX_FIT_NUMBERS, 'numbers')}", remedy
        )
    elif size * count > MAX_PRODUCTS:
        actual += f"whose mean powers take {_millions(size * count, 'products')}"
        max_taps = MAX_PRODUCTS // (frequencies * count**2)
        expected = f"at most {_millions(MAX_PRODUCTS, 'products')}, for example {max_taps} points"
        yield Fault(path, actual, expected, remedy)


def _disc_sizes(problem: Problem) -> Iterator[Fault]:
    """Pistons and distances that the enclosure cannot compute at this sample rate."""
    k = math.pi * problem.sample_rate_hz / problem.speed_of_sound_m_s
    yield from problem.body.size_faults(dict(enumerate(entries(problem, "drivers"))), k)


def _solving(problem: Problem) -> Iterator[Fault]:
    """Faults of a body whose solution needs too much memory or time."""
    highest_hz, speed_m_s = problem.solved_to_hz, problem.speed_of_sound_m_s
    yield from problem.body.solving_faults(highest_hz, speed_m_s, len(problem.drivers))


@coded("too-many-wavelengths")
def _sphere_sizes(problem: Problem) -> Iterator[Fault]:
    """Spheres and cylinders that are too large, at this sample rate, for their series."""
    largest_m = MAX_KA * problem.speed_of_sound_m_s / (3.141592653589793 * problem.sample_rate_hz)
    radii = {"listener.head_radius_m": problem.listener.head_radius_m}
    for i, head in enumerate(problem.heads):
        path = "listener.head" if isinstance(problem.listener.head, str) else f"listener.head[{i}]"
        with suppress(ValueError):  # said already
            radii[path] = geometry.head_radius_m(head, 0.0)
    if isinstance(problem.body, RoundBody):
        radii["enclosure.radius_m"] = problem.body.radius_m
    expected = f"at most {number(largest_m)} at this sample rate and speed of sound"
    for path, radius_m in radii.items():
        yield from unless(radius_m <= largest_m, path, radius_m, expected, "the unit is metres")
