"""The layout seen from above: the device at the top, the listener at the bottom, so that the listener's left is on the left."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Circle, Polygon

from designer.problem import geometry
from designer.problem.schema import Problem
from designer.report.canvas import COLOURS, FAINT, INK, SHADE, SOFT, figure
from designer.report.words_on_plots import shortened


def draw_layout(problem: Problem) -> Figure:
    """The scene from above, and the device near by from above and from the side.

    From above the page's right is the device's +y, its bottom +x; from the side its right is +x, the front, and its top +z.
    """
    drawn = figure(7.2, 4.6)
    grid = drawn.add_gridspec(2, 2, height_ratios=[1.5, 1])
    whole, near, side = drawn.add_subplot(grid[:, 0]), drawn.add_subplot(grid[0, 1]), drawn.add_subplot(grid[1, 1])
    _from_the_side(side, problem)
    _device(whole, problem, names=False)
    _listener(whole, problem)
    _device(near, problem, names=True)
    extent_m = max(float(np.linalg.norm(d.position_m)) for d in problem.drivers)
    extent_m = max(extent_m, float(problem.body.half_size_m[2]))
    reach_m = 1.55 * extent_m + 0.01
    near.set_xlim(-reach_m, reach_m)
    near.set_ylim(reach_m, -reach_m)
    near.set_title("The device, from above")
    whole.set_title("The scene, from above")
    _square(whole, problem, extent_m)
    for axes in (whole, near):
        axes.set_aspect("equal")
        axes.set_xlabel("← listener's left  |  y in m  |  listener's right →", fontsize=8.5)
        axes.set_ylabel("x in m (front is down)", fontsize=8.5)
    return drawn


def layout_words(problem: Problem) -> str:
    """How far the drivers reach and where the listener is, in numbers."""
    places = np.array([driver.position_m for driver in problem.drivers])
    span_m = float(np.linalg.norm(places[:, None] - places[None], axis=2).max())
    x, y, _ = problem.listener.position_m
    cloud = len(problem.listener.ear_cloud_m)
    drivers = f"{len(places)} drivers, the furthest {span_m:.2f} m apart" if len(places) > 1 else "1 driver"
    return (
        f"{drivers}; the middle of the head is {np.linalg.norm(problem.listener.position_m):.2f} m away at"
        f" {np.degrees(np.arctan2(y, x)) + 0.0:.0f} degrees, and is looked at in {cloud} place{'' if cloud == 1 else 's'}"
    )


def _from_the_side(axes, problem: Problem) -> None:  # type: ignore[no-untyped-def] # matplotlib's Axes
    """The device as seen from its right: front to the right, up at the top."""
    places = np.array([driver.position_m for driver in problem.drivers])
    half_m = 1.3 * max(float(np.abs(places[:, [0, 2]]).max()), 0.25 * float(np.abs(places[:, 1]).max()), 0.02)
    half_m = max(half_m, 1.25 * float(problem.body.half_size_m.max()))
    _outline(axes, problem, "side")
    for l, driver in enumerate(problem.drivers):
        x, _, z = driver.position_m
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


def _square(axes, problem: Problem, extent_m: float) -> None:  # type: ignore[no-untyped-def] # matplotlib's Axes
    """Limits that hold the device and every ear, equal in both directions."""
    ears = geometry.ears_m(problem.listener, problem.listener.head_radius_m).reshape(-1, 3)
    x = np.concatenate([ears[:, 0], [-extent_m, extent_m]])
    y = np.concatenate([ears[:, 1], [-extent_m, extent_m]])
    half = 0.58 * max(np.ptp(x), np.ptp(y)) + 0.06
    axes.set_ylim(x.min() / 2 + x.max() / 2 + half, x.min() / 2 + x.max() / 2 - half)
    axes.set_xlim(y.min() / 2 + y.max() / 2 - half, y.min() / 2 + y.max() / 2 + half)


def _device(axes, problem: Problem, *, names: bool) -> None:  # type: ignore[no-untyped-def] # matplotlib's Axes
    _outline(axes, problem, "above")
    for l, driver in enumerate(problem.drivers):
        x, y, _ = driver.position_m
        axes.plot(y, x, "o", color=COLOURS[l % len(COLOURS)], markersize=6 if names else 3.5, zorder=3)
        if names:
            outward = np.array([y, x]) / max(np.hypot(x, y), 1e-9)
            if problem.body.outline("above") is None or np.hypot(x, y) < 1e-9:
                outward = np.array([0.0, 1.0 if l % 2 == 0 else -1.0])
            axes.annotate(
                shortened(driver.name, 24),
                (y, x),
                xytext=(outward[0] * 9, -outward[1] * 11),
                textcoords="offset points",
                ha="left" if outward[0] > 0.3 else "right" if outward[0] < -0.3 else "center",
                va="center",
                fontsize=8.5,
                color=INK,
            )
            half = problem.body.piston_half_angle_rad(driver.radius_m) if driver.radius_m else None
            if half is not None:
                radius_m = float(problem.body.half_size_m.max())
                _piston(axes, np.arctan2(x, y), half, radius_m, COLOURS[l % len(COLOURS)])


def _outline(axes, problem: Problem, view: str) -> None:  # type: ignore[no-untyped-def] # matplotlib's Axes
    outline = problem.body.outline(view)
    if outline is None:
        return
    surface = {"facecolor": SHADE, "edgecolor": SOFT, "linewidth": 1}
    if outline.form == "circle":
        axes.add_patch(Circle((0, 0), outline.radius_m, **surface))
    elif outline.form == "strip":
        axes.axvspan(-outline.radius_m, outline.radius_m, **surface)
    elif view == "above":
        axes.axhline(0, color=SOFT, linewidth=1.2)
    else:
        axes.axvline(0, color=SOFT, linewidth=1.2)


def _piston(axes, middle: float, half: float, radius_m: float, colour: str) -> None:  # type: ignore[no-untyped-def] # matplotlib's Axes
    arc = np.linspace(middle - half, middle + half, 24)
    axes.plot(
        radius_m * np.cos(arc), radius_m * np.sin(arc), color=colour, linewidth=3.5, solid_capstyle="butt", zorder=2
    )


def _listener(axes, problem: Problem) -> None:  # type: ignore[no-untyped-def] # matplotlib's Axes
    listener = problem.listener
    head = problem.heads[0]
    radius_m = geometry.head_radius_m(head, listener.head_radius_m)
    forward, left, _ = geometry.head_axes(listener)
    centre = np.array(listener.position_m)
    cloud = geometry.ears_m(listener, radius_m).reshape(-1, 3)
    axes.plot(cloud[:, 1], cloud[:, 0], ".", color=COLOURS[5], markersize=2.5, label="ear cloud")
    if head != "points":
        axes.add_patch(Circle((centre[1], centre[0]), radius_m, facecolor="white", edgecolor=INK, linewidth=1))
        nose = centre + np.array([forward * 1.3 * radius_m, forward * 0.97 * radius_m + left * 0.2 * radius_m,
                                  forward * 0.97 * radius_m - left * 0.2 * radius_m])  # fmt: skip
        axes.add_patch(Polygon(nose[:, [1, 0]], closed=True, facecolor="white", edgecolor=INK, linewidth=1))
    for side, sign in (("L", 1.0), ("R", -1.0)):
        ear = centre + sign * left * radius_m
        axes.plot(ear[1], ear[0], "o", color=INK, markersize=3)
        beside = sign * left
        axes.annotate(side, (ear[1], ear[0]), xytext=(9 * beside[1], -9 * beside[0]), textcoords="offset points",
                      ha="center", va="center", fontsize=9, fontweight="bold")  # fmt: skip
    axes.plot([0, centre[1]], [0, centre[0]], color=FAINT, linewidth=0.8, zorder=0)
