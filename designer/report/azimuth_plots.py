"""The realised response over azimuth: the frequency x azimuth map, and polar plots."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import BoundaryNorm, ListedColormap
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from designer.arrays import Bool, Real
from designer.comparison.relative_level import relative_level_db
from designer.measures import db
from designer.problem import geometry
from designer.problem.schema import DesignTable
from designer.report.canvas import COLOURS, INK, SOFT, figure, frequency_axis
from designer.report.frequency_plots import shown_band_hz
from designer.result import Result
from designer.targets.curves import in_band
from designer.targets.wishes import SLACK_TOLERANCE_DB

POLAR_HZ = (250, 500, 1000, 2000, 4000, 8000)
STEP_DB, LOWEST_DB = 3, -30
HIGHEST_DB = {"beamformer": 3, "ctc": 12, "null-steering": 12}
POLAR_FLOOR_DB = -30.0


def relative_db(result: Result, name: str, *, to_window: bool = False) -> tuple[Real, Real, Real, str]:
    """Frequencies (F,), azimuths (A,), the level (F, A), and what it is relative to.

    A beam's reference is its own on-axis response, or the mean power over its listening window. An ear channel's is what
    the plain driver, fed with 0 dB, sends towards the listener.
    """
    scene = result.drawn_circle
    azimuth, level, words = relative_level_db(result, name, scene)
    window = result.channels[name].table.window_deg
    if to_window:
        assert window is not None
        inside = geometry.in_arc(azimuth, (window[0], window[1]))
        # What the level was relative to before falls out of the difference.
        level = level - db(np.mean(10 ** (level[:, inside] / 10), axis=1))[:, None]
        words = "mean over the window"
    return scene.frequency_hz, azimuth, level, words


def draw_map(result: Result, name: str) -> Figure:
    """Level over frequency and azimuth in steps of 3 dB, with what was asked drawn on it."""
    f, azimuth, level, reference = relative_db(result, name)
    channel = result.channels[name].table
    drawn = figure(7.2, 3.7)
    axes = drawn.subplots()
    low_hz, high_hz = shown_band_hz(result)
    frequency_axis(axes, low_hz, high_hz)
    highest_db = HIGHEST_DB[channel.kind]
    edges_db = np.arange(LOWEST_DB, highest_db + STEP_DB + 1, STEP_DB) - STEP_DB / 2  # steps centred on their labels
    from matplotlib import colormaps

    colours = ListedColormap(colormaps["viridis"](np.linspace(0.0, 1.0, edges_db.size - 1)))
    norm = BoundaryNorm(edges_db, colours.N)
    wrapped, values = wrapped_map(azimuth, level)
    axes.pcolormesh(f, wrapped, np.clip(values, LOWEST_DB, highest_db), cmap=colours, norm=norm,
                    shading="gouraud" if wrapped.size > 400 else "nearest", rasterized=True)  # fmt: skip
    axes.set_ylim(180, -180)
    axes.set_yticks(np.arange(-180, 181, 45))
    axes.grid(False)
    for edge in channel.band_hz:
        axes.axvline(edge, color="white", linewidth=1.4)
        axes.axvline(edge, color=INK, linewidth=0.9, linestyle=(0, (2, 2)))
    arcs_on_map(axes, channel)
    broken = _violations(f, azimuth, level, channel)
    if broken.any():
        for colour, width in (("white", 1.8), (INK, 0.7)):  # seen on any level
            with rc_context({"hatch.color": colour, "hatch.linewidth": width}):
                axes.contourf(f, azimuth, broken.T.astype(float), levels=[0.5, 1.5], colors="none", hatches=["xxx"])
    bar = drawn.colorbar(
        ScalarMappable(norm, colours), ax=axes, ticks=np.arange(LOWEST_DB, highest_db + 1, 6), pad=0.015
    )
    bar.set_label(f"dB re {reference}")
    bar.outline.set_visible(False)
    axes.set_ylabel("Azimuth in degrees\n← listener's right  |  listener's left →", fontsize=8.5)
    boxed = "; boxes: the mask" if channel.mask else "; boxes: the nulls' arcs" if channel.nulls_deg else ""
    crossed = "; crossed: above it" if broken.any() else ""
    axes.set_title(f"Level on the circle{boxed}{crossed}; dashed: the band")
    return drawn


def wrapped_map(azimuth_deg: Real, level: Real) -> tuple[Real, Real]:
    """Azimuths and levels (A, F) of a map, with the first again at the end where they go all around."""
    step = azimuth_deg[1] - azimuth_deg[0]
    closed = np.isclose(azimuth_deg[-1] + step, azimuth_deg[0] + 360)
    wrapped = np.concatenate([azimuth_deg, [azimuth_deg[0] + 360.0]]) if closed else azimuth_deg
    return wrapped, level[:, np.arange(wrapped.size) % azimuth_deg.size].T


def arcs_on_map(axes: Axes, channel: DesignTable) -> None:
    """The mask's boxes on a map of frequency and azimuth; without a mask the nulls' arcs."""
    arcs = [
        ((line.azimuth_deg[0], line.azimuth_deg[1]), line.band_hz or channel.band_hz) for line in channel.mask or []
    ]
    if not arcs and channel.nulls_deg:
        arcs = [(arc, channel.band_hz) for arc in geometry.null_arcs_deg(channel.nulls_deg, channel.null_width_deg)]
    for (start, stop), (low, high) in arcs:
        for colour, width in (("white", 2.2), (INK, 1.1)):
            axes.add_patch(
                Rectangle((low, start), high - low, (stop - start) % 360, fill=False, edgecolor=colour, linewidth=width)
            )


def _violations(frequency_hz: Real, azimuth_deg: Real, level: Real, design: DesignTable) -> Bool:
    """Where the level (F, A) is above a mask line by more than counts as slack."""
    broken = np.zeros(level.shape, dtype=bool)
    for line in design.mask or []:
        at = in_band(frequency_hz, line.band_hz or design.band_hz)[:, None]
        at = at & geometry.in_arc(azimuth_deg, (line.azimuth_deg[0], line.azimuth_deg[1]))
        broken |= at & (level > line.max_db + SLACK_TOLERANCE_DB)
    return broken


def draw_polars_to_window(result: Result, name: str) -> Figure:
    """The same relative to the listening window's mean."""
    return draw_polars(result, name, to_window=True)


