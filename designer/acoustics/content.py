"""Digests of values by their content: equal content, equal digest, in any process and on any day.

What is computed can then be stored by what it was computed from, and by the code that computed it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import fields, is_dataclass
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel

PACKAGE = Path(__file__).parents[1]
LIBRARIES = ("numpy", "scipy")
THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS")
"""Sums of matrix products, and so their last bits, depend on how many threads share them."""


def digest(*values: Any) -> str:
    """40 hexadecimal digits of numbers, texts, paths, arrays, tables, dataclasses, and sequences and dictionaries of these.

    Raises
    ------
    TypeError : a value of another type, whose content is not known

    """
    total = hashlib.blake2b(digest_size=20)
    _feed(total, values)
    return total.hexdigest()


@cache
def code_version(*rooms: str) -> str:
    """Digest of the sources of some of `designer/`'s packages, and of the libraries that they compute with."""
    sources = [path for room in rooms for path in sorted((PACKAGE / room).rglob("*.py"))]
    texts = [(path.relative_to(PACKAGE).as_posix(), path.read_bytes()) for path in sources]
    return digest(texts, [(name, version(name)) for name in LIBRARIES], [os.environ.get(name, "") for name in THREADS])


def _feed(total: Any, value: Any) -> None:
    """Add a value, with its type and its length, so that no two sequences of values are alike."""
    if isinstance(value, np.ndarray | np.generic):
        array = np.ascontiguousarray(value)
        total.update(f"array {array.dtype.str} {value.shape};".encode())
        total.update(array.reshape(-1).view(np.uint8).data)
        return
    if isinstance(value, tuple | list):
        total.update(f"sequence {len(value)};".encode())
        for item in value:
            _feed(total, item)
        return
    if isinstance(value, dict):
        _feed(total, list(value.items()))
        return
    known = (
        None if isinstance(value, type) else getattr(value, "content_digest", None)
    )  # of a large thing that many share
    if known is not None:
        value = known
    if is_dataclass(value) and not isinstance(value, type):
        _feed(total, (type(value), *(getattr(value, field.name) for field in fields(value))))
        return
    if isinstance(value, bytes):
        content = value
    elif isinstance(value, BaseModel):
        content = f"{type(value).__qualname__} {value.model_dump_json()}".encode()
    elif isinstance(value, type):
        content = f"{value.__module__}.{value.__qualname__}".encode()
    elif value is None or isinstance(value, bool | int | float | complex | str | Path):
        content = repr(value).encode("utf-8", "surrogatepass")
    else:
        raise TypeError(f"{type(value).__qualname__}: a value whose content has no digest")
    total.update(f"{type(value).__name__} {len(content)};".encode())
    total.update(content)
