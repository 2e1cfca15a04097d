"""The frequencies that a problem is designed on: regular ones from 0 to Nyquist, and the places that it names itself.

Regular are equal steps, or, with `spacing = "logarithmic"`, 0 and equal ratios from LOWEST_HZ (an octave below the lowest
band, where that is less) to Nyquist. A requirement holds over its whole band, ends included, so the ends of every band (of a
design, of a mask line within it) join them: without that the last piece of a band lies outside every design frequency.
With `refine = true` a curve's points, where it bends, join too, and `designer.acoustics.scene_of_problem` halves the steps over which
the drivers' phases turn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from designer.arrays import Real
from designer.problem.schema import DesignTable, Problem

LOWEST_HZ = 20.0
MAX_REFINEMENT = 2
"""Refinement adds at most as many frequencies as are regular."""
JUDGED_STEPS = 512
"""Steps up to Nyquist of the frequencies between which filters are not judged: those of the default grid and its half steps."""
MAX_SAME_SHARE = 1e-9
"""Frequencies that differ by less than this share of Nyquist are one."""


def regular_frequencies_hz(problem: Problem) -> Real:
    """The grid's own frequencies (F,), 0 and Nyquist among them, without what joins them."""
    nyquist_hz, count = problem.sample_rate_hz / 2, problem.grid.frequencies
    if problem.grid.spacing == "linear":
        return np.linspace(0.0, nyquist_hz, count)
    starts_hz = [table.band_hz[0] for table in problem.designs if table.band_hz[0] > 0]
    lowest_hz = min([LOWEST_HZ, *(start / 2 for start in starts_hz)])
    return np.concatenate([[0.0], np.geomspace(lowest_hz, nyquist_hz, count - 1)])


def joined_frequencies_hz(problem: Problem) -> Real:
    """The regular frequencies and the ends of all bands (F,); with `refine`, the curves' points too."""
    nyquist_hz = problem.sample_rate_hz / 2
    joined_hz = np.array([f for table in problem.designs for f in _named_hz(problem, table)])
    joined_hz = np.unique(joined_hz[(joined_hz >= 0) & (joined_hz <= nyquist_hz)])
    joined_hz = joined_hz[np.diff(joined_hz, prepend=-np.inf) > MAX_SAME_SHARE * nyquist_hz]
    regular = regular_frequencies_hz(problem)
    nearest = np.abs(regular[:, None] - joined_hz).min(axis=1, initial=np.inf)
    return np.unique(np.concatenate([regular[nearest > MAX_SAME_SHARE * nyquist_hz], joined_hz]))


def _named_hz(problem: Problem, table: DesignTable) -> Iterator[float]:
    points_hz = curve_points_hz(table) if problem.grid.refine else []
    yield from table.band_hz
    for f in (*(end for line in table.mask or [] for end in line.band_hz or ()), *points_hz):
        if table.band_hz[0] < f < table.band_hz[1]:
            yield f


def curve_points_hz(table: DesignTable, curve: Sequence[Sequence[float]] | None = None) -> list[float]:
    """Frequencies within the band at which a curve bends, by default the design's cancellation gain."""
    low_hz, high_hz = table.band_hz
    points = (table.cancellation_gain_db or []) if curve is None else curve
    return [point[0] for point in points if low_hz < point[0] < high_hz]


def with_half_steps(frequency_hz: Real) -> Real:
    """Frequencies (F,) and those half way between them (2F - 1,); the given ones are every second."""
    fine = np.empty(2 * frequency_hz.size - 1)
    fine[::2] = frequency_hz
    fine[1::2] = (frequency_hz[1:] + frequency_hz[:-1]) / 2
    return fine


def judged_frequencies_hz(frequency_hz: Real, taps: int, tables: Iterable[DesignTable]) -> Real:
    """Frequencies (F,) of the whole range, with further ones in the bands, where T taps can dip between two, and the curves' points.

    Steps in a band are at most f_s / (2 T), but not below half a step of 257 equal ones: between wider steps, such as the upper ones of
    a logarithmic grid, filters may meet a curve at both ends and miss it between. A curve is hardest to meet where it bends.
    """
    tables = list(tables)
    nyquist_hz = float(frequency_hz[-1])
    step_hz = nyquist_hz * max(1 / taps, 1 / JUDGED_STEPS) * (1 + MAX_SAME_SHARE)
    parts = np.maximum(np.ceil(np.diff(frequency_hz) / step_hz), 1).astype(int)
    low_hz, high_hz = frequency_hz[:-1], frequency_hz[1:]
    in_a_band = np.any([(high_hz > table.band_hz[0]) & (low_hz < table.band_hz[1]) for table in tables], axis=0)
    parts = np.where(in_a_band, parts, 1)
    between = [np.linspace(low, high, n, endpoint=False) for low, high, n in zip(low_hz, high_hz, parts, strict=True)]
    judged_hz = np.concatenate([*between, frequency_hz[-1:]])
    bends_hz = np.unique([f for table in tables for f in curve_points_hz(table)])
    nearest_hz = np.abs(bends_hz[:, None] - judged_hz).min(axis=1, initial=np.inf)
    return np.sort(np.concatenate([judged_hz, bends_hz[nearest_hz > MAX_SAME_SHARE * nyquist_hz]]))


def shown_band_hz(problem: Problem) -> tuple[float, float]:
    """Range of frequency axes: from 50 Hz to 20 kHz or Nyquist, and as far below and above as the bands go."""
    lows_hz, highs_hz = zip(*(table.band_hz for table in problem.designs), strict=True)
    low_hz = min(50.0, max(min(lows_hz) / 2, min(10.0, min(highs_hz) / 10)))
    return low_hz, min(max(20_000.0, *highs_hz), problem.sample_rate_hz / 2)
