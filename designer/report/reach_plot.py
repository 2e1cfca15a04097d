"""What a layout could reach at best: cancellation gain over frequency, one line for each effort, and what is asked."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from designer.designs.reach import Reach
from designer.report.canvas import ALARM, INK, figure, frequency_axis

HIGHEST_DB = 40.0


def draw_reach(found: Reach) -> Figure:
    """Darker means more effort; bounds above HIGHEST_DB run along the upper edge."""
    drawn = figure(7.2, 3.6)
    axes = drawn.subplots()
    for number, (effort, gains) in enumerate(zip(found.effort_db, found.gain_db, strict=True)):
        shade = 0.75 - 0.6 * number / max(found.effort_db.size - 1, 1)
        axes.plot(found.frequency_hz, np.minimum(gains, HIGHEST_DB), color=str(shade), linewidth=1.6)
        at = int((0.15 + 0.12 * number) * (found.frequency_hz.size - 1))
        axes.annotate(
            f"{effort:.0f} dB",
            (found.frequency_hz[at], min(gains[at], HIGHEST_DB)),
            ha="center",
            va="center",
            fontsize=8,
            color=INK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.0},
        )
    if found.asked_db is not None:
        axes.plot(
            found.frequency_hz, found.asked_db, color=ALARM, linestyle=(0, (5, 1.5)), linewidth=1.8, label="asked"
        )
        axes.legend(loc="upper left")
    frequency_axis(axes, float(found.frequency_hz[0]), float(found.frequency_hz[-1]))
    axes.set_ylim(0.0, HIGHEST_DB)
    axes.set_ylabel("Cancellation gain in dB")
    axes.set_title(f"{found.name}: the most that any weights reach, by effort")
    return drawn
