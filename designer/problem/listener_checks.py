"""Faults of the listeners: their heads and files, ears and heads outside the device, and the default ear cloud where it cannot be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import numpy as np

from designer.errors import Fault, UsageError
from designer.problem import geometry
from designer.problem.enclosures.enclosure import NEAREST_RADII, SURFACE_TOLERANCE_M, Intrusion, millimetres
from designer.problem.listeners import EAR_CLOUD_M, ONE_PLACE_M, Listener
from designer.problem.message_codes import coded
from designer.problem.messages import nearest, number, shown
from designer.problem.schema import Driver, Problem
from designer.problem.table import MAX_HEAD_RADIUS_M, MIN_HEAD_RADIUS_M, FaultyKeyError, entries, if_known

AnyListener = TypeVar("AnyListener", bound=Listener)


def listener_checks(problem: Problem, folder: Path, files: Mapping[str, str]) -> Iterator[Iterator[Fault]]:
    """Every check of each listener, each to be run as far as its keys are known."""
    yield _number_of_tables(problem)
    for path, view in each_listener(problem):
        checks = [_head(view, folder, files), _head_weights(view), _straight_above(view), _outside_the_device(view)]
        checks += [
            _outside_the_head(f"drivers[{i}].position_m", driver, view)
            for i, driver in enumerate(entries(view, "drivers"))
        ]
        for faults in checks:
            yield _named(path, faults)
    yield _apart(problem)


def each_listener(problem: Problem) -> Iterator[tuple[str, Problem]]:
    """The path of each listener's table, and the problem with it as the one listener."""
    listeners = if_known(problem, "listeners")
    if not listeners:
        yield "listener", problem
        return
    for n, listener in enumerate(listeners):
        yield f"listeners[{n}]", problem.model_copy(update={"listener": listener})


def _named(path: str, faults: Iterator[Fault]) -> Iterator[Fault]:
    """Faults of the one listener, at the path of its table."""
    for fault in faults:
        actual, expected = (text.replace("listener.", f"{path}.") for text in (fault.actual, fault.expected))
        at = f"{path}{fault.path.removeprefix('listener')}" if fault.path.startswith("listener.") else fault.path
        yield replace(fault, path=at, actual=actual, expected=expected)


@coded("conflicting-keys")
def _number_of_tables(problem: Problem) -> Iterator[Fault]:
    """One of the two ways to say who listens."""
    if {"listener", "listeners"} <= problem.model_fields_set:
        expected = "one of them: [listener] for one listener, [[listeners]] for several"
        yield Fault("listeners", "got [[listeners]] beside [listener]", expected, "leave one of the two out")


@coded("heads-overlap")
def _apart(problem: Problem) -> Iterator[Fault]:
    """Two heads do not share a place."""
    listeners = if_known(problem, "listeners") or []
    for n, listener in enumerate(listeners):
        for m, other in enumerate(listeners[:n]):
            least_m = _known_heads(listener)[-1][1] + _known_heads(other)[-1][1]
            away_m = float(np.linalg.norm(np.subtract(listener.position_m, other.position_m)))
            if away_m < least_m:
                actual = f"got {shown(listener.position_m)}, {number(round(away_m, 4))} m from listeners[{m}]"
                expected = f"at least {number(round(least_m, 4))} m, two radii of heads, between two listeners"
                yield Fault(f"listeners[{n}].position_m", actual, expected, "move one of the two")


@coded("bad-head")
def _head(problem: Problem, folder: Path, files: Mapping[str, str]) -> Iterator[Fault]:
    heads = problem.listener.head
    names = [heads] if isinstance(heads, str) else heads
    for i, head in enumerate(names):
        path = "listener.head" if isinstance(heads, str) else f"listener.head[{i}]"
        if head in names[:i]:
            duplicate = f"got {shown(head)}, which is listener.head[{names.index(head)}] already"
            yield Fault(
                path,
                duplicate,
                "heads that differ",
                "leave one of the two out: head_weights says how much a head counts",
                "named-twice",
            )
            continue
        expected = '"sphere", "sphere:RADIUS_M", "points", or the path of a SOFA file'
        actual = f"got {shown(head)}"
        if head in ("sphere", "points"):
            continue
        if head.startswith("sphere:"):
            if _radius_m(head, 0.0) is None:
                radii = f"{number(MIN_HEAD_RADIUS_M)} to {number(MAX_HEAD_RADIUS_M)}"
                yield Fault(
                    path, actual, f'"sphere:RADIUS_M" with a radius from {radii}', 'write it as "sphere:0.0875"'
                )
        elif not head.lower().endswith(".sofa"):
            yield Fault(path, actual, expected, nearest(head, ["sphere", "points"]))
        elif not _is_file(folder / files.get(head, head)):
            remedy = "a relative path starts from the folder of the problem file"
            yield Fault(path, f"{actual}, and no such file exists", expected, remedy)


