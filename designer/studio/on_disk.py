"""The problem file on disk: what an editor puts there is seen soon after, and what the studio saves is written whole or not at all.

The file is looked at, many times a second: that works on every system and file system, also where an editor puts a new file in the
old one's place. A change is read once the file has been at rest from one look to the next. What does not read as TOML may be half of a
file, and what is gone may be on its way back: both are waited for a little longer before they count.
"""

from __future__ import annotations

import os
import shutil
import stat
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from designer.errors import DataError
from designer.writing import check_file, write_file

LOOK_S = 0.1
"""From one look to the next."""
UNFINISHED_S = 1.0
"""How long a text that is no TOML may take to become it."""
GONE_S = 0.6
"""How long a file may be away while an editor exchanges it."""
MAX_BYTES = 4_000_000
"""Limit of a problem file; one of 256 drivers and 64 designs has some 200 kB."""


@dataclass(frozen=True)
class Change:
    """New content on disk; `text` is None where the file is gone, and `fault` says why it cannot be read."""

    text: str | None
    fault: str = ""


Stamp = tuple[int, int, int] | None


class OnDisk:
    """A problem file, and the text that was read from it or written into it last.

    Parameters
    ----------
    path : Path
    clock : callable, seconds

    """

    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self.path = path
        self.text: str | None = None
        self._clock = clock
        self._known = self._seen = _stamp(self.path)
        self._since_s = clock()
        if self._known is not None:
            self.text = self._read().text

    def look(self) -> Change | None:
        """A change since the last time, if it is whole by now."""
        stamp, now_s = _stamp(self.path), self._clock()
        if stamp != self._seen:
            self._seen, self._since_s = stamp, now_s
            return None
        if stamp == self._known:
            return None
        rest_s = now_s - self._since_s
        if stamp is None:
            return self._taken(Change(None), stamp) if rest_s >= GONE_S else None
        change = self._read()
        if _stamp(self.path) != stamp or (rest_s < UNFINISHED_S and (change.fault or not _is_toml(change.text or ""))):
            return None
        return self._taken(change, stamp)

    def changed(self) -> Change | None:
        """A change since the last time, whole or not: before something else is written there."""
        stamp = _stamp(self.path)
        if stamp == self._known:
            return None
        return self._taken(Change(None) if stamp is None else self._read(), stamp)

    def write(self, text: str) -> None:
        """Put a text there, with the rights that the file has.

        Raises
        ------
        UsageError : a link or a folder is in its place
        OutputError : it cannot be written; what was there is as it was

        """
        check_file(self.path, force=True)

        def fill(place: Path) -> None:
            place.write_bytes(text.encode())
            if self.path.exists():
                shutil.copymode(self.path, place)
            self._known = self._seen = _stamp(place)  # it is moved as it is

        known = self._known
        try:
            write_file(self.path, fill)
        except BaseException:
            self._known = self._seen = known
            raise
        self.text = text

    def _taken(self, change: Change, stamp: Stamp) -> Change | None:
        self._known = self._seen = stamp
        if change.text == self.text and not change.fault:
            return None
        self.text = change.text
        return change

    def _read(self) -> Change:
        """The text, or why there is none."""
        try:
            return Change(text_of(self.path))
        except DataError as error:
            return Change(None, str(error))


def _stamp(path: Path) -> Stamp:
    try:
        facts = os.lstat(path)
    except OSError:
        return None
    return facts.st_ino, facts.st_size, facts.st_mtime_ns


def text_of(path: Path) -> str:
    """The text of a problem file, as it is.

    Raises
    ------
    DataError : it is no file, is a link, is too large, or is not UTF-8

    """
    try:
        facts = os.lstat(path)
        if not stat.S_ISREG(facts.st_mode):
            kind = "a link" if stat.S_ISLNK(facts.st_mode) else "no file"
            raise DataError(f"{path}: got {kind}; expected a problem file; name the file itself")
        if facts.st_size > MAX_BYTES:
            raise DataError(f"{path}: got {facts.st_size} bytes; expected at most {MAX_BYTES}; is it a problem file?")
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path}: byte {error.start} is not UTF-8; expected a text file in TOML; save it as UTF-8"
        ) from None
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        raise DataError(f"{path}: cannot be read: {reason}; give the path of a problem file") from None


def _is_toml(text: str) -> bool:
    try:
        return bool(tomllib.loads(text))
    except (ValueError, RecursionError):
        return False
