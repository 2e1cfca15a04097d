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
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.acoustics.measured.grids import rising
from designer.acoustics.measured.sofa import (
    DEVICE_CONVENTIONS,
    EMITTER_CONVENTIONS,
    ROOM_CONVENTIONS,
    SofaHead,
    axes_of,
    cartesian,
    head_of,
    refuse_no_phase,
)
from designer.acoustics.measured.time_reference import fit_delay
from designer.arrays import Complex, Real
from designer.errors import DataError

EXPECTED_FILE = f"a SOFA file of {', '.join(DEVICE_CONVENTIONS)}"
MOVING_VARIABLES = ("ListenerPosition", "ListenerView", "ReceiverPosition")
"""Variables that may change between measurements: where the points are."""
MAX_BYTES = 500_000_000
MAX_MATCH_M = 0.01  # a receiver within this of a place that is asked for is that place


@dataclass(frozen=True)
class MeasuredDevice:
    """Responses (R, L, K) over `frequency_hz` (K,) or, where that is None, impulse responses over samples."""

    path: str
    receivers_m: Real  # (R, 3)
    data: Real | Complex  # (R, L, K)
    frequency_hz: Real | None
    sample_rate_hz: float
    delay_s: Real = field(default_factory=lambda: np.zeros((1, 1)))  # (R, L) to be added to each impulse response
    emitters_m: Real | None = None  # (L, 3) the drivers' places, where the file has them

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
        undelayed = self.data * np.exp(2j * np.pi * self.frequency_hz * delay_s)
        log_h = np.log(np.maximum(np.abs(undelayed), 1e-15)) + 1j * np.unwrap(np.angle(undelayed), axis=2)
        log_h = _interpolated(self.frequency_hz, log_h, held_hz)
        return np.asarray(np.exp(log_h - 2j * np.pi * held_hz * delay_s).transpose(2, 0, 1))

    def _latency_s(self, speed_of_sound_m_s: float) -> float:
        """Delay of the spectra beyond the flight from the device's origin, in the median of some of them."""
        if self.frequency_hz is None or self.frequency_hz.size < 4:
            return 0.0
        f = self.frequency_hz[self.frequency_hz > 0]
        flight_s = np.linalg.norm(self.receivers_m, axis=1) / speed_of_sound_m_s
        rows = np.unique(np.linspace(0, len(self.receivers_m) - 1, 5).astype(int))
        beyond_s = [fit_delay(f, spectrum[-f.size :]).delay_s - flight_s[r] for r in rows for spectrum in self.data[r]]
        return float(np.median(beyond_s))

    def knows(self, places_m: Real) -> bool:
        """Whether every place (M, 3) has a receiver."""
        return bool((self._distance_m(places_m).min(axis=1) <= MAX_MATCH_M).all())

    def _distance_m(self, places_m: Real) -> Real:
        return np.asarray(np.linalg.norm(places_m[:, None, :] - self.receivers_m[None, :, :], axis=2))

    def receivers_at(self, places_m: Real, subject: str) -> list[int]:
        """Which receiver is at each place (M, 3).

        Raises
        ------
        DataError : naming the first place that has none, and the nearest receiver
        """
        distance_m = self._distance_m(places_m)
        nearest = distance_m.argmin(axis=1)
        missing = np.flatnonzero(distance_m.min(axis=1) > MAX_MATCH_M)
        if missing.size:
            place, receiver_m = places_m[missing[0]], self.receivers_m[nearest[missing[0]]]
            raise DataError(
                f"{self.path}: {subject} at {np.round(place, 3).tolist()} has no receiver; the nearest is at"
                f" {np.round(receiver_m, 3).tolist()}; expected a receiver within {MAX_MATCH_M * 1000:g} mm; measure there, or ask for"
                " what was measured (listener.position_m, ear_cloud_m, grid.azimuth_step_deg, grid.azimuth_distance_m)"
            )
        return [int(i) for i in nearest]


def explain_device(device: MeasuredDevice) -> list[str]:
    """Facts of a measured device for `designer check`."""
    receivers, drivers = device.data.shape[:2]
    heard = f"{drivers} {'driver' if drivers == 1 else 'drivers'} at {receivers} receivers"
    content, lowest = "impulse responses, up to", ""
    if device.frequency_hz is not None:
        content, lowest = f"{device.frequency_hz.size} frequencies,", f"{device.frequency_hz[0]:.0f} to "
    return [f"whole device: {Path(device.path).name}", f"  {heard}; {content} {lowest}{device.highest_hz:.0f} Hz"]


