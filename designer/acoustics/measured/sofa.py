"""The one reader of SOFA files (AES69), for drivers, heads and whole devices: what is stored, whatever its convention's version.

Read by netCDF alone, because a library of conventions knows the versions of its day: files of the versions 0.x and of later
ones hold the same variables. The metadata come first: what is damaged, too large or of another convention is refused before the data
are touched. A text that nothing needs may be damaged.

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
from typing import Any, Final, Literal

import numpy as np

from designer.arrays import Complex, Real
from designer.errors import DataError
from designer.problem.geometry import direction

DRIVER_CONVENTION: Final = "FreeFieldDirectivityTF"
HEAD_CONVENTIONS = (
    "SimpleFreeFieldHRIR", "FreeFieldHRIR", "SimpleFreeFieldHRTF", "FreeFieldHRTF", "SimpleFreeFieldTF", "GeneralFIR", "GeneralTF",
)  # fmt: skip
ROOM_CONVENTIONS = ("SingleRoomMIMOSRIR", "MultiSpeakerBRIR")  # used where they are of a free field
EMITTER_CONVENTIONS = ("GeneralTF-E", "GeneralFIR-E", "GeneralFIRE", *ROOM_CONVENTIONS)
DEVICE_CONVENTIONS = ("GeneralTF", "GeneralFIR", *EMITTER_CONVENTIONS)
CONVENTIONS = tuple(dict.fromkeys((DRIVER_CONVENTION, *HEAD_CONVENTIONS, *DEVICE_CONVENTIONS)))
PLACES = ("SourcePosition", "SourceView", "ListenerPosition", "ListenerView", "ReceiverPosition", "EmitterPosition")
EXPORT_INSTEAD = {
    ".mat": "a MATLAB file: write its impulse responses with audiowrite, one .wav an angle, or its complex pressures as .csv"
    " (frequency_hz, azimuth_deg, real, imag), or a .sofa file with SOFAsave",
    ".mdat": "a file of Room EQ Wizard's own: use File > Export > Export all measurements as text, or Export impulse response as WAV",
    ".pir": "a file of ARTA's own: use File > Export > ASCII, or save the impulse response as .wav",
    ".mls": "a file of CLIO's own: export it as ASCII text, or its impulse response as .wav",
    ".trf": "a file of Smaart's own: export it as ASCII text",
    ".gll": "a GLL: open it in its viewer, and export the transfer functions as text",
}
"""Files of other programs' own, and the exports of these programs that are read here."""


MODELLED = "computed from a model"
"""Global attribute Origin of a file that holds a model's responses."""


@dataclass(frozen=True)
class SofaHead:
    """Header of a file, before the data are read: global texts, the length of each dimension, and the names of the variables."""

    path: Path
    name: str
    expected: str
    texts: dict[str, str]
    sizes: dict[str, int]
    variables: frozenset[str]

    @property
    def convention(self) -> str:
        """Its name, or "none"."""
        return self.texts.get("SOFAConventions", "none")

    def shape(self, dimensions: str = "MRNE") -> tuple[int, ...]:
        """Lengths of dimensions; 1 of those that the file has not."""
        return tuple(self.sizes.get(key, 1) for key in dimensions)

    def moving(self) -> tuple[str, ...]:
        """Places and views that change from one measurement to the next."""
        with _opened(self.path, self.name, self.expected) as file:
            variables = {name: file.variables[name] for name in PLACES if name in file.variables}
            return tuple(name for name, variable in variables.items() if _moves(variable))

    def read(self) -> Any:
        """All that the file holds, as attributes.

        Raises
        ------
        DataError : it cannot be read
        """
        sofa = SimpleNamespace(**{f"GLOBAL_{name}": text for name, text in self.texts.items()})
        with _opened(self.path, self.name, self.expected) as file:
            for name, variable in file.variables.items():
                plain = str(name).replace(".", "_")
                setattr(sofa, plain, _values(variable))
                for text, value in _texts(variable).items():
                    setattr(sofa, f"{plain}_{text}", value)
        return sofa

    @contextmanager
    def fits_convention(self) -> Iterator[None]:
        """Words for what is missing, or of another shape or kind, where a file says that it follows a convention."""
        try:
            yield
        except (AttributeError, KeyError, ValueError, TypeError, IndexError) as error:
            words = (str(error).splitlines() or [type(error).__name__])[0]
            attribute = words.rpartition("has no attribute ")[2] if "has no attribute" in words else ""
            actual = (
                f"no {attribute.strip(chr(39))}" if attribute else f"data that do not fit their dimensions ({words})"
            )
            expected = f"what the convention {self.convention} asks for"
            raise DataError(f"{self.name}: got {actual}; expected {expected}; export it again") from error


