"""The layout: device and listener from above, the device at the top and the listener's left on the left; the device from front and side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from designer.arrays import Real
from designer.problem import geometry
from designer.problem.enclosures.enclosure import VIEWS
from designer.problem.listeners import Listener, NamedListener, Place
from designer.problem.messages import enumeration
from designer.problem.schema import Problem
from designer.report.figure_data import Axis, Drawing, Figure, Shape, axis, figure, shortened

CROWDED, MOST_NAMED = 6, 14
"""Drivers in a row beyond which their names stand upright, and beyond which not all are named, so that none covers another."""
FLAT, NARROW = 0.3, 1.2
"""Least height of the front's panel over its width, and least width over its height, so that its axes can be read."""
SMALL = 6.0
"""How many radii half of a panel has where heads are small in it: letters at neighbours' ears run into each other."""
BAFFLE_M = 100.0
"""How far the line of a plane is drawn to both sides."""
RIGHT, FRONT = "← listener's left  |  y in m  |  listener's right →", "x in m (front is down)"
NEAR_RIGHT = "y in m (listener's left is left)"
"""Label of panels beside another, for which RIGHT is too long."""


def drawing(title: str, place: Sequence[int], x: Axis, y: Axis, shapes: list[Shape]) -> Drawing:
    """A panel of shapes."""
    return {"kind": "drawing", "title": title, "place": list(place), "x": x, "y": y, "shapes": shapes}


def layout_figure(problem: Problem) -> Figure:
    """The scene from above, and the device near by from above, from the side and from the front.

    From above the page's right is the device's +y, its bottom +x; from the front, where the listener is, its right is +y and its top
    +z; from the side its right is +x, the front, and its top +z.
    """
    extent_m = max(float(np.linalg.norm(d.position_m)) for d in problem.drivers)
    extent_m = max(extent_m, float(problem.body.half_size_m.max()))
    half_m = 1.55 * extent_m + 0.01
    # The device and every ear, equal in both directions.
    heard = [geometry.ears_m(listener, listener.head_radius_m).reshape(-1, 3) for listener in _listeners(problem)]
    ears = np.concatenate([*heard, *(place.points_m() for place in problem.places or ())])
    lows, highs = (pick([ears[:, :2].min(axis=0), ears[:, :2].max(axis=0), [sign * extent_m] * 2], axis=0)
                   for pick, sign in ((np.min, -1), (np.max, 1)))  # fmt: skip
    half = 0.58 * float((highs - lows).max()) + 0.06
    x, y = (lows + highs) / 2
    scene_axes = axis(RIGHT, "m", y - half, y + half), axis(FRONT, "m", x + half, x - half)
    near_axes = axis(NEAR_RIGHT, "m", -half_m, half_m), axis(FRONT, "m", half_m, -half_m)
    scene_shapes = [
        *_device(problem, names=False),
        *(shape for names in _names(problem) for shape in _listener(names[0], half, *names[1:])),
    ]
    scene_shapes += [shape for place in problem.places or () for shape in _place(place)]
    panels = [
        drawing("The scene, from above", (0, 0, 1, 1), *scene_axes, scene_shapes),
        drawing("The device, from above", (0, 1, 1, 1), *near_axes, _device(problem, names=True)),
        _device_from_the_side(problem),
        _device_from_the_front(problem),
    ]
    return figure(panels, 5.0, heights=[1.6, 1.0])


def device_shapes(problem: Problem, view: str) -> list[Any]:
    """The device with its drivers as points, from "above", the "front" or the "side"."""
    return _seen(problem, view)


def _listeners(problem: Problem) -> Sequence[Listener]:
    return problem.listeners or [problem.listener]


