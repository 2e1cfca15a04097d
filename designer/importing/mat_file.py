"""MAT files of version 5, as far as filters are in them: real matrices, text, and cells of text; what else there is, is left out.

After "MAT-File Format" of MATLAB's documentation: a header of 128 bytes, then elements of a tag (type and bytes, or both in
four bytes with the data beside them) and their data, padded to 8 bytes; a compressed element is zlib of an element. Each
element must lie within the one around it, so that no size is taken on its word.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator

import numpy as np

from designer.arrays import Real

HEADER = 128
MATRIX, COMPRESSED = 14, 15
CELL, CHAR = 1, 4
NUMERIC = range(6, 16)
TYPES = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
TEXTS = {16: "utf-8", 17: "utf-16", 18: "utf-32"}
COMPLEX = 0x0800
MAX_INFLATED = 200_000_000
Value = Real | list[str] | str


def variables(content: bytes) -> dict[str, Value]:
    """Name -> a matrix (rows, columns), a text or the texts of a cell.

    Raises
    ------
    ValueError : the file is no such one, or an element is longer than what holds it

    """
    order = {b"IM": "<", b"MI": ">"}.get(content[126:128])
    if len(content) < HEADER or order is None or content[124:126] not in (b"\0\1", b"\1\0"):
        raise ValueError("no header of version 5")
    found: dict[str, Value] = {}
    left = MAX_INFLATED
    for kind, data in _elements(content[HEADER:], order):
        if kind == COMPRESSED:
            inflater = zlib.decompressobj()
            inflated = inflater.decompress(data, left)
            if inflater.unconsumed_tail:
                raise ValueError(f"more than {MAX_INFLATED:,} bytes once decompressed")
            left -= len(inflated)
            kind, data = next(_elements(inflated, order), (0, b""))
        if kind == MATRIX:
            name, value = _matrix(data, order, cells=True)
            if value is not None:
                found[name] = value
    return found


def _elements(content: bytes, order: str) -> Iterator[tuple[int, bytes]]:
    """Type and data of each element."""
    at = 0
    while at + 8 <= len(content):
        kind, size = struct.unpack_from(f"{order}II", content, at)
        if kind >> 16:  # a small element: its size is in the upper half of the first word
            kind, size = kind & 0xFFFF, kind >> 16
            start, end = at + 4, at + 8
            if size > 4:
                raise ValueError("a small element of more than four bytes")
        else:
            start, end = at + 8, at + 8 + size + (-size % 8 if kind != COMPRESSED else 0)
        if start + size > len(content):
            raise ValueError(f"an element of {size:,} bytes in {len(content) - start:,}")
        yield kind, content[start : start + size]
        at = end


def _matrix(data: bytes, order: str, *, cells: bool) -> tuple[str, Value | None]:
    """Name and value of a matrix; None for what holds no filters."""
    parts = _elements(data, order)
    flags, sizes, named = (next(parts, (0, b""))[1] for _ in range(3))
    if len(flags) < 8 or len(sizes) % 4:
        raise ValueError("a matrix without flags or dimensions")
    (flag,) = struct.unpack_from(f"{order}I", flags)
    shape = struct.unpack(f"{order}{len(sizes) // 4}i", sizes)
    name, kind = named.decode("latin-1"), flag & 0xFF
    if len(shape) != 2 or min(shape) < 0 or flag & COMPLEX:
        return name, None
    if kind == CELL and cells:
        texts = [_matrix(content, order, cells=False)[1] for part, content in parts if part == MATRIX]
        return name, [text for text in texts if isinstance(text, str)] if all(
            isinstance(t, str) for t in texts
        ) else None
    part, content = next(parts, (0, b""))
    if kind == CHAR:
        if part in TEXTS:
            return name, content.decode(
                TEXTS[part] if part == 16 else f"{TEXTS[part]}-{'le' if order == '<' else 'be'}"
            )
        return name, "".join(chr(code) for code in _values(part, content, order).astype(np.uint32).tolist())
    if kind not in NUMERIC:
        return name, None
    values = _values(part, content, order)
    if values.size != shape[0] * shape[1]:
        raise ValueError(f"{values.size:,} numbers of a matrix of {shape[0]} by {shape[1]}")
    return name, values.astype(float).reshape(shape, order="F")


def _values(part: int, content: bytes, order: str) -> Real:
    if not content:
        return np.zeros(0)
    if part not in TYPES:
        raise ValueError(f"numbers of type {part}")
    return np.frombuffer(content, np.dtype(f"{order}{TYPES[part]}"))
