"""C identifiers of names that may be any text: plain where it can be, unique always, also when letters' cases are not told apart.

Cases count as one because a name also appears in a macro, in capitals. Length is held so that a prefix, a channel and a driver
together stay within the 63 significant characters of C99 (5.2.4.1).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Hashable, Iterable
from typing import TypeVar

Key = TypeVar("Key", bound=Hashable)
LONGEST = 18
"""Characters of one mangled name, its number not counted: three of them and their underscores are within 63."""
HASHED = 4
"""Hexadecimal digits of its hash behind a name that is cut."""
RESERVED = re.compile(
    "auto|break|case|char|const|continue|default|do|double|else|enum|extern|float|for|goto|if|inline|int|long|register|restrict"
    "|return|short|signed|sizeof|static|struct|switch|typedef|union|unsigned|void|volatile|while|bool|true|false|main"
    "|arm_.*|string|stdio|stdint|stddef|math|limits|float|assert"  # a header of that name would hide the library's
)


def plain(name: str) -> str:
    """A C identifier that reads like the name; two names may get the same."""
    ascii_only = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    text = re.sub(r"[^A-Za-z0-9]+", "_", ascii_only).strip("_")
    if len(text) > LONGEST:  # names that begin alike stay apart, in one file and in two
        text = f"{text[: LONGEST - HASHED - 1].rstrip('_')}_{hashlib.sha256(name.encode()).hexdigest()[:HASHED]}"
    if not text:
        return "x"
    return f"x{text}" if text[0].isdigit() or RESERVED.fullmatch(text.lower()) else text


def identifiers(names: Iterable[str]) -> dict[str, str]:
    """A C identifier for each name; a name that comes twice is one name, and what is plain as it stands keeps its name."""
    wanted = {name: plain(name) for name in names}
    first = sorted(wanted, key=lambda name: wanted[name] != name)  # stable
    found = unique({name: wanted[name] for name in first})
    return {name: found[name] for name in wanted}


def unique(wanted: dict[Key, str]) -> dict[Key, str]:
    """The wanted identifiers, numbered where two are alike: the first keeps its own."""
    used: set[str] = set()
    found: dict[Key, str] = {}
    for key, base in wanted.items():
        name, count = base, 1
        while name.lower() in used:
            count += 1
            name = f"{base}_{count}"
        used.add(name.lower())
        found[key] = name
    return found
