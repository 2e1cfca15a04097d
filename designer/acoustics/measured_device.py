"""A whole device as it was measured: drivers one by one, in their enclosure, at the ears or on a grid. It replaces every model.

A SOFA file of the conventions GeneralTF, GeneralFIR, GeneralTF-E or GeneralFIR-E: its receivers are the points, its
emitters the drivers, in the problem's order. Files without the emitters' dimension hold one measurement a driver.
Positions are in the device's axes. Pressure is taken as it is stored: relative levels and times between drivers and
points must be true, one common gain is free.

Impulse responses are evaluated by their Fourier sum at the frequencies asked for, which needs no resampling; spectra are interpolated
over frequency in magnitude and in phase, the delay to each point taken out first. Above the highest measured frequency the value there
is held: what is designed must stay below it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.acoustics.free_field import direction
from designer.acoustics.time_reference import fit_delay
from designer.arrays import Complex, Real
from designer.errors import DataError

CONVENTIONS = ("GeneralTF", "GeneralFIR", "GeneralTF-E", "GeneralFIR-E")
MAX_BYTES = 500_000_000
MATCH_M = 0.01
"""A receiver within this of a place that is asked for is that place."""


@dataclass(frozen=True)
class MeasuredDevice:
    """Responses (R, L, K) over `frequency_hz` (K,) or, where that is None, impulse responses over samples.

    delay_s : (R, L) to be added to each impulse response
    emitters_m : (L, 3) the drivers' places, where the file has them
    """

    path: str
    receivers_m: Real  # (R, 3)
    data: Real | Complex  # (R, L, K)
    frequency_hz: Real | None
    sample_rate_hz: float
    delay_s: Real = field(default_factory=lambda: np.zeros((1, 1)))
    emitters_m: Real | None = None

    @property
    def highest_hz(self) -> float:
        """The highest frequency that the file knows."""
        return 0.475 * self.sample_rate_hz if self.frequency_hz is None else float(self.frequency_hz[-1])

    def transfer(self, frequency_hz: Real, speed_of_sound_m_s: float) -> Complex:
        """H (F, R, L) at frequencies (F,)."""
        held_hz = np.minimum(frequency_hz, self.highest_hz)
        if self.frequency_hz is None:
            n = np.arange(self.data.shape[2])
            kernel = np.exp(-2j * np.pi / self.sample_rate_hz * np.outer(held_hz, n))
            late = np.exp(-2j * np.pi * np.multiply.outer(held_hz, self.delay_s))
            return np.asarray(np.einsum("fk,rlk->frl", kernel, self.data, optimize=True) * late)
        # The flight from the device, and the measurement's own latency, which all responses share.
        delay_s = np.linalg.norm(self.receivers_m, axis=1)[:, None, None] / speed_of_sound_m_s
        delay_s = delay_s + self._latency_s(speed_of_sound_m_s)
        still = self.data * np.exp(2j * np.pi * self.frequency_hz * delay_s)
        magnitude, phase = np.log(np.maximum(np.abs(still), 1e-15)), np.unwrap(np.angle(still), axis=2)
        log_h = _interpolated(self.frequency_hz, magnitude, held_hz) + 1j * _interpolated(
            self.frequency_hz, phase, held_hz
        )
        return np.asarray(np.exp(log_h - 2j * np.pi * held_hz * delay_s).transpose(2, 0, 1))

    def _latency_s(self, speed_of_sound_m_s: float) -> float:
        """Delay of the spectra beyond the flight from the device's origin, in the median of some of them."""
        if self.frequency_hz is None or self.frequency_hz.size < 4:
            return 0.0
        f = self.frequency_hz[self.frequency_hz > 0]
        flight_s = np.linalg.norm(self.receivers_m, axis=1) / speed_of_sound_m_s
        rows = np.unique(np.linspace(0, len(self.receivers_m) - 1, 5).astype(int))
        beyond_s = [fit_delay(f, one[-f.size :]).delay_s - flight_s[r] for r in rows for one in self.data[r]]
        return float(np.median(beyond_s))

    def knows(self, places_m: Real) -> bool:
        """Whether every place (M, 3) has a receiver."""
        return bool((self._distance_m(places_m).min(axis=1) <= MATCH_M).all())

    def _distance_m(self, places_m: Real) -> Real:
        return np.asarray(np.linalg.norm(places_m[:, None, :] - self.receivers_m[None, :, :], axis=2))

    def receivers_at(self, places_m: Real, what: str) -> list[int]:
        """Which receiver is at each place (M, 3).

        Raises
        ------
        DataError : naming the first place that has none, and the nearest receiver

        """
        distance_m = self._distance_m(places_m)
        nearest = distance_m.argmin(axis=1)
        missing = np.flatnonzero(distance_m.min(axis=1) > MATCH_M)
        if missing.size:
            place, there = places_m[missing[0]], self.receivers_m[nearest[missing[0]]]
            raise DataError(
                f"{self.path}: {what} at {np.round(place, 3).tolist()} has no receiver; the nearest is at"
                f" {np.round(there, 3).tolist()}; allowed: a receiver within {MATCH_M * 1000:g} mm; measure there, or ask for"
                " what was measured (listener.position_m, ear_cloud_m, grid.azimuth_step_deg, grid.azimuth_distance_m)"
            )
        return [int(i) for i in nearest]


def _interpolated(at: Real, values: Real, wanted: Real) -> Real:
    """Linear interpolation along the last axis, ends held."""
    place = np.clip(np.interp(wanted, at, np.arange(at.size)), 0, at.size - 1)
    below = np.minimum(place.astype(int), max(at.size - 2, 0))
    share = place - below
    above = np.minimum(below + 1, at.size - 1)
    return np.asarray(values[..., below] * (1 - share) + values[..., above] * share)


