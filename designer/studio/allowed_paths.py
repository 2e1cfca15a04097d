"""Places that a page may name: below the problem's folder, and nowhere else."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from designer.errors import UsageError

OUT = "out"
"""The folder beside the problem file that `designer design` writes into, too."""
LONGEST_PART_BYTES, SHORTENED_BYTES = 200, 150
OF_COMMANDS = re.compile(
    r"(?:,? or|;) choose another with (?:-o|folder=)|[;,] [^;,]*(?:--force|force=True)[^;]*|(?:; |, or )leave --[a-z-]+ out[^;]*"
    r"|, or --[a-z]+(?=\))|--target (?=[a-z][\w-]*:)|--(?=(?:target|prefix|model|part|room|plain)\b)"
)
"""Options of a command, and arguments of a function, in a message; a page has fields instead."""
UNTAKEN = '<>:"|?*~/\\'
"""Letters that some systems refuse in a name."""


def inside(folder: Path, name: Any) -> Path:
    """The path of a place below a folder, by its name relative to it.

    Raises
    ------
    UsageError : the name leads out of the folder, by its steps or through a link, or is none that every system takes

    """
    expected = f"expected a path below {folder.absolute().name}, as {OUT}/first"
    if not isinstance(name, str) or not name:
        raise UsageError(f"place: got {name!r}; {expected}")
    parts = re.split(r"[/\\]", name)
    if any(not _is_plain(part) for part in parts):
        raise UsageError(f"place: got {name!r}; {expected}: no step back, no drive, no hidden name")
    path = folder
    for part in parts:
        path = path / part
        if path.is_symlink():
            raise UsageError(f"place: {path} is a link; links are not followed; {expected}")
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"place: got {name!r}, which lies elsewhere; {expected}")
    return path


def plain_name(text: str) -> str:
    """Name of a place from that of a file: hyphens replace letters that some systems refuse."""
    taken = "".join(letter if letter.isprintable() and letter not in UNTAKEN else "-" for letter in text)
    return taken.encode()[:SHORTENED_BYTES].decode(errors="ignore").strip(" .") or "design"


def _is_plain(part: str) -> bool:
    """Whether it is a name of a file that cannot be taken for anything else."""
    return (
        part.strip(" .") == part
        and part.isprintable()
        and not set(part) & set(UNTAKEN)
        and 0 < len(part.encode(errors="replace")) <= LONGEST_PART_BYTES
    )


def for_pages(message: str) -> str:
    """Message of a command without its options."""
    return OF_COMMANDS.sub("", message)
