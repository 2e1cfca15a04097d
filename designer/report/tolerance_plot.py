"""What tolerances do to a channel: cancellation gain of drawn devices and listeners over frequency."""

from __future__ import annotations

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from designer.report.canvas import COLOURS, INK, figure, frequency_axis, mark_band
from designer.report.frequency_plots import shown_band_hz
from designer.result import Result


def draw_tolerance(result: Result, name: str) -> Figure:
    """The 5th to 95th percentile over the draws, their median, and the device without any error."""
    found = result.tolerances[name]
    table = result.problem.tolerance
    low, middle, high = found.percentiles_db
    drawn = figure(7.2, 3.2)
    axes = drawn.subplots()
    frequency_axis(axes, *shown_band_hz(result))
    mark_band(axes, result.channels[name].table.band_hz)
    axes.fill_between(found.frequency_hz, low, high, color=COLOURS[5], alpha=0.35, linewidth=0)
    handles: list[Patch | Line2D] = [Patch(color=COLOURS[5], alpha=0.35, label=f"{table.draws:,} draws, 5–95 %")]
    handles += axes.plot(found.frequency_hz, middle, color=COLOURS[0], linewidth=1.8, label="their median")
    handles += axes.plot(found.frequency_hz, found.nominal_db, color=INK, linewidth=1.2, linestyle=(0, (5, 1.5)),
                         label="without errors")  # fmt: skip
    axes.set_ylim(min(0.0, float(low.min()) - 1), min(60.0, max(12.0, float(high.max()) + 3)))
    axes.set_ylabel("Cancellation gain in dB")
    axes.set_title(
        f"Tolerances: {table.gain_db:g} dB, {table.phase_deg:g}°, {table.position_m * 1e3:g} mm,"
        f" {table.temperature_c:g} °C, head {table.head_radius_m * 1e3:g} mm"
    )
    drawn.legend(handles=handles, loc="outside lower center", ncols=3)
    return drawn
