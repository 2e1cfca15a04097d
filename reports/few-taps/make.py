"""Makes this folder's table and figure: what short filters keep of the eight-driver case.

    python reports/few-taps/make.py

writes taps.csv and taps.svg beside it. A test computes the table again.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

import designer
from designer.designs import design_channel
from designer.evaluation.taps_curve import Kept, taps_curve
from designer.report.canvas import in_style, svg
from designer.report.taps_plot import draw_taps
from designer.result import fine_frequencies_hz

HERE = Path(__file__).parent
TAPS = (16, 24, 32, 40, 48, 56, 64, 80, 96, 128, 192, 256, 512, 1024)
COLUMNS = ("way", "taps", "median_db", "fifth_percentile_db", "tone_in_band_db", "tone_db")


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
    """The figure as SVG."""
    with in_style():
        return svg(draw_taps(kept))


if __name__ == "__main__":
    text = table(measured())
    (HERE / "taps.csv").write_text(text, encoding="utf-8")
    (HERE / "taps.svg").write_text(picture(read(text)), encoding="utf-8")
