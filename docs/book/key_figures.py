"""Figures of the reference on what keys of designs and filters do, computed as the book is built, each within two CPU seconds.

Which keys they are of stands in `FIGURES`; a caption is a docstring.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

import designer
from book.key_scenes import (
    cloud,
    enclosures,
    grid,
    labelled_axes,
    over_frequency,
    placement,
    places,
    problem_of,
    regions,
    room,
)
from designer.measures import amplitude_db
from designer.problem import geometry
from designer.report import schemes
from designer.requirements.crossovers import Crossover

STYLES = ("-", "--", ":", "-.")


@cache
def _pair(*changes: tuple[str, Any]) -> designer.Design:
    """The laptop's pair with a coarse grid and one channel."""
    problem = problem_of("laptop-pair")
    problem = problem.replace({"designs": problem.designs[:1]})
    return designer.design(problem.replace({key: _thawed(value) for key, value in changes}))


def _thawed(value: Any) -> Any:
    return [_thawed(part) for part in value] if isinstance(value, tuple) else value


@cache
def _beam(*changes: tuple[str, Any]) -> designer.Design:
    """The smart speaker's centre beam alone."""
    problem = problem_of("smart-speaker", {"virtualizer": None, "export": None})
    problem = problem.replace({"designs": problem.designs[2:], "realization.taps": 256})
    return designer.design(problem.replace({key: _thawed(value) for key, value in changes}))


def _curves(designs: Mapping[str, designer.Design], column: str, ylabel: str) -> Figure:
    fig, axes = labelled_axes("Frequency in Hz", ylabel)
    for style, (label, design) in zip(STYLES, designs.items(), strict=False):
        axes.plot(design.metrics.frequency_hz, design.metrics[column], style, label=label)
    over_frequency(axes)
    axes.legend()
    return fig


def gain() -> Figure:
    """The laptop's pair: its filters lie on the curve that is asked for, and above it where that costs nothing."""
    return _pair().figure("left", "gain")


def effort() -> Figure:
    """The same curve within three limits of effort: the cheaper ones are infeasible, and the best compromise is written."""
    designs = {
        f"at most {limit_db:g} dB": _pair(("designs.left.max_effort_db", limit_db)) for limit_db in (3.0, 6.0, 9.0)
    }
    fig = _curves(designs, "cancellation_gain_db", "Cancellation gain in dB")
    metrics = _pair().metrics
    fig.axes[0].plot(metrics.frequency_hz, metrics.target_db, "k", linewidth=0.8, label="asked")
    fig.axes[0].legend()
    return fig


def fade() -> Figure:
    """Effort on the way from the design to plain playback, at both ends of the band, for three widths of the fade."""
    designs = {f"{octaves:g} octaves": _pair(("designs.left.fade_octaves", octaves)) for octaves in (0.25, 0.5, 2.0)}
    return _curves(designs, "effort_db", "Effort in dB")


def taps() -> Figure:
    """The laptop's pair as filters of three lengths: 64 taps last 1.3 ms, and a period of 250 Hz 4 ms."""
    designs = {f"{count} taps": _pair(("realization.taps", count)) for count in (64, 128, 512)}
    return _curves(designs, "cancellation_gain_db", "Cancellation gain in dB")


def hold() -> Figure:
    """The smallest gain at any one place of the head, where the curve holds in the mean and where it holds at every place."""
    designs = {
        f'hold = "{word}"': _pair(("designs.left.hold", word), ("designs.left.max_effort_db", None))
        for word in ("mean", "every")
    }
    fig = _curves(designs, "worst_cancellation_gain_db", "Gain at the worst place in dB")
    metrics = _pair().metrics
    fig.axes[0].plot(metrics.frequency_hz, metrics.target_db, "k", linewidth=0.8, label="asked")
    fig.axes[0].legend()
    return fig


