"""Faults of geometry: drivers on their enclosure, the head and its file, ears and heads outside the device, the circle."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from designer.errors import Fault
from designer.problem import geometry
from designer.problem.half_known import entries, if_known
from designer.problem.messages import nearest, number, shown
from designer.problem.schema import (
    MAX_DISTANCE_M,
    MAX_HEAD_RADIUS_M,
    MIN_HEAD_RADIUS_M,
    Driver,
    Enclosure,
    FaultyKeyError,
    Listener,
    Problem,
)

SURFACE_TOLERANCE_M = 1e-3
SAME_PLACE_M = 1e-4
MILLIMETRES_M = 10.0
"""A driver farther from the device's centre than this was written in millimetres, if metres would fit."""
NEAREST_RADII = 1.01
"""How near to the centre of a sphere a point may be: nearer to its surface the sphere's series does not converge."""


def place_checks(problem: Problem, folder: Path, files: Mapping[str, str]) -> Iterator[Iterator[Fault]]:
    """Every check of geometry, each to be run as far as its keys are known."""
    yield _two_at_one_place(problem)
    for i, driver in enumerate(entries(problem, "drivers")):
        yield _on_the_enclosure(f"drivers[{i}]", driver, problem)
        yield _piston_in_the_baffle(f"drivers[{i}]", driver, problem)
        yield _cap_fits(f"drivers[{i}]", driver, problem)
    yield _box_front(problem)
    yield _head(problem, folder, files)
    yield _straight_above(problem)
    yield _outside_the_device(problem)
    for i, driver in enumerate(entries(problem, "drivers")):
        yield _outside_the_head(f"drivers[{i}].position_m", driver, problem)
    yield _circle(problem)


def _millimetres(length_m: float) -> str:
    return f"{number(round(length_m * 1000, 1))} mm"


def _in_metres(place: list[float]) -> str:
    return f"millimetres? Write {shown([coordinate / 1000 for coordinate in place])}"


def _two_at_one_place(problem: Problem) -> Iterator[Fault]:
    """Drivers closer than 0.1 mm; on a sphere or cylinder, once they are put on its surface."""
    places = {i: d.position_m for i, d in enumerate(entries(problem, "drivers")) if if_known(d, "position_m")}
    enclosure = if_known(problem, "enclosure")
    across = _across(if_known(enclosure, "model") if enclosure is not None else None)
    put: dict[int, np.ndarray] = {}
    for j, position_m in places.items():
        place = np.array(position_m, dtype=float)
        distance_m = float(np.linalg.norm(place[:across]))
        radius_m = if_known(enclosure, "radius_m") if across else None
        if radius_m is not None and 0 < abs(distance_m - radius_m) <= SURFACE_TOLERANCE_M and distance_m > 0:
            place[:across] *= radius_m / distance_m
        if put:
            earlier = np.array(list(put))
            near = np.linalg.norm(np.array(list(put.values())) - place, axis=1) < SAME_PLACE_M
            if near.any():
                found = f"found {shown(position_m)}, where drivers[{earlier[near][0]}] is"
                yield Fault(
                    f"drivers[{j}].position_m", found, "places that differ by 0.1 mm or more", "move one of the two"
                )
        put[j] = place


def _across(model: str | None) -> int:
    """How many of a place's coordinates make its distance from a round enclosure's centre or axis; 0 where it is not round."""
    return {"sphere": 3, "cylinder": 2}.get(model or "", 0)


