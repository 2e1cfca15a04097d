"""Handles over azimuth: edges of a beam's mask, its level, its window and its nulls, upon the map and the polar plot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

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
from designer.studio.messages import Handle, HandlePanel

LEVEL_RANGE_DB = (-60.0, 20.0)
NEW_HALF_WIDTH_DEG, NEW_LEVEL_DB = 10.0, -10.0
"""A new mask line: this far to both sides of where it is put, this much below the on-axis level."""
LEAST_ARC_DEG, MOST_ARC_DEG = 1.0, 359.0
BEGINS = ("begins", "ends")
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

        yield Room(
            {"id": f"mask:{i}", "kind": "mask", "panel": "map", "channel": table.name, "label": "mask line"}, add_mask
        )
        yield Room(
            {"id": f"null:{i}", "kind": "null", "panel": "map", "channel": table.name, "label": "null"}, add_null
        )


def _lines(table: DesignTable) -> list[dict[str, Any]]:
    return [line.model_dump(exclude_unset=True) for line in table.mask or []]


def _band(table: DesignTable, line: dict[str, Any]) -> list[float]:
    low_hz, high_hz = line.get("band_hz") or table.band_hz
    return [max(low_hz, LOWEST_HZ), high_hz]


@dataclass(frozen=True)
class _Mask:
    """The mask of a beam, and what changes of its lines set: a line and its mirror image about the look direction change together."""

    i: int
    table: DesignTable
    lines: list[dict[str, Any]]

    @property
    def key(self) -> str:
        """The mask's key."""
        return f"designs[{self.i}].mask"

    def twin(self, n: int) -> int | None:
        """The line that is another's mirror image."""
        start, stop = self.lines[n]["azimuth_deg"]
        for other, line in enumerate(self.lines):
            ends = line["azimuth_deg"]
            if (
                other != n
                and same_angle(ends[0], about_look(self.table, stop))
                and same_angle(ends[1], about_look(self.table, start))
                and {**line, "azimuth_deg": 0} == {**self.lines[n], "azimuth_deg": 0}
            ):
                return other
        return None

    def changed(self, n: int, **new: Any) -> Values:
        """The mask with new values of a line, and of its twin the mirror image of these."""
        out, twin = [dict(line) for line in self.lines], self.twin(n)
        out[n] |= new
        if twin is not None:
            mirrored = [about_look(self.table, azimuth) for azimuth in reversed(new.get("azimuth_deg", []))]
            out[twin] |= new | ({"azimuth_deg": mirrored} if mirrored else {})
        return {self.key: out}

    def removed(self, n: int) -> Values:
        """The mask without a line and its twin; without the key where none is left."""
        return {self.key: [dict(line) for m, line in enumerate(self.lines) if m not in (n, self.twin(n))] or None}

    def turned(self, n: int, end: int, azimuth_deg: float) -> Values:
        """One end of a line's arc at an azimuth; nothing where no arc would be left."""
        arc = list(self.lines[n]["azimuth_deg"])
        arc[end] = wrapped_deg(round(azimuth_deg))
        return self.changed(n, azimuth_deg=arc) if LEAST_ARC_DEG <= (arc[1] - arc[0]) % 360 <= MOST_ARC_DEG else {}

    def widened(self, n: int, end: int, frequency_hz: float) -> Values:
        """One end of a line's band at a frequency."""
        band_hz = _band(self.table, self.lines[n])
        band_hz[end] = tidy_hz(frequency_hz)
        return self.changed(n, band_hz=band_hz)

    def handle(self, n: int, end: str, panel: HandlePanel, **where: Any) -> Handle:
        """A handle of a line."""
        shared: Any = {
            "id": f"mask:{self.i}:{n}:{end}", "kind": "mask", "panel": panel, "channel": self.table.name,
            "keys": [f"{self.key}[{m}]" for m in (n, self.twin(n)) if m is not None], "group": f"mask:{self.i}:{n}", "removable": True,
        }  # fmt: skip
        return cast(Handle, shared | where)


def _mask_grips(problem: Problem, i: int, table: DesignTable) -> Iterator[Grip]:
    """Both azimuths, both frequencies and the level of each line."""
    mask = _Mask(i, table, _lines(table))
    for n, line in enumerate(mask.lines):
        (start, stop), (low_hz, high_hz) = line["azimuth_deg"], _band(table, line)
        width_deg, middle_hz = (stop - start) % 360, float(np.sqrt(low_hz * high_hz))
        middle_deg, words, remove = wrapped_deg(start + width_deg / 2), f"mask line {n + 1}", partial(mask.removed, n)
        for end, azimuth in enumerate((start, stop)):
            label = f"{words} {BEGINS[end]} at {number(azimuth)} degrees"
            place = {"x": middle_hz, "y": wrapped_deg(azimuth), "axis": "y", "extent": [low_hz, high_hz]}
            handle = mask.handle(n, ("start", "stop")[end], "map", label=label, **place)
            yield Grip(handle, lambda x, y, n=n, end=end: mask.turned(n, end, y), remove)  # type: ignore[misc] # n and end of now
        ranges = [LOWEST_HZ, high_hz / 1.1], [low_hz * 1.1, problem.sample_rate_hz / 2]
        for end, (edge_hz, x_range) in enumerate(zip((low_hz, high_hz), ranges, strict=True)):
            label = f"{words} {BEGINS[end]} at {number(edge_hz)} Hz"
            place = {
                "x": edge_hz,
                "y": middle_deg,
                "axis": "x",
                "x_range": x_range,
                "extent": [start, start + width_deg],
            }
            handle = mask.handle(n, ("low", "high")[end], "map", label=label, **place)
            yield Grip(
                handle,
                lambda x, y, n=n, end=end, ends=x_range: mask.widened(n, end, within(x, *ends)),  # type: ignore[misc] # as above
                remove,
            )
        label = f"{words}: at most {number(line['max_db'])} dB"
        place = {
            "x": middle_deg,
            "y": line["max_db"],
            "axis": "y",
            "y_range": list(LEVEL_RANGE_DB),
            "extent": [start, start + width_deg],
        }
        yield Grip(
            mask.handle(n, "level", "polar", label=label, **place),
            lambda x, y, n=n: mask.changed(n, max_db=tidy(within(y, *LEVEL_RANGE_DB))),  # type: ignore[misc] # as above
            remove,
        )


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
            return {key: arc} if LEAST_ARC_DEG <= width <= MOST_ARC_DEG and inside <= width else {}

        handle: Handle = {
            "id": f"window:{i}:{end}", "kind": "window", "panel": "map", "channel": table.name, "x": float(np.sqrt(low_hz * high_hz)),
            "y": wrapped_deg(azimuth), "axis": "y", "label": f"the window {BEGINS[end]} at {number(azimuth)} degrees",
            "keys": [key], "extent": [low_hz, high_hz], "group": f"window:{i}", "removable": True,
        }  # fmt: skip
        yield Grip(handle, turn, lambda: {key: None})


def _null_grips(i: int, table: DesignTable) -> Iterator[Grip]:
    """Each null; one on the other side of the look direction moves with it."""
    nulls, key = list(table.nulls_deg or []), f"designs[{i}].nulls_deg"
    low_hz, high_hz = _band(table, {})
    for n, azimuth in enumerate(nulls):
        twin = next(
            (m for m, other in enumerate(nulls) if m != n and same_angle(other, about_look(table, azimuth))), None
        )

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
