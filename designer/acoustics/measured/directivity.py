"""A measured driver: complex pressure over frequency and direction, on the scene's reference.

**Reference.** `pressure` is the limit of r e^{jkr} p for a driver at the origin of its own frame (x where it faces, y its
left, z up), relative to an ideal source's on-axis free-field pressure at 1 m: what a model's far field is for a
driver at the origin. Placed at x_d and turned to face its direction, the driver radiates
e^{+jk x_d·n} times this (far field), or e^{-jkr}/r times this at the distance r from it.

**Level and time** are relative where a file's are. One driver alone is brought to 0 dB (the median of its on-axis level
where that is within 10 dB of its maximum); several drivers of a problem get one common gain instead, by
`driver_sets.common_reference`, so that what one driver is louder than another is kept. `summary.gain_db` is what
was added. Time starts at the acoustic centre: one delay is taken off the whole set, never one per angle; drivers whose
files share a time reference get one common delay instead, and keep what one arrives later than another.

**Interpolation.** Over frequency in dB and in unwrapped phase; over the sphere by `interpolation`, after the delay
of the fitted acoustic centre and the set's own are taken off (they are put back for what is asked for).

**Below the lowest measured frequency f_0** a model is joined: H(f, n) = M(f, n) R_0 (R(n)/R_0)^w with R = H/M at f_0, R_0
its value on axis, and w falling from 1 at f_0 to 0 an octave below: level and phase are continued, and the shape fades
to the model's. Without a model M = 1, and the driver goes over to omnidirectional.
**Above the highest** the band is refused, or its last value held where the caller says that nothing is designed there.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np

from designer.acoustics.measured.interpolation import Planes, Sphere, interpolation
from designer.arrays import Complex, Real
from designer.errors import DataError

OWN_TIME, LEVEL_IS_RELATIVE = "its own", "level is relative"
"""Begin of the words that say what was taken off the time, and off the level."""
PRESSURE_FLOOR = 1e-6  # of the strongest pressure: what a zero counts as in dB

Model = Callable[[Real, Real], Complex]
"""Frequencies (F,) and directions (M, 3) in the driver's frame to pressure (F, M) on the same reference."""


@dataclass(frozen=True)
class DirectivitySummary:
    """Facts of a measured driver for the report."""

    driver: str
    kind: str  # the format that it was read from
    files: tuple[str, ...]
    coverage: str  # axis, horizontal plane, vertical plane, two planes, or sphere
    directions: int
    lowest_hz: float
    highest_hz: float
    level_1_khz_db: float | None  # on axis, after `gain_db`; None where 1 kHz was not measured
    gain_db: float  # what was added to the file's level; 0 where the file's level is absolute
    delay_removed_s: float
    """Common to all directions, beyond the time of flight over the distance where that was stated."""
    distance_m: float | None
    polarity: int  # of the on-axis response against its minimum phase: +1, -1, or 0 where it is neither
    acoustic_centre_m: tuple[float, float, float]
    """Where the sound comes from, in the driver's frame, as the phases over direction tell."""
    symmetry_error_db: float | None
    """Root mean square of left over right (up over down) up to 5 kHz; None where one side was measured."""
    noise_floor_db: float  # roughness over frequency relative to the response: an upper limit of the noise
    time_reference: str = ""  # whose time the set has: its own, or one that it shares with other drivers
    modelled: bool = False  # a model's: what is rough in it is no noise, and its centre needs no fit


