"""Channels of a comparison that one row can stand for: a channel, and those that are its mirror images in every design."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from designer.comparison.entry import SharedChannel
from designer.comparison.numbers import Row, ranked, scalar_rows
from designer.metrics import BY_NAME
from designer.problem.messages import enumeration


@dataclass(frozen=True)
class ChannelGroup:
    """A channel with its mirror images, whose numbers are those of the worst of them."""

    channels: tuple[SharedChannel, ...]

    @property
    def first(self) -> SharedChannel:
        """The channel that stands for all."""
        return self.channels[0]

    @property
    def name(self) -> str:
        """The names of all: "left and right"."""
        return enumeration([channel.name for channel in self.channels])

    @cached_property
    def rows(self) -> list[Row]:
        """The table of scalars; a value for each of the first channel's entries."""
        rows, *others = (scalar_rows(channel) for channel in self.channels)
        if not others:
            return rows
        keyed = [{row.key: row for row in more} for more in others]
        return [_worst([row, *(more[row.key] for more in keyed if row.key in more)]) for row in rows]


def channel_groups(channels: Sequence[SharedChannel], twins: Sequence[Mapping[str, str]]) -> list[ChannelGroup]:
    """The channels in groups, in order.

    Parameters
    ----------
    twins : sequence of mapping of str to str, of each entry: channel -> the earlier channel that it is the mirror image of

    """
    groups: dict[str, ChannelGroup] = {}
    for channel in channels:
        firsts = {twins[number].get(channel.name) for number in channel.numbers}
        first = firsts.pop() if len(firsts) == 1 else None
        group = groups.get(first or "")
        if group and group.first.numbers == channel.numbers:
            groups[group.first.name] = replace(group, channels=(*group.channels, channel))
        else:
            groups[channel.name] = ChannelGroup((channel,))
    return list(groups.values())


def _worst(rows: Sequence[Row]) -> Row:
    """One row for several channels."""
    sign = BY_NAME[rows[0].key].better
    values = []
    for column in zip(*(row.values_db for row in rows), strict=True):
        known = [value for value in column if value is not None]
        values.append(sign * min(sign * value for value in known) if known else None)
    return ranked(rows[0].key, rows[0].words, tuple(values), sign, BY_NAME[rows[0].key].resolution)
