"""Handles over azimuth: edges of a beam's mask, its level, its window and its nulls, upon the map and the polar plot."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from designer.problem.messages import number
from designer.problem.schema import DesignTable, Problem
from designer.studio.grips import (
    Grip,
    Room,
    Values,
    about_look,
    beams,
    same_angle,
    tidy,
    tidy_hz,
    within,
    wrapped_deg,
)
from designer.studio.messages import Handle

LEVEL_RANGE_DB = (-60.0, 20.0)
NEW_HALF_WIDTH_DEG, NEW_LEVEL_DB = 10.0, -10.0
"""A new mask line: this far to both sides of where it is put, this much below the on-axis level."""
LEAST_ARC_DEG = 1.0
LOWEST_HZ = 20.0


def azimuth_grips(problem: Problem) -> Iterator[Grip]:
    """Handles of every beam."""
    for i, table in beams(problem):
        yield from _mask_grips(problem, i, table)
        yield from _window_grips(i, table)
        yield from _null_grips(i, table)


def azimuth_rooms(problem: Problem) -> Iterator[Room]:
    """A mask line more, and a null more, of every beam."""
    for i, table in beams(problem):
        lines, nulls = _lines(table), list(table.nulls_deg or [])

        def add_mask(x: float, y: float, i: int = i, lines: list[dict[str, Any]] = lines) -> Values:
            arc = [wrapped_deg(round(y) - NEW_HALF_WIDTH_DEG), wrapped_deg(round(y) + NEW_HALF_WIDTH_DEG)]
            return {f"designs[{i}].mask": [*lines, {"azimuth_deg": arc, "max_db": NEW_LEVEL_DB}]}

        def add_null(x: float, y: float, i: int = i, nulls: list[float] = nulls) -> Values:
            return {f"designs[{i}].nulls_deg": [*nulls, wrapped_deg(round(y))]}

        yield Room({"id": f"mask:{i}", "kind": "mask", "panel": "map", "channel": table.name, "label": "mask line"}, add_mask)
        yield Room({"id": f"null:{i}", "kind": "null", "panel": "map", "channel": table.name, "label": "null"}, add_null)


def _lines(table: DesignTable) -> list[dict[str, Any]]:
    return [line.model_dump(exclude_unset=True) for line in table.mask or []]


def _band(table: DesignTable, line: dict[str, Any]) -> list[float]:
    low_hz, high_hz = line.get("band_hz") or table.band_hz
    return [max(low_hz, LOWEST_HZ), high_hz]


def _mirror_of(table: DesignTable, lines: list[dict[str, Any]], n: int) -> int | None:
    """The mask line that is another's mirror image about the look direction."""
    start, stop = lines[n]["azimuth_deg"]
    for other, line in enumerate(lines):
        ends = line["azimuth_deg"]
        if (
            other != n
            and same_angle(ends[0], about_look(table, stop))
            and same_angle(ends[1], about_look(table, start))
            and {**line, "azimuth_deg": 0} == {**lines[n], "azimuth_deg": 0}
        ):
            return other
    return None


