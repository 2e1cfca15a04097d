"""The layout: device and listener from above, the device at the top, so that the listener's left is on the left; and from the side."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon

from designer.problem import geometry
from designer.problem.schema import Problem
from designer.report.canvas import COLOURS, FAINT, INK, SHADE, SOFT, figure, shortened

CROWDED = 6
"""Drivers in a row beyond which their names stand upright, so that none covers another."""


def draw_layout(problem: Problem) -> Figure:
    """The scene from above, and the device near by from above and from the side.

    From above the page's right is the device's +y, its bottom +x; from the side its right is +x, the front, and its top +z.
    """
    fig = figure(7.2, 4.6)
    grid = fig.add_gridspec(2, 2, height_ratios=[1.5, 1])
    scene_axes, near, side = fig.add_subplot(grid[:, 0]), fig.add_subplot(grid[0, 1]), fig.add_subplot(grid[1, 1])
    _device_from_the_side(side, problem)
    _device(scene_axes, problem, names=False)
    _listener(scene_axes, problem)
    _device(near, problem, names=True)
    extent_m = max(float(np.linalg.norm(d.position_m)) for d in problem.drivers)
    extent_m = max(extent_m, float(problem.body.half_size_m[2]))
    half_m = 1.55 * extent_m + 0.01
    near.set_xlim(-half_m, half_m)
    near.set_ylim(half_m, -half_m)
    # The device and every ear, equal in both directions.
    ears = geometry.ears_m(problem.listener, problem.listener.head_radius_m).reshape(-1, 3)
    lows, highs = (pick([ears[:, :2].min(axis=0), ears[:, :2].max(axis=0), [sign * extent_m] * 2], axis=0)
                   for pick, sign in ((np.min, -1), (np.max, 1)))  # fmt: skip
    half = 0.58 * float((highs - lows).max()) + 0.06
    x, y = (lows + highs) / 2
    scene_axes.set_ylim(x + half, x - half)
    scene_axes.set_xlim(y - half, y + half)
    for axes, title in ((scene_axes, "The scene, from above"), (near, "The device, from above")):
        axes.set_title(title)
        axes.set_aspect("equal")
        axes.set_xlabel("← listener's left  |  y in m  |  listener's right →", fontsize=8.5)
        axes.set_ylabel("x in m (front is down)", fontsize=8.5)
    return fig


def layout_words(problem: Problem) -> str:
    """How far the drivers reach and where the listener is, in numbers."""
    places = np.array([driver.position_m for driver in problem.drivers])
    span_m = float(np.linalg.norm(places[:, None] - places[None], axis=2).max())
    x, y, _ = problem.listener.position_m
    cloud = len(problem.listener.ear_cloud_m)
    drivers = f"{len(places)} drivers, the furthest {span_m:.2f} m apart" if len(places) > 1 else "1 driver"
    return (
        f"{drivers}; the middle of the head is {np.linalg.norm(problem.listener.position_m):.2f} m away at"
        f" {np.degrees(np.arctan2(y, x)) + 0.0:.0f} degrees; the designs consider {cloud} place{'' if cloud == 1 else 's'} of it"
    )


def _device_from_the_side(axes: Axes, problem: Problem) -> None:
    """The device as seen from its right: front to the right, up at the top."""
    places = np.array([driver.position_m for driver in problem.drivers])
    half_m = 1.3 * max(float(np.abs(places[:, [0, 2]]).max()), 0.25 * float(np.abs(places[:, 1]).max()), 0.02)
    half_m = max(half_m, 1.25 * float(problem.body.half_size_m.max()))
    _outline(axes, problem, "side")
    for l, (x, _, z) in enumerate(places):
        axes.plot(x, z, "o", color=COLOURS[l % len(COLOURS)], markersize=6, zorder=3)
    height_m = float(problem.listener.position_m[2])
    axes.annotate("to the listener" + (f", {height_m:+.2f} m up" if height_m else ""), (0.98, 0.04), ha="right",
                  xycoords="axes fraction", fontsize=8, color=SOFT)  # fmt: skip
    axes.set_xlim(-1.6 * half_m, 1.6 * half_m)
    axes.set_ylim(-half_m, half_m)
    axes.set_aspect("equal")
    axes.set_xlabel("x in m (front is right)", fontsize=8.5)
    axes.set_ylabel("z in m", fontsize=8.5)
    axes.set_title("The device, from the side")


def _device(axes: Axes, problem: Problem, *, names: bool) -> None:
    """The device from above; its drivers' names and pistons where it is drawn large."""
    body = problem.body
    _outline(axes, problem, "above")
    outline = body.outline("above")
    flat = outline is None or outline.form not in ("circle", "strip")
    rank = np.argsort(np.argsort([driver.position_m[1] for driver in problem.drivers], kind="stable"))
    upright = flat and len(problem.drivers) > CROWDED
    for l, driver in enumerate(problem.drivers):
        (x, y, _), colour = driver.position_m, COLOURS[l % len(COLOURS)]
        axes.plot(y, x, "o", color=colour, markersize=6 if names else 3.5, zorder=3)
        if not names:
            continue
        outward = np.array([y, x]) / max(np.hypot(x, y), 1e-9)
        if flat or np.hypot(x, y) < 1e-9:
            outward = np.array([0.0, 1.0 if rank[l] % 2 == 0 else -1.0])
        side = "left" if outward[0] > 0.3 else "right" if outward[0] < -0.3 else "center"
        aligned = ("top" if outward[1] > 0 else "bottom") if upright else "center"
        away = 6 if upright else 11
        axes.annotate(shortened(driver.name, 24), (y, x), xytext=(outward[0] * 9, -outward[1] * away), ha=side, va=aligned,
                      rotation=90 if upright else 0, textcoords="offset points", fontsize=8.5, color=INK)  # fmt: skip
        half = body.piston_half_angle_rad(driver.radius_m) if driver.radius_m else None
        if half is not None:
            radius_m, arc = float(body.half_size_m.max()), np.arctan2(x, y) + np.linspace(-half, half, 24)
            axes.plot(
                radius_m * np.cos(arc),
                radius_m * np.sin(arc),
                color=colour,
                linewidth=3.5,
                solid_capstyle="butt",
                zorder=2,
            )


