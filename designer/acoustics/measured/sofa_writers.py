"""Drivers, a head or a whole device as objects of the SOFA library (AES69), with the texts of every file that this tool writes.

**Drivers** (FreeFieldDirectivityTF, one measurement a driver) are written as a design would use them: pressure relative to an ideal
source's on-axis free-field pressure at 1 m, the common delay taken off, as `directivity` defines it, and put back to the distance r of
the microphones:

    p(f, n) = D(f, n) e^{-jkr} / r

Gain and delay that brought the files to that reference stand in the comment, and the global attribute Level says whether
the level is that of the source at its input ("absolute") or was set to 0 dB on axis ("relative"). Only directions that were measured are
written. Each driver's directions are its own, counted from where it faces, around its own place; drivers of one file share
directions and frequencies, and a problem that reads them faces all of them to the front.

**A head** (SimpleFreeFieldHRIR) is written as it was understood: the left ear first, azimuths counter-clockwise in degrees, each
direction once, what cannot be right left out. **A device's** (GeneralTF-E, GeneralFIR-E) emitters are its drivers. Samples, level,
delays, places and frequencies are the source's own. **A model's** drivers (`device_file`) stand in the device's axes and turn about its
origin, each at its EmitterPosition.

**Texts** are ASCII: sofar reads no others. The dates are those of the data, so that a file converted twice is the same
file; where the data come from a SOFA file, its authors, licence and references go on.
"""

from __future__ import annotations

import hashlib
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from designer.acoustics.measured.interaural_time import HEAD_RADIUS_M
from designer.acoustics.measured.sofa import MODELLED
from designer.acoustics.measured.sphere import spherical_deg
from designer.arrays import Complex, Real
from designer.errors import DataError
from designer.versions import WRITER

if TYPE_CHECKING:
    from designer.acoustics.measured.device import MeasuredDevice
    from designer.acoustics.measured.directivity import MeasuredDirectivity
    from designer.acoustics.measured.head_file import HeadRecording

MAX_SAME_RAD = 1e-6
COPIED_ATTRIBUTES = (
    "AuthorContact", "DatabaseName", "License", "ListenerShortName", "Organization", "Origin", "References", "Title",
)  # fmt: skip
"""Global attributes that a converted file keeps."""
SEAL = "; SHA-256 of the content "  # what stands in the history before the hash of everything else in the file


def _check_alike(drivers: Mapping[str, MeasuredDirectivity]) -> None:
    """Refuse drivers that one file cannot hold, whose directions or frequencies differ."""
    (first, reference), *others = drivers.items()
    f, n = reference.frequency_hz, reference.directions
    for name, other in others:
        g, m = other.frequency_hz, other.directions
        actual = ""
        if f.size != g.size or not np.allclose(f, g, rtol=1e-9, atol=0):
            actual = f'{g.size} frequencies from {g[0]:g} to {g[-1]:g} Hz for "{name}", and {f.size} from {f[0]:g} to {f[-1]:g} Hz for'
        elif n.shape != m.shape or np.abs(n - m).max() > MAX_SAME_RAD:
            actual = f'{len(m)} directions for "{name}" that are not the {len(n)} of'
        if actual:
            raise DataError(
                f'{other.summary.files[0]}: got {actual} "{first}"; expected the same for all drivers of a file; convert each'
                " driver to a file of its own"
            )


def _spherical(directions: Real, distance_m: float) -> Real:
    """Azimuths from 0 to 360, elevations, to ten digits after the point, and a distance (N, 3)."""
    azimuth, elevation = (np.round(v, 10) for v in spherical_deg(directions))
    return np.stack([azimuth % 360.0, elevation, np.full(azimuth.size, distance_m)], axis=1)


