"""Faults of places without a head, and of what designs say of several listeners and of such places."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from designer.errors import Fault
from designer.problem.enclosures.enclosure import SURFACE_TOLERANCE_M
from designer.problem.listeners import Place
from designer.problem.message_codes import coded
from designer.problem.messages import number, shown
from designer.problem.methods import AUTO, method_of
from designer.problem.rules import among, curve_faults, missing, unless
from designer.problem.schema import DesignTable, Problem
from designer.problem.table import MAX_POINTS, entries, if_known

MEAN = "mean"
DIFFUSE_RANGE_DB = (-20.0, 60.0)
"""Gains over the mean of all directions that are no typing error."""


def zone_checks(problem: Problem) -> Iterator[Iterator[Fault]]:
    """Every check of places, and of the designs' listeners and dark places, each to be run as far as its keys are known."""
    for n, place in enumerate(entries(problem, "places")):
        yield _shape(f"places[{n}]", place)
        yield _points(f"places[{n}]", place, problem)
    yield _distinct(problem)
    for i, design in enumerate(entries(problem, "designs")):
        yield _listener(f"designs[{i}].listener", design, problem)
        yield _named(f"designs[{i}]", design, problem)
        yield _dark_curves(f"designs[{i}].dark_gain_db", design)
        yield _diffuse_curve(f"designs[{i}].diffuse_gain_db", design)
        yield _held(f"designs[{i}]", design, problem)


def names_of(problem: Problem) -> tuple[list[str], list[str]]:
    """Names of the listeners, and of the places."""
    listeners, places = (
        [if_known(table, "name") or "" for table in entries(problem, key)] for key in ("listeners", "places")
    )
    return listeners, places


@coded("place-shape")
def _shape(path: str, place: Place) -> Iterator[Fault]:
    needed, other = ("size_m", "radius_m") if place.shape == "box" else ("radius_m", "size_m")
    if getattr(place, needed) is None:
        yield missing(f"{path}.{needed}", f"with shape = {shown(place.shape)}", f"add {needed}")
    if getattr(place, other) is not None:
        yield Fault(f"{path}.{other}", f"got with shape = {shown(place.shape)}", f"only {needed}", "leave it out")


@coded("place-points")
def _points(path: str, place: Place, problem: Problem) -> Iterator[Fault]:
    """As many points as memory holds, all of them outside the device and beside the drivers."""
    if (place.size_m if place.shape == "box" else place.radius_m) is None:
        return
    count = int(np.prod(np.array(place.steps, dtype=float)))
    if count > 8 * MAX_POINTS or len(place.points_m()) > MAX_POINTS:
        actual, remedy = (
            f"got {shown(place.spacing_m)}, a grid of {number(count)} points",
            "widen the spacing, or make the place smaller",
        )
        yield Fault(f"{path}.spacing_m", actual, f"at most {number(MAX_POINTS)} points", remedy)
        return
    points_m, actual = place.points_m(), f"got {shown(place.centre_m)}"
    inside = int((problem.body.clearance_m(points_m) < 0).sum())
    if inside:
        actual = f"{actual}, where {inside} of its {len(points_m)} points lie inside the device"
        yield Fault(f"{path}.centre_m", actual, "a place outside the device", "move the place, or make it smaller")
    drivers_m = np.array([driver.position_m for driver in problem.drivers], dtype=float)
    if np.linalg.norm(points_m[:, None] - drivers_m, axis=2).min() < SURFACE_TOLERANCE_M:
        yield Fault(
            f"{path}.centre_m",
            f"{actual}, where a point is at a driver",
            "points at least 1 mm from the drivers",
            "move the place",
        )


@coded("name-taken")
def _distinct(problem: Problem) -> Iterator[Fault]:
    listeners, places = names_of(problem)
    for n, name in enumerate(places):
        same = "names that differ", "rename one of the two"
        yield from unless(
            name not in listeners, f"places[{n}].name", name, *same, suffix=", the name of a listener already"
        )


