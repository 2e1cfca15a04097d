"""Sounds that a session keeps: recordings that were uploaded, and what was rendered of them, in a private folder that goes with it.

Nothing is ever found by a path from outside: a recording by its name, a sound by its number.
"""

from __future__ import annotations

import shutil
from collections import OrderedDict
from pathlib import Path

from designer.errors import DataError, DesignerError, UsageError
from designer.stereo.sound_file import StereoFile
from designer.studio.private_folder import PrivateFolder

EXCERPT = "excerpt"
"""Name of the built-in programme among the recordings."""
LARGEST_BYTES = 100_000_000
"""Limit of a recording: nearly six minutes of 24 bit at 48 kHz, more than is played of it."""
RECORDINGS = 4
SETS = 2
"""How many are kept: the last ones."""
LONGEST_NAME = 120


class Shelf:
    """The folder of one session."""

    def __init__(self) -> None:
        self._folder = PrivateFolder()
        self._recordings: OrderedDict[str, Path] = OrderedDict()
        self._sets: OrderedDict[int, dict[str, Path]] = OrderedDict()
        self._count = 0

    def new_place(self) -> Path:
        """A path in the folder that is not there yet."""
        self._count += 1
        return self._folder.path / f"{self._count}"

    def add_recording(self, name: str, path: Path) -> float:
        """Keep an uploaded file under a name; its seconds.

        Raises
        ------
        DataError : the name is none, or it is no stereo WAV or FLAC file

        """
        try:
            checked_name(name)
            file = StereoFile(path)
        except DesignerError as error:
            path.unlink(missing_ok=True)
            raise DataError(str(error).replace(str(path), name)) from None
        self._recordings[name] = path
        self._recordings.move_to_end(name)
        while len(self._recordings) > RECORDINGS:
            self._recordings.popitem(last=False)[1].unlink(missing_ok=True)
        return file.frames / file.sample_rate_hz

    def recording(self, name: str) -> Path:
        """An uploaded file by its name.

        Raises
        ------
        UsageError : there is none, naming those that there are

        """
        if name not in self._recordings:
            known = ", ".join([EXCERPT, *self._recordings])
            raise UsageError(f"source: got {name[:LONGEST_NAME]!r}; expected {known}; choose the file again")
        return self._recordings[name]

    def add_set(self, files: dict[str, Path]) -> int:
        """Keep sounds of one rendering; its number."""
        self._count += 1
        self._sets[self._count] = files
        while len(self._sets) > SETS:
            for path in self._sets.popitem(last=False)[1].values():
                shutil.rmtree(path.parent, ignore_errors=True)
        return self._count

    def sound(self, number: int, name: str) -> Path | None:
        """A sound by its set's number and its name; None where there is none."""
        return self._sets.get(number, {}).get(name)

    def close(self) -> None:
        """Remove everything."""
        self._folder.close()


def checked_name(name: str) -> str:
    """The name of a file, and nothing else.

    Raises
    ------
    UsageError : it is empty or too long, or holds a separator or what cannot be printed

    """
    if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or set(name) & set("/\\:") or name in (".", ".."):
        raise UsageError(
            f"name: got {name[:LONGEST_NAME]!r}; expected a file's name of 1 to {LONGEST_NAME} characters, no path; rename it"
        )
    return name
