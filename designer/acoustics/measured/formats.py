"""Every format of measured drivers, and the way in: what `response =` names, to a `MeasuredDirectivity`.

A file's suffix and its first lines say which of `FORMATS` it has. Many files belong together by their names: "woofer hor 0.frd", "woofer
ver 10.frd" and "tweeter hor 0.frd" are two drivers. A spinorama table is its name without the plane, a complex table its name, and each
emitter of a SOFA file a driver of its own, or only the one that "#name" or "#index" after the path picks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from designer.acoustics.measured import complex_table, impulse_wav, sofa_directivity, spinorama, text_files
from designer.acoustics.measured.assemble import assemble
from designer.acoustics.measured.directivity import MeasuredDirectivity
from designer.acoustics.measured.export_losses import check_levels, without_phase
from designer.acoustics.measured.places import about_own_place
from designer.acoustics.measured.raw_set import Format, Request, matching_files, named_emitter, states_of
from designer.acoustics.measured.sofa import EXPORT_INSTEAD
from designer.acoustics.measured.text_table import TEXT, read_text
from designer.errors import DataError

FORMATS = (
    sofa_directivity.FORMAT,
    impulse_wav.FORMAT,
    complex_table.NPZ,
    complex_table.TEXT_FORMAT,
    spinorama.FORMAT,
    text_files.FORMAT,
)
"""In the order in which they are asked whether a text is theirs; the last takes any."""
SOFA, SOUND = sofa_directivity.FORMAT.suffixes, impulse_wav.FORMAT.suffixes
_DESCRIBED = list(dict.fromkeys(kind.described for kind in FORMATS))
EXPECTED_FILES = f"{', '.join(_DESCRIBED[:-1])}, or {_DESCRIBED[-1]}"


def format_of(path: Path) -> Format | None:
    """The format of a file; None where none of the readers knows its suffix."""
    candidates = [candidate for candidate in FORMATS if path.suffix.lower() in candidate.suffixes]
    text = read_text(path) if candidates and candidates[0].suffixes == TEXT else ""
    return next((candidate for candidate in candidates if candidate.recognises(text)), None)


def read_response(pattern: str, folder: Path, **keys: Any) -> MeasuredDirectivity:
    """Read one driver's measured response, once in a run: again only when its files have changed.

    Parameters
    ----------
    pattern : str, a path, or a pattern of files, relative to the folder; "#name" or "#index" after a SOFA file picks an
        emitter
    keys : object, of the `Request`

    Raises
    ------
    DataError : it cannot be used; the message says why and what would do
    """
    name, emitter = named_emitter(pattern, folder)
    files = matching_files(name, folder)
    if not isinstance(keys.get("angles"), str | None):
        keys["angles"] = tuple(tuple(angle) for angle in keys["angles"])
    return _read_once(files, states_of(files), str(folder / name), Request(emitter=emitter, **keys))


@lru_cache(maxsize=64)
def _read_once(
    files: tuple[Path, ...], states: tuple[tuple[int, ...], ...], name: str, request: Request
) -> MeasuredDirectivity:
    response = read_set(files, name, request)
    for shared in (response.frequency_hz, response.directions, response.pressure):
        shared.setflags(write=False)
    return response


def read_set(files: tuple[Path, ...], name: str, request: Request) -> MeasuredDirectivity:
    """Read one driver's measured response from files that were found already; messages call them `name` together.

    Raises
    ------
    DataError : it cannot be used; the message says why and what would do
    """
    foreign = next((path for path in files if path.suffix.lower() in EXPORT_INSTEAD), None)
    if foreign is not None:
        raise DataError(f"{foreign}: got {EXPORT_INSTEAD[foreign.suffix.lower()]}; expected {EXPECTED_FILES}")
    suffixes = sorted({path.suffix.lower() for path in files})
    form = format_of(files[0])
    if form is None or not set(suffixes) <= set(form.suffixes):
        actual = f"files of the kinds {', '.join(suffixes) or 'none'}"
        raise DataError(f"{name}: got {actual}; expected {EXPECTED_FILES}; name one kind of file")
    for value, fits, actual, expected in (
        (request.emitter, form is sofa_directivity.FORMAT, f"#{request.emitter} after a file that is not SOFA", "# after a SOFA file"),
        (request.channel, form.channels, f"response_channel = {request.channel} for files without channels", "sound files"),
    ):  # fmt: skip
        if value is not None and not fits:
            raise DataError(f"{name}: got {actual}; expected {expected}; leave it out")
    if request.angles is not None and not form.over_angle:
        actual = "response_angles for a file that states its directions"
        raise DataError(f"{files[0]}: got {actual}; expected a set over angle; leave it out")
    raw = without_phase(form.read(files, request))
    raw = replace(raw, warnings=(*raw.warnings, *check_levels(raw)))
    if request.turned_about is not None:
        raw = about_own_place(raw, request.turned_about, request)
    return assemble(raw, request)


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
    patterns : sequence of str, paths or patterns, relative to the folder; "#name" or "#index" after a SOFA file picks
        an emitter
    name : str or None, takes all files as one driver of this name, whatever theirs are

    Raises
    ------
    DataError : a pattern matches no file, or a file cannot be read
    """
    sets: list[tuple[Path, str, str | None]] = []
    for pattern in patterns:
        path_pattern, emitter = named_emitter(pattern, folder)
        for path in matching_files(path_pattern, folder):
            sets += [
                (path, *name_and_emitter)
                for name_and_emitter in (format_of(path) or text_files.FORMAT).drivers(path, emitter)
            ]
    if name is not None:
        emitters = {emitter for _, _, emitter in sets}
        files = tuple(dict.fromkeys(path for path, _, _ in sets))
        return (NamedSet(name, files, emitters.pop() if len(emitters) == 1 else None),)
    groups: dict[tuple[Path, str, str | None], list[Path]] = {}
    for path, driver, emitter in dict.fromkeys(sets):
        groups.setdefault((path if emitter is not None else path.parent, driver, emitter), []).append(path)
    names = [driver for _, driver, _ in groups]
    return tuple(
        NamedSet(driver if names.count(driver) == 1 else f"{place.stem if emitter is not None else place.resolve().name} {driver}",
                 tuple(members), emitter)
        for (place, driver, emitter), members in groups.items()
    )  # fmt: skip