def head_of(path: Path, expected: str, *, name: str | None = None) -> SofaHead:
    """Texts and sizes of a file.

    Parameters
    ----------
    expected : str, the messages' name of files that would do
    name : str or None, how messages call this one; its path by default

    Raises
    ------
    DataError : it cannot be read, or is not SOFA
    """
    name = name or str(path)
    with _opened(path, name, expected) as file:
        texts = _texts(file)
        sizes = {str(key): len(dimension) for key, dimension in file.dimensions.items()}
        variables = frozenset(str(key) for key in file.variables)
    if texts.get("Conventions") != "SOFA":
        inside = f" (it holds {', '.join(sorted(variables)[:5])})" if variables else ""
        remedy = "convert it, or write a complex table"
        raise DataError(f"{name}: got an HDF5 file that is not SOFA{inside}; expected {expected}; {remedy}")
    return SofaHead(path, name, expected, texts, sizes, variables)


Kind = Literal["driver", "head", "device"]


def kind_of(path: Path) -> Kind:
    """A file's kind. GeneralFIR or GeneralTF with two receivers is a head if the source moves around it or the head turns, else a device.

    Raises
    ------
    DataError : no HDF5, no SOFA, or a convention that is none of these
    """
    head = head_of(path, f"a SOFA file of the convention {', '.join(CONVENTIONS[:-1])} or {CONVENTIONS[-1]}")
    convention = head.convention
    if convention not in CONVENTIONS:
        actual = f"the SOFA convention {convention}"
        raise DataError(f"{path}: got {actual}; expected {', '.join(CONVENTIONS)}; convert it to one of these")
    if convention == DRIVER_CONVENTION:
        return "driver"
    if convention in HEAD_CONVENTIONS and convention in DEVICE_CONVENTIONS:
        moving = {"SourcePosition", "ListenerView"} & set(head.moving())
        return "head" if head.sizes.get("R", 0) == 2 and moving else "device"
    return "head" if convention in HEAD_CONVENTIONS else "device"


def rows_of(sofa: Any, key: str, name: str) -> Real:
    """Rows (n, 3) of a place or view as they are stored; of several measurements' receivers the first's."""
    values = np.asarray(getattr(sofa, key), dtype=float)
    values = values.reshape(-1, 3) if values.ndim < 3 else values[:, :, 0]
    if not np.isfinite(values).all():
        raise DataError(f"{name}: got {key} that is not finite; expected numbers; export it again")
    return values


def kind_and_units(sofa: Any, key: str) -> tuple[str, str]:
    """Type and units of a place or view, in small letters; cartesian where the file does not say, an up as its view is."""
    like = key.replace("Up", "View") if not hasattr(sofa, f"{key}_Type") else key
    return str(getattr(sofa, f"{like}_Type", "cartesian")).lower(), str(getattr(sofa, f"{key}_Units", "degree")).lower()


def cartesian(sofa: Any, key: str, name: str) -> Real:
    """A place or view (n, 3) in metres, or as it is without a unit.

    Raises
    ------
    DataError : numbers that are not finite, coordinates that are neither cartesian nor spherical, elevations beyond the poles
    """
    values, (kind, units) = rows_of(sofa, key, name), kind_and_units(sofa, key)
    if kind == "cartesian":
        return values
    if "spherical" not in kind or "harmonics" in kind:
        actual = f"{key} in {kind or 'no type'}"
        raise DataError(f"{name}: got {actual}; expected cartesian or spherical; convert it to directions")
    angles = np.degrees(values[:, :2]) if units.startswith("rad") else values[:, :2]
    worst = float(np.abs(angles[:, 1]).max(initial=0.0))
    if worst > 90 + 1e-6:
        actual = f"{key} with an elevation of {worst:g} degrees"
        raise DataError(f"{name}: got {actual}; expected -90 to 90; elevation is up from the horizontal")
    return np.asarray(np.round(direction(angles[:, 0], angles[:, 1]), 15) * values[:, 2:])


