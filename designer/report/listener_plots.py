"""What the listener gets: differences between the ears over frequency, beside those of real loudspeakers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter

from designer.report.canvas import COLOURS, INK, SOFT, STYLES, figure, frequency_axis, mark_band
from designer.report.words_on_plots import shortened
from designer.stereo.crosstalk_fit import TIMES_HZ
from designer.stereo.listening import Listening
from designer.stereo.upmix import Separation

SIDES = {"left": (COLOURS[0], "-"), "right": (COLOURS[1], STYLES[1])}
LATEST_US = 1000.0
FLOOR_DB = -40.0


def _name(found: Listening, head: int) -> str:
    return shortened(Path(found.heads[head].head).name, 24)


def draw_differences(found: Listening, head: int, angle_deg: float, band_hz: list[float]) -> Figure:
    """Level by third octave on the left, phase delay on the right, of left-only and right-only input."""
    drawn = figure(7.2, 3.7)
    level, time = drawn.subplots(1, 2)
    f, middle_hz, at = found.frequency_hz, found.middle_hz, found.heads[head]
    frequency_axis(level, float(middle_hz[0]) / 1.12, float(middle_hz[-1]) * 1.12, narrow=True)
    frequency_axis(time, TIMES_HZ[0] / 1.12, TIMES_HZ[1] * 1.12, narrow=True)
    time.xaxis.set_major_locator(FixedLocator([200, 500, 1000]))
    for axes in (level, time):
        mark_band(axes, band_hz)
    real = at.loudspeakers["left"]
    handles = level.plot(
        middle_hz, real.level_db, color=INK, linewidth=2.6, alpha=0.55, label=f"loudspeaker at {angle_deg:g} degrees"
    )
    time.plot(f, 1e6 * real.time_s, color=INK, linewidth=2.6, alpha=0.55)
    for side, (colour, style) in SIDES.items():
        own = at.chain[side]
        handles += level.plot(
            middle_hz, own.level_db, color=colour, linestyle=style, linewidth=1.6, label=f"{side}-only input"
        )
        time.plot(f, 1e6 * own.time_s, color=colour, linestyle=style, linewidth=1.6)
    handles += level.plot(
        middle_hz, found.model.level_db, color=SOFT, linestyle=STYLES[2], linewidth=1.2, label="crosstalk model"
    )
    time.plot(f, 1e6 * found.model.time_s, color=SOFT, linestyle=STYLES[2], linewidth=1.2)
    level.set_ylabel("Near ear louder by, in dB")
    level.set_title("Level between the ears")
    level.set_ylim(bottom=min(-1.0, level.get_ylim()[0]))
    time.set_ylabel("Near ear earlier by, in µs")
    time.set_title("Phase delay between the ears")
    inside = (f >= TIMES_HZ[0]) & (f <= TIMES_HZ[1])
    shown = np.concatenate([1e6 * one.time_s[inside] for one in (real, *at.chain.values())])
    time.set_ylim(min(0.0, max(float(shown.min()) - 30, -LATEST_US)), min(float(shown.max()) + 60, LATEST_US))
    time.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.0f}"))
    pointed = ", ".join(f"{side} {angle:.0f}" for side, angle in at.pointed_deg.items())
    drawn.suptitle(
        f"{_name(found, head)}: the low-frequency time points to {pointed} degrees",
        x=0.01,
        ha="left",
        fontsize=10,
        fontweight="bold",
    )
    drawn.legend(handles=handles, loc="outside lower center", ncols=4)
    return drawn


def draw_coherence(found: Listening, head: int, angle_deg: float, band_hz: list[float]) -> Figure:
    """Coherence between the ears by third octave, for independent noises at left and right."""
    drawn = figure(7.2, 3.0)
    axes = drawn.subplots()
    frequency_axis(axes, float(found.middle_hz[0]) / 1.12, float(found.middle_hz[-1]) * 1.12)
    mark_band(axes, band_hz)
    at = found.heads[head]
    axes.plot(found.middle_hz, at.loudspeaker_coherence, color=INK, linewidth=2.6, alpha=0.55, marker="s", markersize=3,
              label=f"loudspeakers at ±{angle_deg:g} degrees")  # fmt: skip
    axes.plot(found.middle_hz, at.coherence, color=COLOURS[0], linewidth=1.6, marker="o", markersize=3, label="chain")
    axes.set_ylim(0.0, 1.05)
    axes.set_ylabel("Coherence, 0 to 1")
    axes.set_title(f"{_name(found, head)}: coherence of the ears for independent left and right")
    drawn.legend(loc="outside lower center", ncols=2)
    return drawn


def draw_separation(found: Separation) -> Figure:
    """Levels of left, right and centre over panning: the upmix as it is, and the closed form behind it."""
    drawn = figure(7.2, 3.1)
    axes = drawn.subplots()
    axes.plot(found.fine_position, found.centre_db, color=INK, linewidth=2.2, alpha=0.45)
    for half in (found.fine_position >= 0, found.fine_position <= 0):
        axes.plot(found.fine_position[half], found.side_db[half], color=INK, linewidth=2.2, alpha=0.45,
                  label="pairwise pan, closed form" if half[0] else None)  # fmt: skip
    looks = (("left", COLOURS[0], "o"), ("right", COLOURS[1], "s"), ("centre", COLOURS[2], "D"))
    for channel, (name, colour, marker) in enumerate(looks):
        shown = np.maximum(found.level_db[:, channel], FLOOR_DB)
        axes.plot(found.position, shown, color=colour, marker=marker, markersize=4, linewidth=0.8, linestyle=STYLES[2],
                  label=name)  # fmt: skip
    axes.set_xlim(1.03, -1.03)
    axes.set_ylim(FLOOR_DB - 2, 10)
    axes.set_xlabel("Position β of a lone source: 1 on the left alone, 0 in the middle, -1 on the right alone")
    axes.set_ylabel("Level in dB")
    axes.set_title(f"Upmix: where a panned source goes (points below {FLOOR_DB:g} dB lie on the edge)")
    drawn.legend(loc="outside lower center", ncols=4)
    return drawn
