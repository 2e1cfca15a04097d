"""Feeds that a design's own filters give in double precision, without any rounding: what everything that came out is set beside."""

from __future__ import annotations

import numpy as np

from designer.arrays import Real
from designer.export.filter_set import Filter, FilterSet
from designer.realization.convolution import fft_convolved


def exact_feeds(filters: FilterSet, signals: Real) -> Real:
    """Feeds (N, drivers) of signals (N, channels), from rest."""
    feeds = np.zeros((len(signals), len(filters.drivers)))
    for filter_ in filters.filters:
        wait, x = filters.delays.get(filter_.channel, 0), signals[:, filters.channels.index(filter_.channel)]
        feeds[wait:, filters.drivers.index(filter_.driver)] += exact_output(filter_, x)[: len(x) - wait]
    return feeds


def exact_output(filter_: Filter, x: Real) -> Real:
    """Output (N,) of a filter for a signal (N,); its channel's delay is left out."""
    if filter_.cascade is None:
        return fft_convolved(x, filter_.taps)[: x.size]
    from scipy.signal import sosfilt  # slow to import

    late = np.zeros(filter_.cascade.delay_samples)
    return np.concatenate([late, sosfilt(filter_.cascade.sos, x)])[: x.size]


def response_length(filters: FilterSet) -> int:
    """Samples of the longest response, its channel's delay included."""
    return max(filters.delays.get(filter_.channel, 0) + filter_.whole_response.size for filter_ in filters.filters)
