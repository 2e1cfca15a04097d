"""Listener's part of the page: figures of the stereo chain beside real loudspeakers, and the section's sentences, tables and players."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from designer.acoustics.measured.head import MeasuredHead
from designer.arrays import Real
from designer.evaluation.outcomes import hz
from designer.export.latency import path_samples
from designer.report.figure_data import Figure, axis, curves, figure, frequency_axis, line, shortened
from designer.result import Result
from designer.stereo.chain import has_chain
from designer.stereo.crosstalk import TIMES_HZ
from designer.stereo.excerpts import excerpts
from designer.stereo.listening import AtHead, Listening, fit_errors, listening
from designer.stereo.matched import VIRTUAL
from designer.stereo.upmix import Separation, separation

SIDES: dict[str, dict[str, Any]] = {"left": {"color": 0}, "right": {"color": 1, "dash": "dash"}}
REAL: dict[str, Any] = {"color": "ink", "width": 2.6, "opacity": 0.55}
MODEL: dict[str, Any] = {"color": "soft", "width": 1.2, "dash": "dot"}
LATEST_US = 1000.0
FLOOR_DB = -40.0
NOMINAL = (1.0, 1.25, 1.6, 2.0, 2.5, 3.15, 4.0, 5.0, 6.3, 8.0)
LEAST_RATE_HZ, MOST_RATE_HZ = 8_000.0, 96_000.0
"""Sample rate that browsers play, and the largest size of a few seconds."""


@dataclass(frozen=True)
class HeadView:
    """One head of the chain's analysis, the angle of the virtual loudspeakers, and the band where both sides are designed."""

    listening: Listening
    at: AtHead
    angle_deg: float
    band_hz: list[float]

    @property
    def name(self) -> str:
        """The head's file, without its folder."""
        return Path(self.at.head).name

    @property
    def shown_hz(self) -> tuple[float, float]:
        """Range of the axes of third octaves."""
        return float(self.listening.middle_hz[0]) / 1.12, float(self.listening.middle_hz[-1]) * 1.12

    def furthest(self, side: str) -> tuple[float, float]:
        """How far the level of a side-only input is from a loudspeaker's at most, and where."""
        chain, real = self.at.chain[side].level_db, self.at.loudspeakers[side].level_db
        return furthest(chain, real, self.listening.middle_hz, self.band_hz)


def head_views(result: Result) -> list[HeadView]:
    """Each head's view; none without [virtualizer]."""
    view, table = listening(result), result.problem.virtualizer
    if view is None or table is None:
        return []
    bands = [table.band_hz for table in result.problem.designs if table.name in VIRTUAL]
    band_hz = [max(band[0] for band in bands), min(band[1] for band in bands)]
    return [HeadView(view, at, table.angle_deg, band_hz) for at in view.heads]


def furthest(chain: Real, real: Real, middle_hz: Real, band_hz: list[float]) -> tuple[float, float]:
    """The largest difference over the third octaves whose middles lie in the band, and where it is; 0 where none does."""
    inside = (middle_hz >= band_hz[0]) & (middle_hz <= band_hz[1])
    apart = np.where(inside, np.abs(chain - real), 0.0)
    at = int(np.argmax(apart))
    return float(apart[at]), float(middle_hz[at])


def differences_figure(view: HeadView) -> Figure:
    """Level by third octave on the left, phase delay on the right, of left-only and right-only input."""
    heard, at, f = view.listening, view.at, view.listening.frequency_hz
    sources = [(f"loudspeaker at {view.angle_deg:g} degrees", at.loudspeakers["left"], REAL)]
    sources += [(f"{side}-only input", at.chain[side], look) for side, look in SIDES.items()]
    sources.append(("crosstalk model", heard.model, MODEL))
    levels = [line(heard.middle_hz, difference.level_db, words, **look) for words, difference, look in sources]
    times = [line(f, 1e6 * difference.time_s, words, **look) for words, difference, look in sources]
    lowest, highest = (pick([pick(shown["y"]) for shown in levels]) for pick in (np.nanmin, np.nanmax))
    inside = (f >= TIMES_HZ[0]) & (f <= TIMES_HZ[1])
    shown = np.concatenate([difference["y"][inside] for difference in times[:-1]])
    pointed = ", ".join(f"{side} {angle:.0f}" for side, angle in at.pointed_deg.items())
    level_axis = axis("Near ear louder by, in dB", "dB", min(-1.0, float(lowest) - 1), float(highest) + 1)
    earliest, latest = max(float(shown.min()) - 30, -LATEST_US), min(float(shown.max()) + 60, LATEST_US)
    time_axis = axis("Near ear earlier by, in µs", "µs", min(0.0, earliest), latest)
    times_hz = frequency_axis((TIMES_HZ[0] / 1.12, TIMES_HZ[1] * 1.12))
    panels = [
        curves(frequency_axis(view.shown_hz), level_axis, levels, title="Level between the ears", band_hz=view.band_hz),
        curves(times_hz, time_axis, times, title="Phase delay between the ears", place=(0, 1), band_hz=view.band_hz),
    ]
    title = f"{shortened(view.name, 24)}: the low-frequency time points to {pointed} degrees"
    return figure(panels, 3.7, title=title)


