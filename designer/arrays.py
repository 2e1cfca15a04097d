"""Names for the arrays that every room passes on: real, complex, and boolean, of any shape (the docstrings say which)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Real = NDArray[np.floating[Any]]
Complex = NDArray[np.complexfloating[Any, Any]]
Bool = NDArray[np.bool_]
Index = NDArray[np.intp]
