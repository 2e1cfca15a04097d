"""What a target cannot hold, in the words that all targets share: what was found, what is allowed, what to do."""

from __future__ import annotations

from designer.errors import UsageError
from designer.export.filter_set import FilterSet


def refuse(target: str, found: str, allowed: str, remedy: str) -> UsageError:
    """The error that a target raises."""
    return UsageError(f"target {target}: found {found}; allowed: {allowed}; {remedy}")


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
