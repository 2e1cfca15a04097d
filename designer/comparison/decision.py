"""The numbers that decide, in a sentence a design: gain and effort against the first design that meets its requirements.

A difference within the resolution of its number is "equal". What is more in gain is said to hold over drawn devices, or not: by the mean
gain of both designs over the same draws, draw by draw. Draw n has the same temperature and the same head in both designs, and of drivers
of the same number the same errors. So the difference of a pair has less spread than either gain. Where designs have different numbers of
drivers their drivers' errors are drawn apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from designer.arrays import Real
from designer.comparison.channel_group import ChannelGroup
from designer.comparison.entry import Entry
from designer.metrics import BY_NAME
from designer.problem.messages import enumeration

GAIN, MOVED, EFFORT = "mean_cancellation_gain_db", "moved_head_5th_percentile_db", "largest_effort_db"
NOUNS = {GAIN: "gain", EFFORT: "effort", MOVED: "gain at the 5th percentile of moved heads"}
"""Numbers that decide, in the order in which they are told."""


def _shortfall(entry: Entry) -> str:
    """The worst of its channels: "short" of what is asked for, as it is infeasible, or "lossy", as its filters miss it; else ""."""
    result = entry.result
    if any(not channel.feasible for channel in result.channels.values()):
        return "short"
    return "lossy" if not entry.is_played and any(map(result.misses, result.channels)) else ""


def reference(entries: Sequence[Entry]) -> int:
    """Place of the design that the others are held against: the first that meets its requirements, or the first of all."""
    return next((number for number, entry in enumerate(entries) if not _shortfall(entry)), 0)


def decisions(entries: Sequence[Entry], groups: Sequence[ChannelGroup]) -> list[tuple[str, str]]:
    """Shortfall of each design but the reference ("short", "lossy" or ""), and its sentence; those without one first."""
    base = reference(entries)
    numbers = sorted((n for n in range(len(entries)) if n != base), key=lambda n: _shortfall(entries[n]) != "")
    return [(_shortfall(entries[n]), text) for n in numbers if (text := _against(entries, groups, base, n))]


def _against(entries: Sequence[Entry], groups: Sequence[ChannelGroup], base: int, number: int) -> str:
    parts: dict[str, list[str]] = {}
    for group in groups:
        if {base, number} <= set(group.first.numbers):
            parts.setdefault(_difference(entries, group, base, number), []).append(group.name)
    parts.pop("", None)
    label, other = entries[number].label, entries[base].label
    if len(parts) == 1:
        return f"{label}: {next(iter(parts))}, against {other}."
    told = "; ".join(f"{enumeration(names)}: {text}" for text, names in parts.items())
    return told and f"{label} against {other}: {told}."


def _difference(entries: Sequence[Entry], group: ChannelGroup, base: int, number: int) -> str:
    """Differences of one group of channels: "1.8 dB less effort at equal gain"."""
    places = [group.first.numbers.index(n) for n in (base, number)]
    rows = {row.key: row.values_db for row in group.rows}
    differing, equal = {}, []
    for key in NOUNS:
        before, now = (rows[key][place] for place in places) if key in rows else (None, None)
        if before is None or now is None:
            continue
        difference = round(now, 1) - round(before, 1)
        if abs(difference) > BY_NAME[key].resolution:
            differing[key] = f"{abs(difference):.1f} dB {'more' if difference > 0 else 'less'} {NOUNS[key]}"
        else:
            equal.append(key)
    if GAIN in differing and (drawn := drawn_difference(entries[base], entries[number], group.first.name)):
        differing[GAIN] += f" ({drawn.median_db:+z.1f} dB in the median of {drawn.draws} drawn devices, {drawn.holds})"
    told = enumeration(list(differing.values()))
    alike = enumeration([NOUNS[key] for key in equal if key != MOVED])
    if not differing:
        return alike and f"equal {alike}"
    return f"{told} at equal {alike}" if alike else told


@dataclass(frozen=True)
class DrawnDifference:
    """Difference of two designs over drawn devices.

    Attributes
    ----------
    median_db : float, of the second's mean gain over the band less the first's
    share : float, of the draws in which the difference has the median's sign
    draws : int

    """

    median_db: float
    share: float
    draws: int

    @property
    def holds(self) -> str:
        """In how many of the draws the difference has the median's sign."""
        percent = "all" if self.share == 1 else f"{min(100 * self.share, 99.0):.0f} %"
        return f"{'less' if self.median_db < 0 else 'more'} in {percent} of them"

    def __str__(self) -> str:
        """As tables have it: the median, and where it is more than nothing the share of draws."""
        return f"{self.median_db:+z.1f}" + (f", {self.holds}" if abs(self.median_db) >= 0.05 else "")


def drawn_difference(first: Entry, second: Entry, name: str) -> DrawnDifference | None:
    """The difference in a channel; None where either has no draws, as a measured device, or another number of them."""
    if not first.tells("tolerance_median_db") or not second.tells("tolerance_median_db"):
        return None
    over = [entry.result.tolerances.get(name) for entry in (first, second)]
    if over[0] is None or over[1] is None or len(over[0].gain_db) != len(over[1].gain_db):
        return None
    tables = [entry.result.problem.tolerance for entry in (first, second)]
    if tables[0].seed != tables[1].seed:
        return None
    difference_db = paired_db(over[0].gain_db, over[1].gain_db)
    median_db = float(np.median(difference_db))
    share = float(np.mean(difference_db * np.sign(median_db) > 0))
    return DrawnDifference(median_db, share, len(difference_db))


def paired_db(first_db: Real, second_db: Real) -> Real:
    """Second less first of the mean gain over the band (N,), draw by draw, of gains (N, F) on frequencies of their own."""
    return np.asarray(second_db.mean(axis=1) - first_db.mean(axis=1))
