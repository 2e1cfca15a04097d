"""The ways of a channel's plain playback over frequency, beside their sum."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from designer.evaluation.plain_words import who_plays
from designer.problem.frequency_grid import shown_band_hz
from designer.problem.schema import Problem
from designer.report.canvas import COLOURS, INK, STYLES
from designer.report.plots import below, curve, over_frequency, panels
from designer.requirements.plain import Plain

LOWEST_DB = -48.0


def draw_plain(plain: Plain, names: Sequence[str], problem: Problem) -> Figure:
    """Level of each way, and of all together, relative to a driver that is fed with 0 dB."""
    low_hz, high_hz = shown_band_hz(problem)
    f = np.geomspace(low_hz, high_hz, 500)
    drawn, (axes,) = panels(2.8)
    curves = []
    for way, path in enumerate(plain.crossover.paths(f)):
        members = [name for name, other in zip(names, plain.way, strict=True) if other == way]
        level = 20 * np.log10(np.maximum(np.abs(path), 1e-9))
        label = members[0] if len(members) == 1 else f"{members[0]} and {len(members) - 1} more"
        curves.append(curve(f, level, label, COLOURS[way % len(COLOURS)], linestyle=STYLES[way % len(STYLES)]))
    together = 20 * np.log10(np.maximum(np.abs(plain.crossover.paths(f).sum(axis=0)), 1e-9))
    curves.append(curve(f, together, "together", INK, 1.1))
    handles = over_frequency(axes, curves, (low_hz, high_hz), title="Plain playback by its ways", unit="Level in dB")
    axes.set_ylim(LOWEST_DB, 3.0)
    below(drawn, handles, 3)
    return drawn


def say_plain(plain: Plain, names: Sequence[str], problem: Problem) -> str:
    """Who plays what."""
    return who_plays(plain, names)
