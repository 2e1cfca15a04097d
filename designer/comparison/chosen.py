"""Which curves a figure draws: all of a few designs; of many the band that holds them all, and a chosen few."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.arrays import Real
from designer.comparison.entry import Entry, SharedChannel
from designer.errors import UsageError

ALL_UP_TO = 6


def check_shown(show: Sequence[str], entries: Sequence[Entry]) -> None:
    """Refuse a label that no entry has.

    Raises
    ------
    UsageError : naming it and the labels that there are

    """
    labels = [entry.label for entry in entries]
    for label in show:
        if label not in labels:
            raise UsageError(f'--show: found "{label}"; allowed: {", ".join(labels)}')


def chosen_entries(channel: SharedChannel, show: Sequence[str] = ()) -> list[int]:
    """Which of a channel's entries are drawn as curves of their own, as indices among its own entries.

    Those that the user names; by default all of a few, and of many the first, and the best and the worst by mean gain.
    """
    named = [i for i, entry in enumerate(channel.entries) if entry.label in show]
    if named:
        return named
    count = len(channel.entries)
    if count <= ALL_UP_TO:
        return list(range(count))
    gains = [entry.numbers(channel.name)["mean_cancellation_gain_db"] for entry in channel.entries]
    return sorted({0, int(np.argmax(gains)), int(np.argmin(gains))})


def band_of(curves: Sequence[tuple[Real, Real]], grid: Real) -> tuple[Real, Real]:
    """The lowest and the highest of some curves (x, y) on a grid (G,); NaN where none is known. No curve goes on past its ends."""
    values = np.stack([np.interp(grid, x, y, left=np.nan, right=np.nan) for x, y in curves])
    known = np.isfinite(values).any(axis=0)
    low = np.where(known, np.min(np.where(np.isfinite(values), values, np.inf), axis=0), np.nan)
    high = np.where(known, np.max(np.where(np.isfinite(values), values, -np.inf), axis=0), np.nan)
    return low, high
