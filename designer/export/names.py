"""Names of channels and drivers as files, C and programs take them: few signs, none twice, and the mapping kept.

Letters' cases count as one, because file systems do not tell them apart and a name in C also appears in a macro, in capitals.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Collection, Hashable, Iterable
from typing import NamedTuple, TypeVar

from designer.errors import UsageError
from designer.export.filter_set import Filter, FilterSet

Key = TypeVar("Key", bound=Hashable)
RESERVED_FILES = {
    "con",
    "prn",
    "aux",
    "nul",
    "filters",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)),
}
"""Names that Windows keeps for its devices, and the one that the targets give to the file of all filters."""
MAX_NAME_LENGTH = 18
"""Characters of a name in C, its number not counted: a prefix, a channel and a driver are within C99's 63 (5.2.4.1)."""
HASHED = 4
"""Hexadecimal digits of its hash behind a name that is cut."""
RESERVED_C = re.compile(
    "auto|break|case|char|const|continue|default|do|double|else|enum|extern|float|for|goto|if|inline|int|long|register|restrict"
    "|return|short|signed|sizeof|static|struct|switch|typedef|union|unsigned|void|volatile|while|bool|true|false|main"
    "|arm_.*|string|stdio|stdint|stddef|math|limits|float|assert"  # a header of that name would hide the library's
)


def unique(stems: dict[Key, str], sign: str = "_", reserved: Iterable[str] = ()) -> dict[Key, str]:
    """The wanted names, numbered where two are alike or one is taken: the first keeps its own."""
    taken_names = set(reserved)
    names: dict[Key, str] = {}
    for key, base in stems.items():
        name, count = base, 1
        while name.lower() in taken_names:
            count += 1
            name = f"{base}{sign}{count}"
        taken_names.add(name.lower())
        names[key] = name
    return names


def file_names(names: Iterable[str]) -> dict[str, str]:
    """Name -> the same in ASCII letters, digits, - and _, an accent dropped, any other sign -, and different from the others."""
    stems = {name: re.sub(r"[^A-Za-z0-9_]+", "-", _ascii(name)).strip("-") or "x" for name in names}
    return unique(stems, "-", RESERVED_FILES)


def filter_files(filters: FilterSet) -> dict[tuple[str, str], str]:
    """(channel, driver) -> the stem of that filter's file."""
    names = file_names(joined(filter_) for filter_ in filters.filters)
    return {(filter_.channel, filter_.driver): names[joined(filter_)] for filter_ in filters.filters}


def joined(filter_: Filter) -> str:
    """A filter's name: its channel's and its driver's; the sign between them is in no other name."""
    return f"{filter_.channel}\n{filter_.driver}"


def changed(names: dict[str, str] | dict[tuple[str, str], str]) -> dict[str, str]:
    """Those that are not what they were, as a manifest holds them."""
    pairs = [("\n".join(old) if isinstance(old, tuple) else old, new) for old, new in names.items()]
    return {old.replace("\n", " / "): new for old, new in pairs if old.replace("\n", "-") != new}


def identifiers(names: Iterable[str], longest: int = 63, reserved: Collection[str] = ()) -> dict[str, str]:
    """Name -> a letter, then letters, digits and _, of at most so many signs (MATLAB's 63), none of the reserved ones."""

    def plain(name: str) -> str:
        text = re.sub(r"[^A-Za-z0-9]+", "_", _ascii(name)).strip("_")
        return (text if text[:1].isalpha() else f"x_{text}" if text else "")[: longest - 4] or "x"

    return unique({name: plain(name) for name in names}, "_", reserved)


def c_name(name: str) -> str:
    """A C identifier that reads like the name; two names may get the same."""
    text = re.sub(r"[^A-Za-z0-9]+", "_", _ascii(name)).strip("_")
    if len(text) > MAX_NAME_LENGTH:  # names that begin alike stay apart, in one file and in two
        text = (
            f"{text[: MAX_NAME_LENGTH - HASHED - 1].rstrip('_')}_{hashlib.sha256(name.encode()).hexdigest()[:HASHED]}"
        )
    if not text:
        return "x"
    return f"x{text}" if text[0].isdigit() or RESERVED_C.fullmatch(text.lower()) else text


def c_names(names: Iterable[str]) -> dict[str, str]:
    """A C identifier for each name; a name that comes twice is one name, and what is plain as it stands keeps its name."""
    identifiers = {name: c_name(name) for name in names}
    first = sorted(identifiers, key=lambda name: identifiers[name] != name)  # stable
    distinct = unique({name: identifiers[name] for name in first})
    return {name: distinct[name] for name in identifiers}


class FirmwareNames(NamedTuple):
    """Names of a firmware's files and of a C source: the prefix of all, identifiers of channels and drivers, and of their pairs.

    `changed` holds name in the problem -> identifier, where they differ.
    """

    prefix: str
    identifiers: dict[str, str]
    pairs: dict[tuple[str, str], str]
    changed: dict[str, str]

    def notes(self, filters: FilterSet) -> list[str]:
        """Notes on names of channels and drivers that differ."""
        return [f"{name!r} is called {c_name} in C" for name, c_name in self.changed.items() if name != filters.name]

    def stereo_notes(self, filters: FilterSet) -> list[str]:
        """Note on the call that takes left and right, where there is one."""
        if not filters.fed_by_upmix:
            return []
        return [f"{self.prefix}_stereo takes left and right, because the source holds the upmix ahead of the filters"]


def firmware_names(filters: FilterSet, library: str = "") -> FirmwareNames:
    """Names of a set of filters in C. Raises UsageError: C or the library does not take the user's prefix."""
    user_prefix = filters.options.get("prefix", "")
    if c_name(user_prefix) != user_prefix and user_prefix:
        raise UsageError(
            f"--prefix: got {user_prefix!r}; expected a letter, then letters, digits and single _, at most {MAX_NAME_LENGTH} in"
            f" all, and no reserved name of C{f' or {library}' if library else ''}; try {c_name(user_prefix)}"
        )
    prefix = (user_prefix or (c_name(filters.name) if filters.name else "filters")) + filters.suffix
    names = c_names([*filters.channels, *filters.drivers])
    stems = {
        (filter_.channel, filter_.driver): f"{names[filter_.channel]}_{names[filter_.driver]}"
        for filter_ in filters.filters
    }
    changed = {name: identifier for name, identifier in names.items() if name != identifier}
    if filters.name + filters.suffix not in (filters.suffix, prefix) and not user_prefix:
        changed[filters.name] = prefix
    return FirmwareNames(prefix, names, unique(stems), changed)


def _ascii(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