def read_device(path: Path, drivers: int | None) -> MeasuredDevice:
    """Read a measured device.

    Parameters
    ----------
    drivers : how many the file has to hold; None for as many as it has

    Raises
    ------
    DataError : the file is not SOFA, of another convention, too large, or does not hold that many drivers

    """
    import sofar  # slow to import, and needed only for measured data

    allowed = f"allowed: a SOFA file of {', '.join(CONVENTIONS)}"
    if not path.is_file():
        raise DataError(f"{path}: no such file; {allowed}")
    if path.stat().st_size > MAX_BYTES:
        raise DataError(
            f"{path}: {path.stat().st_size / 1e6:.0f} MB; allowed: at most {MAX_BYTES / 1e6:.0f} MB; export less"
        )
    _refuse_large(path, allowed)
    try:
        sofa = sofar.read_sofa(str(path), verify=False, verbose=False)
    except Exception as error:  # sofar and netCDF4 raise many kinds; each means that the file cannot be used
        raise DataError(f"{path}: cannot be read as SOFA: {error}; {allowed}") from error
    convention = str(sofa.GLOBAL_SOFAConventions)
    if convention not in CONVENTIONS:
        raise DataError(f"{path}: found the SOFA convention {convention}; {allowed}")
    frequency_hz, rate = None, 0.0
    delay_s: Real = np.zeros((1, 1))
    if "FIR" in convention:
        data = np.asarray(sofa.Data_IR, dtype=float)
        rate = float(np.asarray(sofa.Data_SamplingRate).ravel()[0])
        data = _emitters_last(data, convention)
        delay_s = _delays(sofa, convention) / rate
    else:
        data = _emitters_last(np.asarray(sofa.Data_Real) + 1j * np.asarray(sofa.Data_Imag), convention)
        frequency_hz = np.atleast_1d(np.asarray(sofa.N, dtype=float))
    receivers = _cartesian(np.asarray(sofa.ReceiverPosition, dtype=float), str(sofa.ReceiverPosition_Type))
    if drivers is not None and data.shape[1] != drivers:
        raise DataError(
            f"{path}: found {data.shape[1]} drivers (emitters, or measurements); allowed: as many as the problem's, {drivers}"
        )
    if len(receivers) != len(data):
        raise DataError(
            f"{path}: found {len(receivers)} ReceiverPosition rows for {len(data)} receivers; allowed: one each"
        )
    if not np.isfinite(data).all():
        r, l = np.argwhere(~np.isfinite(data).all(axis=2))[0]
        raise DataError(
            f"{path}: found NaN or infinity at receiver {r}, driver {l}; allowed: finite values; measure it again"
        )
    if frequency_hz is not None and not np.imag(data).any():
        raise DataError(
            f"{path}: found Data.Imag of 0 throughout, so the phase was not exported; allowed: complex spectra; export them with"
            " their phase"
        )
    silent = np.flatnonzero(~np.abs(data).any(axis=(0, 2)))
    if silent.size:
        raise DataError(
            f"{path}: driver {silent[0]} is silent at every receiver; allowed: drivers that sound; measure it again"
        )
    delay_s = np.broadcast_to(delay_s, data.shape[:2])
    emitters = _cartesian(np.asarray(sofa.EmitterPosition, dtype=float), str(sofa.EmitterPosition_Type))
    places = emitters if len(emitters) == data.shape[1] and convention.endswith("-E") else None
    return MeasuredDevice(str(path), receivers, data, frequency_hz, rate, delay_s, places)


def _refuse_large(path: Path, allowed: str) -> None:
    """Read the sizes alone: a small file may unpack to a large one."""
    import netCDF4  # slow to import; sofar needs it too

    try:
        with netCDF4.Dataset(str(path)) as file:
            sizes = [len(file.dimensions[name]) if name in file.dimensions else 1 for name in "MRNE"]
    except (OSError, RuntimeError) as error:
        raise DataError(f"{path}: cannot be read as SOFA: {error}; {allowed}") from error
    size = 8 * math.prod(sizes)
    if size > MAX_BYTES:
        shape = " x ".join(str(n) for n in sizes)
        raise DataError(
            f"{path}: found {size / 1e6:,.0f} MB of data ({shape}); allowed: at most {MAX_BYTES / 1e6:.0f} MB; export less"
        )


def _delays(sofa: Any, convention: str) -> Real:
    """Data.Delay in samples, to broadcast to (R, L)."""
    delay = np.asarray(getattr(sofa, "Data_Delay", 0.0), dtype=float)
    if delay.size == 1:
        return delay.reshape(1, 1)
    if convention.endswith("-E"):
        return np.asarray(delay[0])  # (M, R, E)
    return np.asarray(delay.T)  # (M, R), a driver a measurement


def _emitters_last(data: NDArray[Any], convention: str) -> NDArray[Any]:
    """Data as (R, L, K) from SOFA's (M, R, N) with one measurement a driver, or (1, R, N, E)."""
    if convention.endswith("-E"):
        return np.asarray(data[0].transpose(0, 2, 1))
    return np.asarray(data.transpose(1, 0, 2))


def _cartesian(position: Real, kind: str) -> Real:
    position = position.reshape(len(position), 3, -1)[:, :, 0]
    if "spherical" in kind.lower():
        return np.asarray(direction(position[:, 0], position[:, 1]) * position[:, 2:3])
    return position
