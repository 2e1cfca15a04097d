"""A whole device as it was measured: drivers one by one, in their enclosure, at the ears or on a grid. It replaces every model.

A SOFA file of the conventions GeneralTF, GeneralFIR, GeneralTF-E or GeneralFIR-E (or a room's, measured in free field): its receivers
are the points, its emitters the drivers, in the problem's order. Several measurements of all emitters are as many places of the
listener: each gives its own points. Files without the emitters' dimension hold one measurement a driver.
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

from designer.acoustics.readers.frequency_grids import rising
from designer.acoustics.readers.sofa_file import SofaHead, fits_convention, head_of, moving, read_sofa_file
from designer.acoustics.time_reference import fit_delay
from designer.arrays import Complex, Real
from designer.errors import DataError
from designer.problem.geometry import direction

ROOM_CONVENTIONS = ("SingleRoomMIMOSRIR", "MultiSpeakerBRIR")
"""Used where they are of a free field."""
EMITTER_CONVENTIONS = ("GeneralTF-E", "GeneralFIR-E", "GeneralFIRE", *ROOM_CONVENTIONS)
CONVENTIONS = ("GeneralTF", "GeneralFIR", *EMITTER_CONVENTIONS)
FOLLOWED = ("ListenerPosition", "ListenerView", "ReceiverPosition")
"""What may change between measurements: where the points are."""
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
    allowed = f"allowed: a SOFA file of {', '.join(CONVENTIONS)}"
    if not path.is_file():
        raise DataError(f"{path}: no such file; {allowed}")
    if path.stat().st_size > MAX_BYTES:
        raise DataError(
            f"{path}: {path.stat().st_size / 1e6:.0f} MB; allowed: at most {MAX_BYTES / 1e6:.0f} MB; export less"
        )
    head = head_of(path, allowed.removeprefix("allowed: "))
    _refuse_large(path, head, drivers)
    sofa = read_sofa_file(path, allowed.removeprefix("allowed: "))
    with fits_convention(path, head.convention):
        return _device(path, sofa, head, drivers)


def _device(path: Path, sofa: Any, head: SofaHead, drivers: int | None) -> MeasuredDevice:
    convention = "-E" if head.convention in EMITTER_CONVENTIONS else ""
    measurements = head.sizes.get("M", 1)
    frequency_hz, rate = None, 0.0
    delay_s: Real = np.zeros((1, 1))
    if "Data.IR" in head.variables:
        data = _points_drivers(sofa.Data_IR, convention)
        rate = float(np.asarray(sofa.Data_SamplingRate).ravel()[0])
        if not 1.0 <= rate <= 1e7:
            raise DataError(f"{path}: found a sampling rate of {rate:g} Hz; allowed: 1 to 10000000 Hz; correct it")
        delay_s = _delays(sofa, convention, measurements) / rate
    else:
        data = _points_drivers(sofa.Data_Real + 1j * sofa.Data_Imag, convention)
        frequency_hz = np.atleast_1d(np.asarray(sofa.N, dtype=float))
        rising(path, frequency_hz)
        if frequency_hz.size != data.shape[2]:
            raise DataError(
                f"{path}: found {frequency_hz.size} frequencies for spectra of {data.shape[2]}; allowed: one each"
            )
    receivers = _receivers(path, sofa, convention, measurements)
    if not np.isfinite(receivers).all() or not np.isfinite(delay_s).all():
        raise DataError(f"{path}: found a place or a delay that is not finite; allowed: numbers; export it again")
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
    emitters = _cartesian(
        np.asarray(sofa.EmitterPosition, dtype=float), str(getattr(sofa, "EmitterPosition_Type", "cartesian"))
    )
    places = emitters if len(emitters) == data.shape[1] and convention else None
    return MeasuredDevice(str(path), receivers, data, frequency_hz, rate, delay_s, places)


def _refuse_large(path: Path, head: SofaHead, drivers: int | None) -> None:
    """Refuse by the metadata alone: a convention that is none of these, a room, a source that moves, and what would fill the memory.

    Raises
    ------
    DataError : naming which

    """
    allowed = f"allowed: a SOFA file of {', '.join(CONVENTIONS)}"
    if head.convention not in CONVENTIONS:
        raise DataError(f"{path}: found the SOFA convention {head.convention}; {allowed}")
    room = head.texts.get("RoomType", "free field")
    if head.convention in ROOM_CONVENTIONS and room.lower() != "free field":
        raise DataError(
            f"{path}: found {head.convention} of a room (RoomType {room}), whose reflections would be taken for the device's own;"
            " allowed: a device in free field; measure it there, or gate the responses and write GeneralFIR-E"
        )
    sizes = [head.sizes.get(name, 1) for name in "MRNE"]
    size = 8 * math.prod(sizes)
    if size > MAX_BYTES:
        shape = " x ".join(str(n) for n in sizes)
        raise DataError(
            f"{path}: found {size / 1e6:,.0f} MB of data ({shape}); allowed: at most {MAX_BYTES / 1e6:.0f} MB; export less"
        )
    moved = [] if sizes[0] == 1 else list(moving(path, allowed.removeprefix("allowed: ")))
    if head.convention in EMITTER_CONVENTIONS:
        turned = [name for name in moved if name not in FOLLOWED]
        what = "the device, or its emitters, move (a turntable)"
        still = not moved and sizes[0] > 1
    else:  # drivers one after the other, each a source of its own
        turned = (
            moved if drivers is None or sizes[0] != drivers else [name for name in moved if name != "SourcePosition"]
        )
        what = f"something moves: a turntable or a head that turns, not {sizes[0]} drivers"
        still = False
    if turned:
        raise DataError(
            f"{path}: found {sizes[0]} measurements between which {what} ({', '.join(turned)} changes); allowed: the device at rest, a"
            " driver a measurement or an emitter; write each driver's responses over direction as FreeFieldDirectivityTF, or"
            " all places of the listener as receivers"
        )
    if still:
        raise DataError(
            f"{path}: found {sizes[0]} measurements between which nothing moves; allowed: one, or one for each place of the"
            " listener (ListenerPosition, ListenerView or ReceiverPosition); keep one of them, or their mean"
        )


def _receivers(path: Path, sofa: Any, convention: str, measurements: int) -> Real:
    """Places (R, 3) of the points; with several measurements (M R, 3), the listener's place and view taken into each."""
    kind = str(getattr(sofa, "ReceiverPosition_Type", "cartesian"))
    position = np.asarray(sofa.ReceiverPosition, dtype=float)
    if not convention or measurements == 1:
        return _cartesian(position, kind)
    position = position if position.ndim == 3 else position[:, :, None]
    own = position.shape[2] == measurements
    each = [_cartesian(position[:, :, m if own else 0], kind) for m in range(measurements)]
    place = _rows(sofa, "ListenerPosition", measurements, [0.0, 0.0, 0.0])
    forward = _rows(sofa, "ListenerView", measurements, [1.0, 0.0, 0.0])
    up = _rows(sofa, "ListenerUp", measurements, [0.0, 0.0, 1.0])
    left = np.cross(up, forward)
    sizes = [np.linalg.norm(v, axis=1, keepdims=True) for v in (forward, left)]
    if min(size.min() for size in sizes) < 1e-9:
        raise DataError(f"{path}: found ListenerView along ListenerUp; allowed: two directions; write where its up is")
    forward, left = forward / sizes[0], left / sizes[1]
    axes = np.stack([forward, left, np.cross(forward, left)], axis=1)  # (M, 3, 3), rows: the listener's axes
    return np.concatenate([each[m] @ axes[m] + place[m] for m in range(measurements)])


