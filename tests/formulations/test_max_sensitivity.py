"""Maximum sensitivity against random weights and its semidefinite relaxation, and beside the power ratio."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designer import measures
from designer.arrays import Complex
from designer.formulations import max_sensitivity, power_ratio
from formulations.random_targets import Wanted, gaussian, random_target

seeds = st.integers(0, 2**32 - 1)


def naive_matrix(points: Complex) -> Complex:
    """The mean of h^H h over points (M, L), one product at a time."""
    return np.asarray(sum(np.outer(h.conj(), h) for h in points) / len(points))


def form(M: Complex, w: Complex) -> float:
    return float((w.conj() @ M @ w).real)


@settings(max_examples=30)
@given(
    seed=seeds,
    drivers=st.integers(2, 5),
    dark=st.integers(1, 6),
    gain_db=st.floats(-5.0, 15.0),
    bounded=st.booleans(),
)
def test_no_random_weights_that_meet_the_ratio_are_more_sensitive(
    seed: int, drivers: int, dark: int, gain_db: float, bounded: bool
) -> None:
    """2,000 vectors, half of them near the answer: none meets the ratio with a larger |h w|² / w^H P w."""
    expected = Wanted(frequencies=1, drivers=drivers, bright=3, dark=dark, gain_db=gain_db, bounded_drivers=bounded)
    target = random_target(seed, expected)
    w = max_sensitivity.solve(target).weights
    A, B, h = naive_matrix(target.bright[0]), naive_matrix(target.dark[0]), target.centre[0]
    rng = np.random.default_rng(seed)
    near = w / np.linalg.norm(w) + 10 ** rng.uniform(-4, 0, (1000, 1)) * gaussian(rng, 1000, drivers)
    tried = np.concatenate([gaussian(rng, 1000, drivers) / np.sqrt(target.cost), near])
    meets = np.array([form(A, v) >= 10 ** (gain_db / 10) * form(B, v) for v in tried])
    sensitive = np.abs(tried @ h) ** 2 / (np.abs(tried) ** 2 @ target.cost[0])
    if form(A, w[0]) >= 10 ** (gain_db / 10) * form(B, w[0]) * (1 - 1e-9):
        own = float(np.abs(w[0] @ h) ** 2 / (np.abs(w[0]) ** 2 @ target.cost[0]))
        assert sensitive[meets].max(initial=0.0) <= own * (1 + 1e-9)
    else:  # no vector may meet what the search calls infeasible
        assert not meets.any()


@pytest.mark.parametrize(
    ("seed", "drivers", "dark", "gain_db", "bounded"),
    [(0, 2, 1, 10, False), (3, 3, 2, 20, False), (5, 4, 3, 12, True), (0, 4, 8, 3, False), (9, 5, 8, 2, True)],
)
def test_the_value_is_that_of_the_semidefinite_relaxation(
    seed: int, drivers: int, dark: int, gain_db: float, bounded: bool
) -> None:
    """Cvxpy's value over all positive semidefinite X is one vector's, within 1e-6; the seeds are some that Clarabel is sure of."""
    expected = Wanted(frequencies=1, drivers=drivers, bright=2, dark=dark, gain_db=gain_db, bounded_drivers=bounded)
    target = random_target(seed, expected)
    solution = max_sensitivity.solve(target)
    w, h = solution.weights[0], target.centre[0]
    A, B = naive_matrix(target.bright[0]), naive_matrix(target.dark[0])
    problem = max_sensitivity.statement(h, A, B, target.cost[0], 10 ** (gain_db / 10))
    value = problem.solve(solver="CLARABEL")
    assert problem.status == "optimal"
    assert abs(h @ w) ** 2 / float(target.cost[0] @ np.abs(w) ** 2) == pytest.approx(value, rel=1e-6)
    assert form(A, w) >= 10 ** (gain_db / 10) * form(B, w) * (1 - 1e-9)
    assert abs(solution.gap[0]) < 1e-9


@settings(max_examples=30)
@given(seed=seeds, drivers=st.integers(2, 5), gain_db=st.floats(0.0, 15.0))
def test_each_sibling_is_best_at_its_own(seed: int, drivers: int, gain_db: float) -> None:
    """Over a cloud: no less pressure at its centre per cost than the power ratio, and no more mean power."""
    target = random_target(seed, Wanted(drivers=drivers, bright=3, dark=2, gain_db=gain_db))
    sensitive, efficient = max_sensitivity.solve(target).weights, power_ratio.solve(target).weights
    for f in range(3):
        A, h = naive_matrix(target.bright[f]), target.centre[f]
        (pressure, power), (less, more) = (
            (abs(h @ w[f]) ** 2 / np.sum(np.abs(w[f]) ** 2), form(A, w[f]) / np.sum(np.abs(w[f]) ** 2))
            for w in (sensitive, efficient)
        )
        assert pressure >= less * (1 - 1e-6)
        assert power <= more * (1 + 1e-6)


def test_a_point_that_hears_nothing_of_the_best_direction() -> None:
    """C = diag(1, -1), h = (0, 1): |v_2|² is largest where |v_1| = |v_2|, so the sensitivity is 1/2, by hand."""
    bright = np.sqrt(2) * np.diag([1.0, 0.0]).astype(complex)[None]
    dark = np.sqrt(2) * np.diag([0.0, 1.0]).astype(complex)[None]
    A, B = measures.mean_power_matrix(bright), measures.mean_power_matrix(dark)
    h = np.array([[0.0, 1.0 + 0j]])
    w, actual = max_sensitivity.most_sensitive_weights(h, A, B, np.ones((1, 2)), np.ones(1))
    assert actual.feasible[0]
    assert actual.value[0] == pytest.approx(0.5, rel=1e-9)
    np.testing.assert_allclose(np.abs(w[0]) ** 2, 0.5, rtol=1e-9)
    assert abs(actual.gap[0]) < 1e-9


@pytest.mark.parametrize("rank", [1, 4])
def test_within_the_effort_or_the_power_ratio(rank: int) -> None:
    """No frequency spends more than the limit, and where it would the weights are the power ratio's."""
    target = random_target(4, Wanted(frequencies=6, drivers=4, bright=3, dark=5, gain_db=12.0))
    free = max_sensitivity.solve(target).weights
    spent = measures.effort(target.bright, free)
    limited = replace(target, max_effort=np.full(6, np.sort(spent)[rank] * 1.001))
    bound = max_sensitivity.solve(limited).weights
    dear = spent > limited.max_effort
    assert dear.sum() == 5 - rank
    assert (measures.effort(target.bright, bound) <= limited.max_effort * (1 + 1e-8)).all()
    np.testing.assert_allclose(bound[dear], power_ratio.solve(limited).weights[dear], rtol=1e-9)
    np.testing.assert_array_equal(bound[~dear], free[~dear])
