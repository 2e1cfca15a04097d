"""Everything that can be dragged upon the result: where it is drawn, and what a drag to (x, y) sets.

The layout's handles are in `layout_handles`, those over azimuth in `azimuth_handles`; here are the curves and limits over frequency.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np

from designer.errors import UsageError
from designer.problem.messages import number
from designer.problem.schema import DesignTable, Problem
from designer.studio.azimuth_handles import azimuth_grips, azimuth_rooms
from designer.studio.grips import Grip, Room, Values, for_twins, tidy, tidy_hz, within
from designer.studio.layout_handles import layout_grips, layout_rooms
from designer.studio.messages import Addition, Handle

NEAREST = 1.01
"""Ratio of frequencies that neighbours of a curve keep."""
LOWEST_HZ = 20.0
GAIN_RANGE_DB, EFFORT_RANGE_DB, LIMIT_RANGE_DB = (-20.0, 60.0), (0.0, 40.0), (-20.0, 40.0)


def grips(problem: Problem) -> dict[str, Grip]:
    """Every handle of a problem by its id."""
    return {
        grip.handle["id"]: grip
        for part in (layout_grips, _frequency_grips, azimuth_grips)
        for grip in part(problem)
    }  # fmt: skip


def rooms(problem: Problem) -> dict[str, Room]:
    """Everything that can be added, by its id."""
    return {
        room.addition["id"]: room
        for part in (layout_rooms, _frequency_rooms, azimuth_rooms)
        for room in part(problem)
    }  # fmt: skip


def dragged(problem: Problem, handle: str, x: float, y: float) -> Values:
    """Keys and values that a handle at (x, y) sets.

    Raises
    ------
    UsageError : no such handle, or a place that is none

    """
    if not (np.isfinite(x) and np.isfinite(y)):
        raise UsageError(f"{handle}: got the place ({x}, {y}); expected two finite numbers")
    known = grips(problem)
    if handle not in known:
        raise UsageError(f"{handle}: no such handle; expected a handle of this state; reload the page")
    return known[handle].drag(x, y)


def removed(problem: Problem, handle: str) -> Values:
    """Keys and values without the thing that a handle belongs to.

    Raises
    ------
    UsageError : no such handle, or one of what cannot be taken out

    """
    known = grips(problem)
    remove = known[handle].remove if handle in known else None
    if remove is None:
        raise UsageError(
            f"{handle}: cannot be removed; expected a point of a curve, a mask line, a null or a place of the cloud"
        )
    return remove()


def added(problem: Problem, addition: str, x: float, y: float) -> Values:
    """Keys and values with something new at (x, y).

    Raises
    ------
    UsageError : nothing of this kind can be added, or a place that is none

    """
    known = rooms(problem)
    if addition not in known or not (np.isfinite(x) and np.isfinite(y)):
        raise UsageError(
            f"{addition}: cannot be added at ({x}, {y}); expected {', '.join(known)}, and two finite numbers"
        )
    return known[addition].add(x, y)


def _frequency_grips(problem: Problem) -> Iterator[Grip]:
    for i, table in enumerate(problem.designs):
        yield from _curve_grips(problem, i, table)
        yield from _band_grips(problem, i, table)
        yield from _limit_grips(problem, i, table)


def _frequency_rooms(problem: Problem) -> Iterator[Room]:
    for i, table in enumerate(problem.designs):
        curve = [list(point) for point in table.cancellation_gain_db or []]

        def add(x: float, y: float, i: int = i, curve: list[list[float]] = curve) -> Values:
            new = [tidy_hz(within(x, LOWEST_HZ, problem.sample_rate_hz / 2)), tidy(within(y, *GAIN_RANGE_DB))]
            near = [point for point in curve if max(point[0], new[0]) / max(min(point[0], new[0]), 1e-9) < NEAREST]
            others = [point for point in curve if point not in near]
            return for_twins(problem, i, "cancellation_gain_db", sorted([*others, new]))

        addition: Addition = {
            "id": f"curve:{i}", "kind": "curve", "panel": "gain", "channel": table.name, "label": "point of the target curve",
        }  # fmt: skip
        yield Room(addition, add)


def _curve_grips(problem: Problem, i: int, table: DesignTable) -> Iterator[Grip]:
    curve = [list(point) for point in table.cancellation_gain_db or []]
    nyquist_hz = problem.sample_rate_hz / 2
    for n, (x, y) in enumerate(curve):
        low_hz = curve[n - 1][0] * NEAREST if n else min(LOWEST_HZ, x)
        high_hz = curve[n + 1][0] / NEAREST if n + 1 < len(curve) else max(nyquist_hz, x)
        keys = list(for_twins(problem, i, "cancellation_gain_db", None, f"[{n}]"))
        handle: Handle = {
            "id": f"curve:{i}:{n}", "kind": "curve", "panel": "gain", "channel": table.name, "x": x, "y": y, "axis": "both",
            "label": f"target {number(y)} dB at {number(x)} Hz", "keys": keys, "x_range": [low_hz, high_hz],
            "y_range": list(GAIN_RANGE_DB), "group": f"curve:{i}", "removable": len(curve) > 1,
        }  # fmt: skip

        def drag(x: float, y: float, n: int = n, low_hz: float = low_hz, high_hz: float = high_hz) -> Values:
            frequency_hz = tidy_hz(within(x, low_hz, high_hz))
            if not low_hz <= frequency_hz <= high_hz:  # rounded out of its range
                frequency_hz = tidy(within(x, low_hz, high_hz), 3)
            point = [frequency_hz, tidy(within(y, *GAIN_RANGE_DB))]
            return for_twins(problem, i, "cancellation_gain_db", [*curve[:n], point, *curve[n + 1 :]])

        def remove(n: int = n) -> Values:
            return for_twins(problem, i, "cancellation_gain_db", [*curve[:n], *curve[n + 1 :]])

        yield Grip(handle, drag, remove if len(curve) > 1 else None)


def _band_grips(problem: Problem, i: int, table: DesignTable) -> Iterator[Grip]:
    low_hz, high_hz = table.band_hz
    ranges = [LOWEST_HZ, high_hz / 1.2], [low_hz * 1.2, problem.sample_rate_hz / 2]
    for end, (x, x_range) in enumerate(zip(table.band_hz, ranges, strict=True)):
        word = ("begins", "ends")[end]
        handle: Handle = {
            "id": f"band:{i}:{end}", "kind": "band", "panel": "gain", "channel": table.name, "x": max(x, LOWEST_HZ), "y": 0.0,
            "axis": "x", "label": f"the band {word} at {number(x)} Hz", "keys": list(for_twins(problem, i, "band_hz", None, f"[{end}]")),
            "x_range": x_range,
        }  # fmt: skip

        def drag(x: float, y: float, end: int = end, x_range: list[float] = x_range) -> Values:
            band_hz = list(table.band_hz)
            band_hz[end] = tidy_hz(within(x, *x_range))
            return for_twins(problem, i, "band_hz", band_hz)

        yield Grip(handle, drag)


def _limit_grips(problem: Problem, i: int, table: DesignTable) -> Iterator[Grip]:
    """Limits of effort, and of the gain of each driver: drivers of one limit move together."""
    x = float(np.sqrt(max(table.band_hz[0], LOWEST_HZ) * table.band_hz[1]))
    if table.max_effort_db is not None:
        effort: Handle = {
            "id": f"effort:{i}", "kind": "effort", "panel": "effort", "channel": table.name, "x": x, "y": table.max_effort_db,
            "axis": "y", "label": f"at most {number(table.max_effort_db)} dB of effort",
            "keys": list(for_twins(problem, i, "max_effort_db", None)), "y_range": list(EFFORT_RANGE_DB), "removable": True,
        }  # fmt: skip
        yield Grip(
            effort,
            lambda x, y: for_twins(problem, i, "max_effort_db", tidy(within(y, *EFFORT_RANGE_DB))),
            lambda: for_twins(problem, i, "max_effort_db", None),
        )
    used = [
        l for l, driver in enumerate(problem.drivers) if table.drivers is None or driver.name in table.drivers
    ]  # fmt: skip
    for limit_db in sorted({d.max_gain_db for l in used if (d := problem.drivers[l]).max_gain_db is not None}):
        keys = [f"drivers[{l}].max_gain_db" for l in used if problem.drivers[l].max_gain_db == limit_db]
        gain: Handle = {
            "id": f"gain-limit:{i}:{keys[0]}", "kind": "gain-limit", "panel": "effort", "channel": table.name, "x": x, "y": limit_db,
            "axis": "y", "label": f"at most {number(limit_db)} dB of gain a driver", "keys": keys,
            "y_range": list(LIMIT_RANGE_DB), "removable": True,
        }  # fmt: skip

        def drag(x: float, y: float, keys: list[str] = keys) -> Values:
            return dict.fromkeys(keys, tidy(within(y, *LIMIT_RANGE_DB)))

        yield Grip(gain, drag, partial(dict.fromkeys, keys))


def label_of(problem: Problem, handle: str) -> str:
    """A handle in words; its id where there is none."""
    known = grips(problem)
    return known[handle].handle["label"] if handle in known else handle
