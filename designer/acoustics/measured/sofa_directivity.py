"""SOFA files of the convention FreeFieldDirectivityTF (AES69): complex pressure at receivers all around a source.

The convention's names: receivers R are the microphones, at ReceiverPosition around the listener's position, which is where the
source is; measurements M; frequencies N. Data.Real + j Data.Imag is (M, R, N), with e^{+jωt}. SourceView is where the
source faces and SourceUp its up; EmitterPosition is counted from the source in its axes.

**Several drivers in one file** are its emitters: one measurement each (M = E, or as many EmitterDescriptions as measurements). The
driver's name picks the emitter of the same description; "device.sofa#2" or "device.sofa#tweeter" picks one by index (from 0) or by
name. Without descriptions, measurements between which the source turns or the microphones move are directions of one source. The file's
axes are then the whole device's, and the problem's facing turns them to the driver's own.

Level is relative, unless the global attribute Level says "absolute", as `designer convert` writes it where it is.
"""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from designer.acoustics.measured.angles import check_degrees
from designer.acoustics.measured.grids import rising
from designer.acoustics.measured.places import driver_alone, driver_axes
from designer.acoustics.measured.raw_set import Format, RawSet, Request, check_bytes, one_file
from designer.acoustics.measured.sofa import (
    DRIVER_CONVENTION,
    MODELLED,
    SofaHead,
    axes_of,
    cartesian,
    head_of,
    kind_and_units,
    refuse_no_phase,
    rows_of,
)
from designer.arrays import Real
from designer.errors import DataError

DATA = {"Data.Real", "Data.Imag", "N"}


def _metadata(path: Path) -> SofaHead:
    """Convention and sizes; refused where it is another convention, without data, or too large."""
    head = head_of(path, f"a SOFA file, {DRIVER_CONVENTION}")
    if head.convention != DRIVER_CONVENTION:
        remedy = "a head is named by [listener] head; convert other data to this convention"
        actual = f"the SOFA convention {head.convention}"
        raise DataError(f"{path}: got {actual}; expected {DRIVER_CONVENTION}; {remedy}")
    m, r, n = head.shape("MRN")
    check_bytes(path, 16 * m * r * n, f"data ({m} x {r} x {n})")
    if not head.variables >= DATA:
        actual = f"a file without {', '.join(sorted(DATA - head.variables))}"
        expected = f"complex pressure, as {DRIVER_CONVENTION} has it; export it again"
        raise DataError(f"{path}: got {actual}; expected {expected}")
    return head


def _places(sofa: Any, key: str, path: Path) -> Real:
    """A place or view (n, 3); degrees that are plainly radians are refused."""
    kind, units = kind_and_units(sofa, key)
    if kind == "spherical" and not units.startswith("rad"):
        values = rows_of(sofa, key, str(path))
        check_degrees(path, values[:, 0], f"{key} azimuths")
        check_degrees(path, values[:, 1], f"{key} elevations")
    return cartesian(sofa, key, str(path))


def _drivers(path: Path, emitter: str | None) -> list[tuple[str, str | None]]:
    names = emitter_names(path)
    if emitter is not None:
        known = int(emitter) < len(names) and names[int(emitter)] if emitter.isdigit() else emitter
        return [(known or f"{path.stem} {emitter}", emitter)]
    if len(names) == 1:
        return [(names[0] or path.stem, None)]
    return [(name or f"{path.stem} {i}", str(i)) for i, name in enumerate(names)]


def emitter_names(path: Path) -> tuple[str, ...]:
    """Names of a file's emitters, one a measurement; empty where it has none.

    Raises
    ------
    DataError : no HDF5, no SOFA, another convention, or too large
    """
    head = _metadata(path)
    sofa, (count,) = head.read(), head.shape("M")
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
    return any(_moves(getattr(sofa, name, None), count) for name in ("SourceView", "SourceUp", "ReceiverPosition"))


def _moves(value: Any, count: int) -> bool:
    if value is None or value.dtype.kind not in "fiu" or value.ndim not in (2, 3):
        return False
    along = 0 if value.ndim == 2 else 2
    return bool(value.shape[along] == count and np.ptp(value, axis=along).max(initial=0) > 1e-9)


def _emitter(path: Path, sofa: Any, count: int, driver: str, emitter_name: str | None) -> int:
    """Which measurement is this driver's."""
    descriptions = _descriptions(sofa)
    names = descriptions if len(descriptions) == count else [""] * count
    listed = ", ".join(f"{i}: {name or 'no name'}" for i, name in enumerate(names))
    emitter = driver if emitter_name is None else emitter_name
    matches = [i for i, name in enumerate(names) if name.casefold() == emitter.casefold()]
    if len(matches) == 1:
        return matches[0]
    if emitter_name is not None and emitter_name.isdigit() and int(emitter_name) < count:
        return int(emitter_name)
    if count == 1 and emitter_name is None:
        return 0
    raise DataError(
        f"{path}: got {count} emitter{'s' * (count > 1)} ({listed}), and {'several are' if matches else 'none is'} "
        f"{emitter!r}; expected the name of one, or its index; name the driver so, or write response = "
        f'"{path.name}#0"'
    )


