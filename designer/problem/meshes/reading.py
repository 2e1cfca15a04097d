"""Vertices and polygons of STL (text and binary), OBJ and PLY files (text and binary), as far as a surface needs them.

No library reads them: the three formats take less code than guards around a reader that guesses, a count that contradicts the file's
length is refused with its place, and no further package has to be installed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designer.problem.messages import number, shown

MAX_FILE_BYTES = 64_000_000
MAX_FILE_FACES = 400_000
"""Triangles of a file, beyond which it is not mended but refused."""
STL_HEADER, STL_RECORD = 84, np.dtype([("normal", "<f4", 3), ("corners", "<f4", (3, 3)), ("attribute", "<u2")])
PLY_TYPES = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}

Soup = tuple[NDArray[np.floating[Any]], NDArray[np.intp]]
"""Vertices (V, 3) and triangles (T, 3), as they stand in a file."""
Groups = dict[str, list[int]]
"""Names that a file gives to triangles, and their indices."""


class MeshError(Exception):
    """A mesh that cannot be used: what is wrong, what is expected, and the remedy."""

    def __init__(self, actual: str, expected: str, remedy: str) -> None:
        super().__init__(f"{actual}; expected {expected}; {remedy}")
        self.actual, self.expected, self.remedy = actual, expected, remedy


EXPECTED = "a closed surface in an STL, OBJ or PLY file"
EXPORT_AGAIN = "export it again from the program that drew it"


def read_soup(path: Path) -> tuple[Soup, Groups]:
    """Vertices and triangles of a file, and the triangles of each named group: `g` and `o` of an OBJ, `solid` of an STL in text.

    Raises
    ------
    MeshError : no such file, a damaged one, or one of another kind

    """
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            actual = f"a file of {path.stat().st_size // 1_000_000} MB"
            raise MeshError(actual, f"at most {MAX_FILE_BYTES // 1_000_000} MB", "export it with fewer triangles")
        content = path.read_bytes()
    except FileNotFoundError:
        raise MeshError("no such file", EXPECTED, "paths are relative to the problem file") from None
    except (OSError, ValueError) as error:
        actual = f"cannot be read: {(getattr(error, 'strerror', None) or str(error)).lower()}"
        raise MeshError(actual, EXPECTED, "give the path of a file") from None
    if not content.strip():
        raise MeshError("the file is empty", EXPECTED, EXPORT_AGAIN)
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise MeshError(
            f"a file that ends with {shown(path.suffix)}", "a name that ends with .stl, .obj or .ply", EXPORT_AGAIN
        )
    with np.errstate(all="ignore"):
        (vertices, faces), groups = reader(content)
    if not len(faces):
        raise MeshError("no triangles", EXPECTED, EXPORT_AGAIN)
    if len(faces) > MAX_FILE_FACES:
        expected = f"at most {number(MAX_FILE_FACES)}"
        raise MeshError(f"{len(faces)} triangles", expected, "export it with fewer triangles")
    if faces.min() < 0 or faces.max() >= len(vertices):
        bad = int(((faces < 0) | (faces >= len(vertices))).any(axis=1).argmax())
        raise MeshError(f"triangle {bad + 1} names a vertex that the file does not hold", EXPECTED, EXPORT_AGAIN)
    finite = np.isfinite(vertices[faces]).all(axis=(1, 2))
    if not finite.all():
        raise MeshError(
            f"triangle {int(finite.argmin()) + 1} has a corner that is not a number", EXPECTED, EXPORT_AGAIN
        )
    if np.abs(vertices[faces]).max() > 1e9:
        bad = int((np.abs(vertices[faces]).max(axis=(1, 2)) > 1e9).argmax())
        raise MeshError(f"triangle {bad + 1} has a corner beyond {number(1e9)}", EXPECTED, EXPORT_AGAIN)
    return (vertices, faces), groups


def _stl(content: bytes) -> tuple[Soup, Groups]:
    size = len(content) - STL_HEADER
    count = int.from_bytes(content[80:84], "little") if size >= 0 else -1
    groups: Groups = {}
    if size >= 0 and size == count * STL_RECORD.itemsize:
        corners = np.frombuffer(content, STL_RECORD, count, STL_HEADER)["corners"].astype(float)
    elif content.lstrip()[:5].lower() == b"solid" and b"vertex" in content:
        words = _words(content)
        numbers = [_numbers(words[n + 1 : n + 4], 3, n) for n, word in enumerate(words) if word == "vertex"]
        if len(numbers) % 3:
            raise MeshError(f"{len(numbers)} corners, no multiple of 3", EXPECTED, EXPORT_AGAIN)
        corners = np.array(numbers, dtype=float).reshape(-1, 3, 3)
        groups = _solids(content)
    else:
        stated = (
            f"its header states {count} triangles, and its bytes hold {max(size, 0) // STL_RECORD.itemsize}"
            if size >= 0
            else "its header is incomplete"
        )
        raise MeshError(f"not an STL file: {stated}", EXPECTED, EXPORT_AGAIN)
    return (corners.reshape(-1, 3), np.arange(3 * len(corners), dtype=np.intp).reshape(-1, 3)), groups


def _solids(content: bytes) -> Groups:
    """The triangles of each `solid` of an STL in text."""
    groups: Groups = {}
    count = 0
    for name, body in zip(
        *[iter(re.split(r"(?m)^[ \t]*solid\b(.*)$", content.decode("utf-8", "replace"))[1:])] * 2, strict=True
    ):
        more = body.split().count("vertex") // 3
        groups.setdefault(name.strip(), []).extend(range(count, count + more))
        count += more
    return {name: faces for name, faces in groups.items() if name}


def _obj(content: bytes) -> tuple[Soup, Groups]:
    vertices = list[list[float]]()
    faces = list[list[int]]()
    groups: Groups = {}
    names: dict[str, list[str]] = {}
    for n, line in enumerate(content.decode("utf-8", "replace").splitlines()):
        words = line.split()
        if words[:1] in (["g"], ["o"]):
            names[words[0]] = words[1:]
        elif words[:1] == ["v"]:
            vertices.append(_numbers(words[1:4], 3, n))
        elif words[:1] == ["f"]:
            try:
                corners = [int(word.split("/")[0]) for word in words[1:]]
            except ValueError:
                raise _bad_line(n, line) from None
            if len(corners) < 3 or 0 in corners:
                raise _bad_line(n, line)
            faces += _fan([i - 1 if i > 0 else len(vertices) + i for i in corners])
            for name in {name for kind in names.values() for name in kind}:
                groups.setdefault(name, []).extend(range(len(faces) - len(corners) + 2, len(faces)))
    return (np.array(vertices, dtype=float).reshape(-1, 3), np.array(faces, dtype=np.intp).reshape(-1, 3)), groups


def _ply(content: bytes) -> tuple[Soup, Groups]:
    end = content.find(b"end_header")
    if content[:3] != b"ply" or end < 0:
        raise MeshError("not a PLY file: no header", EXPECTED, EXPORT_AGAIN)
    start = content.find(b"\n", end) + 1
    kind = ""
    elements: list[tuple[str, int, list[list[str]]]] = []
    for n, line in enumerate(content[:end].decode("ascii", "replace").splitlines()):
        match line.split():
            case ["format", name, *_]:
                kind = name
            case ["element", name, digits] if digits.isdecimal():
                elements.append((name, int(digits), []))
            case ["property", *words] if elements and _is_property(words):
                elements[-1][2].append(words)
            case ["element" | "property", *_]:
                raise _bad_line(n, line)
    names = {name: [words[-1] for words in properties] for name, _, properties in elements}
    if not {"x", "y", "z"} <= set(names.get("vertex", [])) or not names.get("face"):
        raise MeshError("a PLY file without vertices or without faces", EXPECTED, EXPORT_AGAIN)
    if kind == "ascii":
        read = _text_values(_words(content[start:]))
    elif kind in ("binary_little_endian", "binary_big_endian"):
        read = _binary_values(content[start:], "<" if kind == "binary_little_endian" else ">")
    else:
        raise MeshError(f"a PLY file of the format {shown(kind)}", EXPECTED, EXPORT_AGAIN)
    vertices, faces = np.zeros((0, 3)), list[list[int]]()
    for name, count, properties in elements:
        if count * len(properties) > len(content):
            raise MeshError(
                f"its header states {count} entries {shown(name)}, more than its {len(content)} bytes can hold",
                EXPECTED,
                EXPORT_AGAIN,
            )
        rows = [{words[-1]: read(words) for words in properties} for _ in range(count)]
        if name == "vertex":
            vertices = np.array([[row[axis][0] for axis in "xyz"] for row in rows], dtype=float).reshape(-1, 3)
        elif name == "face":
            lists = [words[-1] for words in properties if words[0] == "list"]
            key = next((key for key in ("vertex_indices", "vertex_index") if key in lists), lists[0] if lists else "")
            for n, row in enumerate(rows):
                if len(row.get(key, [])) < 3:
                    raise MeshError(f"face {n + 1} has less than three corners", EXPECTED, EXPORT_AGAIN)
                faces += _fan([int(i) for i in row[key]])
    return (vertices, np.array(faces, dtype=np.intp).reshape(-1, 3)), {}


def _is_property(words: list[str]) -> bool:
    types = words[1:3] if words[0] == "list" else words[:1]
    return len(words) == len(types) + (2 if words[0] == "list" else 1) and all(word in PLY_TYPES for word in types)


def _text_values(words: list[str]) -> Callable[[list[str]], list[float]]:
    at = iter(enumerate(words))

    def values(count: int) -> list[float]:
        numbers = [word for _, word in zip(range(count), (word for _, word in at), strict=False)]
        return _numbers(numbers, count, 0, "a PLY file that ends before its last entry")

    def read(words: list[str]) -> list[float]:
        return values(_length(values(1)[0])) if words[0] == "list" else values(1)

    return read


def _binary_values(content: bytes, order: str) -> Callable[[list[str]], list[Any]]:
    place = 0

    def values(kind: str, count: int) -> list[Any]:
        nonlocal place
        dtype = np.dtype(order + PLY_TYPES[kind])
        if place + count * dtype.itemsize > len(content):
            raise MeshError("a PLY file that ends before its last entry", EXPECTED, EXPORT_AGAIN)
        numbers: list[Any] = np.frombuffer(content, dtype, count, place).tolist()
        place += count * dtype.itemsize
        return numbers

    def read(words: list[str]) -> list[Any]:
        return values(words[2], _length(values(words[1], 1)[0])) if words[0] == "list" else values(words[0], 1)

    return read


def _length(count: float) -> int:
    if not 0 <= count < 1e6:
        raise MeshError(f"a list of {number(count)} entries", EXPECTED, EXPORT_AGAIN)
    return int(count)


def _fan(corners: list[int]) -> Iterator[list[int]]:
    """A polygon as triangles from its first corner."""
    return ([corners[0], b, c] for b, c in pairwise(corners[1:]))


def _words(content: bytes) -> list[str]:
    return content.decode("utf-8", "replace").split()


def _numbers(words: list[str], count: int, line: int, short: str = "") -> list[float]:
    try:
        numbers = [float(word) for word in words]
    except ValueError:
        raise _bad_line(line, " ".join(words)) from None
    if len(numbers) != count:
        raise MeshError(short, EXPECTED, EXPORT_AGAIN) if short else _bad_line(line, " ".join(words))
    return numbers


def _bad_line(line: int, text: str) -> MeshError:
    return MeshError(f"cannot be read near its entry {line + 1}: {shown(text[:60])}", EXPECTED, EXPORT_AGAIN)


READERS: dict[str, Callable[[bytes], tuple[Soup, Groups]]] = {".stl": _stl, ".obj": _obj, ".ply": _ply}
