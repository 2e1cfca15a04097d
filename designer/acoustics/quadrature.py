"""Gauss-Legendre's rule, kept for each N: its nodes are eigenvalues, dearer than most sums, and a process uses the same few."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from designer.arrays import Real, read_only


@lru_cache(maxsize=128)
def gauss_legendre(count: int) -> tuple[Real, Real]:
    """Nodes and weights (N,) on [-1, 1], read-only, exact for polynomials of degree 2N - 1."""
    node, weight = np.polynomial.legendre.leggauss(count)
    return read_only(node), read_only(weight)
