"""Meshes that tests make: spheres, boxes, and their files."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np

from designer.problem.meshes.triangles import Triangles

GOLDEN = (1 + 5**0.5) / 2
ICOSAHEDRON = np.array(
    [[-1, GOLDEN, 0], [1, GOLDEN, 0], [-1, -GOLDEN, 0], [1, -GOLDEN, 0], [0, -1, GOLDEN], [0, 1, GOLDEN],
     [0, -1, -GOLDEN], [0, 1, -GOLDEN], [GOLDEN, 0, -1], [GOLDEN, 0, 1], [-GOLDEN, 0, -1], [-GOLDEN, 0, 1]]
) / np.hypot(1, GOLDEN)  # fmt: skip
SIDES = [
    (0, 11, 5), (0, 5, 1), (0, 1, 7), (0, 7, 10), (0, 10, 11), (1, 5, 9), (5, 11, 4), (11, 10, 2), (10, 7, 6), (7, 1, 8),
    (3, 9, 4), (3, 4, 2), (3, 2, 6), (3, 6, 8), (3, 8, 9), (4, 9, 5), (2, 4, 11), (6, 2, 10), (8, 6, 7), (9, 8, 1),
]  # fmt: skip
BOX_SIDES = [
    (0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)
]  # fmt: skip


def sphere(count: int, radius_m: float = 1.0) -> Triangles:
    """20 count² triangles of nearly one size, with the volume of the sphere."""
    index: dict[tuple[float, ...], int] = {}
    places: list[Any] = []
    faces = []

    def vertex(place: Any) -> int:
        key = tuple(np.round(place, 9) + 0.0)
        if key not in index:
            index[key] = len(places)
            places.append(place / np.linalg.norm(place))
        return index[key]

    for a, b, c in ICOSAHEDRON[np.array(SIDES)]:
        rows = [
            [vertex(a + (b - a) * i / count + (c - a) * j / count) for j in range(count + 1 - i)]
            for i in range(count + 1)
        ]
        for i in range(count):
            for j in range(count - i):
                faces.append((rows[i][j], rows[i + 1][j], rows[i][j + 1]))
                if i + j < count - 1:
                    faces.append((rows[i + 1][j], rows[i + 1][j + 1], rows[i][j + 1]))
    unit = Triangles(np.array(places), np.array(faces))
    return Triangles(unit.vertices_m * radius_m * (4 * np.pi / 3 / unit.volume_m3) ** (1 / 3), unit.faces)


def box(size_m: tuple[float, float, float], centre_m: tuple[float, float, float] = (0.0, 0.0, 0.0)) -> Triangles:
    """Twelve triangles, whose diagonals are no mirror images of one another."""
    signs = np.stack(np.meshgrid(*[[-0.5, 0.5]] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    return Triangles(signs * size_m + centre_m, np.array(BOX_SIDES))


def together(*bodies: Triangles) -> Triangles:
    """Several bodies as one surface."""
    starts = np.cumsum([0, *(len(body.vertices_m) for body in bodies)])
    faces = [body.faces + start for body, start in zip(bodies, starts, strict=False)]
    return Triangles(np.concatenate([body.vertices_m for body in bodies]), np.concatenate(faces))


def write(path: Path, mesh: Triangles) -> Path:
    """A file of the format that its name ends with: .stl, .ply (both binary), .obj, and in text .txt.stl and .txt.ply."""
    vertices, faces = mesh.vertices_m, mesh.faces
    lines = ["{:.9g} {:.9g} {:.9g}".format(*place) for place in vertices]
    if path.name.endswith(".txt.stl"):
        loops = ["".join(f"vertex {lines[corner]}\n" for corner in face) for face in faces]
        facets = [f"facet normal 0 0 0\nouter loop\n{loop}endloop\nendfacet\n" for loop in loops]
        content = f"solid body\n{''.join(facets)}endsolid body\n".encode()
    elif path.suffix == ".stl":
        records = [struct.pack("<12fH", 0, 0, 0, *vertices[face].ravel(), 0) for face in faces]
        content = b"solid in name alone".ljust(80) + struct.pack("<I", len(faces)) + b"".join(records)
    elif path.suffix == ".obj":
        places = "".join(f"v {line}\n" for line in lines)
        content = (places + "g body\n" + "".join(f"f {a + 1}/1/1 {b + 1}//2 {c + 1}\n" for a, b, c in faces)).encode()
    else:
        text = path.name.endswith(".txt.ply")
        kind = "ascii" if text else "binary_big_endian"
        head = f"ply\nformat {kind} 1.0\ncomment made\nelement vertex {len(vertices)}\nproperty double x\nproperty double y\n"
        head += f"property double z\nelement face {len(faces)}\nproperty list uchar int vertex_indices\nend_header\n"
        rows = ["3 {} {} {}".format(*face) for face in faces]
        binary = b"".join(struct.pack(">3d", *v) for v in vertices) + b"".join(
            struct.pack(">B3i", 3, *f) for f in faces
        )
        content = head.encode() + (("\n".join([*lines, *rows]) + "\n").encode() if text else binary)
    path.write_bytes(content)
    return path