@coded("head-weights")
def _head_weights(problem: Problem) -> Iterator[Fault]:
    """A weight a head."""
    weights, count = problem.listener.head_weights, len(problem.listener.heads)
    if weights is not None and len(weights) != count:
        actual, expected = f"got {len(weights)} weights", f"{count}, one for each of the heads of listener.head"
        yield Fault("listener.head_weights", actual, expected, "add or remove weights, or leave head_weights out")


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
    spheres = [(name, radius_m) for name, radius_m in heads if radius_m is not None]
    if len(spheres) < len(heads):
        raise FaultyKeyError("head")
    return sorted(spheres, key=lambda head: (head[0] != "points", head[1]))


@coded("listener-above")
def _straight_above(problem: Problem) -> Iterator[Fault]:
    place = problem.listener.position_m
    if abs(place[0]) + abs(place[1]) < 1e-6:
        expected = "a place that is not straight above or below the device's centre, so that the listener can face it"
        yield Fault("listener.position_m", f"got {shown(place)}", expected, "move the listener to the front: x above 0")


@coded("head-in-device")
def _outside_the_device(problem: Problem) -> Iterator[Fault]:
    """The listener's own place first; the ear cloud's displacements only where that is sound."""
    listener = problem.listener
    at_fault = False
    for intrusion in intrusions(problem, np.zeros((1, 3))):
        at_fault = True
        actual = f"got {shown(listener.position_m)}, which {intrusion.problem}"
        yield Fault("listener.position_m", actual, intrusion.expected, intrusion.remedy)
    if at_fault:
        return
    if "ear_cloud_m" not in listener.model_fields_set:  # the default gives way
        return
    for d, move in enumerate(listener.ear_cloud_m):
        for intrusion in intrusions(problem, np.array([move], dtype=float)):
            actual = f"got {shown(move)}, which {intrusion.problem}"
            yield Fault(f"listener.ear_cloud_m[{d}]", actual, intrusion.expected, intrusion.remedy)


def with_possible_cloud(problem: Problem) -> Problem:
    """The problem, ears at one place where the file names no cloud and the default one cannot be.

    That is where a whole device was measured, which knows the places of its receivers alone, and too near to the device.
    """
    if problem.listeners is None:
        listener = _with_possible_cloud(problem)
        return problem if listener is problem.listener else _with_listeners(problem, {"listener": listener})
    listeners = [_with_possible_cloud(view) for _, view in each_listener(problem)]
    if all(listener is other for listener, other in zip(listeners, problem.listeners, strict=True)):
        return problem
    return _with_listeners(problem, {"listener": listeners[0], "listeners": listeners})


def _with_possible_cloud(problem: Problem) -> Listener:
    if "ear_cloud_m" in problem.listener.model_fields_set:
        return problem.listener
    if problem.measured_device is not None:
        return _at_one_place(problem.listener, "the measured device knows the places of its receivers alone")
    explicit = problem.model_copy(update={"listener": problem.listener.model_copy(update={"ear_cloud_m": EAR_CLOUD_M})})
    checks = [_outside_the_device(explicit)]
    checks += [_outside_the_head("", driver, explicit) for driver in explicit.drivers]
    blocked = any(True for faults in checks for _ in faults)
    return _at_one_place(problem.listener, "the device is too near for it") if blocked else problem.listener


def at_one_place(problem: Problem, reason: str) -> Problem:
    """The problem with the default clouds replaced by one place, and why; the key stays unset."""
    if problem.listeners is None:
        return _with_listeners(problem, {"listener": _at_one_place(problem.listener, reason)})
    listeners = [
        listener if "ear_cloud_m" in listener.model_fields_set else _at_one_place(listener, reason)
        for listener in problem.listeners
    ]
    return _with_listeners(problem, {"listener": listeners[0], "listeners": listeners})


