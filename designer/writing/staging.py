"""A hidden folder beside an output, in which the output is made, and which goes with its process, whatever ends that.

    .NAME.1a2b3c4d.partial/
        owner     whose it is, locked for as long as the process lives
        new/      what is being written; after the exchange what was there before
        old/      what was there before, where the two cannot change places in one step

A process that is killed leaves the folder. The next command that writes there removes it: it is this tool's, as `owner` says, and
nobody holds the lock. What was there before is put back if its place is empty, and of what has a manifest only files
that the manifest names are deleted.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import ClassVar

from designer.errors import OutputError
from designer.versions import WRITER
from designer.writing.manifest import MANIFEST, read_manifest, survey

try:
    import fcntl
except ImportError:  # Windows: no lock tells the living from the dead, and nothing stale is removed
    fcntl = None  # type: ignore[assignment]

OWNER, NEW, OLD = "owner", "new", "old"
SUFFIX = ".partial"
LONGEST_NAME_BYTES = 150
PROBE_BYTES = 1 << 20
"""Bytes that have to fit before a job begins; a design folder is larger, rarely smaller."""
TRIES = 100
PATIENCE_S = 20.0
"""How long another process may take to put its output into the same folder: it moves files that are ready."""
AT_FDCWD = -100
RENAME_EXCHANGE = 2  # linux/fs.h
RENAME_SWAP = 2  # sys/stdio.h of macOS
UNSUPPORTED = (errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


@contextlib.contextmanager
def output_errors(path: Path) -> Iterator[None]:
    """Whatever the system refuses is an `OutputError` that names the output.

    Raises
    ------
    OutputError : in place of OSError

    """
    try:
        yield
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {reason(error)}") from error


def reason(error: OSError) -> str:
    """Why the system refused, and what to do about it; what was there before is as it was."""
    words = (error.strerror or str(error) or "it cannot be made").lower()
    remedy = {
        errno.ENOSPC: "make room, or choose another place",
        errno.EDQUOT: "make room, or choose another place",
        errno.EFBIG: "raise the limit of a file's size (ulimit -f), or choose another place",
    }.get(error.errno or 0, "choose another place")
    return f"{words}; what was there before is kept; {remedy}"


class Staging:
    """One such folder, used with `with`: it is made, and it is gone in any case when that is done."""

    open_ones: ClassVar[set[Path]] = set()
    """Those of this process, which it must not leave behind."""
    new_parents: ClassVar[list[Path]] = []
    """Folders above them that were made for them, the deepest first."""

    def __init__(self, parent: Path, name: str) -> None:
        self.parent = parent
        self._name = name

    def __enter__(self) -> Staging:
        sweep_stale(self.parent)
        begin = self._name.encode()[:LONGEST_NAME_BYTES].decode(errors="ignore")
        for _ in range(TRIES):
            self.path = self.parent / f".{begin}.{secrets.token_hex(4)}{SUFFIX}"
            try:
                self.open_ones.add(self.path)
                self.path.mkdir()
                if self._locked():
                    (self.path / NEW).mkdir()
                    return self
            except FileNotFoundError:  # another process took it for a dead one's, before its lock was held
                if not self.parent.is_dir():
                    raise
            except BaseException:
                self._remove()
                raise
            self.open_ones.discard(self.path)
        raise OSError(errno.EEXIST, "the hidden folder beside it cannot be made")

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._remove()

    @classmethod
    def take_away(cls) -> None:
        """Remove all of this process's from another thread, each first under another name, out of reach of who was at work in it."""
        for path in tuple(cls.open_ones):
            aside = path.with_name(f".{secrets.token_hex(8)}{SUFFIX}")
            with contextlib.suppress(OSError, ValueError, KeyError):
                path.rename(aside)
                _put_back(aside, str(json.loads((aside / OWNER).read_bytes())["place"]))
            _clear(aside)
        _remove_folders(cls.new_parents)

    @property
    def new(self) -> Path:
        """Where the output is made."""
        return self.path / NEW

    @property
    def old(self) -> Path:
        """Where what was there before is kept meanwhile; made by who needs it."""
        return self.path / OLD

    def _locked(self) -> bool:
        """Hold the lock, and say whose the folder is; False where another process removed it meanwhile."""
        self._owner = os.open(self.path / OWNER, os.O_CREAT | os.O_EXCL | os.O_RDWR)
        try:
            if fcntl is not None:
                fcntl.flock(self._owner, fcntl.LOCK_EX)
                if (self.path / OWNER).stat().st_ino != os.fstat(self._owner).st_ino:
                    raise FileNotFoundError(errno.ENOENT, "removed")
            os.write(self._owner, json.dumps({"writer": WRITER, "place": self._name}).encode())
        except FileNotFoundError:
            os.close(self._owner)
            return False
        return True

    def _remove(self) -> None:
        with contextlib.suppress(OSError):
            _put_back(self.path, self._name)
        _clear(self.path)
        with contextlib.suppress(OSError, AttributeError):
            os.close(self._owner)
        self.open_ones.discard(self.path)


