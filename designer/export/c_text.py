"""Small pieces of C99: numbers, arrays and comments."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

A_LINE = 8
"""Numbers in a line."""

Numbers = NDArray[np.int64] | NDArray[np.float32]


def literals(values: Numbers) -> list[str]:
    """Each value exactly: integers as they are, float32 by its shortest digits that read back the same."""
    if values.dtype == np.float32:
        return [f"{text}F" for text in (str(value) for value in values)]
    return [_integer(value) for value in values.tolist()]


def _integer(value: int) -> str:
    return "(-2147483647 - 1)" if value == -(2**31) else str(value)  # -2147483648 is minus a number that no int holds


def array(head: str, values: Numbers) -> list[str]:
    """Lines of a definition: `head` is all that stands ahead of the equals sign."""
    texts = literals(values)
    rows = [", ".join(texts[start : start + A_LINE]) for start in range(0, len(texts), A_LINE)]
    return [f"{head} = {{", *(f"    {row}," for row in rows), "};"]


def comment(lines: Iterable[str]) -> list[str]:
    """One comment of several lines; ??/ at a line's end would be C99's trigraph of a backslash."""
    first, *rest = (line.replace("??/", "? ?/") for line in lines)
    return [f"/* {first}", *(f" * {line}".rstrip() for line in rest), " */"]


def text(lines: Iterable[str]) -> bytes:
    """A file."""
    return ("\n".join(lines) + "\n").encode()
