"""What every SOFA file that this tool writes says of itself, and texts as SOFA keeps them.

A SOFA file's texts are ASCII: sofar reads no others. The dates are those of the data, so that a file converted twice is the same
file; where the data come from a SOFA file, its authors, licence and references go on.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from designer.versions import WRITER

KEPT = (
    "AuthorContact", "DatabaseName", "License", "ListenerShortName", "Organization", "Origin", "References", "Title",
)  # fmt: skip
"""Global attributes that a converted file keeps."""
SEAL = "; SHA-256 of the content "
"""What stands in the history before the hash of everything else in the file."""


def ascii_text(text: str) -> str:
    """A text in ASCII: accents are left out, and what has no letter becomes a question mark."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return plain.replace("ß", "ss").encode("ascii", "replace").decode("ascii")


def describe(
    sofa: Any, *, title: str, comment: str, files: Sequence[Path], version: str, kept: Mapping[str, str]
) -> None:
    """Set a Sofa object's global texts.

    Parameters
    ----------
    title, comment : what it is, and what was done to the data
    files : what it was read from; the newest one's time is the new file's
    version : of this tool
    kept : the source's own global attributes, of which those in KEPT go on

    """
    from datetime import UTC, datetime

    when = datetime.fromtimestamp(max(path.stat().st_mtime for path in files), UTC).strftime("%Y-%m-%d %H:%M:%S")
    sofa.protected = False  # sofar keeps the dates to itself
    sofa.GLOBAL_DateCreated = sofa.GLOBAL_DateModified = when
    sofa.protected = True
    sofa.GLOBAL_ApplicationName, sofa.GLOBAL_ApplicationVersion = WRITER, version
    sofa.GLOBAL_Title = ascii_text(title)
    sofa.GLOBAL_Comment = ascii_text(comment)
    sofa.GLOBAL_History = ascii_text(f"converted from {', '.join(path.name for path in files)}")
    for name in KEPT:
        if kept.get(name) and hasattr(sofa, f"GLOBAL_{name}"):
            setattr(sofa, f"GLOBAL_{name}", kept[name])


def global_texts(path: Path) -> dict[str, str]:
    """The global attributes of a netCDF file that is known to be readable."""
    import netCDF4  # slow to import

    with netCDF4.Dataset(str(path)) as file:
        return {name: str(file.getncattr(name)) for name in file.ncattrs()}


def seal(path: Path) -> None:
    """Add to a file's history the hash of everything else in it, by which `is_sealed` knows that nobody edited it."""
    import netCDF4  # slow to import

    digest = _content_sha256(path)
    with netCDF4.Dataset(str(path), "a") as file:
        file.setncattr("History", f"{file.getncattr('History')}{SEAL}{digest}")


def is_sealed(path: Path) -> bool:
    """Whether a file is as this tool wrote it."""
    try:
        texts = global_texts(path)
        _, found, digest = texts.get("History", "").rpartition(SEAL)
        return texts.get("ApplicationName") == WRITER and bool(found) and digest == _content_sha256(path)
    except (OSError, RuntimeError, ValueError, AttributeError):
        return False


def _content_sha256(path: Path) -> str:
    """Hash of a netCDF file's variables and attributes, the seal left out; where they lie in the file does not matter."""
    import netCDF4

    digest = hashlib.sha256()
    with netCDF4.Dataset(str(path)) as file:
        file.set_auto_maskandscale(False)
        for name in sorted(file.ncattrs()):
            text = str(file.getncattr(name))
            digest.update(f"{name}={text.split(SEAL)[0] if name == 'History' else text}\n".encode())
        for name, variable in sorted(file.variables.items()):
            attributes = {key: str(variable.getncattr(key)) for key in sorted(variable.ncattrs())}
            digest.update(f"{name} {variable.dtype} {variable.dimensions} {variable.shape} {attributes}\n".encode())
            values = variable[...]
            digest.update(repr(values.tolist()).encode() if values.dtype == object else values.tobytes())
    return digest.hexdigest()
