"""A SOFA file (AES69) as it is stored: global texts, dimensions and variables, whatever its convention's version.

Read by netCDF alone, because a library of conventions knows the versions of its day: files of the versions 0.x and of later
ones hold the same variables. What cannot be read is refused with what it was; a text that nothing needs may be damaged.

Variables are called as in the file, with an underscore for the point (`Data_IR`), their texts behind another
(`ReceiverPosition_Type`), and the file's own as `GLOBAL_SOFAConventions`. Data of emitters have them last (M, R, N, E); where an older
file has N last they are exchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from designer.acoustics.readers.raw_set import refusal
from designer.arrays import Real
from designer.errors import DataError

EXPORT_INSTEAD = {
    ".mat": "a MATLAB file: write its impulse responses with audiowrite, one .wav an angle, or its complex pressures as .csv"
    " (frequency_hz, azimuth_deg, real, imag), or a .sofa file with SOFAsave",
    ".mdat": "a file of Room EQ Wizard's own: use File > Export > Export all measurements as text, or Export impulse response as WAV",
    ".pir": "a file of ARTA's own: use File > Export > ASCII, or save the impulse response as .wav",
    ".mls": "a file of CLIO's own: export it as ASCII text, or its impulse response as .wav",
    ".trf": "a file of Smaart's own: export it as ASCII text",
    ".gll": "a GLL: open it in its viewer, and export the transfer functions as text",
}
"""What other programs keep their measurements in, and what these programs can write that is read here."""


@dataclass(frozen=True)
class SofaHead:
    """What is known before the data are read: global texts, and the length of each dimension."""

    texts: dict[str, str]
    sizes: dict[str, int]
    variables: frozenset[str]

    @property
    def convention(self) -> str:
        """Its name, or "none"."""
        return self.texts.get("SOFAConventions", "none")


@contextmanager
def opened(path: Path, allowed: str) -> Iterator[Any]:
    """The file, open for reading; whatever fails while it is read means that it cannot be used.

    Raises
    ------
    DataError : it is another program's, no HDF5, no SOFA, cut off or damaged

    """
    import netCDF4  # slow to import

    if path.suffix.lower() in EXPORT_INSTEAD:
        raise refusal(path, EXPORT_INSTEAD[path.suffix.lower()], allowed)
    try:
        with netCDF4.Dataset(str(path)) as file:
            yield file
    except DataError:
        raise
    except (MemoryError, RecursionError):
        raise
    except Exception as error:  # netCDF4 and HDF5 raise many kinds; each means that the file cannot be used
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise refusal(
            path, f"no readable HDF5 file ({words})", allowed, "copy or export it again: it may be cut off"
        ) from error


@contextmanager
def fits_convention(path: Path | str, convention: str) -> Iterator[None]:
    """Words for what is missing, or of another shape or kind, where a file says that it follows a convention.

    Raises
    ------
    DataError : something is

    """
    try:
        yield
    except (AttributeError, KeyError, ValueError, TypeError, IndexError) as error:
        words = (str(error).splitlines() or [type(error).__name__])[0]
        missing = words.rpartition("has no attribute ")[2] if "has no attribute" in words else ""
        found = f"no {missing.strip(chr(39))}" if missing else f"data that do not fit their dimensions ({words})"
        raise refusal(path, found, f"what the convention {convention} asks for", "export it again") from error


def head_of(path: Path, allowed: str) -> SofaHead:
    """Texts and sizes of a file.

    Raises
    ------
    DataError : it cannot be read, or is not SOFA

    """
    with opened(path, allowed) as file:
        texts = {str(name): text for name in _names(file) if (text := _text(file, name)) is not None}
        sizes = {str(name): len(dimension) for name, dimension in file.dimensions.items()}
        variables = frozenset(str(name) for name in file.variables)
    if texts.get("Conventions") != "SOFA":
        inside = f" (it holds {', '.join(sorted(variables)[:5])})" if variables else ""
        found = f"an HDF5 file that is not SOFA{inside}"
        raise refusal(path, found, allowed, "convert it, or write a complex table")
    return SofaHead(texts, sizes, variables)


def read_sofa_file(path: Path, allowed: str) -> Any:
    """All that a file holds, as attributes.

    Raises
    ------
    DataError : it cannot be read, or is not SOFA

    """
    head = head_of(path, allowed)
    sofa = SimpleNamespace(**{f"GLOBAL_{name}": text for name, text in head.texts.items()})
    with opened(path, allowed) as file:
        for name, variable in file.variables.items():
            key = str(name).replace(".", "_")
            setattr(sofa, key, _values(variable))
            for attribute in _names(variable):
                text = _text(variable, attribute)
                if text is not None:
                    setattr(sofa, f"{key}_{attribute}", text)
    return sofa


def moving(path: Path, allowed: str) -> tuple[str, ...]:
    """Which of the places and views change from one measurement to the next.

    Raises
    ------
    DataError : the file cannot be read

    """
    names = ("SourcePosition", "SourceView", "ListenerPosition", "ListenerView", "ReceiverPosition", "EmitterPosition")
    with opened(path, allowed) as file:
        return tuple(name for name in names if name in file.variables and _moves(file.variables[name]))


def moves(sofa: Any, name: str, measurements: int) -> bool:
    """Whether a place or view of what `read_sofa_file` gave changes from one measurement to the next."""
    value = getattr(sofa, name, None)
    if value is None or value.dtype.kind not in "fiu" or measurements < 2:
        return False
    along = 0 if value.ndim == 2 else 2
    return (
        value.ndim in (2, 3)
        and value.shape[along] == measurements
        and bool(np.ptp(value, axis=along).max(initial=0) > 1e-9)
    )


def _moves(variable: Any) -> bool:
    dimensions = tuple(str(name) for name in variable.dimensions)
    if "M" not in dimensions or variable.dtype.kind not in "fiu" or variable.size == 0:
        return False
    return bool(np.ptp(_values(variable), axis=dimensions.index("M")).max(initial=0) > 1e-9)


def _names(holder: Any) -> list[str]:
    try:
        return list(holder.ncattrs())
    except (AttributeError, UnicodeDecodeError, RuntimeError):
        return []


def _text(holder: Any, name: str) -> str | None:
    """An attribute as text; None where it is damaged."""
    try:
        return str(holder.getncattr(name))
    except Exception:  # each kind means that this text cannot be read; what needs it says that it is missing
        return None


def _values(variable: Any) -> Any:
    """Numbers with what is masked as missing as NaN, or texts."""
    values = variable[:]
    dimensions = [str(name) for name in variable.dimensions]
    if variable.dtype == str or variable.dtype.kind in "SUO":
        plain = (
            np.ma.filled(values, b"")
            if np.ma.isMaskedArray(values) and variable.dtype.kind == "S"
            else np.asarray(values)
        )
        if plain.dtype.kind == "S" and plain.ndim > 1:
            rows = plain.reshape(plain.shape[0], -1)
            return np.array(
                [b"".join(row).decode("utf-8", errors="replace").strip(" \0") for row in rows], dtype=object
            )
        return np.array(
            [text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text) for text in plain.ravel()],
            dtype=object,
        )
    numbers: Real = np.asarray(np.ma.filled(np.ma.asarray(values, dtype=float), np.nan))
    if numbers.ndim == 4 and dimensions[2:] == ["E", "N"]:
        numbers = numbers.transpose(0, 1, 3, 2)
    return numbers
