"""Whether a head's spectra follow e^{+jωt}, or are conjugated, as boundary-element programs that count e^{-jωt} leave them.

Conjugation reverses time, and with it both what comes first and which ear hears first. Two facts tell it, neither of which needs the
directions or which channel is which ear:

**Level.** The ear that hears first is the nearer one, and above 1.5 kHz the head shades the other: interaural time and level have the same
sign. Their correlation over the measurements is near +1 as it should be, and near -1 conjugated.
**Causality.** What an ear sends on (the pinna, the torso, the way around the head) comes after the first sound, not before it.

The level decides where there is an interaural time at all and causality does not contradict; else causality.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.acoustics.interaural_time import FREQUENCY_HZ, interaural_time_s, spectra
from designer.arrays import Real

SHADED_HZ = (1500.0, 8000.0)
AROUND_S = 1.5e-3
LIKE = 0.5
"""Correlation of time and level that decides."""
LEAST_TIME_S = 5e-5
UNEVEN = 0.1
"""Share of energy beyond a half on one side of the peak that decides."""
AT_MOST = 400
"""Measurements that are looked at."""


@dataclass(frozen=True)
class TimeSign:
    """What tells the sign: correlation of time and level (NaN where there is no interaural time), and energy's share before the peak."""

    likeness: float
    before: float

    @property
    def is_reversed(self) -> bool:
        """Whether the responses run backwards."""
        if abs(self.likeness) >= LIKE:  # a NaN is not
            return self.likeness < 0 and self.before > 0.5 - UNEVEN
        return self.before > 0.5 + UNEVEN

    @property
    def is_doubtful(self) -> bool:
        """Whether level says that the responses run backwards, and causality that they do not."""
        return self.likeness <= -LIKE and not self.is_reversed

    def __str__(self) -> str:
        level = (
            ""
            if np.isnan(self.likeness)
            else f"the ear that hears first is the quieter one (likeness {self.likeness:+.2f}), and "
        )
        return f"{level}{100 * self.before:.0f} % of the energy beside the peak comes before it"


def time_sign(responses: Real, sample_rate_hz: float) -> TimeSign:
    """What impulse responses (N, 2, T) at two ears show."""
    some = responses[np.unique(np.linspace(0, len(responses) - 1, AT_MOST).astype(int))]
    taps = some.shape[2]
    time_s = interaural_time_s(spectra(np.asarray(some, dtype=np.float32), FREQUENCY_HZ, sample_rate_hz))
    f = np.fft.rfftfreq(taps, 1 / sample_rate_hz)
    shaded = (f >= SHADED_HZ[0]) & (f <= SHADED_HZ[1])
    power = np.sum(np.abs(np.fft.rfft(some, axis=2)[..., shaded]) ** 2, axis=2) + 1e-300
    level = np.log(power[:, 0] / power[:, 1])
    spread = float(np.sqrt(np.sum(time_s**2) * np.sum(level**2)))
    timed = np.sqrt(np.mean(time_s**2)) > LEAST_TIME_S and spread > 0
    likeness = float(time_s @ level) / spread if timed else float("nan")
    around = min(max(2, round(AROUND_S * sample_rate_hz)), taps // 2 - 1)
    flat = some.reshape(-1, taps)
    peaks = np.abs(flat).argmax(axis=1)
    beside = np.arange(1, around + 1)
    rows = np.arange(len(flat))[:, None]
    before, after = (np.sum(flat[rows, (peaks[:, None] + side * beside) % taps] ** 2) for side in (-1, 1))
    return TimeSign(likeness, float(before / max(before + after, 1e-300)))
