"""Measured drivers as a SOFA file of the convention FreeFieldDirectivityTF: one measurement a driver.

What is written is what a design would use: pressure relative to an ideal source's on-axis free-field pressure at 1 m, the common
delay taken off, as `directivity` defines it, and put back to the distance r of the microphones:

    p(f, n) = D(f, n) e^{-jkr} / r

Gain and delay that brought the files to that reference stand in the comment, and the global attribute Level says whether
the level is that of the source at its input ("absolute") or was set to 0 dB on axis ("relative"). Only directions that were measured are
written. Each driver's directions are its own, counted from where it faces, around its own place; drivers of one file share
directions and frequencies, and a problem that reads them faces all of them to the front.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from designer.acoustics.writers.sofa_text import ascii_text
from designer.arrays import Real
from designer.errors import DataError

if TYPE_CHECKING:
    from designer.acoustics.directivity import MeasuredDirectivity

SAME_RAD = 1e-6
REMEDY = "convert each driver to a file of its own"


def check_alike(drivers: Mapping[str, MeasuredDirectivity]) -> None:
    """Refuse drivers that one file cannot hold.

    Raises
    ------
    DataError : their directions or frequencies differ

    """
    (first, one), *others = drivers.items()
    for name, other in others:
        f, g = one.frequency_hz, other.frequency_hz
        if f.size != g.size or not np.allclose(f, g, rtol=1e-9, atol=0):
            raise DataError(
                f'{other.summary.files[0]}: found {g.size} frequencies from {g[0]:g} to {g[-1]:g} Hz for "{name}", and'
                f' {f.size} from {f[0]:g} to {f[-1]:g} Hz for "{first}"; allowed: the same for all drivers of a file;'
                f" {REMEDY}"
            )
        n, m = one.directions, other.directions
        if n.shape != m.shape or np.abs(n - m).max() > SAME_RAD:
            raise DataError(
                f'{other.summary.files[0]}: found {len(m)} directions for "{name}" that are not the {len(n)} of'
                f' "{first}"; allowed: the same for all drivers of a file; {REMEDY}'
            )


def spherical_deg(directions: Real) -> tuple[Real, Real]:
    """Azimuths from 0 to 360 and elevations (N,) of unit vectors (N, 3), in degrees, to ten digits after the point."""
    azimuth = np.degrees(np.arctan2(directions[:, 1], directions[:, 0]))
    elevation = np.degrees(np.arctan2(directions[:, 2], np.hypot(directions[:, 0], directions[:, 1])))
    return np.round(azimuth, 10) % 360.0, np.round(elevation, 10)


def directivity_sofa(drivers: Mapping[str, MeasuredDirectivity], speed_of_sound_m_s: float) -> Any:
    """A Sofa object of drivers by name.

    Raises
    ------
    DataError : their directions or frequencies differ

    """
    import sofar  # slow to import

    check_alike(drivers)
    sets = list(drivers.values())
    distances_m = {d.summary.distance_m or 1.0 for d in sets}
    distance_m = distances_m.pop() if len(distances_m) == 1 else 1.0
    f, directions = sets[0].frequency_hz, sets[0].directions
    away = np.exp(-2j * np.pi * f * distance_m / speed_of_sound_m_s) / distance_m
    data = np.stack([(d.pressure * away[:, None]).T for d in sets])  # (M, R, N)
    sofa = sofar.Sofa("FreeFieldDirectivityTF")
    for name in ("Description", "EmitterDescriptions", "MIDINote", "SourceTuningFrequency"):
        sofa.delete(name)  # musical instruments' ones, and texts, which `append_names` writes
    sofa.Data_Real, sofa.Data_Imag, sofa.N = data.real, data.imag, f
    azimuth, elevation = spherical_deg(directions)
    sofa.ReceiverPosition = np.stack([azimuth, elevation, np.full(azimuth.size, distance_m)], axis=1)
    sofa.GLOBAL_SourceType = "loudspeaker driver"
    sofa.add_attribute("GLOBAL_Level", "absolute" if all(d.level == "absolute" for d in sets) else "relative")
    sofa.SourcePosition_Reference = "the point that the angles turn around"
    sofa.SourceView_Reference = "the axis of the driver"
    sofa.SourceUp_Reference = "up, as mounted"
    return sofa


def comment(drivers: Mapping[str, MeasuredDirectivity], speed_of_sound_m_s: float) -> str:
    """What was done to the data, driver by driver."""
    said = [f"pressure relative to an ideal source's on-axis free-field pressure at 1 m; {speed_of_sound_m_s:g} m/s"]
    for name, d in drivers.items():
        s = d.summary
        done = f"{s.kind}; level changed by {s.gain_db:+.6g} dB, delay of {s.delay_removed_s * 1e3:.6g} ms taken off"
        said.append(f"{name}: {'; '.join([done, *d.notes])}")
    return "\n".join(said)


def append_names(path: Path, names: list[str]) -> None:
    """Write the drivers' names into a file as its EmitterDescriptions; sofar itself cannot write more than one text."""
    import netCDF4  # slow to import

    texts = [ascii_text(name) for name in names]
    length = max(map(len, texts))
    with netCDF4.Dataset(str(path), "a") as file:
        file.createDimension("text", length)
        variable = file.createVariable("EmitterDescriptions", "S1", ("M", "text"))
        variable[:] = np.array([list(text.ljust(length, "\0")) for text in texts], dtype="S1")
