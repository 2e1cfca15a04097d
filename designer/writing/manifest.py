"""`designer-manifest.json`: the files that this tool wrote into a folder, and what else lies there.

    {"writer": ..., "kind": "design", "files": {"metrics.csv": "<SHA-256>", "figures/layout.svg": "<SHA-256>"}}

While files of a folder are exchanged one by one, the manifest names the hash before and the hash after of each, as a list of two:
after a kill at any moment every file is still known as this tool's.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from designer.versions import WRITER

MANIFEST = "designer-manifest.json"
NAMES_IN_A_MESSAGE = 5


@dataclass(frozen=True)
class Manifest:
    """The files of a folder.

    Attributes
    ----------
    kind : str, "design", "comparison", "check", "export", "sweep", "figures" or "bank"
    files : dict, path inside the folder -> its SHA-256; two while it is being replaced

    """

    kind: str
    files: Mapping[str, tuple[str, ...]]

    def text(self) -> str:
        """The file's content."""
        files = {path: hashes[0] if len(hashes) == 1 else list(hashes) for path, hashes in sorted(self.files.items())}
        return json.dumps({"writer": WRITER, "kind": self.kind, "files": files}, indent=2) + "\n"

    def write(self, folder: Path, staged: Path) -> None:
        """Put it into a folder in one step, through another of the same file system."""
        partial = staged / MANIFEST
        partial.write_text(self.text(), encoding="utf-8")
        partial.replace(folder / MANIFEST)


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a folder; None where there is none, or where it cannot be this tool's."""
    path = folder / MANIFEST
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        content = json.loads(path.read_text(encoding="utf-8"))
        files = {
            name: (hashes,) if isinstance(hashes, str) else tuple(map(str, hashes))
            for name, hashes in content["files"].items()
        }
        if content["writer"] != WRITER or not all(map(_is_inside, files)):
            return None
        return Manifest(str(content["kind"]), files)
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def _is_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and not {"..", "."} & set(name.split("/"))


def file_sha256(path: Path) -> str:
    """SHA-256 of a file's content, as hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def is_as_written(path: Path, hashes: Collection[str]) -> bool:
    """Whether a file has one of these SHA-256, as it is or with LF for CRLF: git gives text these line ends on Windows."""
    if file_sha256(path) in hashes:
        return True
    content = path.read_bytes()
    if b"\0" in content:  # no text
        return False
    return hashlib.sha256(content.replace(b"\r\n", b"\n")).hexdigest() in hashes


def manifest_of(folder: Path, kind: str) -> Manifest:
    """The manifest that names every file of a folder as it is now."""
    return Manifest(kind, {name: (file_sha256(folder / name),) for name in sorted(files_below(folder))})


def files_below(folder: Path) -> Iterator[str]:
    """Paths of the regular files below a folder, other than its manifest; links are not followed."""
    for place, _, names in os.walk(folder):
        for name in names:
            path = (Path(place) / name).relative_to(folder).as_posix()
            if path != MANIFEST:
                yield path


@dataclass(frozen=True)
class Survey:
    """Content of a folder against its manifest.

    Attributes
    ----------
    unchanged : tuple of str, files as this tool wrote them
    edited : tuple of str, files that this tool wrote, and that were changed since
    foreign : tuple of str, everything else: files, links, and folders without a file of this tool (with "/" at the end)

    """

    unchanged: tuple[str, ...]
    edited: tuple[str, ...]
    foreign: tuple[str, ...]


def survey(folder: Path, manifest: Manifest | None) -> Survey:
    """Compare a folder with its manifest."""
    files = {} if manifest is None else manifest.files
    parents = {parent.as_posix() for name in files for parent in PurePosixPath(name).parents}
    unchanged, edited, foreign = [], [], []

    def look(place: str) -> None:
        with os.scandir(folder / place) as entries:
            for entry in sorted(entries, key=lambda candidate: candidate.name):
                path = f"{place}/{entry.name}" if place else entry.name
                if path == MANIFEST and manifest is not None:
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if path in parents:
                        look(path)
                    else:
                        foreign.append(f"{path}/")
                elif path not in files or not entry.is_file(follow_symlinks=False):
                    foreign.append(path)
                elif is_as_written(folder / path, files[path]):
                    unchanged.append(path)
                else:
                    edited.append(path)

    look("")
    return Survey(tuple(unchanged), tuple(edited), tuple(foreign))


def listing(paths: tuple[str, ...]) -> str:
    """The first of some paths, and how many more there are."""
    more = len(paths) - NAMES_IN_A_MESSAGE
    return ", ".join(paths[:NAMES_IN_A_MESSAGE]) + (f" and {more} more" if more > 0 else "")


def lack(folder: Path, content: str, command: str, expected: str = "") -> str:
    """Message on a folder that a command did not write: it is not there, it is a file, or it is without the content; with the remedy.

    Parameters
    ----------
    content : str, files that it lacks
    command : str, that writes such folders, as "designer design"
    expected : str, by default a folder that the command wrote

    """
    try:
        actual, remedy = (
            (f"got no {content}", f"choose another folder, or run `{command}` first")
            if folder.is_dir()
            else ("got a file", "name the folder that it lies in")
            if folder.exists()
            else ("no such folder", f"mend the path, or run `{command}` first")
        )
    except OSError as error:
        actual, remedy = f"cannot be read: {(error.strerror or str(error)).lower()}", "make it readable"
    return f"{folder}: {actual}; expected {expected or f'a folder that `{command}` wrote'}; {remedy}"