def _microphones(path: Path, sofa: Any, m: int, count: int) -> tuple[Real, Real]:
    """Unit vectors (R, 3) to the microphones in the axes of one measurement's source, and how far they are (R,)."""
    layout = SimpleNamespace(**vars(sofa))
    if count > 1 and sofa.ReceiverPosition.ndim == 3 and sofa.ReceiverPosition.shape[2] == count:
        layout.ReceiverPosition = sofa.ReceiverPosition[:, :, m]
    receivers = _places(layout, "ReceiverPosition", path)
    length_m = np.linalg.norm(receivers, axis=1)
    if (length_m < 1e-9).any():
        expected = "receivers around the source; write where the microphones were"
        raise DataError(f"{path}: got a receiver at the origin; expected {expected}")
    view, up = _places(layout, "SourceView", path), np.atleast_2d(np.asarray(sofa.SourceUp, dtype=float))
    view, up = (v[min(m, len(v) - 1)].ravel()[None, :3] for v in (view, up))
    if np.linalg.norm(view) < 1e-9:
        raise DataError(f"{path}: got a SourceView of no length; expected a direction; write where the source faces")
    axes = axes_of(view, up)
    if axes is None:
        raise DataError(
            f"{path}: got SourceUp along SourceView; expected two directions; write where the source's up is"
        )
    return receivers / length_m[:, None] @ axes[0].T, length_m


def _read(files: tuple[Path, ...], request: Request) -> RawSet:
    path = one_file(files, "SOFA files")
    head = _metadata(path)
    sofa = head.read()
    with head.fits_convention():
        return _raw_set(path, sofa, head.shape("MRN"), request)


def _raw_set(path: Path, sofa: Any, shape: tuple[int, ...], request: Request) -> RawSet:
    count, receivers, bins = shape
    data = (np.asarray(sofa.Data_Real, dtype=float) + 1j * np.asarray(sofa.Data_Imag, dtype=float)).reshape(shape)
    frequency_hz = np.atleast_1d(np.asarray(sofa.N, dtype=float)).ravel()
    if not np.isfinite(data).all() or not np.isfinite(frequency_hz).all():
        raise DataError(
            f"{path}: got NaN, infinity or missing values; expected finite numbers; the file was not written to its "
            "end, or the measurement failed"
        )
    rising(path, frequency_hz)
    refuse_no_phase(str(path), data, ": the phase was not exported", "complex pressure; export it with its phase")
    over_directions = request.emitter is None and _over_directions(sofa, count)
    labels: tuple[str, ...] = tuple(f"receiver {i}" for i in range(receivers))
    notes: tuple[str, ...] = ()
    index = 0
    if over_directions:
        seen = [_microphones(path, sofa, m, count) for m in range(count)]
        directions, length_m = (np.concatenate(parts) for parts in zip(*seen, strict=True))
        data = data.reshape(1, -1, bins)
        labels = tuple(f"measurement {m}, {label}" for m in range(count) for label in labels)
        notes = (f"{count} measurements of one source over direction",)
    else:
        index = _emitter(path, sofa, count, request.driver, request.emitter)
        directions, length_m = _microphones(path, sofa, index, 1)
        notes = (f"emitter {index} of {count}",) if count > 1 else ()
    emitters = _places(sofa, "EmitterPosition", path)
    radius_m = length_m if request.distance_m is None else np.full(length_m.shape, request.distance_m)
    raw = RawSet(
        kind=FORMAT.kind,
        files=(path,),
        frequency_hz=frequency_hz,
        directions=directions,
        labels=labels,
        pressure=data[index].T,
        distance_m=float(np.median(radius_m)),
        level="absolute" if str(getattr(sofa, "GLOBAL_Level", "")).lower() == "absolute" else "relative",
        time="absolute",
        modelled=getattr(sofa, "GLOBAL_Origin", "") == MODELLED,
        faces_driver=len(data) > 1,
        notes=notes,
    )
    axes = driver_axes(request.facing_deg) if len(data) > 1 else np.eye(3)
    return driver_alone(raw, radius_m, emitters[min(index, len(emitters) - 1)], axes, request.speed_of_sound_m_s)


FORMAT = Format("SOFA directivity", "a SOFA file", (".sofa", ".nc", ".h5", ".hdf5"), _read, _drivers)
