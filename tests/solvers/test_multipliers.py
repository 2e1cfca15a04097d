"""Sharpened multipliers against those of a program that is solved by hand."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from designer.arrays import Real
from designer.solvers import cones
from designer.solvers.cone_program import ConeProgram, ConeRows, assemble
from designer.solvers.cones import sharpened

seeds = st.integers(0, 2**32 - 1)
PRICE = 1e-6


def linear_over_balls(q: Real, radii: Real) -> ConeProgram:
    """Minimise q·x + ½ PRICE |x|² with each block x_i of the variables in a ball: x_i = -r_i q_i/|q_i|."""
    balls, size = q.shape
    n = balls * size
    rows = ConeRows(1, n)
    for i in range(balls):
        linear = np.zeros((1, size + 1, n))
        linear[0, 1:, i * size : (i + 1) * size] = np.eye(size)
        rows.add("second-order", linear, np.array([radii[i], *[0.0] * size]))
    return assemble(PRICE * np.eye(n)[None], q.reshape(1, -1), rows)


@settings(max_examples=30)
@given(seed=seeds, balls=st.integers(1, 4), size=st.integers(2, 5))
def test_rough_multipliers_become_those_of_the_optimum(seed: int, balls: int, size: int) -> None:
    """Multipliers wrong by a thousandth, whose bound is worthless, come back to (|q_i| - PRICE r_i)(1, q_i/|q_i|)."""
    rng = np.random.default_rng(seed)
    q, radii = rng.normal(size=(balls, size)), rng.uniform(0.5, 2.0, balls)
    program = linear_over_balls(q, radii)
    slope = np.linalg.norm(q, axis=1)
    x = (-radii[:, None] * q / slope[:, None]).ravel()
    force = slope - PRICE * radii
    exact = np.concatenate([force[:, None], force[:, None] * q / slope[:, None]], axis=1).ravel()
    rough = exact + 1e-3 * rng.normal(size=exact.size)
    z = sharpened(program, x, rough)
    np.testing.assert_allclose(z, exact, rtol=0, atol=1e-9)
    before, after = (cones.certify(program, x[None], each[None]) for each in (rough, z))
    assert before.gap[0] > 0.01
    assert abs(after.gap[0]) < 1e-9