def regularization() -> Figure:
    """The laptop's pair by least squares, as the weight of effort rises from -30 to 0 dB: the last decibels of gain cost the most."""
    problem = problem_of("laptop-pair", {"grid.frequencies": 33})
    table = problem.designs[0].model_dump(exclude_unset=True)
    table = {key: value for key, value in table.items() if key not in ("cancellation_gain_db", "max_effort_db")}
    fig, axes = labelled_axes("Largest effort in dB", "Mean cancellation gain in dB")
    points = []
    for weight_db in (-30.0, -20.0, -15.0, -10.0, -5.0, 0.0):
        changed = {
            **table,
            "method": "least-squares",
            "regularization_db": weight_db,
            "cancellation_gain_db": [[250, 0], [5000, 0]],
        }
        values = designer.design(problem.replace({"designs": [changed]})).scalars["left"].values
        points.append((values["largest_effort_db"], values["mean_cancellation_gain_db"]))
        axes.annotate(f"{weight_db:g} dB", points[-1], xytext=(6, -10), textcoords="offset points")
    axes.plot(*np.transpose(points), "o-")
    return fig


def _levels(axes: Axes, design: designer.Design, at_hz: float) -> None:
    """Level over azimuth, relative to the axis."""
    response = design.response
    nearest_hz = response.frequency_hz.iloc[(response.frequency_hz - at_hz).abs().argmin()]
    circle = response[response.frequency_hz == nearest_hz].sort_values("azimuth_deg")
    on_axis_db = float(np.interp(0.0, circle.azimuth_deg, circle.magnitude_db))
    axes.plot(circle.azimuth_deg, circle.magnitude_db - on_axis_db, label=f"level at {nearest_hz:.0f} Hz")
    axes.set(xlim=(-180, 180), ylim=(-36, 9), xticks=range(-180, 181, 45))


def window() -> Figure:
    """The smart speaker's beam, within 4.5 dB of the axis over its window of -45 to 45 degrees."""
    fig, axes = labelled_axes("Azimuth in degrees", "Level re on axis in dB")
    table = _beam().problem.designs[0]
    (start, stop), ripple_db = table.window_deg or (0.0, 0.0), table.window_ripple_db
    axes.add_patch(
        Rectangle(
            (start, -ripple_db), stop - start, 2 * ripple_db, color="C2", alpha=0.25, label="window and its ripple"
        )
    )
    _levels(axes, _beam(), 800.0)
    axes.legend(loc="lower center")
    return fig


def mask() -> Figure:
    """The same beam below its mask: -10 dB over two arcs, from the axis's level."""
    fig, axes = labelled_axes("Azimuth in degrees", "Level re on axis in dB")
    for number, line in enumerate(_beam().problem.designs[0].mask or ()):
        axes.fill_between(
            line.azimuth_deg, line.max_db, 9, color="C1", alpha=0.3, label="" if number else "forbidden by the mask"
        )
    _levels(axes, _beam(), 800.0)
    axes.legend(loc="lower center")
    return fig


def nulls() -> Figure:
    """Nulls alone, 10 and 50 degrees wide (shaded): of three drivers, the wider arc costs 2 to 4 dB behind the device."""
    fig, axes = labelled_axes("Azimuth in degrees", "Level re on axis in dB")
    problem = _beam().problem
    for style, width_deg in zip(STYLES, (10.0, 50.0), strict=False):
        table = {
            key: value
            for key, value in problem.designs[0].model_dump(exclude_unset=True).items()
            if key not in ("mask", "cancellation_gain_db", "window_deg", "window_ripple_db")
        }
        table |= {"nulls_deg": [-90.0, 90.0], "null_width_deg": width_deg}
        design = designer.design(problem.replace({"designs": [table], "grid.frequencies": 33}))
        _levels(axes, design, 1000.0)
        axes.lines[-1].set(linestyle=style, label=f"null_width_deg = {width_deg:g}")
        for start, stop in geometry.null_arcs_deg(table["nulls_deg"], width_deg):
            axes.axvspan(start, stop, color=axes.lines[-1].get_color(), alpha=0.12, linewidth=0)
    axes.legend(loc="lower center")
    return fig


def crossover() -> Figure:
    """Two ways of plain playback that cross at 2 kHz, of two orders; together each pair sums to 0 dB at every frequency."""
    fig, axes = labelled_axes("Frequency in Hz", "Level in dB")
    frequency_hz = np.geomspace(200.0, 20000.0, 301)
    for style, order in zip(STYLES, (4, 8), strict=False):
        paths = Crossover(48000.0, order, crossings_hz=((2000.0, 2000.0),)).paths(frequency_hz)
        for way, path in enumerate(np.asarray(paths)):
            axes.plot(
                frequency_hz,
                amplitude_db(np.abs(path) + 1e-9),
                style,
                color=f"C{way}",
                label=f"{('low', 'high')[way]} way, order {order}",
            )
    over_frequency(axes, (200, 500, 1000, 2000, 5000, 10000, 20000))
    axes.set_ylim(-60, 6)
    axes.legend()
    return fig