def _names(problem: Problem) -> list[tuple[Listener, int, int]]:
    """Listeners, the side to which each one's name goes (-1 to the page's left), and its row: outermost names stand at their heads.

    Names go outwards from the heads, so that neither they nor the lines from the device to the heads meet.
    """
    listeners = sorted(_listeners(problem), key=lambda listener: listener.position_m[1])
    count = len(listeners)
    return [(listener, -1 if n < count // 2 else 1, min(n, count - 1 - n)) for n, listener in enumerate(listeners)]


def layout_words(problem: Problem) -> str:
    """How far the drivers reach and where the listener is, in numbers."""
    places = np.array([driver.position_m for driver in problem.drivers])
    span_m = float(np.linalg.norm(places[:, None] - places[None], axis=2).max())
    clouds = list(dict.fromkeys(len(listener.ear_cloud_m) for listener in _listeners(problem)))
    counts = enumeration([str(count) for count in clouds])
    drivers = f"{len(places)} drivers, the furthest {span_m:.2f} m apart" if len(places) > 1 else "1 driver"
    solved = problem.body.solved(problem.solved_to_hz)
    places_m = [np.array(listener.position_m) for listener in _listeners(problem)]
    away = [
        f"{np.linalg.norm(at):.2f} m away at {np.degrees(np.arctan2(at[1], at[0])) + 0.0:.0f} degrees"
        for at in places_m
    ]
    heads = (
        f"the middle of the head is {away[0]}"
        if len(away) == 1
        else f"the middles of the heads are {enumeration(away)}"
    )
    return (
        f"{drivers}; {heads}; the designs consider {counts} place{'' if clouds == [1] else 's'} of {'it' if len(away) == 1 else 'each'}"
        + (f"; {solved}" if solved else "")
    )


def _points(x: Any, y: Any, colour: int | str, size: float) -> Shape:
    return {"form": "points", "x": np.atleast_1d(x), "y": np.atleast_1d(y), "color": colour, "size": size}


def _device_from_the_side(problem: Problem) -> Drawing:
    """The device as seen from its right: front to the right, up at the top."""
    half_m = _half_height_m(problem)
    height_m = float(problem.listener.position_m[2])
    words = "front is right" + (f"; listener {height_m:+.2f} m up" if height_m else "")
    x, y = axis(f"x in m ({words})", "m", -1.6 * half_m, 1.6 * half_m), axis("z in m", "m", -half_m, half_m)
    return drawing("The device, from the side", (1, 0, 1, 1), x, y, _seen(problem, "side"))


def _device_from_the_front(problem: Problem) -> Drawing:
    """The device as the listener sees it: the listener's left on the left, up at the top."""
    places = np.abs([driver.position_m for driver in problem.drivers]).max(axis=0)
    half_y, half_z = 1.3 * np.maximum(np.maximum(places, problem.body.half_size_m)[1:], 0.02)
    half_y, half_z = max(float(half_y), NARROW * float(half_z)), max(float(half_z), FLAT * float(half_y))
    x, y = axis(NEAR_RIGHT, "m", -half_y, half_y), axis("z in m", "m", -half_z, half_z)
    return drawing("The device, from the front", (1, 1, 1, 1), x, y, _seen(problem, "front"))


def _half_height_m(problem: Problem) -> float:
    places = np.array([driver.position_m for driver in problem.drivers])
    half_m = 1.3 * max(float(np.abs(places[:, [0, 2]]).max()), 0.25 * float(np.abs(places[:, 1]).max()), 0.02)
    return max(half_m, 1.25 * float(problem.body.half_size_m[[0, 2]].max()))


def _seen(problem: Problem, view: str) -> list[Any]:
    """The body's outline and the drivers, as they are seen from one side."""
    first, second = VIEWS[view]
    places = [(driver.position_m[first], driver.position_m[second]) for driver in problem.drivers]
    return [*_outline(problem, view), *(_points(x, y, l, 6.0) for l, (x, y) in enumerate(places))]


def _device(problem: Problem, *, names: bool) -> list[Any]:
    """The device from above; its drivers' names and pistons where it is drawn large."""
    body, outline = problem.body, problem.body.outline("above")
    shapes = _outline(problem, "above")
    flat = outline is None or outline.form not in ("circle", "strip")
    rank = np.argsort(np.argsort([driver.position_m[1] for driver in problem.drivers], kind="stable"))
    upright = flat and len(problem.drivers) > CROWDED
    stride = -(-len(problem.drivers) // MOST_NAMED) if upright else 1
    for l, driver in enumerate(problem.drivers):
        x, y, _ = driver.position_m
        half = body.piston_half_angle_rad(driver.radius_m) if driver.radius_m and names else None
        if half is not None:
            radius_m, arc = float(body.half_size_m.max()), np.arctan2(x, y) + np.linspace(-half, half, 24)
            places = {"x": radius_m * np.cos(arc), "y": radius_m * np.sin(arc)}
            shapes.append({"form": "line", **places, "color": l, "width": 3.5})
        shapes.append(_points(y, x, l, 6.0 if names else 3.5))
        if not names or rank[l] % stride:
            continue
        outward = np.array([y, x]) / max(np.hypot(x, y), 1e-9)
        if flat or np.hypot(x, y) < 1e-9:
            outward = np.array([0.0, 1.0 if rank[l] // stride % 2 == 0 else -1.0])
        away = [float(outward[0]) * 9, -float(outward[1]) * (6 if upright else 11)]
        side = "left" if outward[0] > 0.3 else "right" if outward[0] < -0.3 else "center"
        words = {"text": shortened(driver.name, 24), "away": away, "align": side, "upright": upright}
        shapes.append({"form": "text", "x": y, "y": x, **words})
    return shapes


def _outline(problem: Problem, view: str) -> list[Any]:
    outline = problem.body.outline(view)
    surface: dict[str, Any] = {"fill": "shade", "color": "soft", "width": 1.0}
    if outline is None:
        return []
    if outline.form == "circle":
        return [{"form": "circle", "x": 0.0, "y": 0.0, "radius": outline.radius_m, **surface}]
    if outline.form == "polygon":
        polygons = map(np.array, outline.polygons_m)
        return [{"form": "polygon", "x": places[:, 0], "y": places[:, 1], **surface} for places in polygons]
    if outline.form == "strip":
        return [{"form": "strip", "x": [-outline.radius_m, outline.radius_m], **surface}]
    along, across = np.array([-BAFFLE_M, BAFFLE_M]), np.zeros(2)
    x, y = (along, across) if view == "above" else (across, along)
    return [{"form": "line", "x": x, "y": y, "color": "soft", "width": 1.2}]


def _place(place: Place) -> list[Any]:
    """Its points, and its name."""
    points_m, (x, y, _) = place.points_m(), place.centre_m
    words: dict[str, Any] = {"text": shortened(place.name, 24), "away": [0, 11], "align": "center"}
    return [_points(points_m[:, 1], points_m[:, 0], "soft", 1.5), {"form": "text", "x": y, "y": x, **words}]


def _listener(listener: Listener, half_m: float, side_of_name: int, row: int) -> list[Any]:
    """The head with its nose, its ears, and the ear cloud; of several listeners its name too, at its side, so many rows up.

    Beside names the letters of ears are left out where the panel, half_m to each side, shows heads small.
    """
    head = listener.heads[0]
    radius_m = geometry.head_radius_m(head, listener.head_radius_m)
    forward, left, _ = geometry.head_axes(listener)
    centre = np.array(listener.position_m)
    cloud = geometry.ears_m(listener, radius_m).reshape(-1, 3)
    shapes: list[Any] = [
        {"form": "line", "x": np.array([0, centre[1]]), "y": np.array([0, centre[0]]), "color": "faint", "width": 0.8},
        _points(cloud[:, 1], cloud[:, 0], 5, 1.5),
    ]
    if head != "points":
        look: dict[str, Any] = {"fill": "paper", "color": "ink", "width": 1.0}
        shapes.append({"form": "circle", "x": float(centre[1]), "y": float(centre[0]), "radius": radius_m, **look})
        nose: Real = centre + radius_m * np.array(
            [1.3 * forward, 0.97 * forward + 0.2 * left, 0.97 * forward - 0.2 * left]
        )
        shapes.append({"form": "polygon", "x": nose[:, 1], "y": nose[:, 0], **look})
    for side, beside in (("L", left), ("R", -left)):
        ear = centre + beside * radius_m
        shapes.append(_points(ear[1], ear[0], "ink", 3.0))
        if isinstance(listener, NamedListener) and half_m > SMALL * radius_m:
            continue
        words: dict[str, Any] = {"text": side, "away": [9 * float(beside[1]), -9 * float(beside[0])], "bold": True}
        shapes.append({"form": "text", "x": float(ear[1]), "y": float(ear[0]), "size": 9.0, **words})
    if isinstance(listener, NamedListener):
        beside = centre[1] + side_of_name * 1.2 * radius_m
        named: dict[str, Any] = {"text": shortened(listener.name, 24), "align": "left" if side_of_name > 0 else "right"}
        away = [5 * side_of_name, 12 * row]
        shapes.append({"form": "text", "x": float(beside), "y": float(centre[0]), "away": away, "size": 9.0, **named})
    return shapes