def say_differences(view: HeadView) -> str:
    """Where the time points to, and how far the level is from a loudspeaker's."""
    sides = []
    for side in VIRTUAL:
        apart, where_hz = view.furthest(side)
        sides.append(
            f"of {side}-only input the low-frequency time points to {view.at.pointed_deg[side]:.0f} degrees, where"
            f" {view.angle_deg:g} are wanted, and the level in the band leaves the loudspeaker's by {apart:z.1f} dB at most, about"
            f" {hz(where_hz)}"
        )
    return "; ".join(sides)


def coherence_figure(view: HeadView) -> Figure:
    """Coherence between the ears by third octave, for independent noises at left and right."""
    middle_hz, real = view.listening.middle_hz, f"loudspeakers at ±{view.angle_deg:g} degrees"
    lines = [
        line(middle_hz, view.at.loudspeaker_coherence, real, marker="square", size=3.0, **REAL),
        line(middle_hz, view.at.coherence, "chain", marker="circle", size=3.0),
    ]
    title = f"{shortened(view.name, 24)}: coherence of the ears for independent left and right"
    y = axis("Coherence, 0 to 1", "", 0.0, 1.05)
    return figure([curves(frequency_axis(view.shown_hz), y, lines, title=title, band_hz=view.band_hz)], 3.0)


def say_coherence(view: HeadView) -> str:
    """How far the coherence is from the real pair's."""
    at, middle_hz = view.at, view.listening.middle_hz
    inside = (middle_hz >= view.band_hz[0]) & (middle_hz <= view.band_hz[1])
    if not inside.any():
        return "no third octave has its middle in the band, from 0 apart to 1 alike"
    apart, where_hz = furthest(at.coherence, at.loudspeaker_coherence, middle_hz, view.band_hz)
    chain, real = float(at.coherence[inside].mean()), float(at.loudspeaker_coherence[inside].mean())
    return (
        f"in the band it is {chain:.2f} in the mean, from real loudspeakers {real:.2f}; they differ most about {hz(where_hz)},"
        f" by {apart:.2f}"
    )


panned = cache(separation)
"""The upmix's levels over panning, by sample rate."""


def separation_figure(levels: Separation) -> Figure:
    """Levels of left, right and centre over panning: the upmix as it is, and the closed form behind it."""
    closed: dict[str, Any] = {"color": "ink", "width": 2.2, "opacity": 0.45}
    lines = [line(levels.fine_position, levels.centre_db, **closed)]
    for half, words in ((levels.fine_position >= 0, "pairwise pan, closed form"), (levels.fine_position <= 0, "")):
        lines.append(line(levels.fine_position[half], levels.side_db[half], words, **closed))
    for channel, (name, marker) in enumerate((("left", "circle"), ("right", "square"), ("centre", "diamond"))):
        level_db = np.maximum(levels.level_db[:, channel], FLOOR_DB)
        look: dict[str, Any] = {"marker": marker, "dash": "dot", "color": channel, "width": 0.8}
        lines.append(line(levels.position, level_db, name, **look))
    title = f"Upmix: where a panned source goes (points below {FLOOR_DB:g} dB lie on the edge)"
    x = axis(
        "Position β of a lone source: 1 on the left alone, 0 in the middle, -1 on the right alone", "", 1.03, -1.03
    )
    return figure([curves(x, axis("Level in dB", "dB", FLOOR_DB - 2, 10), lines, title=title)], 3.1)


