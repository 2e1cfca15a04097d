"""Closed, outward-facing surface from a file's triangles: safe mending, and refusal of the rest with the place of the error.

Mending that leaves the shape as it is is safe. Coincident vertices are merged. Triangles without an area are dropped, and the neighbour
of one whose corners lie on a line gets its middle corner. Repeated triangles are dropped. Triangles that face the wrong way are turned.
Bodies inside another, such as the inner wall of a hollow box, are dropped: they are inaudible outside. A surface with a hole, or with an
edge that more than two triangles share, has no certain inside, and is refused.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from designer.problem.meshes.reading import EXPECTED, EXPORT_AGAIN, MeshError, Soup
from designer.problem.meshes.triangles import NEXT, Index, Triangles
from designer.problem.messages import shown

SAME_PLACE = 1e-6
"""Largest distance of merged vertices, and largest height of triangles without an area, over the size of the body."""
SAMPLES = 400
"""Number of places at which both sides of the surface are checked."""
OFF_SURFACE = 1e-4
"""Distance from the surface of these checks, over the size of the body."""
MAX_WINDING_ERROR = 0.2
ONE_SURFACE = "unite the parts into one outer surface"


def closed_surface(soup: Soup) -> tuple[Triangles, list[str]]:
    """The surface, and phrases on what was mended.

    Raises
    ------
    MeshError : a surface that is open, that meets itself, or that has no volume

    """
    vertices, faces = soup
    notes: list[str] = []
    size = float(np.ptp(vertices[faces.ravel()], axis=0).max())
    vertices, faces = _merged(vertices, faces, size * SAME_PLACE, notes)
    faces = _without_repeats(_without_flat(vertices, faces, size * SAME_PLACE, notes), notes)
    if not len(faces):
        raise MeshError("no triangle with an area", EXPECTED, EXPORT_AGAIN)
    faces, body = _turned_alike(vertices, faces, notes)
    faces = _outward(vertices, faces, body, notes)
    used, faces = np.unique(faces, return_inverse=True)
    surface = Triangles(vertices[used], faces.reshape(-1, 3))
    _check_both_sides(surface, size)
    return surface, notes


def _merged(vertices: Any, faces: Index, tolerance: float, notes: list[str]) -> tuple[Any, Index]:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    from scipy.spatial import cKDTree

    vertices, of = np.unique(vertices, axis=0, return_inverse=True)
    faces = of.ravel()[faces].astype(np.intp)
    pairs = cKDTree(vertices).query_pairs(tolerance, output_type="ndarray")
    if len(pairs):
        count = len(vertices)
        joined = coo_array((np.ones(len(pairs)), pairs.T), shape=(count, count))
        groups, group = connected_components(joined, directed=False)
        first = np.full(groups, count)
        np.minimum.at(first, group, np.arange(count))
        vertices, faces = vertices[first], group[faces].astype(np.intp)
        notes.append(f"merged {count - groups} vertices with others less than a millionth of the body's size away")
    return vertices, faces


def _without_flat(vertices: Any, faces: Index, tolerance: float, notes: list[str]) -> Index:
    distinct = (faces != faces[:, NEXT]).all(axis=1)
    faces = faces[distinct]
    dropped = int((~distinct).sum())
    for _ in range(len(faces)):
        corners = vertices[faces]
        lengths = np.linalg.norm(corners[:, NEXT] - corners, axis=2)
        longest = lengths.max(axis=1)
        double = np.linalg.norm(np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1)
        flat = np.flatnonzero(double <= tolerance * longest)
        if not flat.size:
            break
        t = int(flat[0])
        n = int(lengths[t].argmax())
        u, v, w = faces[t, n], faces[t, (n + 1) % 3], faces[t, (n + 2) % 3]
        holds = (faces == u).any(axis=1) & (faces == v).any(axis=1)
        holds[t] = False
        neighbours = np.flatnonzero(holds)
        parts = []
        if neighbours.size == 1 and not (faces[neighbours[0]] == w).any():
            for old in (u, v):
                part = faces[neighbours[0]].copy()
                part[part == old] = w
                parts.append(part)
        removed = [t, *neighbours.tolist()] if parts or (neighbours.size == 1) else [t]
        faces = np.concatenate([np.delete(faces, removed, axis=0), np.array(parts, dtype=np.intp).reshape(-1, 3)])
        dropped += 1
    if dropped:
        notes.append(f"dropped {_triangles(dropped)} without an area")
    return faces


def _without_repeats(faces: Index, notes: list[str]) -> Index:
    _, first, count = np.unique(np.sort(faces, axis=1), axis=0, return_index=True, return_counts=True)
    if (count > 1).any():
        notes.append(f"dropped {int((count - 1).sum())} repeated triangles")
    return faces[np.sort(first)]


def _turned_alike(vertices: Any, faces: Index, notes: list[str]) -> tuple[Index, Index]:
    """Triangles so turned that each edge is passed both ways, and the body (T,) that each belongs to."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import breadth_first_order, connected_components

    directed = np.stack([faces, faces[:, NEXT]], axis=-1).reshape(-1, 2)
    edges, of, count = np.unique(np.sort(directed, axis=1), axis=0, return_inverse=True, return_counts=True)
    for wrong, words, remedy in (
        (count < 2, ("1 open edge", "{} open edges"), "close the holes"),
        (
            count > 2,
            ("1 edge that more than two triangles share", "{} edges that more than two triangles share"),
            ONE_SURFACE,
        ),
    ):
        if wrong.any():
            at = vertices[edges[wrong.argmax()]].mean(axis=0)
            many = words[0] if wrong.sum() == 1 else words[1].format(int(wrong.sum())) + ", the first"
            raise MeshError(f"{many} at {_place(at)}", EXPECTED, remedy)
    both = np.argsort(of.ravel(), kind="stable").reshape(-1, 2)
    first, second = (both // 3).T
    alike = (directed[both[:, 0]] == directed[both[:, 1]]).all(axis=1)
    size = len(faces)
    links = coo_array((np.ones(len(first)), (first, second)), shape=(size, size)).tocsr()
    bodies, body = connected_components(links, directed=False)
    sign_of = dict(zip(zip(first.tolist(), second.tolist(), strict=True), alike.tolist(), strict=True))
    turned = np.zeros(size, dtype=bool)
    for n in range(bodies):
        order, before = breadth_first_order(links, int((body == n).argmax()), directed=False)
        for t in order[1:].tolist():
            p = int(before[t])
            turned[t] = turned[p] ^ sign_of[(p, t) if (p, t) in sign_of else (t, p)]
        if 2 * turned[body == n].sum() > (body == n).sum():
            turned[body == n] ^= True
    if (alike ^ turned[first] ^ turned[second]).any():
        raise MeshError(
            "a surface with one side, as a Moebius strip has", EXPECTED, "draw a surface that encloses a volume"
        )
    if turned.any():
        notes.append(f"turned {_triangles(int(turned.sum()))} to face as their neighbours do")
    return np.where(turned[:, None], faces[:, ::-1], faces), body.astype(np.intp)


def _outward(vertices: Any, faces: Index, body: Index, notes: list[str]) -> Index:
    """Bodies turned outwards, without those that are within another."""
    surfaces = [Triangles(vertices, faces[body == n]) for n in range(int(body.max()) + 1)]
    boxes = [surface.corners_m.reshape(-1, 3) for surface in surfaces]
    for n, surface in enumerate(surfaces):
        if abs(surface.volume_m3) <= 1e-9 * float(np.ptp(boxes[n], axis=0).max()) ** 3:
            raise MeshError("a body without a volume", EXPECTED, "give it a thickness")
    outer, inner = [], 0
    for n in range(len(surfaces)):
        at = boxes[n][:: max(1, len(boxes[n]) // SAMPLES)]
        around = np.zeros(len(at), dtype=bool)
        for m, other in enumerate(surfaces):
            around |= (np.abs(other.windings(at)) > 0.5) if m != n else False
        if around.any() and not around.all():
            raise MeshError(f"two bodies that intersect near {_place(at[around.argmax()])}", EXPECTED, ONE_SURFACE)
        inner += int(around.all())
        outer += [] if around.all() else [n]
    if inner:
        notes.append(f"dropped {inner} {'body' if inner == 1 else 'bodies'} inside another, inaudible outside")
    parts = []
    for n in outer:
        inverted = surfaces[n].volume_m3 < 0
        parts.append(surfaces[n].faces[:, ::-1] if inverted else surfaces[n].faces)
        if inverted:
            notes.append(f"turned a body of {_triangles(len(surfaces[n].faces))} that faced inwards")
    return np.concatenate(parts)


def _check_both_sides(surface: Triangles, size: float) -> None:
    """Check places evenly over the area: in front of the surface is outside, behind it inside; else it intersects itself there."""
    total = np.cumsum(surface.areas_m2)
    count = min(SAMPLES, 4 * len(surface.faces))
    face = np.minimum(np.searchsorted(total, (np.arange(count) + 0.5) / count * total[-1]), len(total) - 1)
    share = np.random.default_rng(0).dirichlet(np.ones(3), count)
    place = np.einsum("ma,mac->mc", share, surface.corners_m[face])
    for side, inside in ((1, 0.0), (-1, 1.0)):
        winding = surface.windings(place + side * OFF_SURFACE * size * surface.normals[face])
        wrong = np.abs(winding - inside) > MAX_WINDING_ERROR
        if wrong.any():
            at = _place(place[wrong.argmax()])
            actual = f"a body that intersects itself, or is thinner than {OFF_SURFACE:g} of its size, near {at}"
            raise MeshError(actual, EXPECTED, ONE_SURFACE)


def _place(place: Any) -> str:
    return f"{shown([float(f'{x:.4g}') + 0.0 for x in place])} in the file"


def _triangles(count: int) -> str:
    return "1 triangle" if count == 1 else f"{count} triangles"
