"""Measurements that cannot be right: silent, clipped, or with their onset cut."""

from __future__ import annotations

import numpy as np

from designer.arrays import Bool, Real
from designer.errors import DataError

SILENT_DB = -60.0
"""Below the median energy of the file."""
ONSET_CUT = 0.25
"""A response whose first sample is this much of its peak begins before the file does."""
CLIPPED_SAMPLES = 3
"""As many neighbours at one extreme value are a ceiling."""
MOST_FAULTY = 0.1
"""Share of a file's measurements that may be left out."""


def left_out(responses: Real, delay: Real, directions: Real, name: str) -> tuple[Bool, list[str]]:
    """Which measurements to keep (N,), and what is said of the others.

    Parameters
    ----------
    responses : (N, 2, T)
    delay : (N, 2) that the file adds; where it differs between responses they may begin at their peak
    directions : (N, 3), to name them

    Raises
    ------
    DataError : more than a tenth of the measurements cannot be right

    """
    size = np.abs(responses)
    peak = size.max(axis=2)
    faults = {"silent": _silent(responses), "clipped": _clipped(size, peak)}
    if np.ptp(delay) == 0:
        faults["cut at their onset"] = np.asarray(size[..., 0] > ONSET_CUT * peak)
    keep = np.ones(len(responses), dtype=bool)
    said = []
    for what, which in faults.items():
        if not which.any():
            continue
        first, ear = np.argwhere(which)[0]
        azimuth = np.degrees(np.arctan2(directions[first, 1], directions[first, 0]))
        elevation = np.degrees(np.arcsin(np.clip(directions[first, 2], -1, 1)))
        count = int(which.any(axis=1).sum())
        words = (
            f"found {count} of {len(responses)} measurements {what}, first measurement {first} (azimuth {azimuth:.0f},"
            f" elevation {elevation:.0f}), receiver {ear}"
        )
        if count > MOST_FAULTY * len(responses):
            raise DataError(f"{name}: {words}; allowed: at most a tenth; use another file")
        said.append(f"{words}; they are left out")
        keep &= ~which.any(axis=1)
    return keep, said


def _silent(responses: Real) -> Bool:
    energy = np.einsum("net,net->ne", responses, responses)
    return np.asarray(energy <= 10 ** (SILENT_DB / 10) * np.median(energy))


def _clipped(size: Real, peak: Real) -> Bool:
    """Neighbouring samples (N, 2, T) that share the response's own extreme value (N, 2) to the last bit."""
    at_top = size == peak[..., None]
    run = at_top[..., : at_top.shape[2] - CLIPPED_SAMPLES + 1].copy()
    for step in range(1, CLIPPED_SAMPLES):
        run &= at_top[..., step : at_top.shape[2] - CLIPPED_SAMPLES + 1 + step]
    return np.asarray(run.any(axis=2) & (peak > 0))
