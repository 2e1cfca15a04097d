"""Result against taps, for two ways to make them: cancellation gain with the head moved, and deviation of the tone."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from designer.evaluation.taps_curve import Kept
from designer.report.canvas import COLOURS, STYLES, figure

TICKS = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
LARGEST_TONE_DB = 3.0


def draw_taps(kept: Sequence[Kept]) -> Figure:
    """Median and 5th percentile on the left, the tone on the right, over the number of taps."""
    drawn = figure(7.2, 3.4)
    gain, tone = drawn.subplots(1, 2)
    handles = []
    for number, way in enumerate(dict.fromkeys(one.way for one in kept)):
        own = [one for one in kept if one.way == way]
        taps = [one.taps for one in own]
        colour = COLOURS[number]
        handles += gain.plot(taps, [one.fifth_percentile_db for one in own], color=colour, marker="os"[number % 2], markersize=3.5,
                             linewidth=1.8, label=f"{way}: 5th percentile")  # fmt: skip
        handles += gain.plot(taps, [one.median_db for one in own], color=colour, linewidth=1.1, linestyle=STYLES[1],
                             label=f"{way}: median")  # fmt: skip
        tone.plot(
            taps, [one.tone_db for one in own], color=colour, marker="os"[number % 2], markersize=3.5, linewidth=1.8
        )
    gain.set_ylabel("Cancellation gain in dB")
    gain.set_title("Gain, head moved within 3 cm")
    gain.set_ylim(bottom=0.0)
    tone.set_ylabel("Largest deviation in dB")
    tone.set_title("Tone at the reached ear, 0.1 to 16 kHz")
    tone.set_ylim(0.0, LARGEST_TONE_DB)
    for axes in (gain, tone):
        axes.set_xscale("log", base=2)
        axes.xaxis.set_major_locator(FixedLocator([t for t in TICKS if kept[0].taps <= t <= kept[-1].taps]))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda t, _: f"{t:.0f}"))
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_xlabel("Taps a driver")
    drawn.legend(handles=handles, loc="outside lower center", ncols=2)
    return drawn
