"""Each head of a list judged alone, by filters that were designed without it, or on every second direction of it.

Of a population each head is left out in turn, filters are designed and realised for the others, and judged at the ears of the head that
they did not see, over its ear cloud. What they hold there is what a product holds at a stranger's head that is like those of the list.

Prediction stands against measurement where a design on every second direction of a measured head is judged on the directions left out.

No measured response is in both halves, so that what the design promises on the one and holds on the other is what
interpolation between directions is worth to it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from designer import measures
from designer.acoustics.measured.head import MeasuredHead
from designer.acoustics.scene import Scene
from designer.acoustics.several_listeners import heard_by
from designer.arrays import Bool, Complex, Real
from designer.designs import design_channel
from designer.errors import DataError
from designer.evaluation.moved_head import MovedHead
from designer.evaluation.refinement import realize_judged
from designer.problem.schema import DesignTable, Problem, Realization
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


@dataclass(frozen=True)
class LeftOutHeads:
    """Mean gain in the band of one ear channel at each head, in dB: head -> of filters for all heads, and of those without this one."""

    with_it_db: Mapping[str, float]
    without_it_db: Mapping[str, float]

    def percentile_db(self, percentile: float) -> float:
        """Percentile over the heads, each left out."""
        return float(np.percentile(list(self.without_it_db.values()), percentile))

    @property
    def largest_loss_db(self) -> float:
        """The most that a head loses by not having been seen."""
        return max(self.with_it_db[head] - gain_db for head, gain_db in self.without_it_db.items())


def left_out_heads(scene: Scene, taps: Mapping[str, Real], realization: Realization) -> dict[str, LeftOutHeads]:
    """Ear channel -> its gains at heads left out in turn.

    Parameters
    ----------
    scene : Scene, on the design's frequencies and those half way between, all of which are designed on
    taps : mapping of str to float array, channel -> (L, T), designed for all heads

    Raises
    ------
    SolverError : where a cone program of a channel without one of the heads ends without a certified answer

    """
    out = {}
    for table in (table for table in scene.problem.designs if table.is_ear):
        heard = heard_by(scene, table.listener)
        rate = scene.problem.sample_rate_hz
        gains = _mean_gains_db(table, filter_response(taps[table.name], scene.frequency_hz, rate), heard)
        without = {}
        for n, head in enumerate(gains):
            others = heard.with_problem(_without(heard.problem, n))
            (alone,) = realize_judged([design_channel(table, others)], others, realization)[0].taps
            w = filter_response(alone, scene.frequency_hz, rate)
            without[head] = _mean_gains_db(table, w, heard)[head]
        out[table.name] = LeftOutHeads(gains, without)
    return out


def _mean_gains_db(table: DesignTable, w: Complex, scene: Scene) -> dict[str, float]:
    band = in_band(scene.frequency_hz, table.band_hz)
    return {head: float(gain[band].mean()) for head, gain in head_gains_db(table, w, scene).items()}


def _without(problem: Problem, head: int) -> Problem:
    """The problem, one head of its listener's list left out; other listeners stay as they are."""
    heads = [name for n, name in enumerate(problem.listener.heads) if n != head]
    listener = problem.listener.model_copy(update={"head": heads})
    listeners: list[Any] = list(problem.listeners or [])  # of which this is one, where several are named
    others = [listener if other is problem.listener else other for other in listeners] or None
    return problem.model_copy(update={"listener": listener, "listeners": others})
