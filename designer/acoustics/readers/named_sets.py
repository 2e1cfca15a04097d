"""Which of many files belong together: one set a driver, named by what stands before plane and angle in the files' names.

"woofer hor 0.frd", "woofer ver 10.frd" and "tweeter hor 0.frd" are two drivers, woofer and tweeter. A spinorama table is its name
without the plane ("box horizontal.txt", "box vertical.txt" are one driver), a complex table its name, and each emitter of
a SOFA file a driver of its own, or only the one that "#name" or "#index" picks.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from designer.acoustics.readers.angle_names import driver_of_name
from designer.acoustics.readers.complex_table import is_complex_table
from designer.acoustics.readers.file_checks import matching_files, named_emitter
from designer.acoustics.readers.read import family_of
from designer.acoustics.readers.sofa_directivity import emitter_names
from designer.acoustics.readers.spinorama import is_spinorama
from designer.acoustics.readers.text_table import read_text

_PLANE = re.compile(r"(?:^|[\s_.\-])(?:spl[\s_\-]*)?(?:horizontal|hor|vertical|ver|vert)(?=$|[\s_.\-])", re.IGNORECASE)
UNNAMED = "driver"


@dataclass(frozen=True)
class NamedSet:
    """One driver's files, and which of a SOFA file's emitters it is."""

    name: str
    files: tuple[Path, ...]
    emitter: str | None = None


def named_sets(patterns: Sequence[str], folder: Path, *, name: str | None = None) -> tuple[NamedSet, ...]:
    """The drivers that paths and patterns mean, in the order in which they are named.

    Parameters
    ----------
    patterns : paths or patterns, relative to the folder; "#name" or "#index" after a SOFA file picks an emitter
    name : takes all files as one driver of this name, whatever theirs are

    Raises
    ------
    DataError : a pattern matches no file, or a file cannot be read

    """
    found: list[tuple[Path, str, str | None]] = []
    for pattern in patterns:
        bare, emitter = named_emitter(pattern, folder)
        found += [(path, *each) for path in matching_files(bare, folder) for each in _drivers_of(path, emitter)]
    if name is not None:
        emitters = {emitter for _, _, emitter in found}
        files = tuple(dict.fromkeys(path for path, _, _ in found))
        return (NamedSet(name, files, emitters.pop() if len(emitters) == 1 else None),)
    groups: dict[tuple[Path, str, str | None], list[Path]] = {}
    for path, driver, emitter in dict.fromkeys(found):
        of_file = path if emitter is not None else path.parent
        groups.setdefault((of_file, driver, emitter), []).append(path)
    names = [driver for _, driver, _ in groups]
    sets = []
    for (place, driver, emitter), members in groups.items():
        where = place.stem if emitter is not None else place.resolve().name
        sets.append(NamedSet(driver if names.count(driver) == 1 else f"{where} {driver}", tuple(members), emitter))
    return tuple(sets)


def _drivers_of(path: Path, emitter: str | None) -> list[tuple[str, str | None]]:
    """The names of a file's drivers, and which emitter each is."""
    family = family_of(path)
    if family == "sofa":
        names = emitter_names(path)
        if emitter is not None:
            known = int(emitter) < len(names) and names[int(emitter)] if emitter.isdigit() else emitter
            return [(known or f"{path.stem} {emitter}", emitter)]
        if len(names) == 1:
            return [(names[0] or path.stem, None)]
        return [(said or f"{path.stem} {i}", str(i)) for i, said in enumerate(names)]
    if family == "npz":
        return [(path.stem, None)]
    first = read_text(path) if family == "text" else ""
    if is_complex_table(first):
        return [(path.stem, None)]
    if is_spinorama(first):
        return [(_PLANE.sub("", path.stem).strip(" _-.") or UNNAMED, None)]
    return [(driver_of_name(path) or UNNAMED, None)]
