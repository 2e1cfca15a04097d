"""The body in three dimensions with its drivers and the way to the listener: numbers for the page, which turns it, and one view to print.

Both draw by the painter's algorithm: faces that look away are left out, the rest is drawn from the farthest to the nearest, and a driver
is drawn where nothing stands between it and the eye. Right and up on the page are, for an eye at azimuth a and elevation e,

    (-sin a, cos a, 0)     and     (-sin e cos a, -sin e sin a, cos e)
"""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np

from designer.arrays import Index, Real
from designer.problem.meshes.triangles import NEXT, Triangles
from designer.problem.schema import Problem
from designer.report.figure_data import Figure, Shape, axis, figure, shortened
from designer.report.layout import drawing

VIEW_DEG = (35.0, 25.0)
"""Azimuth and elevation of the eye at first."""
MAX_FACES = 1500
LIGHT = np.array([0.5, -0.35, 0.8]) / math.sqrt(0.5**2 + 0.35**2 + 0.8**2)
LIGHTEST, DARKER = 0.97, 0.2
"""Grey of a face that faces the light, and how much darker one across it is."""
SMOOTH_DEG = 25.0
"""Angle of two faces below which their edge is not drawn."""
POINT_SHARE, RIM = 0.025, 20
"""Radius of a point source over the body's, and places on a driver's rim."""
ARROW = (1.05, 1.4)
"""Begin and end of the arrow to the listener, in the body's radii from its centre."""
MOST_NAMED = 8
MARGIN = 0.12
"""Space around the printed view, for names, over its longer side."""


def body_data(problem: Problem) -> dict[str, Any] | None:
    """Numbers that the page turns, in metres from the body's centre; None where the enclosure has no surface.

    Vertices, faces, of each face the edges to be drawn (bits from each corner to the next), drivers with rim and normal, the way to the
    listener.
    """
    whole = problem.body.surface
    if whole is None:
        return None
    surface = _fewer(whole)
    centre_m = whole.centre_m
    radius_m = float(np.linalg.norm(whole.vertices_m - centre_m, axis=1).max())
    drivers = []
    for driver in problem.drivers:
        normal = problem.body.normal(driver)
        normal = np.array([1.0, 0.0, 0.0]) if normal is None else normal / np.linalg.norm(normal)
        across = np.cross(normal, [0.0, 0.0, 1.0] if abs(normal[2]) < 0.9 else [1.0, 0.0, 0.0])
        across /= np.linalg.norm(across)
        angle = 2 * np.pi * np.arange(RIM) / RIM
        ring = np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * np.cross(normal, across)
        place_m = np.array(driver.position_m, dtype=float) - centre_m
        rim_m = place_m + (problem.body.piston_radius_m(driver) or POINT_SHARE * radius_m) * ring
        drivers.append({"name": driver.name, "middle": place_m, "rim": rim_m, "normal": normal})
    way_m = np.array(problem.listener.position_m, dtype=float) - centre_m
    return {
        "vertices": surface.vertices_m - centre_m,
        "faces": surface.faces,
        "edges": _drawn_edges(surface),
        "drivers": drivers,
        "listener": way_m / max(float(np.linalg.norm(way_m)), 1e-9),
        "radius": radius_m,
        "view": list(VIEW_DEG),
        "arrow": list(ARROW),
    }