def _interpolated(nodes: Real, values: Complex, points: Real) -> Complex:
    """Linear interpolation along the last axis, ends held."""
    place = np.clip(np.interp(points, nodes, np.arange(nodes.size)), 0, nodes.size - 1)
    below = np.minimum(place.astype(int), max(nodes.size - 2, 0))
    share = place - below
    above = np.minimum(below + 1, nodes.size - 1)
    return np.asarray(values[..., below] * (1 - share) + values[..., above] * share)


def read_device(path: Path, drivers: int | None) -> MeasuredDevice:
    """Read a measured device.

    Parameters
    ----------
    drivers : int or None, how many the file has to hold; None for as many as it has

    Raises
    ------
    DataError : the file is not SOFA, of another convention, too large, or does not hold that many drivers
    """
    if not path.is_file():
        raise DataError(f"{path}: no such file; expected {EXPECTED_FILE}")
    if path.stat().st_size > MAX_BYTES:
        actual = f"{path.stat().st_size / 1e6:.0f} MB"
        raise DataError(f"{path}: {actual}; expected at most {MAX_BYTES / 1e6:.0f} MB; export less")
    head = head_of(path, EXPECTED_FILE)
    _check_metadata(head, drivers)
    sofa = head.read()
    with head.fits_convention():
        return _device(head, sofa, drivers)


def _device(head: SofaHead, sofa: Any, drivers: int | None) -> MeasuredDevice:
    path = head.path
    emitters = head.convention in EMITTER_CONVENTIONS
    (measurements,) = head.shape("M")
    frequency_hz, rate = None, 0.0
    delay_s: Real = np.zeros((1, 1))
    if "Data.IR" in head.variables:
        data = _points_drivers(sofa.Data_IR, emitters)
        rate = float(np.asarray(sofa.Data_SamplingRate).ravel()[0])
        if not 1.0 <= rate <= 1e7:
            raise DataError(f"{path}: got a sampling rate of {rate:g} Hz; expected 1 to 10000000 Hz; correct it")
        delay_s = _delays(sofa, emitters, measurements) / rate
    else:
        data = _points_drivers(sofa.Data_Real + 1j * sofa.Data_Imag, emitters)
        frequency_hz = np.atleast_1d(np.asarray(sofa.N, dtype=float))
        rising(path, frequency_hz)
        if frequency_hz.size != data.shape[2]:
            actual = f"{frequency_hz.size} frequencies for spectra of {data.shape[2]}"
            raise DataError(f"{path}: got {actual}; expected one each")
    points_m = _receivers(path, sofa, measurements if emitters else 1)
    if not np.isfinite(delay_s).all():
        actual = "a place or a delay that is not finite"
        raise DataError(f"{path}: got {actual}; expected numbers; export it again")
    if drivers is not None and data.shape[1] != drivers:
        actual = f"{data.shape[1]} drivers (emitters, or measurements)"
        raise DataError(f"{path}: got {actual}; expected as many as the problem's, {drivers}")
    if len(points_m) != len(data):
        actual = f"{len(points_m)} ReceiverPosition rows for {len(data)} receivers"
        raise DataError(f"{path}: got {actual}; expected one each")
    if not np.isfinite(data).all():
        r, l = np.argwhere(~np.isfinite(data).all(axis=2))[0]
        actual = f"NaN or infinity at receiver {r}, driver {l}"
        raise DataError(f"{path}: got {actual}; expected finite values; measure it again")
    if frequency_hz is not None:
        remedy = "complex spectra; export them with their phase"
        refuse_no_phase(str(path), data, ", so the phase was not exported", remedy)
    silent = np.flatnonzero(~np.abs(data).any(axis=(0, 2)))
    if silent.size:
        actual = f"driver {silent[0]} is silent at every receiver"
        raise DataError(f"{path}: {actual}; expected drivers that sound; measure it again")
    places = cartesian(sofa, "EmitterPosition", str(path))
    emitters_m = places if emitters and len(places) == data.shape[1] else None
    return MeasuredDevice(
        str(path), points_m, data, frequency_hz, rate, np.broadcast_to(delay_s, data.shape[:2]), emitters_m
    )