def _on_the_enclosure(path: str, driver: Driver, problem: Problem) -> Iterator[Fault]:
    enclosure = problem.enclosure
    if enclosure is None:
        return
    place = driver.position_m
    across = _across(enclosure.model)
    if across:
        distance_m = float(np.linalg.norm(place[:across]))
        depth_m = enclosure.radius_m - distance_m
        if abs(depth_m) > SURFACE_TOLERANCE_M:
            side = "inside" if depth_m > 0 else "outside"
            found = f"found {shown(place)}, {_millimetres(abs(depth_m))} {side} the {enclosure.model}"
            centre = "origin" if across == 3 else "z axis"
            may_be = f"{number(enclosure.radius_m)} m (enclosure.radius_m) from the {centre}, within 1 mm"
            other = f", or set enclosure.radius_m = {number(distance_m)}" if distance_m > 0 else ""
            remedy = f"move the driver to the surface{other}"
            if abs(distance_m / 1000 - enclosure.radius_m) <= SURFACE_TOLERANCE_M:
                remedy = _in_metres(place)
            yield Fault(f"{path}.position_m", found, may_be, remedy)
    if enclosure.model == "baffle" and abs(place[0]) > SURFACE_TOLERANCE_M:
        found = (
            f"found {shown(place)}, {_millimetres(abs(place[0]))} {'before' if place[0] > 0 else 'behind'} the baffle"
        )
        yield Fault(
            f"{path}.position_m", found, "x = 0, the plane of the baffle, within 1 mm", "move the driver to x = 0"
        )


def _piston_in_the_baffle(path: str, driver: Driver, problem: Problem) -> Iterator[Fault]:
    """A piston on a baffle lies in its plane: tilted, half of it would radiate from behind a rigid wall."""
    enclosure = problem.enclosure
    if enclosure is None or enclosure.model != "baffle" or driver.radius_m is None or driver.response is not None:
        return
    azimuth, elevation = np.radians(driver.facing_deg)
    ahead = float(np.cos(azimuth) * np.cos(elevation))
    depth_m = driver.radius_m * float(np.sqrt(max(1 - ahead**2, 0.0)))
    if ahead > 0 and depth_m <= SURFACE_TOLERANCE_M:
        return
    how = (
        f"a piston tilted {_millimetres(depth_m)} through the baffle"
        if ahead > -1 + 1e-9
        else "a piston that faces into the baffle"
    )
    may_be = f"[0, 0], the direction in which the baffle faces, its edge within {_millimetres(SURFACE_TOLERANCE_M)} of the plane"
    remedy = (
        'let the driver face the front, leave radius_m out for a point source, or set enclosure.model = "free-field"'
    )
    yield Fault(f"{path}.facing_deg", f"found {shown(driver.facing_deg)}, {how}", may_be, remedy)


def _cap_fits(path: str, driver: Driver, problem: Problem) -> Iterator[Fault]:
    enclosure = problem.enclosure
    if enclosure is None or not _across(enclosure.model) or driver.radius_m is None:
        return
    if driver.radius_m >= enclosure.radius_m:
        may_be = f"less than {number(enclosure.radius_m)}, enclosure.radius_m"
        yield Fault(f"{path}.radius_m", f"found {shown(driver.radius_m)}", may_be, "make the driver smaller")


def _box_front(problem: Problem) -> Iterator[Fault]:
    """A closed box's baffle step belongs to drivers in free field, and its front holds all of them."""
    enclosure = problem.enclosure
    if enclosure is None or enclosure.box_front_m is None:
        return
    found = f"found {shown(enclosure.box_front_m)}"
    if enclosure.model != "free-field":
        what = f"{found} with model = {shown(enclosure.model)}, which has its own diffraction"
        yield Fault(
            "enclosure.box_front_m", what, 'only with model = "free-field"', "leave it out, or change the model"
        )
        return
    places_m = np.array([driver.position_m for driver in problem.drivers], dtype=float)
    for axis, size_m, name in ((1, enclosure.box_front_m[0], "width"), (2, enclosure.box_front_m[1], "height")):
        apart_m = float(np.ptp(places_m[:, axis]))
        if apart_m > size_m + SURFACE_TOLERANCE_M:
            may_be = f"a {name} of at least {number(apart_m)}, from the first to the last driver along {'xyz'[axis]}"
            yield Fault(
                "enclosure.box_front_m", f"{found}, a front too small for its drivers", may_be, "the unit is metres"
            )


