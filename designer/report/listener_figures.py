"""The figures of "what the listener gets": how each is drawn, and what it says in words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from designer.arrays import Real
from designer.evaluation.words import hz
from designer.report.listener_plots import FLOOR_DB, draw_coherence, draw_differences, draw_separation
from designer.result import Result
from designer.stereo.listening import AtHead, Listening, listening
from designer.stereo.upmix import Separation, separation
from designer.stereo.virtualisation import VIRTUAL


@dataclass(frozen=True)
class ListenerFigure:
    """One figure: what it shows, how it is drawn, and its message with the numbers that it is drawn for."""

    caption: str
    draw: Callable[[], Figure]
    says: Callable[[], str]


def listener_figures(result: Result) -> dict[str, ListenerFigure]:
    """Those of each head, numbered from the second on, and the upmix: file name without suffix -> figure; none without [virtualizer].

    What they share is computed on the way.
    """
    found, table = listening(result), result.problem.virtualizer
    if found is None or table is None:
        return {}
    band_hz = shared_band_hz(result)
    figures = {}
    for number, at in enumerate(found.heads):
        last = "" if number == 0 else f"-{number + 1}"
        of = "" if len(found.heads) == 1 else f" at {Path(at.head).name}"
        figures[f"listener-differences{last}"] = ListenerFigure(
            f"Level and time between the ears{of} over frequency, beside those of real loudspeakers",
            partial(draw_differences, found, number, table.angle_deg, band_hz),
            partial(differences_words, found, at, table.angle_deg, band_hz),
        )
        figures[f"listener-coherence{last}"] = ListenerFigure(
            f"Coherence between the ears{of} over frequency, beside that of real loudspeakers",
            partial(draw_coherence, found, number, table.angle_deg, band_hz),
            partial(coherence_words, found, at, band_hz),
        )
    if found.chain.upmix:
        panned = _separation(found.chain.sample_rate_hz)
        figures["listener-separation"] = ListenerFigure(
            "Levels of left, right and centre that the upmix makes of a source over its panning",
            partial(draw_separation, panned),
            partial(separation_words, panned),
        )
    return figures


_separation = cache(separation)


def shared_band_hz(result: Result) -> list[float]:
    """Where both sides are designed."""
    bands = [table.band_hz for table in result.problem.designs if table.name in VIRTUAL]
    return [max(band[0] for band in bands), min(band[1] for band in bands)]


def furthest(own: Real, real: Real, middle_hz: Real, band_hz: list[float]) -> tuple[float, float]:
    """The largest difference over the third octaves whose middles lie in the band, and where it is; 0 where none does."""
    inside = (middle_hz >= band_hz[0]) & (middle_hz <= band_hz[1])
    apart = np.where(inside, np.abs(own - real), 0.0)
    at = int(np.argmax(apart))
    return float(apart[at]), float(middle_hz[at])


def differences_words(found: Listening, at: AtHead, angle_deg: float, band_hz: list[float]) -> str:
    """Where the time points to, and how far the level is from a loudspeaker's."""
    sides = []
    for side in VIRTUAL:
        apart, where_hz = furthest(at.chain[side].level_db, at.loudspeakers[side].level_db, found.middle_hz, band_hz)
        sides.append(
            f"of {side}-only input the low-frequency time points to {at.pointed_deg[side]:.0f} degrees, where {angle_deg:g} are"
            f" wanted, and the level in the band leaves the loudspeaker's by {apart:.1f} dB at most, about {hz(where_hz)}"
        )
    return "; ".join(sides)


def coherence_words(found: Listening, at: AtHead, band_hz: list[float]) -> str:
    """How far the coherence is from the real pair's."""
    apart, where_hz = furthest(at.coherence, at.loudspeaker_coherence, found.middle_hz, band_hz)
    inside = (found.middle_hz >= band_hz[0]) & (found.middle_hz <= band_hz[1])
    if not inside.any():
        return "no third octave has its middle in the band, from 0 apart to 1 alike"
    own, real = float(at.coherence[inside].mean()), float(at.loudspeaker_coherence[inside].mean())
    return (
        f"in the band it is {own:.2f} in the mean, from real loudspeakers {real:.2f}; they differ most about {hz(where_hz)},"
        f" by {apart:.2f}"
    )


def separation_words(found: Separation) -> str:
    """Where a source in the middle goes, where one on the left goes, and how far the upmix is from the closed form."""
    middle = int(np.argmin(np.abs(found.position)))
    left = int(np.argmax(found.position))
    sides = _level(float(found.level_db[middle, :2].max()))
    centre, beside, near = (_level(float(found.level_db[at])) for at in ((middle, 2), (left, 2), (left, 0)))
    return (
        f"a source in the middle comes from the centre at {centre} and from the sides at {sides}; one on the left alone from the left"
        f" at {near} and from the centre at {beside}"
    )


def _level(level_db: float) -> str:
    return f"less than {FLOOR_DB:g} dB" if level_db < FLOOR_DB else f"{round(level_db, 1) + 0.0:.1f} dB"
