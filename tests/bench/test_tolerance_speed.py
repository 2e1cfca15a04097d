"""Draws of drivers, places, temperatures and heads against the matrix products that they need."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import designer
from bench.timing import best_of
from designer.acoustics.chebyshev import ChebyshevSurface
from designer.evaluation.tolerance import CHUNK, Draws, Points, draw

PROBLEM = Path(__file__).parents[2] / "problems" / "couch.toml"


def test_a_thousand_draws_take_few_times_their_products() -> None:
    """1,000 draws, 8 drivers, two ears and two channels in the couch's band: within 5 x of the product that makes each
    draw's responses from those of a few scenes, and the product of these with the filters.
    """
    problem = designer.load(PROBLEM)
    scene = designer.scene(problem)
    f = scene.frequency_hz[3:65]
    draws = draw(problem.tolerance, 8, problem.listener.head_radius_m)
    points = Points.of(problem.designs[0], scene.at(f).moved(np.zeros((1, 3))), draws)
    assert points is not None and isinstance(points.smooth, ChebyshevSurface)
    rng = np.random.default_rng(1)
    fed = [rng.standard_normal((62, 8)) + 1j * rng.standard_normal((62, 8)) for _ in range(2)]
    known = points.smooth.coefficients.shape
    polynomials, values = rng.random((1000, known[0] * known[1])), rng.random((known[0] * known[1], 2 * known[2]))
    H = rng.random((1000, 62, 2, 8)) + 1j
    W = np.stack(fed, axis=2)

    def drawn() -> None:
        draws = draw(problem.tolerance, 8, problem.listener.head_radius_m)
        for n in range(0, 1000, CHUNK):
            part = slice(n, n + CHUNK)
            some = Draws(
                draws.factor[part], draws.displacement_m[part], draws.speed_ratio[part], draws.head_radius_ratio[part]
            )
            points.pressures(some, fed)

    products = best_of(5, lambda: (polynomials @ values, H @ W))
    ours = best_of(5, drawn)
    print(f"1,000 draws {ours * 1e3:.0f} ms, {ours / products:.1f} x their products")
    assert ours < 5 * products
