"""The frequencies on which designs of any sample rate and grid are laid side by side: equal parts of an octave about 1 kHz."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.arrays import Real
from designer.comparison.entry import Entry

LEAST_POINTS, MOST_POINTS = 1, 96


def common_frequencies_hz(entries: Sequence[Entry], points_per_octave: int) -> Real:
    """1000 · 2^(n / points) for whole n, from what any entry's figures show at the lowest to the highest."""
    shown = [entry.result.drawn_scene.frequency_hz for entry in entries]
    low, high = min(f[0] for f in shown), max(f[-1] for f in shown)
    # The slack keeps an end that is on the grid but for rounding.
    first = np.ceil(points_per_octave * np.log2(low / 1000) - 1e-9)
    last = np.floor(points_per_octave * np.log2(high / 1000) + 1e-9)
    return np.asarray(1000.0 * 2.0 ** (np.arange(first, last + 1) / points_per_octave))


def known_to(entry: Entry, frequency_hz: Real) -> Real:
    """Those of the frequencies that an entry's sample rate holds."""
    nyquist_hz = entry.result.problem.sample_rate_hz / 2
    return frequency_hz[frequency_hz <= nyquist_hz * (1 + 1e-9)]
