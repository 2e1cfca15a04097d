"""How an ear channel holds as the head moves along a line: the mean gain over log f in the band, by centimetre."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from designer import measures
from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.comparison.entry import Entry
from designer.errors import DataError
from designer.evaluation.moved_head import possible_heads_m
from designer.measures import lowest_hz
from designer.problem.schema import DesignTable
from designer.realization import response as filter_response

FURTHEST_M, STEP_M = 0.10, 0.01
FREQUENCIES = 48
AXES = {"aside": 1, "to and fro": 0}
"""The lines: along y, and along x, of the device's axes."""


@dataclass(frozen=True)
class HeadShift:
    """Mean gain over log f in the band in dB at each shift of the head; NaN where no head can be or nothing is known.

    shift_m : (S,) along the device's own axis: to its left, which is the listener's right, or away from it, is positive
    gain_db : line -> (S,)
    """

    shift_m: Real
    gain_db: dict[str, Real]


def head_shift(entry: Entry, name: str) -> HeadShift | None:
    """The shifts of one ear channel; None for a device that is measured, which knows its receivers and no other place."""
    result = entry.result
    table = result.channels[name].table
    scene = result.fine_scene
    if scene.is_measured:
        return None
    low, high = lowest_hz(table.band_hz), min(table.band_hz[1], result.problem.sample_rate_hz / 2)
    # In equal ratios, so that equal parts of an octave count alike in the mean.
    shift_scene = scene.at(np.geomspace(low, high, FREQUENCIES))
    count = round(FURTHEST_M / STEP_M)
    shift_m = np.arange(-count, count + 1) * STEP_M
    moves = np.zeros((len(AXES), shift_m.size, 3))
    for line, axis in enumerate(AXES.values()):
        moves[line, :, axis] = shift_m
    gains = gains_db(table, result.taps[name], shift_scene, moves.reshape(-1, 3)).reshape(len(AXES), -1)
    return HeadShift(shift_m, dict(zip(AXES, gains, strict=True)))


def gains_db(table: DesignTable, taps: Real, scene: Scene, displacements_m: Real) -> Real:
    """Mean gain in dB over the scene's frequencies and heads at each displacement (D,); NaN where no head can be.

    Parameters
    ----------
    taps : (L, T) float array, of all the problem's drivers
    displacements_m : (D, 3) float array

    """
    w = filter_response(taps, scene.frequency_hz, scene.problem.sample_rate_hz)
    possible = possible_heads_m(scene.problem, displacements_m)
    means_db = np.full(len(displacements_m), np.nan)
    for d, move in enumerate(displacements_m):
        if not (possible == move).all(axis=1).any():
            continue
        try:
            p = measures.pressure(scene.moved(move[None]).ears(), w)
        except DataError:  # a measured head hears a driver out of its gap from there
            continue
        left, right = np.abs(p[:, 0::2]) ** 2, np.abs(p[:, 1::2]) ** 2
        bright, dark = (left, right) if table.ear == "left" else (right, left)
        means_db[d] = float(np.mean(measures.db(measures.ratio(bright, dark))))
    return means_db