@coded("key-out-of-place")
def _listener(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    if design.listener is not None:
        listeners, _ = names_of(problem)
        if not listeners:
            yield Fault(path, f"got {shown(design.listener)} without [[listeners]]", "only with them", "leave it out")
        else:
            yield from among(path, design.listener, listeners)


@coded("dark-names")
def _named(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    """Names of listeners and of places: each once, bright or dark; and what is said of the dark ones by name."""
    if design.dark is None:
        for key in ("dark_gain_db", "dark_weight"):
            if getattr(design, key) is not None:
                yield Fault(
                    f"{path}.{key}", "got without dark", "only with it", "add dark, or leave it out", "key-out-of-place"
                )
        return
    listeners, places = names_of(problem)
    if not listeners and not places:
        yield Fault(
            f"{path}.dark",
            f"got {shown(design.dark)}",
            "only with [[listeners]] or [[places]]",
            "add them",
            "key-out-of-place",
        )
        return
    listener = [] if design.bright else [design.listener or next(iter(listeners), "")]
    bright = design.bright or listener
    for key, names, others in (("bright", design.bright or [], []), ("dark", design.dark, bright)):
        for n, name in enumerate(names):
            location = f"{path}.{key}[{n}]"
            if name in others:
                subject = "whose ear is bright" if listener else "which is bright"
                yield Fault(location, f"got {shown(name)}, {subject}", "other listeners and places", "leave it out")
                continue
            yield from among(location, name, [name for name in [*listeners, *places] if name not in others])
            is_new = name not in names[:n]
            yield from unless(
                is_new, location, name, "each name once", "leave one out", suffix=" twice", code="named-twice"
            )
    for key in ("dark_gain_db", "dark_weight"):
        values = getattr(design, key)
        for name in values if isinstance(values, dict) else ():
            yield from among(f"{path}.{key}.{name}", name, design.dark)


@coded("curve-points")
def _diffuse_curve(path: str, design: DesignTable) -> Iterator[Fault]:
    yield from curve_faults(path, design.diffuse_gain_db)
    gains = [gain for _, gain in design.diffuse_gain_db or ()]
    low, high = DIFFUSE_RANGE_DB
    if gains and not low <= min(gains) <= max(gains) <= high:
        remedy = "one point source has 0 dB, and N drivers at most about 20 log10 N"
        yield Fault(path, f"got the gains {shown(gains)}", f"gains from {low:g} to {high:g}", remedy)


def _dark_curves(path: str, design: DesignTable) -> Iterator[Fault]:
    curves = design.dark_gain_db
    by_name = (
        {f"{path}.{name}": curve for name, curve in curves.items()} if isinstance(curves, dict) else {path: curves}
    )
    for at, curve in by_name.items():
        yield from curve_faults(at, curve)


@coded("hold-misfit")
def _held(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    """Faults of holding every place or a percentile, and of taps as the unknowns, beside several listeners and places."""
    method = method_of(design)
    if design.hold != MEAN:
        actual = f"got {shown(design.hold)}"
        if design.diffuse_gain_db is not None:
            yield Fault(
                f"{path}.hold", f"{actual} with diffuse_gain_db, a mean", shown(MEAN), "leave one of the two out"
            )
        if design.dark is not None and design.cancellation_gain_db is None:
            expected = "a design with cancellation_gain_db, which the other curves are relative to"
            yield Fault(f"{path}.hold", f"{actual} with dark", expected, "add cancellation_gain_db, or leave hold out")
        if design.dark is not None and method is not None and not method.mean_powers:
            expected = f"a method that looks at dark points alone, not {shown(design.method)}"
            yield Fault(f"{path}.hold", f"{actual} with dark", expected, f"use {shown(AUTO)}, or leave hold out")
        if design.dark_weight is not None:
            expected = f"only with hold = {shown(MEAN)}, which it weighs"
            yield Fault(f"{path}.dark_weight", f"got with hold = {shown(design.hold)}", expected, "leave it out")
    if design.dark is None:
        return
    without = "a design without dark listeners and places"
    if method is not None and method.refined:
        yield Fault(f"{path}.method", f"got {shown(design.method)} with dark", without, f"use {shown(AUTO)}")
    if problem.realization.refine:
        yield Fault("realization.refine", f"got true, and {path} has dark", without, "leave refine out")
