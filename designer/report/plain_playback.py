"""The ways of a channel's plain playback over frequency, beside their sum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from designer.evaluation.plain_words import who_plays
from designer.measures import amplitude_db
from designer.problem.frequency_grid import shown_band_hz
from designer.problem.schema import Problem
from designer.report.figure_data import DASHES, Figure, axis, curves, figure, frequency_axis, line
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