def say_separation(levels: Separation) -> str:
    """Where a source in the middle goes, and where one on the left goes."""

    def level(level_db: float) -> str:
        return f"less than {FLOOR_DB:g} dB" if level_db < FLOOR_DB else f"{level_db:z.1f} dB"

    middle, left = (levels.level_db[at] for at in (np.argmin(np.abs(levels.position)), np.argmax(levels.position)))
    return (
        f"a source in the middle comes from the centre at {level(middle[2])} and from the sides at {level(middle[:2].max())}; one on"
        f" the left alone from the left at {level(left[0])} and from the centre at {level(left[2])}"
    )


def listener_section(result: Result) -> dict[str, Any] | None:
    """Context of the page's template; None without [virtualizer]."""
    views, table = head_views(result), result.problem.virtualizer
    if not views or table is None:
        return None
    measured = table.crosstalk_model == "measured"
    head = next((head for head in result.fine_scene.heads if isinstance(head, MeasuredHead) or not measured), None)
    errors = () if head is None or head.name == "points" else fit_errors(head, result.problem)
    pointed = [[f"{view.at.pointed_deg[side]:.1f}°" for side in VIRTUAL] for view in views]
    return {
        "words": _chain_words(result, views[0].listening),
        "pointed": [
            (view.name, angles, [f"{view.furthest(side)[0]:z.1f} dB" for side in VIRTUAL])
            for view, angles in zip(views, pointed, strict=True)
        ],
        "bands": _bands(views[0]),
        "errors": [(f"{e.angle_deg:g}°", f"{e.level_db:z.1f} dB", f"{1e6 * e.time_s:z.0f} µs") for e in errors],
        "players": players(result),
        "fitted_to": "" if head is None else Path(head.name).name,
    }


def _chain_words(result: Result, chain_view: Listening) -> str:
    """Delays and latency, in sentences."""
    waiting = "; ".join(f"{name} waits {n} samples" for name, n in chain_view.chain.delay_samples.items() if n)
    latency = max(chain_view.latency_samples.values())
    late, rate = path_samples(result), result.problem.sample_rate_hz
    upmix = "left, right and centre are made by the upmix" if chain_view.chain.upmix else "no upmix"
    return (
        f"Stereo runs through {', '.join(chain_view.chain.taps)} ({upmix})."
        f" {waiting + ' so that all arrive together.' if waiting else 'No channel waits.'}"
        f" Mean latency of the filters: {latency} samples, {latency / rate * 1e3:.2f} ms; of the whole path, by which [realization]"
        f" max_latency_ms goes: {late:,} samples, {late / rate * 1e3:.2f} ms."
    )


def _bands(view: HeadView) -> list[tuple[str, list[str]]]:
    """A row for each third octave: time, level and coherence, real pair against chain."""
    at = view.at
    sources = (at.loudspeakers["left"], at.chain["left"], at.chain["right"])
    columns = [(1e6 * source.band_time_s, ".0f") for source in sources] + [
        (source.level_db, ".1f") for source in sources
    ]
    columns += [(at.loudspeaker_coherence, ".2f"), (at.coherence, ".2f")]
    return [
        (third_octave_name(float(middle)), [format(values[b], form) for values, form in columns])
        for b, middle in enumerate(view.listening.middle_hz)
    ]


def third_octave_name(middle_hz: float) -> str:
    """The nominal middle of a third octave, after IEC 61260-1: 198.4 Hz is 200 Hz."""
    tenth = round(10 * np.log10(middle_hz))
    nominal = NOMINAL[tenth % 10] * 10.0 ** (tenth // 10)
    return f"{nominal:g} Hz" if nominal < 1000 else f"{nominal / 1000:g} kHz"


def players(result: Result) -> list[tuple[str, str]]:
    """Words and a data address of FLAC for each excerpt; none without [virtualizer], or at rates that browsers do not play."""
    import soundfile

    rate = result.problem.sample_rate_hz
    if result.problem.virtualizer is None or not has_chain(result) or not LEAST_RATE_HZ <= rate <= MOST_RATE_HZ:
        return []
    sounds = []
    for words, samples in excerpts(result).items():
        file = io.BytesIO()
        soundfile.write(file, samples, round(rate), format="FLAC", subtype="PCM_16")
        sounds.append((words, "data:audio/flac;base64," + base64.b64encode(file.getvalue()).decode()))
    return sounds
