"""Figures of a channel before it is designed: the ways of its plain playback, and the largest gain within reach."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.arrays import Real
from designer.designs.reach import Reach
from designer.evaluation.words import who_plays
from designer.measures import amplitude_db
from designer.problem.frequency_grid import shown_band_hz
from designer.problem.schema import Problem
from designer.report.channel_curves import GAIN
from designer.report.figure_data import DASHES, Figure, Note, axis, curves, figure, frequency_axis, line
from designer.requirements.plain import Plain

LOWEST_DB = -48.0


def plain_figure(plain: Plain, names: Sequence[str], problem: Problem) -> Figure:
    """Level of each way, and of all together, relative to a driver that is fed with 0 dB."""
    shown_hz = shown_band_hz(problem)
    f = np.geomspace(*shown_hz, 500)
    lines, paths = [], plain.crossover.paths(f)
    for way, path in enumerate(paths):
        members = [name for name, other in zip(names, plain.way, strict=True) if other == way]
        label = members[0] if len(members) == 1 else f"{members[0]} and {len(members) - 1} more"
        lines.append(line(f, amplitude_db(path), label, color=way, dash=DASHES[way % len(DASHES)]))
    lines.append(line(f, amplitude_db(paths.sum(axis=0)), "together", color="ink", width=1.1))
    y = axis("Level in dB", "dB", LOWEST_DB, 3.0)
    return figure([curves(frequency_axis(shown_hz), y, lines, title="Plain playback by its ways")], 2.8)


def say_plain(plain: Plain, names: Sequence[str], problem: Problem) -> str:
    """Who plays what."""
    return who_plays(plain, names)


HIGHEST_REACH_DB = 40.0
MIN_APART_DB = 0.5
"""A line that is nearer than this to another has no label of its own."""


def reach_figure(bound: Reach) -> Figure:
    """The most that a layout could reach, up to HIGHEST_REACH_DB.

    More effort is darker; the legend names the least and the most.
    """
    f, last = bound.frequency_hz, bound.effort_db.size - 1
    gains_db = np.where(np.isfinite(bound.gain_db), np.minimum(bound.gain_db, HIGHEST_REACH_DB), np.nan)
    lines, notes = [], list[Note]()
    for number, (effort, gains, at) in enumerate(zip(bound.effort_db, gains_db, _label_places(gains_db), strict=True)):
        name = f"effort of {effort:z.0f} dB" if number in (0, last) else ""
        lines.append(line(f, gains, name, color="ink", opacity=0.25 + 0.6 * number / max(last, 1)))
        if at is not None:
            height = min(float(gains[at]), HIGHEST_REACH_DB - 1.5)
            notes.append({"x": float(f[at]), "y": height, "text": f"{effort:z.0f} dB"})
    if bound.required_db is not None:
        lines.append(line(f, bound.required_db, "asked", color="alarm", dash="dash", width=1.8))
    gain_db, phase_deg = bound.deviations
    title = f"{bound.name}: largest gain within reach, by effort; drivers differ by {gain_db:g} dB and {phase_deg:g}°"
    x, y = frequency_axis((f[0], f[-1])), axis(GAIN, "dB", 0.0, HIGHEST_REACH_DB)
    return figure([curves(x, y, lines, title=title, notes=notes)], 3.6)


def _label_places(lines: Real) -> list[int | None]:
    """Frequency at which each line is labelled: where the nearest other is farthest, a tenth of the axis from other labels and the ends.

    None where it runs along another.
    """
    size = lines.shape[1]
    free = (np.arange(size) >= 0.05 * size) & (np.arange(size) < 0.95 * size)
    label_places: list[int | None] = []
    for number, gains in enumerate(lines):
        apart = np.abs(np.delete(lines, number, axis=0) - gains)
        nearest = np.where(np.isnan(apart), np.inf, apart).min(axis=0, initial=np.inf)
        nearest = np.where(free & np.isfinite(gains), np.minimum(nearest, HIGHEST_REACH_DB), 0.0)
        at = int(nearest.argmax())
        label_places.append(at if nearest[at] > MIN_APART_DB else None)
        if nearest[at] > MIN_APART_DB:
            free &= np.abs(np.arange(size) - at) > 0.1 * size
    return label_places
