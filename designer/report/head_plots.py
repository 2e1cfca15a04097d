"""What measured heads are worth: prediction against measurement."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from designer.measures import lowest_hz
from designer.report.canvas import COLOURS, INK, figure, frequency_axis, mark_band
from designer.report.frequency_plots import shown_band_hz
from designer.report.words_on_plots import shortened
from designer.result import Result
from designer.targets.curves import curve_db


def draw_left_out(result: Result, name: str) -> Figure:
    """Cancellation gain of filters designed on every second direction: at that half, and at the directions left out."""
    table = result.channels[name].table
    heads = result.left_out[name]
    drawn = figure(7.2, 3.1)
    axes = drawn.subplots()
    frequency_axis(axes, *shown_band_hz(result))
    mark_band(axes, table.band_hz)
    handles = []
    top = 12.0
    for number, (head, found) in enumerate(heads.items()):
        of = f", {shortened(Path(head).name)}" if len(heads) > 1 else ""
        f = np.maximum(found.frequency_hz, 1e-3)
        colour, other = COLOURS[2 * number % 8], COLOURS[(2 * number + 1) % 8]
        handles += axes.plot(f, found.predicted_db, color=colour, linewidth=2, label=f"predicted{of}")
        handles += axes.plot(f, found.measured_db, color=other, linewidth=1.3, linestyle=(0, (4, 1.5)),
                             label=f"measured at the directions left out{of}")  # fmt: skip
        inside = found.in_band
        top = max(top, float(found.predicted_db[inside].max()) + 4, float(found.measured_db[inside].max()) + 4)
    if table.cancellation_gain_db is not None:
        f = np.geomspace(lowest_hz(table.band_hz), table.band_hz[1], 100)
        handles += axes.plot(f, curve_db(table.cancellation_gain_db, f), color=INK, linewidth=1.3, linestyle=(0, (1, 1)),
                             label="target")  # fmt: skip
    axes.set_ylim(-6, min(top, 60))
    axes.set_ylabel("Cancellation gain in dB")
    worst = max(found.largest_difference_db for found in heads.values())
    axes.set_title(f"Designed on half of the head's directions, judged on the other half: within {worst:.1f} dB")
    drawn.legend(handles=handles, loc="outside lower center", ncols=3)
    return drawn