def _mask_grips(problem: Problem, i: int, table: DesignTable) -> Iterator[Grip]:
    lines = _lines(table)
    for n, line in enumerate(lines):
        twin = _mirror_of(table, lines, n)
        (start, stop), (low_hz, high_hz) = line["azimuth_deg"], _band(table, line)
        middle_hz, middle_deg = float(np.sqrt(low_hz * high_hz)), wrapped_deg(start + (stop - start) % 360 / 2)
        words = f"mask line {n + 1}"

        def changed(n: int = n, twin: int | None = twin, **new: Any) -> Values:
            """The mask with new values of a line, and of its twin the mirror image of these."""
            out = [dict(line) for line in lines]
            out[n] |= new
            if twin is not None:
                mirrored = [about_look(table, azimuth) for azimuth in reversed(new.get("azimuth_deg", []))]
                out[twin] |= new | ({"azimuth_deg": mirrored} if mirrored else {})
            return {f"designs[{i}].mask": out}

        def remove(n: int = n, twin: int | None = twin) -> Values:
            kept = [dict(line) for m, line in enumerate(lines) if m not in (n, twin)]
            return {f"designs[{i}].mask": kept or None}

        keys = [f"designs[{i}].mask[{m}]" for m in (n, twin) if m is not None]
        common: dict[str, Any] = {"kind": "mask", "channel": table.name, "group": f"mask:{i}:{n}", "removable": True}
        for end, azimuth in enumerate((start, stop)):

            def turn(x: float, y: float, end: int = end, n: int = n) -> Values:
                arc, edge = list(lines[n]["azimuth_deg"]), wrapped_deg(round(y))
                arc[end] = edge
                width = (arc[1] - arc[0]) % 360
                return changed(n, _mirror_of(table, lines, n), azimuth_deg=arc) if LEAST_ARC_DEG <= width <= 359 else {}

            handle: Handle = {
                "id": f"mask:{i}:{n}:{('start', 'stop')[end]}", "panel": "map", "x": middle_hz, "y": wrapped_deg(azimuth), "axis": "y",
                "label": f"{words} {('begins', 'ends')[end]} at {number(azimuth)} degrees", "keys": keys, "extent": [low_hz, high_hz],
                **common,
            }  # type: ignore[typeddict-item]  # fmt: skip # what all handles of the line have in common
            yield Grip(handle, turn, remove)
        ranges = [LOWEST_HZ, high_hz / 1.1], [low_hz * 1.1, problem.sample_rate_hz / 2]
        for end, (x, x_range) in enumerate(zip((low_hz, high_hz), ranges, strict=True)):

            def widen(x: float, y: float, end: int = end, n: int = n, x_range: list[float] = x_range) -> Values:
                band_hz = _band(table, lines[n])
                band_hz[end] = tidy_hz(within(x, *x_range))
                return changed(n, _mirror_of(table, lines, n), band_hz=band_hz)

            handle = {
                "id": f"mask:{i}:{n}:{('low', 'high')[end]}", "panel": "map", "x": x, "y": middle_deg, "axis": "x",
                "label": f"{words} {('begins', 'ends')[end]} at {number(x)} Hz", "keys": keys, "x_range": x_range,
                "extent": [start, start + (stop - start) % 360], **common,
            }  # type: ignore[typeddict-item]  # fmt: skip # as above
            yield Grip(handle, widen, remove)

        def lower(x: float, y: float, n: int = n) -> Values:
            return changed(n, _mirror_of(table, lines, n), max_db=tidy(within(y, *LEVEL_RANGE_DB)))

        handle = {
            "id": f"mask:{i}:{n}:level", "panel": "polar", "x": middle_deg, "y": line["max_db"], "axis": "y",
            "label": f"{words}: at most {number(line['max_db'])} dB", "keys": keys, "y_range": list(LEVEL_RANGE_DB),
            "extent": [start, start + (stop - start) % 360], **common,
        }  # type: ignore[typeddict-item]  # fmt: skip # as above
        yield Grip(handle, lower, remove)


def _window_grips(i: int, table: DesignTable) -> Iterator[Grip]:
    """Both ends of the window; one that is symmetric about the look direction stays so."""
    if table.window_deg is None:
        return
    window, key = list(table.window_deg), f"designs[{i}].window_deg"
    symmetric = same_angle(window[1], about_look(table, window[0]))
    low_hz, high_hz = _band(table, {})
    for end, azimuth in enumerate(window):

        def turn(x: float, y: float, end: int = end) -> Values:
            arc, edge = list(window), wrapped_deg(round(y))
            arc[end] = edge
            if symmetric:
                arc[1 - end] = about_look(table, edge)
            width, inside = (arc[1] - arc[0]) % 360, ((table.look_deg or 0.0) - arc[0]) % 360
            return {key: arc} if LEAST_ARC_DEG <= width <= 359 and inside <= width else {}

        handle: Handle = {
            "id": f"window:{i}:{end}", "kind": "window", "panel": "map", "channel": table.name, "x": float(np.sqrt(low_hz * high_hz)),
            "y": wrapped_deg(azimuth), "axis": "y", "label": f"the window {('begins', 'ends')[end]} at {number(azimuth)} degrees",
            "keys": [key], "extent": [low_hz, high_hz], "group": f"window:{i}", "removable": True,
        }  # fmt: skip
        yield Grip(handle, turn, lambda: {key: None})


def _null_grips(i: int, table: DesignTable) -> Iterator[Grip]:
    """Each null; one on the other side of the look direction moves with it."""
    nulls, key = list(table.nulls_deg or []), f"designs[{i}].nulls_deg"
    low_hz, high_hz = _band(table, {})
    for n, azimuth in enumerate(nulls):
        twin = next((m for m, other in enumerate(nulls) if m != n and same_angle(other, about_look(table, azimuth))), None)

        def turn(x: float, y: float, n: int = n, twin: int | None = twin) -> Values:
            out = list(nulls)
            out[n] = wrapped_deg(round(y))
            if twin is not None:
                out[twin] = about_look(table, out[n])
            return {key: out}

        def remove(n: int = n, twin: int | None = twin) -> Values:
            return {key: [null for m, null in enumerate(nulls) if m not in (n, twin)] or None}

        handle: Handle = {
            "id": f"null:{i}:{n}", "kind": "null", "panel": "map", "channel": table.name, "x": float(np.sqrt(low_hz * high_hz)),
            "y": wrapped_deg(azimuth), "axis": "y", "label": f"null at {number(azimuth)} degrees",
            "keys": [f"{key}[{m}]" for m in (n, twin) if m is not None], "extent": [low_hz, high_hz], "group": f"null:{i}",
            "removable": True,
        }  # fmt: skip
        yield Grip(handle, turn, remove)