def _outline(axes: Axes, problem: Problem, view: str) -> None:
    outline = problem.body.outline(view)
    surface: dict[str, Any] = {"facecolor": SHADE, "edgecolor": SOFT, "linewidth": 1}
    if outline is None:
        return
    if outline.form == "circle":
        axes.add_patch(Circle((0, 0), outline.radius_m, **surface))
    elif outline.form == "strip":
        axes.axvspan(-outline.radius_m, outline.radius_m, **surface)
    elif view == "above":
        axes.axhline(0, color=SOFT, linewidth=1.2)
    else:
        axes.axvline(0, color=SOFT, linewidth=1.2)


def _listener(axes: Axes, problem: Problem) -> None:
    """The head with its nose, its ears, and the ear cloud."""
    listener, head = problem.listener, problem.heads[0]
    radius_m = geometry.head_radius_m(head, listener.head_radius_m)
    forward, left, _ = geometry.head_axes(listener)
    centre = np.array(listener.position_m)
    cloud = geometry.ears_m(listener, radius_m).reshape(-1, 3)
    axes.plot(cloud[:, 1], cloud[:, 0], ".", color=COLOURS[5], markersize=2.5, label="ear cloud")
    if head != "points":
        axes.add_patch(Circle((centre[1], centre[0]), radius_m, facecolor="white", edgecolor=INK, linewidth=1))
        nose = centre + radius_m * np.array([1.3 * forward, 0.97 * forward + 0.2 * left, 0.97 * forward - 0.2 * left])
        axes.add_patch(Polygon(nose[:, [1, 0]], closed=True, facecolor="white", edgecolor=INK, linewidth=1))
    for side, beside in (("L", left), ("R", -left)):
        ear = centre + beside * radius_m
        axes.plot(ear[1], ear[0], "o", color=INK, markersize=3)
        axes.annotate(side, (ear[1], ear[0]), xytext=(9 * beside[1], -9 * beside[0]), textcoords="offset points",
                      ha="center", va="center", fontsize=9, fontweight="bold")  # fmt: skip
    axes.plot([0, centre[1]], [0, centre[0]], color=FAINT, linewidth=0.8, zorder=0)
