"""L-BFGS against minima that are known."""

from __future__ import annotations

import numpy as np

from designer.arrays import Real
from designer.solvers.quasi_newton import least


def test_rosenbrocks_valley() -> None:
    """The least value of Rosenbrock's function in ten dimensions is 0, at ones."""

    def valley(y: Real) -> tuple[float, Real]:
        along, across = 1 - y[:-1], y[1:] - y[:-1] ** 2
        g = np.zeros_like(y)
        g[:-1] = -2 * along - 400 * y[:-1] * across
        g[1:] += 200 * across
        return float(np.sum(along**2 + 100 * across**2)), g

    assert np.allclose(least(valley, np.zeros(10), iterations=500, change=0.0), 1.0, atol=1e-6)


def test_a_quadratic() -> None:
    """A quadratic of 60 variables and condition 10⁴ has its least value where the linear equations say, and nothing is overwritten."""
    rng = np.random.default_rng(3)
    Q = np.linalg.qr(rng.standard_normal((60, 60)))[0]
    A = Q @ np.diag(np.logspace(0, 4, 60)) @ Q.T
    b, start = rng.standard_normal(60), np.ones(60)
    y = least(lambda y: (float(y @ A @ y / 2 - b @ y), A @ y - b), start, iterations=1000, change=0.0)
    assert np.linalg.norm(y - np.linalg.solve(A, b)) < 1e-5 * np.linalg.norm(y)
    assert (start == 1).all()