def _rows(sofa: Any, name: str, measurements: int, default: list[float]) -> Real:
    value = np.asarray(getattr(sofa, name, [default]), dtype=float)
    kind = str(getattr(sofa, f"{name}_Type", "cartesian"))
    if name == "ListenerUp" and not hasattr(sofa, "ListenerUp_Type"):
        kind = str(getattr(sofa, "ListenerView_Type", "cartesian"))
    return np.array(np.broadcast_to(_cartesian(value, kind), (measurements, 3)))


def _delays(sofa: Any, convention: str, measurements: int) -> Real:
    """Data.Delay in samples, to broadcast to (points, drivers)."""
    delay = np.asarray(getattr(sofa, "Data_Delay", 0.0), dtype=float)
    if delay.size == 1:
        return delay.reshape(1, 1)
    if not convention:
        return np.asarray(delay.T)  # (M, R), a driver a measurement
    delay = delay if delay.ndim == 3 else delay[:, :, None]
    return np.array(np.broadcast_to(delay, (measurements, *delay.shape[1:]))).reshape(-1, delay.shape[2])


def _points_drivers(data: NDArray[Any], convention: str) -> NDArray[Any]:
    """Data as (points, L, K): SOFA's (M, R, N) with one measurement a driver, or (M, R, N, E) with M R points."""
    if convention:
        data = data if data.ndim == 4 else data[..., None]
        return np.asarray(data.transpose(0, 1, 3, 2).reshape(-1, data.shape[3], data.shape[2]))
    return np.asarray(data.reshape(data.shape[:3]).transpose(1, 0, 2))


def _cartesian(position: Real, kind: str) -> Real:
    position = position.reshape(len(position), 3, -1)[:, :, 0]
    if "spherical" in kind.lower():
        return np.asarray(direction(position[:, 0], position[:, 1]) * position[:, 2:3])
    return position
