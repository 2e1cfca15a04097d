"""Group lasso against cvxpy, its closed form, and its own bound."""

from __future__ import annotations

import numpy as np
import pytest

from designer.formulations import group_lasso

UNITS = [[0], [1, 4], [2, 3], [5]]


def random_problem(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """H (3, 8, 6) and d (3, 8)."""
    rng = np.random.default_rng(seed)
    return (
        rng.standard_normal((3, 8, 6)) + 1j * rng.standard_normal((3, 8, 6)),
        rng.standard_normal((3, 8)) + 1j * rng.standard_normal((3, 8)),
    )


@pytest.mark.parametrize(("seed", "share"), [(1, 0.1), (2, 0.4), (3, 0.8)])
def test_the_fast_path_agrees_with_the_statement(seed: int, share: float) -> None:
    """The same value as cvxpy's, and a bound below it. A second for the import of cvxpy."""
    H, d = random_problem(seed)
    price = share * group_lasso.largest_price(H, d, UNITS)
    answer = group_lasso.solve(H, d, UNITS, price, gap=1e-8)
    reference = group_lasso.statement(H, d, UNITS, price).solve(solver="CLARABEL")
    assert answer.value == pytest.approx(reference, rel=1e-6)
    assert -1e-12 * answer.value <= answer.value - answer.bound <= 1e-8 * answer.value
    residual = np.einsum("tmn,tn->tm", H, answer.weights) - d
    norms = [np.sqrt(len(unit)) * np.linalg.norm(answer.weights[:, unit]) for unit in UNITS]
    assert answer.value == pytest.approx(np.sum(np.abs(residual) ** 2) + price * sum(norms), rel=1e-10)


def test_orthonormal_columns_shrink_by_half_the_price() -> None:
    """H^H H = I: each unit's weights are H^H d, shortened by μ √n/2 (Yuan and Lin, 2006)."""
    H, d = random_problem(4)
    H = np.linalg.qr(H)[0]
    pull = np.einsum("tmn,tm->tn", H.conj(), d)
    price = 2.0
    answer = group_lasso.solve(H, d, UNITS, price, gap=1e-10).weights
    for unit in UNITS:
        length = np.linalg.norm(pull[:, unit])
        expected = pull[:, unit] * max(0.0, 1 - price * np.sqrt(len(unit)) / 2 / length)
        np.testing.assert_allclose(answer[:, unit], expected, atol=1e-5)


def test_from_the_largest_price_on_nothing_is_placed() -> None:
    """All weights are 0 there, and not just below."""
    H, d = random_problem(5)
    price = group_lasso.largest_price(H, d, UNITS)
    assert not group_lasso.solve(H, d, UNITS, price * (1 + 1e-9)).weights.any()
    assert group_lasso.solve(H, d, UNITS, price * 0.99, gap=1e-9).weights.any()
