"""A population of heads: each head judged by filters that were designed without it.

Each head of the list is left out in turn, filters are designed and realised for the others, and judged at the ears of the head that they
did not see, over its ear cloud. What they hold there is what a product holds at a stranger's head that is like those of the list.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from designer.acoustics.scene import Scene
from designer.acoustics.several_listeners import heard_by
from designer.arrays import Complex, Real
from designer.designs import design_channel
from designer.evaluation.each_head import head_gains_db
from designer.evaluation.refinement import realize_judged
from designer.problem.schema import DesignTable, Problem, Realization
from designer.realization import response as filter_response
from designer.requirements.curves import in_band


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
