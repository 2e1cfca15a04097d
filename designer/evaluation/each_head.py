"""Each head of a list judged alone: its own cancellation gain over frequency, from the same filters."""

from __future__ import annotations

import numpy as np

from designer import measures
from designer.acoustics.scene import Scene
from designer.arrays import Complex, Real
from designer.evaluation.moved_head import MovedHead
from designer.problem.schema import DesignTable
from designer.realization import response as filter_response
from designer.targets.curves import in_band


def head_gains_db(design: DesignTable, w: Complex, scene: Scene) -> dict[str, Real]:
    """Cancellation gain (F,) of an ear channel at each head, mean over its ear cloud; w (F, all drivers)."""
    gains = {}
    for head, ears in zip(scene.heads, np.split(scene.ears(), len(scene.heads), axis=1), strict=True):
        reach, cancel = (ears[:, 0::2], ears[:, 1::2]) if design.ear == "left" else (ears[:, 1::2], ears[:, 0::2])
        gains[head.name] = measures.db(measures.cancellation_gain(reach, cancel, w))
    return gains


def head_numbers(design: DesignTable, taps: Real, scene: Scene, moved: MovedHead) -> dict[str, dict[str, float]]:
    """What the report says of each head alone, over the band: head -> number -> value.

    Parameters
    ----------
    taps : (L, T) realised
    scene : on the design's frequencies and those half way between
    moved : the channel with the heads moved

    """
    w = filter_response(taps, scene.frequency_hz, scene.problem.sample_rate_hz)
    band = in_band(scene.frequency_hz, design.band_hz)
    each = moved.of_each()
    return {
        head: {
            "mean_cancellation_gain_db": float(np.mean(gain[band])),
            "least_cancellation_gain_db": float(gain[band].min()),
            "moved_head_median_db": each[head].median_db,
            "moved_head_5th_percentile_db": each[head].fifth_percentile_db,
        }
        for head, gain in head_gains_db(design, w, scene).items()
    }