def tolerance() -> Figure:
    """Product lines of the laptop's pair whose drivers differ more and more. At 0 their places, air and heads still differ."""
    fig, axes = labelled_axes(
        "Standard deviation of a driver's gain in dB", "Cancellation gain in dB, mean over the band"
    )
    spreads_db, percentiles = (0.0, 0.25, 0.5, 1.0, 1.5, 2.0), []
    for spread_db in spreads_db:
        design = _pair(("tolerance.gain_db", spread_db), ("tolerance.phase_deg", 0.0), ("tolerance.draws", 200))
        percentiles.append(np.percentile(design.tolerances["left"].gain_db.mean(axis=1), [50, 5]))
    for column, label in enumerate(("median", "5th percentile")):
        axes.plot(spreads_db, np.array(percentiles)[:, column], STYLES[column] + "o", label=label)
    axes.legend()
    return fig


def pole_radius() -> Figure:
    """Time in which a pole rings down by 60 dB at 48 kHz, over its radius."""
    fig, axes = labelled_axes("Largest pole radius", "Time for 60 dB in ms")
    radius = 1 - np.geomspace(1e-1, 1e-3, 101)
    axes.semilogy(radius, -3e3 * math.log(10) / (48000 * np.log(radius)))
    for marked in (0.98, 0.995, 0.998):
        axes.plot(marked, -3e3 * math.log(10) / (48000 * math.log(marked)), "o", color="C1")
        axes.annotate(
            f"{marked:g}",
            (marked, -3e3 * math.log(10) / (48000 * math.log(marked))),
            xytext=(-34, 4),
            textcoords="offset points",
        )
    return fig


def layout() -> Figure:
    """The smart speaker and its listener, from above and from the side: left and right are the listener's, whose left is at negative y."""
    return _beam().figure("layout")


def virtual() -> Figure:
    """Delay between the ears of a virtual loudspeaker over its angle, for a head of 8.75 cm: 3 (a/c) sin θ at low frequencies."""
    fig, axes = labelled_axes("angle_deg", "Interaural delay in µs")
    angle = np.linspace(1, 90, 90)
    lead_us = 1e6 * 0.0875 / 343.0
    axes.plot(angle, 3 * lead_us * np.sin(np.radians(angle)), label="low frequencies")
    axes.plot(
        angle, lead_us * (np.radians(angle) + np.sin(np.radians(angle))), "--", label="high frequencies (Woodworth)"
    )
    axes.axvline(30, color=schemes.SOFT, linewidth=0.8, linestyle=":")
    axes.legend()
    return fig


FIGURES: dict[tuple[str, str], Callable[[], Figure]] = {
    ("FreeField", "model"): enclosures,
    ("Driver", "position_m"): layout,
    ("Listener", "ear_cloud_m"): cloud,
    ("Place", "spacing_m"): places,
    ("Grid", "spacing"): grid,
    ("EarDesign", "cancellation_gain_db"): gain,
    ("EarDesign", "max_effort_db"): effort,
    ("EarDesign", "fade_octaves"): fade,
    ("EarDesign", "crossover_order"): crossover,
    ("EarDesign", "hold"): hold,
    ("EarDesign", "regularization_db"): regularization,
    ("BeamDesign", "window_ripple_db"): window,
    ("BeamDesign", "null_width_deg"): nulls,
    ("BeamDesign", "dark_regions"): regions,
    ("BeamDesign", "mask"): mask,
    ("Placement", "keep_outs"): placement,
    ("Realization", "taps"): taps,
    ("Realization", "max_pole_radius"): pole_radius,
    ("Virtualizer", "angle_deg"): virtual,
    ("Room", "heading_deg"): room,
    ("Tolerance", "gain_db"): tolerance,
}
"""Table of the schema and key -> what draws its figure."""