def directivity_sofa(drivers: Mapping[str, MeasuredDirectivity], speed_of_sound_m_s: float) -> Any:
    """A Sofa object of drivers by name.

    Raises
    ------
    DataError : their directions or frequencies differ
    """
    _check_alike(drivers)
    sets = list(drivers.values())
    distances_m = {d.summary.distance_m or 1.0 for d in sets}
    distance_m = distances_m.pop() if len(distances_m) == 1 else 1.0
    f = sets[0].frequency_hz
    away = np.exp(-2j * np.pi * f * distance_m / speed_of_sound_m_s) / distance_m
    data = np.stack([(d.pressure * away[:, None]).T for d in sets])  # (M, R, N)
    sofa = _directivities(data, f, _spherical(sets[0].directions, distance_m))
    sofa.add_attribute("GLOBAL_Level", "absolute" if all(d.level == "absolute" for d in sets) else "relative")
    sofa.SourcePosition_Reference = "the point that the angles turn around"
    sofa.SourceView_Reference = "the axis of the driver"
    return sofa


def _directivities(data: Complex, frequency_hz: Real, receivers: Real) -> Any:
    """A Sofa object of pressure (M, R, N), a driver a measurement, at azimuths, elevations and distances (R, 3)."""
    import sofar  # slow to import

    sofa = sofar.Sofa("FreeFieldDirectivityTF")
    for name in ("Description", "EmitterDescriptions", "MIDINote", "SourceTuningFrequency"):
        sofa.delete(name)  # musical instruments' ones, and texts, which `append_names` writes
    sofa.Data_Real, sofa.Data_Imag, sofa.N = data.real, data.imag, frequency_hz
    sofa.ReceiverPosition = receivers
    sofa.GLOBAL_SourceType = "loudspeaker driver"
    sofa.SourceUp_Reference = "up, as mounted"
    return sofa


def modelled_sofa(device: MeasuredDevice) -> Any:
    """A Sofa object of a device's drivers one by one, at receivers on a sphere, in the device's axes."""
    assert device.frequency_hz is not None  # a model's are spectra
    distance_m = float(np.linalg.norm(device.receivers_m[0]))
    data = device.data.transpose(1, 0, 2).astype(complex)
    sofa = _directivities(data, device.frequency_hz, _spherical(device.receivers_m / distance_m, distance_m))
    sofa.add_attribute("GLOBAL_Level", "absolute")
    sofa.GLOBAL_Origin = MODELLED
    sofa.EmitterPosition, sofa.EmitterPosition_Type, sofa.EmitterPosition_Units = (
        device.emitters_m,
        "cartesian",
        "metre",
    )
    sofa.SourcePosition_Reference = "the origin of the device"
    sofa.SourceView_Reference = "the front of the device, whichever driver plays"
    return sofa


def comment(drivers: Mapping[str, MeasuredDirectivity], speed_of_sound_m_s: float) -> str:
    """Changes made to the data, driver by driver."""
    parts = [f"pressure relative to an ideal source's on-axis free-field pressure at 1 m; {speed_of_sound_m_s:g} m/s"]
    for name, d in drivers.items():
        s = d.summary
        treatment = (
            f"{s.kind}; level changed by {s.gain_db:+.6g} dB, delay of {s.delay_removed_s * 1e3:.6g} ms taken off"
        )
        parts.append(f"{name}: {'; '.join([treatment, *d.notes])}")
    return "\n".join(parts)


def append_names(path: Path, names: list[str]) -> None:
    """Write the drivers' names into a file as its EmitterDescriptions; sofar itself cannot write more than one text."""
    import netCDF4  # slow to import

    texts = [ascii_text(name) for name in names]
    length = max(map(len, texts))
    with netCDF4.Dataset(str(path), "a") as file:
        file.createDimension("text", length)
        variable = file.createVariable("EmitterDescriptions", "S1", ("M", "text"))
        variable[:] = np.array([list(text.ljust(length, "\0")) for text in texts], dtype="S1")


