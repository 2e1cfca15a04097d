"""A call of every array function of the searches: for the test that inputs are not modified."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from designer.arrays import Complex, Real
from designer.formulations import power_ratio
from designer.solvers import binding_cones, cones, one_point_search, ratio_search

Call = tuple[Callable[..., Any], tuple[Any, ...]]


def calls() -> dict[str, Call]:
    rng = np.random.default_rng(0)

    def gaussian(*shape: int) -> Complex:
        return np.asarray(rng.normal(size=shape) + 1j * rng.normal(size=shape))

    def power(points: int) -> Complex:
        H = gaussian(4, points, 3)
        return np.asarray(H.conj().swapaxes(1, 2) @ H)

    A, B, h, v = power(5), power(6), gaussian(4, 3), gaussian(4, 3)
    ones, gamma, half = np.ones((4, 3)), np.full(4, 1.5), np.full(4, 0.5)
    here = ratio_search.Eigenpair(v, ratio_search.times(B, v), gamma, gamma, half, half)

    def excess(x: Real, at: np.ndarray) -> Real:
        return np.asarray(x - 0.3)

    rows = cones.ConeRows(1, 3)
    rows.add("second-order", np.eye(4, 3, -1)[None], np.array([1.0, 0.0, 0.0, 0.0]))
    ball = cones.assemble(np.eye(3)[None], rng.normal(size=(1, 3)), rows)

    return {
        "solvers.binding_cones.rows_that_may_bind": (
            binding_cones.rows_that_may_bind, (ball, np.zeros(1, dtype=int), np.zeros((1, 3)))
        ),
        "solvers.binding_cones.with_rows": (binding_cones.with_rows, (ball, np.zeros(1, dtype=int), np.arange(4))),
        "solvers.cones.sharpened": (cones.sharpened, (ball, 0.3 * np.ones(3), np.array([1.0, 0.6, 0.8, 0.0]))),
        "solvers.ratio_search.crossing": (ratio_search.crossing, (A, B, here, h, (1.0, -1.0, np.zeros(4)), (1.0, 0.0))),
        "solvers.ratio_search.product": (ratio_search.product, (h, v)),
        "solvers.ratio_search.times": (ratio_search.times, (A, v)),
        "solvers.ratio_search.most_efficient": (ratio_search.most_efficient, (A, B, gamma)),
        "solvers.ratio_search.best_ratio": (ratio_search.best_ratio, (A, B)),
        "solvers.ratio_search.best_ratio_at_efficiency": (ratio_search.best_ratio_at_efficiency, (A, B, ones, half)),
        "solvers.ratio_search.at_efficiency": (ratio_search.at_efficiency, (A, B, ones, 20 * half)),
        "solvers.one_point_search.most_efficient": (one_point_search.most_efficient, (h, B, gamma / 10)),
        "solvers.one_point_search.best_ratio": (one_point_search.best_ratio, (h, B)),
        "solvers.one_point_search.at_efficiency": (one_point_search.at_efficiency, (h, B, ones, half)),
        "formulations.power_ratio.last_that_fits": (
            power_ratio.last_that_fits, (excess, (np.zeros(2), np.full(2, -0.3)), (np.ones(2), np.full(2, 0.7)), 1e-6)
        ),
    }  # fmt: skip
