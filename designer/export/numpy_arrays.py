"""`npz`: the filters as numpy arrays, bit for bit."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from designer.export.filter_set import FilterSet
from designer.export.memory import memory
from designer.export.provenance import provenance
from designer.export.target import Export, Target

SCALING = "none: values as designed, double precision"


def write_npz(filters: FilterSet) -> Export:
    """`filters.npz`: N filters, in the order of channels, then drivers; S sections in all.

    channel, driver (N,); taps (N, T), zeros behind the taps_length (N,) of each; pure_delay_samples (N,), -1 where a
    filter is none; channels, drivers, channel_delay_samples (channels,); sample_rate_hz, bulk_delay_samples; provenance
    (lines,). With sections also section_filter (S,), the filter that each belongs to; b (S, 3); a (S, 2), a1 and a2; gain (S,);
    section_delay_samples (N,).

    """
    cascades = [(n, one.cascade) for n, one in enumerate(filters.filters) if one.cascade is not None]
    arrays: dict[str, Any] = {
        "provenance": np.array(provenance(filters, "npz", SCALING)),
        "sample_rate_hz": np.float64(filters.sample_rate_hz),
        "bulk_delay_samples": np.int64(filters.bulk_delay_samples),
        "channels": np.array(filters.channels),
        "drivers": np.array(filters.drivers),
        "channel_delay_samples": np.array([filters.delays.get(name, 0) for name in filters.channels], dtype=np.int64),
        "channel": np.array([one.channel for one in filters.filters]),
        "driver": np.array([one.driver for one in filters.filters]),
        "taps": np.stack([np.pad(one.taps, (0, filters.taps - one.taps.size)) for one in filters.filters]),
        "taps_length": np.array([one.taps.size for one in filters.filters], dtype=np.int64),
        "pure_delay_samples": np.array(
            [-1 if one.delay_samples is None else one.delay_samples for one in filters.filters], dtype=np.int64
        ),
    }
    if cascades:
        delays = np.zeros(len(filters.filters), dtype=np.int64)
        delays[[n for n, _ in cascades]] = [cascade.delay_samples for _, cascade in cascades]
        arrays |= {
            "section_filter": np.concatenate([np.full(len(cascade.b), n) for n, cascade in cascades]),
            "b": np.concatenate([cascade.b for _, cascade in cascades]),
            "a": np.concatenate([cascade.a for _, cascade in cascades]),
            "gain": np.concatenate([cascade.gains for _, cascade in cascades]),
            "section_delay_samples": delays,
        }
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)  # numpy dates every member 1 January 1980
    used = memory(filters)
    return Export(
        {"filters.npz": stream.getvalue()}, 8 * used.coefficients, 8 * used.state, used.multiply_adds, SCALING
    )


NPZ = Target("npz", "everything as numpy arrays, bit for bit", write_npz)
