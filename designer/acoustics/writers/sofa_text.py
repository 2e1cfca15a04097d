"""What every SOFA file that this tool writes says of itself, and texts as SOFA keeps them.

A SOFA file's texts are ASCII: sofar reads no others. The dates are those of the data, so that a file converted twice is the same
file; where the data come from a SOFA file, its authors, licence and references go on.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

WRITER = "loudspeaker-filter-designer"
KEPT = (
    "AuthorContact", "DatabaseName", "License", "ListenerShortName", "Organization", "Origin", "References", "Title",
)  # fmt: skip
"""Global attributes that a converted file keeps."""


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
