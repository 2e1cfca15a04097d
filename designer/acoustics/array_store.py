"""Arrays on disk, named by the digest of their inputs: a run reads what an earlier run has computed.

A file is a checksum, a line that states type and shape, and the numbers. It is written under another name and moved into its place, so
that two processes or a kill leave a whole file or none; a file with a wrong checksum counts as absent. The folder holds at most
MAX_BYTES, or the caller's limit: the least recently read files are removed first. The store raises no error: a folder that cannot be
written stores nothing.

The folder is the platform's for caches (`$XDG_CACHE_HOME`, `~/.cache`, `~/Library/Caches`, `%LOCALAPPDATA%`); DESIGNER_CACHE names
another, or is "off".
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

VARIABLE, OFF = "DESIGNER_CACHE", "off"
FOLDER = "loudspeaker-filter-designer"
MAX_BYTES = 512_000_000
LEFT_AFTER_CLEANING = 0.75
"""Share of MAX_BYTES that cleaning leaves."""
WRITTEN_SHARE = 0.5
"""Share of MAX_BYTES that one process writes: a sweep of many layouts would push out all else, and its own."""
WORTH_S, BYTES_PER_S = 1e-3, 300e6
"""An array is stored that takes longer than this, and than reading it would."""
CHECKSUM_BYTES = 16
HEADER_BYTES = 112
"""Length of the line of type and shape, filled with spaces; with the checksum a multiple of 64, so that the numbers are aligned."""
ENDING, PARTIAL = ".array", ".partial"
STALE_S = 3600.0
"""Age of a partial file that nobody is writing any more."""


def cache_folder() -> Path | None:
    """Where arrays are stored; None where they are not, as of a user without a home."""
    named = os.environ.get(VARIABLE, "")
    if named:
        return None if named.lower() == OFF else Path(named)
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 # Path.home() raises where there is none, and this stays "~"
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = home / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or home / ".cache"
    folder = Path(base) / FOLDER
    return folder if folder.is_absolute() else None


class ArrayStore:
    """Arrays of one folder; with None nothing is stored.

    Parameters
    ----------
    folder : Path or None
    most : float or None, limit of the folder in bytes, all of which one process may write; by default MAX_BYTES, of which WRITTEN_SHARE

    """

    def __init__(self, folder: Path | None, most: float | None = None) -> None:
        self.folder = folder
        self._most = MAX_BYTES if most is None else most
        self._writes = WRITTEN_SHARE * MAX_BYTES if most is None else most
        self._written = 0  # bytes by this process
        self._held: float | None = None  # bytes in the folder, as far as this process knows

    def array(self, key_of: Callable[[], str], make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
        """The array of a key (40 hexadecimal digits), read or made; read-only, and laid out alike in both cases."""
        key = "" if self.folder is None else key_of()
        stored = self.read(key)
        if stored is not None:
            return stored
        begin = time.perf_counter()
        array = np.ascontiguousarray(make())
        array.flags.writeable = False
        if time.perf_counter() - begin > WORTH_S + array.nbytes / BYTES_PER_S:
            self.write(key, array)
        return array

    def read(self, key: str) -> NDArray[Any] | None:
        """The array of a key; None where there is none, or a damaged one."""
        if self.folder is None:
            return None
        path = self._path(key)
        try:
            content = path.read_bytes()
            start = CHECKSUM_BYTES + HEADER_BYTES
            if _checksum(memoryview(content)[CHECKSUM_BYTES:]) != content[:CHECKSUM_BYTES]:
                return None
            header = json.loads(content[CHECKSUM_BYTES:start])
            array = np.frombuffer(content, dtype=header["dtype"], offset=start).reshape(header["shape"])
            with contextlib.suppress(OSError):  # a folder of another user's
                os.utime(path)  # read now: among the last to go
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return array

    def holds(self, key: str) -> bool:
        """Whether there is an array of a key, which may be damaged."""
        return self.folder is not None and self._path(key).exists()

    def write(self, key: str, array: NDArray[Any]) -> None:
        """Store an array, if the folder and this process's share have room."""
        header = json.dumps({"dtype": array.dtype.str, "shape": array.shape}).encode().ljust(HEADER_BYTES)
        size = CHECKSUM_BYTES + HEADER_BYTES + array.nbytes
        too_much = self._written + size > self._writes
        if self.folder is None or too_much or len(header) > HEADER_BYTES:
            return
        path, body = self._path(key), array.reshape(-1).view(np.uint8).data
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(PARTIAL, dir=path.parent)
            try:
                with open(handle, "wb") as file:  # noqa: PTH123 # a handle has no path
                    file.write(_checksum(header, body))
                    file.write(header)
                    file.write(body)
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            self._written += size
            self._held = self._most + 1 if self._held is None else self._held + size
            if self._held > self._most:
                self._held = self._clean()
        except OSError:  # a full disk, no right to write
            self.folder = None

    def _path(self, key: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{key}{ENDING}"

    def _clean(self) -> int:
        """Bytes that the folder holds, after the oldest files of too many and partial ones that a kill left have gone."""
        assert self.folder is not None
        files, now = [], time.time()
        for path in self.folder.iterdir():
            with contextlib.suppress(OSError):  # another process may be cleaning too
                state = path.stat()
                if path.suffix == PARTIAL and now - state.st_mtime > STALE_S:
                    path.unlink()
                elif path.suffix == ENDING:
                    files.append((state.st_mtime, state.st_size, path))
        held = sum(size for _, size, _ in files)
        if held <= self._most:
            return held
        for _, size, path in sorted(files):
            if held <= LEFT_AFTER_CLEANING * self._most:
                break
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)
            held -= size
        return held


def _checksum(*parts: bytes | memoryview) -> bytes:
    total = hashlib.blake2b(digest_size=CHECKSUM_BYTES)
    for part in parts:
        total.update(part)
    return total.digest()
