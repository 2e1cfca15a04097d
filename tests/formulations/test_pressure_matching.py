"""Pressure matching against its cvxpy statement, and its weight against a scan of all weights."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from designer import measures
from designer.arrays import Complex, Real
from designer.formulations import pressure_matching
from formulations.random_targets import Wanted, gaussian, random_target
from formulations.reference import naive_system, solved

seeds = st.integers(0, 2**32 - 1)
wants = st.builds(
    Wanted,
    frequencies=st.just(2),
    drivers=st.integers(2, 5),
    bright=st.integers(1, 3),
    dark=st.integers(1, 6),
    gain_db=st.sampled_from([None, -30.0, 3.0, 10.0, 20.0]),
    max_effort_db=st.sampled_from([None, 0.0, 6.0]),
    bounded_drivers=st.booleans(),
)


def weight_of(H: Complex, d: Complex, cost: Real, w: Complex) -> float:
    """The β of which w is the least-squares answer: H^H (d - H w) = β P w."""
    left, right = H.conj().T @ (d - H @ w), cost * w
    return float((right.conj() @ left).real / (right.conj() @ right).real)


@settings(max_examples=25)
@given(seed=seeds, wanted=wants)
def test_the_value_is_that_of_the_cvxpy_statement(seed: int, wanted: Wanted) -> None:
    """For the weight that was searched, cvxpy finds the same value within 1e-5; values below the solver's accuracy are left out."""
    target = random_target(seed, wanted)
    w = pressure_matching.solve(target).weights[0]
    H, d = naive_system(target, 0)
    beta = weight_of(H, d, target.cost[0], w)
    assert beta > 0
    value = float(np.sum(np.abs(H @ w - d) ** 2) + beta * target.cost[0] @ np.abs(w) ** 2)
    assume(value > 1e-3)  # of ||d||² = 1
    assert value == pytest.approx(solved(pressure_matching.statement(H, d, target.cost[0], beta)), rel=1e-5)


@settings(max_examples=40)
@given(seed=seeds, wanted=wants)
def test_no_larger_weight_meets_the_curve_within_the_effort(seed: int, wanted: Wanted) -> None:
    """The weight is the largest of a scan that meets the curve within the effort; where none does, none gains more within it."""
    target = random_target(seed, wanted)
    actual = pressure_matching.solve(target).weights
    gamma = np.inf if target.gamma is None else target.gamma[0]
    for f in range(2):
        H, d = naive_system(target, f)
        P = np.diag(target.cost[f])
        largest = np.linalg.eigvals(np.linalg.solve(P, H.conj().T @ H)).real.max()

        def judged(w: Complex, f: int = f) -> tuple[float, float]:
            one = (target.bright[f : f + 1], target.dark[f : f + 1])
            spent = measures.effort(one[0], w[None])[0]
            return float(measures.cancellation_gain(*one, w[None])[0]), float(spent)

        gain, spent = judged(actual[f])
        scan = [
            judged(np.linalg.solve(H.conj().T @ H + beta * largest * P, H.conj().T @ d))
            for beta in 10.0 ** np.arange(2.0, -8.0, -0.1)
        ]
        fits = [(g, e) for g, e in scan if e <= target.max_effort[f]]
        if any(g >= gamma for g, _ in fits):
            assert gain >= gamma * (1 - 1e-9)
            assert spent <= target.max_effort[f] * (1 + 1e-8)
            beta = weight_of(H, d, target.cost[f], actual[f]) / largest
            steps = 10.0 ** np.arange(2.0, -12.01, -0.1)
            for larger in steps[steps > beta * 1.27]:  # more than one step of the scan above it
                g, e = judged(np.linalg.solve(H.conj().T @ H + larger * largest * P, H.conj().T @ d))
                assert g < gamma or e > target.max_effort[f]
        elif fits:
            assert spent <= target.max_effort[f] * (1 + 1e-8)
            assert gain >= max(g for g, _ in fits) * (1 - 1e-6)
        else:  # no weight at all fits the effort
            assert min(e for _, e in scan) > target.max_effort[f]


