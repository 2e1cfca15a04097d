"""Makes this folder's table and figure: what short filters keep of the eight-driver case.

    python reports/few-taps/make.py

writes taps.csv and taps.svg beside it. A test computes the table again.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import numpy as np

import designer
from designer.designs import design_channel
from designer.evaluation.taps_curve import Kept, taps_curve
from designer.report.canvas import COLOURS, STYLES, in_style, numbered_axis, svg
from designer.report.plots import below, curve, draw_curves, panels
from designer.result import fine_frequencies_hz

HERE = Path(__file__).parent
TAPS = (16, 24, 32, 40, 48, 56, 64, 80, 96, 128, 192, 256, 512, 1024)
COLUMNS = ("way", "taps", "median_db", "fifth_percentile_db", "tone_in_band_db", "tone_db")
LARGEST_TONE_DB = 3.0


def measured(taps: tuple[int, ...] = TAPS) -> list[Kept]:
    """What each way keeps with each number of taps."""
    problem = designer.load(HERE / "eight-drivers.toml")
    scene = designer.scene(problem).at(fine_frequencies_hz(problem))
    return taps_curve(design_channel(problem.designs[0], scene), scene, taps)


def table(kept: list[Kept]) -> str:
    """The table as CSV, to a hundredth of a dB."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in kept:
        numbers = (one.median_db, one.fifth_percentile_db, one.tone_in_band_db, one.tone_db)
        writer.writerow([one.way, one.taps, *(f"{number:.2f}" for number in numbers)])
    return out.getvalue()


def read(text: str) -> list[Kept]:
    """The table back."""
    rows = list(csv.reader(io.StringIO(text)))[1:]
    return [Kept(way, int(taps), *(float(number) for number in numbers)) for way, taps, *numbers in rows]


def picture(kept: list[Kept]) -> str:
    """The figure as SVG: median and 5th percentile on the left, the tone on the right, over the number of taps."""
    with in_style():
        drawn, (gain, tone) = panels(3.4, 1, 2)
        gains, tones = [], []
        for number, way in enumerate(dict.fromkeys(one.way for one in kept)):
            own = [one for one in kept if one.way == way]
            taps, dots = (
                np.array([one.taps for one in own]),
                {"marker": "os"[number % 2], "markersize": 3.5, "linewidth": 1.8},
            )
            low, middle, far = (np.array(each) for each in zip(
                *((one.fifth_percentile_db, one.median_db, one.tone_db) for one in own), strict=True))  # fmt: skip
            gains.append(curve(taps, low, f"{way}: 5th percentile", COLOURS[number], **dots))
            gains.append(curve(taps, middle, f"{way}: median", COLOURS[number], 1.1, linestyle=STYLES[1]))
            tones.append(curve(taps, far, "", COLOURS[number], **dots))
        handles = draw_curves(gain, gains, title="Gain, head moved within 3 cm", unit="Cancellation gain in dB")
        draw_curves(tone, tones, title="Tone at the reached ear, 0.1 to 16 kHz", unit="Largest deviation in dB")
        gain.set_ylim(bottom=0.0)
        tone.set_ylim(0.0, LARGEST_TONE_DB)
        for axes in (gain, tone):
            axes.set_xscale("log", base=2)
            numbered_axis(axes, [2**n for n in range(3, 13) if kept[0].taps <= 2**n <= kept[-1].taps])
            axes.set_xlabel("Taps a driver")
        below(drawn, handles, 2)
        return svg(drawn)


if __name__ == "__main__":
    text = table(measured())
    (HERE / "taps.csv").write_text(text, encoding="utf-8")
    (HERE / "taps.svg").write_text(picture(read(text)), encoding="utf-8")
