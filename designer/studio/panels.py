"""The panels of a judged design: the registry's figures of its realised filters, its numbers and its verdict, with snapshots laid over."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from designer.errors import EXIT_SOLVER
from designer.evaluation.outcomes import REQUIRED
from designer.job import Design
from designer.metrics import BY_NAME
from designer.report import channel_curves, channel_maps, channel_time, layout
from designer.report.figure_data import Figure, Line, figure, line
from designer.report.page import outcome_rows
from designer.studio.live_figures import ear_title, layout_of, polar_figure, words_of
from designer.studio.messages import Number, PanelName, SnapshotName, Verdict

NAMES: tuple[SnapshotName, ...] = ("A", "B", "C", "D")
LAID: dict[PanelName, tuple[tuple[int, frozenset[str]], ...]] = {
    "gain": ((0, frozenset({"cancellation_gain_db", "target_db"})),),
    "effort": ((0, frozenset({"effort_db"})),),
    "ear": ((0, frozenset({"magnitude_db"})),),
}
"""Which lines of a snapshot lie over a panel: part of the figure, and the metrics of its lines."""


def judged_panels(design: Design, name: str, laid: Mapping[SnapshotName, Design]) -> dict[PanelName, Figure]:
    """The panels of one channel.

    Parameters
    ----------
    laid : mapping of str to Design, snapshot -> its design; one without this channel has nothing to lay over

    """
    figures = _figures(design, name)
    for snapshot, other in laid.items():
        if name in other.channels:
            _lay(figures, _figures(other, name), snapshot)
    impulse = _impulse(design, name)
    panel: Any = impulse["panels"][0]
    others = [
        line
        for snapshot, other in laid.items()
        if name in other.channels
        for line in _laid_impulses(design, other, name, snapshot)
    ]
    panel["lines"] = others + panel["lines"]  # on top, and what differs shows below
    return {**figures, "impulse": impulse, "layout": layout_of(layout.layout_figure(design.problem))}


def _figures(design: Design, name: str) -> dict[PanelName, Figure]:
    """The figures that snapshots can lie over."""
    return {
        "gain": _titled(channel_curves.gain_figure(design, name), "Cancellation gain"),
        "effort": _effort(design, name),
        "map": _titled(channel_maps.map_figure(design, name), "Level on the circle"),
        "polar": polar_figure(design.problem, design.channels[name].table),
        "ear": _ear(design, name),
    }


def _titled(shown: Figure, title: str) -> Figure:
    shown["title"] = ""
    for panel in shown["panels"]:
        panel["title"] = title
    return shown


def _effort(design: Design, name: str) -> Figure:
    """Effort with its limit, and each driver's gain."""
    costs = channel_curves.costs_figure(design, name)["panels"]
    effort: Any = next(panel for panel in costs if panel["title"] == BY_NAME["effort_db"].label)
    (gains,) = _titled(channel_curves.response_figure(design, name), "Gain of each driver")["panels"]
    effort["place"], gains["place"] = [0, 0, 1, 1], [1, 0, 1, 1]
    return figure([effort, gains], 4.0)


def _ear(design: Design, name: str) -> Figure:
    shown = _titled(channel_curves.tone_figure(design, name), ear_title(design.channels[name].table.is_beam))
    panel: Any = shown["panels"][0]
    panel["lines"][0]["color"] = "soft"
    panel["lines"][-1]["metric"] = "magnitude_db"  # smoothed: what a snapshot is compared by
    return shown


def _impulse(design: Design, name: str) -> Figure:
    shown = _titled(channel_time.impulses_figure(design, name), "Impulse responses")
    panel: Any = shown["panels"][0]
    for mark in panel["marks"]:
        mark["text"] = mark["text"].removeprefix("bulk ")  # beside its line in a panel of 320 pixels
    return shown


def _lay(figures: dict[PanelName, Figure], other: dict[PanelName, Figure], snapshot: SnapshotName) -> None:
    """Put a snapshot's lines and its map's levels into the panels."""
    number = NAMES.index(snapshot)
    for panel, parts in LAID.items():
        for place, metrics in parts:
            target: Any = figures[panel]["panels"][place]
            source: Any = other[panel]["panels"][place]
            chosen = [line for line in source["lines"] if line.get("metric") in metrics]
            target["lines"] += [
                {
                    **line,
                    "name": f"{snapshot} target" if line.get("metric") == "target_db" else snapshot,
                    "design": number,
                }
                for line in chosen
            ]
            low, high = target["y"]["range"]
            other_low, other_high = source["y"]["range"]
            target["y"] = {**target["y"], "range": [min(low, other_low), max(high, other_high)]}
    level_map: Any = figures["map"]["panels"][0]
    laid_map: Any = other["map"]["panels"][0]
    level_map["others"] = [
        *level_map.get("others", []),
        {**{key: laid_map[key] for key in ("xs", "ys", "z")}, "overlay": snapshot},
    ]


def _laid_impulses(design: Design, other: Design, name: str, snapshot: SnapshotName) -> list[Line]:
    """A snapshot's taps of the drivers that are shown, in their rows and on their scale."""
    shown, taps = design.taps[name], other.taps[name]
    scale, time_ms = float(np.abs(shown).max()), np.arange(taps.shape[1]) / other.problem.sample_rate_hz * 1e3
    rows = [design.drivers[l] for l in range(len(shown)) if shown[l].any()]
    return [
        {
            **line(time_ms, taps[other.drivers.index(driver)] / scale * 0.9 - row, snapshot, width=1),
            "design": NAMES.index(snapshot),
        }
        for row, driver in enumerate(rows)
        if driver in other.drivers
    ]


def numbers(design: Design, name: str) -> list[Number]:
    """The channel's numbers, as `summary.json` has them."""
    return words_of(design.scalars[name].values)


def verdict(design: Design, name: str) -> Verdict:
    """The outcome of the channel; of one at which the solver stopped, why."""
    if name not in design.channels:
        return failed(design.failures.get(name, "not designed"))
    channel = design.channels[name]
    outcomes = design.outcomes[name]
    required = [outcome for outcome in outcomes if outcome.place == REQUIRED]
    missed = [
        f"{words} {result}"
        for outcome, (words, _, result) in zip(outcomes, outcome_rows(channel.table, outcomes), strict=True)
        if outcome.place == REQUIRED and not outcome.is_met
    ]
    return {
        "words": design.sentence(name),
        "status": design.status,
        "outcome": "infeasible" if not channel.feasible else "missed" if missed else "met",
        "missed": missed,
        "met": sum(outcome.is_met for outcome in required),
        "required": len(required),
    }


def failed(message: str, status: int = EXIT_SOLVER) -> Verdict:
    """The verdict where a solver stopped, or where data cannot be used."""
    return {"words": message, "status": status, "outcome": "failed", "missed": [], "met": 0, "required": 0}
