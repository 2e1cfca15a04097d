"""The way in: what `response =` names, to a `MeasuredDirectivity`.

| what | how it is known |
|---|---|
| SOFA FreeFieldDirectivityTF | .sofa, .nc, .h5, .hdf5; "#name" or "#index" after it picks an emitter |
| complex pressure table | .npz, or text whose heading has frequency_hz and azimuth_deg |
| impulse responses over angle | .wav, .flac, .aif, .aiff, .w64 |
| spinorama table | text whose first lines have angles such as "On-Axis" and "10°" |
| text files over angle | any other text: .frd, .txt, .csv, .dat |
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from designer.acoustics.directivity import MeasuredDirectivity
from designer.acoustics.readers.assemble import assemble
from designer.acoustics.readers.complex_table import is_complex_table, read_complex_table
from designer.acoustics.readers.export_losses import check_levels, without_phase
from designer.acoustics.readers.file_checks import matching_files, named_emitter, states_of
from designer.acoustics.readers.frd import read_frd_set
from designer.acoustics.readers.impulse_wav import read_impulse_set
from designer.acoustics.readers.raw_set import RawSet, refusal
from designer.acoustics.readers.sofa_directivity import read_sofa_directivity
from designer.acoustics.readers.sofa_file import EXPORT_INSTEAD
from designer.acoustics.readers.spinorama import is_spinorama, read_spinorama
from designer.acoustics.readers.stated_angles import Stated
from designer.acoustics.readers.text_table import read_text
from designer.acoustics.readers.turned_about import TurnedAbout, about_own_place

SOFA = (".sofa", ".nc", ".h5", ".hdf5")
SOUND = (".wav", ".flac", ".aif", ".aiff", ".w64")
TEXT = (".frd", ".txt", ".csv", ".dat", ".tsv")
ALLOWED = "a SOFA file, .frd or .txt files over angle, a spinorama table, .wav files over angle, or a .csv or .npz of complex pressure"


def read_response(
    pattern: str,
    folder: Path,
    *,
    driver: str,
    gate_ms: float | None = None,
    speed_of_sound_m_s: float,
    distance_m: float | None = None,
    facing_deg: tuple[float, float] = (0.0, 0.0),
    clockwise: bool = False,
    turned_about: TurnedAbout | None = None,
    angles: Stated | None = None,
    channel: int | None = None,
) -> MeasuredDirectivity:
    """Read one driver's measured response.

    Parameters
    ----------
    pattern : a path, or a pattern of files, relative to the folder; "#name" or "#index" after a SOFA file picks an emitter
    driver : the driver's name, for messages and for choosing among a file's emitters
    gate_ms : window for reflections, from the direct sound
    distance_m : where it was measured, if the file does not say or says it wrongly
    facing_deg : where the driver faces in the device's axes; only for a file that holds the whole device
    clockwise : the files count horizontal angles clockwise seen from above
    turned_about : where the driver is from the point that its set was turned about; by default that is its own place
    angles : where the angles stand in the files' names, or one of each file (`stated_angles`); only for a set over angle
    channel : which channel of a sound file, from 1

    Raises
    ------
    DataError : it cannot be used; the message says why and what would do

    """
    name, emitter = named_emitter(pattern, folder)
    files = matching_files(name, folder)
    return _read_once(
        files,
        states_of(files),
        name=str(folder / name),
        driver=driver,
        emitter=emitter,
        gate_ms=gate_ms,
        speed_of_sound_m_s=speed_of_sound_m_s,
        distance_m=distance_m,
        facing_deg=facing_deg,
        clockwise=clockwise,
        turned_about=turned_about,
        angles=angles if angles is None or isinstance(angles, str) else tuple(tuple(angle) for angle in angles),
        channel=channel,
    )


@lru_cache(maxsize=64)
def _read_once(files: tuple[Path, ...], states: tuple[tuple[int, ...], ...], **keys: Any) -> MeasuredDirectivity:
    """A set as it was read, however often a run asks for it: again only when its files have changed."""
    response = read_set(files, **keys)
    for shared in (response.frequency_hz, response.directions, response.pressure):
        shared.setflags(write=False)
    return response


def read_set(
    files: tuple[Path, ...],
    *,
    name: str,
    driver: str,
    emitter: str | None = None,
    gate_ms: float | None = None,
    speed_of_sound_m_s: float,
    distance_m: float | None = None,
    facing_deg: tuple[float, float] = (0.0, 0.0),
    clockwise: bool = False,
    turned_about: TurnedAbout | None = None,
    angles: Stated | None = None,
    channel: int | None = None,
) -> MeasuredDirectivity:
    """Read one driver's measured response from files that were found already; the keys are those of `read_response`.

    Parameters
    ----------
    name : what messages call the files together
    emitter : name or index of one of a SOFA file's emitters

    Raises
    ------
    DataError : it cannot be used; the message says why and what would do

    """
    foreign = next((path for path in files if path.suffix.lower() in EXPORT_INSTEAD), None)
    if foreign is not None:
        raise refusal(foreign, EXPORT_INSTEAD[foreign.suffix.lower()], ALLOWED)
    suffixes = sorted({path.suffix.lower() for path in files})
    kinds = {family_of(path) for path in files}
    if len(kinds) > 1 or "" in kinds:
        raise refusal(name, f"files of the kinds {', '.join(suffixes) or 'none'}", ALLOWED, "name one kind of file")
    family = kinds.pop()
    if emitter is not None and family != "sofa":
        raise refusal(name, f"#{emitter} after a file that is not SOFA", "# after a SOFA file", "leave it out")
    if channel is not None and family != "sound":
        raise refusal(name, f"response_channel = {channel} for files without channels", "sound files", "leave it out")
    raw = _read(
        family,
        files,
        driver,
        emitter,
        gate_ms,
        speed_of_sound_m_s,
        distance_m,
        facing_deg,
        clockwise=clockwise,
        angles=angles,
        channel=channel,
    )
    raw = without_phase(raw)
    raw = replace(raw, warnings=(*raw.warnings, *check_levels(raw)))
    if turned_about is not None:
        raw = about_own_place(raw, turned_about, distance_m=distance_m, speed_of_sound_m_s=speed_of_sound_m_s)
    return assemble(raw, driver=driver, gate_ms=gate_ms, speed_of_sound_m_s=speed_of_sound_m_s, distance_m=distance_m)


def family_of(path: Path) -> str:
    """What a file is by its suffix: "sofa", "sound", "text", "npz", or "" for what none of the readers knows."""
    suffix = path.suffix.lower()
    for family, suffixes in (("sofa", SOFA), ("sound", SOUND), ("text", TEXT), ("npz", (".npz",))):
        if suffix in suffixes:
            return family
    return ""


def _read(
    family: str,
    files: tuple[Path, ...],
    driver: str,
    emitter: str | None,
    gate_ms: float | None,
    speed_of_sound_m_s: float,
    distance_m: float | None,
    facing_deg: tuple[float, float],
    *,
    clockwise: bool,
    angles: Stated | None,
    channel: int | None,
) -> RawSet:
    if family == "sound":
        return read_impulse_set(files, gate_ms=gate_ms, clockwise=clockwise, angles=angles, channel=channel)
    first = read_text(files[0]) if family == "text" else ""
    if family == "text" and not is_complex_table(first) and not is_spinorama(first):
        return read_frd_set(files, clockwise=clockwise, angles=angles)
    if angles is not None:
        raise refusal(
            files[0], "response_angles for a file that states its directions", "a set over angle", "leave it out"
        )
    if family == "sofa":
        if len(files) > 1:
            raise refusal(files[1], f"{len(files)} SOFA files", "one file a driver", "name one file")
        return read_sofa_directivity(
            files[0],
            driver=driver,
            emitter=emitter,
            facing_deg=facing_deg,
            speed_of_sound_m_s=speed_of_sound_m_s,
            distance_m=distance_m,
        )
    if family == "npz" or is_complex_table(first):
        return read_complex_table(
            files, speed_of_sound_m_s=speed_of_sound_m_s, distance_m=distance_m, clockwise=clockwise
        )
    return read_spinorama(files, clockwise=clockwise)
