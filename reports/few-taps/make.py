"""Makes this folder's table and figure: what short filters keep of the eight-driver case.

    python reports/few-taps/make.py

writes taps.csv and taps.svg beside it. A test computes the table again.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import designer
from designer import measures
from designer.acoustics.scene import Scene
from designer.acoustics.scene_of_problem import fine_frequencies_hz
from designer.arrays import Complex, Real
from designer.designs.channel import ChannelDesign, design_channel
from designer.evaluation.moved_head import moved_head
from designer.metrics import TONE_BAND_HZ
from designer.realization import realize
from designer.realization import response as filter_response
from designer.realization.dense_targets import between
from designer.report.canvas import svg
from designer.report.figure_data import axis, curves, figure, line
from designer.report.printed import draw
from designer.requirements.channel_target import channel_target, driver_index

HERE = Path(__file__).parent
TAPS = (16, 24, 32, 40, 48, 56, 64, 80, 96, 128, 192, 256, 512, 1024)
TONE_FREQUENCIES = 400
LARGEST_TONE_DB = 3.0


def cut_inverse_transform(weights: Complex, taps: int) -> Real:
    """Taps (L, T) of weights (F, L) on equal steps from 0 to Nyquist, delayed by half the taps and cut.

    More taps than the transform is long are 0 beyond it.
    """
    size = 2 * (len(weights) - 1)
    delay = min(taps, size) // 2
    turned = weights * np.exp(-2j * np.pi * delay / size * np.arange(len(weights)))[:, None]
    impulses = np.fft.irfft(turned.T, size, axis=1)[:, :taps]
    return np.asarray(np.pad(impulses, ((0, 0), (0, taps - impulses.shape[1]))))


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
        float  # largest deviation of the mean level at the ipsilateral ear from the plain driver's, in the band
    )
    tone_db: float  # from 100 Hz to 16 kHz


def taps_curve(channel: ChannelDesign, scene: Scene, taps: Iterable[int]) -> list[Kept]:
    """What each way keeps of an ear channel with each number of taps; the scene's frequencies are from 0 to Nyquist."""
    rate = scene.problem.sample_rate_hz
    heard = scene.at(np.geomspace(TONE_BAND_HZ[0], min(TONE_BAND_HZ[1], rate / 2), TONE_FREQUENCIES))
    target = channel_target(channel.design, heard, channel.plain)
    drivers = driver_index(channel.design, scene.drivers)
    rows = []
    for way, realize_way in WAYS.items():
        for length in taps:
            filters = realize_way(channel, scene, length)
            displaced = moved_head(channel.design, filters, scene)
            w = filter_response(filters, heard.frequency_hz, rate)[:, drivers]
            tone = np.abs(
                measures.db(measures.mean_power(target.bright, w)) - measures.amplitude_db(target.plain_level)
            )
            in_band = float(tone[target.in_band].max(initial=0.0))
            rows.append(
                Kept(way, length, displaced.median_db, displaced.fifth_percentile_db, in_band, float(tone.max()))
            )
    return rows


def measured(taps: tuple[int, ...] = TAPS) -> list[Kept]:
    """What each way keeps with each number of taps."""
    problem = designer.load(HERE / "eight-drivers.toml")
    scene = designer.scene(problem).at(fine_frequencies_hz(problem))
    return taps_curve(design_channel(problem.designs[0], scene), scene, taps)


def table(rows: list[Kept]) -> str:
    """The table as CSV, to a hundredth of a dB."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(Kept._fields)
    for row in rows:
        numbers = (row.median_db, row.fifth_percentile_db, row.tone_in_band_db, row.tone_db)
        writer.writerow([row.way, row.taps, *(f"{number:.2f}" for number in numbers)])
    return out.getvalue()


def read(text: str) -> list[Kept]:
    """The table back."""
    rows = list(csv.reader(io.StringIO(text)))[1:]
    return [Kept(way, int(taps), *(float(number) for number in numbers)) for way, taps, *numbers in rows]


def picture(records: list[Kept]) -> str:
    """The figure as SVG: median and 5th percentile on the left, the tone on the right, over the number of taps."""
    gains, tones = [], []
    for number, way in enumerate(dict.fromkeys(record.way for record in records)):
        series = [record for record in records if record.way == way]
        taps = np.array([float(record.taps) for record in series])
        look: dict[str, Any] = {"color": number, "marker": ("circle", "square")[number % 2], "size": 3.5, "width": 1.8}
        low, middle, far = (np.array(each) for each in zip(
            *((record.fifth_percentile_db, record.median_db, record.tone_db) for record in series), strict=True))  # fmt: skip
        gains.append(line(taps, low, f"{way}: 5th percentile", **look))
        gains.append(line(taps, middle, f"{way}: median", color=number, width=1.1, dash="dash"))
        tones.append(line(taps, far, **look))
    first, last = records[0].taps, records[-1].taps
    x = axis("Taps a driver", "", first / 1.1, last * 1.1, [2**n for n in range(3, 13) if first <= 2**n <= last])
    x["scale"] = "log"
    highest = max(float(shown["y"].max()) for shown in gains)
    gain, tone = (
        axis("Cancellation gain in dB", "dB", 0.0, highest + 1),
        axis("Largest deviation in dB", "dB", 0.0, LARGEST_TONE_DB),
    )
    panels = [
        curves(x, gain, gains, title="Gain, head moved within 3 cm"),
        curves(x, tone, tones, title="Tone at the ipsilateral ear, 0.1 to 16 kHz", place=(0, 1)),
    ]
    return svg(draw(figure(panels, 3.4, legend_columns=2)))


if __name__ == "__main__":
    text = table(measured())
    (HERE / "taps.csv").write_text(text, encoding="utf-8")
    (HERE / "taps.svg").write_text(picture(read(text)), encoding="utf-8")
