"""`upmix.json`: what has to feed the filters of a stereo chain with an upmix, which no filter does.

The channels of such a chain are no inputs of a device: an upmix makes them from stereo, frame by frame, with gains that follow
the signal. A firmware that plays the filters needs that stage ahead of them; here is all that it takes to build it.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from designer.export.filter_set import FilterSet
from designer.export.target import Export
from designer.stereo.upmix import AVERAGE_S, OVERLAP, SILENCE, Upmix

NAME = "upmix.json"
EQUATIONS = (
    "w[n] = sin(pi (n + 1/2) / frame), for analysis and, times 1/2, for synthesis; a frame starts every hop samples",
    "M = (L + R) / 2 and S = (L - R) / 2, transformed in frames",
    "E[.]: sums over the bins of each band, then y[k] = (1 - p)^2 x[k] + 2 p y[k-1] - p^2 y[k-2] over the frames, p = pole",
    "rho = Re E[M S*] / E|S|^2, held to [-1, 1]; 0 where E|S|^2 is at most silence",
    "E|M'|^2 = E|M|^2 - 2 rho Re E[M S*] + rho^2 E|S|^2, at least 0",
    "alpha = 1 - sqrt((1 - rho^2) E|S|^2 / E|M'|^2), held to [0, 1]; 0 where E|M'|^2 is at most silence",
    "C = alpha (M - rho S), transformed back; L' = L - C and R' = R - C in time, L and R late by the latency",
)


def fed_by_upmix(filters: FilterSet, export: Export) -> Export:
    """An export with the upmix's parameters in a file, in the manifest, and in a note."""
    found = parameters(filters)
    content = {"problem": filters.problem_file, "problem_sha256": filters.problem_sha256, **found}
    text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
    note = (
        f"left and right must not feed these filters directly: an upmix makes {', '.join(filters.channels)} from them, with a"
        f" latency of {found['latency_samples']} samples; {NAME} holds its parameters"
    )
    return replace(
        export,
        files={**export.files, NAME: text.encode()},
        notes=(*export.notes, note),
        facts={
            **export.facts,
            "upmix": {key: found[key] for key in ("frame", "hop", "latency_samples", "pole", "outputs")},
        },
    )


def parameters(filters: FilterSet) -> dict[str, Any]:
    """Frame, bands and averaging of the upmix at the filters' rate, and its equations."""
    stage = Upmix(filters.sample_rate_hz)
    left, right = (name for name in filters.channels if name != "centre")
    return {
        "sample_rate_hz": filters.sample_rate_hz,
        "frame": stage.frame,
        "hop": stage.hop,
        "overlap": OVERLAP,
        "latency_samples": stage.latency_samples,
        "average_s": AVERAGE_S,
        "pole": stage.kept,
        "silence": SILENCE,
        "band_first_bins": stage.bands.first.tolist(),
        "outputs": {"L'": left, "R'": right, "C": "centre"},
        "channel_delay_samples": {name: filters.delays.get(name, 0) for name in filters.channels},
        "equations": list(EQUATIONS),
    }
