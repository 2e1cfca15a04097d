"""What a target cannot hold, in the words that all targets share: what was found, what is allowed, what to do."""

from __future__ import annotations

from designer.errors import UsageError
from designer.export.filter_set import FilterSet
from designer.export.target import Target


def refuse(target: str, found: str, allowed: str, remedy: str) -> UsageError:
    """The error that a target raises."""
    return UsageError(f"target {target}: found {found}; allowed: {allowed}; {remedy}")


def channel_scales_only(target: Target, filters: FilterSet) -> None:
    """Refuse filters whose drivers each have a scale of their own, where the target gives a channel's drivers one.

    Raises
    ------
    UsageError : as said

    """
    if filters.own_shifts and filters.word in target.channel_scale:
        assert filters.word is not None
        raise refuse(
            target.name,
            f'a scale for each driver (word_scale = "driver") in words of {filters.word.bits} bits',
            "one scale a channel, to which every tap would be rounded again",
            'set [realization] word_scale = "channel", or export hex or xilinx-coe, which hold a scale a filter',
        )


def whole_rate(filters: FilterSet, target: str) -> int:
    """The sample rate, for formats that hold it as a whole number of hertz.

    Raises
    ------
    UsageError : it is none

    """
    rate = round(filters.sample_rate_hz)
    if rate != filters.sample_rate_hz:
        raise refuse(
            target,
            f"a sample rate of {filters.sample_rate_hz:.17g} Hz",
            "a whole number of hertz, which is what its files hold",
            "design at such a rate, or export csv, json or npz",
        )
    return rate


def at_most(target: str, found: int, limit: int, what: str, remedy: str) -> None:
    """Refuse more than a limit.

    Raises
    ------
    UsageError : naming both numbers

    """
    if found > limit:
        raise refuse(target, f"{found:,} {what}", f"at most {limit:,}", remedy)