def axes_of(forward: Real, up: Real) -> Real | None:
    """Rows: forward, left and up (n, 3, 3) of views (n, 3) and ups; None where one lies along the other or has no length."""
    left = np.cross(up, forward)
    lengths = [np.linalg.norm(v, axis=1, keepdims=True) for v in (forward, left)]
    if min(float(length.min()) for length in lengths) < 1e-6:
        return None
    forward, left = forward / lengths[0], left / lengths[1]
    return np.stack([forward, left, np.cross(forward, left)], axis=1)


def refuse_no_phase(name: str, spectra: Complex, lost: str, expected: str) -> None:
    """Refuse spectra whose imaginary part is 0 throughout."""
    if not np.imag(spectra).any():
        actual = f"Data.Imag of 0 throughout{lost}"
        raise DataError(f"{name}: got {actual}; expected {expected}")


@contextmanager
def _opened(path: Path, name: str, expected: str) -> Iterator[Any]:
    """The file, open for reading; whatever fails while it is read means that it cannot be used."""
    import netCDF4  # slow to import

    if path.suffix.lower() in EXPORT_INSTEAD:
        raise DataError(f"{name}: got {EXPORT_INSTEAD[path.suffix.lower()]}; expected {expected}")
    try:
        with path.open("rb") as plain:
            first = plain.read(8)
    except OSError as error:
        raise DataError(f"{name}: got no file that can be read ({error.strerror}); expected {expected}") from error
    remedy = f"expected {expected}; copy or export it again: it may be cut off"
    if first != b"\x89HDF\r\n\x1a\n":
        raise DataError(f"{name}: got no readable HDF5 file (not HDF5: it begins with {first[:4]!r}); {remedy}")
    try:
        with netCDF4.Dataset(str(path)) as file:
            yield file
    except (DataError, MemoryError, RecursionError):
        raise
    except Exception as error:  # netCDF4 and HDF5 raise many kinds; each means that the file cannot be used
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise DataError(f"{name}: got no readable HDF5 file (cut short or damaged: {words}); {remedy}") from error


def _moves(variable: Any) -> bool:
    dimensions = tuple(str(name) for name in variable.dimensions)
    if "M" not in dimensions or variable.dtype.kind not in "fiu" or variable.size == 0:
        return False
    return bool(np.ptp(_values(variable), axis=dimensions.index("M")).max(initial=0) > 1e-9)


def _texts(holder: Any) -> dict[str, str]:
    """The attributes of a file or variable as texts, without those that are damaged: what needs one says that it is missing."""
    texts: dict[str, str] = {}
    try:
        names = list(holder.ncattrs())
    except (AttributeError, UnicodeDecodeError, RuntimeError):
        return texts
    for name in names:
        try:
            texts[str(name)] = str(holder.getncattr(name))
        except Exception:  # many kinds, and each means that this text cannot be read
            continue
    return texts


def _values(variable: Any) -> Any:
    """Numbers with what is masked as missing as NaN, or texts."""
    values = variable[:]
    if variable.dtype == str or variable.dtype.kind in "SUO":
        masked = np.ma.isMaskedArray(values) and variable.dtype.kind == "S"
        plain = np.ma.filled(values, b"") if masked else np.asarray(values)
        if plain.dtype.kind == "S" and plain.ndim > 1:
            rows = [b"".join(row).strip(b" \0") for row in plain.reshape(plain.shape[0], -1)]
        else:
            rows = list(plain.ravel())
        texts = [text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text) for text in rows]
        return np.array(texts, dtype=object)
    numbers: Real = np.asarray(np.ma.filled(np.ma.asarray(values, dtype=float), np.nan))
    exchanged = numbers.ndim == 4 and [str(name) for name in variable.dimensions][2:] == ["E", "N"]
    return numbers.transpose(0, 1, 3, 2) if exchanged else numbers
