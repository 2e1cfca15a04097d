"""A band, and a curve of cancellation gain for it, below what weights reach: what a new problem file asks for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from designer.arrays import Real

MARGIN_DB = 2.0
MIN_GAIN_DB = 4.0
"""The least that is worth asking for; the band ends where less is left."""
KNOTS = 9


@dataclass(frozen=True)
class Requirement:
    """One design's band and curve; an empty curve asks for nothing."""

    band_hz: tuple[float, float]
    curve: tuple[tuple[float, float], ...]

    def lowered(self, decibel: float) -> Requirement:
        """Curve lowered everywhere."""
        return replace(self, curve=tuple((f, max(gain - decibel, 0.0)) for f, gain in self.curve))

    def narrowed(self) -> Requirement:
        """Curve from an eighth of an octave further up: the taps are too few for where it began."""
        low = _nice_up(self.band_hz[0] * 2**0.125 * (1 - 1e-9))
        first = math.floor(2 * float(np.interp(np.log(low), *np.array([(np.log(f), g) for f, g in self.curve]).T))) / 2
        return Requirement((low, self.band_hz[1]), ((low, first), *(point for point in self.curve if point[0] > low)))


def requirement_below(frequency_hz: Real, bound_db: Real, cap_db: float) -> Requirement | None:
    """The widest band in which the bound leaves at least MIN_GAIN_DB, and a curve below it; None where there is none of an octave.

    A knot is at most the least bound between its two neighbours, so that the straight lines between knots stay below
    the bound as well.
    """
    limit_db = np.minimum(bound_db - MARGIN_DB, cap_db)
    sufficient = np.concatenate([[False], limit_db >= MIN_GAIN_DB, [False]])
    starts, stops = (
        np.flatnonzero(sufficient[1:] & ~sufficient[:-1]),
        np.flatnonzero(~sufficient[1:] & sufficient[:-1]) - 1,
    )
    if not starts.size:
        return None
    best = int(np.argmax(frequency_hz[stops] / frequency_hz[starts]))
    f, gain = frequency_hz[starts[best] : stops[best] + 1], limit_db[starts[best] : stops[best] + 1]
    if f[-1] < 2 * f[0]:
        return None
    low, high = _nice_up(float(f[0])), _nice_down(float(f[-1]))
    knots = sorted({low, *(_nice_down(k) for k in np.geomspace(low, high, KNOTS)[1:-1]), high})
    curve = []
    for n, knot in enumerate(knots):
        near = (f >= knots[max(n - 1, 0)] * 0.9) & (f <= knots[min(n + 1, len(knots) - 1)] * 1.1)
        curve.append((knot, math.floor(2 * float(gain[near].min())) / 2))
    return Requirement((low, high), tuple(curve))


def _step(value: float) -> float:
    """Half of the value's decade."""
    return 5 * 10.0 ** (math.floor(math.log10(value)) - 1)


def _nice_up(frequency_hz: float) -> float:
    return math.ceil(frequency_hz / _step(frequency_hz)) * _step(frequency_hz)


def _nice_down(frequency_hz: float) -> float:
    return math.floor(frequency_hz / _step(frequency_hz)) * _step(frequency_hz)
