"""Channels that are each other's mirror image, as far as a page shows: one is enough to look at."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.comparison.numbers import relative_level_db
from designer.report.grids import drawn_circle, drawn_metrics
from designer.result import Result

MAX_APART_DB = 0.05
"""Gains that differ by less read the same in a table."""
FLOOR_DB = -30.0
"""Lower levels on the circle are compared as if they were that: maps end there."""


@dataclass(frozen=True)
class Twin:
    """The earlier channel that another is the mirror image of, and by how much both differ at most."""

    name: str
    apart_db: float


def mirrors(result: Result) -> dict[str, Twin]:
    """Channel -> its twin, for the later of each two ear channels that are mirror images.

    Their gains at the mean and at the worst point, their efforts and what is asked are alike, and so are their levels on the circle once
    left and right are exchanged; what is drawn at random is not looked at.
    """
    twins: dict[str, Twin] = {}
    ears = [name for name, channel in result.channels.items() if channel.table.ear is not None]
    for i, name in enumerate(ears):
        for other in ears[:i]:
            if other in twins or result.channels[other].table.ear == result.channels[name].table.ear:
                continue
            apart_db = _apart_db(result, other, name)
            if apart_db < MAX_APART_DB:
                twins[name] = Twin(other, apart_db)
                break
    return twins


def _apart_db(result: Result, name: str, other: str) -> float:
    columns = ["cancellation_gain_db", "worst_cancellation_gain_db", "effort_db", "target_db", "white_noise_gain_db"]
    first, second = (np.stack([drawn_metrics(result, channel)[key] for key in columns]) for channel in (name, other))
    if (np.isnan(first) != np.isnan(second)).any() or result.channels[name].feasible != result.channels[other].feasible:
        return np.inf
    apart_db = float(np.nanmax(np.abs(first - second)))
    circle = drawn_circle(result)
    if circle.is_measured or apart_db >= MAX_APART_DB:
        return apart_db
    (azimuth_deg, level, _), (_, mirrored, _) = (
        relative_level_db(result, channel, circle) for channel in (name, other)
    )
    exchanged = np.argsort((-azimuth_deg) % 360, kind="stable")
    in_order = np.argsort(azimuth_deg % 360, kind="stable")
    if not np.allclose(np.sort((-azimuth_deg) % 360), np.sort(azimuth_deg % 360)):
        return np.inf
    levels = np.maximum(level[:, in_order], FLOOR_DB) - np.maximum(mirrored[:, exchanged], FLOOR_DB)
    return max(apart_db, float(np.abs(levels).max()))
