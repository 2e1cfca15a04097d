"""Forms that exclude each other: cases by hand, and the semidefinite program by cvxpy."""

from __future__ import annotations

import cvxpy as cp
import numpy as np
import pytest

from designer.arrays import Complex
from designer.designs.bounds import exclude_each_other


def test_forms_of_two_coordinates_by_hand() -> None:
    """|x|² >= 2|y|² and |y|² >= 2|x|² exclude each other; |x|² >= |y|²/2 and |y|² >= |x|²/2 do not, nor does a single one."""
    apart = [np.diag([1.0, -2.0]), np.diag([-2.0, 1.0])]
    together = [np.diag([1.0, -0.5]), np.diag([-0.5, 1.0])]
    single = [np.diag([1.0, -2.0])] * 2
    assert exclude_each_other(np.array([apart, together, single]) * (1 + 0j)).tolist() == [True, False, False]


@pytest.mark.parametrize("seed", range(3))
def test_a_certificate_is_found_where_a_semidefinite_program_finds_one(seed: int) -> None:
    """Five places of four drivers, ratios in steps of 1 dB: the first that is excluded is the program's or the next, never one below."""
    rng = np.random.default_rng(seed)

    def normal(*shape: int) -> Complex:
        return np.asarray(rng.standard_normal(shape) + 1j * rng.standard_normal(shape))

    bright, dark = (normal(1, 4) + 0.3 * normal(5, 4) for _ in range(2))

    def forms(ratio: float) -> Complex:
        M = [np.outer(h.conj(), h) - ratio * np.outer(k.conj(), k) for h, k in zip(bright, dark, strict=True)]
        return np.array([m / np.linalg.norm(m) for m in M])

    X, least = cp.Variable((4, 4), hermitian=True), cp.Variable()
    ratios = 10 ** (np.arange(8, 60) / 10)
    mine = exclude_each_other(np.stack([forms(ratio) for ratio in ratios]))
    first = int(np.argmax(mine))
    assert mine.any() and mine[first:].all()
    for index, expected in ((first, True), (first - 2, False)):
        over_all = [least <= cp.real(cp.trace(m @ X)) for m in forms(ratios[index])]
        problem = cp.Problem(cp.Maximize(least), [X >> 0, cp.real(cp.trace(X)) == 1, *over_all])
        assert (problem.solve(solver=cp.CLARABEL) < -1e-8) == expected