def _at_one_place(listener: AnyListener, reason: str) -> AnyListener:
    moved = listener.model_copy(update={"ear_cloud_m": ONE_PLACE_M})
    moved.model_fields_set.discard("ear_cloud_m")
    moved._one_place_because = reason
    return moved


def _with_listeners(problem: Problem, update: dict[str, object]) -> Problem:
    """The problem with other listeners, which its text says in the same words: it leaves their clouds to the default."""
    set_before = set(problem.model_fields_set)
    copy = problem.model_copy(update=update)
    copy.model_fields_set.intersection_update(set_before)
    copy._is_of_text = problem._is_of_text
    return copy


def intrusions(problem: Problem, move_m: np.ndarray) -> Iterator[Intrusion]:
    """Intrusions of one place of the heads: the largest head meets the device first."""
    listener = problem.listener
    head, radius_m = _known_heads(listener)[-1]
    (centre,), (ears,) = geometry.head_centres_m(listener, move_m), geometry.ears_m(listener, radius_m, move_m)
    yield from problem.body.intrusions(centre, ears, 0.0 if head == "points" else radius_m)


def inside_device(problem: Problem, moves_m: np.ndarray) -> np.ndarray:
    """Whether the centre or an ear of a head displaced so (D, 3) is inside of the device (D,)."""
    listener = problem.listener
    centres_m = geometry.head_centres_m(listener, moves_m)[:, None]
    ears_m = geometry.ears_m(listener, _known_heads(listener)[-1][1], moves_m).reshape(len(moves_m), 2, 3)
    points_m = np.concatenate([centres_m, ears_m], axis=1)
    near = np.ones(points_m.shape[:2], dtype=bool)
    if problem.body.is_solved:  # distances from a mesh are dear
        near = np.linalg.norm(points_m, axis=2) <= problem.body.extent_m(np.zeros((1, 3)))
    near[near] = problem.body.clearance_m(points_m[near]) < 0.0
    return np.asarray(near.any(axis=1))


def check_outside_device(problem: Problem, moves_m: np.ndarray) -> None:
    """Check displacements (D, 3) of a head; a UsageError names the first that moves it into the device."""
    inside = np.flatnonzero(inside_device(problem, moves_m))
    if inside.size:
        raise UsageError(
            f"displacements_m[{inside[0]}]: got {shown((moves_m[inside[0]] + 0.0).tolist())}, with which the head of the listener at"
            f" {shown(problem.listener.position_m)} is in the device; expected a head outside of it; move it less"
        )


@coded("driver-in-head")
def _outside_the_head(path: str, driver: Driver, problem: Problem) -> Iterator[Fault]:
    """A driver on a sphere or cylinder is inside the head only where the head is inside the device, which is said already."""
    listener = problem.listener
    place = np.array(driver.position_m, dtype=float)
    heads = _known_heads(listener)
    head, radius_m = heads[-1]
    actual, remedy = f"got {shown(driver.position_m)}", "move the driver or the listener"
    cloud_m = listener.ear_cloud_m if "ear_cloud_m" in listener.model_fields_set else []
    moves = np.array([[0.0, 0.0, 0.0], *cloud_m])
    if heads[0][0] == "points":
        ears = geometry.ears_m(listener, heads[0][1], moves).reshape(-1, 3)
        if np.linalg.norm(ears - place, axis=1).min() < SURFACE_TOLERANCE_M:
            yield Fault(path, f"{actual}, where an ear is", "places at least 1 mm from the ears", remedy)
            return
    if head != "points" and not problem.body.half_size_m.any():
        away_m = np.linalg.norm(geometry.head_centres_m(listener, moves) - place, axis=1)
        worst = int(np.argmin(away_m))
        depth_m = radius_m - float(away_m[worst])
        if away_m[worst] < NEAREST_RADII * radius_m:
            position = f"{millimetres(depth_m)} inside" if depth_m > 0 else "at the surface of"
            displacement = f" displaced by listener.ear_cloud_m[{worst - 1}]" if worst else ""
            expected = f"places at least {number(NEAREST_RADII * radius_m)} m from the head's centre"
            yield Fault(path, f"{actual}, {position} the listener's head{displacement}", expected, remedy)
