"""Names of channels and drivers as files and programs take them: few signs, none twice, and the mapping kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable

from designer.export.filter_set import Filter, FilterSet

RESERVED = {"con", "prn", "aux", "nul", "filters", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}
"""Names that Windows keeps for its devices, and the one that the targets give to the file of all filters."""


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Name -> the same in ASCII letters, digits, - and _, and different from the others when case is ignored.

    An accent is dropped; any other sign becomes -. What is then empty, reserved or taken gets a number.
    """
    return _unique(names, lambda text: re.sub(r"[^A-Za-z0-9_]+", "-", text).strip("-"), "-", RESERVED)


def identifiers(names: Iterable[str], longest: int = 63, reserved: Collection[str] = ()) -> dict[str, str]:
    """Name -> a letter, then letters, digits and _; different from the others when case is ignored.

    Parameters
    ----------
    longest : signs; MATLAB's limit by default
    reserved : names that are taken

    """

    def plain(text: str) -> str:
        text = re.sub(r"[^A-Za-z0-9]+", "_", text).strip("_")
        return (text if text[:1].isalpha() else f"x_{text}" if text else "")[: longest - 4]

    return _unique(names, plain, "_", set(reserved))


def filter_files(filters: FilterSet) -> dict[tuple[str, str], str]:
    """(channel, driver) -> the stem of that filter's file."""
    made = file_names(joined(one) for one in filters.filters)
    return {(one.channel, one.driver): made[joined(one)] for one in filters.filters}


def joined(one: Filter) -> str:
    """A filter's name: its channel's and its driver's; the sign between them is in no other name."""
    return f"{one.channel}\n{one.driver}"


def changed(names: dict[str, str]) -> dict[str, str]:
    """Those that are not what they were, as a manifest holds them."""
    return {old.replace("\n", " / "): new for old, new in names.items() if old.replace("\n", "-") != new}


def _unique(names: Iterable[str], plain: Callable[[str], str], sign: str, kept: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    taken = set(kept)
    for name in dict.fromkeys(names):
        ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
        stem = plain(ascii_only) or "x"
        unique, number = stem, 2
        while unique.lower() in taken:
            unique, number = f"{stem}{sign}{number}", number + 1
        taken.add(unique.lower())
        found[name] = unique
    return found
