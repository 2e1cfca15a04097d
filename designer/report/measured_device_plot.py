"""A whole measured device: each driver's level and arrival at the ears."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from designer.acoustics.scene import Scene
from designer.measures import amplitude_db
from designer.report.canvas import INK, driver_line, figure, frequency_axis
from designer.report.words_on_plots import shortened

MOST_NAMED = 12


def draw_measured_device(scene: Scene, path: str) -> Figure:
    """Level at the left and the right ear (F, L each), by driver, and when each driver's sound arrives."""
    f = scene.frequency_hz[scene.frequency_hz > 0]
    ears = scene.at(f).ears()[:, :2]
    level = amplitude_db(ears)
    drawn = figure(7.2, 5.4)
    axes = drawn.subplots(3, 1, sharex=True, height_ratios=[1, 1, 0.9])
    top = float(level.max()) + 3
    handles: list[Line2D] = []
    for l, name in enumerate(scene.drivers):
        for ear, words in enumerate(("left", "right")):
            lines = axes[ear].plot(f, level[:, ear, l], linewidth=1.3, label=shortened(name), **driver_line(l))
            axes[ear].set_title(f"Level at the listener's {words} ear")
            handles += lines if ear == 0 and l < MOST_NAMED else []
        later = np.unwrap(np.angle(ears[:, 0, l] / ears[:, 1, l]))
        axes[2].plot(f, later / (2 * np.pi * f) * 1e3, linewidth=1.3, **driver_line(l))
    for ear in (0, 1):
        axes[ear].set_ylim(max(float(level.min()) - 2, top - 50), top)
        axes[ear].set_ylabel("dB")
    axes[2].set_ylabel("ms")
    axes[2].set_title("Left ear before the right, by phase")
    axes[2].axhline(0, color=INK, linewidth=0.7)
    low_hz = max(20.0, float(f[0]))
    for on in axes:
        frequency_axis(on, low_hz, max(float(f[-1]), low_hz * 2), label=on is axes[2])
    drawn.legend(handles=handles, loc="outside lower center", ncols=6)
    drawn.suptitle(f"Device {shortened(path)}", x=0.01, ha="left", fontsize=10.5, fontweight="bold")
    return drawn