def _head(problem: Problem, folder: Path, files: Mapping[str, str]) -> Iterator[Fault]:
    heads = problem.listener.head
    names = [heads] if isinstance(heads, str) else heads
    for i, head in enumerate(names):
        path = "listener.head" if isinstance(heads, str) else f"listener.head[{i}]"
        if head in names[:i]:
            there = f"found {shown(head)}, which is listener.head[{names.index(head)}] already"
            yield Fault(path, there, "heads that differ", "leave one of the two out: every head counts alike")
            continue
        may_be = '"sphere", "sphere:RADIUS_M", "points", or the path of a SOFA file'
        found = f"found {shown(head)}"
        if head in ("sphere", "points"):
            continue
        if head.startswith("sphere:"):
            if _radius_m(head, 0.0) is None:
                radii = f"{number(MIN_HEAD_RADIUS_M)} to {number(MAX_HEAD_RADIUS_M)}"
                yield Fault(path, found, f'"sphere:RADIUS_M" with a radius from {radii}', 'write it as "sphere:0.0875"')
        elif not head.lower().endswith(".sofa"):
            yield Fault(path, found, may_be, nearest(head, ["sphere", "points"]))
        elif not _is_file(folder / files.get(head, head)):
            remedy = "a relative path starts from the folder of the problem file"
            yield Fault(path, f"{found}, and no such file exists", may_be, remedy)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name too long, a folder that may not be read
        return False


def _radius_m(head: str, default_m: float) -> float | None:
    """Radius of a head, None where its word has none that is allowed."""
    try:
        radius_m = geometry.head_radius_m(head, default_m)
    except ValueError:
        return None
    if head.startswith("sphere:") and not MIN_HEAD_RADIUS_M <= radius_m <= MAX_HEAD_RADIUS_M:
        return None
    return radius_m


def _known_heads(listener: Listener) -> list[tuple[str, float]]:
    """The heads and their radii, the largest last.

    Raises
    ------
    FaultyKeyError : where the word of one is at fault

    """
    names = [listener.head] if isinstance(listener.head, str) else listener.head
    heads = [(name, _radius_m(name, listener.head_radius_m)) for name in names]
    known = [(name, radius_m) for name, radius_m in heads if radius_m is not None]
    if len(known) < len(heads):
        raise FaultyKeyError("head")
    return sorted(known, key=lambda head: (head[0] != "points", head[1]))


def _straight_above(problem: Problem) -> Iterator[Fault]:
    place = problem.listener.position_m
    if abs(place[0]) + abs(place[1]) < 1e-6:
        may_be = "a place that is not straight above or below the device's centre, so that the listener can face it"
        yield Fault("listener.position_m", f"found {shown(place)}", may_be, "move the listener to the front: x above 0")


def _outside_the_device(problem: Problem) -> Iterator[Fault]:
    """The listener's own place first; the ear cloud's displacements only where that is sound."""
    listener, enclosure = problem.listener, problem.enclosure
    if enclosure is None:
        return
    home = np.zeros((1, 3))
    at_fault = False
    for said in _intrusions(listener, enclosure, home):
        at_fault = True
        yield Fault("listener.position_m", f"found {shown(listener.position_m)}, which {said[0]}", *said[1:])
    if at_fault:
        return
    for d, move in enumerate(listener.ear_cloud_m):
        for said in _intrusions(listener, enclosure, np.array([move], dtype=float)):
            yield Fault(f"listener.ear_cloud_m[{d}]", f"found {shown(move)}, which {said[0]}", *said[1:])


def _intrusions(listener: Listener, enclosure: Enclosure, move_m: np.ndarray) -> Iterator[tuple[str, str, str]]:
    """What is wrong with one place of the heads, what is allowed, and the remedy: the largest head meets the device first."""
    head, radius_m = _known_heads(listener)[-1]
    (centre,) = geometry.head_centres_m(listener, move_m)
    (pair,) = geometry.ears_m(listener, radius_m, move_m)
    if enclosure.model == "free-field":
        return
    if enclosure.model == "baffle":
        behind = _ears(pair[:, 0] <= 0)
        if behind:
            yield f"puts {behind} on or behind the baffle", "ears at x > 0", "move the listener to the front"
        return
    across = slice(0, _across(enclosure.model))
    middle = "centre" if enclosure.model == "sphere" else "axis"
    least_m = NEAREST_RADII * enclosure.radius_m
    away_m = np.linalg.norm(pair[:, across], axis=1)
    inside = _ears(away_m < least_m)
    reach_m = enclosure.radius_m + radius_m
    distance_m = float(np.linalg.norm(centre[across]))
    if inside:
        may_be = f"ears at least {number(least_m)} m from the device's {middle}"
        how = "inside" if away_m.min() < enclosure.radius_m else "at the surface of"
        yield f"puts {inside} {how} the device", may_be, "move the listener away"
    elif head != "points" and distance_m < reach_m:
        may_be = f"a head's centre more than {number(reach_m)} m from the device's {middle}"
        yield f"puts the head {_millimetres(reach_m - distance_m)} into the device", may_be, "move the listener away"


