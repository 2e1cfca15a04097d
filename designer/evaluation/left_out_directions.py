"""Prediction meets measurement: designed on every second direction of a measured head, judged on the directions left out.

No measured response is in both halves, so that what the design promises on the one and holds on the other is what
interpolation between directions is worth to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer.acoustics.measured_head import MeasuredHead
from designer.acoustics.scene import Scene
from designer.arrays import Bool, Real
from designer.designs import design_channel
from designer.errors import DataError
from designer.evaluation.each_head import head_gains_db
from designer.problem.schema import Realization
from designer.realization import realize_form
from designer.realization import response as filter_response
from designer.targets.curves import in_band


@dataclass(frozen=True)
class LeftOut:
    """One ear channel's cancellation gain at one measured head, of filters designed on half of its directions (F,)."""

    frequency_hz: Real
    in_band: Bool
    predicted_db: Real
    """At the half that was designed on."""
    measured_db: Real
    """At the half that was left out."""

    @property
    def largest_difference_db(self) -> float:
        """The largest distance of prediction and measurement in the band."""
        return float(np.abs(self.predicted_db - self.measured_db)[self.in_band].max())


def left_out_directions(scene: Scene, realization: Realization) -> dict[str, dict[str, LeftOut]]:
    """Channel -> measured head -> what was predicted and what was measured; empty where no head is measured.

    Parameters
    ----------
    scene : on the design's frequencies and those half way between
    realization : the form of the filters

    """
    tables = [table for table in scene.problem.designs if not table.is_beam]
    if not tables or not any(isinstance(head, MeasuredHead) for head in scene.heads):
        return {}
    halves = [
        scene.with_heads(
            tuple(head.of(np.s_[start::2]) if isinstance(head, MeasuredHead) else head for head in scene.heads)
        )
        for start in (0, 1)
    ]
    try:
        found = [design_channel(table, halves[0]) for table in tables]
        realised = realize_form(found, halves[0], realization).taps
        out: dict[str, dict[str, LeftOut]] = {}
        for table, filters in zip(tables, realised, strict=True):
            w = filter_response(filters, scene.frequency_hz, scene.problem.sample_rate_hz)
            predicted, measured = (head_gains_db(table, w, half) for half in halves)
            band = in_band(scene.frequency_hz, table.band_hz)
            out[table.name] = {
                head.name: LeftOut(scene.frequency_hz, band, predicted[head.name], measured[head.name])
                for head in scene.heads
                if isinstance(head, MeasuredHead)
            }
    except DataError:  # half of a sparse set is too sparse: there is nothing to show
        return {}
    return out
