"""Which files a pattern means, and that they are small enough to be read.

Sizes are asked of the file system before a byte is read: a file that fills the memory is refused by name.
"""

from __future__ import annotations

import difflib
from pathlib import Path

from designer.acoustics.readers.raw_set import refusal

MAX_BYTES = 500_000_000
"""Of one file, of all the files of a set, and of what a compressed file unpacks to."""


def check_bytes(file: Path | str, size: int, what: str = "bytes") -> None:
    """Refuse what is larger than `MAX_BYTES`.

    Raises
    ------
    DataError : it is

    """
    if size > MAX_BYTES:
        raise refusal(
            file,
            f"{size / 1e6:,.0f} MB of {what}",
            f"up to {MAX_BYTES / 1e6:,.0f} MB",
            "keep only this driver's directions and band, or thin out the frequencies",
        )


def matching_files(pattern: str, folder: Path) -> tuple[Path, ...]:
    """Files that a path or pattern means, relative to a folder, sorted by name; their sizes are checked.

    Raises
    ------
    DataError : there is none, it is a folder, or they are too large

    """
    whole = folder / pattern
    if whole.is_dir():
        raise refusal(whole, "a folder", "a file, or a pattern of files", f'name its files: "{pattern}/*.frd"')
    if whole.exists():
        files = [whole]
    else:
        parent = whole.parent
        files = sorted(path for path in parent.glob(whole.name) if path.is_file()) if parent.is_dir() else []
    if not files:
        there = sorted(path.name for path in whole.parent.iterdir()) if whole.parent.is_dir() else []
        near = difflib.get_close_matches(whole.name, there, n=3, cutoff=0.4)
        remedy = f"nearest there: {', '.join(near)}" if near else f"the folder {whole.parent} has no such name"
        raise refusal(whole, "no file", "a file or a pattern that matches files", remedy)
    for path in files:
        check_bytes(path, path.stat().st_size)
    check_bytes(whole, sum(path.stat().st_size for path in files))
    empty = [path for path in files if path.stat().st_size == 0]
    if empty:
        raise refusal(empty[0], "an empty file", "measured data", "export it again")
    return tuple(files)


def states_of(files: tuple[Path, ...]) -> tuple[tuple[int, ...], ...]:
    """What changes when a file is written again, for what is read once in a run: size, and times of change; empty of none."""
    there = [path.stat() if path.exists() else None for path in files]
    return tuple(() if s is None else (s.st_ino, s.st_size, s.st_mtime_ns, s.st_ctime_ns) for s in there)


def named_emitter(pattern: str, folder: Path) -> tuple[str, str | None]:
    """A pattern without the "#emitter" that it may end with, and that emitter's name or index."""
    name, hash_sign, emitter = pattern.rpartition("#")
    in_the_name = hash_sign and not {"/", "\\"} & set(emitter)  # a folder may have the sign in its own name
    return (name, emitter) if in_the_name and not (folder / pattern).exists() else (pattern, None)