def draw_polars(result: Result, name: str, *, to_window: bool = False) -> Figure:
    """Polar plots at octaves, the front at the bottom as in the layout, so that the listener's left is on the left."""
    f, azimuth, level, reference = relative_db(result, name, to_window=to_window)
    channel = result.channels[name].table
    wanted = [hz for hz in POLAR_HZ if hz <= result.problem.sample_rate_hz / 2]
    drawn = figure(7.2, 5.2)
    rows = [int(np.argmin(np.abs(np.log(f / hz)))) for hz in wanted]
    outer_db = max(6.0, 6.0 * np.ceil(level[rows].max() / 6))  # one scale for all
    closed = np.radians(np.concatenate([azimuth, azimuth[:1]]))
    for place, (hz, row) in enumerate(zip(wanted, rows, strict=True)):
        axes = drawn.add_subplot(2, 3, place + 1, projection="polar")
        values = np.maximum(level[row], POLAR_FLOOR_DB)
        inside = channel.band_hz[0] <= hz <= channel.band_hz[1]
        colour = COLOURS[0] if inside else SOFT
        axes.plot(closed, np.concatenate([values, values[:1]]), color=colour, linewidth=1.6)
        if channel.is_beam and inside:
            for arc in geometry.null_arcs_deg(channel.nulls_deg or [], channel.null_width_deg):
                axes.axvspan(np.radians(arc[0]), np.radians(arc[1]), color=COLOURS[4], alpha=0.25, linewidth=0)
        axes.set_theta_zero_location("S")  # type: ignore[attr-defined] # a polar Axes
        axes.set_rlim(POLAR_FLOOR_DB, outer_db)  # type: ignore[attr-defined] # a polar Axes
        axes.set_rticks(np.arange(POLAR_FLOOR_DB, outer_db + 1, 12))  # type: ignore[attr-defined] # a polar Axes
        axes.set_rlabel_position(158)  # type: ignore[attr-defined] # a polar Axes
        axes.set_thetagrids(np.arange(0, 360, 45), [_azimuth_label(a) for a in range(0, 360, 45)], fontsize=7)  # type: ignore[attr-defined] # a polar Axes
        axes.tick_params(axis="y", labelsize=6.5)
        axes.tick_params(axis="x", pad=-2)
        label = f"{hz / 1000:g} kHz" if hz >= 1000 else f"{hz} Hz"
        axes.set_title(
            label if inside else f"{label}, outside the band", fontsize=9, loc="center", color=INK if inside else SOFT
        )
    drawn.suptitle(f"Polar response in dB re {reference}; front down, listener's left on the left",
                   fontsize=9, x=0.01, ha="left", fontweight="bold")  # fmt: skip
    return drawn


def _azimuth_label(azimuth_deg: int) -> str:
    return f"{azimuth_deg if azimuth_deg <= 180 else azimuth_deg - 360}°"
