"""Who takes part in a comparison, which channels can be laid side by side, and whose curves are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from designer.errors import DataError, UsageError
from designer.metrics import BY_NAME
from designer.problem.messages import enumeration
from designer.problem.schema import Problem
from designer.result import Channel, Result

MOST = 20
ALL_UP_TO = 6
"""Designs that are all drawn as curves of their own."""


@dataclass(frozen=True)
class Entry:
    """One design of a comparison.

    Attributes
    ----------
    label : str, what tables and figures call it; no two are alike
    source : str, what the user gave
    measured : str, what its scene is measured from; empty for a prediction
    has_circle : bool, whether what is drawn over azimuth is its own, and not that of a model behind a measurement
    lacks : set of str, needs of metrics that a measurement does not meet
    required_problem : Problem or None, the problem that the filters were made for, where it is not the result's own

    """

    label: str
    result: Result
    source: str
    measured: str = ""
    has_circle: bool = True
    lacks: frozenset[str] = frozenset()
    required_problem: Problem | None = None

    @property
    def problem(self) -> Problem:
        """Problem whose requirements the filters were made for."""
        return self.required_problem or self.result.problem

    @property
    def is_played(self) -> bool:
        """Whether it was measured with its filters running, so that they are not known here."""
        return bool(self.lacks)

    def tells(self, key: str) -> bool:
        """Whether a metric is its own."""
        lacks = self.lacks if self.has_circle else self.lacks | {"directions"}
        return not BY_NAME[key].needs & lacks

    def numbers(self, name: str) -> dict[str, float]:
        """A channel's numbers that are its own."""
        return {key: value for key, value in self.result.scalars[name].values.items() if self.tells(key)}


@dataclass(frozen=True)
class SharedChannel:
    """A channel that two entries or more have: the entries, and the place of each among all, which picks its colour."""

    name: str
    entries: tuple[Entry, ...]
    numbers: tuple[int, ...]

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The channel of each entry."""
        return tuple(entry.result.channels[self.name] for entry in self.entries)

    @property
    def is_beam(self) -> bool:
        """Whether it is a beam; the others reach an ear."""
        return self.channels[0].table.is_beam

    @property
    def band_hz(self) -> tuple[float, float]:
        """From the lowest to the highest frequency of any entry's band."""
        bands = [channel.table.band_hz for channel in self.channels]
        return min(band[0] for band in bands), max(band[1] for band in bands)

    @property
    def bands(self) -> str:
        """The band in words; of several, each with its entries."""
        labels: dict[str, list[str]] = {}
        for entry, channel in zip(self.entries, self.channels, strict=True):
            labels.setdefault("{:g} to {:g} Hz".format(*channel.table.band_hz), []).append(entry.label)
        if len(labels) == 1:
            return next(iter(labels))
        return enumeration([f"{band} of {enumeration(names)}" for band, names in labels.items()])

    @property
    def has_one_band(self) -> bool:
        """Whether the entries' numbers are over the same frequencies."""
        return len({tuple(channel.table.band_hz) for channel in self.channels}) == 1

    @property
    def aim(self) -> str:
        """Aim of the channel, in words."""
        table = self.channels[0].table
        if table.bright:
            return f"the zone of {', '.join(table.bright)}"
        return f"a beam to {table.look_deg or 0:g}°" if self.is_beam else f"the {table.ear} ear"


def check_count(count: int) -> None:
    """Raise a UsageError for fewer than two entries, and for more than a page can show."""
    if count > MOST:
        raise UsageError(f"got {count} designs to compare; expected at most {MOST}; leave some out")
    if count < 2:
        raise UsageError(
            f"got {'one' if count else 'no'} design to compare; expected two or more, or one problem with --methods, or one design"
            " with --measured"
        )


def check_shown(show: Sequence[str], entries: Sequence[Entry]) -> None:
    """Raise a UsageError for a label that no entry has, naming it and the labels that there are."""
    labels = [entry.label for entry in entries]
    for label in show:
        if label not in labels:
            raise UsageError(f'--show: got "{label}"; expected {", ".join(labels)}')


def chosen_entries(channel: SharedChannel, show: Sequence[str] = ()) -> list[int]:
    """Places, among a channel's entries, of those drawn as curves of their own.

    Those that the user names; by default all of a few, and of many the first, and the best and the worst by mean gain.
    """
    named = [i for i, entry in enumerate(channel.entries) if entry.label in show]
    if named or len(channel.entries) <= ALL_UP_TO:
        return named or list(range(len(channel.entries)))
    gains = [entry.numbers(channel.name)["mean_cancellation_gain_db"] for entry in channel.entries]
    return sorted({0, int(np.argmax(gains)), int(np.argmin(gains))})


def shared_channels(entries: Sequence[Entry]) -> tuple[list[SharedChannel], list[str]]:
    """The channels that two entries or more have, in the order in which they first come, and a note for each other one.

    Raises
    ------
    DataError : no channel can be compared, with the channels that each entry has

    """
    names = dict.fromkeys(name for entry in entries for name in entry.result.channels)
    shared, notes = [], []
    for name in names:
        having = [(number, entry) for number, entry in enumerate(entries) if name in entry.result.channels]
        aims = {_aim(entry.result.channels[name]): entry.label for _, entry in reversed(having)}
        if len(having) < 2:
            notes.append(f'the channel "{name}" is in {having[0][1].label} alone, so it is not compared')
        elif len(aims) > 1:
            descriptions = ", ".join(f"{aim} in {label}" for aim, label in reversed(aims.items()))
            notes.append(f'the channel "{name}" is {descriptions}, so it is not compared')
        else:
            numbers, sharing = zip(*having, strict=True)
            shared.append(SharedChannel(name, sharing, numbers))
    if not shared:
        have = [f"{entry.label} has {', '.join(entry.result.channels)}" for entry in entries]
        raise DataError(
            f"got no channel that two designs share: {'; '.join([*have, *notes])}; expected designs with a channel of one name and"
            " aim; give the channels the same names"
        )
    return shared, notes


def _aim(channel: Channel) -> str:
    """Property that two channels of one name share where they are compared."""
    table = channel.table
    return "a beam" if table.is_beam else f"for the {table.ear} ear" if table.is_ear else "for a zone"


def band_notes(channels: Sequence[SharedChannel]) -> Iterator[str]:
    """A sentence on the channels whose numbers are over other frequencies in one entry than in another."""
    names: dict[str, list[str]] = {}
    for channel in channels:
        if not channel.has_one_band:
            names.setdefault(channel.bands, []).append(channel.name)
    for bands, alike in names.items():
        yield (
            f"numbers of {enumeration(alike)} are each over the design's own band, {bands}, so that their differences are of the bands too;"
            " to compare the designs alone, write one band_hz for all"
        )
