"""Makes this folder's table and figure: what short filters keep of the eight-driver case.

    python reports/few-taps/make.py

writes taps.csv and taps.svg beside it. A test computes the table again. Filters are fitted jointly, or are a cut inverse
transform. Everything is judged where the design did not look: with the head moved within 3 cm, and between its frequencies.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

import designer
from designer import measures
from designer.acoustics.scene import Scene
from designer.arrays import Real
from designer.designs.channel import ChannelDesign, design_channel
from designer.evaluation.moved_head import moved_head
from designer.evaluation.scalars import TONE_BAND_HZ
from designer.realization import realize
from designer.realization import response as filter_response
from designer.realization.cut_inverse import cut_inverse_transform
from designer.realization.dense_targets import between
from designer.report.canvas import COLOURS, STYLES, figure, in_style, svg
from designer.result import fine_frequencies_hz
from designer.targets.channel_target import channel_target, driver_index

HERE = Path(__file__).parent
TAPS = (16, 24, 32, 40, 48, 56, 64, 80, 96, 128, 192, 256, 512, 1024)
TONE_FREQUENCIES = 400
TICKS = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
LARGEST_TONE_DB = 3.0


def _cut(channel: ChannelDesign, scene: Scene, taps: int) -> Real:
    """Of the weights on as many frequencies in equal steps: a design's own hold the ends of its bands too."""
    f = channel.frequency_hz
    even_hz = np.linspace(0.0, scene.problem.sample_rate_hz / 2, f.size)
    return cut_inverse_transform(between(f, channel.weights, even_hz), taps)


WAYS: Mapping[str, Callable[[ChannelDesign, Scene, int], Real]] = {
    "joint fit": lambda channel, scene, taps: realize([channel], scene, taps)[0][0],
    "cut inverse transform": _cut,
}


class Kept(NamedTuple):
    """What taps made in one way keep of an ear channel."""

    way: str
    taps: int
    median_db: float
    fifth_percentile_db: float
    tone_in_band_db: (
        float  # largest deviation of the mean level at the reached ear from the plain driver's, in the band
    )
    tone_db: float  # from 100 Hz to 16 kHz


def taps_curve(channel: ChannelDesign, scene: Scene, taps: Iterable[int]) -> list[Kept]:
    """What each way keeps of an ear channel with each number of taps; the scene's frequencies are from 0 to Nyquist."""
    rate = scene.problem.sample_rate_hz
    heard = scene.at(np.geomspace(TONE_BAND_HZ[0], min(TONE_BAND_HZ[1], rate / 2), TONE_FREQUENCIES))
    target = channel_target(channel.design, heard, channel.plain)
    own = driver_index(channel.design, scene.drivers)
    found = []
    for way, made in WAYS.items():
        for length in taps:
            filters = made(channel, scene, length)
            moved = moved_head(channel.design, filters, scene)
            w = filter_response(filters, heard.frequency_hz, rate)[:, own]
            tone = np.abs(measures.db(measures.mean_power(target.reach, w)) - measures.amplitude_db(target.plain_level))
            in_band = float(tone[target.in_band].max(initial=0.0))
            found.append(Kept(way, length, moved.median_db, moved.fifth_percentile_db, in_band, float(tone.max())))
    return found


def measured(taps: tuple[int, ...] = TAPS) -> list[Kept]:
    """What each way keeps with each number of taps."""
    problem = designer.load(HERE / "eight-drivers.toml")
    scene = designer.scene(problem).at(fine_frequencies_hz(problem))
    return taps_curve(design_channel(problem.designs[0], scene), scene, taps)


def table(kept: list[Kept]) -> str:
    """The table as CSV, to a hundredth of a dB."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Kept._fields)
    for one in kept:
        writer.writerow([*one[:2], *(f"{number:.2f}" for number in one[2:])])
    return out.getvalue()


def read(text: str) -> list[Kept]:
    """The table back."""
    rows = list(csv.reader(io.StringIO(text)))[1:]
    return [Kept(way, int(taps), *(float(number) for number in numbers)) for way, taps, *numbers in rows]


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


def picture(kept: list[Kept]) -> str:
    """The figure as SVG."""
    with in_style():
        return svg(draw_taps(kept))


if __name__ == "__main__":
    text = table(measured())
    (HERE / "taps.csv").write_text(text, encoding="utf-8")
    (HERE / "taps.svg").write_text(picture(read(text)), encoding="utf-8")