def _ears(which: np.ndarray) -> str:
    left, right = which
    return "both ears" if left and right else "the left ear" if left else "the right ear" if right else ""


def _outside_the_head(path: str, driver: Driver, problem: Problem) -> Iterator[Fault]:
    """A driver on a sphere or cylinder is inside the head only where the head is inside the device, which is said already."""
    listener, enclosure = problem.listener, problem.enclosure
    place = np.array(driver.position_m, dtype=float)
    heads = _known_heads(listener)
    head, radius_m = heads[-1]
    found, remedy = f"found {shown(driver.position_m)}", "move the driver or the listener"
    moves = np.concatenate([np.zeros((1, 3)), np.array(listener.ear_cloud_m, dtype=float)])
    if heads[0][0] == "points":
        ears = geometry.ears_m(listener, heads[0][1], moves).reshape(-1, 3)
        if np.linalg.norm(ears - place, axis=1).min() < SURFACE_TOLERANCE_M:
            yield Fault(path, f"{found}, where an ear is", "places at least 1 mm from the ears", remedy)
            return
    if head != "points" and (enclosure is None or not _across(enclosure.model)):
        away_m = np.linalg.norm(geometry.head_centres_m(listener, moves) - place, axis=1)
        worst = int(np.argmin(away_m))
        depth_m = radius_m - float(away_m[worst])
        if away_m[worst] < NEAREST_RADII * radius_m:
            how = f"{_millimetres(depth_m)} inside" if depth_m > 0 else "at the surface of"
            at = f" displaced by listener.ear_cloud_m[{worst - 1}]" if worst else ""
            may_be = f"places at least {number(NEAREST_RADII * radius_m)} m from the head's centre"
            yield Fault(path, f"{found}, {how} the listener's head{at}", may_be, remedy)


def _circle(problem: Problem) -> Iterator[Fault]:
    enclosure = problem.enclosure
    across = _across(enclosure.model) if enclosure is not None else 0
    furthest_m = max((driver.position_m for driver in problem.drivers), key=np.linalg.norm)
    # What stands off a round enclosure's surface is a fault of its own.
    extent_m = NEAREST_RADII * enclosure.radius_m if enclosure and across else float(np.linalg.norm(furthest_m))
    least_m = extent_m + SURFACE_TOLERANCE_M
    given_m = problem.grid.azimuth_distance_m
    may_be = f"more than {number(least_m)}, so that the circle of masks and maps lies outside the device"
    if given_m is not None:
        path, found = "grid.azimuth_distance_m", f"found {shown(given_m)}"
        if MAX_DISTANCE_M < given_m < np.inf:
            yield Fault(path, found, f"at most {number(MAX_DISTANCE_M)}, or inf", "inf is the far field")
        if given_m <= least_m:
            yield Fault(path, f"{found}, a circle inside the device", may_be, "the unit is metres")
        return
    listener = problem.listener
    distance_m = float(np.linalg.norm(listener.position_m))
    said = enclosure is not None and any(_intrusions(listener, enclosure, np.zeros((1, 3))))
    if distance_m <= least_m and not said:
        found = f"found {shown(listener.position_m)}, and a circle at that distance is inside the device"
        may_be = may_be.replace("more than", "a distance of more than").replace(", so", " m, so")
        remedy = "or set grid.azimuth_distance_m"
        if not across and extent_m > MILLIMETRES_M and extent_m < 1000 * distance_m:
            remedy += f"; a driver is {number(extent_m)} m from the centre: {_in_metres(furthest_m)}"
        yield Fault("listener.position_m", found, may_be, remedy)
