"""Numbers of each driver's feed against the design's: level, time, noise, DC, limit cycles and the worst sample.

The common gain and delay, a recorder's, are taken out first. The error is what came out less the exact feed.

================  =====================================================================================  =========================
level, time       gain and delay at which the design's own filters fit what the sweeps show              LEVEL_DB, DELAY samples
signal to noise   power of the exact feed over that of the error less its mean, in the loud noise         MIN_SIGNAL_TO_NOISE_DB
DC                mean of the silence behind everything, less that ahead of everything                    MAX_DC_DB
limit cycle       largest line of the spectrum of that silence, as the amplitude of a tone                 MAX_LIMIT_CYCLE_DB
worst sample      largest error anywhere                                                                  none of its own
================  =====================================================================================  =========================

Of a recording errors are looked at in the band of the sweeps, because a recorder cuts what is above. What it adds by itself shows
in the silence, and lowers the bound on signal to noise to NOISE_ROOM_DB below the exact feed over that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.arrays import Real
from designer.export.filter_set import FilterSet
from designer.export.judged import MAX_DC_DB, MAX_LIMIT_CYCLE_DB, MIN_SIGNAL_TO_NOISE_DB
from designer.proof.diagnosis import NOISE_ROOM_DB, Diagnosis
from designer.proof.reference import exact_feeds
from designer.proof.responses import FLOOR_DB, Deconvolution, decibels
from designer.proof.saturation import delayed
from designer.proof.stimulus import LEAD, Stimulus

FINER = 4
"""Points of a spectrum for each of its lines: between two of them a tone loses less than 0.1 dB."""


@dataclass(frozen=True)
class DriverNumbers:
    """One driver; `floor_db` is the least signal-to-noise ratio that is allowed."""

    driver: str
    level_error_db: float
    time_error_us: float
    signal_to_noise_db: float
    floor_db: float
    dc_db: float
    limit_cycle_db: float
    silence_peak_db: float
    worst_sample_db: float
    worst_sample_s: float

    @property
    def failures(self) -> tuple[str, ...]:
        """Each floor that is not held, in words."""
        words = silence_failures(self.driver, self.dc_db, self.limit_cycle_db)
        if self.signal_to_noise_db < self.floor_db:
            ratio = f"{self.signal_to_noise_db:z.1f} dB (at least {self.floor_db:.1f})"
            words = (f"{self.driver} has a signal-to-noise ratio of {ratio}", *words)
        return words


def silence_failures(driver: str, dc_db: float, limit_cycle_db: float) -> tuple[str, ...]:
    """Sentence on each floor in silence that a driver's feed does not hold, in dB of full scale."""
    bounds = ((dc_db, MAX_DC_DB, "DC"), (limit_cycle_db, MAX_LIMIT_CYCLE_DB, "a limit cycle"))
    return tuple(
        f"{driver} has {quantity} of {value:z.1f} dB of full scale in silence (at most {most:g})"
        for value, most, quantity in bounds
        if value > most
    )


@dataclass(frozen=True)
class Errors:
    """Feeds (N, drivers) without the common gain and delay, the exact ones, and their difference."""

    feeds: Real
    exact: Real
    errors: Real


def errors_of(
    feeds: Real, filters: FilterSet, deconvolution: Deconvolution, diagnosis: Diagnosis, *, is_recorded: bool
) -> Errors:
    """The errors of feeds (N, drivers); of a recording in the band of the sweeps."""
    exact = exact_feeds(filters, deconvolution.stimulus.samples)
    if not is_recorded:
        return Errors(feeds, exact, feeds - exact)
    aligned = np.array([delayed(feed, -diagnosis.delay) for feed in feeds.T]).T / diagnosis.gain
    return Errors(aligned, exact, np.array([_in_band(error, deconvolution) for error in (aligned - exact).T]).T)


def _in_band(signal: Real, deconvolution: Deconvolution) -> Real:
    spectrum = np.fft.rfft(signal)
    return np.fft.irfft(spectrum * deconvolution.shown(np.linspace(0, np.pi, spectrum.size)), signal.size)


def numbers_of(
    errors: Errors, filters: FilterSet, stimulus: Stimulus, diagnosis: Diagnosis
) -> tuple[DriverNumbers, ...]:
    """The numbers of every driver."""
    rate, rows = filters.sample_rate_hz, []
    loud = stimulus.loud
    for index, driver in enumerate(filters.drivers):
        exact, error, fit = errors.exact[:, index], errors.errors[:, index], diagnosis.designed_fits[index]
        silence = errors.feeds[stimulus.silence, index]
        offset = float(silence.mean() - errors.feeds[: LEAD // 2, index].mean())
        worst = int(np.argmax(np.abs(error)))
        power = float(np.mean(exact[loud] ** 2))
        ratio_db = decibels(power) - decibels(float(np.var(error[loud]))) if power else -FLOOR_DB
        quiet_db = decibels(power) - decibels(float(np.var(error[stimulus.silence]))) - NOISE_ROOM_DB
        level_db = 20 * np.log10(max(abs(fit.gain), 1e-300) / diagnosis.gain) if exact.any() and fit.gain else 0.0
        rows.append(
            DriverNumbers(
                driver=driver,
                level_error_db=float(level_db),
                time_error_us=(fit.delay - diagnosis.delay) / rate * 1e6 if exact.any() and fit.gain else 0.0,
                signal_to_noise_db=ratio_db,
                floor_db=min(MIN_SIGNAL_TO_NOISE_DB, quiet_db),
                dc_db=decibels(offset**2),
                limit_cycle_db=_line_db(silence),
                silence_peak_db=decibels(float(np.abs(silence - silence.mean()).max() ** 2)),
                worst_sample_db=decibels(float(error[worst] ** 2)),
                worst_sample_s=worst / rate,
            )
        )
    return tuple(rows)


def _line_db(silence: Real) -> float:
    """The amplitude of the largest line of a silence's spectrum, its mean left out."""
    window = np.hanning(silence.size)
    spectrum = np.abs(np.fft.rfft(window * (silence - silence.mean()), FINER * silence.size))
    return decibels(float((2 * spectrum.max() / window.sum()) ** 2))
