"""Choueiri's flat spectrum: β is the least that keeps to Γ, and at that β the weights are the statement's."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from designer.arrays import Complex
from designer.formulations import choueiri
from formulations.random_targets import Wanted, random_target
from formulations.reference import naive_system, solved

seeds = st.integers(0, 2**32 - 1)
wants = st.builds(
    Wanted,
    frequencies=st.just(2),
    drivers=st.integers(2, 5),
    bright=st.integers(1, 3),
    dark=st.integers(1, 4),
    bounded_drivers=st.booleans(),
)


def least_beta(singular: Complex, limit: float) -> float:
    """By bisection: the least β with σ / (σ² + β) <= Γ for all σ."""
    low, high = 0.0, 1e6
    for _ in range(200):
        middle = (low + high) / 2
        fits = (singular / (singular**2 + middle)).max() <= limit
        low, high = (low, middle) if fits else (middle, high)
    return high


@settings(max_examples=30)
@given(seed=seeds, wanted=wants, limit_db=st.floats(-10.0, 20.0))
def test_beta_is_the_least_that_keeps_to_the_spectrum(seed: int, wanted: Wanted, limit_db: float) -> None:
    """Found by bisection, the weights are those of the regularised inverse by its singular values, and ||w|| <= Γ."""
    target = random_target(seed, wanted)
    actual = choueiri.solve(target, limit_db)
    limit = 10 ** (limit_db / 20)
    for f in range(2):
        H, d = naive_system(target, f)
        u, singular, v = np.linalg.svd(H / np.sqrt(target.cost[f]), full_matrices=False)
        inverse = singular / (singular**2 + least_beta(singular, limit))
        expected: Complex = v.conj().T @ (inverse * (u.conj().T @ d)) / np.sqrt(target.cost[f])
        np.testing.assert_allclose(actual.weights[f], expected, rtol=0, atol=1e-6 * float(np.linalg.norm(expected)))
        assert np.linalg.norm(actual.weights[f]) <= limit * (1 + 1e-9)
        assert actual.gap[f] < 1e-6


@settings(max_examples=15)
@given(seed=seeds, wanted=wants, limit_db=st.floats(-10.0, 6.0))
def test_the_value_is_that_of_the_cvxpy_statement(seed: int, wanted: Wanted, limit_db: float) -> None:
    """At the β that bisection finds, cvxpy's value within 1e-5; values below the solver's accuracy are left out."""
    target = random_target(seed, wanted)
    w = choueiri.solve(target, limit_db).weights[0]
    H, d = naive_system(target, 0)
    beta = least_beta(np.linalg.svd(H / np.sqrt(target.cost[0]), compute_uv=False), 10 ** (limit_db / 20))
    value = float(np.sum(np.abs(H @ w - d) ** 2) + beta * target.cost[0] @ np.abs(w) ** 2)
    assume(value > 1e-3 and beta > 1e-9)
    assert value == pytest.approx(solved(choueiri.METHOD.statement(H, d, target.cost[0], beta)), rel=1e-5)