def _check_metadata(head: SofaHead, drivers: int | None) -> None:
    """Refuse another convention, a room, a source that moves, and what would fill the memory."""
    actual = ""
    sizes, room = head.shape(), head.texts.get("RoomType", "free field")
    size = 8 * math.prod(sizes)
    if head.convention not in DEVICE_CONVENTIONS:
        actual, expected = f"the SOFA convention {head.convention}", EXPECTED_FILE
    elif head.convention in ROOM_CONVENTIONS and room.lower() != "free field":
        actual = f"{head.convention} of a room (RoomType {room}), whose reflections would be taken for the device's own"
        expected = "a device in free field; measure it there, or gate the responses and write GeneralFIR-E"
    elif size > MAX_BYTES:
        actual = f"{size / 1e6:,.0f} MB of data ({' x '.join(map(str, sizes))})"
        expected = f"at most {MAX_BYTES / 1e6:.0f} MB; export less"
    if actual:
        raise DataError(f"{head.path}: got {actual}; expected {expected}")
    count = sizes[0]
    moving = [] if count == 1 else list(head.moving())
    if head.convention in EMITTER_CONVENTIONS:
        unexpected = [name for name in moving if name not in MOVING_VARIABLES]
        problem = "the device, or its emitters, move (a turntable)"
        if count > 1 and not moving:
            raise DataError(
                f"{head.path}: got {count} measurements between which nothing moves; expected one, or one for each place of "
                "the listener (ListenerPosition, ListenerView or ReceiverPosition); keep one of them, or their mean"
            )
    else:  # drivers one after the other, each a source of its own
        unexpected = [name for name in moving if name != "SourcePosition" or drivers != count]
        problem = f"something moves: a turntable or a head that turns, not {count} drivers"
    if unexpected:
        raise DataError(
            f"{head.path}: got {count} measurements between which {problem} ({', '.join(unexpected)} changes); expected the device at"
            " rest, a driver a measurement or an emitter; write each driver's responses over direction as"
            " FreeFieldDirectivityTF, or all places of the listener as receivers"
        )


def _receivers(path: Path, sofa: Any, measurements: int) -> Real:
    """Places (R, 3) of the points; with several measurements (M R, 3), the listener's place and view taken into each."""
    if measurements == 1:
        return cartesian(sofa, "ReceiverPosition", str(path))

    def rows(key: str, default: list[float]) -> Real:
        value = cartesian(sofa, key, str(path)) if hasattr(sofa, key) else default
        return np.array(np.broadcast_to(value, (measurements, 3)))

    axes = axes_of(rows("ListenerView", [1.0, 0.0, 0.0]), rows("ListenerUp", [0.0, 0.0, 1.0]))
    if axes is None:
        expected = "two directions; write where its up is"
        raise DataError(f"{path}: got ListenerView along ListenerUp; expected {expected}")
    place, stored, points = rows("ListenerPosition", [0.0, 0.0, 0.0]), sofa.ReceiverPosition, []
    for m in range(measurements):
        positions = stored[:, :, m] if stored.ndim == 3 and stored.shape[2] == measurements else stored
        measurement = SimpleNamespace(**{**vars(sofa), "ReceiverPosition": positions})
        points.append(cartesian(measurement, "ReceiverPosition", str(path)) @ axes[m] + place[m])
    return np.concatenate(points)


def _delays(sofa: Any, emitters: bool, measurements: int) -> Real:
    """Data.Delay in samples, to broadcast to (points, drivers)."""
    delay = np.asarray(getattr(sofa, "Data_Delay", 0.0), dtype=float)
    if delay.size == 1:
        return delay.reshape(1, 1)
    if not emitters:
        return np.asarray(delay.T)  # (M, R), a driver a measurement
    delay = delay if delay.ndim == 3 else delay[:, :, None]
    return np.array(np.broadcast_to(delay, (measurements, *delay.shape[1:]))).reshape(-1, delay.shape[2])


def _points_drivers(data: NDArray[Any], emitters: bool) -> NDArray[Any]:
    """Data as (points, L, K): SOFA's (M, R, N) with one measurement a driver, or (M, R, N, E) with M R points."""
    if emitters:
        data = data if data.ndim == 4 else data[..., None]
        return np.asarray(data.transpose(0, 1, 3, 2).reshape(-1, data.shape[3], data.shape[2]))
    return np.asarray(data.reshape(data.shape[:3]).transpose(1, 0, 2))
