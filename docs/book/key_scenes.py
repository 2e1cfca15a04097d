"""Figures of the reference that show places: of drivers, heads, regions and rooms; and what figures of keys share.

A caption is a docstring.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Rectangle

import designer
from designer.acoustics import spherical_harmonics as sh
from designer.measures import amplitude_db
from designer.placement.candidates import candidates_of
from designer.problem import geometry
from designer.problem.frequency_grid import joined_frequencies_hz, regular_frequencies_hz
from designer.problem.library import library
from designer.problem.room_places import DEFAULT_RT60_S, device_axes
from designer.problem.schema import Problem, Region
from designer.report import schemes
from designer.requirements.region_power import density

COARSE = {"grid.frequencies": 129, "realization.taps": 512}
BEAM = {"name": "only", "kind": "beamformer", "look_deg": 0.0, "band_hz": [500.0, 2000.0], "nulls_deg": [60.0]}


def problem_of(name: str, changes: Mapping[str, Any] | None = None) -> Problem:
    """A problem of the library on a coarse grid."""
    return designer.load(library()[name][0]).replace({**COARSE, **(changes or {})})


def labelled_axes(xlabel: str, ylabel: str, **kwargs: Any) -> tuple[Figure, Axes]:
    """A figure of one panel; keywords as `plt.subplots`."""
    fig, axes = plt.subplots(**kwargs)
    axes.set(xlabel=xlabel, ylabel=ylabel)
    return fig, axes


def over_frequency(axes: Axes, ticks: Sequence[float] = (100, 250, 500, 1000, 2000, 5000, 10000)) -> None:
    """Logarithmic frequency with these ticks, the first and the last its ends."""
    axes.set_xscale("log")
    axes.set_xticks(ticks, [f"{f / 1000:g}k" if f >= 1000 else f"{f:g}" for f in ticks])
    axes.minorticks_off()
    axes.set_xlim(ticks[0], ticks[-1])


def enclosures() -> Figure:
    """One driver at 2 kHz, 2 m away, in four enclosures of about the same size: what the body does before any filter."""
    fig, axes = plt.subplots(figsize=(5.4, 3.8), subplot_kw={"projection": "polar"})
    for style, model in zip(("-", "--", ":", "-."), ("free-field", "baffle", "sphere", "cylinder"), strict=True):
        x_m = 0.0875 if model in ("sphere", "cylinder") else 0.0
        enclosure = {"model": model, **({"radius_m": 0.0875} if x_m else {})}
        problem = problem_of("laptop-pair").replace(
            {"enclosure": enclosure, "drivers": [{"name": "only", "position_m": [x_m, 0.0, 0.0]}], "designs": [BEAM]}
        )
        scene = designer.scene(problem).at(np.array([2000.0]))
        order = np.argsort(scene.azimuth_deg)
        order = np.append(order, order[0])
        level_db = amplitude_db(np.abs(scene.circle()[0, order, 0]) * problem.azimuth_distance_m + 1e-9)
        axes.plot(np.radians(scene.azimuth_deg[order]), np.maximum(level_db, -24), style, label=model)
    axes.set_theta_zero_location("S")  # type: ignore[attr-defined] # of polar axes
    axes.set(ylim=(-24, 9), yticks=[-18, -12, -6, 0, 6])
    axes.legend(loc="upper left", bbox_to_anchor=(1.1, 1.0), title="dB re free field")
    return fig


def cloud() -> Figure:
    """The default cloud from above: five places of a head at 2 m, 3 cm apart, whose ears are all designed for."""
    listener = problem_of("smart-speaker").listener
    fig, axes = labelled_axes("y in m (the listener's right)", "x in m (front is down)", figsize=(5.0, 3.6))
    centres = geometry.head_centres_m(listener, np.array(listener.ear_cloud_m, dtype=float))
    ears = geometry.ears_m(listener, listener.head_radius_m, np.array(listener.ear_cloud_m, dtype=float))
    for number, (x, y, _) in enumerate(centres):
        axes.add_patch(
            Circle(
                (y, x),
                listener.head_radius_m,
                fill=False,
                edgecolor=schemes.SOFT,
                linewidth=1.2 if number == 0 else 0.6,
            )
        )
    for ear, label in enumerate(("left ear", "right ear")):
        axes.plot(ears[:, ear, 1], ears[:, ear, 0], "os"[ear], markersize=4, label=label)
    axes.set(aspect="equal", xlim=(-0.16, 0.16), ylim=(2.16, 1.84))
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0))
    return fig


def places() -> Figure:
    """The points of two places from above: a box of 40 by 60 cm and a sphere of 20 cm radius, 10 cm apart."""
    problem = problem_of("two-listeners", {"places": [
        {"name": "desk", "shape": "box", "centre_m": [1.5, 0.9, 0.0], "size_m": [0.4, 0.6, 0.1], "spacing_m": 0.1},
        {"name": "pillow", "shape": "sphere", "centre_m": [1.5, -0.9, 0.0], "radius_m": 0.2, "spacing_m": 0.1},
    ]})  # fmt: skip
    fig, axes = labelled_axes("y in m (the listener's right)", "x in m (front is down)", figsize=(6.0, 3.6))
    axes.plot([0] * len(problem.drivers), [0] * len(problem.drivers), alpha=0)
    axes.plot(
        [driver.position_m[1] for driver in problem.drivers],
        [0.0] * len(problem.drivers),
        "s",
        color=schemes.INK,
        markersize=4,
        label="drivers",
    )
    for listener in problem.listeners or ():
        x, y, _ = listener.position_m
        axes.add_patch(Circle((y, x), listener.head_radius_m, fill=False))
        axes.annotate(listener.name, (y, x + 0.2), ha="center")
    for number, place in enumerate(problem.places or ()):
        points_m = place.points_m()
        axes.plot(
            points_m[:, 1], points_m[:, 0], ".", color=f"C{number}", label=f"{place.name}, {len(points_m)} points"
        )
    axes.set(aspect="equal", xlim=(-1.5, 1.5), ylim=(2.9, -0.2))
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0))
    return fig


def regions() -> Figure:
    """A cap around the front and a band behind, as the harmonics of order 8 take them in: what is summed, over the sphere."""
    fig, axes = labelled_axes("Azimuth in degrees", "Elevation in degrees")
    azimuth, elevation = np.meshgrid(np.linspace(-180, 180, 121), np.linspace(-90, 90, 61))
    turn, rise = np.radians(azimuth.ravel()), np.radians(elevation.ravel())
    towards = np.stack([np.cos(rise) * np.cos(turn), np.cos(rise) * np.sin(turn), np.sin(rise)], axis=1)
    shapes = [
        Region(around_deg=[0.0, 0.0], radius_deg=30.0),
        Region(azimuth_deg=[120.0, 240.0], elevation_deg=[-20.0, 20.0]),
    ]
    values = [(density([shape], 8) @ sh.harmonics(8, towards)).real.reshape(azimuth.shape) for shape in shapes]
    image = axes.contourf(
        azimuth,
        elevation,
        values[0] / values[0].max() - values[1] / values[1].max(),
        levels=np.linspace(-1.2, 1.2, 13),
        cmap="PuOr_r",
        extend="both",
    )
    fig.colorbar(image, ax=axes, use_gridspec=False, label="weight: bright above 0, dark below")
    axes.set(xticks=range(-180, 181, 60), yticks=range(-90, 91, 30))
    return fig


def placement() -> Figure:
    """Candidates of four drivers on a bar of 80 cm, every 4 cm, with a display at its middle that no driver may cover."""
    table = {
        "on": "bar",
        "drivers": 4,
        "width_m": 0.8,
        "step_m": 0.04,
        "mirror": True,
        "keep_outs": [{"centre_m": [0.0, 0.0, 0.0], "radius_m": 0.1}],
    }
    problem = problem_of("couch", {"placement": table})
    places_m = candidates_of(problem).places_m
    fig, axes = labelled_axes("y in m (the listener's right)", "x in m", figsize=(7.2, 2.0))
    axes.add_patch(Circle((0.0, 0.0), 0.1, color="C1", alpha=0.3, label="keep_outs"))
    axes.plot(places_m[:, 1], places_m[:, 0], "o", label=f"{len(places_m)} candidates")
    axes.set(aspect="equal", xlim=(-0.5, 0.5), ylim=(-0.13, 0.13), yticks=[-0.1, 0.0, 0.1])
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.05))
    return fig


def grid() -> Figure:
    """Design frequencies of 65 on a linear and on a logarithmic grid: a band that begins low wants the second."""
    fig, axes = labelled_axes("Frequency in Hz", "", figsize=(7.2, 1.9))
    for row, spacing in enumerate(("linear", "logarithmic")):
        problem = problem_of("laptop-pair", {"grid.spacing": spacing})
        axes.plot(
            regular_frequencies_hz(problem)[1:],
            np.full(len(regular_frequencies_hz(problem)) - 1, -row),
            "|",
            markersize=14,
        )
        assert len(joined_frequencies_hz(problem)) >= 65
    over_frequency(axes, (20, 50, 100, 200, 500, 1000, 2000, 5000, 10000, 20000))
    axes.set(yticks=[0, -1], yticklabels=["linear", "logarithmic"], ylim=(-1.6, 0.6))
    return fig


def room() -> Figure:
    """The living room from above, in its own axes: the device stands at `device_m` and faces `heading_deg`, towards the head."""
    problem = problem_of("living-room")
    table = problem.room
    assert table is not None
    fig, axes = labelled_axes("x in m", "y in m", figsize=(5.4, 3.8))
    axes.add_patch(Rectangle((0.0, 0.0), table.size_m[0], table.size_m[1], fill=False, linewidth=1.6))
    x, y, _ = table.device_m
    ahead = device_axes(table)[0]
    head = np.array(table.device_m) + np.array(problem.listener.position_m) @ device_axes(table)
    axes.plot(x, y, "s", label="device_m")
    axes.annotate("", (x + 0.8 * ahead[0], y + 0.8 * ahead[1]), (x, y), arrowprops={"arrowstyle": "->"})
    axes.plot(head[0], head[1], "o", label="head")
    axes.set(
        aspect="equal",
        xlim=(-0.3, table.size_m[0] + 0.3),
        ylim=(-0.3, table.size_m[1] + 0.3),
        title=f"{' x '.join(f'{s:g}' for s in table.size_m)} m, {table.rt60_s or DEFAULT_RT60_S:g} s",
    )
    axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1.0))
    return fig