@dataclass(frozen=True)
class MeasuredDirectivity:
    """One driver's measured response; see the module's text for what `pressure` is.

    acoustic_centre_s : (3,) the acoustic centre over the speed of sound
    level, time : whether the file's own are absolute, or mean something only within one kind of file
    time_reference : what the files say of when their time starts: "loopback", "acoustic", "none", or "" for nothing
    """

    frequency_hz: Real  # (K,) rising
    directions: Real  # unit vectors (N, 3) in the driver's own frame
    pressure: Complex  # (K, N)
    summary: DirectivitySummary
    acoustic_centre_s: Real = field(default_factory=lambda: np.zeros(3))
    level: Literal["absolute", "relative"] = "relative"
    time: Literal["absolute", "relative"] = "relative"
    time_reference: str = ""
    delay_s: float = 0.0  # how much later than at the acoustic centre `pressure` starts
    magnitude_only: bool = False  # the files hold no phase
    notes: tuple[str, ...] = ()  # what was assumed: symmetry, minimum phase, gate, distance
    warnings: tuple[str, ...] = ()  # what is suspicious and was used all the same

    @property
    def axis(self) -> int:
        """Index of the direction nearest to the axis."""
        return int(np.argmax(self.directions[:, 0]))

    @cached_property
    def _interpolation(self) -> Planes | Sphere:
        return interpolation(self.directions)

    @cached_property
    def _polar(self) -> tuple[Real, Real]:
        """Log magnitude and unwrapped phase (K, N), the set's delay and the acoustic centre's taken off."""
        early = np.exp(2j * np.pi * self.frequency_hz * self.delay_s)[:, None]
        pressure = self.pressure * early * self._centre(self.frequency_hz, self.directions).conj()
        magnitude = np.abs(pressure)
        return np.log(np.maximum(magnitude, PRESSURE_FLOOR * magnitude.max())), np.unwrap(np.angle(pressure), axis=0)

    def _centre(self, frequency_hz: Real, directions: Real) -> Complex:
        """e^{jk x·n} (F, M) of the acoustic centre."""
        return np.asarray(np.exp(2j * np.pi * np.outer(frequency_hz, directions @ self.acoustic_centre_s)))

    def on_axis(self) -> Complex:
        """Pressure on axis at the measured frequencies (K,)."""
        return np.asarray(self.pressure[:, self.axis])

    def check_band(self, band_hz: tuple[float, float], *, location: str) -> None:
        """Refuse a band that reaches above the highest measured frequency."""
        highest_hz = float(self.frequency_hz[-1])
        if band_hz[1] > highest_hz * (1 + 1e-9):
            raise DataError(
                f"{self.summary.files[0]}: driver {self.summary.driver} was measured from "
                f"{self.frequency_hz[0]:.6g} to {highest_hz:.6g} Hz, and {location} asks for {band_hz[0]:.6g} to "
                f"{band_hz[1]:.6g} Hz; expected up to {highest_hz:.6g} Hz; end the band there, or measure higher"
            )

    def transfer(
        self,
        frequency_hz: Real,
        directions: Real,
        *,
        below: Model | None = None,
        above: Literal["refuse", "hold"] = "refuse",
    ) -> Complex:
        """Pressure (F, M) at frequencies (F,) and unit vectors (M, 3) in the driver's frame.

        Parameters
        ----------
        below : Model or None, the model to join below the lowest measured frequency; omnidirectional by default
        above : {"refuse", "hold"}, what to do above the highest: refuse, or hold its level and phase

        Raises
        ------
        DataError : a frequency above the highest measured one, with above = "refuse"
        """
        frequency_hz = np.asarray(frequency_hz, dtype=float)
        if above == "refuse" and frequency_hz.size:
            self.check_band((float(frequency_hz.min()), float(frequency_hz.max())), location="the frequency grid")
        lowest_hz, highest_hz = self.frequency_hz[[0, -1]]
        pressure = self._within(np.clip(frequency_hz, lowest_hz, highest_hz), directions)
        low = frequency_hz < lowest_hz
        if low.any():
            pressure[low] = self._joined(frequency_hz[low], directions, below)
        return (
            np.asarray(pressure * np.exp(-2j * np.pi * frequency_hz * self.delay_s)[:, None])
            if self.delay_s
            else pressure
        )

    def _within(self, frequency_hz: Real, directions: Real) -> Complex:
        """Pressure (F, M) within the measured band, without the set's delay."""
        log_magnitude, phase = self._polar
        if self.frequency_hz.size > 1:
            above = np.clip(np.searchsorted(self.frequency_hz, frequency_hz), 1, self.frequency_hz.size - 1)
            start = self.frequency_hz[above - 1]
            share = ((frequency_hz - start) / (self.frequency_hz[above] - start))[:, None]
            log_magnitude = (1 - share) * log_magnitude[above - 1] + share * log_magnitude[above]
            phase = (1 - share) * phase[above - 1] + share * phase[above]
        else:
            log_magnitude, phase = (v.repeat(frequency_hz.size, axis=0) for v in (log_magnitude, phase))
        on_axis = phase[:, self.axis, None]
        level, turned = self._interpolation.at(log_magnitude, phase - on_axis, directions)
        return np.asarray(np.exp(level + 1j * (turned + on_axis)) * self._centre(frequency_hz, directions))

    def _joined(self, frequency_hz: Real, directions: Real, below: Model | None) -> Complex:
        """Pressure (F, M) below the band: the model's, which takes on the measured shape within an octave.

        Where the model is silent, as behind a baffle, what was measured fades to nothing over that octave.
        """
        lowest_hz = self.frequency_hz[:1]
        rays = np.concatenate([self.directions[self.axis, None], directions])
        model, at_lowest = (
            np.ones((f.size, len(rays)), complex) if below is None else below(f, rays).copy()
            for f in (frequency_hz, lowest_hz)
        )
        octaves = np.log2(np.maximum(frequency_hz / lowest_hz, 0.5)) + 1  # 0 an octave below, 1 at the join
        share = (octaves**2 * (3 - 2 * octaves))[:, None]
        silent = at_lowest[0] == 0
        if silent.any():
            model[:, silent] = share * (model[:, :1] if not silent[0] else 1.0)
            at_lowest[:, silent] = at_lowest[:, :1] if not silent[0] else 1.0
        ratio = self._within(lowest_hz, rays) / at_lowest
        shape = ratio[:, 1:] / ratio[:, :1]
        joined = model[:, 1:] * ratio[:, :1] * np.abs(shape) ** share * np.exp(1j * share * np.angle(shape))
        joined[frequency_hz == 0] = joined[frequency_hz == 0].real  # a real response at 0 Hz
        return np.asarray(joined)

    def with_gain_db(self, gain_db: float) -> MeasuredDirectivity:
        """Driver with this gain over the file's level instead of its own."""
        change_db = gain_db - self.summary.gain_db
        level_db = self.summary.level_1_khz_db
        return replace(
            self,
            pressure=self.pressure * 10 ** (change_db / 20),
            summary=replace(
                self.summary, gain_db=gain_db, level_1_khz_db=None if level_db is None else level_db + change_db
            ),
        )

    def with_delay_removed_s(self, delay_s: float) -> MeasuredDirectivity:
        """Driver with this common delay taken off the file instead of its own."""
        advance = np.exp(2j * np.pi * self.frequency_hz * (delay_s - self.summary.delay_removed_s))
        return replace(
            self,
            pressure=self.pressure * advance[:, None],
            summary=replace(self.summary, delay_removed_s=delay_s),
            delay_s=self.delay_s + self.summary.delay_removed_s - delay_s,
        )