@settings(max_examples=25)
@given(seed=seeds, gain_db=st.floats(0.0, 15.0))
def test_a_curve_that_costs_something_is_met_with_equality(seed: int, gain_db: float) -> None:
    """The gain equals the curve, or the largest weight of all already meets it."""
    target = random_target(seed, Wanted(drivers=3, dark=2, gain_db=gain_db))
    w = pressure_matching.solve(target).weights
    gain = 10 * np.log10(measures.cancellation_gain(target.bright, target.dark, w))
    for f in range(len(w)):
        H, d = naive_system(target, f)
        matched = H.conj().T @ d  # the limit of a large weight
        power = np.abs(H @ matched) ** 2
        free = 10 * np.log10(power[:1].sum() / power[1:].sum())
        assert gain[f] == pytest.approx(gain_db, abs=1e-5) or gain[f] == pytest.approx(free, abs=0.1)


@pytest.mark.parametrize("spread", [0.01, 0.3])
def test_the_drivers_spread_is_in_the_mean_error(spread: float) -> None:
    """Over 4,000 random errors of every driver the mean of ||H (1+δ) w - d||² is the statement's, and least at the weights.

    At one β: no weights nearby have a smaller mean error and β ||w||² together.
    """
    target = replace(random_target(3, Wanted(frequencies=1, drivers=3, bright=2, dark=3)), spread=spread)
    H, d = naive_system(target, 0)
    w = pressure_matching.solve(target, -20.0).weights[0]
    rng = np.random.default_rng(1)
    errors = 1 + np.sqrt(spread) * gaussian(rng, 4000, 3)

    def mean_error(w: Complex) -> float:
        exact = np.sum(np.abs(H @ w - d) ** 2) + spread * np.sum(np.abs(H) ** 2 @ np.abs(w) ** 2)
        return float(exact + 0.01 * np.sum(np.abs(w) ** 2))

    drawn = np.mean([np.sum(np.abs(H @ (error * w) - d) ** 2) for error in errors]) + 0.01 * np.sum(np.abs(w) ** 2)
    assert mean_error(w) == pytest.approx(drawn, rel=0.05)
    for step in 10.0 ** rng.uniform(-5, -1, 200):
        assert mean_error(w + step * gaussian(rng, 3)) > mean_error(w) * (1 - 1e-12)


@pytest.mark.parametrize("spread", [0.001, 0.05])
def test_with_a_spread_the_curve_is_met_in_the_mean(spread: float) -> None:
    """8 dB in the mean over the errors, where the weights without it have less."""
    target = random_target(5, Wanted(frequencies=3, drivers=4, bright=1, dark=2, gain_db=8.0))
    robust = replace(target, spread=spread)
    A, B = robust.bright_power, robust.dark_power
    gains = [
        10 * np.log10(measures.quadratic(A, w) / measures.quadratic(B, w))
        for w in (pressure_matching.solve(each).weights for each in (robust, target))
    ]
    assert (gains[0] > 8.0 - 1e-6).all()
    assert (gains[1] < gains[0]).any()


def test_a_constant_weight_looks_at_nothing() -> None:
    """The normal equations at β = 0.1 at every frequency, whatever curve and limit there are."""
    target = random_target(6, Wanted(frequencies=3, drivers=3, gain_db=20.0, max_effort_db=-3.0))
    solution = pressure_matching.solve(target, -10.0)
    for f in range(3):
        H, d = naive_system(target, f)
        expected = np.linalg.solve(H.conj().T @ H + 0.1 * np.eye(3), H.conj().T @ d)
        np.testing.assert_allclose(solution.weights[f], expected, rtol=1e-9)
    assert (solution.gap < 1e-20).all()
