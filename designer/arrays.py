"""Names for the arrays that every room passes on: real, complex, and boolean, of any shape (the docstrings say which)."""

from __future__ import annotations

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.floating[Any]]
Complex = NDArray[np.complexfloating[Any, Any]]
Bool = NDArray[np.bool_]
Index = NDArray[np.intp]
S = TypeVar("S", bound=np.generic)

LARGE_ARRAY_BYTES = 31 * 2**20
"""Arrays below this come from memory that the process has already."""

# The C library of Linux hands an array's memory back to the system when it is freed, and a page that is taken anew costs as much as
# computing its 512 numbers. It stops doing so below the size of the largest block that was ever freed, up to 32 MB: so one is, untouched.
np.empty(LARGE_ARRAY_BYTES, dtype=np.uint8)


def read_only(array: NDArray[S]) -> NDArray[S]:
    """A view that cannot be written to."""
    view = array.view()
    view.flags.writeable = False
    return view
