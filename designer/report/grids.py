"""The grids that figures are drawn on, and what a design is judged to be there."""

from __future__ import annotations

import numpy as np

from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.designs.reach import ceiling_db
from designer.evaluation.each_head import head_gains_db
from designer.evaluation.reach_words import spread_out
from designer.evaluation.tables import Evaluation
from designer.problem.frequency_grid import shown_band_hz
from designer.problem.schema import Problem
from designer.realization import response
from designer.requirements.curves import in_band
from designer.result import Result, analysis, evaluate

DRAWN_FREQUENCIES = 300
DRAWN_STEP_DEG = 2.0
REACH_POINTS = 64


def drawn_frequencies_hz(problem: Problem) -> Real:
    """Frequencies in equal ratios over what the axes show, as a logarithmic axis has them; of each band at least its ends."""
    low_hz, high_hz = shown_band_hz(problem)
    drawn_hz = np.geomspace(low_hz, high_hz, DRAWN_FREQUENCIES)
    bands_hz = [table.band_hz for table in problem.designs]
    narrow = [band_hz for band_hz in bands_hz if in_band(drawn_hz, band_hz).sum() < 2]
    ends_hz = [end for band_hz in narrow for end in band_hz if low_hz < end < high_hz]
    return np.unique(np.concatenate([drawn_hz, ends_hz]))


@analysis
def drawn_scene(result: Result) -> Scene:
    """The scene on the figures' frequencies."""
    return result.fine_scene.at(drawn_frequencies_hz(result.problem))


@analysis
def drawn_circle(result: Result) -> Scene:
    """Scene of the figures, with azimuths close enough for a smooth curve."""
    shown_scene = drawn_scene(result)
    if shown_scene.is_measured:
        return shown_scene
    step_deg = min(shown_scene.problem.grid.azimuth_step_deg, DRAWN_STEP_DEG)
    grid = shown_scene.problem.grid.model_copy(update={"azimuth_step_deg": step_deg})
    return shown_scene.with_problem(shown_scene.problem.model_copy(update={"grid": grid}))


@analysis
def drawn_tables(result: Result) -> Evaluation:
    """Both tables on the figures' frequencies."""
    return evaluate(result, drawn_scene(result))


@analysis
def drawn_metrics(result: Result, name: str) -> dict[str, Real]:
    """A channel's metrics on the figures' frequencies."""
    return drawn_tables(result).metrics_of(name)


@analysis
def drawn_heads(result: Result) -> dict[str, dict[str, Real]]:
    """Cancellation gain of each ear channel at each head of a list alone, on the figures' frequencies."""
    scene, rate = drawn_scene(result), result.problem.sample_rate_hz
    return {
        name: head_gains_db(channel.table, response(result.taps[name], scene.frequency_hz, rate), scene)
        for name, channel in result.channels.items()
        if channel.table.is_ear and len(result.problem.heard_by(channel.table.listener).heads) > 1
    }


@analysis
def drawn_reach(result: Result, name: str) -> tuple[Real, Real] | None:
    """At most REACH_POINTS frequencies of a channel's band, and the largest gain in dB within its limits there; None where it is dear.

    Where every requirement but the curve is a limit, a formulation in closed form tells it in hundredths of a second. With requirements
    over azimuth it is halved into by cones, and left to `designer check --reach`; the stereo chain's channels have no curve of their own.
    """
    channel = result.channels[name]
    if channel.table.name not in {table.name for table in result.problem.designs}:
        return None
    inside = in_band(result.frequency_hz, channel.table.band_hz)
    at_hz = spread_out(result.frequency_hz[inside], REACH_POINTS)
    ceiling = ceiling_db(channel.table, result.fine_scene, channel.plain, at_hz)
    return None if ceiling is None else (at_hz, ceiling)
