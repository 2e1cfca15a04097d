"""Faults of places without a head, and of what designs say of several listeners and of such places."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from designer.errors import Fault
from designer.problem.curve_checks import curve_faults
from designer.problem.listeners import Place
from designer.problem.messages import number, shown
from designer.problem.methods import method_of
from designer.problem.rules import among, unless
from designer.problem.schema import DesignTable, Problem
from designer.problem.table import MAX_POINTS, entries, if_known

MEAN = "mean"


def zone_checks(problem: Problem) -> Iterator[Iterator[Fault]]:
    """Every check of places, and of the designs' listeners and dark places, each to be run as far as its keys are known."""
    for n, place in enumerate(entries(problem, "places")):
        yield _shape(f"places[{n}]", place)
        yield _points(f"places[{n}]", place, problem)
    yield _distinct(problem)
    for i, design in enumerate(entries(problem, "designs")):
        yield _listener(f"designs[{i}].listener", design, problem)
        yield _dark(f"designs[{i}]", design, problem)
        yield _dark_curves(f"designs[{i}].dark_gain_db", design)
        yield _held_in_the_mean(f"designs[{i}]", design, problem)


def names_of(problem: Problem) -> tuple[list[str], list[str]]:
    """Names of the listeners, and of the places."""
    listeners, places = (
        [if_known(one, "name") or "" for one in entries(problem, key)] for key in ("listeners", "places")
    )
    return listeners, places


def _shape(path: str, place: Place) -> Iterator[Fault]:
    needed, other = ("size_m", "radius_m") if place.shape == "box" else ("radius_m", "size_m")
    if getattr(place, needed) is None:
        yield Fault(
            f"{path}.{needed}", "required key is missing", f"with shape = {shown(place.shape)}", f"add {needed}"
        )
    if getattr(place, other) is not None:
        yield Fault(f"{path}.{other}", f"got with shape = {shown(place.shape)}", f"only {needed}", "leave it out")


def _points(path: str, place: Place, problem: Problem) -> Iterator[Fault]:
    """As many points as memory holds, all of them outside the device."""
    if (place.size_m if place.shape == "box" else place.radius_m) is None:
        return
    count = int(np.prod(np.array(place.steps, dtype=float)))
    if count > 8 * MAX_POINTS or len(place.points_m()) > MAX_POINTS:
        actual = f"got {shown(place.spacing_m)}, a grid of {number(count)} points"
        yield Fault(
            f"{path}.spacing_m",
            actual,
            f"at most {number(MAX_POINTS)} points",
            "widen the spacing, or make the place smaller",
        )
        return
    clearance_m = problem.body.clearance_m(place.points_m())
    if (clearance_m < 0).any():
        actual = (
            f"got {shown(place.centre_m)}, where {int((clearance_m < 0).sum())} of its points lie inside the device"
        )
        yield Fault(f"{path}.centre_m", actual, "a place outside the device", "move the place, or make it smaller")
    away_m = np.linalg.norm(
        place.points_m()[:, None] - np.array([d.position_m for d in problem.drivers], dtype=float), axis=2
    )
    if (away_m < problem.body.nearest_m).any():
        yield Fault(
            f"{path}.centre_m",
            f"got {shown(place.centre_m)}, where a point is at a driver",
            "a place beside the drivers",
            "move the place",
        )


def _distinct(problem: Problem) -> Iterator[Fault]:
    listeners, places = names_of(problem)
    for n, name in enumerate(places):
        yield from unless(
            name not in listeners,
            f"places[{n}].name",
            name,
            "names that differ",
            "rename one of the two",
            suffix=", the name of a listener already",
        )


def _listener(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    if design.listener is not None:
        listeners, _ = names_of(problem)
        if not listeners:
            yield Fault(path, f"got {shown(design.listener)} without [[listeners]]", "only with them", "leave it out")
        else:
            yield from among(path, design.listener, listeners)


def own_listener(design: DesignTable, problem: Problem) -> str:
    """Name of the listener whose ear a design is for."""
    listeners, _ = names_of(problem)
    return design.listener or (listeners[0] if listeners else "")


def _dark(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    """Names of other listeners and of places, each once; and what is said of them by name."""
    if design.dark is None:
        for key in ("dark_gain_db", "dark_weight"):
            if getattr(design, key) is not None:
                yield Fault(f"{path}.{key}", "got without dark", "only with it", "add dark, or leave it out")
        return
    listeners, places = names_of(problem)
    if not listeners and not places:
        yield Fault(f"{path}.dark", f"got {shown(design.dark)}", "only with [[listeners]] or [[places]]", "add them")
        return
    own = own_listener(design, problem)
    for n, name in enumerate(design.dark):
        location = f"{path}.dark[{n}]"
        if name == own:
            yield Fault(
                location, f"got {shown(name)}, whose ear is bright", "other listeners, and places", "leave it out"
            )
            continue
        yield from among(location, name, [*(other for other in listeners if other != own), *places])
        yield from unless(
            name not in design.dark[:n], location, name, "each name once", "leave one out", suffix=" twice"
        )
    for key in ("dark_gain_db", "dark_weight"):
        values = getattr(design, key)
        for name in values if isinstance(values, dict) else ():
            yield from among(f"{path}.{key}.{name}", name, design.dark)


def _dark_curves(path: str, design: DesignTable) -> Iterator[Fault]:
    curves = design.dark_gain_db
    for at, curve in (
        {f"{path}.{name}": curve for name, curve in curves.items()} if isinstance(curves, dict) else {path: curves}
    ).items():
        yield from curve_faults(at, curve)


def _held_in_the_mean(path: str, design: DesignTable, problem: Problem) -> Iterator[Fault]:
    """What is not held over several listeners: every place, a percentile, and taps as unknowns."""
    if design.dark is None:
        return
    if design.hold != MEAN:
        expected = f"{shown(MEAN)} with dark, whose points have no pairs of places with the bright ones"
        yield Fault(f"{path}.hold", f"got {shown(design.hold)}", expected, f"set hold = {shown(MEAN)}, or leave it out")
    method = method_of(design)
    refined = method is not None and method.refined
    if refined or problem.realization.refine:
        key, value = (f"{path}.method", design.method) if refined else ("realization.refine", True)
        yield Fault(
            key,
            f"got {shown(value)}, and the design has dark",
            "a design without dark listeners and places",
            'use method = "auto"' if refined else "leave refine out",
        )
