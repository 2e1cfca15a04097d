"""A folder that only this user may read. It is removed with its process; the next process removes the folders of killed ones."""

from __future__ import annotations

import contextlib
import html
import os
import shutil
import tempfile
import time
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where what a killed process leaves is left to the system's own cleaning
    fcntl = None  # type: ignore[assignment]

PREFIX = "designer-studio-"
MARK = ".designer-studio"
"""A file in each, without which a folder of such a name is somebody else's."""
YOUNG_S = 60.0
"""Age in seconds up to which a folder may still be without its lock."""
PAGE = """<!doctype html>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={address}">
<meta name="referrer" content="no-referrer">
<title>Studio</title>
<p>This leads to <a href="{address}">the studio</a>.</p>
"""


class PrivateFolder:
    """A temporary folder (mode 0700), locked for as long as its process lives."""

    def __init__(self) -> None:
        sweep()
        self._folder = tempfile.TemporaryDirectory(prefix=PREFIX, ignore_cleanup_errors=True)
        self.path = Path(self._folder.name)
        (self.path / MARK).touch()
        self._lock = _locked(self.path)

    def close(self) -> None:
        """Remove it with all that it holds."""
        with contextlib.suppress(OSError):
            self._folder.cleanup()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def sweep() -> None:
    """Remove the folders of processes that are dead."""
    with contextlib.suppress(OSError):
        for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
            with contextlib.suppress(OSError):
                _remove_dead(path)


def _remove_dead(path: Path) -> None:
    state = path.lstat()
    if fcntl is None or state.st_uid != os.getuid() or time.time() - state.st_mtime < YOUNG_S:
        return
    lock = _locked(path) if (path / MARK).is_file() else None
    if lock is not None:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _locked(path: Path) -> int | None:
    """Lock of a folder, which ends with its process in any case; None if a living process holds it, or if there is no such folder."""
    if fcntl is None:
        return None
    try:
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return None
    return lock


class WayIn:
    """A file that leads a browser to the studio: a page of its own (mode 0600, in a folder of mode 0700) that leads on to its address.

    Every user can read a browser's arguments in the list of processes, and the studio's address holds its token. So the browser's
    argument is the place of a file that only this user can read, and that is removed soon.

    Parameters
    ----------
    address : str, with its token

    """

    def __init__(self, address: str) -> None:
        self._folder = PrivateFolder()
        self.path: Path = self._folder.path / "open.html"
        with os.fdopen(os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(PAGE.format(address=html.escape(address)))

    def close(self) -> None:
        """Remove it."""
        self._folder.close()
