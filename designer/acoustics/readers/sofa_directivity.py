"""SOFA files of the convention FreeFieldDirectivityTF (AES69): complex pressure at receivers all around a source.

The convention's names: receivers R are the microphones, at ReceiverPosition around the listener's position, which is where the
source is; measurements M; frequencies N. Data.Real + j Data.Imag is (M, R, N), with e^{+jωt}. SourceView is where the
source faces and SourceUp its up; EmitterPosition is counted from the source in its axes.

**Several drivers in one file** are its emitters: one measurement each (M = E, or as many EmitterDescriptions as measurements). The driver's
name picks the emitter of the same description; "device.sofa#2" or "device.sofa#tweeter" picks one by index (from 0) or by
name. Without descriptions, measurements between which the source turns or the microphones move are directions of one source.
The file's axes are then the whole device's, and the problem's facing turns them to the driver's own.

Level is relative, unless the global attribute Level says "absolute", as `designer convert` writes it where it is.

The metadata is read first: convention, sizes and names, before any of the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from designer.acoustics.readers.angles import check_degrees
from designer.acoustics.readers.device_axes import about_driver, azimuth_sense_warning, driver_axes
from designer.acoustics.readers.file_checks import check_bytes
from designer.acoustics.readers.frequency_grids import rising
from designer.acoustics.readers.measured_planes import in_planes
from designer.acoustics.readers.raw_set import RawSet, refusal
from designer.acoustics.readers.sofa_file import fits_convention, head_of, moves, read_sofa_file
from designer.arrays import Complex, Real
from designer.problem.geometry import direction

KIND = "SOFA directivity"
CONVENTION = "FreeFieldDirectivityTF"


@dataclass(frozen=True)
class Metadata:
    """What is known before the data is read."""

    measurements: int
    receivers: int
    frequencies: int
    emitters: int


def read_metadata(path: Path) -> Metadata:
    """Convention and sizes.

    Raises
    ------
    DataError : no HDF5, no SOFA, another convention, without data, or too large

    """
    head = head_of(path, f"a SOFA file, {CONVENTION}")
    if head.convention != CONVENTION:
        raise refusal(
            path,
            f"the SOFA convention {head.convention}",
            CONVENTION,
            "a head is named by [listener] head; convert other data to this convention",
        )
    meta = Metadata(*(head.sizes.get(name, 1) for name in "MRNE"))
    check_bytes(
        path,
        16 * meta.measurements * meta.receivers * meta.frequencies,
        f"data ({meta.measurements} x {meta.receivers} x {meta.frequencies})",
    )
    if not {"Data.Real", "Data.Imag", "N"} <= head.variables:
        missing = ", ".join(sorted({"Data.Real", "Data.Imag", "N"} - head.variables))
        raise refusal(path, f"a file without {missing}", f"complex pressure, as {CONVENTION} has it", "export it again")
    return meta


def _cartesian(path: Path, sofa: Any, name: str) -> Real:
    """A position or view (n, 3) in metres, or as it is without a unit."""
    value = np.asarray(getattr(sofa, name), dtype=float)
    value = value.reshape(-1, 3) if value.ndim < 3 else value[:, :, 0]
    if not np.isfinite(value).all():
        raise refusal(path, f"{name} that is not finite", "numbers", "export it again")
    kind, units = (str(getattr(sofa, f"{name}_{part}", "")).lower() for part in ("Type", "Units"))
    if kind == "cartesian":
        return value
    if kind != "spherical":
        raise refusal(path, f"{name} in {kind or 'no type'}", "cartesian or spherical", "convert it to directions")
    angles = value[:, :2]
    if units.startswith("rad"):
        angles = np.degrees(angles)
    else:
        check_degrees(path, angles[:, 0], f"{name} azimuths")
        check_degrees(path, angles[:, 1], f"{name} elevations")
    if np.abs(angles[:, 1]).max() > 90 + 1e-6:
        raise refusal(
            path,
            f"{name} with an elevation of {np.abs(angles[:, 1]).max():g} degrees",
            "-90 to 90",
            "elevation is up from the horizontal",
        )
    return np.asarray(np.round(direction(angles[:, 0], angles[:, 1]), 15) * value[:, 2:])


def emitter_names(path: Path) -> tuple[str, ...]:
    """What a file calls its emitters, one a measurement; empty names where it says none.

    Raises
    ------
    DataError : no HDF5, no SOFA, another convention, or too large

    """
    count = read_metadata(path).measurements
    sofa = read_sofa_file(path, f"a SOFA file, {CONVENTION}")
    if _over_directions(sofa, count):
        count = 1
    names = _descriptions(sofa)
    return tuple(names) if len(names) == count else ("",) * count


def _descriptions(sofa: Any) -> list[str]:
    return [str(text).strip() for text in np.asarray(getattr(sofa, "EmitterDescriptions", [])).ravel()]


def _over_directions(sofa: Any, count: int) -> bool:
    """Whether the measurements are directions of one source, which turns, or whose microphone moves, from each to the next."""
    if count < 2 or len(_descriptions(sofa)) == count or len(getattr(sofa, "EmitterPosition", [0])) == count:
        return False
    return any(moves(sofa, name, count) for name in ("SourceView", "SourceUp", "ReceiverPosition"))


def _emitter(path: Path, sofa: Any, count: int, driver: str, asked: str | None) -> int:
    """Which measurement is this driver's.

    Raises
    ------
    DataError : none, or the file's measurements are no emitters

    """
    descriptions = _descriptions(sofa)
    names = descriptions if len(descriptions) == count else [""] * count
    listed = ", ".join(f"{i}: {name or 'no name'}" for i, name in enumerate(names))
    wanted = driver if asked is None else asked
    matches = [i for i, name in enumerate(names) if name.casefold() == wanted.casefold()]
    if len(matches) == 1:
        return matches[0]
    if asked is not None and asked.isdigit() and int(asked) < count:
        return int(asked)
    if count == 1 and asked is None:
        return 0
    raise refusal(
        path,
        f"{count} emitter{'s' * (count > 1)} ({listed}), and {'several are' if matches else 'none is'} {wanted!r}",
        "the name of one, or its index",
        f'name the driver so, or write response = "{path.name}#0"',
    )


def _measurement(sofa: Any, m: int, count: int) -> Any:
    """What holds for one of so many measurements: its own source's view and up, and microphones' places."""
    own = SimpleNamespace(**vars(sofa))
    for name in ("SourceView", "SourceUp"):
        value = getattr(sofa, name, None)
        if value is not None and len(value) == count:
            setattr(own, name, value[m : m + 1])
    if sofa.ReceiverPosition.ndim == 3 and sofa.ReceiverPosition.shape[2] == count:
        own.ReceiverPosition = sofa.ReceiverPosition[:, :, m]
    return own


def _microphones(path: Path, sofa: Any, which: int) -> tuple[Real, Real]:
    """Unit vectors (R, 3) to the microphones in the axes of a source, and how far they are (R,)."""
    receivers = _cartesian(path, sofa, "ReceiverPosition")
    length_m = np.linalg.norm(receivers, axis=1)
    if (length_m < 1e-9).any():
        raise refusal(
            path, "a receiver at the origin", "receivers around the source", "write where the microphones were"
        )
    view, up = (
        np.atleast_2d(v)[min(which, len(np.atleast_2d(v)) - 1)]
        for v in (_cartesian(path, sofa, "SourceView"), np.asarray(sofa.SourceUp, dtype=float))
    )
    if np.linalg.norm(view) < 1e-9:
        raise refusal(path, "a SourceView of no length", "a direction", "write where the source faces")
    forward = view / np.linalg.norm(view)
    left = np.cross(np.asarray(up, dtype=float).ravel()[:3], forward)
    if np.linalg.norm(left) < 1e-6:
        raise refusal(path, "SourceUp along SourceView", "two directions", "write where the source's up is")
    left /= np.linalg.norm(left)
    source = np.stack([forward, left, np.cross(forward, left)])  # rows: the source's axes in the listener's
    return receivers / length_m[:, None] @ source.T, length_m


def read_sofa_directivity(
    path: Path,
    *,
    driver: str,
    emitter: str | None,
    facing_deg: tuple[float, float],
    speed_of_sound_m_s: float,
    distance_m: float | None,
) -> RawSet:
    """One emitter of a file.

    Parameters
    ----------
    emitter : name or index that the problem asks for; by default the driver's name
    facing_deg : azimuth and elevation that the driver faces in the device's axes; used for files of several emitters
    distance_m : instead of what the file says

    Raises
    ------
    DataError : the file cannot be used, or has no such emitter

    """
    meta = read_metadata(path)
    sofa = read_sofa_file(path, f"a SOFA file, {CONVENTION}")
    with fits_convention(path, CONVENTION):
        return _raw_set(path, sofa, meta, driver, emitter, facing_deg, speed_of_sound_m_s, distance_m)


def _raw_set(
    path: Path,
    sofa: Any,
    meta: Metadata,
    driver: str,
    emitter: str | None,
    facing_deg: tuple[float, float],
    speed_of_sound_m_s: float,
    distance_m: float | None,
) -> RawSet:
    data = np.asarray(sofa.Data_Real, dtype=float) + 1j * np.asarray(sofa.Data_Imag, dtype=float)
    data = data.reshape(meta.measurements, meta.receivers, meta.frequencies)
    frequency_hz = np.atleast_1d(np.asarray(sofa.N, dtype=float)).ravel()
    if not np.isfinite(data).all() or not np.isfinite(frequency_hz).all():
        raise refusal(
            path,
            "NaN, infinity or missing values",
            "finite numbers",
            "the file was not written to its end, or the measurement failed",
        )
    rising(path, frequency_hz)
    if not data.imag.any():
        raise refusal(
            path,
            "Data.Imag of 0 throughout: the phase was not exported",
            "complex pressure",
            "export it with its phase",
        )
    over_directions = emitter is None and _over_directions(sofa, meta.measurements)
    if over_directions:
        seen = [_microphones(path, _measurement(sofa, m, meta.measurements), 0) for m in range(meta.measurements)]
        directions, length_m = (np.concatenate(parts) for parts in zip(*seen, strict=True))
        which, data = 0, data.reshape(1, -1, meta.frequencies)
    else:
        which = _emitter(path, sofa, meta.measurements, driver, emitter)
        directions, length_m = _microphones(path, sofa, which)
    emitters = _cartesian(path, sofa, "EmitterPosition")
    position_m = emitters[min(which, len(emitters) - 1)]
    axes = driver_axes(facing_deg) if len(data) > 1 else np.eye(3)
    radius_m = length_m if distance_m is None else np.full(length_m.shape, distance_m)
    pressure: Complex = data[which].T
    warning = azimuth_sense_warning(path.name, frequency_hz, directions, pressure, position_m, speed_of_sound_m_s)
    about, alone = about_driver(
        frequency_hz,
        directions,
        radius_m,
        pressure,
        position_m=position_m,
        axes=axes,
        speed_of_sound_m_s=speed_of_sound_m_s,
    )
    raw = RawSet(
        kind=KIND,
        files=(path,),
        frequency_hz=frequency_hz,
        directions=about,
        labels=tuple(
            f"measurement {i // meta.receivers}, receiver {i % meta.receivers}" if over_directions else f"receiver {i}"
            for i in range(len(directions))
        ),
        pressure=alone,
        distance_m=float(np.median(radius_m)),
        level="absolute" if str(getattr(sofa, "GLOBAL_Level", "")).lower() == "absolute" else "relative",
        time="absolute",
        places_driver=bool(np.abs(position_m).max() > 0),
        faces_driver=len(data) > 1,
        notes=(f"{meta.measurements} measurements of one source over direction",)
        if over_directions
        else (f"emitter {which} of {meta.measurements}",)
        if meta.measurements > 1
        else (),
        warnings=(warning,) if warning else (),
    )
    return in_planes(raw, directions)
