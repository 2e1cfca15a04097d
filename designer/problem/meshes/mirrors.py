"""The mirror planes of a mesh.

A plane through the middle of the bounds cuts the edges that cross it; what is on its positive side is kept as the part whose image is the
other side, if places of each side lie on the image of the other. The triangles themselves need not be mirror images.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from itertools import product

import numpy as np

from designer.problem.meshes.triangles import Array, Index, Triangles, edges_of, merged, split, used

SAME_PLACE = 1e-6
"""Distance from the image, over the size, within which a place is on it."""
SAMPLES = 400
"""Places of each side that are looked at."""


def reflections(planes: Collection[int]) -> Array:
    """Signs (S, 3) of the coordinates in each image, the first of them none turned, for planes across these axes."""
    return np.array(list(product(*([1.0, -1.0] if axis in planes else [1.0] for axis in range(3)))))


@dataclass(frozen=True)
class MirroredPart:
    """A part of a surface around the middle of its bounds, and the axes that the planes are across in which its images are the whole."""

    part: Triangles
    planes: tuple[int, ...]

    @property
    def images(self) -> int:
        """Number of images that make the whole."""
        return int(2 ** len(self.planes))

    @property
    def whole(self) -> Triangles:
        """All images together."""
        corners_m = [self.part.corners_m * mirror for mirror in reflections(self.planes)]
        turned = [image[:, :: 1 if n.bit_count() % 2 == 0 else -1] for n, image in enumerate(corners_m)]
        return merged(np.concatenate(turned))


def mirrored_part(surface: Triangles) -> MirroredPart:
    """The smallest part; the whole, where there is no plane."""
    part = Triangles(surface.vertices_m - surface.centre_m, surface.faces)
    tolerance_m = SAME_PLACE * float(surface.size_m.max())
    planes = []
    for axis in range(3):
        half = _half(part, axis, tolerance_m)
        if half is not None:
            part = half
            planes.append(axis)
    return MirroredPart(part, tuple(planes))


def _half(part: Triangles, axis: int, tolerance_m: float) -> Triangles | None:
    """The triangles on the positive side of a plane through the origin; None where the other side is not their image."""
    if abs(part.bounds_m[:, axis].sum()) > tolerance_m:
        return None
    vertices, faces = _cut(part, axis, tolerance_m)
    beyond = vertices[faces][..., axis].mean(axis=1) > 0
    sides = [used(vertices, faces[half]) for half in (beyond, ~beyond)]
    if abs(sides[0].areas_m2.sum() - sides[1].areas_m2.sum()) > 1e-5 * part.areas_m2.sum():
        return None
    mirror = np.where(np.arange(3) == axis, -1.0, 1.0)
    for side, other in (sides, sides[::-1]):
        places_m = np.concatenate([side.vertices_m, side.corners_m.mean(axis=1)])
        samples_m = places_m[:: max(1, len(places_m) // SAMPLES)] * mirror
        if other.nearest(samples_m)[0].max() > 10 * tolerance_m:
            return None
    return sides[0]


def _cut(part: Triangles, axis: int, tolerance_m: float) -> tuple[Array, Index]:
    """Vertices and faces with the edges that cross the plane divided there."""
    vertices, faces = part.vertices_m.copy(), part.faces
    vertices[np.abs(vertices[:, axis]) <= tolerance_m, axis] = 0.0
    edges, of = edges_of(faces)
    first, second = vertices[edges[:, 0]], vertices[edges[:, 1]]
    crossing = first[:, axis] * second[:, axis] < 0
    share = first[crossing, axis] / (first[crossing, axis] - second[crossing, axis])
    places_m = first[crossing] + share[:, None] * (second[crossing] - first[crossing])
    places_m[:, axis] = 0.0
    middle = np.full(len(edges), -1)
    middle[crossing] = len(vertices) + np.arange(crossing.sum())
    vertices = np.concatenate([vertices, places_m])
    return vertices, split(vertices, faces, middle[of])