def body_block(problem: Problem) -> str:
    """The numbers as JSON for a script element, in tenths of a millimetre; empty where there is nothing to turn."""

    def plain(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return (np.round(value, 4) + 0.0).tolist() if value.dtype.kind == "f" else value.tolist()
        if isinstance(value, list):
            return [plain(part) for part in value]
        return {key: plain(part) for key, part in value.items()} if isinstance(value, dict) else value

    data = body_data(problem)
    return json.dumps(plain(data), separators=(",", ":"), ensure_ascii=False).replace("<", "\\u003c") if data else ""


def _fewer(surface: Triangles) -> Triangles:
    """A surface of at most MAX_FACES, whose vertices within cubes are one."""
    cubes = 24
    while len(surface.faces) > MAX_FACES:
        side_m = float(surface.size_m.max()) / cubes
        _, of = np.unique(np.round(surface.vertices_m / side_m), axis=0, return_inverse=True)
        of = of.ravel()
        count = np.bincount(of)
        places_m = np.stack([np.bincount(of, surface.vertices_m[:, c]) for c in range(3)], axis=1) / count[:, None]
        faces = of[surface.faces]
        surface = Triangles(places_m, faces[(faces != faces[:, NEXT]).all(axis=1)])
        cubes = cubes * 3 // 4
    return surface


def _drawn_edges(surface: Triangles) -> Real:
    """Bits (T,) of the edges from each corner to the next at which the surface bends."""
    _, of, count = _edges(surface)
    total = np.zeros((count.size, 3))
    np.add.at(total, of.ravel(), np.repeat(surface.normals, 3, axis=0))
    bent = np.linalg.norm(total, axis=1) < count * math.cos(math.radians(SMOOTH_DEG / 2))
    return np.asarray(bent[of] @ np.array([1, 2, 4]))


def _edges(surface: Triangles) -> tuple[Index, Index, Index]:
    """Edges (E, 2), the edge from each corner to the next (T, 3), and the number of faces at each edge (E,)."""
    pairs = np.sort(np.stack([surface.faces, surface.faces[:, NEXT]], axis=-1).reshape(-1, 2), axis=1)
    edges, of, count = np.unique(pairs, axis=0, return_inverse=True, return_counts=True)
    return edges, of.reshape(-1, 3), count


def body_figure(problem: Problem) -> Figure:
    """The body from the front, the side and above at once, as it is printed."""
    data = body_data(problem)
    assert data is not None
    azimuth, elevation = np.radians(VIEW_DEG)
    right = np.array([-np.sin(azimuth), np.cos(azimuth), 0.0])
    up = np.array([-np.sin(elevation) * np.cos(azimuth), -np.sin(elevation) * np.sin(azimuth), np.cos(elevation)])
    eye = np.cross(right, up)
    seen = np.stack([right, up], axis=1)
    surface = Triangles(data["vertices"], data["faces"])
    shapes: list[Shape] = []
    is_facing = surface.normals @ eye > 0
    facing = np.flatnonzero(is_facing)
    _, of, count = _edges(surface)
    rims = (
        np.bincount(of.ravel(), np.repeat(is_facing, 3))[of] != count[of]
    )  # between a face that is seen and one that is not
    for t in facing[np.argsort(surface.corners_m[facing].mean(axis=1) @ eye)].tolist():
        corners = surface.corners_m[t] @ seen
        fill: Shape = {"form": "polygon", "x": corners[:, 0], "y": corners[:, 1]}
        tone = f"gray:{LIGHTEST - DARKER * (1 - max(float(surface.normals[t] @ LIGHT), 0.0)):.3f}"
        shapes.append(fill | {"fill": tone, "color": tone, "width": 0.5})
        for n in range(3):
            if int(data["edges"][t]) >> n & 1 or rims[t, n]:
                ends = corners[[n, (n + 1) % 3]]
                shapes.append({"form": "line", "x": ends[:, 0], "y": ends[:, 1], "color": "soft", "width": 0.9})
    names: list[Shape] = []
    for l, driver in enumerate(data["drivers"]):
        if driver["normal"] @ eye > 0.02 and not _is_hidden(
            surface, driver["middle"] + 1e-3 * data["radius"] * driver["normal"], eye
        ):
            rim, (x, y) = driver["rim"] @ seen, driver["middle"] @ seen
            shapes.append({"form": "polygon", "x": rim[:, 0], "y": rim[:, 1], "fill": l, "color": "ink", "width": 0.6})
            if len(data["drivers"]) <= MOST_NAMED:
                above = float(np.ptp(rim[:, 1])) / 2
                names.append(
                    {
                        "form": "text",
                        "x": float(x),
                        "y": float(y) + above,
                        "text": shortened(driver["name"], 24),
                        "away": [0, 6],
                    }
                )
    tail, tip = (share * data["radius"] * data["listener"] @ seen for share in ARROW)
    ahead = float(data["listener"] @ eye) >= 0
    arrow: list[Shape] = [
        {
            "form": "arrow",
            "x": [float(tail[0]), float(tip[0])],
            "y": [float(tail[1]), float(tip[1])],
            "color": "soft",
            "width": 1.5,
        },
        {"form": "text", "x": float(tip[0]), "y": float(tip[1]), "text": "listener", "away": [0, -8]},
    ]
    shapes = [*shapes, *names, *arrow] if ahead else [*arrow, *shapes, *names]
    drawn = np.concatenate([data["vertices"] @ seen, [tail, tip]])
    lows, highs = drawn.min(axis=0), drawn.max(axis=0)
    margin_m = MARGIN * float((highs - lows).max())
    ranges = zip(("across in m", "upwards in m"), lows - margin_m, highs + margin_m, strict=True)
    x_axis, y_axis = (axis(label, "m", float(low), float(high)) for label, low, high in ranges)
    return figure([drawing("The body, from the front, the side and above", (0, 0, 1, 1), x_axis, y_axis, shapes)], 4.5)


def _is_hidden(surface: Triangles, place_m: Real, eye: Real) -> bool:
    """Whether a face stands between a place (3,) and the eye."""
    facing = surface.normals @ eye
    ahead = facing > 1e-6
    corners, normals = surface.corners_m[ahead], surface.normals[ahead]
    way_m = np.einsum("tc,tc->t", corners[:, 0] - place_m, normals) / facing[ahead]
    hits_m = place_m + way_m[:, None] * eye
    beside = np.cross(corners[:, NEXT] - corners, hits_m[:, None] - corners)  # (T, 3, 3)
    within = (np.einsum("tnc,tc->tn", beside, normals) >= 0).all(axis=1)
    return bool((within & (way_m > 0)).any())


def body_words(problem: Problem) -> str:
    """The view in words: the body, and the number of drivers on each of its sides."""
    sides = {"front": 0, "back": 0, "left side": 0, "right side": 0, "top": 0, "bottom": 0}
    names = (("front", "back"), ("right side", "left side"), ("top", "bottom"))
    for driver in problem.drivers:
        normal = problem.body.normal(driver)
        if normal is not None:
            most = int(np.abs(normal).argmax())
            sides[names[most][int(normal[most] < 0)]] += 1
    counted = [f"{count} on its {side}" for side, count in sides.items() if count]
    drivers = "1 driver" if len(problem.drivers) == 1 else f"{len(problem.drivers)} drivers"
    described = problem.body.described()
    return f"{described}; {drivers}, {', '.join(counted)}, left and right as the listener sees them; the arrow points to the listener"
