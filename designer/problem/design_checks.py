"""Faults of a design: what belongs to its kind, its drivers, its band and curve on the grid, its arcs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise

import numpy as np

from designer.errors import Fault
from designer.problem import geometry
from designer.problem.designs import MaskLine
from designer.problem.driver_ways import grouped, shared_hz
from designer.problem.frequency_grid import regular_frequencies_hz
from designer.problem.message_codes import coded
from designer.problem.messages import MAX_KILOHERTZ, in_hertz, number, shown
from designer.problem.methods import AUTO, formulations, method_faults
from designer.problem.rules import among, below_nyquist, curve_faults, ordered, unless
from designer.problem.schema import DesignTable, Problem, Region
from designer.problem.table import as_far_as_known, entries, if_known


def design_checks(problem: Problem) -> Iterator[Iterator[Fault]]:
    """Every check of every design, each to be run as far as its keys are known."""
    for i, design in enumerate(entries(problem, "designs")):
        path = f"designs[{i}]"
        yield _driver_count(path, design, problem)
        yield _something_asked(path, design)
        yield _named_drivers(path, design, problem)
        yield _crossovers(f"{path}.crossover_hz", design, problem)
        yield _method(path, design, problem)
        yield _band(f"{path}.band_hz", design, problem)
        yield _band_on_grid(f"{path}.band_hz", design, problem)
        yield _curve(f"{path}.cancellation_gain_db", design)
        yield _look(f"{path}.look_deg", design, problem)
        for m, line in enumerate(if_known(design, "mask") or []):
            yield _band(f"{path}.mask[{m}].band_hz", line, problem)
            yield _given_arc(f"{path}.mask[{m}].azimuth_deg", line, "azimuth_deg", problem)
        yield _given_arc(f"{path}.window_deg", design, "window_deg", problem)
        yield _null_arcs(f"{path}.nulls_deg", design, problem)
        yield _company(path, design, problem)
        for key in ("bright_regions", "dark_regions"):
            for r, region in enumerate(if_known(design, key) or []):
                reached = key == "bright_regions"
                yield _region(f"{path}.{key}[{r}]", region, problem, reached=reached)


def _count(design: DesignTable, problem: Problem) -> int:
    return len(problem.drivers) if design.drivers is None else len(design.drivers)


@coded("driver-count")
def _driver_count(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    count = _count(design, problem)
    actual = f"got {count} driver{'s' if count != 1 else ''}"
    if design.drivers is None:
        actual += ", all that there are"
    if design.kind == "ctc" and count != 2:
        remedy = 'name two drivers, or use kind = "null-steering"' if count > 2 else "name two drivers"
        yield Fault(f"{path}.drivers", actual, 'two for kind = "ctc"', remedy)
    if design.kind == "null-steering" and count < 3:
        remedy = 'use kind = "ctc", or name more drivers' if count == 2 else "name more drivers"
        yield Fault(f"{path}.drivers", actual, 'three or more for kind = "null-steering"', remedy)


@coded("no-requirement")
def _something_asked(path: str, design: DesignTable) -> Iterator[Fault]:
    requirements = design.requirements
    if all(getattr(design, key) is None for key in requirements):
        expected = f"at least one of {', '.join(requirements)}" if len(requirements) > 1 else requirements[0]
        yield Fault(path, "got no requirement", expected, "add a requirement")


@coded("named-twice")
def _named_drivers(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    names_known = [driver.name for driver in problem.drivers]
    for key in ("drivers", "plain"):
        names, candidates = (
            getattr(design, key) or [],
            design.drivers if key == "plain" and design.drivers else names_known,
        )
        for n, name in enumerate(names):
            location, is_repeated = f"{path}.{key}[{n}]", name in candidates and name in names[:n]
            yield from among(location, name, candidates)
            yield from unless(not is_repeated, location, name, "each driver once", "leave one out", suffix=" twice")


@coded("crossovers")
def _crossovers(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    """As many crossovers as there are places between the ways, each where both its ways play, and rising."""
    known = {driver.name for driver in problem.drivers}
    if not known.issuperset([*(design.plain or []), *(design.drivers or [])]):
        return
    ways = grouped(design, problem)
    if len(ways) > 1 and problem.realization.form == "rtf":
        names = ", ".join(shown(way.drivers[0]) for way in ways)
        got = f'got plain playback in {len(ways)} ways (as {names}) with realization.form = "rtf"'
        yield Fault(
            path.rpartition(".")[0],
            got,
            "one way, because a reference that keeps a pure delay plays all of the band",
            'use form = "fir", or name the drivers of one way in plain',
        )
    if design.crossover_hz is None:
        return
    if len(design.crossover_hz) != len(ways) - 1:
        bands = "; ".join(f"{shown(way.drivers[0])} {_span(way.low_hz, way.high_hz)}" for way in ways)
        expected = f"{len(ways) - 1}, one between each two ways of drivers (by band_hz: {bands})"
        remedy = "leave it out" if len(ways) == 1 else "name one frequency fewer than ways, from the lowest up"
        yield Fault(
            path,
            f"got {shown(design.crossover_hz)}",
            expected if len(ways) > 1 else f"none, with one way of drivers (by band_hz: {bands})",
            remedy,
        )
        return
    for n, (at_hz, (low_hz, high_hz)) in enumerate(zip(design.crossover_hz, shared_hz(ways), strict=True)):
        names = " and ".join(shown(way.drivers[0]) for way in ways[n : n + 2])
        remedy = (
            "move the crossover there"
            if low_hz < high_hz
            else "leave crossover_hz out: each way then ends with its own band"
        )
        expected = (
            f"{_span(low_hz, high_hz)}, which {names} both play"
            if low_hz < high_hz
            else f"nothing between {names}, whose band_hz have no frequency in common"
        )
        yield from unless(low_hz <= at_hz <= high_hz and at_hz > 0, f"{path}[{n}]", at_hz, expected, remedy)
    rising = all(a < b for a, b in pairwise(design.crossover_hz))
    yield from unless(rising, path, design.crossover_hz, "frequencies that rise", "sort them, from the lowest way up")


def _span(low_hz: float, high_hz: float) -> str:
    return f"{number(low_hz)} Hz and up" if math.isinf(high_hz) else f"{number(low_hz)} to {number(high_hz)} Hz"


def _method(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    yield from method_faults(path, design, _count(design, problem))


def _band(path: str, table: DesignTable | MaskLine, problem: Problem) -> Iterator[Fault]:
    yield from ordered(path, table.band_hz)
    yield from below_nyquist(path, table.band_hz, problem.sample_rate_hz, "lower the band or raise the sample rate")


@coded("band-off-grid")
def _band_on_grid(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    low, high = design.band_hz
    nyquist_hz = problem.sample_rate_hz / 2
    if not low < high <= nyquist_hz:
        return
    grid_hz = regular_frequencies_hz(problem)
    if not ((grid_hz >= low) & (grid_hz <= high)).any():
        if high <= MAX_KILOHERTZ:
            yield Fault(path, f"got {shown(design.band_hz)}", "hertz, up to what is heard", in_hertz(design.band_hz))
            return
        actual = f"got {shown(design.band_hz)}, which holds no frequency of the grid"
        below_hz = grid_hz[np.searchsorted(grid_hz, low) - 1]
        above_hz = grid_hz[np.searchsorted(grid_hz, high)]
        evenly = problem.grid.spacing == "linear"
        expected = (
            f"a band with a multiple of {number(grid_hz[1])} Hz in it"
            if evenly
            else (f"a band that reaches {number(below_hz)} or {number(above_hz)} Hz")
        )
        yield Fault(path, actual, expected, "widen the band or raise grid.frequencies")


def _curve(path: str, design: DesignTable) -> Iterator[Fault]:
    yield from curve_faults(path, design.cancellation_gain_db)


@coded("behind-baffle")
def _look(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    """A beam that looks behind a baffle looks into silence."""
    if problem.body.silent_behind and design.is_beam:
        in_front = np.cos(np.radians(design.look_deg)) >= -1e-9
        expected = "a direction before the baffle, from -90 to 90"
        yield from unless(bool(in_front), path, design.look_deg, expected, "turn the beam to the front")


def _given_arc(path: str, table: DesignTable | MaskLine, key: str, problem: Problem) -> Iterator[Fault]:
    arc = getattr(table, key)
    if arc is not None:
        yield from _arc(path, (arc[0], arc[1]), f"got {shown(arc)}", problem)


def _null_arcs(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    nulls = design.nulls_deg or []
    for n, arc in enumerate(geometry.null_arcs_deg(nulls, design.null_width_deg)):
        actual = f"got {shown(nulls[n])} with null_width_deg = {shown(design.null_width_deg)}"
        yield from as_far_as_known(_arc(f"{path}[{n}]", arc, actual, problem))


@coded("arc-off-grid")
def _arc(path: str, arc: tuple[float, float], actual: str, problem: Problem) -> Iterator[Fault]:
    step_deg = problem.grid.azimuth_step_deg
    if not geometry.in_arc(geometry.azimuth_grid_deg(step_deg), arc).any():
        actual = f"{actual}, an arc that holds no azimuth of the grid"
        expected = f"an arc, counter-clockwise, with a multiple of {number(step_deg)} in it"
        yield Fault(path, actual, expected, "widen the arc or lower grid.azimuth_step_deg")


@coded("key-out-of-place")
def _company(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    """Checks of the keys that go with regions."""
    takers = [AUTO, *(name for name, method in formulations().items() if method.regions)]
    if design.dark_regions is None:
        for key in ("bright_regions", "region_order"):
            if key in design.model_fields_set:
                yield Fault(f"{path}.{key}", "got without dark_regions", "only with them", "add dark_regions")
        if design.method in takers[1:]:
            remedy = "add dark_regions, or use the method power-ratio for the points of the circle"
            yield Fault(f"{path}.method", f"got {shown(design.method)}", "only with dark_regions", remedy)
        return
    location = f"{path}.dark_regions"
    if design.method not in takers:
        expected = f"only with method {' or '.join(shown(method) for method in takers)}"
        yield Fault(
            location,
            f'got with method = "{design.method}"',
            expected,
            "the other methods know points alone",
            "method-misfit",
        )
    for key in ("mask", "window_deg"):
        if getattr(design, key) is not None:
            remedy = "ask for the ratio between regions and the shape over azimuth in two designs"
            yield Fault(
                location,
                f"got with {key}",
                "without a mask and a window, which are of points",
                remedy,
                "conflicting-keys",
            )
    if problem.measured_device is not None:
        remedy = "leave scene.transfer out, or use nulls_deg"
        yield Fault(
            location,
            "got with scene.transfer",
            "only where the field is known all around the device",
            remedy,
            "conflicting-keys",
        )


@coded("bad-region")
def _region(path: str, region: Region, problem: Problem, *, reached: bool) -> Iterator[Fault]:
    """A region is a cap or a band, its elevations rise, and a baffle does not cut a cap or silence what is to be reached."""
    keys = region.model_fields_set
    if region.around_deg is not None and keys & {"azimuth_deg", "elevation_deg"}:
        remedy = "leave one of the two out"
        yield Fault(
            path, "got a cap (around_deg) and a band (azimuth_deg, elevation_deg) in one", "one of them", remedy
        )
    if region.around_deg is None and "radius_deg" in keys:
        yield Fault(
            f"{path}.radius_deg",
            "got without around_deg",
            "only with it",
            "add the cap's centre, around_deg",
            "key-out-of-place",
        )
    low, high = region.elevation_deg
    if low > high:
        actual = f"got {shown(region.elevation_deg)}"
        yield Fault(f"{path}.elevation_deg", actual, "[lowest, highest]", "swap the two")
    if not problem.body.silent_behind:
        return
    remedy = "behind a baffle is silence: move the region to the front"
    if region.around_deg is not None:
        azimuth, elevation = (math.radians(angle) for angle in region.around_deg)
        off_axis_deg = math.degrees(math.acos(max(-1.0, min(1.0, math.cos(azimuth) * math.cos(elevation)))))
        radius_deg = region.radius_deg or 0.0
        if off_axis_deg + radius_deg > 90.0 + 1e-6 and radius_deg < 180.0:
            actual = f"got a cap from {off_axis_deg - radius_deg:.4g} to {off_axis_deg + radius_deg:.4g} degrees off the front"
            yield Fault(path, actual, "a cap that ends before 90 degrees, or the whole sphere", remedy, "behind-baffle")
    elif reached:
        start = region.azimuth_deg[0] + 90.0
        width = (
            360.0
            if region.azimuth_deg[1] - region.azimuth_deg[0] >= 360
            else (region.azimuth_deg[1] + 90.0 - start) % 360.0
        )
        if start % 360.0 > 180.0 and start % 360.0 + width < 360.0:
            actual = f"got {shown(region.azimuth_deg)}"
            yield Fault(
                f"{path}.azimuth_deg", actual, "azimuths from -90 to 90, at least in part", remedy, "behind-baffle"
            )
