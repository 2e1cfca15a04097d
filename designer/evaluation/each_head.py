"""Each head of a list judged alone, and prediction against measurement: designed on every second direction of a measured head,
judged on the directions left out.

No measured response is in both halves, so that what the design promises on the one and holds on the other is what
interpolation between directions is worth to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer import measures
from designer.acoustics.measured.head import MeasuredHead
from designer.acoustics.scene import Scene
from designer.acoustics.several_listeners import heard_by
from designer.arrays import Bool, Complex, Real
from designer.designs import design_channel
from designer.errors import DataError
from designer.evaluation.moved_head import MovedHead
from designer.problem.schema import DesignTable, Realization
from designer.realization import realize_form
from designer.realization import response as filter_response
from designer.requirements.curves import in_band


def head_gains_db(design: DesignTable, w: Complex, scene: Scene) -> dict[str, Real]:
    """Cancellation gain (F,) of an ear channel at each head, mean over its ear cloud; w (F, all drivers)."""
    scene = heard_by(scene, design.listener)
    gains = {}
    for head, ears in zip(scene.heads, np.split(scene.ears(), len(scene.heads), axis=1), strict=True):
        bright, dark = (ears[:, 0::2], ears[:, 1::2]) if design.ear == "left" else (ears[:, 1::2], ears[:, 0::2])
        gains[head.name] = measures.db(measures.cancellation_gain(bright, dark, w))
    return gains


def head_numbers(design: DesignTable, taps: Real, scene: Scene, moved: MovedHead) -> dict[str, dict[str, float]]:
    """Numbers of each head alone, over the band: head -> number -> value; of taps (L, T) as realised."""
    w = filter_response(taps, scene.frequency_hz, scene.problem.sample_rate_hz)
    band = in_band(scene.frequency_hz, design.band_hz)
    by_head = moved.of_each()
    return {
        head: {
            "mean_cancellation_gain_db": float(np.mean(gain[band])),
            "least_cancellation_gain_db": float(gain[band].min()),
            "moved_head_median_db": by_head[head].median_db,
            "moved_head_5th_percentile_db": by_head[head].fifth_percentile_db,
            "moved_head_1st_percentile_db": by_head[head].first_percentile_db,
        }
        for head, gain in head_gains_db(design, w, scene).items()
    }


@dataclass(frozen=True)
class LeftOut:
    """One ear channel's cancellation gain at one measured head, of filters designed on half of its directions (F,)."""

    frequency_hz: Real
    in_band: Bool
    predicted_db: Real  # at the half that was designed on
    measured_db: Real  # at the half that was left out

    @property
    def largest_difference_db(self) -> float:
        """The largest distance of prediction and measurement in the band."""
        return float(np.abs(self.predicted_db - self.measured_db)[self.in_band].max())


def left_out_directions(scene: Scene, realization: Realization) -> dict[str, dict[str, LeftOut]]:
    """Channel -> measured head -> what was predicted and what was measured; empty where no head is measured."""
    tables = [table for table in scene.problem.designs if table.is_ear]
    out: dict[str, dict[str, LeftOut]] = {}
    for name in dict.fromkeys(table.listener for table in tables):
        out |= _left_out([table for table in tables if table.listener == name], heard_by(scene, name), realization)
    return out


def _left_out(tables: list[DesignTable], scene: Scene, realization: Realization) -> dict[str, dict[str, LeftOut]]:
    """Gains of one listener's channels, in this listener's scene."""
    if not any(isinstance(head, MeasuredHead) for head in scene.heads):
        return {}
    halves = [
        scene.with_heads(
            tuple(head.of(np.s_[start::2]) if isinstance(head, MeasuredHead) else head for head in scene.heads)
        )
        for start in (0, 1)
    ]
    try:
        channels = [design_channel(table, halves[0]) for table in tables]
        realised = realize_form(channels, halves[0], realization).taps
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