def sweep_stale(parent: Path) -> None:
    """Remove the hidden folders that processes which are dead left in a folder."""
    if fcntl is None:
        return
    with contextlib.suppress(OSError):
        with os.scandir(parent) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(".") and entry.name.endswith(SUFFIX)]
        for name in names:
            path = parent / name
            if not path.is_symlink() and path.is_dir():
                _sweep(path)


def _sweep(path: Path) -> None:
    try:
        owner = os.open(path / OWNER, os.O_RDWR | os.O_NOFOLLOW)
    except FileNotFoundError:
        with contextlib.suppress(OSError):
            path.rmdir()  # killed before it wrote anything; what is not empty stays
        return
    except OSError:
        return
    try:
        fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
        text = os.read(owner, 65_536)
        record = json.loads(text) if text else {"writer": WRITER, "place": ""}
        if record["writer"] == WRITER:
            _put_back(path, str(record["place"]))
            _clear(path)
    except (OSError, ValueError, KeyError, TypeError):  # its owner lives, or it is none of ours
        return
    finally:
        os.close(owner)


def _put_back(path: Path, name: str) -> None:
    """Put back what was there before, if a kill between two moves left its place empty."""
    place = path.parent / name
    if name and (path / OLD / MANIFEST).is_file() and not os.path.lexists(place):
        (path / OLD).rename(place)


def _clear(path: Path) -> None:
    for part in (NEW, OLD):
        remove_own(path / part)
    with contextlib.suppress(OSError):
        (path / MANIFEST).unlink(missing_ok=True)  # one on its way
        if not (path / NEW).exists() and not (path / OLD).exists():
            (path / OWNER).unlink(missing_ok=True)
        path.rmdir()


def remove_own(folder: Path, *, edited: bool = False) -> None:
    """Delete a folder of this tool's: what its manifest names and nothing else; without a manifest it was never more than begun."""
    manifest = read_manifest(folder) if folder.is_dir() else None
    if manifest is None:
        shutil.rmtree(folder, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        content = survey(folder, manifest)
        for name in (*content.unchanged, *(content.edited if edited else ())):
            (folder / name).unlink()
        whole = not content.foreign and (edited or not content.edited)
        if whole:
            (folder / MANIFEST).unlink()
        remove_empty(folder, tuple(manifest.files))
        if whole:
            folder.rmdir()


def remove_empty(folder: Path, names: tuple[str, ...]) -> None:
    """Remove the folders that files were in, from the deepest up, where they are empty now."""
    parents = {parent for name in names for parent in Path(name).parents if parent != Path()}
    for parent in sorted(parents, key=lambda path: -len(path.parts)):
        with contextlib.suppress(OSError):
            (folder / parent).rmdir()


def exchanged(first: Path, second: Path) -> bool:
    """Exchange two folders of one file system in one step; False, with nothing done, where the system cannot.

    A kill at any moment leaves one of the two at each place. Linux has renameat2 (since 3.15; not every file system), macOS renamex_np.

    Raises
    ------
    OSError : it can, and it failed

    """
    try:
        library = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            failed = library.renamex_np(os.fsencode(first), os.fsencode(second), RENAME_SWAP)
        else:
            failed = library.renameat2(AT_FDCWD, os.fsencode(first), AT_FDCWD, os.fsencode(second), RENAME_EXCHANGE)
    except (AttributeError, OSError, TypeError):  # no such function, or no C library to be asked
        return False
    if failed:
        code = ctypes.get_errno()
        if code in UNSUPPORTED:
            return False
        raise OSError(code, os.strerror(code), str(second))
    return True


@contextlib.contextmanager
def turn(folder: Path) -> Iterator[None]:
    """Wait until no other process of this tool puts its output into a folder.

    Raises
    ------
    OSError : another one does, for longer than moving files takes

    """
    if fcntl is None:
        yield
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except PermissionError:  # one may be allowed to write into a folder, and not to read it
        yield
        return
    try:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise OSError(errno.EBUSY, f"another program holds the lock of {folder}") from None
                time.sleep(0.01)
            except OSError:  # a file system without locks of folders
                break
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def parents_made(place: Path) -> Iterator[Path]:
    """The place itself, with the folders above it made; if what follows fails, those that were made go again."""
    target = place.resolve() if place.name in ("", "..") else place
    missing = [parent for parent in target.absolute().parents if not parent.exists()]
    try:
        Staging.new_parents[:0] = missing
        target.parent.mkdir(parents=True, exist_ok=True)
        yield target.parent.resolve() / target.name
    except BaseException:
        _remove_folders(missing)
        raise
    finally:
        del Staging.new_parents[: len(missing)]


def _remove_folders(folders: list[Path]) -> None:
    for folder in folders:
        with contextlib.suppress(OSError):
            folder.rmdir()


def reserve(place: Path) -> None:
    """Find out before a job begins whether an output could be written: a little is, and taken back.

    Raises
    ------
    OutputError : it could not, and why

    """
    with output_errors(place):
        parent = next(ancestor for ancestor in place.absolute().parents if ancestor.exists())
        with Staging(parent, place.name) as staging:
            probe = staging.new / "probe"
            probe.write_bytes(bytes(PROBE_BYTES))