def head_sofa(recording: HeadRecording) -> Any:
    """A Sofa object of a head; a distance that is not known is written as 0."""
    import sofar  # slow to import

    sofa = sofar.Sofa("SimpleFreeFieldHRIR")
    sofa.Data_IR = recording.responses.astype(float) * recording.full_scale
    sofa.Data_SamplingRate = recording.sample_rate_hz
    sofa.Data_Delay = recording.delay_s * recording.sample_rate_hz
    distance_m = recording.distance_m if np.isfinite(recording.distance_m) else 0.0
    sofa.SourcePosition = _spherical(recording.directions, distance_m)
    sofa.SourcePosition_Type, sofa.SourcePosition_Units = "spherical", "degree, degree, metre"
    sofa.ReceiverPosition = np.array([[0.0, HEAD_RADIUS_M, 0.0], [0.0, -HEAD_RADIUS_M, 0.0]])
    return sofa


def device_sofa(device: MeasuredDevice, *, as_emitters: bool = True) -> Any:
    """A Sofa object of a device.

    Parameters
    ----------
    as_emitters : bool, drivers are the emitters of one measurement, their places those that were read, 0 where there were
        none; else spectra are a measurement each, of a source at the driver's place

    """
    import sofar  # slow to import

    spectra = device.frequency_hz is not None
    sofa = sofar.Sofa(("GeneralTF" if spectra else "GeneralFIR") + "-E" * as_emitters)
    drivers = device.data.shape[1]
    places_m = np.zeros((drivers, 3)) if device.emitters_m is None else device.emitters_m
    data = device.data.transpose(0, 2, 1)[None] if as_emitters else device.data.transpose(1, 0, 2)  # (M, R, N, E)
    if spectra:
        sofa.Data_Real, sofa.Data_Imag, sofa.N = data.real, data.imag, device.frequency_hz
    else:
        sofa.Data_IR, sofa.Data_SamplingRate = data.real, device.sample_rate_hz
        sofa.Data_Delay = device.delay_s[None] * device.sample_rate_hz
    origin_m = np.zeros((1, 3))
    sofa.SourcePosition, sofa.EmitterPosition = (origin_m, places_m) if as_emitters else (places_m, origin_m)
    sofa.ReceiverPosition = device.receivers_m
    for place in ("Receiver", "Emitter", "Source"):
        setattr(sofa, f"{place}Position_Type", "cartesian")
        setattr(sofa, f"{place}Position_Units", "metre")
    return sofa


def ascii_text(text: str) -> str:
    """A text in ASCII: accents are left out, and what has no letter becomes a question mark."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return plain.replace("ß", "ss").encode("ascii", "replace").decode("ascii")


def describe(
    sofa: Any, *, title: str, comment: str, files: Sequence[Path], version: str, texts: Mapping[str, str]
) -> None:
    """Set a Sofa object's global texts.

    Parameters
    ----------
    title, comment : str, what it is, and what was done to the data
    files : sequence of Path, what it was read from; the newest one's time is the new file's, and without files 1970
    version : str, of this tool
    texts : mapping, the source's global attributes, of which those in COPIED_ATTRIBUTES go on
    """
    from datetime import UTC, datetime

    when = datetime.fromtimestamp(max((path.stat().st_mtime for path in files), default=0), UTC).strftime(
        "%Y-%m-%d %H:%M:%S"
    )
    sofa.protected = False  # sofar keeps the dates to itself
    sofa.GLOBAL_DateCreated = sofa.GLOBAL_DateModified = when
    sofa.protected = True
    sofa.GLOBAL_ApplicationName, sofa.GLOBAL_ApplicationVersion = WRITER, version
    sofa.GLOBAL_Title = ascii_text(title)
    sofa.GLOBAL_Comment = ascii_text(comment)
    sofa.GLOBAL_History = ascii_text(f"converted from {', '.join(path.name for path in files) or 'a text'}")
    for name in COPIED_ATTRIBUTES:
        if texts.get(name) and hasattr(sofa, f"GLOBAL_{name}"):
            setattr(sofa, f"GLOBAL_{name}", texts[name])


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
        _, seal, digest = texts.get("History", "").rpartition(SEAL)
        return texts.get("ApplicationName") == WRITER and bool(seal) and digest == _content_sha256(path)
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
