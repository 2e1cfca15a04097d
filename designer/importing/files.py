"""Bytes and text of a file that somebody names, in bounded memory: a regular file, of at most so many bytes."""

from __future__ import annotations

import stat
from pathlib import Path

from designer.errors import DataError

MAX_BYTES = 500_000_000
MAX_TEXT_BYTES = 200_000_000
SHOWN = 60
"""Signs of a file's content that a message repeats."""


def refusal(path: Path, found: str, allowed: str, remedy: str) -> DataError:
    """The error of a file that cannot be used."""
    return DataError(f"{_shown_path(path)}: found {found}; allowed: {allowed}; {remedy}")


def unreadable(path: Path, error: OSError | ValueError) -> DataError:
    """The error of a path that the system does not open."""
    reason = (getattr(error, "strerror", None) or str(error)).lower()
    return DataError(f"{_shown_path(path)}: cannot be read: {reason}; name a file that is there")


def shown(text: object) -> str:
    """A piece of a file's content, as a message repeats it."""
    whole = text if isinstance(text, str) else repr(text)
    cut = whole if len(whole) <= SHOWN else f"{whole[:SHOWN]}..."
    return repr(cut) if isinstance(text, str) else cut


def read_bytes(path: Path, most: int = MAX_BYTES) -> bytes:
    """Content of a regular file.

    Raises
    ------
    DataError : it is missing, a folder, a device or a pipe, empty or too large

    """
    try:
        status = path.stat()
        if stat.S_ISDIR(status.st_mode):
            raise refusal(path, "a folder", "a file", "name the file in it")
        if not stat.S_ISREG(status.st_mode):  # a device or a pipe need not end
            raise refusal(path, "a device, a pipe or a socket", "a regular file", "copy its content into a file")
        with path.open("rb") as file:
            content = file.read(min(status.st_size, most) + 1)  # as much memory is taken as is asked for
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None
    if len(content) > most:
        size = max(status.st_size, len(content))
        raise refusal(path, f"{size / 1e6:,.1f} MB", f"up to {most / 1e6:,.0f} MB", "name a smaller file")
    if not content:
        raise refusal(path, "an empty file", "coefficients", "export it again")
    return content


def read_text(path: Path, most: int = MAX_TEXT_BYTES) -> str:
    """Content of a text file; a byte-order mark is taken off, and lines that end with CRLF, as git and editors leave them, end with LF.

    Raises
    ------
    DataError : as above, or it is no UTF-8

    """
    try:
        return read_bytes(path, most).decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError:
        raise refusal(path, "a file that is no text in UTF-8", "a text file", "export it again") from None


def beside(path: Path, name: object) -> Path:
    """Path of a file that lies in the same folder as another.

    Raises
    ------
    DataError : the name is none, or leads out of the folder

    """
    if not isinstance(name, str) or not name or "\0" in name or name in (".", "..") or set(name) & set("/\\"):
        raise refusal(path, f"the file name {shown(name)}", "the name of a file in the same folder", "export it again")
    return path.with_name(name)


def is_folder(path: Path) -> bool:
    """Whether a path is a folder.

    Raises
    ------
    DataError : it is no path

    """
    try:
        return path.is_dir()
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from None


def _shown_path(path: Path) -> str:
    text = str(path)
    return text if len(text) <= 300 else f"{text[:300]}..."
