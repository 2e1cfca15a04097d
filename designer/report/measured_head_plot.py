"""A measured head as it was read: the directions it covers, the time between the ears, and the level at an ear."""

from __future__ import annotations

from pathlib import PurePath

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure

from designer.acoustics.interaural_time import geometric_time_s
from designer.acoustics.measured_head import MeasuredHead
from designer.arrays import Real
from designer.errors import DataError
from designer.problem.geometry import direction
from designer.report.canvas import ALARM, COLOURS, FAINT, INK, SOFT, STYLES, figure, frequency_axis
from designer.report.words_on_plots import shortened

LEVEL_DEG = (0.0, 45.0, 90.0, -45.0, -90.0, 180.0)
GAP = "#e1e4e8"
RING_DEG = 12.5
"""Measured directions this near to the horizontal are shown over azimuth."""


def draw_measured_head(head: MeasuredHead, arrivals: Real) -> Figure:
    """The whole figure of one head.

    Parameters
    ----------
    arrivals : unit vectors (S, 3) in the head's axes: where the device's sound comes from

    """
    drawn = figure(7.2, 5.6)
    grid = drawn.add_gridspec(2, 2, height_ratios=[1.1, 1.0])
    _directions(drawn.add_subplot(grid[0, :]), head, arrivals)
    _times(drawn.add_subplot(grid[1, 0]), head)
    _levels(drawn.add_subplot(grid[1, 1]), head)
    recording = head.recording
    where = f" at {recording.distance_m:g} m" if np.isfinite(recording.distance_m) else ""
    drawn.suptitle(
        f"Head {shortened(PurePath(head.name).name)}: {len(recording.directions)} directions{where},"
        f" {head.band_hz[0]:.0f} Hz to {head.band_hz[1] / 1000:.1f} kHz",
        x=0.01, ha="left", fontsize=10.5, fontweight="bold",
    )  # fmt: skip
    return drawn


def _angles_deg(directions: Real) -> tuple[Real, Real]:
    return (
        np.degrees(np.arctan2(directions[:, 1], directions[:, 0])),
        np.degrees(np.arcsin(np.clip(directions[:, 2], -1.0, 1.0))),
    )


def _azimuth_axis(axes: Axes, step_deg: float) -> None:
    """Azimuth with the head's left on the left."""
    axes.set_xlim(185, -185)
    axes.set_xticks(np.arange(180, -181, -step_deg))
    axes.set_xlabel("← head's left  |  azimuth in degrees  |  head's right →")


def _directions(axes: Axes, head: MeasuredHead, arrivals: Real) -> None:
    azimuth, elevation = _angles_deg(head.recording.directions)
    time_ms = head.interaural_time_s * 1e3
    reach = max(0.1, float(np.abs(time_ms).max()))
    _shade_gaps(axes, head)
    dots = axes.scatter(azimuth, elevation, c=time_ms, cmap="PuOr", vmin=-reach, vmax=reach, s=13, edgecolors=SOFT,
                        linewidths=0.3, zorder=3)  # fmt: skip
    if len(arrivals):
        there, up = _angles_deg(arrivals)
        axes.plot(there, up, "x", color=ALARM, markersize=6, markeredgewidth=1.6, zorder=4, label="the device's sound")
    axes.plot([], [], "s", color=GAP, markersize=8, label="nothing measured")
    bar = axes.figure.colorbar(dots, ax=axes, pad=0.012)
    bar.set_label("Time between the ears in ms\n(left first: positive)", fontsize=8)
    bar.outline.set_visible(False)
    _azimuth_axis(axes, 45)
    axes.set_ylim(-95, 95)
    axes.set_yticks(np.arange(-90, 91, 30))
    axes.set_ylabel("Elevation in degrees")
    axes.set_title("Directions, and the time between the ears")
    axes.legend(loc="lower right", frameon=True, framealpha=0.9, edgecolor=FAINT, ncols=2)


def _shade_gaps(axes: Axes, head: MeasuredHead) -> None:
    """Grey where an interpolation is refused."""
    azimuth, elevation = np.arange(-180.0, 180.1, 5.0), np.arange(-90.0, 90.1, 5.0)
    grid = np.stack(np.meshgrid(azimuth, elevation), axis=-1).reshape(-1, 2)
    known = np.array([_known(head, towards) for towards in direction(grid[:, 0], grid[:, 1])])
    missing = np.where(known, np.nan, 0.0).reshape(elevation.size, azimuth.size)
    axes.pcolormesh(
        azimuth, elevation, missing, cmap=ListedColormap([GAP]), shading="nearest", rasterized=True, zorder=1
    )


def _known(head: MeasuredHead, towards: Real) -> bool:
    try:
        head.interpolation.weights(towards[None])
    except ValueError:  # a gap
        return False
    return True


def _times(axes: Axes, head: MeasuredHead) -> None:
    azimuth, elevation = _angles_deg(head.recording.directions)
    level = elevation[np.argmin(np.abs(elevation))]
    ring = np.abs(elevation - level) < 0.5
    if ring.sum() < 3:
        ring = np.abs(elevation) < RING_DEG
    around = np.linspace(-180.0, 180.0, 181)
    lateral = direction(around, np.full(around.size, level))[:, 1]
    axes.plot(around, geometric_time_s(lateral) * 1e3, color=COLOURS[1], linestyle=STYLES[1], linewidth=1.3,
              label="sphere of 8.75 cm")  # fmt: skip
    axes.plot(
        azimuth[ring], head.interaural_time_s[ring] * 1e3, ".", color=COLOURS[0], markersize=4.5, label="measured"
    )
    _azimuth_axis(axes, 90)
    axes.set_xlabel("Azimuth in degrees, left positive")
    axes.set_ylabel("Left ear first by, in ms")
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + 0.3 * (high - low))
    axes.set_title(f"Time between the ears, elevation {level:.0f}°")
    axes.legend(loc="upper center", ncols=2, columnspacing=1.0, handletextpad=0.4)


def _levels(axes: Axes, head: MeasuredHead) -> None:
    """Left ear's level over the free field at the head's centre, at azimuths of the horizontal plane that are measured."""
    f = np.geomspace(max(100.0, head.band_hz[0]), head.band_hz[1], 240)
    for number, azimuth in enumerate(LEVEL_DEG):
        try:
            heard = head.transfer(f, direction(np.array([azimuth])))[:, 0, 0]
        except DataError:  # nothing is measured there
            continue
        front = azimuth == 0
        axes.plot(f, 20 * np.log10(np.abs(heard) + 1e-9), color=INK if front else COLOURS[number],
                  linestyle=STYLES[number % 4], linewidth=1.8 if front else 1.2,
                  label=f"{azimuth:g}°".replace("-", "−"))  # fmt: skip
    frequency_axis(axes, 100.0, max(20_000.0, head.band_hz[1]), narrow=True)
    axes.set_ylabel("Level in dB re free field")
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, -35.0) - 14, high)  # room for the legend
    axes.set_title("Level at the left ear, by azimuth")
    axes.legend(loc="lower left", ncols=3, columnspacing=1.0, handlelength=2.0)
